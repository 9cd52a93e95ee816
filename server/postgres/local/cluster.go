package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// leastMajor is the oldest PostgreSQL that is known to work.
const leastMajor = 15

// installed is where Debian's packages put each major version's programs.
const installed = "/usr/lib/postgresql"

// findServer gives the folder of the server's programs: those that made the
// cluster where there is one, else the newest that has PostGIS.
func findServer(data string) (string, error) {
	made, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err == nil {
		version := strings.TrimSpace(string(made))
		bin := filepath.Join(installed, version, "bin")
		if _, err := os.Stat(filepath.Join(bin, "postgres")); err != nil {
			return "", fmt.Errorf("the data folder was made by PostgreSQL %s, which is not installed here (found: %s); install postgresql-%s-postgis-3",
				version, strings.Join(versions(), ", "), version)
		}
		return bin, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the data folder cannot be read: %w", err)
	}
	for _, version := range slices.Backward(versions()) {
		major, err := strconv.Atoi(version)
		if err != nil || major < leastMajor {
			continue
		}
		if _, err := os.Stat(filepath.Join("/usr/share/postgresql", version, "extension/postgis.control")); err == nil {
			return filepath.Join(installed, version, "bin"), nil
		}
	}
	return "", fmt.Errorf("PostgreSQL %d or newer with PostGIS is needed and not installed (found: %s); install postgresql-15-postgis-3 or set DATABASE_URL",
		leastMajor, strings.Join(versions(), ", "))
}

// versions gives the installed major versions, oldest first.
func versions() []string {
	entries, err := filepath.Glob(filepath.Join(installed, "*/bin/postgres"))
	if err != nil || len(entries) == 0 {
		return []string{"none"}
	}
	list := make([]string, 0, len(entries))
	for _, e := range entries {
		list = append(list, filepath.Base(filepath.Dir(filepath.Dir(e))))
	}
	slices.SortFunc(list, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	return list
}

// makeCluster runs initdb where there is no cluster yet. It is made beside its
// place and moved there whole, so that a kill leaves nothing half made.
func (c *Cluster) makeCluster(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.data, "PG_VERSION")); err == nil {
		return nil
	}
	half := c.data + ".new"
	if err := os.RemoveAll(half); err != nil {
		return fmt.Errorf("clear %s: %w", half, err)
	}
	if err := os.WriteFile(c.passwordFile(), []byte(rand.Text()+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the database's password: %w", err)
	}
	if err := c.give(c.passwordFile()); err != nil {
		return err
	}
	args := []string{"-D", half, "-U", owner, "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--pwfile=" + c.passwordFile()}
	if c.cfg.Ephemeral {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"), args...)
	cmd.Dir = c.cfg.DataDir
	cmd.SysProcAttr = c.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("PostgreSQL cannot make its cluster in %s: %s", c.cfg.DataDir, lastLine(string(out)))
	}
	if err := os.Rename(half, c.data); err != nil {
		return fmt.Errorf("move the new cluster into place: %w", err)
	}
	return nil
}

// attributes gives PostgreSQL's processes a group of their own (Ctrl-C must
// reach the server first) and, where we are root, their user.
func (c *Cluster) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: c.cfg.Credential}
}

// give hands a file to the user that PostgreSQL runs as.
func (c *Cluster) give(path string) error {
	if c.cfg.Credential == nil {
		return nil
	}
	if err := os.Chown(path, int(c.cfg.Credential.Uid), int(c.cfg.Credential.Gid)); err != nil {
		return fmt.Errorf("give %s to the system user: %w", path, err)
	}
	return nil
}

// lastLine gives the last line that says something.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range slices.Backward(lines) {
		if strings.Contains(line, "FATAL") || strings.Contains(line, "error:") || strings.Contains(line, "PANIC") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
