package dispatch

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// LongestFigures is the longest period that figures are made of at once.
const LongestFigures = 400 * day

// Marks are when an incident came how far, as the log tells: the times at which
// the server took down what was done, not those of a telephone's clock. Nothing
// here is a column that a later step overwrites, so that the same log gives the
// same marks.
//
// Of verification, offer, acceptance, handling and arrival it is the first. Resolved
// and closed are the last, and missing where a refused check or a reopening has
// followed. An order to a unit is an offer, its 签收 an acceptance. People who came
// over with a merged incident were asked and accepted under that one; here they
// count when they are on scene.
type Marks struct {
	Reported time.Time  `json:"reported_at"`
	Verified *time.Time `json:"verified_at,omitempty"`
	Offered  *time.Time `json:"first_offer_at,omitempty"`
	Accepted *time.Time `json:"first_acceptance_at,omitempty"`
	Handling *time.Time `json:"handling_at,omitempty" doc:"When it was first being handled."`
	Arrived  *time.Time `json:"first_arrival_at,omitempty"`
	Resolved *time.Time `json:"resolved_at,omitempty" doc:"The last time, where it was not taken up again since."`
	Closed   *time.Time `json:"closed_at,omitempty" doc:"The last time, where it was not taken up again since."`
}

// LeftOut is why an incident counts in no step.
type LeftOut string

// The reasons. One that was merged and taken out again counts.
const (
	LeftOutRejected  LeftOut = "rejected"
	LeftOutCancelled LeftOut = "cancelled"
	LeftOutMerged    LeftOut = "merged" // the one that it was merged into counts
)

// IncidentTimes is an incident as figures are made of it, with the seconds that
// the version of the plan that it started with gives each step.
type IncidentTimes struct {
	IncidentID int64
	TypeCode   string
	AreaID     int64
	Marks
	LeftOut         LeftOut // "" for one that counts
	VerifySeconds   int
	DispatchSeconds int
	ArriveSeconds   int
	ResolveSeconds  int
	CheckSeconds    int
	Answers         Answers // none where it was taken up again
	// Calendar is what its plan counts by, as it is now; none for the wall's clock.
	Calendar Calendar
}

// figureStep is a step from one mark to another. A step is passed over where what
// comes after it happened without it.
type figureStep struct {
	name   string
	begins func(IncidentTimes) *time.Time
	ends   func(IncidentTimes) *time.Time
	due    func(IncidentTimes) int // seconds, 0 for no such bound
	passed func(IncidentTimes) bool
}

// The steps, one table. Each begins where the clock of its state does; response
// and whole span several and have no clock. A closing is in time within the two
// clocks of checking and of closing together, which are of the same length. More
// time that a unit was granted does not move them: they are the incident's own.
var figureSteps = []figureStep{
	{"verify", func(t IncidentTimes) *time.Time { return &t.Reported }, func(t IncidentTimes) *time.Time { return t.Verified },
		func(t IncidentTimes) int { return t.VerifySeconds }, IncidentTimes.resolved},
	{"offer", IncidentTimes.offerable, func(t IncidentTimes) *time.Time { return t.Offered },
		func(t IncidentTimes) int { return t.DispatchSeconds }, IncidentTimes.handled},
	{"accept", func(t IncidentTimes) *time.Time { return t.Offered }, func(t IncidentTimes) *time.Time { return t.Accepted },
		func(t IncidentTimes) int { return t.DispatchSeconds }, IncidentTimes.handled},
	{"arrive", func(t IncidentTimes) *time.Time { return t.Accepted }, func(t IncidentTimes) *time.Time { return t.Arrived },
		func(t IncidentTimes) int { return t.ArriveSeconds }, IncidentTimes.resolved},
	{"resolve", func(t IncidentTimes) *time.Time { return t.Handling }, func(t IncidentTimes) *time.Time { return t.Resolved },
		func(t IncidentTimes) int { return t.ResolveSeconds }, IncidentTimes.closed},
	{"close", func(t IncidentTimes) *time.Time { return t.Resolved }, func(t IncidentTimes) *time.Time { return t.Closed },
		func(t IncidentTimes) int { return 2 * t.CheckSeconds }, IncidentTimes.closed},
	{"response", func(t IncidentTimes) *time.Time { return &t.Reported }, func(t IncidentTimes) *time.Time { return t.Arrived }, noDue, IncidentTimes.resolved},
	{"whole", func(t IncidentTimes) *time.Time { return &t.Reported }, func(t IncidentTimes) *time.Time { return t.Closed }, noDue, IncidentTimes.closed},
}

func noDue(IncidentTimes) int { return 0 }

func (t IncidentTimes) closed() bool   { return t.Closed != nil }
func (t IncidentTimes) resolved() bool { return t.Resolved != nil || t.Closed != nil }
func (t IncidentTimes) handled() bool  { return t.Handling != nil || t.resolved() }

// offerable gives from when somebody could be asked: once it was verified, or from
// the report where people were sent first.
func (t IncidentTimes) offerable() *time.Time {
	if t.Offered != nil && (t.Verified == nil || t.Offered.Before(*t.Verified)) {
		return &t.Reported
	}
	return t.Verified
}

// StepTime is how long a step of one incident took.
type StepTime struct {
	Name       string   `json:"name" enum:"verify,offer,accept,arrive,resolve,close,response,whole"`
	Seconds    *float64 `json:"seconds,omitempty" doc:"Missing where it has not ended, or was passed over."`
	DueSeconds int      `json:"due_seconds,omitempty" doc:"By the plan, in working hours where it counts by them; missing where it says nothing of it."`
	InTime     *bool    `json:"in_time,omitempty" doc:"Missing where nothing can be said yet."`
}

// Steps gives how long each step took. One that goes on is late as soon as its time
// is over, so that what nobody touches does not better the rate.
func (t IncidentTimes) Steps(asOf time.Time) []StepTime {
	list := make([]StepTime, len(figureSteps))
	for k, s := range figureSteps {
		list[k] = StepTime{Name: s.name, DueSeconds: s.due(t)}
		begins, ends := s.begins(t), s.ends(t)
		if begins == nil {
			continue
		}
		dueAt := Due(*begins, list[k].DueSeconds, t.Calendar)
		bound := list[k].DueSeconds > 0
		switch {
		case ends != nil && !ends.Before(*begins):
			seconds := ends.Sub(*begins).Seconds()
			list[k].Seconds = &seconds
			if bound {
				kept := !ends.After(dueAt)
				list[k].InTime = &kept
			}
		case ends == nil && bound && !s.passed(t) && asOf.After(dueAt):
			late := false
			list[k].InTime = &late
		}
	}
	return list
}

// IncidentFigures are the times of one incident.
type IncidentFigures struct {
	IncidentID int64   `json:"incident_id"`
	LeftOut    LeftOut `json:"left_out,omitempty" enum:"rejected,cancelled,merged" doc:"Why it counts in no figure."`
	Marks
	Steps []StepTime `json:"steps" nullable:"false"`
}

// Figures gives the times of one incident.
func (t IncidentTimes) Figures(asOf time.Time) IncidentFigures {
	return IncidentFigures{IncidentID: t.IncidentID, LeftOut: t.LeftOut, Marks: t.Marks, Steps: t.Steps(asOf)}
}

// StepFigure is how long a step took of many incidents. The two are missing where
// the count is 0.
type StepFigure struct {
	Name          string   `json:"name" enum:"verify,offer,accept,arrive,resolve,close,response,whole"`
	Count         int      `json:"count" doc:"Incidents of which it has ended."`
	MedianSeconds *float64 `json:"median_seconds,omitempty"`
	P90Seconds    *float64 `json:"p90_seconds,omitempty" doc:"Nine of ten took no longer."`
	InTime        Rate     `json:"in_time" doc:"Of those that the plan gives a time, and that ended or are over it."`
}

// Figure is what there is to say of many incidents: by area, by type, or of all.
type Figure struct {
	Count     int          `json:"count" doc:"Incidents that were reported in the period and count."`
	Rejected  int          `json:"rejected" doc:"Left out."`
	Cancelled int          `json:"cancelled" doc:"Left out."`
	Merged    int          `json:"merged" doc:"Left out: they are in the one they were merged into."`
	InTime    Rate         `json:"in_time" doc:"Incidents none of whose steps was late, of those of which something can be said."`
	Answers   Answers      `json:"answers" doc:"What those who reported said of closed incidents, of each report the last."`
	Satisfied Rate         `json:"satisfied" doc:"Answers that are satisfied or mostly so, of all."`
	Steps     []StepFigure `json:"steps" nullable:"false"`
}

// FigureFilter says of which incidents figures are made: those reported in
// [From, To), in areas (nil for everywhere) and of types (nil for all).
type FigureFilter struct {
	From, To  time.Time
	AreaIDs   []int64
	TypeCodes []string
}

// Check refuses a period that is none or too long.
func (f FigureFilter) Check() error {
	switch {
	case !f.From.Before(f.To):
		return Refuse(CodeInvalid, "to")
	case f.To.Sub(f.From) > LongestFigures:
		return &Error{Code: CodePeriodTooLong, Field: "to", Values: map[string]string{"days": itoa(int64(LongestFigures / day))}}
	}
	return nil
}

// Tallied gathers incidents into a figure. The zero value is empty.
type Tallied struct {
	figure  Figure
	seconds [8][]float32 // of figureSteps
	inTime  [8]Rate
}

// Add counts an incident.
func (c *Tallied) Add(t IncidentTimes, asOf time.Time) {
	switch t.LeftOut {
	case LeftOutRejected:
		c.figure.Rejected++
	case LeftOutCancelled:
		c.figure.Cancelled++
	case LeftOutMerged:
		c.figure.Merged++
	default:
		c.count(t.Steps(asOf))
		c.figure.Answers = c.figure.Answers.add(t.Answers)
	}
}

func (c *Tallied) count(steps []StepTime) {
	judged, late := false, false
	for k, s := range steps {
		if s.Seconds != nil {
			c.seconds[k] = append(c.seconds[k], float32(*s.Seconds))
		}
		if s.InTime == nil {
			continue
		}
		judged = true
		c.inTime[k].Denominator++
		if *s.InTime {
			c.inTime[k].Numerator++
		} else {
			late = true
		}
	}
	c.figure.Count++
	if judged {
		c.figure.InTime.Denominator++
		if !late {
			c.figure.InTime.Numerator++
		}
	}
}

// Figure gives what was counted.
func (c *Tallied) Figure() Figure {
	f := c.figure
	f.Satisfied = f.Answers.rate()
	f.Steps = make([]StepFigure, len(figureSteps))
	for k, s := range figureSteps {
		slices.Sort(c.seconds[k])
		f.Steps[k] = StepFigure{Name: s.name, Count: len(c.seconds[k]), InTime: c.inTime[k],
			MedianSeconds: percentile(c.seconds[k], 0.5), P90Seconds: percentile(c.seconds[k], 0.9)}
	}
	return f
}

// percentile gives the value below which a share of ascending values lies, between
// two of them in proportion, as percentile_cont does; nil for none.
func percentile[T float32 | int32](ascending []T, share float64) *float64 {
	if len(ascending) == 0 {
		return nil
	}
	at := share * float64(len(ascending)-1)
	low := int(at)
	high := min(low+1, len(ascending)-1)
	v := float64(ascending[low]) + (at-float64(low))*(float64(ascending[high])-float64(ascending[low]))
	return &v
}

// FigureGroup is the figure of an area and all below it, or of a type.
type FigureGroup struct {
	AreaID   int64  `json:"area_id,omitempty"`
	TypeCode string `json:"type_code,omitempty"`
	NameZh   string `json:"name_zh"`
	NameEn   string `json:"name_en"`
	Figure
}

// Figures are the figures of a period, in all and by group. None is of a person.
type Figures struct {
	From   time.Time     `json:"from"`
	To     time.Time     `json:"to"`
	AsOf   time.Time     `json:"as_of"`
	AreaID int64         `json:"area_id"`
	By     string        `json:"by" enum:"area,type"`
	Total  Figure        `json:"total"`
	Groups []FigureGroup `json:"groups" nullable:"false" doc:"The areas right below the one asked for, each with all below it, or the types; without those that had nothing."`
}

// FigureKey is what figures are grouped by: one of the two is set.
type FigureKey struct {
	AreaID   int64
	TypeCode string
}

// Grouping says to which group something in an area and of a type belongs.
type Grouping func(areaID int64, typeCode string) FigureKey

// GroupBy groups by type, or by the areas right below one. What lies in that area
// itself, or outside of it, is under the area.
func GroupBy(by string, tree *AreaTree, root int64) Grouping {
	if by == "type" {
		return func(_ int64, typeCode string) FigureKey { return FigureKey{TypeCode: typeCode} }
	}
	under := map[int64]int64{}
	return func(areaID int64, _ string) FigureKey {
		group, known := under[areaID]
		if !known {
			group = tree.childAbove(areaID, root)
			under[areaID] = group
		}
		return FigureKey{AreaID: group}
	}
}

// childAbove gives the area right below a root in which one lies, the root where
// there is none.
func (t *AreaTree) childAbove(id, root int64) int64 {
	for {
		a, ok := t.areas[id]
		if !ok || a.ParentID == nil {
			return root
		}
		if *a.ParentID == root {
			return id
		}
		id = *a.ParentID
	}
}

// Compare orders groups: areas by their number, types by their code.
func (k FigureKey) Compare(other FigureKey) int {
	return cmp.Or(cmp.Compare(k.AreaID, other.AreaID), cmp.Compare(k.TypeCode, other.TypeCode))
}

// FigureTable gathers the incidents of a period, in all and by group.
type FigureTable struct {
	asOf   time.Time
	by     Grouping
	total  Tallied
	groups map[FigureKey]*Tallied
}

// NewFigureTable makes an empty one, as of a time.
func NewFigureTable(by Grouping, asOf time.Time) *FigureTable {
	return &FigureTable{asOf: asOf, by: by, groups: map[FigureKey]*Tallied{}}
}

// Add counts an incident.
func (f *FigureTable) Add(t IncidentTimes) {
	key := f.by(t.AreaID, t.TypeCode)
	group := f.groups[key]
	if group == nil {
		group = &Tallied{}
		f.groups[key] = group
	}
	group.Add(t, f.asOf)
	f.total.Add(t, f.asOf)
}

// Total gives the figure of all.
func (f *FigureTable) Total() Figure { return f.total.Figure() }

// Groups gives the figures by group, in order of their keys, without names.
func (f *FigureTable) Groups() []FigureGroup {
	list := make([]FigureGroup, 0, len(f.groups))
	for _, key := range slices.SortedFunc(maps.Keys(f.groups), FigureKey.Compare) {
		list = append(list, FigureGroup{AreaID: key.AreaID, TypeCode: key.TypeCode, Figure: f.groups[key].Figure()})
	}
	return list
}
