package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"hash"
)

// Provider is a family of ciphers. It is small enough that the national ones
// fill it: SM4 in GCM mode with keys of 16 bytes, and SM3 as the hash.
type Provider interface {
	// Name is what the key file calls it.
	Name() string
	// KeySize is how many bytes AEAD takes.
	KeySize() int
	// AEAD gives the cipher of a key, with a nonce of 12 bytes and a tag of 16.
	AEAD(key []byte) (cipher.AEAD, error)
	// Hash gives the hash that digests and derived keys are made with.
	Hash() hash.Hash
}

// AES is AES-256-GCM with SHA-256.
type AES struct{}

// Name is aes-256-gcm.
func (AES) Name() string { return "aes-256-gcm" }

// KeySize is 32.
func (AES) KeySize() int { return 32 }

// AEAD gives AES-256-GCM.
func (AES) AEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Hash gives SHA-256.
func (AES) Hash() hash.Hash { return sha256.New() }

// What is derived from the secret of a key. One secret is never used for two
// things.
const (
	forSealing     = "yiping: seal"
	forDigests     = "yiping: digest"
	forPseudonyms  = "yiping: pseudonym"
	forFingerprint = "yiping: fingerprint"
)

// derived gives n bytes that follow from a secret for one use.
func derived(p Provider, secret []byte, use string, n int) ([]byte, error) {
	b, err := hkdf.Key(p.Hash, secret, nil, use, n)
	if err != nil {
		return nil, fmt.Errorf("derive a key of %s: %w", p.Name(), err)
	}
	return b, nil
}
