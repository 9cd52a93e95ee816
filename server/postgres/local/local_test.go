package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"
)

// folder makes a data folder that the database's user can reach: not t.TempDir,
// which is below a 0700 parent.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := throwAway()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

func prepare(t *testing.T, dir string) Place {
	t.Helper()
	p, err := Prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.SocketDir) })
	return p
}

func open(t *testing.T, dir string) *Cluster {
	t.Helper()
	c, err := Open(t.Context(), Config{Place: prepare(t, dir), Ephemeral: true, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func stop(t *testing.T, c *Cluster) {
	t.Helper()
	if err := c.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// query asks the database, again and again while it comes back.
func query(t *testing.T, c *Cluster, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		var answer string
		conn, err := pgx.Connect(ctx, c.Addresses().Owner)
		if err == nil {
			err = conn.QueryRow(ctx, sql).Scan(&answer)
			_ = conn.Close(ctx)
		}
		if err == nil {
			return answer
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func (c *Cluster) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.server.pid
}

func TestOpenUseStopOpen(t *testing.T) {
	dir := folder(t)
	c := open(t, dir)
	conn, err := pgx.Connect(t.Context(), c.Addresses().Owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `create table kept (word text); insert into kept values ('still here')`); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())
	if Attach(dir) != c.Addresses() || c.Addresses().System == "" {
		t.Fatalf("attached to %+v", Attach(dir))
	}
	stop(t, c)
	if Attach(dir) != (Addresses{}) {
		t.Fatal("attached to a stopped one")
	}
	info, err := os.Stat(filepath.Join(dir, "postgres-password"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("password file %v, %v", info.Mode(), err)
	}
	again := open(t, dir)
	defer stop(t, again)
	if got := query(t, again, `select word from kept`); got != "still here" {
		t.Fatalf("found %q", got)
	}
}

func TestASecondServerIsRefused(t *testing.T) {
	dir := folder(t)
	c := open(t, dir)
	defer stop(t, c)
	_, err := Open(t.Context(), Config{Place: prepare(t, dir), Log: zerolog.Nop()})
	if err == nil || !strings.Contains(err.Error(), "another yiping is running") {
		t.Fatalf("got %v", err)
	}
}

// TestAKilledPostmasterComesBack: kill -9 of PostgreSQL while the server lives.
func TestAKilledPostmasterComesBack(t *testing.T) {
	c := open(t, folder(t))
	defer stop(t, c)
	before := c.pid()
	query(t, c, `select 'warm'`)
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	query(t, c, `select 'back'`)
	// It answers a moment before the supervisor has noted who answers.
	for deadline := time.Now().Add(20 * time.Second); c.pid() == before; {
		if time.Now().After(deadline) {
			t.Fatal("the same process answers")
		}
		runtime.Gosched()
	}
}

// ownerEnv makes this test program a server that opens the folder and waits to
// be killed.
const ownerEnv = "YIPING_TEST_OWNS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerEnv); dir != "" {
		p, err := Prepare(dir)
		if err == nil {
			_, err = Open(context.Background(), Config{Place: p, Ephemeral: true, Log: zerolog.Nop()})
		}
		fmt.Println("open:", err)
		select {}
	}
	os.Exit(m.Run())
}

// killedOwner starts a server on the folder and kills it, leaving PostgreSQL.
func killedOwner(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), ownerEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 256)
	n, err := out.Read(line)
	if err != nil || !strings.Contains(string(line[:n]), "open: <nil>") {
		t.Fatalf("the owner said %q, %v", line[:n], err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func TestWhatAKilledServerLeft(t *testing.T) {
	t.Run("a running PostgreSQL is adopted", func(t *testing.T) {
		dir := folder(t)
		killedOwner(t, dir)
		left, err := readPidFile(filepath.Join(dir, "postgres"))
		if err != nil {
			t.Fatal(err)
		}
		c := open(t, dir)
		defer stop(t, c)
		if query(t, c, `select 'ok'`); c.pid() != left.pid {
			t.Fatalf("process %d answers, %d was left", c.pid(), left.pid)
		}
	})
	t.Run("an adopted one that dies is started again", func(t *testing.T) {
		dir := folder(t)
		killedOwner(t, dir)
		c := open(t, dir)
		defer stop(t, c)
		if err := syscall.Kill(c.pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		query(t, c, `select 'back'`)
	})
	t.Run("busy orphans of a killed postmaster are ended", func(t *testing.T) {
		dir := folder(t)
		c := open(t, dir)
		conn, err := pgx.Connect(t.Context(), c.Addresses().Owner)
		if err != nil {
			t.Fatal(err)
		}
		// A backend that is busy does not notice that its postmaster is gone.
		go func() {
			_, _ = conn.Exec(context.Background(), `select count(*) from generate_series(1, 100000000000)`)
		}()
		began := time.Now()
		if err := syscall.Kill(c.pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		query(t, c, `select 'back'`)
		if took := time.Since(began); took > 20*time.Second {
			t.Fatalf("it took %s", took)
		}
		stop(t, c)
	})
	t.Run("a pid file that names another process is removed", func(t *testing.T) {
		dir := folder(t)
		stop(t, open(t, dir))
		stale := strconv.Itoa(os.Getpid()) + "\n" + dir + "\n0\n5432\n/nowhere\n\n"
		if err := os.WriteFile(filepath.Join(dir, "postgres/postmaster.pid"), []byte(stale), 0o644); err != nil {
			t.Fatal(err)
		}
		c := open(t, dir)
		defer stop(t, c)
		query(t, c, `select 'ok'`)
	})
}

func TestFoldersThatCannotServe(t *testing.T) {
	t.Run("made by another version", func(t *testing.T) {
		dir := folder(t)
		p := prepare(t, dir)
		if err := os.MkdirAll(filepath.Join(dir, "postgres"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "postgres/PG_VERSION"), []byte("11\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), Config{Place: p, Log: zerolog.Nop()})
		if err == nil || !strings.Contains(err.Error(), "PostgreSQL 11, which is not installed") {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("a file in its place", func(t *testing.T) {
		dir := folder(t)
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Prepare(dir); err == nil || !strings.Contains(err.Error(), "is not a folder") {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("somebody else's", func(t *testing.T) {
		if os.Geteuid() != 0 {
			if _, err := Prepare("/proc/data"); err == nil {
				t.Fatal("a folder of nobody was taken")
			}
			return
		}
		dir := folder(t)
		if err := os.MkdirAll(filepath.Join(dir, "full"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if _, err := Prepare(dir); err == nil || !strings.Contains(err.Error(), "belongs to nobody") {
			t.Fatalf("got %v", err)
		}
	})
}

func TestRunWith(t *testing.T) {
	code, err := RunWith(t.Context(), "", false, zerolog.Nop(), []string{"sh", "-c", `test -n "$DATABASE_URL" && exit 7`})
	if err != nil || code != 7 {
		t.Fatalf("exit code %d, %v", code, err)
	}
	if _, err := RunWith(t.Context(), "", false, zerolog.Nop(), []string{"/no/such/program"}); err == nil {
		t.Fatal("a program that is not there ran")
	}
}
