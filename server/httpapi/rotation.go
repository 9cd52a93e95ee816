package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

// ShiftBody is what is said of a shift.
type ShiftBody struct {
	Name     string `json:"name" minLength:"1" maxLength:"64"`
	Kind     string `json:"kind" enum:"on_duty,on_call"`
	StartsAt string `json:"starts_at" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"HH:MM of the day, in the installation's time."`
	Minutes  int    `json:"minutes" minimum:"15" maximum:"1440"`
}

func (b ShiftBody) shift(areaID int64) dispatch.Shift {
	return dispatch.Shift{AreaID: areaID, Name: b.Name, Kind: dispatch.DutyState(b.Kind), StartsAt: b.StartsAt, Minutes: b.Minutes}
}

type addShiftInput struct {
	CommandInput
	Body struct {
		AreaID int64 `json:"area_id" minimum:"1"`
		ShiftBody
	}
}

type changeShiftInput struct {
	CommandInput
	IDInput
	Body struct {
		Version int `json:"version" minimum:"1" doc:"The version that was seen."`
		ShiftBody
	}
}

type seenInput struct {
	CommandInput
	IDInput
	Body struct {
		Version int `json:"version" minimum:"1" doc:"The version that was seen."`
	}
}

// TeamBody is what is said of a team.
type TeamBody struct {
	Name      string  `json:"name" minLength:"1" maxLength:"64"`
	MemberIDs []int64 `json:"member_ids" maxItems:"200" doc:"Responders within the team's area or below. The list replaces the one before." nullable:"false"`
}

type addTeamInput struct {
	CommandInput
	Body struct {
		AreaID int64 `json:"area_id" minimum:"1"`
		TeamBody
	}
}

type changeTeamInput struct {
	CommandInput
	IDInput
	Body struct {
		Version int `json:"version" minimum:"1" doc:"The version that was seen."`
		TeamBody
	}
}

type addRotationInput struct {
	CommandInput
	Body struct {
		TeamID   int64   `json:"team_id" minimum:"1"`
		Shifts   []int64 `json:"shifts" minItems:"1" maxItems:"60" nullable:"false" doc:"The shift of each day from starts_on on, in turn; 0 is a day of rest."`
		StartsOn string  `json:"starts_on" format:"date"`
		EndsOn   string  `json:"ends_on,omitempty" format:"date"`
		Days     string  `json:"days,omitempty" enum:"every,working,free" default:"every"`
	}
}

type endRotationInput struct {
	CommandInput
	IDInput
	Body struct {
		Version int    `json:"version" minimum:"1" doc:"The version that was seen."`
		EndsOn  string `json:"ends_on" format:"date" doc:"The last day, yesterday at the earliest. Before the first day the rotation is removed."`
	}
}

type setHolidayInput struct {
	CommandInput
	Body struct {
		Day     string `json:"day" format:"date"`
		Name    string `json:"name" minLength:"1" maxLength:"64"`
		Working bool   `json:"working,omitempty" doc:"It is worked although the week says otherwise (调休)."`
	}
}

type removeHolidayInput struct {
	CommandInput
	Day string `path:"day" format:"date"`
}

type holidaysInput struct {
	From string `query:"from" format:"date" doc:"The first of the year where it is missing."`
	To   string `query:"to" format:"date" doc:"The last of the next year where it is missing."`
}

type rotationsInput struct {
	AreaID int64 `query:"area_id"`
	TeamID int64 `query:"team_id"`
}

type shiftsView struct {
	Shifts []dispatch.Shift `json:"shifts" nullable:"false"`
	Total  int              `json:"total"`
}

type teamsView struct {
	Teams []dispatch.Team `json:"teams" nullable:"false"`
	Total int             `json:"total"`
}

type rotationsView struct {
	Rotations []dispatch.Rotation `json:"rotations" nullable:"false"`
	Total     int                 `json:"total"`
}

type holidaysView struct {
	Holidays []dispatch.Holiday `json:"holidays" nullable:"false"`
	Total    int                `json:"total"`
}

func (a *api) rotations() {
	a.shiftRoutes()
	a.teamRoutes()
	a.rotationRoutes()
	a.holidayRoutes()
}

func (a *api) shiftRoutes() {
	can := Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/shifts", "list-shifts", "The shifts of an area, and of those above it (班次)", sees(dispatch.FieldRoster), 200, a.listShifts)
	operation(a, "POST", "/api/v1/shifts", "add-shift", "Make a shift", can, 201, func(ctx context.Context, in *addShiftInput) (*body[dispatch.Shift], error) {
		out, err := a.Service.AddShift(ctx, a.command(ctx, in.Key, "shift.add", in.Body), in.Body.shift(in.Body.AreaID))
		return after(ctx, a.Reader.Shift)(out, err)
	})
	operation(a, "POST", "/api/v1/shifts/{id}", "change-shift", "Change a shift; duties that have not begun follow", can, 200, func(ctx context.Context, in *changeShiftInput) (*body[dispatch.Shift], error) {
		return after(ctx, a.Reader.Shift)(a.Service.ChangeShift(ctx, a.command(ctx, in.Key, "shift.change", in), in.ID, in.Body.Version, in.Body.shift(0)))
	})
	operation(a, "POST", "/api/v1/shifts/{id}/retire", "retire-shift", "Take a shift out of use", can, 204, func(ctx context.Context, in *seenInput) (*none, error) {
		_, err := a.Service.RetireShift(ctx, a.command(ctx, in.Key, "shift.retire", in), in.ID, in.Body.Version)
		return &none{}, err
	})
}

func (a *api) teamRoutes() {
	can := Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/teams", "list-teams", "The teams of an area and below (班组)", sees(dispatch.FieldRoster), 200, func(ctx context.Context, in *areaInput) (*body[teamsView], error) {
		areas, err := a.scope(ctx, dispatch.See(dispatch.FieldRoster), in.AreaID)
		if err != nil {
			return nil, err
		}
		list, err := a.Reader.Teams(ctx, areas)
		return answer(teamsView{list, len(list)}, err)
	})
	operation(a, "POST", "/api/v1/teams", "add-team", "Make a team with its members", can, 201, func(ctx context.Context, in *addTeamInput) (*body[dispatch.Team], error) {
		return after(ctx, a.Reader.Team)(a.Service.AddTeam(ctx, a.command(ctx, in.Key, "team.add", in.Body), dispatch.Team{AreaID: in.Body.AreaID, Name: in.Body.Name}, in.Body.MemberIDs))
	})
	operation(a, "POST", "/api/v1/teams/{id}", "change-team", "Rename a team, replace its members; duties that have not begun follow", can, 200, func(ctx context.Context, in *changeTeamInput) (*body[dispatch.Team], error) {
		return after(ctx, a.Reader.Team)(a.Service.ChangeTeam(ctx, a.command(ctx, in.Key, "team.change", in), in.ID, in.Body.Version, in.Body.Name, in.Body.MemberIDs))
	})
	operation(a, "POST", "/api/v1/teams/{id}/retire", "retire-team", "End a team and its rotations", can, 204, func(ctx context.Context, in *seenInput) (*none, error) {
		_, err := a.Service.RetireTeam(ctx, a.command(ctx, in.Key, "team.retire", in), in.ID, in.Body.Version)
		return &none{}, err
	})
}

func (a *api) rotationRoutes() {
	can := Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/rotations", "list-rotations", "The rotations that are not over (轮班)", sees(dispatch.FieldRoster), 200, func(ctx context.Context, in *rotationsInput) (*body[rotationsView], error) {
		areas, err := a.scope(ctx, dispatch.See(dispatch.FieldRoster), in.AreaID)
		if err != nil {
			return nil, err
		}
		list, err := a.Reader.Rotations(ctx, areas, in.TeamID)
		return answer(rotationsView{list, len(list)}, err)
	})
	operation(a, "POST", "/api/v1/rotations", "add-rotation", "Let a team work a pattern of shifts", can, 201, a.addRotation)
	operation(a, "POST", "/api/v1/rotations/{id}/end", "end-rotation", "Let a day be a rotation's last", can, 204, func(ctx context.Context, in *endRotationInput) (*none, error) {
		last, err := dispatch.ParseDay(in.Body.EndsOn, "ends_on")
		if err == nil {
			_, err = a.Service.EndRotation(ctx, a.command(ctx, in.Key, "rotation.end", in), in.ID, in.Body.Version, last)
		}
		return &none{}, err
	})
	operation(a, "POST", "/api/v1/rotations/{id}/make", "make-rotation", "Make what is missing of a rotation's duties", can, 200, func(ctx context.Context, in *seenInput) (*body[dispatch.Rotation], error) {
		return after(ctx, a.Reader.Rotation)(a.Service.RemakeRotation(ctx, a.command(ctx, in.Key, "rotation.make", in), in.ID, in.Body.Version))
	})
}

func (a *api) holidayRoutes() {
	can := Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/holidays", "list-holidays", "Days that differ from the week (节假日、调休)", sees(dispatch.FieldRoster), 200, a.listHolidays)
	operation(a, "POST", "/api/v1/holidays", "set-holiday", "Say that a day differs; the whole district's administrator alone", can, 200, func(ctx context.Context, in *setHolidayInput) (*body[dispatch.Holiday], error) {
		day, err := dispatch.ParseDay(in.Body.Day, "day")
		if err != nil {
			return nil, err
		}
		h := dispatch.Holiday{Day: day, Name: in.Body.Name, Working: in.Body.Working}
		_, err = a.Service.SetHoliday(ctx, a.command(ctx, in.Key, "holiday.set", in.Body), h)
		return answer(h, err)
	})
	operation(a, "POST", "/api/v1/holidays/{day}/remove", "remove-holiday", "Make a day like others of the week", can, 204, func(ctx context.Context, in *removeHolidayInput) (*none, error) {
		day, err := dispatch.ParseDay(in.Day, "day")
		if err == nil {
			_, err = a.Service.RemoveHoliday(ctx, a.command(ctx, in.Key, "holiday.remove", in.Day), day)
		}
		return &none{}, err
	})
}

// after answers a command with what it made, as it is now.
func after[T any](ctx context.Context, read func(context.Context, int64) (T, error)) func(dispatch.Outcome, error) (*body[T], error) {
	return func(out dispatch.Outcome, err error) (*body[T], error) {
		if err != nil {
			return nil, err
		}
		return answer(read(ctx, out.ID))
	}
}

// listShifts gives those of the areas above too: they are used below.
func (a *api) listShifts(ctx context.Context, in *areaInput) (*body[shiftsView], error) {
	areas, err := a.scope(ctx, dispatch.See(dispatch.FieldRoster), in.AreaID)
	if err != nil {
		return nil, err
	}
	tree := a.Service.Tree()
	roots := actorOf(ctx).Roots(dispatch.See(dispatch.FieldRoster))
	if in.AreaID != 0 {
		roots = []int64{in.AreaID}
	}
	if areas != nil {
		for _, id := range tree.Below(tree.Root()) {
			for _, root := range roots {
				if id != root && tree.Within(root, id) {
					areas = append(areas, id)
				}
			}
		}
	}
	list, err := a.Reader.Shifts(ctx, areas)
	return answer(shiftsView{list, len(list)}, err)
}

func (a *api) addRotation(ctx context.Context, in *addRotationInput) (*body[dispatch.Rotation], error) {
	b := in.Body
	first, err := dispatch.ParseDay(b.StartsOn, "starts_on")
	if err != nil {
		return nil, err
	}
	r := dispatch.Rotation{TeamID: b.TeamID, Shifts: b.Shifts, StartsOn: first, Days: b.Days}
	if b.EndsOn != "" {
		last, err := dispatch.ParseDay(b.EndsOn, "ends_on")
		if err != nil {
			return nil, err
		}
		r.EndsOn = &last
	}
	return after(ctx, a.Reader.Rotation)(a.Service.AddRotation(ctx, a.command(ctx, in.Key, "rotation.add", b), r))
}

func (a *api) listHolidays(ctx context.Context, in *holidaysInput) (*body[holidaysView], error) {
	today := dispatch.DayOf(a.Service.Now())
	from, to := today[:4]+"-01-01", (today.Add(366))[:4]+"-12-31"
	var err error
	if in.From != "" {
		if from, err = dispatch.ParseDay(in.From, "from"); err != nil {
			return nil, err
		}
	}
	if in.To != "" {
		if to, err = dispatch.ParseDay(in.To, "to"); err != nil {
			return nil, err
		}
	}
	list, err := a.Reader.Holidays(ctx, from, to)
	return answer(holidaysView{list, len(list)}, err)
}
