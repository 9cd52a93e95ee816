package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yiping/server/dispatch"
	"yiping/server/importer"
	"yiping/server/sheet"
)

type importForm struct {
	File huma.FormFile `form:"file" required:"true" doc:"CSV, Excel workbook (.xlsx) or GeoJSON."`
}

type uploadInput struct {
	CommandInput
	Noun    string `query:"noun" required:"true" enum:"areas,units,compounds,buildings,facilities,cameras,sites,devices,responders,roster,type_codes"`
	RawBody huma.MultipartFormFiles[importForm]
}

type importView struct {
	dispatch.Import
	Options importer.Options `json:"options"`
	Result  *importer.Result `json:"result,omitempty" doc:"Of the last check, or of the writing."`
	Fields  []importField    `json:"fields" nullable:"false" doc:"What a column may be taken for."`
}

type importField struct {
	Field    string `json:"field"`
	Title    string `json:"title"`
	Required bool   `json:"required"`
}

type importsInput struct {
	Noun   string `query:"noun" maxLength:"32"`
	Limit  int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
	Cursor string `query:"cursor" maxLength:"64"`
}

// importSummary is an import as the list shows it.
type importSummary struct {
	dispatch.Import
	Counts *importCounts `json:"counts,omitempty" doc:"What it did, or would do."`
}

type importCounts struct {
	Rows      int `json:"rows"`
	Created   int `json:"created"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Retired   int `json:"retired"`
	Refused   int `json:"refused"`
	Warned    int `json:"warned"`
}

type importsView struct {
	Imports    []importSummary `json:"imports" nullable:"false"`
	NextCursor string          `json:"next_cursor,omitempty"`
}

type checkImportInput struct {
	CommandInput
	IDInput
	Body importer.Options
}

type writeImportInput struct {
	CommandInput
	IDInput
	Body struct {
		Strict bool `json:"strict,omitempty" doc:"Nothing is written where one row is bad."`
		Full   bool `json:"full,omitempty" doc:"The file is the complete list of its source: what is missing from it is retired."`
	}
}

type stepImportInput struct {
	CommandInput
	IDInput
}

func (a *api) imports() {
	can := Access(dispatch.ActionAdminister)
	operation(a, "POST", "/api/v1/imports", "upload-import", "Upload a file to be imported; it is checked at once, nothing is written", can, 201, a.uploadImport)
	operation(a, "GET", "/api/v1/imports", "list-imports", "Imports and edits, the newest first", can, 200, a.listImports)
	operation(a, "GET", "/api/v1/imports/{id}", "get-import", "An import: how far it is, what it did or would do", can, 200, func(ctx context.Context, in *IDInput) (*body[importView], error) {
		i, err := a.ownImport(ctx, in.ID)
		return a.shownImport(ctx, i, err)
	})
	operation(a, "POST", "/api/v1/imports/{id}/check", "check-import", "Check a file again with other options", can, 200, a.checkImport)
	operation(a, "POST", "/api/v1/imports/{id}/write", "write-import", "Write a file that was checked", can, 200, a.writeImport)
	operation(a, "POST", "/api/v1/imports/{id}/cancel", "cancel-import", "Stop an import: nothing of it is written", can, 200, func(ctx context.Context, in *stepImportInput) (*body[importView], error) {
		i, err := a.ownImport(ctx, in.ID)
		if err == nil {
			i, err = a.Imports.Step(ctx, i.ID, dispatch.ImportCancelled, nil)
		}
		return a.shownImport(ctx, i, err)
	})
	operation(a, "POST", "/api/v1/imports/{id}/undo", "undo-import", "Take an import or edit back", can, 200, func(ctx context.Context, in *stepImportInput) (*body[dispatch.Undone], error) {
		if _, err := a.ownImport(ctx, in.ID); err != nil {
			return nil, err
		}
		return answer(a.Imports.UndoImport(ctx, in.ID, actorOf(ctx).AccountID))
	})
	a.raw("GET", "/api/v1/imports/{id}/problems", can, a.importProblems)
}

// ownImport gives an import to who made it, and to who administers the whole
// district.
func (a *api) ownImport(ctx context.Context, id int64) (dispatch.Import, error) {
	i, err := a.Imports.Import(ctx, id)
	if err != nil {
		return i, err
	}
	actor := actorOf(ctx)
	if i.AccountID != nil && *i.AccountID == actor.AccountID || a.administersAll(ctx) {
		return i, nil
	}
	return i, dispatch.Refuse(dispatch.CodeNotFound, "")
}

func (a *api) administersAll(ctx context.Context) bool {
	areas, err := a.scope(ctx, dispatch.ActionAdminister, 0)
	return err == nil && areas == nil
}

func (a *api) shownImport(ctx context.Context, i dispatch.Import, err error) (*body[importView], error) {
	if err != nil {
		return nil, err
	}
	language := languageOf(ctx)
	view := importView{Import: i, Fields: []importField{}}
	if i.Reason != "" {
		view.Reason = importer.SayReason(language, i.Reason)
	}
	if len(i.Options) > 0 {
		if err := json.Unmarshal(i.Options, &view.Options); err != nil {
			return nil, err
		}
	}
	if len(i.Result) > 0 {
		var r importer.Result
		if err := json.Unmarshal(i.Result, &r); err != nil {
			return nil, err
		}
		r = r.In(language)
		view.Result = &r
	}
	if noun, ok := importer.ByName(i.Noun); ok {
		columns := noun.Columns
		for _, c := range columns {
			if c.Kind == importer.Attributes {
				for _, key := range importer.TemplateAttributes(noun) {
					view.Fields = append(view.Fields, importField{"attributes." + key, importer.Title(language, noun, "attributes."+key), false})
				}
				continue
			}
			view.Fields = append(view.Fields, importField{c.Field, importer.Title(language, noun, c.Field), c.Required})
		}
	}
	return answer(view, nil)
}

func (a *api) uploadImport(ctx context.Context, in *uploadInput) (*body[importView], error) {
	areas, err := a.scope(ctx, dispatch.ActionAdminister, 0)
	if err != nil {
		return nil, err
	}
	form := in.RawBody.Data()
	name := safeName(path.Base(strings.ReplaceAll(form.File.Filename, `\`, "/")), false) // it is shown, never opened
	c := a.command(ctx, in.Key, "import.upload", []any{in.Noun, name, form.File.Size})
	i, err := a.Imports.Upload(ctx, c, in.Noun, name, form.File)
	if err == nil && i.State == dispatch.ImportUploaded {
		i, err = a.Imports.Check(ctx, i.ID, importer.Options{AreaIDs: areas, AccountID: actorOf(ctx).AccountID})
	}
	return a.shownImport(ctx, i, err)
}

func (a *api) listImports(ctx context.Context, in *importsInput) (*body[importsView], error) {
	before, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	account := actorOf(ctx).AccountID
	if a.administersAll(ctx) {
		account = 0
	}
	list, err := a.Imports.Imports(ctx, in.Noun, account, before, in.Limit)
	if err != nil {
		return nil, err
	}
	view := importsView{Imports: make([]importSummary, 0, len(list))}
	for _, i := range list {
		if i.Reason != "" {
			i.Reason = importer.SayReason(languageOf(ctx), i.Reason)
		}
		s := importSummary{Import: i}
		if len(i.Result) > 0 {
			if err := json.Unmarshal(i.Result, &s.Counts); err != nil {
				return nil, err
			}
		}
		view.Imports = append(view.Imports, s)
	}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	return answer(view, nil)
}

func (a *api) checkImport(ctx context.Context, in *checkImportInput) (*body[importView], error) {
	i, err := a.ownImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	o := in.Body
	if o.AreaIDs, err = a.scope(ctx, dispatch.ActionAdminister, 0); err != nil {
		return nil, err
	}
	o.AccountID = actorOf(ctx).AccountID
	i, err = a.Imports.Check(ctx, i.ID, o)
	return a.shownImport(ctx, i, err)
}

func (a *api) writeImport(ctx context.Context, in *writeImportInput) (*body[importView], error) {
	i, err := a.ownImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	areas, err := a.scope(ctx, dispatch.ActionAdminister, 0)
	if err != nil {
		return nil, err
	}
	i, err = a.Imports.Write(ctx, i.ID, in.Body.Strict, in.Body.Full, areas, actorOf(ctx).AccountID)
	return a.shownImport(ctx, i, err)
}

// importProblems gives the problems of an import as a table.
func (a *api) importProblems(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, "id"))
		return
	}
	i, err := a.ownImport(r.Context(), id)
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	noun, known := importer.ByName(i.Noun)
	if !known {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
		return
	}
	e := actorOf(r.Context()).Entry(r.Context(), dispatch.AuditExport, "import.problems")
	e.Noun, e.NounID = dispatch.NounImport, id
	if err := a.Service.Audit(r.Context(), e); err != nil { // the rows that were refused may speak of people
		a.writeProblem(w, r, err)
		return
	}
	language := languageOf(r.Context())
	a.writeTable(w, r, noun, importer.ReportColumns(language), func(t sheet.Writer) error {
		return a.Imports.Problems(r.Context(), id, importer.NewReport(language, noun, t).Add)
	})
}

// asRefusal gives an error of reading a file as a refusal that says why.
func asRefusal(ctx context.Context, err error) error {
	var own *importer.FileError
	if errors.As(err, &own) || importer.AsFileError(err) != nil {
		return &dispatch.Error{Code: dispatch.CodeUnreadableFile, Values: map[string]string{"reason": importer.AsFileError(err).Say(languageOf(ctx))}, Err: err}
	}
	return err
}
