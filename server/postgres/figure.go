package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// selectTimes draws the marks of incidents from the log: of the incident there are
// only where it is, its type and its plan, which no step changes. What follows must
// say which events e of incident.reported, and which incidents i.
const selectTimes = `
select i.id, i.type_code, i.area_id, e.at, m.verified, m.offered, m.accepted, m.handling, m.arrived, m.resolved, m.closed,
	case when m.rejected then 'rejected' when m.cancelled then 'cancelled' when m.merged then 'merged' else '' end,
	p.verify_seconds, p.dispatch_seconds, p.arrive_seconds, p.resolve_seconds, p.check_seconds, p.working_hours,
	y.satisfied, y.mostly, y.dissatisfied` + markedIncidents + `
cross join lateral (select count(*) filter (where x.answer = 'satisfied') as satisfied, count(*) filter (where x.answer = 'mostly') as mostly,
	count(*) filter (where x.answer = 'dissatisfied') as dissatisfied from (` + answersOf + `) x) y`

// markedIncidents are the incidents i of the log with their plans p and marks m.
// Kinds are those of the index event_mark.
const markedIncidents = `
from event e join incident i on i.id = e.incident_id join plan p on p.id = i.plan_id
cross join lateral (
	select min(x.at) filter (where x.kind = 'incident.verified') as verified,
		min(x.at) filter (where x.kind in ('offer.offered', 'unit_order.sent')) as offered,
		min(x.at) filter (where x.kind in ('assignment.accepted', 'unit_order.signed')) as accepted,
		min(x.at) filter (where x.kind = 'incident.handling') as handling,
		min(x.at) filter (where x.kind in ('assignment.on_scene', 'incident.arrived')) as arrived,
		case when max(x."offset") filter (where x.kind = 'incident.resolved') > ` + lastAgain + ` then max(x.at) filter (where x.kind = 'incident.resolved') end as resolved,
		case when max(x."offset") filter (where x.kind = 'incident.closed') > ` + lastAgain + ` then max(x.at) filter (where x.kind = 'incident.closed') end as closed,
		max(x."offset") filter (where x.kind = 'incident.closed') as closed_offset,
		bool_or(x.kind = 'incident.rejected') as rejected, bool_or(x.kind = 'incident.cancelled') as cancelled,
		max(x."offset") filter (where x.kind = 'incident.merged') > coalesce(max(x."offset") filter (where x.kind = 'incident.unmerged'), -1) as merged
	from event x where x.incident_id = i.id and ` + isMark + `) m`

// ofFilter says of markedIncidents which a filter asks for.
const ofFilter = `
where e.kind = 'incident.reported' and e.at >= $1 and e.at < $2
	and ($3::bigint[] is null or i.area_id = any($3)) and ($4::text[] is null or i.type_code = any($4))`

// lastAgain is where in the log it was taken up again for the last time.
const lastAgain = `coalesce(max(x."offset") filter (where x.kind in ('incident.check_refused', 'incident.reopened')), -1)`

const isMark = `x.kind in ('incident.verified', 'incident.handling', 'incident.arrived', 'incident.resolved', 'incident.check_refused', 'incident.reopened',
	'incident.closed', 'incident.rejected', 'incident.cancelled', 'incident.merged', 'incident.unmerged', 'offer.offered', 'unit_order.sent',
	'assignment.accepted', 'unit_order.signed', 'assignment.on_scene')`

// EachIncidentTimes gives the incidents of a filter, in no order. The filter's areas
// are what the asker's rights come to: an incident that was found to lie elsewhere
// has its first events in another area, which may be closed to them, so that it is
// read as the system does. No more than counts and medians of it leave.
func (s *Store) EachIncidentTimes(ctx context.Context, f dispatch.FigureFilter, each func(dispatch.IncidentTimes)) error {
	hours, err := calendar(ctx, s.system())
	if err != nil {
		return err
	}
	rows, err := s.system().Query(ctx, selectTimes+ofFilter, f.From, f.To, f.AreaIDs, f.TypeCodes)
	if err != nil {
		return translate(err)
	}
	return eachTimes(rows, hours, each)
}

// IncidentTimes gives one incident, to who may see figures of where it lies.
func (s *Store) IncidentTimes(ctx context.Context, id int64) (dispatch.IncidentTimes, error) {
	hours, err := calendar(ctx, s.system())
	if err != nil {
		return dispatch.IncidentTimes{}, err
	}
	rows, err := s.system().Query(ctx, selectTimes+` where e.kind = 'incident.reported' and e.incident_id = $1`, id)
	if err != nil {
		return dispatch.IncidentTimes{}, translate(err)
	}
	out, found := dispatch.IncidentTimes{}, false
	err = eachTimes(rows, hours, func(t dispatch.IncidentTimes) { out, found = t, true })
	if err == nil && !found {
		err = dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	return out, err
}

func eachTimes(rows pgx.Rows, hours dispatch.Calendar, each func(dispatch.IncidentTimes)) error {
	var t dispatch.IncidentTimes
	var working bool
	_, err := pgx.ForEachRow(rows, []any{&t.IncidentID, &t.TypeCode, &t.AreaID, &t.Reported, &t.Verified, &t.Offered, &t.Accepted, &t.Handling, &t.Arrived,
		&t.Resolved, &t.Closed, &t.LeftOut, &t.VerifySeconds, &t.DispatchSeconds, &t.ArriveSeconds, &t.ResolveSeconds, &t.CheckSeconds, &working,
		&t.Answers.Satisfied, &t.Answers.Mostly, &t.Answers.Dissatisfied}, func() error {
		t.Calendar = dispatch.Calendar{}
		if working {
			t.Calendar = hours
		}
		each(t)
		return nil
	})
	return translate(err)
}

// choicesOf are the offers of the incidents of a filter: those that were rejected,
// cancelled or merged are left out, as from the other figures.
const choicesOf = ` from incident i join offer o on o.incident_id = i.id
	where i.reported_at >= $1 and i.reported_at < $2 and i.state not in ('rejected', 'cancelled', 'merged')
		and ($3::bigint[] is null or i.area_id = any($3)) and ($4::text[] is null or i.type_code = any($4))`

// Choices counts the offers of a filter by area, type and whether they were picked
// by hand.
func (s *Store) Choices(ctx context.Context, f dispatch.FigureFilter) ([]dispatch.ChoiceRow, error) {
	return many[dispatch.ChoiceRow](ctx, s.read(ctx), `select c.area_id, c.type_code, c.hand_picked, count(*) as offers, count(*) filter (where c.rank = 1) as first,
			count(*) filter (where c.rank is null) as outside, count(a.id) as accepted, count(a.on_scene_at) as arrived,
			array_agg(c.travel_seconds - c.first_travel_seconds) filter (where c.hand_picked and c.travel_seconds is not null and c.first_travel_seconds is not null) as more_travel
		from (select i.area_id, i.type_code, o.id, o.hand_picked, o.rank, o.travel_seconds, o.first_travel_seconds`+choicesOf+`) c
		left join assignment a on a.offer_id = c.id group by 1, 2, 3`, f.From, f.To, f.AreaIDs, f.TypeCodes)
}

// ChoiceReasons gives why people were picked by hand, the most frequent first.
func (s *Store) ChoiceReasons(ctx context.Context, f dispatch.FigureFilter, limit int) ([]dispatch.ChoiceReason, error) {
	return many[dispatch.ChoiceReason](ctx, s.read(ctx), `select btrim(o.reason) as reason, count(*) as count`+choicesOf+`
			and o.hand_picked and btrim(o.reason) <> '' group by 1 order by 2 desc, 1 limit $5`, f.From, f.To, f.AreaIDs, f.TypeCodes, limit)
}
