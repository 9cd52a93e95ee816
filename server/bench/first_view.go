package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
)

const firstViews = 9

// firstView compares what a console asks for when it opens its map (the
// installation, the areas, the picture of the feed, the figures, the ground of
// the whole district; cameras and facilities are drawn from zoom 12 on) in a district of a hundred times the people, cameras and
// facilities with the demonstration district: bytes as sent, and time to answer.
// The worse ratio counts.
func firstView(ctx context.Context, address string) (result, error) {
	var bytesOf, timeOf [2]float64
	for i, scale := range []string{"1", "100"} {
		var err error
		if bytesOf[i], timeOf[i], err = viewAt(ctx, address, scale); err != nil {
			return result{}, fmt.Errorf("at scale %s: %w", scale, err)
		}
	}
	size, took := bytesOf[1]/bytesOf[0], timeOf[1]/timeOf[0]
	ratio := max(size, took)
	return result{fmt.Sprintf("milliseconds until a console has its first view, at a hundred times the district against one; bytes %.0f against %.0f, %.2f times", bytesOf[1], bytesOf[0], size),
		timeOf[1], timeOf[0], ratio, "<= 2", ratio <= 2}, nil
}

// viewAt seeds a database of its own at a scale, serves it, and gives the median
// bytes and milliseconds of a first view.
func viewAt(ctx context.Context, address, scale string) (size, took float64, err error) {
	program := os.Getenv("YIPING_BINARY")
	if program == "" {
		program = ".build/yiping"
	}
	name := "bench_scale_" + scale
	own, err := database(ctx, address, name)
	if err != nil {
		return 0, 0, err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	env := append(os.Environ(), "DATABASE_URL="+own, "YIPING_DATA="+filepath.Join(folder, "data"), "YIPING_LISTEN=127.0.0.1:0", "YIPING_LOG_LEVEL=error", "YIPING_NO_SIMULATE=true")
	seeding := exec.CommandContext(ctx, program, "seed", "--scale", scale)
	seeding.Env, seeding.Stderr = env, os.Stderr
	began := time.Now()
	if err := seeding.Run(); err != nil {
		return 0, 0, err
	}
	conn, err := connect(ctx, own, `vacuum (analyze)`) // as autovacuum leaves it a minute later
	if err != nil {
		return 0, 0, err
	}
	if err := conn.Close(ctx); err != nil {
		return 0, 0, err
	}
	fmt.Fprintf(os.Stderr, "seeded at scale %s in %.0f s\n", scale, time.Since(began).Seconds())
	server := exec.CommandContext(ctx, program, "serve", "--json")
	server.Env, server.Stderr = env, os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := server.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, server.Process.Signal(os.Interrupt), server.Wait()) }()
	var said struct {
		Addresses map[string]string
		Accounts  []struct{ Username, Password, Role string }
	}
	if err := json.NewDecoder(out).Decode(&said); err != nil {
		return 0, 0, err
	}
	var sizes, times []float64
	for _, k := range said.Accounts {
		if k.Role != "commander" {
			continue
		}
		for range firstViews {
			v, err := newViewer(said.Addresses["base"])
			if err == nil {
				err = v.open(ctx, k.Username, k.Password)
			}
			if err != nil {
				return 0, 0, err
			}
			sizes, times = append(sizes, float64(v.read.Load())), append(times, v.took)
		}
	}
	if sizes == nil {
		return 0, 0, errors.New("there is no commander")
	}
	slices.Sort(sizes)
	slices.Sort(times)
	return sizes[len(sizes)/2], times[len(times)/2], nil
}

// database makes a database beside the one of an address, and gives its address.
func database(ctx context.Context, address, name string) (string, error) {
	conn, err := connect(ctx, address, `drop database if exists `+pgx.Identifier{name}.Sanitize()+` with (force)`, `create database `+pgx.Identifier{name}.Sanitize())
	if err != nil {
		return "", err
	}
	if err := conn.Close(ctx); err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// viewer is a console as it opens: it counts the bytes that come in.
type viewer struct {
	base string
	http *http.Client
	read atomic.Int64
	took float64 // milliseconds
}

func newViewer(base string) (*viewer, error) {
	jar, err := cookiejar.New(nil)
	return &viewer{base: base, http: &http.Client{Jar: jar, Transport: &http.Transport{DisableCompression: true}}}, err // gzip as sent is counted
}

// open signs in and then asks for everything of a first view, one after
// another: it is the server's time that is compared.
func (v *viewer) open(ctx context.Context, username, password string) error {
	body, err := json.Marshal(map[string]string{"username": username, "password": password})
	if err != nil {
		return err
	}
	if _, err := v.ask(ctx, "POST", "/api/v1/session", body); err != nil {
		return err
	}
	v.read.Store(0)
	began := time.Now()
	raw, err := v.ask(ctx, "GET", "/api/v1/config", nil)
	if err != nil {
		return err
	}
	var config struct{ Bounds [4]float64 }
	if err := json.Unmarshal(raw, &config); err != nil {
		return err
	}
	paths := []string{"/api/v1/session", "/api/v1/areas", "/api/v1/overview", "/api/v1/cells?measure=responders&resolution=8"}
	for _, t := range tilesOf(config.Bounds, 11) {
		paths = append(paths, fmt.Sprintf("/api/v1/tiles/base/11/%d/%d", t[0], t[1]))
	}
	for _, path := range paths {
		if _, err := v.ask(ctx, "GET", path, nil); err != nil {
			return err
		}
	}
	if err := v.follow(ctx, config.Bounds); err != nil {
		return err
	}
	v.took = float64(time.Since(began).Microseconds()) / 1000
	return nil
}

func (v *viewer) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, v.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", fmt.Sprintf("bench-%d", time.Now().UnixNano()))
	if strings.Contains(path, "/tiles/") {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	response, err := v.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %d %s", method, path, response.StatusCode, raw)
	}
	v.read.Add(int64(len(raw)))
	return raw, err
}

// follow reads the feed until it has the picture and the people of the view.
func (v *viewer) follow(ctx context.Context, bounds [4]float64) error {
	dialer := websocket.Dialer{Jar: v.http.Jar}
	conn, response, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(v.base, "http")+"/api/v1/live", nil)
	if response != nil {
		defer func() { _ = response.Body.Close() }()
	}
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.WriteJSON(map[string]any{"type": "subscribe", "protocol": 1, "layers": []string{"incidents", "responders"}, "view": bounds}); err != nil {
		return err
	}
	for snapshot, people := false, false; !snapshot || !people; {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		v.read.Add(int64(len(raw)))
		snapshot = snapshot || bytes.Contains(raw, []byte(`"type":"snapshot"`))
		people = people || bytes.Contains(raw, []byte(`"type":"people"`))
	}
	return nil
}

// tilesOf gives the tiles of a zoom that bounds lie in (slippy map tile names).
func tilesOf(b [4]float64, zoom int) [][2]int {
	n := math.Exp2(float64(zoom))
	x := func(lon float64) int { return int((lon + 180) / 360 * n) }
	y := func(lat float64) int {
		r := lat * math.Pi / 180
		return int((1 - math.Log(math.Tan(r)+1/math.Cos(r))/math.Pi) / 2 * n)
	}
	var out [][2]int
	for i := x(b[0]); i <= x(b[2]); i++ {
		for j := y(b[3]); j <= y(b[1]); j++ {
			out = append(out, [2]int{i, j})
		}
	}
	return out
}
