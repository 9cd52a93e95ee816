package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"yiping/server/secret"
)

// Kinds of checkpoint.
const (
	KindCheckpoint = "checkpoint" // the trail ends with this row now
	KindDropped    = "dropped"    // rows up to this one were removed after their time
)

// Checkpoint says under a signature what the trail was at a moment. One is a
// line of the file of checkpoints; a dropped partition leaves one in the
// database too, with no Prev.
type Checkpoint struct {
	Kind      string    `json:"kind"`
	First     int64     `json:"first,omitempty"`     // of a dropped range
	Seq       int64     `json:"seq"`                 // the last row
	Hash      Hex       `json:"hash"`                // its hash
	SealedAt  time.Time `json:"sealed_at"`           // when it was sealed
	Count     int64     `json:"count"`               // rows since the line before; of a dropped range, its rows
	At        time.Time `json:"at"`                  // now
	Epoch     string    `json:"epoch"`               // the database's; another follows a restore
	Prev      Hex       `json:"prev,omitempty"`      // SHA-256 of the line before
	KeyID     string    `json:"key"`                 // whose signature
	Signature Hex       `json:"signature,omitempty"` // ed25519
}

// Hex is bytes that JSON has in hexadecimal.
type Hex []byte

// MarshalText writes them.
func (h Hex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText reads them.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// signed gives the bytes that the signature is over: every field but itself.
func (c Checkpoint) signed() []byte {
	e := encoding("yiping audit checkpoint 1\n")
	e.text(c.Kind)
	e.number(c.First)
	e.number(c.Seq)
	e.bytes(c.Hash)
	e.time(c.SealedAt)
	e.number(c.Count)
	e.time(c.At)
	e.text(c.Epoch)
	e.bytes(c.Prev)
	e.text(c.KeyID)
	return e
}

// line gives the checkpoint as a line of the file.
func (c Checkpoint) line() ([]byte, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write a checkpoint: %w", err)
	}
	return append(raw, '\n'), nil
}

// Key signs checkpoints.
type Key struct{ private ed25519.PrivateKey }

// keyName is the file of the key in the folder of data.
const keyName = "audit-key"

// OpenKey gives the signing key of a data folder, made there on the first run.
func OpenKey(folder string) (Key, error) {
	return openKey(folder, secret.Bytes(ed25519.SeedSize))
}

// ReadKey gives the key of a data folder that has one, fs.ErrNotExist else.
func ReadKey(folder string) (Key, error) {
	if _, err := os.Stat(filepath.Join(folder, keyName)); err != nil {
		return Key{}, err
	}
	return openKey(folder, func() ([]byte, error) { return nil, fs.ErrNotExist })
}

func openKey(folder string, make func() ([]byte, error)) (Key, error) {
	seed, err := secret.File(folder, keyName, make)
	if err != nil {
		return Key{}, err
	}
	if len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("the secret %s is no key: it must have %d bytes", keyName, ed25519.SeedSize)
	}
	return Key{ed25519.NewKeyFromSeed(seed)}, nil
}

// NewKey makes a key that is kept nowhere.
func NewKey() (Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return Key{private}, err
}

// Public gives the half that verifies.
func (k Key) Public() PublicKey { return PublicKey(k.private.Public().(ed25519.PublicKey)) }

// Sign signs a checkpoint.
func (k Key) Sign(c Checkpoint) Checkpoint {
	c.At, c.SealedAt = c.At.UTC().Truncate(time.Microsecond), c.SealedAt.UTC().Truncate(time.Microsecond)
	c.KeyID = k.Public().ID()
	c.Signature = ed25519.Sign(k.private, c.signed())
	return c
}

// PublicKey verifies checkpoints. As text it is hexadecimal.
type PublicKey ed25519.PublicKey

// ID gives the short name under which checkpoints refer to the key.
func (p PublicKey) ID() string {
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:8])
}

// String gives the key in hexadecimal.
func (p PublicKey) String() string { return hex.EncodeToString(p) }

// ParsePublicKey reads a key in hexadecimal.
func ParsePublicKey(text string) (PublicKey, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%q is no public key: it must be %d hexadecimal digits", text, 2*ed25519.PublicKeySize)
	}
	return raw, nil
}

// errs of a signature.
var (
	errUnknownKey = errors.New("signed with a key that is not known here")
	errSignature  = errors.New("the signature is wrong")
)

// Keys are the public keys that are trusted, by their ids.
type Keys map[string]PublicKey

// Trust gives the keys by their ids.
func Trust(list ...PublicKey) Keys {
	keys := Keys{}
	for _, k := range list {
		keys[k.ID()] = k
	}
	return keys
}

// Check says what is wrong with a checkpoint's signature, nil for nothing.
func (k Keys) Check(c Checkpoint) error {
	key, known := k[c.KeyID]
	switch {
	case !known:
		return errUnknownKey
	case !ed25519.Verify(ed25519.PublicKey(key), c.signed(), c.Signature):
		return errSignature
	}
	return nil
}
