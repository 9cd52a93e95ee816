package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// serveEnv turns this test program into the server itself, so that it can be
// killed like one.
const serveEnv = "YIPING_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveEnv) != "" {
		os.Args = []string{"yiping", "serve", "--json", "--no-simulate"}
		main()
		return
	}
	code := m.Run()
	dataFolders.Range(func(_, folder any) bool { return os.RemoveAll(folder.(string)) == nil })
	os.Exit(code)
}

// killable is a server process with its private PostgreSQL.
type killable struct {
	t       *testing.T
	data    string
	address string
	cmd     *exec.Cmd
	first   announcement
}

func startKillable(t *testing.T) *killable {
	t.Helper()
	base := os.TempDir()
	if os.Geteuid() == 0 {
		base = "/var/lib" // the system user must reach it
	}
	dir, err := os.MkdirTemp(base, "yiping-kill-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	k := &killable{t: t, data: filepath.Join(dir, "data"), address: "127.0.0.1:0"}
	k.start()
	t.Cleanup(func() {
		_ = k.cmd.Process.Signal(os.Interrupt)
		_ = k.cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	return k
}

func (k *killable) start() {
	k.t.Helper()
	k.cmd = exec.Command(os.Args[0])
	k.cmd.Env = append(os.Environ(), serveEnv+"=1", "DATABASE_URL=", "YIPING_DATA="+k.data, "YIPING_LISTEN="+k.address, "YIPING_LOG_LEVEL=disabled")
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	k.cmd.Stderr = os.Stderr
	if err := k.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	var said announcement
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&said); err != nil {
		k.t.Fatalf("the server did not start: %v", err)
	}
	if k.first.Accounts == nil {
		k.first = said
	}
	k.address = strings.TrimPrefix(said.Addresses["base"], "http://")
}

func (k *killable) killServer() {
	_ = k.cmd.Process.Kill()
	_ = k.cmd.Wait()
	k.start()
}

func (k *killable) killPostgreSQL() {
	k.t.Helper()
	text, err := os.ReadFile(filepath.Join(k.data, "postgres/postmaster.pid"))
	if err != nil {
		return // it is coming back this moment
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		k.t.Fatal(err)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// TestNothingAcknowledgedIsLost: incidents are taken in at 50 a second while the
// server and PostgreSQL are killed in turn. A client repeats what was not
// answered under the same key. Afterwards each is there, once, and all that the
// clock owed meanwhile was done, once.
func TestNothingAcknowledgedIsLost(t *testing.T) { killUnderLoad(t, 10) }

func killUnderLoad(t *testing.T, kills int) {
	k := startKillable(t)
	r := &running{t: t, base: k.first.Addresses["base"], first: k.first}
	lon, lat := r.place()
	desk := r.signIn("commander")
	before := number(desk.must(200, "GET", "/api/v1/incidents?queue=all&limit=1", nil)["total"])

	var acknowledged, repeats atomic.Int64
	clock := newOwed(t, k, desk, &repeats, lon, lat)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var ids sync.Map
	wg.Go(func() { clock.work(stop) })
	for range 10 {
		wg.Go(func() {
			p := &person{&running{t: t, base: r.base}, &http.Client{Jar: desk.client.Jar, Timeout: 10 * time.Second}}
			for pace := time.NewTicker(200 * time.Millisecond); ; {
				select {
				case <-stop:
					pace.Stop()
					return
				case <-pace.C:
				}
				id := insist(p, object{"type_code": "urban.street_light", "lon": lon, "lat": lat}, &repeats)
				acknowledged.Add(1)
				ids.Store(id, true)
			}
		})
	}
	more := func(n int64) {
		for target := acknowledged.Load() + n; acknowledged.Load() < target; {
			time.Sleep(20 * time.Millisecond) // the load's own pace is the signal
		}
	}
	for n := range kills {
		more(60)
		killed := time.Now()
		if n%2 == 0 {
			k.killServer()
		} else {
			k.killPostgreSQL()
		}
		more(11) // ten may have been on their way
		clock.down = append(clock.down, [2]time.Time{killed, time.Now()})
	}
	more(60)
	close(stop)
	wg.Wait()
	t.Logf("%d kills, %d acknowledged, %d sent again", kills, acknowledged.Load(), repeats.Load())
	clock.settled(t)
	clock.once(t)
	clock.late(t)
	allThere(t, desk, &ids, acknowledged.Load(), before+int64(clock.incidents))
}

// allThere looks that what was acknowledged is there, once, beside what was
// before, and that the log tells of it.
func allThere(t *testing.T, desk *person, ids *sync.Map, acknowledged, before int64) {
	t.Helper()
	total := number(desk.must(200, "GET", "/api/v1/incidents?queue=all&limit=1", nil)["total"])
	distinct := int64(0)
	ids.Range(func(id, _ any) bool {
		distinct++
		desk.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d", id), nil)
		return true
	})
	if distinct != acknowledged || total-before != acknowledged {
		t.Fatalf("%d acknowledged, %d distinct, %d in the database", acknowledged, distinct, total-before)
	}
	waitSequenced(t, desk, total)
}

// insist sends one command until it is acknowledged and gives the incident's id.
func insist(p *person, body object, repeats *atomic.Int64) int64 {
	key := uuid.NewString()
	raw, _ := json.Marshal(body)
	for {
		req, err := http.NewRequest("POST", p.r.base+"/api/v1/incidents", strings.NewReader(string(raw)))
		if err != nil {
			panic(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
		res, err := p.client.Do(req)
		if err == nil {
			var out object
			err = json.NewDecoder(res.Body).Decode(&out)
			_ = res.Body.Close()
			if err == nil && res.StatusCode == 201 {
				return number(out["id"])
			}
		}
		repeats.Add(1)
		time.Sleep(50 * time.Millisecond)
	}
}

// waitSequenced looks that every incident's event reached the log.
func waitSequenced(t *testing.T, desk *person, incidents int64) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		seen := int64(0)
		for after := int64(0); ; {
			page := desk.must(200, "GET", fmt.Sprintf("/api/v1/events?limit=1000&incident_id=-1&after=%d", after), nil)["events"].([]any)
			for _, e := range page {
				if after = number(e.(object)["offset"]); e.(object)["kind"] == "incident.reported" {
					seen++
				}
			}
			if len(page) < 1000 {
				break
			}
		}
		if seen == incidents {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d incidents are in the log", seen, incidents)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
