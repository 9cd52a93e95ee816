// Command bench measures targets against another way of doing the same, both
// sides in one run, rounds interleaved, medians taken; one JSON line a target.
// It needs DATABASE_URL: `make bench`; BENCH=import runs one target alone.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"yiping/server/bench/fanout"
	"yiping/server/postgres/migrate"
)

// result is one line: ours against the other way, and the bound it is held to.
type result struct {
	Target string  `json:"target"`
	Ours   float64 `json:"ours"`
	Other  float64 `json:"other"`
	Ratio  float64 `json:"ratio"`
	Bound  string  `json:"bound"`
	OK     bool    `json:"ok"`
}

const rounds = 3

// elsewhere names the folders of data that are not part of this program, by target.
var elsewhere = map[string]string{"duplicates": "DUPLICATES_DATA", "fires": "FIRES_DATA"}

// compare runs both sides in turn and gives the medians.
func compare(ours, other func() (float64, error)) (a, b float64, err error) {
	var x, y []float64
	for range rounds {
		o, err := ours()
		if err != nil {
			return 0, 0, err
		}
		t, err := other()
		if err != nil {
			return 0, 0, err
		}
		x, y = append(x, o), append(y, t)
	}
	slices.Sort(x)
	slices.Sort(y)
	return x[rounds/2], y[rounds/2], nil
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	url := os.Getenv("DATABASE_URL")
	if url == "" {
		return errors.New("DATABASE_URL is not set: run make bench")
	}
	if len(os.Args) == 3 && os.Args[1] == "fanout" {
		return fanout.Serve(os.Args[2], os.Stdin, os.Stdout)
	}
	if len(os.Args) == 4 && os.Args[1] == "import" {
		return importAlone(ctx, url, os.Args[2], os.Args[3])
	}
	if err := migrate.Up(ctx, url, zerolog.Nop()); err != nil {
		return err
	}
	only := os.Getenv("BENCH")
	out := json.NewEncoder(os.Stdout)
	for _, target := range []struct {
		name string
		run  func(context.Context, string) (result, error)
	}{{"events", eventCost}, {"nearest", nearest}, {"recommend", recommend}, {"import", importRate}, {"import-memory", importMemory}, {"first-view", firstView}, {"rows", rowSecurity}, {"audit", auditCost}, {"seal", sealedNumbers}, {"positions", positionRate}, {"positions-flush", positionRateFlushed}, {"tracks", trackRate},
		{"live-cpu", liveCPU}, {"live-flood", liveFlood}, {"live-centrifuge", liveCentrifuge}, {"live-gorilla", liveGorilla}, {"live-latency", liveLatency}, {"live-coalesced", liveCoalesced}, {"live-deflated", liveDeflated}, {"live-memory", liveMemory}, {"live-routing", liveRouting}, {"tile-encode", tileEncoding}, {"tile-file", tileFromCache}, {"tile-database", tileFromDatabase},
		{"duplicates", duplicates}, {"fires", fires}} {
		data, apart := elsewhere[target.name]
		if only != "" && only != target.name || apart && os.Getenv(data) == "" {
			continue
		}
		r, err := target.run(ctx, url)
		if err != nil {
			return err
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// connect connects with settings of its own.
func connect(ctx context.Context, url string, settings ...string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	for _, s := range settings {
		if _, err := conn.Exec(ctx, s); err != nil {
			return nil, errors.Join(err, conn.Close(ctx))
		}
	}
	return conn, nil
}

// perSecond gives a rate.
func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }
