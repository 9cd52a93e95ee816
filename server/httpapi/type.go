package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

// TypeReader is what the handlers of types, plans and working hours read.
type TypeReader interface {
	// IncidentTypes gives all types, retired ones too, each with its newest plan.
	IncidentTypes(ctx context.Context) ([]dispatch.IncidentType, error)
	// IncidentType gives one by the id that commands and the log call it by.
	IncidentType(ctx context.Context, id int64) (dispatch.IncidentType, error)
	// PlanVersions gives all versions of a type's plan, the newest first.
	PlanVersions(ctx context.Context, typeCode string) ([]dispatch.PlanVersion, error)
	TypeCodes(ctx context.Context, standard string) ([]dispatch.TypeCode, error)
	WorkingHours(ctx context.Context) ([]dispatch.Hours, error)
}

type typesView struct {
	Types []dispatch.IncidentType `json:"types" nullable:"false"`
	Total int                     `json:"total"`
}

type plansView struct {
	Versions []dispatch.PlanVersion `json:"versions" nullable:"false"`
	Total    int                    `json:"total"`
}

type planChangesView struct {
	From    int                   `json:"from"`
	To      int                   `json:"to"`
	Changes []dispatch.PlanChange `json:"changes" nullable:"false"`
}

type typeCodesView struct {
	Codes []dispatch.TypeCode `json:"codes" nullable:"false"`
	Total int                 `json:"total"`
}

type workingHoursView struct {
	Week []dispatch.Hours `json:"week" nullable:"false"`
}

// TypeCodeInput is the path of a type.
type TypeCodeInput struct {
	Code string `path:"code" maxLength:"64" doc:"Of the type."`
}

type planChangesInput struct {
	TypeCodeInput
	From int `query:"from" required:"true" minimum:"1"`
	To   int `query:"to" required:"true" minimum:"1"`
}

type typeCodesInput struct {
	Standard string `query:"standard" maxLength:"64" doc:"All where it is missing."`
}

// planBody is a plan as it is taken in. All of it is said each time, so that a
// version leaves nothing out that the one before had. No clock runs for more than
// ninety days.
type planBody struct {
	Priority           string               `json:"priority" enum:"critical,urgent,normal,low"`
	Skills             []string             `json:"skills" nullable:"false" maxItems:"20" uniqueItems:"true" doc:"A responder needs one of them; none asks for nothing."`
	Quota              int                  `json:"quota" minimum:"1" maximum:"500"`
	Hazard             bool                 `json:"hazard"`
	HazardAffiliations []string             `json:"hazard_affiliations" nullable:"false" maxItems:"6" uniqueItems:"true" enum:"party_member,community_worker,grid_member,volunteer,property_staff,unit_staff" doc:"Near a hazard: people of one of these."`
	HazardTraining     []string             `json:"hazard_training" nullable:"false" maxItems:"20" uniqueItems:"true" doc:"Near a hazard: people with one of these skills; none: with one of the plan's."`
	OfferSeconds       int                  `json:"offer_seconds" minimum:"10" maximum:"86400"`
	VerifySeconds      int                  `json:"verify_seconds" minimum:"0" maximum:"7776000" doc:"0 is no clock."`
	DispatchSeconds    int                  `json:"dispatch_seconds" minimum:"0" maximum:"7776000"`
	ArriveSeconds      int                  `json:"arrive_seconds" minimum:"0" maximum:"7776000"`
	ResolveSeconds     int                  `json:"resolve_seconds" minimum:"0" maximum:"7776000"`
	CheckSeconds       int                  `json:"check_seconds" minimum:"0" maximum:"7776000"`
	SendFirst          bool                 `json:"send_first" doc:"People are sent before it is verified (先派后核)."`
	OverOffer          float64              `json:"over_offer" minimum:"1" maximum:"5" doc:"How many are asked for each place that is free."`
	Waves              []dispatch.WaveRule  `json:"waves" nullable:"false" maxItems:"10" doc:"Rounds of offers, each wider."`
	Ladder             []dispatch.Rung      `json:"ladder" nullable:"false" maxItems:"6" doc:"Who is told when a state lasts."`
	Pair               bool                 `json:"pair" doc:"Nobody arrives alone: two who go in have accepted before."`
	WelfareSeconds     int                  `json:"welfare_seconds" minimum:"0" maximum:"86400" doc:"How often who is on scene is asked whether they are all right; 0 for never, else at least 60."`
	Checklist          []checkBody          `json:"checklist" nullable:"false" maxItems:"40"`
	Units              []dispatch.PlanUnit  `json:"units" nullable:"false" maxItems:"30" doc:"Which kinds of unit lead, support and check."`
	Grade              string               `json:"grade,omitempty" enum:"special,major,large,general"`
	Tell               []string             `json:"tell" nullable:"false" maxItems:"3" uniqueItems:"true" enum:"119,110,120"`
	WorkingHours       bool                 `json:"working_hours" doc:"The clocks of states, of the ladder and of unit orders count working hours alone."`
	Reach              []dispatch.ReachStep `json:"reach" nullable:"false" maxItems:"6" doc:"After the app, in order; none: by the rule of the priority."`
}

type checkBody struct {
	Zh string `json:"zh" maxLength:"200"`
	En string `json:"en,omitempty" maxLength:"300" doc:"The Chinese again where it is missing."`
}

func (b *planBody) plan() *dispatch.Plan {
	if b == nil {
		return nil
	}
	p := &dispatch.Plan{Priority: dispatch.Priority(b.Priority), Skills: b.Skills, Quota: b.Quota,
		Hazard: b.Hazard, HazardAffiliations: b.HazardAffiliations, HazardTraining: b.HazardTraining,
		OfferSeconds: b.OfferSeconds, VerifySeconds: b.VerifySeconds, DispatchSeconds: b.DispatchSeconds,
		ArriveSeconds: b.ArriveSeconds, ResolveSeconds: b.ResolveSeconds, CheckSeconds: b.CheckSeconds, SendFirst: b.SendFirst, OverOffer: b.OverOffer,
		Waves: b.Waves, Ladder: b.Ladder, Pair: b.Pair, WelfareSeconds: b.WelfareSeconds, Units: b.Units, Tell: b.Tell,
		WorkingHours: b.WorkingHours, Reach: b.Reach}
	if b.Grade != "" {
		grade := dispatch.Grade(b.Grade)
		p.Grade = &grade
	}
	for _, item := range b.Checklist {
		if item.En == "" {
			item.En = item.Zh
		}
		p.Checklist = append(p.Checklist, dispatch.Checkitem{Zh: item.Zh, En: item.En})
	}
	return p
}

type addTypeInput struct {
	CommandInput
	Body struct {
		ParentCode string    `json:"parent_code" minLength:"1" maxLength:"64"`
		Word       string    `json:"word,omitempty" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$" doc:"What the code has behind the family's; the next number where it is missing."`
		NameZh     string    `json:"name_zh" minLength:"1" maxLength:"64"`
		NameEn     string    `json:"name_en,omitempty" maxLength:"100" doc:"The Chinese again where it is missing."`
		Plan       *planBody `json:"plan,omitempty" doc:"None for a type that others are to stand under."`
		Note       string    `json:"note,omitempty" maxLength:"500"`
	}
}

type changeTypeInput struct {
	CommandInput
	TypeCodeInput
	Body struct {
		Version    int     `json:"version" minimum:"1" doc:"The version of the type that was seen."`
		NameZh     *string `json:"name_zh,omitempty" minLength:"1" maxLength:"64"`
		NameEn     *string `json:"name_en,omitempty" maxLength:"100"`
		ParentCode *string `json:"parent_code,omitempty" minLength:"1" maxLength:"64"`
		Retired    *bool   `json:"retired,omitempty"`
	}
}

type addPlanInput struct {
	CommandInput
	TypeCodeInput
	Body struct {
		Version int      `json:"version" minimum:"0" doc:"The version that was seen; 0 where there was none."`
		Note    string   `json:"note" maxLength:"500" doc:"Why."`
		Plan    planBody `json:"plan"`
	}
}

type setHoursInput struct {
	CommandInput
	Body struct {
		Week []dispatch.Hours `json:"week" maxItems:"42" nullable:"false" doc:"None: the wall clock counts."`
	}
}

func (a *api) types() {
	see, can := sees(dispatch.FieldPlan), Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/types", "list-types", "The tree of incident types, retired ones too, with their newest plans (事件类型)", see, 200, func(ctx context.Context, _ *none) (*body[typesView], error) {
		list, err := a.Reader.IncidentTypes(ctx)
		return answer(typesView{list, len(list)}, err)
	})
	operation(a, "POST", "/api/v1/types", "add-type", "Add a type; the whole district's administrator alone", can, 201, func(ctx context.Context, in *addTypeInput) (*body[dispatch.IncidentType], error) {
		b := in.Body
		return after(ctx, a.Reader.IncidentType)(a.Service.AddType(ctx, a.command(ctx, in.Key, "type.add", b),
			dispatch.NewType{Word: b.Word, ParentCode: b.ParentCode, NameZh: b.NameZh, NameEn: b.NameEn}, b.Plan.plan(), b.Note))
	})
	operation(a, "POST", "/api/v1/types/{code}", "change-type", "Rename, move or retire a type, or use it again", can, 200, func(ctx context.Context, in *changeTypeInput) (*body[dispatch.IncidentType], error) {
		b := in.Body
		return after(ctx, a.Reader.IncidentType)(a.Service.ChangeType(ctx, a.command(ctx, in.Key, "type.change", in), in.Code, b.Version,
			dispatch.TypeEdit{NameZh: b.NameZh, NameEn: b.NameEn, ParentCode: b.ParentCode, Retired: b.Retired}))
	})
	operation(a, "GET", "/api/v1/type-codes", "list-type-codes", "What codes of other tables stand for (GB/T 35561, 12345)", see, 200, func(ctx context.Context, in *typeCodesInput) (*body[typeCodesView], error) {
		list, err := a.Reader.TypeCodes(ctx, in.Standard)
		return answer(typeCodesView{list, len(list)}, err)
	})
	a.planRoutes()
	a.hoursRoutes()
}

func (a *api) planRoutes() {
	see, can := sees(dispatch.FieldPlan), Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/types/{code}/plans", "list-plans", "The versions of a type's plan, the newest first, with what each changed (预案)", see, 200, func(ctx context.Context, in *TypeCodeInput) (*body[plansView], error) {
		list, err := a.Reader.PlanVersions(ctx, in.Code)
		return answer(plansView{list, len(list)}, err)
	})
	operation(a, "GET", "/api/v1/types/{code}/plans/changes", "compare-plans", "What differs between two versions of a plan", see, 200, a.comparePlans)
	operation(a, "POST", "/api/v1/types/{code}/plans", "add-plan", "Make a new version of a type's plan; open incidents keep theirs", can, 201, func(ctx context.Context, in *addPlanInput) (*body[plansView], error) {
		_, err := a.Service.AddPlan(ctx, a.command(ctx, in.Key, "plan.add", in), in.Code, in.Body.Version, *in.Body.Plan.plan(), in.Body.Note)
		if err != nil {
			return nil, err
		}
		list, err := a.Reader.PlanVersions(ctx, in.Code)
		return answer(plansView{list, len(list)}, err)
	})
}

func (a *api) comparePlans(ctx context.Context, in *planChangesInput) (*body[planChangesView], error) {
	list, err := a.Reader.PlanVersions(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	view := planChangesView{From: in.From, To: in.To}
	var from, to *dispatch.Plan
	for k := range list {
		if list[k].Version == in.From {
			from = &list[k].Plan
		}
		if list[k].Version == in.To {
			to = &list[k].Plan
		}
	}
	if from == nil || to == nil {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	view.Changes = dispatch.PlanChanges(*from, *to)
	return answer(view, nil)
}

func (a *api) hoursRoutes() {
	see, can := sees(dispatch.FieldPlan), Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/working-hours", "working-hours", "When offices work in the week (工作时间)", see, 200, func(ctx context.Context, _ *none) (*body[workingHoursView], error) {
		week, err := a.Reader.WorkingHours(ctx)
		return answer(workingHoursView{week}, err)
	})
	operation(a, "POST", "/api/v1/working-hours", "set-working-hours", "Say when offices work in the week", can, 200, func(ctx context.Context, in *setHoursInput) (*body[workingHoursView], error) {
		if _, err := a.Service.SetWorkingHours(ctx, a.command(ctx, in.Key, "calendar.set", in.Body), in.Body.Week); err != nil {
			return nil, err
		}
		week, err := a.Reader.WorkingHours(ctx)
		return answer(workingHoursView{week}, err)
	})
}
