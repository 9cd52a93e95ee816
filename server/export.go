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

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/importer"
	"yiping/server/postgres"
)

// exportCmd writes a register to a file that imports again unchanged.
type exportCmd struct {
	languageFlag
	Noun    string `arg:"" enum:"areas,units,compounds,buildings,facilities,cameras,sites,devices,responders,roster,type_codes" help:"What to write: ${enum}."`
	File    string `arg:"" type:"path" help:"Where to: .xlsx or .csv. It is replaced when all is written."`
	Query   string `short:"q" help:"Only rows whose name, alias or address holds this."`
	Retired bool   `help:"The retired rows instead."`
	InFull  bool   `help:"Telephone numbers of people in full rather than masked (138****1234); needs --reason and is on record."`
	Reason  string `help:"Why numbers are needed in full."`
	JSON    bool   `help:"Print the result as JSON."`
}

// Run writes the file.
func (c exportCmd) Run(a *app) error {
	noun, _ := importer.ByName(c.Noun)
	rows := 0
	err := a.withStore(func(ctx context.Context, store *postgres.Store) error {
		imports := postgres.Imports{Store: store}
		if err := c.disclose(ctx, store, noun); err != nil {
			return err
		}
		keys, err := imports.AttributeKeys(ctx, c.Noun)
		if err != nil {
			return err
		}
		e := dispatch.Actor{System: true}.Entry(ctx, dispatch.AuditExport, "register.export")
		e.Noun, e.Reason = dispatch.Noun(noun.Singular), filepath.Base(c.File)
		if err := store.Audit(ctx, e); err != nil {
			return err
		}
		columns, fields := importer.TableColumns(c.language(), noun, keys)
		return writeFile(c.File, func(file io.Writer) error {
			w, err := newWriter(file, c.File, importer.NounTitle(c.language(), noun), columns)
			if err != nil {
				return err
			}
			err = imports.EachRow(ctx, c.Noun, dispatch.RegisterFilter{Query: c.Query, Retired: c.Retired, InFull: c.InFull}, func(row dispatch.RegisterRow) error {
				rows++
				return w.Write(importer.Shown(c.language(), noun, fields, row.Values))
			})
			return errors.Join(err, w.Close())
		})
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(a.out).Encode(map[string]any{"noun": c.Noun, "file": c.File, "rows": rows})
	}
	fmt.Fprintf(a.out, "%d rows in %s\n", rows, c.File)
	return nil
}

// disclose records that numbers leave in full.
func (c exportCmd) disclose(ctx context.Context, store *postgres.Store, noun *importer.Noun) error {
	if !c.InFull {
		return nil
	}
	ctx = dispatch.WithRequest(ctx, &dispatch.Request{Operator: true})
	svc := dispatch.NewService(store, time.Now, zerolog.Nop())
	err := svc.Disclose(ctx, dispatch.Actor{System: true}, dispatch.RevealExport, dispatch.Noun(noun.Singular), c.Reason)
	if dispatch.CodeOf(err) == dispatch.CodeReasonRequired {
		return fmt.Errorf("--in-full needs a --reason of %d characters or more", dispatch.LeastReason)
	}
	return err
}

// templateCmd writes a table to fill in, or lists its fields.
type templateCmd struct {
	languageFlag
	Noun   string `arg:"" enum:"areas,units,compounds,buildings,facilities,cameras,sites,devices,responders,roster,type_codes" help:"What it is for: ${enum}."`
	File   string `arg:"" optional:"" type:"path" help:"Where to: .xlsx or .csv; NOUN.xlsx."`
	Fields bool   `help:"List the fields with their titles instead, as --map and --set name them."`
}

// Run writes the template.
func (c templateCmd) Run(a *app) error {
	noun, _ := importer.ByName(c.Noun)
	columns, fields := importer.TableColumns(c.language(), noun, importer.TemplateAttributes(noun))
	if c.Fields {
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for i, f := range fields {
			fmt.Fprintf(w, "%s\t%s\t%s\n", f, columns[i].Title, columns[i].Note)
		}
		return w.Flush()
	}
	if c.File == "" {
		c.File = c.Noun + ".xlsx"
	}
	if err := writeFile(c.File, func(file io.Writer) error {
		w, err := newWriter(file, c.File, importer.NounTitle(c.language(), noun), columns)
		if err != nil {
			return err
		}
		return w.Close()
	}); err != nil {
		return err
	}
	fmt.Fprintln(a.out, c.File)
	return nil
}

// writeFile writes a file beside its name and puts it in place when it is
// whole. What it holds may be personal: only its owner reads it.
func writeFile(path string, fill func(io.Writer) error) error {
	if ext := strings.ToLower(filepath.Ext(path)); ext != ".csv" && ext != ".xlsx" {
		return fmt.Errorf("%s: the name must end in .xlsx or .csv", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".yiping-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone already where it was put in place
	if err := errors.Join(fill(file), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
