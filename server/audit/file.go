package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// File is the file of checkpoints: a line each, appended and never changed, so
// that it may lie where nothing can be overwritten.
type File struct{ path string }

// NewFile names the file; it is made with the first checkpoint.
func NewFile(path string) File { return File{path} }

// mostLine is longer than any line.
const mostLine = 4096

// Append signs a checkpoint, links it to the line before and writes it; it is on
// the disk when Append returns. The count becomes that of the rows since then.
func (f File) Append(key Key, c Checkpoint) (Checkpoint, error) {
	c, err := f.append(key, c)
	if err != nil {
		return c, fmt.Errorf("write a checkpoint: %w", err)
	}
	return c, nil
}

func (f File) append(key Key, c Checkpoint) (_ Checkpoint, err error) {
	_, missing := os.Stat(f.path)
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	// Two nodes may share the file; the lock goes with the descriptor.
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return c, err
	}
	end, err := endOf(file)
	if err != nil {
		return c, err
	}
	if c.Kind == KindCheckpoint {
		c.Count = c.Seq - end.checkpoint.Seq
	}
	if end.line != nil {
		sum := sha256.Sum256(end.line)
		c.Prev = sum[:]
	}
	c = key.Sign(c)
	text, err := c.line()
	if err != nil {
		return c, err
	}
	if end.torn { // a write that a crash cut off: it is no line, and what follows it is
		text = append([]byte{'\n'}, text...)
	}
	if _, err := file.Write(text); err != nil {
		return c, err
	}
	if err := file.Sync(); err != nil {
		return c, err
	}
	if errors.Is(missing, fs.ErrNotExist) {
		return c, syncFolder(filepath.Dir(f.path))
	}
	return c, nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Last gives the last checkpoint, and whether there is one. Its signature is
// not checked.
func (f File) Last() (Checkpoint, bool, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, false, nil
	}
	if err != nil {
		return Checkpoint{}, false, fmt.Errorf("read checkpoints: %w", err)
	}
	defer func() { _ = file.Close() }()
	end, err := endOf(file)
	return end.checkpoint, end.checkpoint.Kind != "", err
}

// fileEnd is what a new line is linked to.
type fileEnd struct {
	line       []byte     // the last whole line, without its end; nil for none
	checkpoint Checkpoint // the last one that is of a row, not of a dropped range
	torn       bool       // the file ends in half a line
}

func endOf(file *os.File) (fileEnd, error) {
	var end fileEnd
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return end, err
	}
	// Half lines and dropped ranges are rare: what is looked for is among the last few.
	tail := make([]byte, min(size, 16*mostLine))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return end, err
	}
	end.torn = len(tail) > 0 && tail[len(tail)-1] != '\n'
	lines := bytes.Split(tail, []byte{'\n'})
	for i := len(lines) - 1; i >= 0; i-- {
		c, ok := parse(lines[i])
		if !ok {
			continue
		}
		if end.line == nil {
			end.line = lines[i]
		}
		if c.Kind == KindCheckpoint {
			end.checkpoint = c
			break
		}
	}
	return end, nil
}

func parse(line []byte) (Checkpoint, bool) {
	var c Checkpoint
	if len(line) == 0 || len(line) > mostLine || json.Unmarshal(line, &c) != nil {
		return c, false
	}
	return c, c.Kind == KindCheckpoint || c.Kind == KindDropped
}

// read gives each line's checkpoint with its number, those whose signature or
// link is wrong as findings. Half a line that a crash left is passed over: the
// next one is linked to the line before it.
func (f File) read(keys Keys, each func(Checkpoint), report func(Finding)) error {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	defer func() { _ = file.Close() }()
	var before []byte
	var rows int64
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, mostLine), 1<<20)
	for number := 1; scanner.Scan(); number++ {
		line := scanner.Bytes()
		c, ok := parse(line)
		if !ok {
			continue
		}
		fault := keys.Check(c)
		switch {
		case fault != nil:
		case !same(c.Prev, before):
			fault = errUnlinked
		case c.Kind == KindCheckpoint && c.Count != c.Seq-rows:
			fault = errCount
		}
		sum := sha256.Sum256(line)
		before = sum[:]
		if c.Kind == KindCheckpoint {
			rows = c.Seq
		}
		if fault != nil {
			kind := CheckpointForged
			if errors.Is(fault, errUnlinked) {
				kind = CheckpointMissing
			}
			report(Finding{Seq: c.Seq, Kind: kind, Text: fmt.Sprintf("%s, line %d: %v", f.path, number, fault)})
			if kind == CheckpointForged {
				continue
			}
		}
		each(c)
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	return nil
}

var (
	errUnlinked = errors.New("it does not follow the line before it: lines are missing or were changed")
	errCount    = errors.New("its count is not that of the rows since the line before")
)
