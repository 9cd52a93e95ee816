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

// firstViews is how many consoles open in each district, in turn.
const firstViews = 15

// firstView compares what a console asks for when it opens its map (the
// installation, the areas, the picture of the feed, the figures, the ground of
// the whole district; cameras and facilities are drawn from zoom 12 on) in a district of a hundred times the people, cameras and
// facilities with the demonstration district: bytes as sent, and time to answer.
// Both are served at a time and opened in turn. The worse ratio counts.
func firstView(ctx context.Context, address string) (out result, err error) {
	var sides [2]*served
	for i, scale := range []string{"1", "100"} {
		if sides[i], err = serveAt(ctx, address, scale); err != nil {
			return result{}, fmt.Errorf("at scale %s: %w", scale, err)
		}
		defer func() { err = errors.Join(err, sides[i].stop()) }()
	}
	var viewers [2]*viewer
	for i, side := range sides {
		if viewers[i], err = signIn(ctx, side); err != nil {
			return result{}, err
		}
	}
	var sizes, times [2][]float64
	for range firstViews {
		for i, v := range viewers {
			if err := v.open(ctx); err != nil {
				return result{}, err
			}
			sizes[i], times[i] = append(sizes[i], float64(v.read.Load())), append(times[i], v.took)
		}
	}
	one, hundred := median(sizes[0]), median(sizes[1])
	size, took := hundred/one, median(times[1])/median(times[0])
	ratio := max(size, took)
	return result{fmt.Sprintf("milliseconds until a console has its first view, at a hundred times the district against one; bytes %.0f against %.0f, %.2f times", hundred, one, size),
		median(times[1]), median(times[0]), ratio, "<= 2", ratio <= 2}, nil
}

// served is a running server over a district, and who looks at it.
type served struct {
	base, username, password string
	stop                     func() error
}

// serveAt seeds a database of its own at a scale and serves it.
func serveAt(ctx context.Context, address, scale string) (*served, error) {
	program := os.Getenv("YIPING_BINARY")
	if program == "" {
		program = ".build/yiping"
	}
	own, err := database(ctx, address, "bench_scale_"+scale)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(), "DATABASE_URL="+own, "YIPING_DATA="+filepath.Join(folder, "data"), "YIPING_LISTEN=127.0.0.1:0", "YIPING_LOG_LEVEL=error", "YIPING_NO_SIMULATE=true")
	seeding := exec.CommandContext(ctx, program, "seed", "--scale", scale)
	seeding.Env, seeding.Stderr = env, os.Stderr
	began := time.Now()
	if err := seeding.Run(); err != nil {
		return nil, err
	}
	conn, err := connect(ctx, own, `vacuum (analyze)`) // as autovacuum leaves it a minute later
	if err != nil {
		return nil, err
	}
	if err := conn.Close(ctx); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "seeded at scale %s in %.0f s\n", scale, time.Since(began).Seconds())
	server := exec.CommandContext(ctx, program, "serve", "--json")
	server.Env, server.Stderr = env, os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	stop := func() error {
		return errors.Join(server.Process.Signal(os.Interrupt), server.Wait(), os.RemoveAll(folder))
	}
	var said struct {
		Addresses map[string]string
		Accounts  []struct{ Username, Password, Role string }
	}
	if err := json.NewDecoder(out).Decode(&said); err != nil {
		return nil, errors.Join(err, stop())
	}
	for _, k := range said.Accounts {
		if k.Role == "commander" {
			return &served{said.Addresses["base"], k.Username, k.Password, stop}, nil
		}
	}
	return nil, errors.Join(errors.New("there is no commander"), stop())
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
	return beside(address, name)
}

// beside gives the address of another database of the same server and user.
func beside(address, name string) (string, error) {
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

func signIn(ctx context.Context, at *served) (*viewer, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"username": at.username, "password": at.password})
	if err != nil {
		return nil, err
	}
	v := &viewer{base: at.base, http: &http.Client{Jar: jar, Transport: &http.Transport{DisableCompression: true}}} // gzip as sent is counted
	_, err = v.ask(ctx, "POST", "/api/v1/session", body)
	return v, err
}

// open asks for everything of a first view, one after another: it is the
// server's time that is compared.
func (v *viewer) open(ctx context.Context) error {
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

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
