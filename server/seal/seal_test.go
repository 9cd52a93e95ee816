package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha512"
	"errors"
	"hash"
	"testing"
	"time"
)

const phone = Purpose("responder.phone")

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)} }

func newKeyring(t *testing.T) (*Keyring, *clock) {
	t.Helper()
	c := newClock()
	k, err := New(c.now)
	if err != nil {
		t.Fatal(err)
	}
	return k, c
}

func mustSeal(t *testing.T, k *Keyring, p Purpose, plain string) []byte {
	t.Helper()
	sealed, err := k.Seal(p, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealAndOpen(t *testing.T) {
	k, _ := newKeyring(t)
	for _, plain := range []string{"", "1", "13800001234", "一个名字"} {
		a, b := mustSeal(t, k, phone, plain), mustSeal(t, k, phone, plain)
		// One byte turns up in random ones by chance; a whole number does not.
		clear := len(plain) > 1 && bytes.Contains(a, []byte(plain))
		if bytes.Equal(a, b) || clear || len(a) != leastSize+len(plain) {
			t.Errorf("%q sealed twice: %x and %x", plain, a, b)
		}
		if got, err := k.Open(phone, a); err != nil || string(got) != plain {
			t.Errorf("%q opened: %q, %v", plain, got, err)
		}
		if !bytes.HasPrefix(a, k.ActiveHead()) {
			t.Errorf("%x does not begin with %x", a, k.ActiveHead())
		}
	}
}

// TestNothingElseOpens: not for another column or row, with another key, nor
// with any byte changed.
func TestNothingElseOpens(t *testing.T) {
	k, _ := newKeyring(t)
	sealed := mustSeal(t, k, phone.Row(7), "13800001234")
	for _, p := range []Purpose{"", phone, phone.Row(8), "report.phone", Purpose("report.phone").Row(7)} {
		if _, err := k.Open(p, sealed); !errors.Is(err, ErrBroken) {
			t.Errorf("for %s: %v", p, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		want := ErrBroken
		if i >= 1 && i < headSize {
			want = ErrUnknownKey
		}
		if _, err := k.Open(phone.Row(7), changed); !errors.Is(err, want) {
			t.Errorf("byte %d changed: %v, want %v", i, err, want)
		}
		if _, err := k.Open(phone.Row(7), sealed[:i]); !errors.Is(err, ErrBroken) {
			t.Errorf("cut off at %d: %v", i, err)
		}
	}
	other, _ := newKeyring(t)
	if _, err := other.Open(phone.Row(7), sealed); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("another installation: %v", err)
	}
}

func TestDigests(t *testing.T) {
	k, c := newKeyring(t)
	number := []byte("13800001234")
	before := k.Digest(phone, number)
	if len(before) != digestSize || !bytes.Equal(before, k.Digest(phone, number)) {
		t.Errorf("digest %x", before)
	}
	for name, other := range map[string][]byte{
		"another value":  k.Digest(phone, []byte("13800001235")),
		"another column": k.Digest("report.phone", number),
		"a pseudonym":    k.Pseudonym(phone, number),
		"the boundary":   k.Digest(phone+"1", number[1:]),
	} {
		if bytes.Equal(before, other) {
			t.Errorf("%s has the same digest", name)
		}
	}
	pseudonym := k.Pseudonym(phone, number)
	c.at = c.at.Add(time.Hour)
	if _, err := k.Rotate("", c.at); err != nil {
		t.Fatal(err)
	}
	after := k.Digests(phone, number)
	if len(after) != 2 || !bytes.Equal(after[1], before) || bytes.Equal(after[0], before) || !bytes.Equal(after[0], k.Digest(phone, number)) {
		t.Errorf("after turning the key: %x, before %x", after, before)
	}
	if !bytes.Equal(pseudonym, k.Pseudonym(phone, number)) {
		t.Error("a pseudonym changed with the key")
	}
}

func TestWithoutKeys(t *testing.T) {
	var k *Keyring
	if _, err := k.Seal(phone, nil); !errors.Is(err, ErrNoKeys) {
		t.Error(err)
	}
	if _, err := k.Open(phone, nil); !errors.Is(err, ErrNoKeys) {
		t.Error(err)
	}
	if k.Digest(phone, nil) != nil || k.Digests(phone, nil) != nil || k.Pseudonym(phone, nil) != nil {
		t.Error("digests without a key")
	}
}

// other stands in for the national ciphers: keys of 16 bytes, another hash.
type other struct{}

func (other) Name() string    { return "aes-128-gcm" }
func (other) KeySize() int    { return 16 }
func (other) Hash() hash.Hash { return sha512.New512_256() }
func (other) AEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != 16 {
		return nil, errors.New("a key of another size")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// TestAnotherProvider: values of both are opened side by side.
func TestAnotherProvider(t *testing.T) {
	c := newClock()
	k, err := New(c.now, AES{}, other{})
	if err != nil {
		t.Fatal(err)
	}
	first := mustSeal(t, k, phone, "1")
	c.at = c.at.Add(time.Hour)
	if made, err := k.Rotate("aes-128-gcm", c.at); err != nil || made.Provider != "aes-128-gcm" || !made.Active {
		t.Fatalf("%+v, %v", made, err)
	}
	second := mustSeal(t, k, phone, "2")
	for want, sealed := range map[string][]byte{"1": first, "2": second} {
		if got, err := k.Open(phone, sealed); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := k.Rotate("rot13", c.at); err == nil {
		t.Error("a cipher that is not there was taken")
	}
}

func BenchmarkSeal(b *testing.B) {
	k, err := New(time.Now)
	if err != nil {
		b.Fatal(err)
	}
	plain := []byte("13800001234")
	for b.Loop() {
		sealed, _ := k.Seal(phone, plain)
		_, _ = k.Open(phone, sealed)
		_ = k.Digest(phone, plain)
	}
}
