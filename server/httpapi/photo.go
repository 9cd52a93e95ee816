package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/jpeg"
	_ "image/png" // photos come as PNG too
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // and as WebP

	"yiping/server/dispatch"
)

const (
	longestSide  = 1920       // pixels of a kept picture
	mostPixels   = 40_000_000 // of a picture that is decoded at all
	photoQuality = 82
	// A decoded picture takes up to mostPixels * 8 bytes.
	picturesAtOnce = 2
)

type photoForm struct {
	File huma.FormFile `form:"file" required:"true" doc:"JPEG, PNG or WebP."`
}

type photoInput struct {
	CommandInput
	IDInput
	RawBody huma.MultipartFormFiles[photoForm]
}

type reportPhotoInput struct {
	CommandInput
	TrackingInput
	RawBody huma.MultipartFormFiles[photoForm]
}

type photoView struct {
	ID     int64 `json:"id"`
	Width  int   `json:"width"`
	Height int   `json:"height"`
}

func (a *api) photos() {
	operation(a, "POST", "/api/v1/incidents/{id}/photos", "add-photo", "Add a photo", SignedIn, 201, func(ctx context.Context, in *photoInput) (*body[photoView], error) {
		i, err := a.Reader.Incident(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if err := a.seesOf(ctx, i, dispatch.FieldPhotoPicture); err != nil { // before any work is done for them
			return nil, err
		}
		return a.addPhoto(ctx, in.Key, in.RawBody.Data().File, in.ID, 0)
	})
	operation(a, "POST", "/api/v1/reports/{tracking}/photos", "add-report-photo", "Add a photo to one's report", Public, 201, func(ctx context.Context, in *reportPhotoInput) (*body[photoView], error) {
		i, reportID, _, err := a.Reader.Tracking(ctx, dispatch.TrackingHash(in.Tracking))
		if err != nil {
			return nil, err
		}
		if i.State.Terminal() {
			return nil, &dispatch.Error{Code: dispatch.CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": "photo"}}
		}
		return a.addPhoto(ctx, in.Key, in.RawBody.Data().File, i.ID, reportID)
	})
	a.raw("GET", "/api/v1/photos/{id}", SignedIn, a.servePhoto)
}

func (a *api) addPhoto(ctx context.Context, key string, file io.Reader, incidentID, reportID int64) (*body[photoView], error) {
	raw, err := io.ReadAll(file) // bounded with the request's body
	if err != nil {
		return nil, &dispatch.Error{Code: dispatch.CodeUnreadableImage, Field: "file", Err: err}
	}
	clean, width, height, err := a.cleanInTurn(ctx, raw)
	if err != nil {
		return nil, err
	}
	command := a.command(ctx, key, "photo.add", []any{incidentID, reportID, sha256.Sum256(raw)})
	out, err := a.Service.AddPhoto(ctx, command, incidentID, reportID, clean, width, height)
	return answer(photoView{out.ID, width, height}, err)
}

// cleanInTurn cleans few pictures at a time: memory is what they take.
func (a *api) cleanInTurn(ctx context.Context, raw []byte) (clean []byte, width, height int, err error) {
	select {
	case a.pictures <- struct{}{}:
	case <-ctx.Done():
		return nil, 0, 0, &dispatch.Error{Code: dispatch.CodeUnavailable, Err: ctx.Err()}
	}
	defer func() { <-a.pictures }()
	clean, width, height, err = cleanPhoto(raw)
	if err != nil {
		return nil, 0, 0, &dispatch.Error{Code: dispatch.CodeUnreadableImage, Field: "file", Err: err}
	}
	return clean, width, height, nil
}

// cleanPhoto encodes a picture anew as JPEG, upright and at most longestSide
// long: what else the file held (place, camera, owner) is gone.
func cleanPhoto(raw []byte) (out []byte, width, height int, err error) {
	head, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("read picture: %w", err)
	}
	if head.Width <= 0 || head.Height <= 0 || head.Width*head.Height > mostPixels {
		return nil, 0, 0, fmt.Errorf("a picture of %d x %d pixels", head.Width, head.Height)
	}
	picture, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("decode picture: %w", err)
	}
	picture = shrink(picture) // first, for what is turned then is small
	if format == "jpeg" {
		picture = upright(picture, orientation(raw))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: photoQuality}); err != nil {
		return nil, 0, 0, fmt.Errorf("encode picture: %w", err)
	}
	size := picture.Bounds().Size()
	return b.Bytes(), size.X, size.Y, nil
}

// shrink scales to the longest side and puts what is see-through on white.
func shrink(in image.Image) image.Image {
	size := in.Bounds().Size()
	width, height := size.X, size.Y
	if longest := max(width, height); longest > longestSide {
		width, height = max(1, width*longestSide/longest), max(1, height*longestSide/longest)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.BiLinear.Scale(out, out.Bounds(), in, in.Bounds(), draw.Over, nil)
	return out
}

// orientation reads tag 0x0112 of a JPEG's Exif block, 1 where there is none
// (CIPA DC-008, 4.6).
func orientation(raw []byte) int {
	at := bytes.Index(raw[:min(len(raw), 128<<10)], []byte("Exif\x00\x00"))
	if at < 0 {
		return 1
	}
	tiff := raw[at+6:]
	if len(tiff) < 14 {
		return 1
	}
	read := func(from, n int) int {
		if from < 0 || from+n > len(tiff) {
			return 0
		}
		v := 0
		for k := range n {
			if string(tiff[:2]) == "MM" {
				v = v<<8 | int(tiff[from+k])
			} else {
				v |= int(tiff[from+k]) << (8 * k)
			}
		}
		return v
	}
	first := read(4, 4)
	for k := range min(read(first, 2), 64) {
		entry := first + 2 + 12*k
		if read(entry, 2) == 0x0112 {
			if o := read(entry+8, 2); o >= 1 && o <= 8 {
				return o
			}
		}
	}
	return 1
}

// upright turns a picture as its orientation (1 to 8) says.
func upright(in image.Image, orientation int) image.Image {
	if orientation == 1 {
		return in
	}
	b := in.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			var fx, fy int
			switch orientation {
			case 2:
				fx, fy = w-1-x, y
			case 3:
				fx, fy = w-1-x, h-1-y
			case 4:
				fx, fy = x, h-1-y
			case 5:
				fx, fy = y, x
			case 6:
				fx, fy = y, h-1-x
			case 7:
				fx, fy = w-1-y, h-1-x
			default:
				fx, fy = w-1-y, x
			}
			out.Set(x, y, in.At(b.Min.X+fx, b.Min.Y+fy))
		}
	}
	return out
}

func (a *api) servePhoto(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
		return
	}
	jpeg, err := a.photo(r.Context(), id)
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = w.Write(jpeg)
}

func (a *api) photo(ctx context.Context, id int64) ([]byte, error) {
	incidentID, jpeg, err := a.Reader.Photo(ctx, id)
	if err != nil {
		return nil, err
	}
	i, err := a.Reader.Incident(ctx, incidentID)
	if err != nil {
		return nil, err
	}
	return jpeg, a.seesOf(ctx, i, dispatch.FieldPhotoPicture)
}
