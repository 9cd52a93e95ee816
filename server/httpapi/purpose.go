package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

type purposesInput struct {
	PageInput
	Retired bool `query:"retired" doc:"Retired ones too."`
}

type purposesView struct {
	Purposes   []dispatch.Purpose `json:"purposes" nullable:"false"`
	NextCursor string             `json:"next_cursor,omitempty"`
}

// PurposeBody is what a purpose says.
type PurposeBody struct {
	Name       string `json:"name" minLength:"1" maxLength:"100"`
	Basis      string `json:"basis" minLength:"1" maxLength:"500"`
	Categories string `json:"categories" minLength:"1" maxLength:"500"`
	Sensitive  bool   `json:"sensitive,omitempty"`
	Handlers   string `json:"handlers" minLength:"1" maxLength:"500"`
	Retention  string `json:"retention" minLength:"1" maxLength:"500"`
}

func (b PurposeBody) purpose() dispatch.Purpose {
	return dispatch.Purpose{Name: b.Name, Basis: b.Basis, Categories: b.Categories, Sensitive: b.Sensitive, Handlers: b.Handlers, Retention: b.Retention}
}

type addPurposeInput struct {
	CommandInput
	Body PurposeBody
}

type editPurposeInput struct {
	CommandInput
	IDInput
	Body struct {
		PurposeBody
		Version int `json:"version" minimum:"1" doc:"The version that was seen."`
	}
}

type retirePurposeInput struct {
	CommandInput
	IDInput
	Body struct {
		Version int `json:"version" minimum:"1" doc:"The version that was seen."`
	}
}

func (a *api) purposes() {
	read, write := Access(dispatch.ActionRecords), Access(dispatch.ActionPrivacy)
	operation(a, "GET", "/api/v1/purposes", "list-purposes", "The register of why personal data is kept (处理目的)", read, 200, a.listPurposes)
	operation(a, "POST", "/api/v1/purposes", "add-purpose", "Note a further purpose", write, 201, func(ctx context.Context, in *addPurposeInput) (*body[dispatch.Purpose], error) {
		return a.purposeAfter(ctx)(a.Service.AddPurpose(ctx, a.command(ctx, in.Key, "purpose.add", in.Body), in.Body.purpose()))
	})
	operation(a, "POST", "/api/v1/purposes/{id}/edit", "edit-purpose", "Change a purpose", write, 200, func(ctx context.Context, in *editPurposeInput) (*body[dispatch.Purpose], error) {
		return a.purposeAfter(ctx)(a.Service.EditPurpose(ctx, a.command(ctx, in.Key, "purpose.edit", in), in.ID, in.Body.Version, in.Body.purpose()))
	})
	operation(a, "POST", "/api/v1/purposes/{id}/retire", "retire-purpose", "End a purpose; it stays in the register", write, 200, func(ctx context.Context, in *retirePurposeInput) (*body[dispatch.Purpose], error) {
		return a.purposeAfter(ctx)(a.Service.RetirePurpose(ctx, a.command(ctx, in.Key, "purpose.retire", in), in.ID, in.Body.Version))
	})
	a.raw("GET", "/api/v1/purposes/export", read, a.exportPurposes)
}

func (a *api) purposeAfter(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.Purpose], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.Purpose], error) {
		if err != nil {
			return nil, err
		}
		return answer(a.Personal.Purpose(ctx, out.ID))
	}
}

func (a *api) listPurposes(ctx context.Context, in *purposesInput) (*body[purposesView], error) {
	after, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := a.Personal.Purposes(ctx, in.Retired, after, in.Limit)
	view := purposesView{Purposes: list}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	return answer(view, err)
}

func (a *api) exportPurposes(w http.ResponseWriter, r *http.Request) {
	language := languageOf(r.Context())
	columns := titled(language, "purpose", "name", "basis", "categories", "sensitive", "handlers", "retention", "updated_at", "retired_at")
	read := func(ctx context.Context, after int64, limit int) ([]dispatch.Purpose, error) {
		return a.Personal.Purposes(ctx, true, after, limit)
	}
	a.writeList(w, r, "purposes", languages[language].Titles["purpose.title"], columns, func(t sheet.Writer) error {
		return everyPage(r.Context(), read, func(p dispatch.Purpose) int64 { return p.ID }, func(p dispatch.Purpose) error {
			return t.Write([]string{p.Name, p.Basis, p.Categories, languages[language].Titles["yes."+strconv.FormatBool(p.Sensitive)], p.Handlers, p.Retention, told(&p.UpdatedAt), told(p.RetiredAt)})
		})
	})
}
