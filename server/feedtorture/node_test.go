package feedtorture

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yiping/server/postgres/pgtest"
)

// built is the program under trial: the one that YIPING_BINARY names, else made once.
var built = sync.OnceValues(func() (string, error) {
	if program := os.Getenv("YIPING_BINARY"); program != "" {
		return program, nil
	}
	folder, err := os.MkdirTemp("", "yiping-torture-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "yiping")
	out, err := exec.Command("go", "build", "-o", program, "yiping/server").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return program, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if program, err := built(); err == nil && program != os.Getenv("YIPING_BINARY") {
		_ = os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

// district is a database with the demonstration, and what its servers share.
type district struct {
	t    *testing.T
	url  string // of the database
	data string // folder of the keys
	pool *pgxpool.Pool
	area int64    // the whole
	made int      // accounts
	env  []string // of its servers, beside what all have
}

// small is the size of a district where its size is not what is tried.
const small = 0.02

// newDistrict seeds one, so many times as large as the demonstration.
func newDistrict(t *testing.T, scale float64) *district {
	t.Helper()
	d := &district{t: t, url: pgtest.Database(t), data: t.TempDir()}
	seed := d.command("seed", "--scale", strconv.FormatFloat(scale, 'f', -1, 64))
	if err := seed.Run(); err != nil {
		t.Fatalf("seed: %v", err)
	}
	pool, err := pgxpool.New(t.Context(), d.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	d.pool = pool
	if err := pool.QueryRow(t.Context(), `select id from area where parent_id is null`).Scan(&d.area); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *district) command(args ...string) *exec.Cmd {
	d.t.Helper()
	program, err := built()
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+d.url, "YIPING_APP_URL=", "YIPING_SYSTEM_URL=", "YIPING_DATA="+d.data, "YIPING_LOG_LEVEL=disabled")
	cmd.Env = append(cmd.Env, d.env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// within runs a trial of a test that is a part of the district's own.
func (d *district) within(name string, trial func(t *testing.T)) {
	whole := d.t
	whole.Run(name, func(t *testing.T) {
		d.t = t
		t.Cleanup(func() { d.t = whole })
		trial(t)
	})
}

// node is a server process of a district.
type node struct {
	d       *district
	address string // host:port, the same after each start
	cmd     *exec.Cmd
}

// serve starts a server and ends it with the test.
func (d *district) serve() *node {
	d.t.Helper()
	n := &node{d: d, address: "127.0.0.1:0"}
	n.start()
	d.t.Cleanup(n.stop)
	return n
}

func (n *node) start() {
	n.d.t.Helper()
	n.cmd = n.d.command("serve", "--json", "--no-simulate", "--listen", n.address)
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		n.d.t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		n.d.t.Fatal(err)
	}
	var said struct {
		Addresses map[string]string `json:"addresses"`
	}
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&said); err != nil {
		n.d.t.Fatalf("the server did not start: %v", err)
	}
	if strings.HasSuffix(n.address, ":0") { // a proxy may be reading it later
		n.address = strings.TrimPrefix(said.Addresses["base"], "http://")
	}
}

// kill ends the process as a failing machine does.
func (n *node) kill() {
	_ = n.cmd.Process.Signal(syscall.SIGKILL)
	_ = n.cmd.Wait()
	n.cmd = nil
}

func (n *node) stop() {
	if n.cmd != nil {
		_ = n.cmd.Process.Signal(os.Interrupt)
		_ = n.cmd.Wait()
		n.cmd = nil
	}
}

// figure reads one of the server's own figures.
func (n *node) figure(name string) (float64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	req.Close = true // no connection that would be counted
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("no figure %s", name)
}
