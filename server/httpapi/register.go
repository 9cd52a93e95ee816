package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"yiping/server/dispatch"
	"yiping/server/importer"
	"yiping/server/sheet"
)

// Registers is what the lists of registers (台账) are read from and retired in.
type Registers interface {
	Register(ctx context.Context, noun string, f dispatch.RegisterFilter) (list []dispatch.RegisterRow, total int, err error)
	EachRow(ctx context.Context, noun string, f dispatch.RegisterFilter, each func(dispatch.RegisterRow) error) error
	RegisterPoints(ctx context.Context, noun string, f dispatch.RegisterFilter, limit int) ([]dispatch.RegisterPoint, error)
	AttributeKeys(ctx context.Context, noun string) ([]string, error)
	RetireRows(ctx context.Context, c dispatch.Command, noun string, ids, areaIDs []int64, back bool) (dispatch.Outcome, error)
}

type registerInfo struct {
	Noun    string           `json:"noun"`
	Title   string           `json:"title"`
	Located bool             `json:"located" doc:"Its rows have places on the map."`
	Columns []registerColumn `json:"columns" nullable:"false"`
}

type registerColumn struct {
	Field    string           `json:"field"`
	Title    string           `json:"title"`
	Kind     string           `json:"kind" enum:"text,integer,number,moment,choice,choices,list,phone,reference,shape,degrees,attributes"`
	Required bool             `json:"required"`
	Editable bool             `json:"editable" doc:"May be changed for several rows at once."`
	Note     string           `json:"note"`
	Choices  []registerChoice `json:"choices,omitempty"`
	Of       string           `json:"of,omitempty" doc:"What a reference refers to." enum:"area,compound,unit,camera,responder,organisation"`
}

type registerChoice struct {
	Value string `json:"value"`
	Title string `json:"title"`
}

type registersView struct {
	Registers  []registerInfo    `json:"registers" nullable:"false"`
	Attributes map[string]string `json:"attributes" doc:"Titles of what facilities and devices are described by." nullable:"false"`
}

// NounInput is the path of a register.
type NounInput struct {
	Noun string `path:"noun" enum:"areas,units,compounds,buildings,facilities,cameras,sites,devices,responders,roster,type_codes"`
}

// RegisterQuery narrows a register; exported, or its fields would not be read.
type RegisterQuery struct {
	AreaID  int64    `query:"area_id"`
	Query   string   `query:"q" maxLength:"64"`
	Where   []string `query:"where,explode" maxItems:"8" doc:"field:value, of fields that are chosen from a list."`
	IDs     []int64  `query:"ids" maxItems:"1000"`
	Retired bool     `query:"retired" doc:"The retired ones instead."`
}

type registerInput struct {
	NounInput
	RegisterQuery
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"500"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type registerView struct {
	Rows       []dispatch.RegisterRow `json:"rows" nullable:"false"`
	Total      int                    `json:"total"`
	NextCursor string                 `json:"next_cursor,omitempty"`
}

type registerPointsInput struct {
	NounInput
	RegisterQuery
}

type registerPointsView struct {
	Points    [][3]float64 `json:"points" nullable:"false" doc:"Id, longitude, latitude."`
	Truncated bool         `json:"truncated"`
}

type editRowsInput struct {
	CommandInput
	NounInput
	Body struct {
		IDs []int64           `json:"ids" minItems:"1" maxItems:"1000"`
		Set map[string]string `json:"set,omitempty" maxProperties:"30" doc:"Field to its new text, as in an import; attributes.x too."`
		// Retire takes them out of use, Restore brings them back.
		Retire  bool `json:"retire,omitempty" doc:"Take them out of use."`
		Restore bool `json:"restore,omitempty" doc:"Bring retired ones back."`
	}
}

type editRowsView struct {
	ImportID int64                 `json:"import_id,omitempty" doc:"By which it can be undone; 0 where nothing changed."`
	Changed  int                   `json:"changed"`
	Problems []importer.RowProblem `json:"problems" nullable:"false" doc:"Why nothing was changed."`
}

// mostPoints bounds the points of a register on the map.
const mostPoints = 20_000

func (a *api) registers() {
	see, administer := sees(dispatch.FieldPlace), Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/registers", "list-registers", "The registers (台账) with their columns", see, 200, a.listRegisters)
	operation(a, "GET", "/api/v1/registers/{noun}", "list-register", "Rows of a register", see, 200, a.listRegister)
	operation(a, "GET", "/api/v1/registers/{noun}/points", "list-register-points", "Where the rows of a register are", see, 200, a.registerPoints)
	operation(a, "POST", "/api/v1/registers/{noun}/edit", "edit-register", "Change, retire or restore rows", administer, 200, a.editRegister)
	a.raw("GET", "/api/v1/registers/{noun}/export", see, a.exportRegister)
	a.raw("GET", "/api/v1/registers/{noun}/template", see, a.template)
}

func (a *api) listRegisters(ctx context.Context, _ *none) (*body[registersView], error) {
	language := languageOf(ctx)
	view := registersView{Registers: []registerInfo{}, Attributes: importer.AttributeTitles(language)}
	for _, n := range importer.Nouns() {
		if field, err := dispatch.RegisterField(n.Name); err != nil || !actorOf(ctx).May(dispatch.See(field)) {
			continue
		}
		info := registerInfo{Noun: n.Name, Title: importer.NounTitle(language, n), Located: n.Located}
		for _, c := range n.Columns {
			if c.Hidden {
				continue
			}
			column := registerColumn{Field: c.Field, Title: importer.Title(language, n, c.Field), Kind: string(c.Kind), Required: c.Required,
				Editable: !c.Fixed && c.Kind != importer.Attributes && n.Name != "roster", Note: importer.Note(language, c), Of: c.Of}
			for _, v := range importer.ChoiceValues(c.Choices) {
				column.Choices = append(column.Choices, registerChoice{v, importer.ChoiceTitle(language, c.Choices, v)})
			}
			info.Columns = append(info.Columns, column)
		}
		view.Registers = append(view.Registers, info)
	}
	return answer(view, nil)
}

// filter narrows a register to what is asked for and the actor may see.
func (a *api) filter(ctx context.Context, noun string, q RegisterQuery) (dispatch.RegisterFilter, error) {
	field, err := dispatch.RegisterField(noun)
	if err != nil {
		return dispatch.RegisterFilter{}, err
	}
	if !actorOf(ctx).May(dispatch.See(field)) {
		return dispatch.RegisterFilter{}, dispatch.Refuse(dispatch.CodeNotFound, "noun")
	}
	areas, err := a.scope(ctx, dispatch.See(field), q.AreaID)
	if err != nil {
		return dispatch.RegisterFilter{}, err
	}
	f := dispatch.RegisterFilter{AreaIDs: areas, Query: q.Query, Retired: q.Retired, IDs: q.IDs, Where: map[string]string{}}
	if q.AreaID != 0 && areas == nil { // the district: what stands in it, wherever exactly
		f.AreaIDs = nil
	}
	for _, w := range q.Where {
		field, value, ok := strings.Cut(w, ":")
		if !ok {
			return f, dispatch.Refuse(dispatch.CodeInvalid, "where")
		}
		f.Where[field] = value
	}
	return f, nil
}

func (a *api) listRegister(ctx context.Context, in *registerInput) (*body[registerView], error) {
	f, err := a.filter(ctx, in.Noun, in.RegisterQuery)
	if err != nil {
		return nil, err
	}
	if f.AfterID, err = readCursor(in.Cursor); err != nil {
		return nil, err
	}
	f.Limit = in.Limit
	list, total, err := a.Registers.Register(ctx, in.Noun, f)
	if err != nil {
		return nil, err
	}
	sight := a.sight(ctx)
	view := registerView{Total: total, Rows: dispatch.Each(list, func(row dispatch.RegisterRow) (dispatch.RegisterRow, bool) { return sight.Row(in.Noun, row) })}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	return answer(view, nil)
}

func (a *api) registerPoints(ctx context.Context, in *registerPointsInput) (*body[registerPointsView], error) {
	f, err := a.filter(ctx, in.Noun, in.RegisterQuery)
	if err != nil {
		return nil, err
	}
	list, err := a.Registers.RegisterPoints(ctx, in.Noun, f, mostPoints+1)
	if err != nil {
		return nil, err
	}
	view := registerPointsView{Points: make([][3]float64, 0, len(list)), Truncated: len(list) > mostPoints}
	for _, p := range list[:min(len(list), mostPoints)] {
		view.Points = append(view.Points, [3]float64{float64(p.ID), p.Lon, p.Lat})
	}
	return answer(view, nil)
}

func (a *api) editRegister(ctx context.Context, in *editRowsInput) (*body[editRowsView], error) {
	areas, err := a.scope(ctx, dispatch.ActionAdminister, 0)
	if err != nil {
		return nil, err
	}
	noun, ok := importer.ByName(in.Noun)
	if !ok || noun.Name == "roster" {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "noun")
	}
	slices.Sort(in.Body.IDs)
	ids := slices.Compact(in.Body.IDs)
	if in.Body.Retire || in.Body.Restore {
		out, err := a.Registers.RetireRows(ctx, a.command(ctx, in.Key, "register.retire", in.Body), in.Noun, ids, areas, in.Body.Restore)
		return answer(editRowsView{ImportID: out.ID, Changed: len(ids), Problems: []importer.RowProblem{}}, err)
	}
	if in.Key == "" {
		return nil, dispatch.Refuse(dispatch.CodeKeyRequired, "Idempotency-Key")
	}
	if len(in.Body.Set) == 0 {
		return nil, dispatch.Refuse(dispatch.CodeRequired, "set")
	}
	rows, _, err := a.Registers.Register(ctx, in.Noun, dispatch.RegisterFilter{AreaIDs: areas, IDs: ids, Limit: len(ids)})
	if err != nil {
		return nil, err
	}
	if len(rows) != len(ids) {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "ids")
	}
	// Carried out twice it changes nothing the second time: no key is kept.
	result, importID, err := a.Imports.Edit(ctx, noun, rows, in.Body.Set, areas, actorOf(ctx).AccountID)
	if err != nil {
		return nil, asRefusal(ctx, err)
	}
	view := editRowsView{ImportID: importID, Changed: result.Changed, Problems: result.In(languageOf(ctx)).Problems}
	if !result.Written {
		view.Changed, view.ImportID = 0, 0
	}
	return answer(view, nil)
}

// exportRegister writes a list as a table that imports again.
func (a *api) exportRegister(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	noun, ok := importer.ByName(r.PathValue("noun"))
	if !ok {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, "noun"))
		return
	}
	q, err := readRegisterQuery(r.URL.Query())
	var f dispatch.RegisterFilter
	if err == nil {
		f, err = a.filter(ctx, noun.Name, q)
	}
	var attributes []string
	if err == nil {
		attributes, err = a.Registers.AttributeKeys(ctx, noun.Name)
	}
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	if err := a.noteExport(ctx, noun, q, f, r.URL.RawQuery); err != nil {
		a.writeProblem(w, r, err)
		return
	}
	language, sight := languageOf(ctx), a.sight(ctx)
	columns, fields := importer.TableColumns(language, noun, attributes)
	if r.URL.Query().Get("format") == "geojson" {
		a.sendFile(w, noun.Name, importer.NounTitle(language, noun), ".geojson", "application/geo+json", func() (sheet.Writer, error) { return sheet.GeoJSON(w, fields) }, func(t sheet.Writer) error {
			return a.Registers.EachRow(ctx, noun.Name, f, func(row dispatch.RegisterRow) error {
				if row, ok := sight.Row(noun.Name, row); ok {
					return t.Write(importer.Written(fields, row.Values))
				}
				return nil
			})
		})
		return
	}
	a.writeTable(w, r, noun, columns, func(t sheet.Writer) error {
		return a.Registers.EachRow(ctx, noun.Name, f, func(row dispatch.RegisterRow) error {
			if row, ok := sight.Row(noun.Name, row); ok {
				return t.Write(importer.Shown(language, noun, fields, row.Values))
			}
			return nil
		})
	})
}

// noteExport notes an export before its first row leaves: who, of what, how many
// rows, and narrowed how; people's data is noted in the register of shares too.
func (a *api) noteExport(ctx context.Context, noun *importer.Noun, q RegisterQuery, f dispatch.RegisterFilter, asked string) error {
	f.Limit = 1
	_, total, err := a.Registers.Register(ctx, noun.Name, f)
	if err != nil {
		return err
	}
	actor := actorOf(ctx)
	if err := a.auditExport(ctx, "register.export", dispatch.Noun(noun.Singular), q.AreaID, total, asked); err != nil {
		return err
	}
	if noun.Name != "responders" && noun.Name != "roster" {
		return nil
	}
	share := dispatch.Share{Recipient: actor.Name, Channel: dispatch.ShareExport, What: noun.Name, Records: int64(total), Basis: "个人信息保护法第十三条第三项", AccountID: &actor.AccountID}
	if q.AreaID != 0 {
		share.AreaID = &q.AreaID
	}
	return a.Personal.RecordShare(ctx, share)
}

// auditExport writes who takes how many rows of what, and the query as it was asked.
func (a *api) auditExport(ctx context.Context, action string, noun dispatch.Noun, areaID int64, rows int, asked string) error {
	e := actorOf(ctx).Entry(ctx, dispatch.AuditExport, action)
	e.Noun, e.AreaID, e.Count, e.Reason = noun, areaID, rows, asked
	if said, err := url.QueryUnescape(asked); err == nil {
		e.Reason = said
	}
	return a.Service.Audit(ctx, e)
}

func readRegisterQuery(v url.Values) (RegisterQuery, error) {
	q := RegisterQuery{Query: v.Get("q"), Where: v["where"], Retired: v.Get("retired") == "true"}
	if text := v.Get("area_id"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return q, dispatch.Refuse(dispatch.CodeInvalid, "area_id")
		}
		q.AreaID = id
	}
	for text := range strings.SplitSeq(v.Get("ids"), ",") {
		if text == "" {
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return q, dispatch.Refuse(dispatch.CodeInvalid, "ids")
		}
		q.IDs = append(q.IDs, id)
	}
	return q, nil
}

// template gives an empty table to be filled in.
func (a *api) template(w http.ResponseWriter, r *http.Request) {
	noun, ok := importer.ByName(r.PathValue("noun"))
	if !ok {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, "noun"))
		return
	}
	columns, _ := importer.TableColumns(languageOf(r.Context()), noun, importer.TemplateAttributes(noun))
	a.writeTable(w, r, noun, columns, func(sheet.Writer) error { return nil })
}

// writeTable answers with a table that is named after a register.
func (a *api) writeTable(w http.ResponseWriter, r *http.Request, noun *importer.Noun, columns []sheet.Column, fill func(sheet.Writer) error) {
	a.sendTable(w, r, noun.Name, importer.NounTitle(languageOf(r.Context()), noun), columns, fill)
}
