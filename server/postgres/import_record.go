package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
	"yiping/server/importer"
)

const selectImport = `
select i.id, i.noun, i.file_name, i.state, i.options, i.result as sealed_result, i.rows_read::int as rows_read, i.rows_total::int as rows_total, i.account_id,
       coalesce(a.display_name, '') as by, i.reason, i.created_at, i.ended_at, i.undone_at
from import i left join account a on a.id = i.account_id`

// importRow is an import as read.
type importRow struct {
	dispatch.Import
	SealedResult []byte
}

func (s Imports) importOf(r importRow) (dispatch.Import, error) {
	if r.SealedResult == nil {
		return r.Import, nil
	}
	raw, err := s.keys.Open(sealedImportResult, r.SealedResult)
	r.Result = raw
	return r.Import, err
}

// Import gives one import.
func (s Imports) Import(ctx context.Context, id int64) (dispatch.Import, error) {
	r, err := one[importRow](ctx, s.system(), selectImport+` where i.id = $1`, id)
	if err != nil {
		return r.Import, err
	}
	return s.importOf(r)
}

// Imports gives imports, the newest first: of an account (0 for all) and a noun
// ("" for all), before an id (0 from the newest).
func (s Imports) Imports(ctx context.Context, noun string, accountID, beforeID int64, limit int) ([]dispatch.Import, error) {
	rows, err := many[importRow](ctx, s.read(ctx), selectImport+` where ($1 = '' or i.noun = $1) and ($2 = 0 or i.account_id = $2) and ($3 = 0 or i.id < $3)
		order by i.id desc limit $4`, noun, accountID, beforeID, limit)
	list := make([]dispatch.Import, len(rows))
	for k, r := range rows {
		if list[k], err = s.importOf(r); err != nil {
			return nil, err
		}
	}
	return list, err
}

// filePart is how much of an uploaded file a row of the database holds.
const filePart = 1 << 20

// Upload keeps a file until it is decided on.
func (s Imports) Upload(ctx context.Context, c dispatch.Command, noun, name string, file io.Reader) (dispatch.Import, error) {
	out, err := s.Run(ctx, c, func(ctx context.Context, dtx dispatch.Tx) (dispatch.Outcome, error) {
		t := dtx.(*tx)
		out := dispatch.Outcome{Noun: dispatch.NounImport, Version: 1}
		if err := t.QueryRow(ctx, `insert into import (noun, file_name, state, account_id) values ($1, $2, 'uploaded', nullif($3::bigint, 0)) returning id`, noun, name, c.Actor.AccountID).Scan(&out.ID); err != nil {
			return out, err
		}
		buffer := make([]byte, filePart)
		for part := 0; ; part++ {
			n, err := io.ReadFull(file, buffer)
			if n > 0 {
				sealed, err := s.keys.Seal(sealedImportFile.Row(out.ID), buffer[:n])
				if err != nil {
					return out, err
				}
				if _, err := t.Exec(ctx, `insert into import_file (import_id, part, content) values ($1, $2, $3)`, out.ID, part, sealed); err != nil {
					return out, err
				}
			}
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return out, nil
			}
			if err != nil {
				return out, fmt.Errorf("read the upload: %w", err)
			}
		}
	})
	if err != nil {
		return dispatch.Import{}, err
	}
	return s.Import(ctx, out.ID)
}

// File gives an uploaded file as a temporary one that nobody else can open and
// that is gone when it is closed.
func (s Imports) File(ctx context.Context, id int64) (*os.File, int64, error) {
	f, err := os.CreateTemp("", "yiping-import-*")
	if err != nil {
		return nil, 0, fmt.Errorf("open the uploaded file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, 0, fmt.Errorf("open the uploaded file: %w", err)
	}
	var size int64
	for part := 0; ; part++ {
		var content []byte
		err := translate(s.system().QueryRow(ctx, `select content from import_file where import_id = $1 and part = $2`, id, part).Scan(&content))
		if dispatch.CodeOf(err) == dispatch.CodeNotFound {
			break
		}
		if err == nil {
			content, err = s.keys.Open(sealedImportFile.Row(id), content)
		}
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			_ = f.Close()
			return nil, 0, err
		}
		size += int64(len(content))
	}
	if size == 0 { // its time is over
		_ = f.Close()
		return nil, 0, dispatch.Refuse(dispatch.CodeNotFound, "file")
	}
	return f, size, nil
}

// Step takes an import to its next state, where the present one allows it; the
// options stay as they are where none are given.
func (s Imports) Step(ctx context.Context, id int64, to dispatch.ImportState, options *importer.Options) (dispatch.Import, error) {
	var raw []byte
	if options != nil {
		var err error
		if raw, err = json.Marshal(options); err != nil {
			return dispatch.Import{}, fmt.Errorf("note the options: %w", err)
		}
	}
	tag, err := s.system().Exec(ctx, `update import set state = $2, options = coalesce($4, options), beat_at = case when $2 in ('checking', 'writing') then now() end,
			rows_read = 0, reason = '', ended_at = case when $2 = 'cancelled' then now() end
		where id = $1 and state = any($3)`, id, to, dispatch.ImportSteps(to), raw)
	if err != nil {
		return dispatch.Import{}, translate(err)
	}
	i, err := s.Import(ctx, id)
	if err == nil && tag.RowsAffected() == 0 && i.State != to { // asked for again, it is on its way already
		err = &dispatch.Error{Code: dispatch.CodeIllegalTransition, Field: "state", Current: i, Values: map[string]string{"state": string(i.State)}}
	}
	return i, err
}

// Beat notes that an import is going on, and how far it is; false says that it
// was cancelled meanwhile.
func (s Imports) Beat(ctx context.Context, id int64, rows int) (bool, error) {
	tag, err := s.system().Exec(ctx, `update import set rows_read = $2, beat_at = now() where id = $1 and state in ('checking', 'writing')`, id, rows)
	return tag.RowsAffected() == 1, translate(err)
}

// Conclude notes what came of checking or writing. A written import is done
// already, by its own transaction; the others become what is given.
func (s Imports) Conclude(ctx context.Context, id int64, state dispatch.ImportState, result *importer.Result, reason string) error {
	var sealed []byte
	var rows *int
	if result != nil {
		var err error
		if sealed, err = s.sealJSON(sealedImportResult, result); err != nil {
			return err
		}
		rows = &result.Rows
	}
	_, err := s.system().Exec(ctx, `update import set state = case when state in ('done', 'cancelled') then state else $2 end, result = coalesce($3, result), reason = $4,
		rows_read = coalesce($5::bigint, rows_read), beat_at = null, ended_at = case when $2 <> 'checked' then now() end where id = $1`, id, state, sealed, reason, rows)
	return translate(err)
}

// problemLimit bounds the problems that are kept of one import.
const problemLimit = 100_000

// said is what a problem says of the file: the cell as it stands, and what the
// message names.
type said struct {
	Value  string            `json:"value,omitempty"`
	Values map[string]string `json:"values,omitempty"`
}

// KeepProblems keeps the problems of an import, in place of what was kept before
// where first is set.
func (s Imports) KeepProblems(ctx context.Context, id int64, first bool, problems []importer.RowProblem) error {
	return translate(pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		if first {
			if _, err := t.Exec(ctx, `delete from import_problem where import_id = $1`, id); err != nil {
				return err
			}
		}
		return copyRows(ctx, t, "import_problem", []string{"import_id", "line", "field", "code", "said", "warning"}, pgx.CopyFromSlice(len(problems), func(i int) ([]any, error) {
			p := problems[i]
			sealed, err := s.sealJSON(sealedImportProblem, said{p.Value, p.Values})
			return []any{id, p.Line, p.Field, p.Code, sealed, p.Warning}, err
		}))
	}))
}

// Problems gives the problems of an import by line.
func (s Imports) Problems(ctx context.Context, id int64, each func([]importer.RowProblem) error) error {
	rows, err := s.read(ctx).Query(ctx, `select line, field, code, said, warning from import_problem where import_id = $1 order by line, not warning limit $2`, id, problemLimit)
	if err != nil {
		return translate(err)
	}
	var p importer.RowProblem
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&p.Line, &p.Field, &p.Code, &sealed, &p.Warning}, func() error {
		var x said
		if err := s.openJSON(sealedImportProblem, sealed, &x); err != nil {
			return err
		}
		p.Value, p.Values = x.Value, x.Values
		return each([]importer.RowProblem{p})
	})
	return translate(err)
}

// importSilence is after how long an import that stopped telling of itself is
// taken to have died with its server.
const importSilence = 30 * time.Second

// TidyImports fails imports whose server died, which had written nothing, and
// drops the files of those that are over. What waits or can be undone is kept
// as long as the rules say (see retention.go).
func (s Imports) TidyImports(ctx context.Context) error {
	if _, err := s.system().Exec(ctx, `update import set state = 'failed', reason = 'interrupted', ended_at = now(), beat_at = null
		where state in ('checking', 'writing') and beat_at < $1`, s.now().Add(-importSilence)); err != nil {
		return translate(err)
	}
	_, err := s.system().Exec(ctx, `delete from import_file f using import i where i.id = f.import_id and i.state in ('done', 'undone')`)
	return translate(err)
}
