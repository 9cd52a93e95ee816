package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// FileName is what the key file is called.
const FileName = "keys.json"

// secretSize is how many random bytes a key is made of, whatever is derived
// from them.
const secretSize = 32

// file is the key file.
type file struct {
	Version    int        `json:"version"`
	Pseudonyms fileSecret `json:"pseudonyms"`
	Keys       []fileKey  `json:"keys"`
}

type fileSecret struct {
	Provider string `json:"provider"`
	Secret   []byte `json:"secret"`
}

type fileKey struct {
	ID string `json:"id"`
	fileSecret
	MadeAt     time.Time `json:"made_at"`
	ActiveFrom time.Time `json:"active_from"`
}

// key is a key ready for use.
type key struct {
	id          keyID
	provider    string
	madeAt      time.Time
	activeFrom  time.Time
	aead        cipher.AEAD
	digests     macKey
	fingerprint []byte
}

// ring is the keys as they were read, the one that became active first in front.
type ring struct {
	keys       []*key
	byID       map[keyID]*key
	pseudonyms macKey
	told       []byte // fingerprint of the secret of pseudonyms
}

// active gives the key that seals: the last whose time has come.
func (r *ring) active(now time.Time) *key {
	for i := len(r.keys) - 1; i > 0; i-- {
		if !r.keys[i].activeFrom.After(now) {
			return r.keys[i]
		}
	}
	return r.keys[0]
}

// Keyring holds the keys of an installation. All of its methods may be called
// at once.
type Keyring struct {
	dir       string // "" for keys that live as long as the program
	now       func() time.Time
	providers []Provider
	ring      atomic.Pointer[ring]
	mu        sync.Mutex // guards what follows, and the reading of the file
	content   []byte     // as it was read last
	looked    time.Time  // when a missing key last had it read
}

// Key is what may be told of a key.
type Key struct {
	ID          string    `json:"id"`
	Provider    string    `json:"provider"`
	MadeAt      time.Time `json:"made_at"`
	ActiveFrom  time.Time `json:"active_from"`
	Active      bool      `json:"active"`
	Fingerprint []byte    `json:"-"` // tells two keys apart, and nothing of them
}

// New makes a keyring with a fresh key that lives as long as the program: for
// tests and trials. Without a provider it is AES.
func New(now func() time.Time, providers ...Provider) (*Keyring, error) {
	k := &Keyring{now: now, providers: withAES(providers)}
	content, err := k.fresh()
	if err != nil {
		return nil, err
	}
	return k, k.take(content)
}

func withAES(providers []Provider) []Provider {
	if len(providers) == 0 {
		return []Provider{AES{}}
	}
	return providers
}

// fresh makes the content of a key file with one key, of the first provider.
func (k *Keyring) fresh() ([]byte, error) {
	pseudonyms, err := newSecret(k.providers[0])
	if err != nil {
		return nil, err
	}
	f := file{Version: version, Pseudonyms: pseudonyms}
	if err := k.add(&f, k.providers[0], time.Time{}); err != nil {
		return nil, err
	}
	return f.encode()
}

func (f file) encode() ([]byte, error) {
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the keys: %w", err)
	}
	return append(raw, '\n'), nil
}

// add puts a fresh key into a file, active from a time on.
func (k *Keyring) add(f *file, p Provider, from time.Time) error {
	secret, err := newSecret(p)
	if err != nil {
		return err
	}
	var id keyID
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	now := k.now().UTC().Truncate(time.Second)
	if from.Before(now) {
		from = now
	}
	f.Keys = append(f.Keys, fileKey{ID: id.String(), fileSecret: secret, MadeAt: now, ActiveFrom: from.UTC()})
	return nil
}

func newSecret(p Provider) (fileSecret, error) {
	s := fileSecret{Provider: p.Name(), Secret: make([]byte, secretSize)}
	_, err := rand.Read(s.Secret)
	return s, err
}

// take makes the content of a key file the one in use.
func (k *Keyring) take(content []byte) error {
	r, err := k.read(content)
	if err == nil {
		k.content = content
		k.ring.Store(r)
	}
	return err
}

// read makes keys of the content of a key file. Each thing that can be wrong
// with it is one sentence.
func (k *Keyring) read(content []byte) (*ring, error) {
	var f file
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, errors.New("it is not a key file: bring it back from its backup") // the cause may quote a secret
	}
	if f.Version != version {
		return nil, fmt.Errorf("it is of version %d, this program knows version %d", f.Version, version)
	}
	if len(f.Keys) == 0 {
		return nil, errors.New("it holds no key: bring it back from its backup")
	}
	r := &ring{byID: map[keyID]*key{}}
	for _, fk := range f.Keys {
		key, err := k.key(fk)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", fk.ID, err)
		}
		if r.byID[key.id] != nil {
			return nil, fmt.Errorf("key %q is there twice", fk.ID)
		}
		r.keys, r.byID[key.id] = append(r.keys, key), key
	}
	slices.SortStableFunc(r.keys, func(a, b *key) int { return a.activeFrom.Compare(b.activeFrom) })
	p, err := k.provider(f.Pseudonyms)
	if err != nil {
		return nil, fmt.Errorf("pseudonyms: %w", err)
	}
	if r.pseudonyms, err = macOf(p, f.Pseudonyms.Secret, forPseudonyms); err != nil {
		return nil, err
	}
	r.told, err = derived(p, f.Pseudonyms.Secret, forFingerprint, digestSize)
	return r, err
}

func macOf(p Provider, secret []byte, use string) (macKey, error) {
	b, err := derived(p, secret, use, p.Hash().Size())
	return macKey{p, b}, err
}

// provider finds the provider of a secret.
func (k *Keyring) provider(s fileSecret) (Provider, error) {
	if len(s.Secret) != secretSize {
		return nil, fmt.Errorf("its secret has %d bytes, not %d", len(s.Secret), secretSize)
	}
	for _, p := range k.providers {
		if p.Name() == s.Provider {
			return p, nil
		}
	}
	return nil, fmt.Errorf("this program has no cipher %q", s.Provider)
}

func (k *Keyring) key(f fileKey) (*key, error) {
	out := &key{provider: f.Provider, madeAt: f.MadeAt, activeFrom: f.ActiveFrom}
	raw, err := hex.DecodeString(f.ID)
	if err != nil || len(raw) != idSize {
		return nil, fmt.Errorf("an id is %d hexadecimal digits", 2*idSize)
	}
	out.id = keyID(raw)
	p, err := k.provider(f.fileSecret)
	if err != nil {
		return nil, err
	}
	sealing, err := derived(p, f.Secret, forSealing, p.KeySize())
	if err != nil {
		return nil, err
	}
	if out.aead, err = p.AEAD(sealing); err != nil {
		return nil, err
	}
	if out.aead.NonceSize() != nonceSize || out.aead.Overhead() != tagSize {
		return nil, fmt.Errorf("%s has a nonce of %d bytes and a tag of %d, not %d and %d", p.Name(), out.aead.NonceSize(), out.aead.Overhead(), nonceSize, tagSize)
	}
	if out.digests, err = macOf(p, f.Secret, forDigests); err != nil {
		return nil, err
	}
	out.fingerprint, err = derived(p, f.Secret, forFingerprint, digestSize)
	return out, err
}

// Keys tells of the keys, the oldest first.
func (k *Keyring) Keys() []Key {
	r := k.ring.Load()
	active := r.active(k.now())
	out := make([]Key, len(r.keys))
	for i, key := range r.keys {
		out[i] = Key{key.id.String(), key.provider, key.madeAt, key.activeFrom, key == active, key.fingerprint}
	}
	return out
}

// PseudonymsFingerprint tells the secret of pseudonyms from another.
func (k *Keyring) PseudonymsFingerprint() []byte { return k.ring.Load().told }
