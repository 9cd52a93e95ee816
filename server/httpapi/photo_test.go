package httpapi

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"yiping/server/dispatch"
)

// corners makes a JPEG of four quarters: red and green above, blue and white below.
func corners(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{255, 255, 255, 255}
			switch {
			case y < height/2 && x < width/2:
				c = color.RGBA{255, 0, 0, 255}
			case y < height/2:
				c = color.RGBA{0, 255, 0, 255}
			case x < width/2:
				c = color.RGBA{0, 0, 255, 255}
			}
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// turned puts an Exif block with an orientation and a place before a JPEG's data.
func turned(raw []byte, order binary.ByteOrder, orientation uint16) []byte {
	var tiff bytes.Buffer
	tiff.WriteString(map[bool]string{true: "MM", false: "II"}[order == binary.BigEndian])
	for _, v := range []any{uint16(42), uint32(8), uint16(1), uint16(0x0112), uint16(3), uint32(1), orientation, uint16(0), uint32(0)} {
		_ = binary.Write(&tiff, order, v)
	}
	tiff.WriteString("SECRETPLACE")
	block := append([]byte("Exif\x00\x00"), tiff.Bytes()...)
	out := append([]byte{}, raw[:2]...)
	out = binary.BigEndian.AppendUint16(append(out, 0xFF, 0xE1), uint16(len(block)+2))
	return append(append(out, block...), raw[2:]...)
}

func nameOf(c color.Color) byte {
	r, g, b, _ := c.RGBA()
	for name, want := range map[byte][3]bool{'R': {true, false, false}, 'G': {false, true, false}, 'B': {false, false, true}, 'W': {true, true, true}} {
		if want == [3]bool{r > 1<<15, g > 1<<15, b > 1<<15} {
			return name
		}
	}
	return '?'
}

// TestOrientation: every one of the eight ways to hold a camera is put upright
// (CIPA DC-008: orientation names where row 0 and column 0 are).
func TestOrientation(t *testing.T) {
	wants := []string{1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB"}
	for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
		for o := 1; o <= 8; o++ {
			out, width, height, err := cleanPhoto(turned(corners(t, 64, 32), order, uint16(o)))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(out, []byte("Exif")) || bytes.Contains(out, []byte("SECRETPLACE")) {
				t.Errorf("orientation %d: what it tells is kept", o)
			}
			m, err := jpeg.Decode(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			if tall := o >= 5; (width == 32 && height == 64) != tall || m.Bounds().Dx() != width || m.Bounds().Dy() != height {
				t.Errorf("orientation %d: %dx%d", o, width, height)
			}
			got := string([]byte{nameOf(m.At(width/4, height/4)), nameOf(m.At(3*width/4, height/4)), nameOf(m.At(width/4, 3*height/4)), nameOf(m.At(3*width/4, 3*height/4))})
			if got != wants[o] {
				t.Errorf("orientation %d: %s, want %s", o, got, wants[o])
			}
		}
	}
}

func TestLargePictureIsScaled(t *testing.T) {
	_, width, height, err := cleanPhoto(turned(corners(t, 4000, 1000), binary.BigEndian, 6))
	if err != nil || width != 480 || height != longestSide {
		t.Errorf("%dx%d, %v", width, height, err)
	}
}

func TestClearPictureIsOnWhite(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	out, _, _, err := cleanPhoto(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil || nameOf(m.At(4, 4)) != 'W' {
		t.Errorf("not white: %v, %v", m, err)
	}
}

// bomb is a PNG's head that speaks of 30000 x 30000 pixels.
func bomb() []byte {
	head := []byte("IHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x06\x00\x00\x00")
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func TestBadPicturesAreRefused(t *testing.T) {
	whole := corners(t, 64, 32)
	for name, raw := range map[string][]byte{"nothing": {}, "text": []byte("<svg/>"), "gif": []byte("GIF89a\x01\x00\x01\x00"),
		"a bomb": bomb(), "half": whole[:len(whole)/2], "an Exif block that ends early": []byte("\xff\xd8\xff\xe1\x00\x08Exif\x00\x00")} {
		if _, _, _, err := cleanPhoto(raw); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"))
	f.Add([]byte("Exif\x00\x00II*\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if o := orientation(raw); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
	})
}

func (u *under) upload(path, token, key string, file []byte) *httptest.ResponseRecorder {
	u.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "../../passwd.jpg")
	if err != nil {
		u.t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = form.Close()
	return u.do("POST", path, token, b.String(), "Content-Type", form.FormDataContentType(), "Idempotency-Key", key)
}

// TestUpload: nothing stays on the disk, whoever sends it, and one key stands
// for one picture.
func TestUpload(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	u := newUnder(t)
	u.reader.incident = secret(t)
	raw := turned(corners(t, 800, 400), binary.BigEndian, 1)
	got := decoded[photoView](t, u.upload("/api/v1/incidents/7/photos", "dispatcher@2", "k", raw), 201)
	if got.ID != 7 || got.Width != 800 || got.Height != 400 {
		t.Errorf("got %+v", got)
	}
	decoded[photoView](t, u.upload("/api/v1/reports/AAAA-BBBB-CCCC/photos", "", "k", raw), 201)
	decoded[photoView](t, u.upload("/api/v1/incidents/7/photos", "dispatcher@2", "k", corners(t, 800, 400)), 201)
	c := u.store.commands
	if len(c) != 3 || slices.Equal(c[0].Payload, c[2].Payload) || slices.Equal(c[0].Payload, c[1].Payload) {
		t.Errorf("commands %+v", c)
	}
	u.problem(u.upload("/api/v1/incidents/7/photos", "dispatcher@3", "k", raw), 404, "not_found")
	u.problem(u.upload("/api/v1/incidents/7/photos", "dispatcher@2", "k", []byte("GIF89a")), 422, "unreadable_image")
	u.problem(u.upload("/api/v1/reports/AAAA-BBBB-CCCC/photos", "", "k", bytes.Repeat([]byte("x"), photoLimit+2*formSlack)), 413, "too_large")
	u.reader.incident.State = dispatch.IncidentClosed
	u.problem(u.upload("/api/v1/reports/AAAA-BBBB-CCCC/photos", "", "k", raw), 409, "illegal_transition")
	if p := u.problem(u.upload("/api/v1/incidents/7/photos", "", "k", raw), 401, "signed_out"); len(p.Errors) > 0 {
		t.Errorf("blamed %+v", p.Errors)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestFormWithoutFile(t *testing.T) {
	u := newUnder(t)
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	_ = form.WriteField("other", "x")
	_ = form.Close()
	w := u.do("POST", "/api/v1/incidents/7/photos", "dispatcher@2", b.String(), "Content-Type", form.FormDataContentType(), "Idempotency-Key", "k")
	if p := u.problem(w, 422, "invalid"); len(p.Errors) != 1 || p.Errors[0].Message != "请选择文件" {
		t.Errorf("got %+v", p)
	}
}
