package httpapi

import (
	"context"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

type incidentsInput struct {
	Queue  string `query:"queue" enum:"mine,area,unassigned,overdue,check,dissatisfied,open,all" default:"open"`
	AreaID int64  `query:"area_id"`
	State  string `query:"state" enum:"reported,verified,dispatching,handling,resolved,checked,closed,rejected,merged,cancelled"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type incidentsView struct {
	Incidents  []dispatch.Incident `json:"incidents" nullable:"false"`
	NextCursor string              `json:"next_cursor,omitempty"`
	Total      int                 `json:"total"`
}

// IDInput is the path of one thing.
type IDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type createIncidentInput struct {
	CommandInput
	Body struct {
		TypeCode    string  `json:"type_code" minLength:"1" maxLength:"64"`
		Lon         float64 `json:"lon"`
		Lat         float64 `json:"lat"`
		Place       string  `json:"place,omitempty" maxLength:"200"`
		Summary     string  `json:"summary,omitempty" maxLength:"2000"`
		Priority    string  `json:"priority,omitempty" enum:"critical,urgent,normal,low"`
		Verified    bool    `json:"verified,omitempty" doc:"Enough is known to skip the verification."`
		CallerPhone string  `json:"caller_phone,omitempty" maxLength:"32"`
	}
}

// stepBody is a command's word on a thing that was seen at a version.
type stepBody struct {
	Version int    `json:"version" minimum:"1" doc:"The version that was seen."`
	Reason  string `json:"reason,omitempty" maxLength:"500"`
}

type stepInput struct {
	CommandInput
	IDInput
	Body stepBody
}

type verifyInput struct {
	CommandInput
	IDInput
	Body struct {
		Version  int    `json:"version" minimum:"1"`
		Priority string `json:"priority,omitempty" enum:"critical,urgent,normal,low"`
	}
}

type checkInput struct {
	CommandInput
	IDInput
	Body struct {
		Version int    `json:"version" minimum:"1"`
		Passed  bool   `json:"passed"`
		Reason  string `json:"reason,omitempty" maxLength:"500"`
	}
}

type editInput struct {
	CommandInput
	IDInput
	Body struct {
		Version int `json:"version" minimum:"1"`
		Fields  struct {
			Summary  *string  `json:"summary,omitempty" maxLength:"2000"`
			Place    *string  `json:"place,omitempty" maxLength:"200"`
			Priority *string  `json:"priority,omitempty" enum:"critical,urgent,normal,low"`
			Lon      *float64 `json:"lon,omitempty"`
			Lat      *float64 `json:"lat,omitempty"`
		} `json:"fields"`
	}
}

type noteInput struct {
	CommandInput
	IDInput
	Body struct {
		Kind   string     `json:"kind" enum:"note,told_119,told_110,told_120"`
		Words  string     `json:"words,omitempty" maxLength:"2000"`
		SaidAt *time.Time `json:"said_at,omitempty"`
	}
}

type candidatesInput struct {
	IDInput
	Limit int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
	Skill string `query:"skill" maxLength:"64"`
	Task  string `query:"task" enum:"direct,perimeter" default:"direct" doc:"perimeter: outside the danger, for volunteers too."`
}

type sendInput struct {
	CommandInput
	IDInput
	Body struct {
		Version      int     `json:"version" minimum:"1"`
		ResponderIDs []int64 `json:"responder_ids" minItems:"1" maxItems:"200"`
		Reason       string  `json:"reason,omitempty" maxLength:"500" doc:"Needed where somebody is picked whom the ranking does not recommend."`
		Task         string  `json:"task,omitempty" enum:"direct,perimeter" default:"direct" doc:"What they are asked to do: the incident itself, or its perimeter (疏散引导, 物资, 登记)."`
	}
}

type sentView struct {
	Incident dispatch.Incident `json:"incident"`
	Offers   []dispatch.Offer  `json:"offers" nullable:"false"`
}

func (a *api) incidents() {
	can := Access(dispatch.ActionDispatch)
	operation(a, "GET", "/api/v1/incidents", "list-incidents", "A queue of incidents, newest first", sees(dispatch.FieldIncident), 200, a.listIncidents)
	operation(a, "POST", "/api/v1/incidents", "create-incident", "Take in an incident", can, 201, a.createIncident)
	operation(a, "GET", "/api/v1/incidents/{id}", "get-incident", "An incident with all that belongs to it", SignedIn, 200, a.incidentDetail)
	operation(a, "GET", "/api/v1/incidents/{id}/surroundings", "surroundings", "Cameras, AEDs, hydrants and shelters around it", SignedIn, 200, a.surroundings)
	operation(a, "GET", "/api/v1/incidents/{id}/candidates", "candidates", "Who could be sent, ranked, with reasons", can, 200,
		func(ctx context.Context, in *candidatesInput) (*body[dispatch.Recommendation], error) {
			return answer(a.Service.Recommend(ctx, actorOf(ctx), in.ID, dispatch.Wanted{Task: dispatch.TaskKind(in.Task), Skill: in.Skill, Limit: in.Limit}))
		})
	operation(a, "POST", "/api/v1/incidents/{id}/offers", "send", "Offer it to responders: one wave", can, 201, a.send)
	operation(a, "POST", "/api/v1/incidents/{id}/waves", "begin-waves", "Offer it by its plan, wave by wave, until there are enough", can, 200,
		func(ctx context.Context, in *stepInput) (*body[dispatch.Incident], error) {
			return a.changed(ctx)(a.Service.BeginWaves(ctx, a.command(ctx, in.Key, "incident.waves", in), in.ID, in.Body.Version))
		})
	operation(a, "POST", "/api/v1/incidents/{id}/waves/stop", "stop-waves", "Send no further wave; offers that are out stay", can, 200,
		func(ctx context.Context, in *stepInput) (*body[dispatch.Incident], error) {
			return a.changed(ctx)(a.Service.StopWaves(ctx, a.command(ctx, in.Key, "incident.waves_stop", in), in.ID, in.Body.Version))
		})
	operation(a, "POST", "/api/v1/incidents/{id}/verify", "verify", "Verify", can, 200, func(ctx context.Context, in *verifyInput) (*body[dispatch.Incident], error) {
		return a.changed(ctx)(a.Service.Verify(ctx, a.command(ctx, in.Key, "incident.verify", in), in.ID, in.Body.Version, dispatch.Priority(in.Body.Priority)))
	})
	a.step("reject", "Reject with a reason", can, a.Service.Reject)
	a.step("cancel", "Cancel with a reason", can, a.Service.Cancel)
	a.step("resolve", "Say that it is handled", can, a.Service.Resolve)
	a.step("reopen", "Reopen with a reason", can, a.Service.Reopen)
	a.step("close", "Close", can, func(ctx context.Context, c dispatch.Command, id int64, seen int, _ string) (dispatch.Outcome, error) {
		return a.Service.Close(ctx, c, id, seen)
	})
	operation(a, "POST", "/api/v1/incidents/{id}/check", "check", "Check; not by the one who resolved it", Access(dispatch.ActionCheck), 200,
		func(ctx context.Context, in *checkInput) (*body[dispatch.Incident], error) {
			return a.changed(ctx)(a.Service.Check(ctx, a.command(ctx, in.Key, "incident.check", in), in.ID, in.Body.Version, in.Body.Passed, in.Body.Reason))
		})
	operation(a, "POST", "/api/v1/incidents/{id}/edit", "edit-incident", "Change fields; edits of different fields merge", can, 200, a.editIncident)
	operation(a, "POST", "/api/v1/incidents/{id}/timeline", "add-note", "Add words, or that 119, 110 or 120 was told", SignedIn, 201, a.addNote)
}

// step registers a command that needs no more than the version and a reason.
func (a *api) step(name, summary string, access Access, do func(ctx context.Context, c dispatch.Command, id int64, seen int, reason string) (dispatch.Outcome, error)) {
	operation(a, "POST", "/api/v1/incidents/{id}/"+name, name, summary, access, 200, func(ctx context.Context, in *stepInput) (*body[dispatch.Incident], error) {
		return a.changed(ctx)(do(ctx, a.command(ctx, in.Key, "incident."+name, in), in.ID, in.Body.Version, in.Body.Reason))
	})
}

// changed answers with the incident that a command changed, as it is now.
func (a *api) changed(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.Incident], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.Incident], error) {
		if err != nil {
			return nil, err
		}
		i, err := a.Reader.Incident(ctx, out.ID)
		if err != nil {
			return nil, err
		}
		return answer(a.shownIncident(ctx, i))
	}
}

func (a *api) listIncidents(ctx context.Context, in *incidentsInput) (*body[incidentsView], error) {
	reach, err := a.reach(ctx, in.AreaID)
	if err != nil {
		return nil, err
	}
	before, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, total, err := a.Reader.Incidents(ctx, dispatch.IncidentFilter{Reach: reach, Queue: in.Queue, State: in.State,
		AccountID: actorOf(ctx).AccountID, Limit: in.Limit, BeforeID: before})
	if err != nil {
		return nil, err
	}
	view := incidentsView{Incidents: list, Total: total}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	sight := a.sight(ctx)
	view.Incidents = dispatch.Each(list, func(i dispatch.Incident) (dispatch.Incident, bool) { return sight.Incident(i, false).Incident(i) })
	return answer(view, nil)
}

func (a *api) createIncident(ctx context.Context, in *createIncidentInput) (*body[dispatch.Incident], error) {
	return a.changed(ctx)(a.Service.TakeIn(ctx, a.command(ctx, in.Key, "incident.create", in.Body), dispatch.Intake{
		TypeCode: in.Body.TypeCode, Point: orb.Point{in.Body.Lon, in.Body.Lat}, Place: in.Body.Place, Words: in.Body.Summary,
		Phone: in.Body.CallerPhone, Priority: dispatch.Priority(in.Body.Priority), Verified: in.Body.Verified, Channel: dispatch.ChannelDispatcher}))
}

func (a *api) incidentDetail(ctx context.Context, in *IDInput) (*body[dispatch.IncidentDetail], error) {
	d, err := a.Reader.IncidentDetail(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	v, err := a.incidentView(ctx, d.Incident)
	if err != nil {
		return nil, err
	}
	return answer(found(a.sight(ctx).Detail(v, d)))
}

func (a *api) surroundings(ctx context.Context, in *IDInput) (*body[dispatch.Surroundings], error) {
	i, err := a.Reader.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	// Around the point as it is shown: distances from the true one would give it away.
	if i, err = a.shownIncident(ctx, i); err != nil {
		return nil, err
	}
	out, err := a.Reader.Surroundings(ctx, i)
	return answer(a.sight(ctx).Surroundings(i, out), err)
}

func (a *api) send(ctx context.Context, in *sendInput) (*body[sentView], error) {
	out, err := a.Service.SendTask(ctx, a.command(ctx, in.Key, "incident.send", in), in.ID, in.Body.Version, in.Body.ResponderIDs, in.Body.Reason, dispatch.TaskKind(in.Body.Task))
	if err != nil {
		return nil, err
	}
	i, err := a.Reader.Incident(ctx, out.ID)
	if err == nil {
		i, err = a.shownIncident(ctx, i)
	}
	if err != nil {
		return nil, err
	}
	offers, err := a.Reader.OffersOfLastWave(ctx, out.ID)
	return answer(sentView{i, dispatch.Each(offers, a.sight(ctx).Offer)}, err)
}

func (a *api) editIncident(ctx context.Context, in *editInput) (*body[dispatch.Incident], error) {
	f := in.Body.Fields
	e := dispatch.Edit{Summary: f.Summary, Place: f.Place}
	if f.Priority != nil {
		p := dispatch.Priority(*f.Priority)
		e.Priority = &p
	}
	if (f.Lon == nil) != (f.Lat == nil) {
		return nil, dispatch.Refuse(dispatch.CodeRequired, "fields.lat")
	}
	if f.Lon != nil {
		e.Point = &orb.Point{*f.Lon, *f.Lat}
	}
	return a.changed(ctx)(a.Service.Change(ctx, a.command(ctx, in.Key, "incident.edit", in), in.ID, in.Body.Version, e))
}

func (a *api) addNote(ctx context.Context, in *noteInput) (*body[dispatch.TimelineEntry], error) {
	var at time.Time
	if in.Body.SaidAt != nil {
		at = *in.Body.SaidAt
	}
	out, err := a.Service.Note(ctx, a.command(ctx, in.Key, "incident.note", in), in.ID, in.Body.Kind, in.Body.Words, at)
	if err != nil {
		return nil, err
	}
	return answer(a.Reader.TimelineEntry(ctx, out.ID))
}

// A cursor is opaque to clients: the last id that was given.
func writeCursor(id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(id, 10)))
}

func readCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, dispatch.Refuse(dispatch.CodeInvalid, "cursor")
	}
	id, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || id <= 0 {
		return 0, dispatch.Refuse(dispatch.CodeInvalid, "cursor")
	}
	return id, nil
}
