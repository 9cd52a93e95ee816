// Package secret keeps what must not be known to others (passwords, keys) in
// files of mode 0600. What is missing is made on the first run; a file that
// others can read or have written is refused, with a sentence that says so.
package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// mostBytes bounds what is read as a secret: a ring of keys, a chain of certificates.
const mostBytes = 1 << 20

// File gives the content of the file of this name in a folder. Where there is
// none, make's answer is written there first: wholly or not at all, on the disk
// before it is given, and of several that make it at once, all are given the
// same. The folder is made where it is missing.
func File(dir, name string, make func() ([]byte, error)) ([]byte, error) {
	path, err := place(dir, name)
	if err != nil {
		return nil, err
	}
	content, err := read(path, syscall.O_NOFOLLOW)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of secrets: %w", err)
	}
	if content, err = make(); err != nil {
		return nil, fmt.Errorf("make the secret %s: %w", name, err)
	}
	// A link, unlike a renaming, does not replace what somebody else has just made.
	if err := write(dir, path, content, os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return read(path, syscall.O_NOFOLLOW)
}

// Replace writes a new content over a secret, wholly or not at all: for the
// turning of keys.
func Replace(dir, name string, content []byte) error {
	path, err := place(dir, name)
	if err != nil {
		return err
	}
	return write(dir, path, content, os.Rename)
}

// Read gives a secret that somebody else provides, such as the key of a
// certificate; the path may be a link. Owned by root it may be readable by a
// group, as Debian's own are.
func Read(path string) ([]byte, error) { return read(path, 0) }

// Bytes makes n random bytes.
func Bytes(n int) func() ([]byte, error) {
	return func() ([]byte, error) {
		b := make([]byte, n)
		_, err := rand.Read(b)
		return b, err
	}
}

// Password makes a password of 128 random bits, as a line of text.
func Password() ([]byte, error) { return []byte(rand.Text() + "\n"), nil }

// place gives a secret's path. A name is a name: no folder, no step up.
func place(dir, name string) (string, error) {
	if name != filepath.Base(name) || name == "." || name == ".." || name == "/" {
		return "", fmt.Errorf("%q is no name of a secret", name)
	}
	return filepath.Join(dir, name), nil
}

func read(path string, flag int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|flag, 0)
	switch {
	case errors.Is(err, syscall.ELOOP):
		return nil, fmt.Errorf("the secret %s is a link: put the file itself there", path)
	case err != nil:
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := own(f); err != nil { // of what was opened, not of what may have taken its place
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read a secret: %w", err)
	case len(content) == 0:
		return nil, fmt.Errorf("the secret %s is empty: bring the file back from its backup, or remove it where nothing depends on it", path)
	case len(content) > mostBytes:
		return nil, fmt.Errorf("the secret %s is larger than %d bytes", path, mostBytes)
	}
	return content, nil
}

// own refuses a file that others can read or change, or could have written.
func own(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read a secret: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return fmt.Errorf("the secret %s is not an ordinary file", f.Name())
	}
	if why := fault(info.Mode().Perm(), int(owner.Uid), os.Geteuid()); why != "" {
		return fmt.Errorf("the secret %s %s", f.Name(), why)
	}
	return nil
}

// fault says why the user me does not trust a file of an owner's with a mode, ""
// where there is no reason.
func fault(mode fs.FileMode, owner, me int) string {
	others := fs.FileMode(0o077)
	if owner == 0 && me != 0 {
		others = 0o037
	}
	switch {
	case owner != me && owner != 0 && me != 0:
		return fmt.Sprintf("belongs to another user (%d): chown it to the user that runs this program", owner)
	case mode&others != 0:
		return fmt.Sprintf("can be read by others (mode %04o): chmod 600 it, and change it if it may have been seen", mode)
	}
	return ""
}

// write puts the content into a file beside path and lets settle give it its
// name, so that the name never stands for half a secret.
func write(dir, path string, content []byte, settle func(from, to string) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the secret %s: %w", path, err)
		}
	}()
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	info, err := folder.Stat()
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("everybody may write in its folder (mode %04o): chmod 700 it", info.Mode().Perm())
	}
	f, err := os.CreateTemp(dir, ".new-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(content)
	// Made by root in the folder of the server's user, it is for that user.
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 && owner.Uid != 0 && err == nil {
		err = f.Chown(int(owner.Uid), int(owner.Gid))
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := settle(f.Name(), path); err != nil {
		return err
	}
	return folder.Sync()
}
