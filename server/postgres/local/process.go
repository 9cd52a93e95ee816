package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// process is a postmaster: our child, or one that a killed server left behind.
type process struct {
	pid       int
	socketDir string
	gone      chan struct{} // closed when it has ended
}

// poll is how often a process that is not our child is looked at.
const poll = 100 * time.Millisecond

// startOrAdopt gives a postmaster that answers: the one that is running on the
// folder, or a new one after what a killed one left was cleared away.
func (c *Cluster) startOrAdopt(ctx context.Context) (*process, error) {
	running, err := readPidFile(c.data)
	if err == nil && isPostmaster(running.pid, c.data) {
		p := &process{pid: running.pid, socketDir: running.socketDir, gone: make(chan struct{})}
		go p.watch(c.data)
		c.cfg.Log.Info().Int("pid", p.pid).Msg("adopting the PostgreSQL that is running on the data folder")
		return p, c.waitReady(ctx, p)
	}
	if err == nil {
		// The number was given to another process since: PostgreSQL would refuse.
		if err := os.Remove(filepath.Join(c.data, "postmaster.pid")); err != nil {
			return nil, fmt.Errorf("remove a stale pid file: %w", err)
		}
	}
	if err := c.endOrphans(ctx); err != nil {
		return nil, err
	}
	return c.start(ctx)
}

func (c *Cluster) start(ctx context.Context) (*process, error) {
	log, err := c.openLog()
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), append([]string{"-D", c.data}, c.settings()...)...)
	cmd.Dir = c.cfg.DataDir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = c.attributes()
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC", "PGDATA=")
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	p := &process{pid: cmd.Process.Pid, socketDir: c.cfg.SocketDir, gone: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.gone)
	}()
	if err := c.waitReady(ctx, p); err != nil {
		_ = p.stop(context.WithoutCancel(ctx))
		return nil, err
	}
	return p, nil
}

// settings are given on the command line: nothing in the folder has to be edited.
func (c *Cluster) settings() []string {
	list := []string{"listen_addresses=", "unix_socket_directories=" + c.cfg.SocketDir, "unix_socket_permissions=0770",
		"max_connections=120", "shared_buffers=256MB", "effective_cache_size=1GB", "work_mem=16MB", "maintenance_work_mem=128MB",
		"jit=off", "max_parallel_workers_per_gather=0", "random_page_cost=1.1", "wal_compression=on", "max_wal_size=1GB",
		"synchronous_commit=on", "log_min_messages=warning", "log_min_error_statement=panic", "log_timezone=UTC", "timezone=UTC",
		"password_encryption=scram-sha-256", "dynamic_shared_memory_type=posix"}
	if c.cfg.Ephemeral {
		list = append(list, "fsync=off", "full_page_writes=off", "max_connections=300")
	}
	list = append(list, c.cfg.Options...)
	args := make([]string, 0, 2*len(list))
	for _, s := range list {
		args = append(args, "-c", s)
	}
	return args
}

// openLog opens the server's log, moving one over 10 MiB aside first.
func (c *Cluster) openLog() (*os.File, error) {
	path := c.logFile()
	if info, err := os.Stat(path); err == nil && info.Size() > 10<<20 {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("move the database's log aside: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the database's log: %w", err)
	}
	return f, c.give(path)
}

func (c *Cluster) logFile() string { return filepath.Join(c.cfg.DataDir, "postgres.log") }

// waitReady waits until the server answers, or says why it does not.
func (c *Cluster) waitReady(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	url := address(owner, c.password, "postgres", p.socketDir)
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-p.gone:
			return fmt.Errorf("PostgreSQL did not start: %s", c.tailOfLog())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not answer within %s: %w", startWithin, errors.Join(ctx.Err(), err))
		case <-time.After(poll / 4):
		}
	}
}

func (c *Cluster) tailOfLog() string {
	f, err := os.Open(c.logFile())
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > 4096 {
		_, _ = f.Seek(-4096, io.SeekEnd)
	}
	text, _ := io.ReadAll(f)
	return lastLine(string(text))
}

// stop asks for a fast shutdown, and for an immediate one when that takes too long.
func (p *process) stop(ctx context.Context) error {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal PostgreSQL: %w", err)
		}
		select {
		case <-p.gone:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(stopWithin):
		}
	}
	return errors.New("PostgreSQL does not stop")
}

// watch notices the end of a postmaster that is not our child.
func (p *process) watch(data string) {
	for isPostmaster(p.pid, data) {
		time.Sleep(poll)
	}
	close(p.gone)
}

// pidFile is what a postmaster writes about itself.
type pidFile struct {
	pid       int
	socketDir string
}

func readPidFile(data string) (pidFile, error) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return pidFile{}, err
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 1 {
		pid = -1 // names nothing that runs: as good as a stale one
	}
	f := pidFile{pid: pid}
	if len(lines) > 4 {
		f.socketDir = strings.TrimSpace(lines[4])
	}
	return f, nil
}

// isPostmaster says whether the process is a PostgreSQL that works in the
// folder; a number alone says nothing.
func isPostmaster(pid int, data string) bool {
	if pid <= 1 {
		return false
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || strings.Contains(string(state), ") Z ") {
		return false
	}
	return worksIn(pid, data)
}

func worksIn(pid int, data string) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || strings.TrimSpace(string(name)) != "postgres" {
		return false
	}
	folder, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false
	}
	here, err := filepath.EvalSymlinks(data)
	return err == nil && folder == here
}

// endOrphans ends backends that outlived a killed postmaster: they hold the
// shared memory, and PostgreSQL would not start beside them. What they had
// committed is on disk; the rest is undone by recovery.
func (c *Cluster) endOrphans(ctx context.Context) error {
	for {
		left := 0
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return fmt.Errorf("look for orphans: %w", err)
		}
		for _, e := range entries {
			pid, err := strconv.Atoi(e.Name())
			if err != nil || !isPostmaster(pid, c.data) {
				continue
			}
			left++
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(poll / 4):
		}
	}
}
