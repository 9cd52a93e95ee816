package secret

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestFirstRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "secrets")
	first, err := File(dir, "key", Bytes(32))
	if err != nil || len(first) != 32 || bytes.Equal(first, make([]byte, 32)) {
		t.Fatalf("%x, %v", first, err)
	}
	info, err := os.Stat(filepath.Join(dir, "key"))
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the folder: %v, %v", info.Mode(), err)
	}
	again, err := File(dir, "key", func() ([]byte, error) { t.Error("made again"); return nil, nil })
	if err != nil || !bytes.Equal(first, again) {
		t.Fatalf("the second run: %x, %v", again, err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Fatalf("left behind: %v, %v", list, err)
	}
}

// TestMadeAtOnce: of many that make it, all are given the one that stays.
func TestMadeAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	given := make([][]byte, 20)
	for k := range given {
		wg.Go(func() {
			var err error
			if given[k], err = File(dir, "password", Password); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, g := range given {
		if !bytes.Equal(g, given[0]) || len(g) != 27 {
			t.Fatalf("%q and %q", g, given[0])
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Fatalf("left behind: %v, %v", list, err)
	}
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	if _, err := File(dir, "key", Bytes(32)); err != nil {
		t.Fatal(err)
	}
	if err := Replace(dir, "key", []byte("turned")); err != nil {
		t.Fatal(err)
	}
	if now, err := File(dir, "key", nil); err != nil || string(now) != "turned" {
		t.Fatalf("%q, %v", now, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "key")); err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
}

func TestRefused(t *testing.T) {
	unwanted := func() ([]byte, error) { t.Error("made"); return []byte("x"), nil }
	prepare := func(t *testing.T, content string, mode fs.FileMode) string {
		dir := t.TempDir()
		path := filepath.Join(dir, "key")
		if err := errors.Join(os.WriteFile(path, []byte(content), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, c := range map[string]struct {
		content string
		mode    fs.FileMode
		says    string
	}{
		"the group reads":    {"x", 0o640, "read by others (mode 0640)"},
		"everybody reads":    {"x", 0o604, "read by others"},
		"the group writes":   {"x", 0o620, "read by others"},
		"everybody executes": {"x", 0o601, "read by others"},
		"empty":              {"", 0o600, "is empty"},
		"endless":            {strings.Repeat("x", mostBytes+1), 0o600, "larger"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := File(prepare(t, c.content, c.mode), "key", unwanted)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	t.Run("a link", func(t *testing.T) {
		dir, elsewhere := t.TempDir(), filepath.Join(prepare(t, "x", 0o600), "key")
		if err := os.Symlink(elsewhere, filepath.Join(dir, "key")); err != nil {
			t.Fatal(err)
		}
		if _, err := File(dir, "key", unwanted); err == nil || !strings.Contains(err.Error(), "is a link") {
			t.Errorf("%v", err)
		}
		if content, err := Read(filepath.Join(dir, "key")); err != nil || string(content) != "x" {
			t.Errorf("provided: %q, %v", content, err)
		}
	})
	t.Run("a folder", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "key"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := File(dir, "key", unwanted); err == nil || !strings.Contains(err.Error(), "ordinary file") {
			t.Errorf("%v", err)
		}
	})
	t.Run("everybody writes in the folder", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := File(dir, "key", Bytes(8)); err == nil || !strings.Contains(err.Error(), "chmod 700") {
			t.Errorf("%v", err)
		}
	})
	for _, name := range []string{"", ".", "..", "/", "a/b", "../key", "/etc/passwd"} {
		if _, err := File(t.TempDir(), name, unwanted); err == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
	lost := errors.New("no luck")
	if _, err := File(t.TempDir(), "key", func() ([]byte, error) { return nil, lost }); !errors.Is(err, lost) {
		t.Errorf("%v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestWhoIsTrusted(t *testing.T) {
	for _, c := range []struct {
		name      string
		mode      fs.FileMode
		owner, me int
		says      string
	}{
		{"one's own", 0o600, 7, 7, ""},
		{"one's own, read only", 0o400, 7, 7, ""},
		{"one's own, read by a group", 0o640, 7, 7, "mode 0640"},
		{"root's, for a group", 0o640, 0, 7, ""},
		{"root's, written by a group", 0o660, 0, 7, "mode 0660"},
		{"root's, for everybody", 0o644, 0, 7, "mode 0644"},
		{"root's own, for a group", 0o640, 0, 0, "mode 0640"},
		{"somebody's", 0o600, 8, 7, "another user (8)"},
		{"somebody's, and root asks", 0o600, 8, 0, ""},
	} {
		if got := fault(c.mode, c.owner, c.me); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", c.name, got, c.says)
		}
	}
}

// TestMadeByRoot: in the folder of the server's user it is for that user.
func TestMadeByRoot(t *testing.T) {
	dir, owner := t.TempDir(), os.Geteuid()
	if owner == 0 {
		owner = 12345
		if err := os.Chown(dir, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := File(dir, "key", Bytes(8)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if got := int(info.Sys().(*syscall.Stat_t).Uid); got != owner {
		t.Errorf("it belongs to %d, want %d", got, owner)
	}
}
