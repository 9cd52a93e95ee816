package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

// FigureReader is what the handlers of figures read.
type FigureReader interface {
	EachIncidentTimes(ctx context.Context, f dispatch.FigureFilter, each func(dispatch.IncidentTimes)) error
	IncidentTimes(ctx context.Context, id int64) (dispatch.IncidentTimes, error)
	Choices(ctx context.Context, f dispatch.FigureFilter) ([]dispatch.ChoiceRow, error)
	Answers(ctx context.Context, f dispatch.FigureFilter, answer dispatch.Satisfaction, limit int) ([]dispatch.AnswerRow, int, error)
	ChoiceReasons(ctx context.Context, f dispatch.FigureFilter, limit int) ([]dispatch.ChoiceReason, error)
}

// FigureQuery says of what figures are made; exported, or its fields would not be
// read.
type FigureQuery struct {
	From     time.Time `query:"from" required:"true" doc:"Incidents reported then or later."`
	To       time.Time `query:"to" required:"true" doc:"Incidents reported before; 400 days later at most."`
	AreaID   int64     `query:"area_id" doc:"The area and all below it; without it all of one's areas."`
	TypeCode string    `query:"type_code" maxLength:"200" doc:"The type and all below it."`
	By       string    `query:"by" enum:"area,type" default:"area" doc:"area: the areas right below the one asked for."`
}

// figuresAtOnce is how many are made at a time: those of a long period read much.
const figuresAtOnce = 2

type answersInput struct {
	FigureQuery
	Answer string `query:"answer" enum:"satisfied,mostly,dissatisfied" doc:"Without it all."`
}

type answersView struct {
	Answers []dispatch.AnswerRow `json:"answers" nullable:"false" doc:"At most 500."`
	Total   int                  `json:"total"`
}

// mostAnswers is how many are listed.
const mostAnswers = 500

// mostReasons is how many reasons are told.
const mostReasons = 50

func (a *api) figures() {
	can := sees(dispatch.FieldFigure)
	operation(a, "GET", "/api/v1/figures", "figures", "How long each step took of the incidents of a period (处置时效), drawn from the log", can, 200, func(ctx context.Context, in *struct{ FigureQuery }) (*body[dispatch.Figures], error) {
		return answer(a.figuresOf(ctx, in.FigureQuery))
	})
	a.raw("GET", "/api/v1/figures/export", can, a.exportFigures)
	operation(a, "GET", "/api/v1/figures/choices", "figure-choices", "People picked by hand beside those whom the ranking recommended", sees(dispatch.FieldOffer), 200, func(ctx context.Context, in *struct{ FigureQuery }) (*body[dispatch.ChoiceFigures], error) {
		return answer(a.choicesOf(ctx, in.FigureQuery))
	})
	operation(a, "GET", "/api/v1/figures/answers", "figure-answers", "The answers that the satisfied rate counts, the newest first", sees(dispatch.FieldReportWords), 200, func(ctx context.Context, in *answersInput) (*body[answersView], error) {
		f, _, err := a.figureFilter(ctx, dispatch.FieldReportWords, in.FigureQuery)
		if err != nil {
			return nil, err
		}
		list, total, err := a.Reader.Answers(ctx, f, dispatch.Satisfaction(in.Answer), mostAnswers)
		return answer(answersView{list, total}, err)
	})
	operation(a, "GET", "/api/v1/incidents/{id}/figures", "incident-figures", "How long each step of an incident took, drawn from the log", can, 200, func(ctx context.Context, in *IDInput) (*body[dispatch.IncidentFigures], error) {
		i, err := a.Reader.Incident(ctx, in.ID)
		if err == nil {
			_, err = found(i, actorOf(ctx).MayIn(a.Service.Tree(), dispatch.See(dispatch.FieldFigure), i.AreaID))
		}
		if err != nil {
			return nil, err
		}
		t, err := a.Reader.IncidentTimes(ctx, in.ID)
		return answer(t.Figures(a.Service.Now()), err)
	})
}

// figureFilter gives what a query asks for within the rights to see a field, and
// the area that it is about.
func (a *api) figureFilter(ctx context.Context, field dispatch.Field, q FigureQuery) (f dispatch.FigureFilter, root int64, err error) {
	f.From, f.To = q.From, q.To
	if err := f.Check(); err != nil {
		return f, 0, err
	}
	if f.AreaIDs, err = a.scope(ctx, dispatch.See(field), q.AreaID); err != nil {
		return f, 0, err
	}
	root = q.AreaID
	if roots := actorOf(ctx).Roots(dispatch.See(field)); root == 0 {
		if root = a.Service.Tree().Root(); len(roots) == 1 {
			root = roots[0]
		}
	}
	if q.TypeCode == "" {
		return f, root, nil
	}
	types, err := a.Reader.IncidentTypes(ctx)
	if err != nil {
		return f, 0, err
	}
	if _, known := dispatch.TypeTree(types).Find(q.TypeCode); !known {
		return f, 0, dispatch.Refuse(dispatch.CodeUnknownType, "type_code")
	}
	f.TypeCodes = dispatch.TypeTree(types).Below(q.TypeCode)
	return f, root, nil
}

func (a *api) figuresOf(ctx context.Context, q FigureQuery) (dispatch.Figures, error) {
	f, root, err := a.figureFilter(ctx, dispatch.FieldFigure, q)
	if err != nil {
		return dispatch.Figures{}, err
	}
	select {
	case a.figuring <- struct{}{}:
		defer func() { <-a.figuring }()
	case <-ctx.Done():
		return dispatch.Figures{}, ctx.Err()
	}
	now, tree := a.Service.Now(), a.Service.Tree()
	table := dispatch.NewFigureTable(dispatch.GroupBy(q.By, tree, root), now)
	if err := a.Reader.EachIncidentTimes(ctx, f, table.Add); err != nil {
		return dispatch.Figures{}, err
	}
	out := dispatch.Figures{From: q.From, To: q.To, AsOf: now, AreaID: root, By: q.By, Total: table.Total(), Groups: table.Groups()}
	named, err := a.groupNames(ctx, q.By)
	for k := range out.Groups {
		g := &out.Groups[k]
		g.NameZh, g.NameEn = named(g.AreaID, g.TypeCode)
	}
	return out, err
}

func (a *api) choicesOf(ctx context.Context, q FigureQuery) (dispatch.ChoiceFigures, error) {
	f, root, err := a.figureFilter(ctx, dispatch.FieldOffer, q)
	if err != nil {
		return dispatch.ChoiceFigures{}, err
	}
	rows, err := a.Reader.Choices(ctx, f)
	if err != nil {
		return dispatch.ChoiceFigures{}, err
	}
	out := dispatch.ChoiceFigures{AreaID: root, By: q.By, Reasons: []dispatch.ChoiceReason{}}
	out.Total, out.Groups = dispatch.ChoiceTable(rows, dispatch.GroupBy(q.By, a.Service.Tree(), root))
	named, err := a.groupNames(ctx, q.By)
	if err != nil {
		return out, err
	}
	for k := range out.Groups {
		g := &out.Groups[k]
		g.NameZh, g.NameEn = named(g.AreaID, g.TypeCode)
	}
	if words := dispatch.See(dispatch.FieldOfferWords); actorOf(ctx).May(words) && (q.AreaID == 0 || actorOf(ctx).MayIn(a.Service.Tree(), words, q.AreaID)) {
		if f.AreaIDs, err = a.scope(ctx, words, q.AreaID); err != nil {
			return out, err
		}
		out.Reasons, err = a.Reader.ChoiceReasons(ctx, f, mostReasons)
	}
	return out, err
}

// groupNames gives what groups are called. An area has one name.
func (a *api) groupNames(ctx context.Context, by string) (func(areaID int64, typeCode string) (zh, en string), error) {
	tree := a.Service.Tree()
	if by != "type" {
		return func(areaID int64, _ string) (zh, en string) { return tree.Name(areaID), tree.Name(areaID) }, nil
	}
	types, err := a.Reader.IncidentTypes(ctx)
	return func(_ int64, typeCode string) (zh, en string) {
		t, _ := dispatch.TypeTree(types).Find(typeCode)
		return t.NameZh, t.NameEn
	}, err
}

// exportFigures writes the figures as a table: a line for all and one a group.
func (a *api) exportFigures(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	q, err := readFigureQuery(r.URL.Query())
	var out dispatch.Figures
	if err == nil {
		out, err = a.figuresOf(ctx, q)
	}
	if err == nil { // before the first row leaves
		err = a.auditExport(ctx, "figure.export", dispatch.NounIncident, q.AreaID, 1+len(out.Groups), r.URL.RawQuery)
	}
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	language := languageOf(ctx)
	a.sendTable(w, r, "figures", sentence(language, "figure.title", nil), figureColumns(language, q.By, out.Total), func(t sheet.Writer) error {
		if err := t.Write(figureCells(sentence(language, "figure.total", nil), out.Total)); err != nil {
			return err
		}
		for _, g := range out.Groups {
			name := g.NameZh
			if language == "en" {
				name = g.NameEn
			}
			if err := t.Write(figureCells(name, g.Figure)); err != nil {
				return err
			}
		}
		return nil
	})
}

func readFigureQuery(v url.Values) (FigureQuery, error) {
	q := FigureQuery{TypeCode: v.Get("type_code"), By: "area"}
	if v.Get("by") == "type" {
		q.By = "type"
	}
	var err error
	if text := v.Get("area_id"); text != "" {
		if q.AreaID, err = strconv.ParseInt(text, 10, 64); err != nil {
			return q, dispatch.Refuse(dispatch.CodeInvalid, "area_id")
		}
	}
	for name, to := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if *to, err = time.Parse(time.RFC3339, v.Get(name)); err != nil {
			return q, dispatch.Refuse(dispatch.CodeInvalid, name)
		}
	}
	return q, nil
}

func figureColumns(language, by string, total dispatch.Figure) []sheet.Column {
	column := func(name string, values map[string]string, number bool) sheet.Column {
		return sheet.Column{Title: sentence(language, "figure."+name, values), Number: number}
	}
	list := []sheet.Column{column(by, nil, false), column("count", nil, true), column("rejected", nil, true), column("cancelled", nil, true),
		column("merged", nil, true), column("in_time", nil, true), column("judged", nil, true),
		column("satisfied", nil, true), column("mostly", nil, true), column("dissatisfied", nil, true)}
	for _, s := range total.Steps {
		step := map[string]string{"step": sentence(language, "figure.step."+s.Name, nil)}
		for _, name := range []string{"step_count", "step_median", "step_p90", "step_in_time", "step_judged"} {
			list = append(list, column(name, step, true))
		}
	}
	return list
}

// figureCells gives a figure in the order of figureColumns.
func figureCells(name string, f dispatch.Figure) []string {
	seconds := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'f', 0, 64)
	}
	cells := []string{name}
	for _, n := range []int{f.Count, f.Rejected, f.Cancelled, f.Merged, f.InTime.Numerator, f.InTime.Denominator,
		f.Answers.Satisfied, f.Answers.Mostly, f.Answers.Dissatisfied} {
		cells = append(cells, fmt.Sprint(n))
	}
	for _, s := range f.Steps {
		cells = append(cells, fmt.Sprint(s.Count), seconds(s.MedianSeconds), seconds(s.P90Seconds), fmt.Sprint(s.InTime.Numerator), fmt.Sprint(s.InTime.Denominator))
	}
	return cells
}
