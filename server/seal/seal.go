// Package seal keeps personal data unreadable where it is stored: in the
// database, its backups and its copies. A value is sealed for the column it
// stands in, so that a sealed value cannot be moved to another column, and found
// again by a keyed digest, so that nobody without the key can try numbers out.
//
// The keys are in a file of mode 0600 beside the data folder's other secrets. One
// of them seals, all of them open: a key is turned while the servers run.
package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// Purpose is what a value is sealed for: its place, as table.column. It is bound
// into the sealed value and into digests.
type Purpose string

// Row narrows a purpose to one row, for a value that must not be moved to
// another row either, such as the secret of somebody's second factor.
func (p Purpose) Row(id int64) Purpose { return p + Purpose("#"+strconv.FormatInt(id, 10)) }

// The envelope: a version, the id of the key, a nonce, and the cipher's output
// with its tag. Version and key are bound into the tag with the purpose.
const (
	version    = 1
	idSize     = 4
	nonceSize  = 12
	tagSize    = 16
	headSize   = 1 + idSize
	leastSize  = headSize + nonceSize + tagSize
	digestSize = 16
)

// Errors of opening. Neither says what was sealed.
var (
	ErrNoKeys     = errors.New("no keys were given")
	ErrUnknownKey = errors.New("it was sealed with a key that the key file does not hold")
	ErrBroken     = errors.New("it was changed, or sealed for something else")
)

// Seal encrypts a value for a purpose with the active key. Sealed twice it looks
// different each time.
func (k *Keyring) Seal(p Purpose, plain []byte) ([]byte, error) {
	if k == nil {
		return nil, fmt.Errorf("seal %s: %w", p, ErrNoKeys)
	}
	key := k.ring.Load().active(k.now())
	out := make([]byte, headSize+nonceSize, leastSize+len(plain))
	out[0] = version
	copy(out[1:], key.id[:])
	if _, err := rand.Read(out[headSize:]); err != nil {
		return nil, fmt.Errorf("seal %s: %w", p, err)
	}
	return key.aead.Seal(out, out[headSize:], plain, bound(out[:headSize], p)), nil
}

// Open gives what was sealed for a purpose. Where the key is not known the key
// file is read again: another server may have turned the key a moment ago.
func (k *Keyring) Open(p Purpose, sealed []byte) ([]byte, error) {
	if k == nil {
		return nil, fmt.Errorf("open %s: %w", p, ErrNoKeys)
	}
	if len(sealed) < leastSize || sealed[0] != version {
		return nil, fmt.Errorf("open %s: %w", p, ErrBroken)
	}
	id := keyID(sealed[1:headSize])
	key := k.ring.Load().byID[id]
	if key == nil {
		k.lookAgain()
		if key = k.ring.Load().byID[id]; key == nil {
			return nil, fmt.Errorf("open %s (key %s): %w", p, id, ErrUnknownKey)
		}
	}
	nonce, ciphertext := sealed[headSize:headSize+nonceSize], sealed[headSize+nonceSize:]
	plain, err := key.aead.Open(nil, nonce, ciphertext, bound(sealed[:headSize], p))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p, ErrBroken)
	}
	return plain, nil
}

// bound gives what a sealed value is tied to beside its content.
func bound(head []byte, p Purpose) []byte {
	return append(bytes.Clone(head), p...)
}

// Digest gives 16 bytes by which a value is found again where they are equal:
// keyed, so that nobody without the key can try values out, and the same each
// time under one key.
func (k *Keyring) Digest(p Purpose, plain []byte) []byte {
	if k == nil {
		return nil
	}
	return k.ring.Load().active(k.now()).digest(p, plain)
}

// Digests gives a value's digests under every key, the active one's first: rows
// that were written before the key was turned are found by an older one.
func (k *Keyring) Digests(p Purpose, plain []byte) [][]byte {
	if k == nil {
		return nil
	}
	ring := k.ring.Load()
	active := ring.active(k.now())
	out := [][]byte{active.digest(p, plain)}
	for _, key := range ring.keys {
		if key != active {
			out = append(out, key.digest(p, plain))
		}
	}
	return out
}

// Pseudonym gives 16 bytes that stand for a value and do not tell it, the same
// for good: its secret is not turned. It is for names that outlive a key, never
// for finding or keeping the value itself.
func (k *Keyring) Pseudonym(p Purpose, plain []byte) []byte {
	if k == nil {
		return nil
	}
	ring := k.ring.Load()
	return mac(ring.pseudonyms, p, plain)
}

// ActiveHead gives how values begin that the active key has sealed.
func (k *Keyring) ActiveHead() []byte {
	key := k.ring.Load().active(k.now())
	return append([]byte{version}, key.id[:]...)
}

// keyID names a key in the envelope.
type keyID [idSize]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

func (k *key) digest(p Purpose, plain []byte) []byte { return mac(k.digests, p, plain) }

// macKey is a key of digests with the hash they are made with.
type macKey struct {
	provider Provider
	key      []byte
}

// mac authenticates a value for a purpose; the two are kept apart by a byte that
// no purpose holds.
func mac(k macKey, p Purpose, plain []byte) []byte {
	h := hmac.New(k.provider.Hash, k.key)
	_, _ = h.Write([]byte(p))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write(plain)
	return h.Sum(nil)[:digestSize]
}
