package importer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

// Records is where imports are noted: files that wait, how far they are, what
// came of them. It is the database, so that any server may go on with one.
type Records interface {
	Store
	Upload(ctx context.Context, c dispatch.Command, noun, name string, file io.Reader) (dispatch.Import, error)
	File(ctx context.Context, id int64) (*os.File, int64, error)
	Import(ctx context.Context, id int64) (dispatch.Import, error)
	Imports(ctx context.Context, noun string, accountID, beforeID int64, limit int) ([]dispatch.Import, error)
	Step(ctx context.Context, id int64, to dispatch.ImportState, o *Options) (dispatch.Import, error)
	Beat(ctx context.Context, id int64, rows int) (bool, error)
	Conclude(ctx context.Context, id int64, state dispatch.ImportState, result *Result, reason string) error
	KeepProblems(ctx context.Context, id int64, first bool, problems []RowProblem) error
	Problems(ctx context.Context, id int64, each func([]RowProblem) error) error
	UndoImport(ctx context.Context, id, accountID int64) (dispatch.Undone, error)
}

// Desk takes uploaded files through their steps: checked as often as their
// options change, then written, perhaps undone. Checking and writing go on in
// the background; whoever asks is told how far they are.
type Desk struct {
	Records
	log     zerolog.Logger
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	places  chan struct{} // how many files are read at a time
}

// filesAtOnce bounds the files that one server reads at a time.
const filesAtOnce = 2

// NewDesk makes a desk; Close ends what is going on.
func NewDesk(r Records, log zerolog.Logger) *Desk {
	ctx, stop := context.WithCancel(context.Background())
	return &Desk{Records: r, log: log, ctx: ctx, stop: stop, places: make(chan struct{}, filesAtOnce)}
}

// Close ends what is going on, which leaves nothing behind, and waits for it.
func (d *Desk) Close() {
	d.stop()
	d.running.Wait()
}

// Check reads a file without writing anything.
func (d *Desk) Check(ctx context.Context, id int64, o Options) (dispatch.Import, error) {
	return d.begin(ctx, id, dispatch.ImportChecking, o)
}

// Write writes a file that was checked, by the options it was checked with;
// strict and full are decided now.
func (d *Desk) Write(ctx context.Context, id int64, strict, full bool, areaIDs []int64, accountID int64) (dispatch.Import, error) {
	i, err := d.Import(ctx, id)
	if err != nil {
		return i, err
	}
	var o Options
	if err := json.Unmarshal(i.Options, &o); err != nil {
		return i, &dispatch.Error{Code: dispatch.CodeInternal, Err: err}
	}
	o.Strict, o.Full, o.AreaIDs, o.AccountID = strict, full, areaIDs, accountID
	return d.begin(ctx, id, dispatch.ImportWriting, o)
}

func (d *Desk) begin(ctx context.Context, id int64, step dispatch.ImportState, o Options) (dispatch.Import, error) {
	i, err := d.Step(ctx, id, step, &o)
	if err != nil {
		return i, err
	}
	noun, ok := ByName(i.Noun)
	if !ok {
		return i, dispatch.Refuse(dispatch.CodeInvalid, "noun")
	}
	o.DryRun, o.ImportID, o.File = step == dispatch.ImportChecking, id, i.FileName
	d.running.Go(func() { d.carryOut(id, noun, o) })
	return i, nil
}

// beatEvery is how often the database is told how far an import is.
const beatEvery = 500 * time.Millisecond

// carryOut reads the file to its end and notes what came of it.
func (d *Desk) carryOut(id int64, noun *Noun, o Options) {
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	var rows int
	var mu sync.Mutex
	ended := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
			mu.Lock()
			n := rows
			mu.Unlock()
			if going, err := d.Beat(ctx, id, n); err == nil && !going { // cancelled, perhaps through another server
				cancel()
			}
		}
	})
	result, err := d.read(ctx, id, noun, o, func(n int, _ float64) {
		mu.Lock()
		rows = n
		mu.Unlock()
	})
	close(ended)
	beating.Wait()
	d.conclude(id, o, result, err)
}

func (d *Desk) conclude(id int64, o Options, result Result, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), 10*time.Second)
	defer cancel()
	state, reason, kept := dispatch.ImportChecked, "", &result
	own := AsFileError(err)
	switch {
	case own != nil:
		raw, _ := json.Marshal(own.plain()) // texts and lists of them: can be
		state, reason = dispatch.ImportFailed, string(raw)
		if result.Format.Kind == "" { // nothing of it could be read
			kept = nil
		}
	case errors.Is(err, context.Canceled):
		state, reason, kept = dispatch.ImportCancelled, "", nil
		if d.ctx.Err() != nil {
			state, reason = dispatch.ImportFailed, "interrupted"
		}
	case err != nil:
		d.log.Error().Err(err).Int64("import", id).Msg("import failed")
		state, reason, kept = dispatch.ImportFailed, string(dispatch.CodeOf(err)), nil
	case !o.DryRun && !result.Written:
		state, reason = dispatch.ImportChecked, "strict"
	}
	if err := d.Conclude(ctx, id, state, kept, reason); err != nil {
		d.log.Error().Err(err).Int64("import", id).Msg("what came of an import could not be noted")
	}
}

// read imports the uploaded file.
func (d *Desk) read(ctx context.Context, id int64, noun *Noun, o Options, progress Progress) (Result, error) {
	select {
	case d.places <- struct{}{}:
		defer func() { <-d.places }()
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	file, size, err := d.File(ctx, id)
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = file.Close() }()
	table, err := sheet.Open(file, size, sheet.Options{Sheet: o.Sheet})
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = table.Close() }()
	if err := d.KeepProblems(ctx, id, true, nil); err != nil { // those of the last check go
		return Result{}, err
	}
	kept := 0
	return Run(ctx, d.Records, noun, table, o, progress, func(problems []RowProblem) error {
		if kept += len(problems); kept > keptProblems {
			return nil
		}
		return d.KeepProblems(ctx, id, false, problems)
	})
}

// keptProblems bounds the problems that are kept for the file of problems.
const keptProblems = 100_000

// plainFileError is a FileError as it is kept with an import.
type plainFileError struct {
	Code    string            `json:"code"`
	Values  map[string]string `json:"values,omitempty"`
	Fields  []string          `json:"fields,omitempty"`
	Columns []Recognised      `json:"columns,omitempty"`
	Noun    string            `json:"noun,omitempty"`
}

func (e *FileError) plain() plainFileError {
	p := plainFileError{Code: e.Code, Values: e.Values, Fields: e.Fields, Columns: e.Columns}
	if e.Noun != nil {
		p.Noun = e.Noun.Name
	}
	return p
}

// SayReason gives why an import failed, in a language; reason is as it was kept.
func SayReason(language, reason string) string {
	var p plainFileError
	if json.Unmarshal([]byte(reason), &p) == nil && p.Code != "" {
		e := &FileError{Code: p.Code, Values: p.Values, Fields: p.Fields, Columns: p.Columns}
		e.Noun, _ = ByName(p.Noun)
		return e.Say(language)
	}
	return word(language, "reason."+reason)
}

// Edit changes some fields of rows: they are written as the rows of a file would
// be, by the same rules, and can be undone like one. rows are as they are now.
func (d *Desk) Edit(ctx context.Context, noun *Noun, rows []dispatch.RegisterRow, changes map[string]string, areaIDs []int64, accountID int64) (Result, int64, error) {
	header := []string{"external_id", "source"}
	for _, c := range noun.Columns {
		if _, changed := changes[c.Field]; c.Required || changed {
			header = append(header, c.Field)
		}
	}
	for field := range changes {
		if c, ok := noun.Column(field); !ok {
			return Result{}, 0, dispatch.Refuse(dispatch.CodeInvalid, field)
		} else if c.Required && changes[field] == "" {
			return Result{}, 0, dispatch.Refuse(dispatch.CodeRequired, field)
		} else if _, listed := columnOf(noun, field); !listed {
			header = append(header, field) // one of the attributes
		}
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		for _, field := range header {
			value := row.Values[field]
			if changed, ok := changes[field]; ok {
				value = changed
			}
			cells[i] = append(cells[i], value)
		}
	}
	var plan *Plan
	o := Options{Strict: true, AreaIDs: areaIDs, AccountID: accountID, Columns: map[string]string{}}
	for _, field := range header {
		o.Columns[field] = field
	}
	result, err := Run(ctx, editing{d.Records, &plan}, noun, sheet.Memory(header, cells), o, nil, nil)
	if plan == nil || !result.Written {
		return result, 0, err
	}
	return result, plan.ImportID, err
}

func columnOf(n *Noun, field string) (Column, bool) {
	for _, c := range n.Columns {
		if c.Field == field && c.Kind != Attributes {
			return c, true
		}
	}
	return Column{}, false
}

// editing is the store of an edit; it remembers the plan, for the number that
// the store gave it.
type editing struct {
	Store
	plan **Plan
}

// Write writes.
func (e editing) Write(ctx context.Context, plan *Plan, fn func(Sink) (bool, error)) error {
	*e.plan = plan
	return e.Store.Write(ctx, plan, fn)
}
