// Package importer takes a district's own files in: it recognises the columns
// of a table, reads each row into a record of a noun, finds where the record
// belongs, says of every bad row what is wrong with it, and hands the good ones
// to the store in bulk. The same descriptions of nouns make templates, lists
// and exports, so that what is written out can be read in again.
//
// It knows no SQL and no HTTP: the store is an interface, a file is a
// sheet.Table.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yiping/geo"
	"yiping/server/sheet"
)

// Options say how a file is to be read.
type Options struct {
	Columns map[string]string `json:"columns,omitempty" doc:"Field to column title, for titles that are not recognised; an empty title leaves a column out."`
	Set     map[string]string `json:"set,omitempty" doc:"Field to value, for rows that do not say."`
	SRID    int               `json:"srid,omitempty" doc:"EPSG code of projected coordinates, such as 4548; 0 for degrees."`
	Datum   string            `json:"datum,omitempty" enum:"wgs84,cgcs2000,gcj02,bd09" doc:"Datum of coordinates in degrees."`
	Source  string            `json:"source,omitempty" maxLength:"64" doc:"Where the data comes from; with a row's own id it tells a change from something new."`
	Sheet   string            `json:"sheet,omitempty" maxLength:"64" doc:"Of a workbook; the first that has rows where it is not given."`
	Strict  bool              `json:"strict,omitempty" doc:"Nothing is written where one row is bad."`
	Full    bool              `json:"full,omitempty" doc:"The file is the complete list of its source: what is missing from it is retired."`
	DryRun  bool              `json:"-"`
	AreaIDs []int64           `json:"-"` // the areas within which rows may be written; nil for everywhere

	ImportID  int64  `json:"-"` // of an import that is noted already
	File      string `json:"-"`
	AccountID int64  `json:"-"`
}

// Result is what an import did, or would do.
type Result struct {
	Format    sheet.Format   `json:"format"`
	Columns   []Recognised   `json:"columns" nullable:"false"`
	Rows      int            `json:"rows" doc:"Rows read that were not blank."`
	Created   int            `json:"created"`
	Changed   int            `json:"changed"`
	Unchanged int            `json:"unchanged"`
	Retired   int            `json:"retired"`
	Refused   int            `json:"refused" doc:"Rows that were not taken."`
	Warned    int            `json:"warned" doc:"Rows taken with a doubt."`
	Notes     []RowProblem   `json:"notes" nullable:"false" doc:"What concerns the whole file."`
	Problems  []RowProblem   `json:"problems" nullable:"false" doc:"The first of them."`
	Counted   map[string]int `json:"counted,omitempty" doc:"How many problems of each code there are."`
	Sample    [][]string     `json:"sample" nullable:"false" doc:"The first rows, as they stand in the file."`
	Points    [][2]float64   `json:"points" nullable:"false" doc:"Where up to some thousand rows fall, longitude and latitude in WGS-84."`
	Written   bool           `json:"written"`
}

// Recognised is a column of the file with the field it was taken for.
type Recognised struct {
	Title string `json:"title"`
	Field string `json:"field,omitempty"`
}

// How much of an import is shown before it is written.
const (
	sampleRows    = 12
	samplePoints  = 4000
	shownProblems = 500
	chunkRows     = 2000
)

// Progress is told how far an import is: rows read, and the part of the file
// read, 0 to 1.
type Progress func(rows int, part float64)

// Sink is one transaction of the store that an import is written in.
type Sink interface {
	// Stage takes records over; problems that only the store can see come from Merge.
	Stage(ctx context.Context, plan *Plan, records []Record) error
	// Merge writes what was staged and says how many rows were what, and which
	// were refused.
	Merge(ctx context.Context, plan *Plan) (Counts, []RowProblem, error)
}

// Counts say what became of the rows that were staged.
type Counts struct{ Created, Changed, Unchanged, Retired int }

// Store is what an import needs of the database.
type Store interface {
	// Surroundings gives what a row is held against.
	Surroundings(ctx context.Context, plan *Plan) (*Surroundings, error)
	// Project converts projected coordinates to WGS-84 degrees; a point that
	// cannot be converted comes back as NaN.
	Project(ctx context.Context, srid int, points []Point) ([]Point, error)
	// Write runs fn in one transaction, which is taken back where fn fails or
	// gives commit false.
	Write(ctx context.Context, plan *Plan, fn func(Sink) (commit bool, err error)) error
}

// Reporter is given every problem as it is found, in the order of chunks.
type Reporter func([]RowProblem) error

// Run imports a table. A context that ends takes everything back.
func Run(ctx context.Context, store Store, noun *Noun, table sheet.Table, o Options, progress Progress, report Reporter) (Result, error) {
	r := &run{store: store, table: table, progress: progress, report: report}
	r.result = Result{Format: table.Format(), Columns: []Recognised{}, Notes: []RowProblem{}, Problems: []RowProblem{}, Counted: map[string]int{}, Sample: [][]string{}, Points: [][2]float64{}}
	if err := r.prepare(ctx, noun, o); err != nil {
		return r.result, err
	}
	err := store.Write(ctx, r.plan, func(sink Sink) (bool, error) {
		if err := r.stage(ctx, sink); err != nil {
			return false, err
		}
		if r.result.Refused > 0 && o.Full {
			r.plan.Full = false
			r.note(RowProblem{Code: "nothing_retired", Warning: true})
		}
		if r.decoder.axes.swapped {
			r.note(RowProblem{Code: "axes_swapped", Warning: true})
		}
		counts, problems, err := sink.Merge(ctx, r.plan)
		if err != nil {
			return false, err
		}
		if err := r.take(problems); err != nil {
			return false, err
		}
		r.result.Created, r.result.Changed, r.result.Unchanged, r.result.Retired = counts.Created, counts.Changed, counts.Unchanged, counts.Retired
		r.result.Written = !o.DryRun && (!o.Strict || r.result.Refused == 0)
		return r.result.Written, nil
	})
	r.suspect()
	return r.result, err
}

// run is one import on its way.
type run struct {
	store    Store
	table    sheet.Table
	plan     *Plan
	decoder  *decoder
	progress Progress
	report   Reporter
	result   Result
	pending  []sheet.Row // rows read while the header was looked for
	doubted  int         // the last line with a warning
}

// prepare recognises the columns and loads what rows are held against.
func (r *run) prepare(ctx context.Context, noun *Noun, o Options) error {
	header, rest, err := findHeader(noun, r.table, o)
	if header.recognised != nil {
		r.result.Columns = header.recognised
	}
	if err != nil { // shown all the same, so that columns can be chosen by hand
		r.sample(rest)
		return err
	}
	r.pending = rest
	if r.plan, err = newPlan(noun, header, o, r.table.Format()); err != nil {
		return err
	}
	around, err := r.store.Surroundings(ctx, r.plan)
	if err != nil {
		return err
	}
	r.decoder = newDecoder(r.plan, around, r.table.Format())
	return nil
}

func (r *run) note(p RowProblem) { r.result.Notes = append(r.result.Notes, p) }

// take notes problems: it counts each row once.
func (r *run) take(problems []RowProblem) error {
	last := -1
	refused := map[int]bool{}
	for _, p := range problems {
		refused[p.Line] = refused[p.Line] || !p.Warning
	}
	for _, p := range problems {
		r.result.Counted[p.Code]++
		if len(r.result.Problems) < shownProblems {
			r.result.Problems = append(r.result.Problems, p)
		}
		if p.Warning {
			if p.Line != r.doubted && !refused[p.Line] {
				r.result.Warned++
				r.doubted = p.Line
			}
		} else if p.Line != last {
			r.result.Refused++
			last = p.Line
		}
	}
	if len(problems) == 0 || r.report == nil {
		return nil
	}
	return r.report(problems)
}

// chunk is rows on their way through the decoder.
type chunk struct {
	rows     []sheet.Row
	records  []Record
	problems []RowProblem
	part     float64
	number   int
}

// stage reads, decodes and stages: one goroutine reads, some decode, one
// writes, with a bounded number of chunks between them.
func (r *run) stage(ctx context.Context, sink Sink) error {
	g, ctx := errgroup.WithContext(ctx)
	read, decoded := make(chan *chunk, 2), make(chan *chunk, 2)
	g.Go(func() error {
		defer close(read)
		return r.read(ctx, read)
	})
	var decoding sync.WaitGroup
	for range max(1, min(4, runtime.GOMAXPROCS(0))) {
		decoding.Add(1)
		g.Go(func() error { // of the same group: where one fails, nobody goes on without it
			defer decoding.Done()
			for c := range read {
				if err := r.decode(ctx, c); err != nil {
					return err
				}
				select {
				case decoded <- c:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer close(decoded)
		decoding.Wait()
		return nil
	})
	g.Go(func() error {
		early := map[int]*chunk{} // those that overtook another, at most one a worker
		next := 0
		for c := range decoded {
			early[c.number] = c
			for c := early[next]; c != nil; c = early[next] {
				if err := r.write(ctx, sink, c); err != nil {
					return err
				}
				delete(early, next)
				next++
			}
		}
		return ctx.Err()
	})
	return g.Wait()
}

// read gives the rows in chunks.
func (r *run) read(ctx context.Context, out chan<- *chunk) error {
	c := &chunk{}
	flush := func() error {
		if len(c.rows) == 0 {
			return nil
		}
		c.part = r.table.Read()
		select {
		case out <- c:
			c = &chunk{number: c.number + 1}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for {
		row, err := r.nextRow()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return err
		}
		if row.Blank() {
			continue
		}
		r.sample([]sheet.Row{row})
		if c.rows = append(c.rows, row); len(c.rows) == chunkRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// sample keeps the first rows that are not blank.
func (r *run) sample(rows []sheet.Row) {
	for _, row := range rows {
		if len(r.result.Sample) < sampleRows && !row.Blank() {
			r.result.Sample = append(r.result.Sample, append([]string(nil), row.Cells...))
		}
	}
}

func (r *run) nextRow() (sheet.Row, error) {
	if len(r.pending) > 0 {
		row := r.pending[0]
		r.pending = r.pending[1:]
		return row, nil
	}
	return r.table.Next()
}

// decode turns a chunk's rows into records. Projected coordinates are converted
// a chunk at a time.
func (r *run) decode(ctx context.Context, c *chunk) error {
	drafts := make([]draft, 0, len(c.rows))
	for _, row := range c.rows {
		drafts = append(drafts, r.decoder.read(row))
	}
	if r.plan.SRID != 0 {
		if err := r.project(ctx, drafts); err != nil {
			return err
		}
	}
	for i := range drafts {
		record, problems := r.decoder.place(&drafts[i])
		refused := false
		for _, p := range problems {
			refused = refused || !p.Warning
		}
		c.problems = append(c.problems, problems...)
		if !refused {
			c.records = append(c.records, record)
		}
	}
	return nil
}

// write stages a chunk and keeps what is shown of it.
func (r *run) write(ctx context.Context, sink Sink, c *chunk) error {
	r.result.Rows += len(c.rows)
	if err := r.take(c.problems); err != nil {
		return err
	}
	for _, record := range c.records {
		if record.Point != nil && len(r.result.Points) < samplePoints {
			r.result.Points = append(r.result.Points, *record.Point)
		}
	}
	if len(c.records) > 0 {
		if err := sink.Stage(ctx, r.plan, c.records); err != nil {
			return err
		}
	}
	if r.progress != nil {
		r.progress(r.result.Rows, c.part)
	}
	return nil
}

// Point is longitude and latitude, or easting and northing.
type Point = [2]float64

// Record is a row of a file as it goes into the store.
type Record struct {
	Line       int
	Source     string
	ExternalID string
	AreaID     int64  // 0 where neither the row nor its point says
	Point      *Point // WGS-84; nil where the row has none
	Cell       int64
	Values     []any // by the plan's fields; nil for blank
}

// Instant is how a time of a file is kept: in China there is one zone.
var Instant = time.FixedZone("CST", 8*3600)

// project converts the coordinates of a chunk, those of boundaries too.
func (r *run) project(ctx context.Context, drafts []draft) error {
	var points []Point
	each := func(take func(*Point)) {
		for i := range drafts {
			if drafts[i].hasXY {
				take(&drafts[i].xy)
			}
			for _, polygon := range drafts[i].boundary {
				for _, ring := range polygon {
					for k := range ring {
						take((*Point)(&ring[k]))
					}
				}
			}
		}
	}
	each(func(p *Point) { points = append(points, *p) })
	if len(points) == 0 {
		return nil
	}
	out, err := r.projected(ctx, points)
	if err != nil {
		return fmt.Errorf("convert coordinates: %w", err)
	}
	k := 0
	each(func(p *Point) { *p = out[k]; k++ })
	return nil
}

// projected converts; where the first chunk falls outside the district with
// easting and northing as they stand, and inside with the two exchanged (in
// Chinese surveying X points north), they are taken as exchanged.
func (r *run) projected(ctx context.Context, points []Point) ([]Point, error) {
	return r.decoder.axes.convert(points, func(p []Point) ([]Point, error) { return r.store.Project(ctx, r.plan.SRID, p) },
		func(p Point) bool { return r.decoder.around.plausible(p) })
}

// resolutionOf gives the resolution of a noun's cells.
func resolutionOf(n *Noun) int {
	if n.People {
		return geo.ResolutionPeople
	}
	return geo.ResolutionFixed
}
