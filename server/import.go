package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"yiping/server/dispatch"
	"yiping/server/importer"
	"yiping/server/postgres"
	"yiping/server/sheet"
)

// languageFlag chooses the language of what people read.
type languageFlag struct {
	Language string `enum:"zh,en," default:"" help:"Language of titles and reasons: zh or en; by LANG where it is not given."`
}

func (f languageFlag) language() string {
	if f.Language != "" {
		return f.Language
	}
	if strings.HasPrefix(os.Getenv("LANG"), "zh") {
		return "zh"
	}
	return "en"
}

// importCmd brings a file of a district in.
type importCmd struct {
	languageFlag
	Noun     string            `arg:"" enum:"areas,units,compounds,buildings,facilities,cameras,sites,devices,responders,roster,type_codes" help:"What the file holds: ${enum}."`
	File     string            `arg:"" type:"existingfile" help:"CSV (UTF-8, UTF-16, GB18030), Excel workbook (.xlsx) or GeoJSON."`
	Map      map[string]string `help:"Column of a field, where its title is not recognised: --map capacity=人数. Field names: yiping template --fields NOUN." placeholder:"FIELD=TITLE"`
	Set      map[string]string `help:"Value of a field for rows that do not say: --set kind=shelter." placeholder:"FIELD=VALUE"`
	SRID     int               `name:"srid" help:"EPSG code of projected coordinates, such as 4548."`
	Datum    string            `default:"wgs84" enum:"wgs84,cgcs2000,gcj02,bd09" help:"Datum of coordinates in degrees: ${enum}."`
	Source   string            `default:"import" help:"Where the data comes from; with a row's own id it tells a change from something new."`
	Sheet    string            `help:"Sheet of a workbook; the first that has rows."`
	Strict   bool              `help:"All or nothing: one bad row, and nothing is written."`
	Full     bool              `help:"The file is the complete list of its source: what is missing from it is retired."`
	DryRun   bool              `help:"Check everything, write nothing."`
	Problems string            `help:"Where the bad rows and doubts are written (.csv or .xlsx); FILE.problems.csv." type:"path"`
	JSON     bool              `help:"Print the result as JSON."`
}

// Run imports the file; bad rows are reported and the good ones go in.
func (c importCmd) Run(a *app) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	table, err := sheet.Open(file, info.Size(), sheet.Options{Sheet: c.Sheet})
	if err != nil {
		return c.said(err)
	}
	defer func() { _ = table.Close() }()
	noun, _ := importer.ByName(c.Noun)
	report := &lazyReport{path: c.Problems, language: c.language(), noun: noun}
	if report.path == "" {
		report.path = filepath.Base(c.File) + ".problems.csv"
	}
	var result importer.Result
	err = a.withStore(func(ctx context.Context, store *postgres.Store) error {
		bar, wait := progressBar(filepath.Base(c.File))
		defer wait()
		var err error
		imports := postgres.Imports{Store: store}
		result, err = importer.Run(ctx, imports, noun, table, importer.Options{Columns: c.Map, Set: c.Set, SRID: c.SRID, Datum: c.Datum,
			Source: c.Source, Strict: c.Strict, Full: c.Full, DryRun: c.DryRun, File: filepath.Base(c.File)}, bar, report.add)
		if err == nil && result.Written {
			err = imports.NamePlaces(ctx) // a running server would, within seconds
		}
		return err
	})
	if closed := report.close(); err == nil {
		err = closed
	}
	if errors.Is(err, context.Canceled) {
		return errors.New("cancelled: nothing was written")
	}
	if err != nil {
		return c.said(err)
	}
	return c.tell(a, result, report)
}

// said gives an error about the file in the language asked for.
func (c importCmd) said(err error) error {
	if own := importer.AsFileError(err); own != nil {
		return fmt.Errorf("%s: %s", c.File, own.Say(c.language()))
	}
	return err
}

func (c importCmd) tell(a *app, r importer.Result, report *lazyReport) error {
	if c.JSON {
		if err := json.NewEncoder(a.out).Encode(r.In(c.language())); err != nil {
			return err
		}
	} else {
		for _, p := range r.Problems[:min(len(r.Problems), 20)] {
			if !p.Warning {
				fmt.Fprintf(a.out, "%d: %s %q: %s\n", p.Line, p.Field, p.Value, p.Say(c.language()))
			}
		}
		for _, n := range r.Notes {
			fmt.Fprintln(a.out, n.Say(c.language()))
		}
		fmt.Fprintf(a.out, "%d rows: %d new, %d changed, %d unchanged, %d retired, %d refused, %d with doubts\n", r.Rows, r.Created, r.Changed, r.Unchanged, r.Retired, r.Refused, r.Warned)
		if !r.Written {
			fmt.Fprintln(a.out, "nothing was written")
		}
		if report.begun() {
			fmt.Fprintln(a.out, "see", report.path)
		}
	}
	if r.Refused > 0 {
		return exitError(3)
	}
	return nil
}

// lazyReport is the file of problems, made with the first one.
type lazyReport struct {
	path, language string
	noun           *importer.Noun
	file           *os.File
	report         *importer.Report
}

func (l *lazyReport) begun() bool { return l.report != nil }

func (l *lazyReport) add(problems []importer.RowProblem) error {
	if l.report == nil {
		var err error
		if l.file, err = os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
			return err
		}
		w, err := newWriter(l.file, l.path, l.noun.Name, importer.ReportColumns(l.language))
		if err != nil {
			return err
		}
		l.report = importer.NewReport(l.language, l.noun, w)
	}
	return l.report.Add(problems)
}

func (l *lazyReport) close() error {
	if l.report == nil {
		return nil
	}
	return errors.Join(l.report.Close(), l.file.Close())
}

// newWriter begins a table in the format that a file's name asks for.
func newWriter(w io.Writer, path, title string, columns []sheet.Column) (sheet.Writer, error) {
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		return sheet.CSV(w, columns)
	}
	return sheet.Workbook(w, title, columns)
}

// progressBar shows how far an import is on a terminal.
func progressBar(name string) (importer.Progress, func()) {
	if !isatty.IsTerminal(os.Stderr.Fd()) {
		return nil, func() {}
	}
	p := mpb.New(mpb.WithOutput(os.Stderr), mpb.WithRefreshRate(200*time.Millisecond))
	rows := 0
	bar := p.AddBar(1000, mpb.PrependDecorators(decor.Name(name+" ")), mpb.AppendDecorators(decor.Percentage(),
		decor.Any(func(decor.Statistics) string { return fmt.Sprintf("  %d rows", rows) }), decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8})))
	return func(n int, part float64) {
		rows = n
		bar.SetCurrent(int64(part * 999))
	}, func() { bar.Abort(false); p.Wait() }
}

// importsCmd lists imports.
type importsCmd struct {
	Limit int  `default:"50" help:"How many, newest first."`
	JSON  bool `help:"Print one JSON object a line."`
}

// Run lists them.
func (c importsCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		list, err := postgres.Imports{Store: store}.Imports(ctx, "", 0, 0, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			out := json.NewEncoder(a.out)
			for _, i := range list {
				if err := out.Encode(i); err != nil {
					return err
				}
			}
			return nil
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, i := range list {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", i.ID, i.CreatedAt.Local().Format(time.DateTime), i.Noun, i.State, i.FileName)
		}
		return w.Flush()
	})
}

// undoCmd takes an import back.
type undoCmd struct {
	ID   int64 `arg:"" help:"Number of the import (yiping imports)."`
	JSON bool  `help:"Print the result as JSON."`
}

// Run undoes the import.
func (c undoCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		out, err := store.UndoImport(ctx, c.ID, 0)
		var refused *dispatch.Error
		switch {
		case dispatch.CodeOf(err) == dispatch.CodeNotFound:
			return fmt.Errorf("there is no import %d; see yiping imports", c.ID)
		case errors.As(err, &refused) && refused.Code == dispatch.CodeIllegalTransition:
			return fmt.Errorf("import %d is %s: only one that is done can be undone", c.ID, refused.Values["state"])
		case err != nil:
			return err
		}
		if c.JSON {
			return json.NewEncoder(a.out).Encode(out)
		}
		fmt.Fprintf(a.out, "%d as before, %d retired, %d changed since and left\n", out.Restored, out.Retired, out.Kept)
		return nil
	})
}
