package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func create(t *testing.T, dir string) (*Keyring, *clock) {
	t.Helper()
	c := newClock()
	k, err := Create(dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return k, c
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir, time.Now); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), filepath.Join(dir, FileName)) {
		t.Fatalf("without a file: %v", err)
	}
	k, _ := create(t, dir)
	sealed := mustSeal(t, k, phone, "13800001234")
	if info, err := os.Stat(k.Path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	again, _ := create(t, dir)
	loaded, err := Load(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []*Keyring{again, loaded} {
		if got, err := other.Open(phone, sealed); err != nil || string(got) != "13800001234" {
			t.Errorf("%q, %v", got, err)
		}
		if !bytes.Equal(other.PseudonymsFingerprint(), k.PseudonymsFingerprint()) {
			t.Error("another secret of pseudonyms")
		}
	}
	if err := os.Chmod(k.Path(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, time.Now); err == nil || !strings.Contains(err.Error(), "mode 0644") {
		t.Errorf("a file that others read: %v", err)
	}
}

// TestBadFile: each thing that is wrong is said in a sentence, which holds no secret.
func TestBadFile(t *testing.T) {
	dir := t.TempDir()
	k, _ := create(t, dir)
	whole, err := os.ReadFile(k.Path())
	if err != nil {
		t.Fatal(err)
	}
	var good file
	if err := json.Unmarshal(whole, &good); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*file)
		says   string
	}{
		{"another version", func(f *file) { f.Version = 2 }, "version 2"},
		{"no key", func(f *file) { f.Keys = nil }, "holds no key"},
		{"a bad id", func(f *file) { f.Keys[0].ID = "xyz" }, "8 hexadecimal digits"},
		{"a short id", func(f *file) { f.Keys[0].ID = "ab" }, "8 hexadecimal digits"},
		{"a short secret", func(f *file) { f.Keys[0].Secret = []byte("short") }, "5 bytes"},
		{"another cipher", func(f *file) { f.Keys[0].Provider = "sm4-gcm" }, `no cipher "sm4-gcm"`},
		{"no pseudonyms", func(f *file) { f.Pseudonyms = fileSecret{} }, "pseudonyms"},
		{"twice the same", func(f *file) { f.Keys = append(f.Keys, f.Keys[0]) }, "there twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := good
			bad.Keys = append([]fileKey(nil), good.Keys...)
			c.change(&bad)
			content, err := bad.encode()
			if err != nil {
				t.Fatal(err)
			}
			refused(t, dir, content, c.says)
		})
	}
	t.Run("cut off", func(t *testing.T) { refused(t, dir, whole[:len(whole)-20], "not a key file") })
	t.Run("something else", func(t *testing.T) { refused(t, dir, []byte("hello"), "not a key file") })
}

func refused(t *testing.T, dir string, content []byte, says string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, FileName), content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(dir, time.Now)
	if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v, want %q", err, says)
	}
}

// TestRotation: what a server sealed is opened by another that has not been told
// of the new key, and what was sealed before is opened by both.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	k, c := create(t, dir)
	old := mustSeal(t, k, phone, "before")
	other, err := Load(dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(time.Hour)
	made, err := k.Rotate("", c.at)
	if err != nil || !made.Active || made.ActiveFrom != c.at {
		t.Fatalf("%+v, %v", made, err)
	}
	fresh := mustSeal(t, k, phone, "after")
	for _, server := range []*Keyring{k, other} {
		for want, sealed := range map[string][]byte{"before": old, "after": fresh} {
			if got, err := server.Open(phone, sealed); err != nil || string(got) != want {
				t.Errorf("%q, %v", got, err)
			}
		}
	}
	if !bytes.Equal(other.ActiveHead(), k.ActiveHead()) {
		t.Error("the other server still seals with the old key")
	}
	if changed, err := other.Reload(); err != nil || changed {
		t.Errorf("read already, and again: %t, %v", changed, err)
	}
}

// TestRotationAhead: a key that is added ahead opens at once and seals from its
// time on, so that several files can be brought up to it first.
func TestRotationAhead(t *testing.T) {
	k, c := create(t, t.TempDir())
	first := k.Keys()[0].ID
	made, err := k.Rotate("", c.at.Add(time.Hour))
	if err != nil || made.Active || k.Keys()[0].ID != first || !k.Keys()[0].Active {
		t.Fatalf("%+v, %v", k.Keys(), err)
	}
	c.at = c.at.Add(time.Hour - time.Second)
	if k.Keys()[1].Active {
		t.Error("a second too early")
	}
	c.at = c.at.Add(time.Second)
	if keys := k.Keys(); keys[0].Active || !keys[1].Active {
		t.Errorf("%+v", keys)
	}
}

func TestRetire(t *testing.T) {
	dir := t.TempDir()
	k, c := create(t, dir)
	first := k.Keys()[0].ID
	sealed := mustSeal(t, k, phone, "1")
	if err := k.Retire(first); err == nil {
		t.Error("the only key went")
	}
	c.at = c.at.Add(time.Hour)
	made, err := k.Rotate("", c.at)
	if err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(Settled - time.Second)
	if err := k.Retire(first); err == nil || !strings.Contains(err.Error(), "moment ago") {
		t.Errorf("before all servers know: %v", err)
	}
	c.at = c.at.Add(time.Second)
	if err := k.Retire(made.ID); err == nil {
		t.Error("the key that seals went")
	}
	if err := k.Retire("00000000"); err == nil {
		t.Error("a key that is not there went")
	}
	if err := k.Retire(first); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Open(phone, sealed); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
	if loaded, err := Load(dir, c.now); err != nil || len(loaded.Keys()) != 1 {
		t.Errorf("%v, %v", loaded, err)
	}
}

// TestBrokenMeanwhile: servers go on with what they know.
func TestBrokenMeanwhile(t *testing.T) {
	k, _ := create(t, t.TempDir())
	sealed := mustSeal(t, k, phone, "1")
	if err := os.WriteFile(k.Path(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Reload(); err == nil {
		t.Error("a broken file was taken")
	}
	if got, err := k.Open(phone, sealed); err != nil || string(got) != "1" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestRotatedAtOnce: of many that turn the key at once, each key stays.
func TestRotatedAtOnce(t *testing.T) {
	dir := t.TempDir()
	create(t, dir)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			k, err := Load(dir, newClock().now)
			if err == nil {
				_, err = k.Rotate("", time.Time{})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if k, err := Load(dir, time.Now); err != nil || len(k.Keys()) != 9 {
		t.Errorf("%v, %v", k.Keys(), err)
	}
}
