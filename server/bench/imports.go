package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"yiping/seed"
	"yiping/server/importer"
	"yiping/server/postgres"
	"yiping/server/seal"
	"yiping/server/sheet"
)

const importRows = 100_000

// importRate compares an import of facilities, from a CSV file to the register
// with places checked, areas found and names searchable, with a bare COPY of the
// same rows into a table of the same columns, constraints and indexes.
func importRate(ctx context.Context, url string) (result, error) {
	store, err := seeded(ctx, url)
	if err != nil {
		return result{}, err
	}
	defer store.Close()
	conn, err := connect(ctx, url, `drop table if exists bench_facility`, `create table bench_facility (like facility including all)`)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	var area int64
	if err := conn.QueryRow(ctx, `select min(id) from area where level = 'community'`).Scan(&area); err != nil {
		return result{}, err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	round := 0
	ours := func() (float64, error) {
		round++
		path := filepath.Join(folder, "facilities.csv")
		if err := writeFacilities(path, importRows, uint64(round)); err != nil {
			return 0, err
		}
		began := time.Now()
		got, err := importFile(ctx, store, path, fmt.Sprintf("bench-%d", round))
		if err == nil && got.Created != importRows {
			err = fmt.Errorf("%d of %d rows were taken", got.Created, importRows)
		}
		return perSecond(importRows, time.Since(began)), err
	}
	copied := 0
	other := func() (float64, error) {
		copied++
		rows := facilityCopy(area, copied)
		began := time.Now()
		_, err := conn.PgConn().CopyFrom(ctx, rows, `copy bench_facility (area_id, kind, name, address, point, cell, source, external_id, attributes) from stdin csv`)
		return perSecond(importRows, time.Since(began)), err
	}
	a, b, err := compare(ours, other)
	if err != nil {
		return result{}, err
	}
	began := time.Now()
	err = postgres.Imports{Store: store}.NamePlaces(ctx)
	named := perSecond(rounds*importRows, time.Since(began))
	ratio := a / b
	return result{fmt.Sprintf("rows a second of an import of 100,000 facilities, against a bare COPY of them into the same table; then %.0f a second become findable by name", named), a, b, ratio, ">= 0.3", ratio >= 0.3}, err
}

// benchKeys are the keys of this run, whose databases are thrown away.
var benchKeys = sync.OnceValues(func() (*seal.Keyring, error) { return seal.New(time.Now) })

// seeded gives the store of the demonstration district, seeded where it is not.
func seeded(ctx context.Context, url string) (*postgres.Store, error) {
	keys, err := benchKeys()
	if err != nil {
		return nil, err
	}
	store, err := postgres.Open(ctx, postgres.Config{URL: url, Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }, Log: zerolog.Nop(), Keys: keys})
	if err != nil {
		return nil, err
	}
	empty, err := store.Empty(ctx)
	if err == nil && empty {
		err = store.LoadSeed(ctx, seed.Generate(seed.Options{Seed: 1, Now: time.Now().UTC().Truncate(time.Microsecond)}))
	}
	if err != nil {
		store.Close()
		return nil, err
	}
	return store, nil
}

// importFile imports a file of facilities.
func importFile(ctx context.Context, store *postgres.Store, path, source string) (importer.Result, error) {
	file, err := os.Open(path)
	if err != nil {
		return importer.Result{}, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return importer.Result{}, err
	}
	table, err := sheet.Open(file, info.Size(), sheet.Options{})
	if err != nil {
		return importer.Result{}, err
	}
	defer func() { _ = table.Close() }()
	noun, _ := importer.ByName("facilities")
	return importer.Run(ctx, postgres.Imports{Store: store}, noun, table, importer.Options{Source: source}, nil, nil)
}

// facility is a row that both sides write.
func facilityRow(rng *rand.Rand, n int) (id, kind, name, address string, lon, lat float64) {
	kinds := []string{"hydrant", "aed", "shelter", "fire_station", "hospital"}
	return strconv.Itoa(n), kinds[n%len(kinds)], fmt.Sprintf("示范设施%d号", n), fmt.Sprintf("示范区人民路%d号", n%4000), 122.55 + rng.Float64()*0.1, 38.2 + rng.Float64()*0.1
}

// writeFacilities writes a file as a department would hand it over.
func writeFacilities(path string, rows int, seed uint64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(file)
	rng := rand.New(rand.NewPCG(seed, 1))
	_ = w.Write([]string{"编号", "类型", "名称", "地址", "经度", "纬度", "容纳人数"}) // the writer keeps its error
	for n := range rows {
		id, kind, name, address, lon, lat := facilityRow(rng, n)
		_ = w.Write([]string{id, kind, name, address, strconv.FormatFloat(lon, 'f', 7, 64), strconv.FormatFloat(lat, 'f', 7, 64), strconv.Itoa(n % 500)})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return file.Close()
}

// facilityCopy gives the same rows as COPY takes them.
func facilityCopy(area int64, round int) io.Reader {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rng := rand.New(rand.NewPCG(uint64(round), 1))
	for n := range importRows {
		id, kind, name, address, lon, lat := facilityRow(rng, n)
		_ = w.Write([]string{strconv.FormatInt(area, 10), kind, name, address, fmt.Sprintf("SRID=4326;POINT(%.7f %.7f)", lon, lat), "613196570331971583",
			fmt.Sprintf("bench-%d", round), id, fmt.Sprintf(`{"capacity": "%d"}`, n%500)})
	}
	w.Flush()
	return &out
}

// importMemory compares the peak memory of a process that imports a million rows
// with one that imports a tenth of them.
func importMemory(ctx context.Context, url string) (result, error) {
	store, err := seeded(ctx, url)
	if err != nil {
		return result{}, err
	}
	store.Close()
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	peak := func(rows int) (float64, error) {
		path := filepath.Join(folder, strconv.Itoa(rows)+".csv")
		if err := writeFacilities(path, rows, 7); err != nil {
			return 0, err
		}
		own, err := os.Executable()
		if err != nil {
			return 0, err
		}
		child := exec.CommandContext(ctx, own, "import", path, "memory-"+strconv.Itoa(rows))
		child.Stderr = os.Stderr
		said, err := child.Output()
		if err != nil {
			return 0, fmt.Errorf("import %d rows: %w", rows, err)
		}
		kib, err := strconv.ParseFloat(strings.TrimSpace(string(said)), 64)
		return kib / 1024, err
	}
	small, err := peak(importRows)
	if err != nil {
		return result{}, err
	}
	large, err := peak(10 * importRows)
	ratio := large / small
	return result{"peak MiB of an import of 1,000,000 rows, against 100,000", large, small, ratio, "<= 1.5", ratio <= 1.5}, err
}

// importAlone is this program as the child of importMemory.
func importAlone(ctx context.Context, url, path, source string) error {
	keys, err := seal.New(time.Now)
	if err != nil {
		return err
	}
	store, err := postgres.Open(ctx, postgres.Config{URL: url, Now: time.Now, Log: zerolog.Nop(), Keys: keys})
	if err != nil {
		return err
	}
	defer store.Close()
	if _, err := importFile(ctx, store, path, source); err != nil {
		return err
	}
	// Its own peak: what getrusage tells of a child begins with its parent's.
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println(strings.Fields(rest)[0])
	return nil
}
