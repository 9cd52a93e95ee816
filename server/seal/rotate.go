package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"yiping/server/secret"
)

const (
	// lookPause is how soon the key file is read again for another missing key.
	lookPause = time.Second
	// Settled is how long a newer key must have been active before an older one
	// may go: every server has read the file by then.
	Settled = 2 * time.Minute
)

// Load reads the key file of a folder. The error is fs.ErrNotExist where there
// is none.
func Load(dir string, now func() time.Time, providers ...Provider) (*Keyring, error) {
	k := &Keyring{dir: dir, now: now, providers: withAES(providers)}
	_, err := k.Reload()
	return k, err
}

// Create makes the key file of a folder with one random key where there is
// none, and loads it.
func Create(dir string, now func() time.Time, providers ...Provider) (*Keyring, error) {
	k := &Keyring{dir: dir, now: now, providers: withAES(providers)}
	if _, err := secret.File(dir, FileName, k.fresh); err != nil {
		return nil, err
	}
	_, err := k.Reload()
	return k, err
}

// Path gives where the key file is.
func (k *Keyring) Path() string { return filepath.Join(k.dir, FileName) }

// Reload reads the key file again and says whether it has changed. Where it
// cannot be used the keys stay as they are.
func (k *Keyring) Reload() (changed bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reload()
}

func (k *Keyring) reload() (changed bool, err error) {
	if k.dir == "" {
		return false, nil
	}
	content, err := secret.File(k.dir, FileName, func() ([]byte, error) { return nil, fs.ErrNotExist })
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("there is no %s: %w", k.Path(), fs.ErrNotExist)
	}
	if err != nil {
		return false, err
	}
	if bytes.Equal(content, k.content) {
		return false, nil
	}
	if err := k.take(content); err != nil {
		return false, fmt.Errorf("%s cannot be used: %w", k.Path(), err)
	}
	return true, nil
}

// lookAgain reads the key file for a key that is missing, not more often than
// now and then: whoever can store values must not make us read all day.
func (k *Keyring) lookAgain() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.now(); now.Sub(k.looked) >= lookPause {
		k.looked = now
		_, _ = k.reload() // what is missing stays missing, and says so
	}
}

// Rotate adds a key that seals from a time on (at once where that has passed),
// of a provider by name ("" for the first), and gives it.
func (k *Keyring) Rotate(provider string, from time.Time) (Key, error) {
	at := 0
	if provider != "" {
		if at = slices.IndexFunc(k.providers, func(p Provider) bool { return p.Name() == provider }); at < 0 {
			return Key{}, fmt.Errorf("this program has no cipher %q", provider)
		}
	}
	var made string
	err := k.change(func(f *file) error {
		if err := k.add(f, k.providers[at], from); err != nil {
			return err
		}
		made = f.Keys[len(f.Keys)-1].ID
		return nil
	})
	if err != nil {
		return Key{}, err
	}
	keys := k.Keys()
	return keys[slices.IndexFunc(keys, func(key Key) bool { return key.ID == made })], nil
}

// Retire takes a key out of the file. Nothing may be sealed with it any more:
// the caller has looked. The key that seals stays, and so does the one before it
// until all servers have read of it.
func (k *Keyring) Retire(id string) error {
	return k.change(func(f *file) error {
		at := slices.IndexFunc(f.Keys, func(fk fileKey) bool { return fk.ID == id })
		if at < 0 {
			return fmt.Errorf("there is no key %q", id)
		}
		settled := k.now().Add(-Settled)
		if !slices.ContainsFunc(f.Keys, func(fk fileKey) bool {
			return fk.ActiveFrom.After(f.Keys[at].ActiveFrom) && !fk.ActiveFrom.After(settled)
		}) {
			return fmt.Errorf("key %s seals, or did a moment ago: turn the key (yiping keys rotate) and wait %s", id, Settled)
		}
		f.Keys = slices.Delete(f.Keys, at, at+1)
		return nil
	})
}

// change changes the key file: one at a time on this machine, wholly or not at all.
func (k *Keyring) change(edit func(*file) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	unlock, err := k.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := k.reload(); err != nil {
		return err
	}
	var f file
	if err := json.Unmarshal(k.content, &f); err != nil {
		return errors.New("it is not a key file")
	}
	if err := edit(&f); err != nil {
		return err
	}
	content, err := f.encode()
	if err != nil {
		return err
	}
	if k.dir != "" {
		if err := secret.Replace(k.dir, FileName, content); err != nil {
			return err
		}
	}
	return k.take(content)
}

// lock keeps other programs from changing the key file meanwhile.
func (k *Keyring) lock() (unlock func(), err error) {
	if k.dir == "" {
		return func() {}, nil
	}
	folder, err := os.Open(k.dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of keys: %w", err)
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		_ = folder.Close()
		return nil, fmt.Errorf("lock the folder of keys: %w", err)
	}
	return func() { _ = folder.Close() }, nil // which gives the lock back
}
