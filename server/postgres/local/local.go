// Package local runs a private PostgreSQL in a folder: it makes the cluster,
// starts, adopts, supervises and stops it. It listens on a Unix socket only,
// with a generated password in a file of mode 0600.
package local

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"
)

const (
	owner       = "yiping"
	database    = "yiping"
	leastFree   = 200 << 20 // bytes of disk below which nothing is started
	startWithin = 90 * time.Second
	stopWithin  = 30 * time.Second
)

// Config says where and how.
type Config struct {
	Place          // from Prepare
	Ephemeral bool // a throw-away cluster: no fsync
	Log       zerolog.Logger
	Options   []string // further settings, name=value
}

// Cluster is a running private PostgreSQL.
type Cluster struct {
	cfg      Config
	bin      string // folder of the server's programs
	data     string // PGDATA
	password string
	lock     *os.File

	mu       sync.Mutex
	server   *process
	stopping bool
	done     chan struct{} // closed when the supervisor has ended
}

// Open makes the cluster where there is none, starts or adopts it, and makes
// the database. Each thing that can be wrong with the folder is one sentence.
func Open(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{cfg: cfg, data: filepath.Join(cfg.DataDir, "postgres"), done: make(chan struct{})}
	lock, err := takeLock(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	c.lock = lock
	if err := errors.Join(c.give(lock.Name()), c.open(ctx)); err != nil {
		_ = lock.Close()
		return nil, err
	}
	go c.supervise()
	if err := c.makeDatabase(ctx); err != nil {
		_ = c.Stop(context.WithoutCancel(ctx))
		return nil, err
	}
	return c, nil
}

func (c *Cluster) open(ctx context.Context) error {
	if err := checkDisk(c.cfg.DataDir); err != nil {
		return err
	}
	var err error
	if c.bin, err = findServer(c.data); err != nil {
		return err
	}
	if err := c.makeCluster(ctx); err != nil {
		return err
	}
	password, err := os.ReadFile(c.passwordFile())
	if err != nil {
		return fmt.Errorf("the database's password file cannot be read: %w", err)
	}
	c.password = strings.TrimSpace(string(password))
	c.server, err = c.startOrAdopt(ctx)
	return err
}

// Addresses gives the addresses of the application's database.
func (c *Cluster) Addresses() Addresses { return addresses(c.cfg.DataDir, c.password, c.socketDir()) }

func (c *Cluster) socketDir() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server != nil && c.server.socketDir != "" {
		return c.server.socketDir
	}
	return c.cfg.SocketDir
}

func address(user, password, name, socketDir string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Path: "/" + name,
		RawQuery: url.Values{"host": {socketDir}, "sslmode": {"disable"}}.Encode()}
	return u.String()
}

// Attach gives the addresses of the private PostgreSQL that a server runs in the
// folder right now, none where none does.
func Attach(dataDir string) Addresses {
	data := filepath.Join(dataDir, "postgres")
	running, err := readPidFile(data)
	if err != nil || !isPostmaster(running.pid, data) {
		return Addresses{}
	}
	password, err := os.ReadFile(filepath.Join(dataDir, "postgres-password"))
	if err != nil {
		return Addresses{}
	}
	return addresses(dataDir, strings.TrimSpace(string(password)), running.socketDir)
}

func (c *Cluster) passwordFile() string { return filepath.Join(c.cfg.DataDir, "postgres-password") }

// Stop shuts the server down (open transactions end, everything committed is
// on disk) and gives the folder back.
func (c *Cluster) Stop(ctx context.Context) error {
	c.mu.Lock()
	c.stopping = true
	server := c.server
	c.mu.Unlock()
	err := server.stop(ctx)
	<-c.done
	return errors.Join(err, c.lock.Close())
}

// supervise starts the server again when it died while it was wanted.
func (c *Cluster) supervise() {
	defer close(c.done)
	wait := 100 * time.Millisecond
	for {
		c.mu.Lock()
		server := c.server
		c.mu.Unlock()
		started := time.Now()
		<-server.gone
		for {
			c.mu.Lock()
			stopping := c.stopping
			c.mu.Unlock()
			if stopping {
				return
			}
			if time.Since(started) > time.Minute {
				wait = 100 * time.Millisecond
			}
			c.cfg.Log.Warn().Dur("again_in", wait).Msg("PostgreSQL ended unasked, starting it again")
			time.Sleep(wait)
			wait = min(2*wait, 5*time.Second)
			ctx, cancel := context.WithTimeout(context.Background(), startWithin)
			next, err := c.startOrAdopt(ctx)
			cancel()
			if err != nil {
				c.cfg.Log.Error().Err(err).Msg("PostgreSQL does not start")
				continue
			}
			c.mu.Lock()
			c.server = next
			if c.stopping { // Stop came meanwhile and stopped the one before
				go func() { _ = next.stop(context.Background()) }()
			}
			c.mu.Unlock()
			break
		}
	}
}

// makeDatabase makes the users and the application's database.
func (c *Cluster) makeDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, address(owner, c.password, "postgres", c.socketDir()))
	if err != nil {
		return fmt.Errorf("connect to the private PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := c.makeLogins(ctx, conn); err != nil {
		return err
	}
	var there bool
	if err := conn.QueryRow(ctx, `select exists (select 1 from pg_database where datname = $1)`, database).Scan(&there); err != nil {
		return err
	}
	if there {
		return nil
	}
	if _, err := conn.Exec(ctx, `create database `+database+` encoding 'UTF8' template template0`); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return nil
}

// takeLock holds the folder for this process. The kernel lets go when the
// process ends in whatever way.
func takeLock(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("the data folder %s belongs to %s; run as that user or name another folder in YIPING_DATA", dir, ownerName(dir))
	}
	if err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be written: %w", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another yiping is running on the data folder %s; stop it or name another folder in YIPING_DATA", dir)
	}
	return f, nil
}

func checkDisk(dir string) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", dir, err)
	}
	if free := s.Bavail * uint64(s.Bsize); free < leastFree {
		return fmt.Errorf("the disk of the data folder %s is full: %d MiB are free, %d MiB are needed to start", dir, free>>20, leastFree>>20)
	}
	return nil
}
