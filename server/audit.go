package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"yiping/server/audit"
	"yiping/server/dispatch"
	"yiping/server/postgres"
	"yiping/server/postgres/local"
)

// auditCmd is the audit trail at the command line.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Read the whole audit trail and say what was changed, removed or put in. Exit code 3 where something was."`
	List   auditListCmd   `cmd:"" help:"List entries of the audit trail, the newest first."`
	Key    auditKeyCmd    `cmd:"" help:"Print the public key of the checkpoints that this server signs."`
}

// checkpointsName is the file of checkpoints in the data folder.
const checkpointsName = "audit-checkpoints.jsonl"

// checkpoints names the file that this server appends to.
func (a *app) checkpoints() audit.File {
	if a.AuditCheckpoints != "" {
		return audit.NewFile(a.AuditCheckpoints)
	}
	return audit.NewFile(filepath.Join(a.folder, checkpointsName))
}

// keeper makes what writes the checkpoints of a server.
func (a *app) keeper(store *postgres.Store) (*audit.Keeper, error) {
	key, err := audit.OpenKey(a.folder)
	if err != nil {
		return nil, err
	}
	return audit.NewKeeper(store, a.checkpoints(), key, a.AuditDays, a.now, a.log), nil
}

type auditVerifyCmd struct {
	JSON        bool     `help:"Print the result as JSON."`
	From        int64    `placeholder:"SEQ" help:"Begin with this row."`
	Checkpoints []string `placeholder:"FILE" help:"Files of checkpoints, one of each server that has sealed; that of the settings or the data folder." type:"path"`
	PublicKey   []string `placeholder:"HEX" help:"Public keys that are trusted beside this server's own (yiping audit key): of other servers, or of one whose key was lost."`
}

// Run verifies the trail, and leaves an entry in it that says so.
func (c auditVerifyCmd) Run(a *app) error {
	var findings []audit.Finding
	var sum audit.Summary
	err := a.withStore(func(ctx context.Context, store *postgres.Store) error {
		o, err := c.options(a)
		if err != nil {
			return err
		}
		o.Report = func(f audit.Finding) {
			findings = append(findings, f)
			if !c.JSON {
				fmt.Fprintln(a.out, f)
			}
		}
		o.Progress = progress()
		if sum, err = audit.Verify(ctx, store.Trail(), o); err != nil {
			return fmt.Errorf("the audit trail cannot be read: %w", err)
		}
		return store.Audit(ctx, verified(ctx, sum))
	})
	if err != nil {
		return err
	}
	if err := c.tell(a, sum, findings); err != nil {
		return err
	}
	if sum.Findings > 0 {
		return exitError(3)
	}
	return nil
}

func (c auditVerifyCmd) options(a *app) (audit.Options, error) {
	o := audit.Options{From: c.From, Files: []audit.File{a.checkpoints()}}
	if len(c.Checkpoints) > 0 {
		o.Files = nil
		for _, path := range c.Checkpoints {
			if _, err := os.Stat(path); err != nil {
				return o, err
			}
			o.Files = append(o.Files, audit.NewFile(path))
		}
	}
	var keys []audit.PublicKey
	for _, text := range c.PublicKey {
		key, err := audit.ParsePublicKey(text)
		if err != nil {
			return o, err
		}
		keys = append(keys, key)
	}
	own, err := audit.ReadKey(a.folder)
	switch {
	case err == nil:
		keys = append(keys, own.Public())
	case !errors.Is(err, fs.ErrNotExist):
		return o, err
	case len(keys) == 0:
		return o, fmt.Errorf("there is no key of checkpoints in %s: name the public one with --public-key, as yiping audit key prints it on the server", a.folder)
	}
	o.Keys = audit.Trust(keys...)
	return o, nil
}

// progress says on standard error how far it is, now and then.
func progress() func(row, last int64) {
	said := time.Now()
	return func(row, last int64) {
		if time.Since(said) > time.Second || row == last && last > audit.Together {
			said = time.Now()
			fmt.Fprintf(os.Stderr, "row %d of %d\n", row, last)
		}
	}
}

// verified is the entry that a verification leaves.
func verified(ctx context.Context, sum audit.Summary) dispatch.AuditEntry {
	e := dispatch.Actor{System: true}.Entry(ctx, dispatch.AuditView, dispatch.AuditVerify)
	if sum.Findings > 0 {
		e.Result, e.Count = dispatch.AuditBroken, sum.Findings
	}
	return e
}

func (c auditVerifyCmd) tell(a *app, sum audit.Summary, findings []audit.Finding) error {
	if c.JSON {
		if findings == nil {
			findings = []audit.Finding{}
		}
		return json.NewEncoder(a.out).Encode(map[string]any{"sound": sum.Findings == 0, "summary": sum, "findings": findings})
	}
	if n := sum.Findings - len(findings); n > 0 {
		fmt.Fprintf(a.out, "and %d more\n", n)
	}
	fmt.Fprintf(a.out, "%d rows, %d to %d; %d older ones removed after their time; %d reasons, %d destroyed; %d entries not sealed yet\n",
		sum.Rows, sum.First, sum.Last, sum.Dropped, sum.Words, sum.Destroyed, sum.Unsealed)
	if sum.AttestedAt != nil {
		fmt.Fprintf(a.out, "%d checkpoints fit, the last at row %d of %s\n", sum.Checkpoints, sum.Attested, sum.AttestedAt.Local().Format(time.DateTime))
	}
	if sum.Findings == 0 {
		fmt.Fprintln(a.out, "the trail is sound")
	} else {
		fmt.Fprintf(a.out, "the trail is broken: %d findings\n", sum.Findings)
	}
	return nil
}

type auditListCmd struct {
	JSON      bool      `help:"Print one JSON object a line."`
	Limit     int       `default:"50" help:"How many, the newest first."`
	Since     time.Time `placeholder:"TIME" help:"From this moment, such as 2026-05-01T08:00:00+08:00."`
	Until     time.Time `placeholder:"TIME" help:"Before this one."`
	AccountID int64     `name:"account" placeholder:"ID" help:"By this account."`
	SubjectID int64     `name:"subject" placeholder:"ID" help:"About the data of this responder."`
	Kind      string    `help:"Of this kind: command, refused, sign_in, unmask, export ..."`
	Action    string    `help:"Of this action, such as incident.verify."`
	Noun      string    `help:"Of this noun, such as incident."`
	NounID    int64     `name:"id" placeholder:"ID" help:"With the noun: its id."`
	Result    string    `help:"With this result: done, a code, or refused for whatever refusal."`
}

// Run lists the entries, which leaves one itself.
func (c auditListCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		e := dispatch.Actor{System: true}.Entry(ctx, dispatch.AuditView, "audit.search")
		e.SubjectID = c.SubjectID
		if err := store.Audit(ctx, e); err != nil {
			return err
		}
		f := dispatch.AuditFilter{From: c.Since, To: c.Until, AccountID: c.AccountID, SubjectID: c.SubjectID, Kind: dispatch.AuditKind(c.Kind), Action: c.Action,
			Noun: dispatch.Noun(c.Noun), NounID: c.NounID, Result: c.Result, Limit: c.Limit}
		if c.JSON {
			out := json.NewEncoder(a.out)
			return store.EachAuditRecord(ctx, f, func(r dispatch.AuditRecord) error { return out.Encode(r) })
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		err := store.EachAuditRecord(ctx, f, func(r dispatch.AuditRecord) error {
			who := r.Username
			if who == "" {
				who = string(r.Actor)
			}
			_, err := fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s %d\t%s\n", r.Seq, r.At.Local().Format(time.DateTime), who, r.Kind, r.Action, r.Result, r.Noun, r.NounID, r.Reason)
			return err
		})
		return errors.Join(err, w.Flush())
	})
}

type auditKeyCmd struct{}

// Run prints the public key.
func (auditKeyCmd) Run(a *app) error {
	folder, err := a.DataFolder()
	if err != nil {
		return err
	}
	key, err := audit.ReadKey(folder)
	if errors.Is(err, fs.ErrNotExist) { // where root's server had to keep its data elsewhere
		key, err = audit.ReadKey(local.Elsewhere(folder))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no key yet: the first yiping serve makes it")
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, key.Public())
	return err
}
