package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
)

// selectIncident reads incidents as i, with their type t and area a. Counts of
// offers and assignments come from their own tables, never from a copy.
const selectIncident = `
select i.id, i.type_code, i.plan_id, t.family, i.area_id,
       case a.level when 'street' then a.id when 'community' then a.parent_id end as street_id,
       i.compound_id, i.priority, i.grade, i.state, i.state_since, i.due_at, i.version,
       st_x(i.point) as lon, st_y(i.point) as lat, to_hex(i.cell) as cell, i.place, i.summary, i.quota, p.hazard, i.wave_at, i.wave_areas, i.wave_round, i.ladder_at, i.ladder_rung, coalesce(i.told_level, '') as told_level,
       (select count(*) from offer o where o.incident_id = i.id and o.state in ('offered', 'seen', 'later', 'standby')) as offered,
       (select count(*) from assignment s where s.incident_id = i.id and s.state in ('accepted', 'en_route', 'on_scene')) as active,
       (select count(*) from assignment s where s.incident_id = i.id and s.state = 'on_scene') as on_scene,
       (select count(*) from unit_order o where o.incident_id = i.id and o.state in ('sent', 'signed', 'extension_asked', 'suspension_asked', 'suspended')) as orders,
       i.opened_by, i.verified_by, i.resolved_by, i.checked_by, i.merged_into, i.reason,
       i.reported_at, coalesce(i.round_at, i.verified_at, i.reported_at) as round_at, i.verified_at, i.first_offer_at, i.first_acceptance_at, i.first_arrival_at,
       i.resolved_at, i.checked_at, i.closed_at, i.words_destroyed_at as destroyed_at,
       (select jsonb_agg(jsonb_build_object('area_id', y.area_id, 'why', y.why, 'since', y.since, 'until', y.until) order by y.id)
        from incident_party y where y.incident_id = i.id) as parties
from incident i
join incident_type t on t.code = i.type_code
join plan p on p.id = i.plan_id
join area a on a.id = i.area_id`

const planColumns = `p.id, p.version, p.priority, p.skills, p.quota, p.hazard, p.hazard_affiliations, p.hazard_training, p.offer_seconds, p.verify_seconds, p.dispatch_seconds,
       p.arrive_seconds, p.resolve_seconds, p.check_seconds, p.send_first, p.over_offer::float8 as over_offer, p.waves, p.ladder, p.pair, p.welfare_seconds, p.checklist, p.grade, p.tell,
       p.working_hours, coalesce(p.reach, '[]') as reach,
       (select coalesce(jsonb_agg(jsonb_build_object('role', u.role, 'kind', u.unit_kind) order by u.role, u.unit_kind), '[]') from plan_unit u where u.plan_id = p.id) as units`

const selectPlan = `select ` + planColumns + ` from plan p`

func (t *tx) LockIncident(ctx context.Context, id int64) (dispatch.Incident, dispatch.Plan, error) {
	i, err := one[dispatch.Incident](ctx, t, selectIncident+` where i.id = $1 for update of i`, id)
	if err != nil {
		return dispatch.Incident{}, dispatch.Plan{}, err
	}
	plan, err := one[dispatch.Plan](ctx, t, selectPlan+` where p.id = $1`, i.PlanID)
	if err != nil {
		return i, plan, err
	}
	return i, plan, hoursOf(ctx, t, &plan)
}

func (t *tx) InsertIncident(ctx context.Context, i *dispatch.Incident) error {
	cell, err := geo.ParseCell(i.Cell)
	if err != nil {
		return err
	}
	return t.QueryRow(ctx, `
		insert into incident (type_code, plan_id, area_id, compound_id, priority, state, state_since, due_at, version,
			point, cell, place, summary, quota, opened_by, reported_at, ladder_at, grade)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, st_setsrid(st_makepoint($10, $11), 4326), $12, $13, $14, $15, $16, $17, $18, $19)
		returning id`,
		i.TypeCode, i.PlanID, i.AreaID, i.CompoundID, i.Priority, i.State, i.StateSince, i.DueAt, i.Version,
		i.Lon, i.Lat, cell.Int64(), i.Place, i.Summary, i.Quota, i.OpenedBy, i.ReportedAt, i.LadderAt, i.Grade).Scan(&i.ID)
}

func (t *tx) SaveIncident(ctx context.Context, i dispatch.Incident) error {
	cell, err := geo.ParseCell(i.Cell)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `
		update incident set area_id = $2, compound_id = $3, priority = $4, state = $5, state_since = $6, due_at = $7, version = $8,
			point = st_setsrid(st_makepoint($9, $10), 4326), cell = $11, place = $12, summary = $13,
			verified_by = $14, resolved_by = $15, checked_by = $16, reason = $17, verified_at = $18, first_offer_at = $19,
			first_acceptance_at = $20, first_arrival_at = $21, resolved_at = $22, checked_at = $23, closed_at = $24, updated_at = $25, round_at = $26,
			wave_at = $27, wave_areas = $28, wave_round = $29, ladder_at = $30, ladder_rung = $31, told_level = nullif($32, ''), merged_into = $33
		where id = $1`,
		i.ID, i.AreaID, i.CompoundID, i.Priority, i.State, i.StateSince, i.DueAt, i.Version, i.Lon, i.Lat, cell.Int64(), i.Place, i.Summary,
		i.VerifiedBy, i.ResolvedBy, i.CheckedBy, i.Reason, i.VerifiedAt, i.FirstOfferAt,
		i.FirstAcceptanceAt, i.FirstArrivalAt, i.ResolvedAt, i.CheckedAt, i.ClosedAt, t.store.now(), i.RoundAt,
		i.WaveAt, i.WaveAreas, i.WaveRound, i.LadderAt, i.LadderRung, string(i.ToldLevel), i.MergedInto)
	return err
}

func (t *tx) EditedSince(ctx context.Context, id int64, version int) ([]string, string, error) {
	type change struct {
		Kind, Fields, By string
	}
	changes, err := many[change](ctx, t, `
		select e.kind, coalesce(e.data->>'fields', '') as fields, coalesce(a.display_name, '') as by
		from (select kind, data, account_id, noun_version from event where incident_id = $1 and noun = 'incident'
			union all
			select kind, data, account_id, noun_version from event_pending where incident_id = $1 and noun = 'incident') e
		left join account a on a.id = e.account_id
		where e.noun_version > $2 order by e.noun_version`, id, version)
	if err != nil {
		return nil, "", err
	}
	var fields []string
	by := ""
	for _, c := range changes {
		if c.Fields != "" {
			fields = append(fields, strings.Split(c.Fields, ",")...)
		}
		by = c.By
	}
	return fields, by, nil
}

func (t *tx) TypeAndPlan(ctx context.Context, code string) (dispatch.IncidentType, error) {
	kind, err := typeAndPlan(ctx, t, code)
	if err != nil {
		return kind, err
	}
	return kind, hoursOf(ctx, t, kind.Plan)
}

func typeAndPlan(ctx context.Context, q querier, code string) (dispatch.IncidentType, error) {
	if standard, theirs, ok := strings.Cut(code, ":"); ok {
		if err := translate(q.QueryRow(ctx, `select type_code from type_code_map where source = $1 and external_id = $2 and retired_at is null`, standard, theirs).Scan(&code)); err != nil {
			return dispatch.IncidentType{}, unknownType(err)
		}
	}
	kind, err := one[dispatch.IncidentType](ctx, q, selectType+` where code = $1 and retired_at is null`, code)
	if err != nil {
		return kind, unknownType(err)
	}
	plan, err := one[dispatch.Plan](ctx, q, selectPlan+` where p.type_code = $1 order by p.version desc limit 1`, code)
	kind.Plan = &plan
	return kind, unknownType(err)
}

func unknownType(err error) error {
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return dispatch.Refuse(dispatch.CodeUnknownType, "type_code")
	}
	return err
}

func (t *tx) Locate(ctx context.Context, p orb.Point) (int64, *int64, error) {
	var areaID int64
	var compoundID *int64
	err := t.QueryRow(ctx, `
		select a.id, (select c.id from compound c where st_covers(c.boundary, g.p) and c.retired_at is null limit 1)
		from (select st_setsrid(st_makepoint($1, $2), 4326) as p) g, area a
		where st_covers(a.boundary, g.p) and a.level <> 'grid' and a.retired_at is null
		order by case a.level when 'community' then 0 when 'street' then 1 else 2 end, a.id limit 1`, p.Lon(), p.Lat()).Scan(&areaID, &compoundID)
	if err = translate(err); dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return 0, nil, dispatch.Refuse(dispatch.CodeOutsideDistrict, "lon")
	}
	return areaID, compoundID, err
}

// Incident gives one incident.
func (s *Store) Incident(ctx context.Context, id int64) (dispatch.Incident, error) {
	return one[dispatch.Incident](ctx, s.read(ctx), selectIncident+` where i.id = $1`, id)
}

// IncidentPlan gives an incident with the plan it started with.
func (s *Store) IncidentPlan(ctx context.Context, id int64) (dispatch.Incident, dispatch.Plan, error) {
	i, err := s.Incident(ctx, id)
	if err != nil {
		return i, dispatch.Plan{}, err
	}
	plan, err := one[dispatch.Plan](ctx, s.read(ctx), selectPlan+` where p.id = $1`, i.PlanID)
	return i, plan, err
}

// open holds for incidents that are not over.
const open = `i.state not in ('closed', 'rejected', 'merged', 'cancelled')`

// queues says what each queue of the console holds. $3 is the account, $4 the time.
var queues = map[string]string{
	"open": open,
	"area": open,
	"all":  `true`,
	"mine": open + ` and $3 in (i.opened_by, i.verified_by, (select o.offered_by from offer o where o.incident_id = i.id order by o.id desc limit 1))`,
	"unassigned": `i.state in ('verified', 'dispatching') and not exists (select 1 from assignment s where s.incident_id = i.id and s.state in ('accepted', 'en_route', 'on_scene'))
		and not exists (select 1 from unit_order o where o.incident_id = i.id and o.state in ('sent', 'signed', 'extension_asked', 'suspension_asked', 'suspended'))`,
	"overdue": open + ` and i.due_at < $4`,
	"check":   `i.state in ('resolved', 'checked')`,
	"dissatisfied": `i.state = 'closed' and i.id = any(array(select r.incident_id from satisfaction x join report r on r.id = x.report_id join incident k on k.id = r.incident_id
		where x.answer = 'dissatisfied' and x.answered_at > $4::timestamptz - interval '30 days' and x.closed_at = k.closed_at))`,
}

// reached holds for incidents within reach: of the areas $1 (null for all), and
// those in which the areas $2 take part.
const reached = `($1::bigint[] is null or i.area_id = any($1)
	or i.id in (select y.incident_id from incident_party y where y.until is null and y.area_id = any($2::bigint[])))`

// anywhere and withinAreas are the two cases of reached for lists, each of a form
// that the planner finds by index whatever the areas are, so that it need not
// plan anew, and row-level security looks at nothing else.
const (
	anywhere    = `$1::bigint[] is null and ($2::bigint[] is null or true)`
	withinAreas = `(i.area_id = any($1::bigint[])
	or i.id = any(array(select y.incident_id from incident_party y where y.until is null and y.area_id = any($2::bigint[]))))`
)

// reachedBy is the same of what belongs to an incident, under an alias.
func reachedBy(alias string) string {
	return strings.NewReplacer("i.area_id", alias+".area_id", "i.id", alias+".incident_id").Replace(reached)
}

// Incidents gives a page of a queue, newest first, and how many it holds in all.
func (s *Store) Incidents(ctx context.Context, f dispatch.IncidentFilter) ([]dispatch.Incident, int, error) {
	queue, ok := queues[f.Queue]
	if !ok {
		queue = open
	}
	within := anywhere
	if f.AreaIDs != nil {
		within = withinAreas
	}
	where := ` where ` + within + ` and ` + queue +
		` and ($5 = '' or i.state = $5) and $3::bigint is not null and $4::timestamptz is not null`
	var total int
	err := s.readOnce(ctx).QueryRow(ctx, `select count(*) from incident i`+where, f.AreaIDs, f.PartyAreaIDs, f.AccountID, s.now(), f.State).Scan(&total)
	if err != nil {
		return nil, 0, translate(err)
	}
	list, err := many[dispatch.Incident](ctx, s.readOnce(ctx), selectIncident+where+` and ($6 = 0 or i.id < $6) order by i.id desc limit $7`,
		f.AreaIDs, f.PartyAreaIDs, f.AccountID, s.now(), f.State, f.BeforeID, f.Limit)
	return list, total, err
}

// IncidentDetail gives an incident with all that belongs to it.
func (s *Store) IncidentDetail(ctx context.Context, id int64) (dispatch.IncidentDetail, error) {
	var d dispatch.IncidentDetail
	var err error
	if d.Incident, d.Plan, err = s.IncidentPlan(ctx, id); err != nil {
		return d, err
	}
	if d.Reports, err = s.reports(ctx, id); err != nil {
		return d, err
	}
	if d.Offers, err = many[dispatch.Offer](ctx, s.read(ctx), selectOffer+` where o.incident_id = $1 order by o.wave, o.id`, id); err != nil {
		return d, err
	}
	if d.Assignments, err = many[dispatch.Assignment](ctx, s.read(ctx), selectAssignment+` where s.incident_id = $1 order by s.id`, id); err != nil {
		return d, err
	}
	if d.UnitOrders, err = many[dispatch.UnitOrder](ctx, s.read(ctx), selectUnitOrder+` where o.incident_id = $1 order by o.id`, id); err != nil {
		return d, err
	}
	if d.Timeline, err = many[dispatch.TimelineEntry](ctx, s.read(ctx), selectTimeline+` where t.incident_id = $1 order by t.id`, id); err != nil {
		return d, err
	}
	if d.Photos, err = many[dispatch.Photo](ctx, s.read(ctx), `select id, width, height, created_at, '/api/v1/photos/' || id as url
		from attachment where incident_id = $1 order by id`, id); err != nil {
		return d, err
	}
	if d.Escalations, err = many[dispatch.Escalation](ctx, s.read(ctx), selectEscalation+` where e.incident_id = $1 order by e.id`, id); err != nil {
		return d, err
	}
	if d.Merged, err = s.merges(ctx, id); err != nil {
		return d, err
	}
	d.Parties = append([]dispatch.Party{}, d.Incident.Parties...)
	d.Events, err = many[dispatch.Event](ctx, s.read(ctx), selectEvent+` where incident_id = $1 order by "offset"`, id)
	return d, err
}

// Asked gives whom an incident was offered to, with the newest state.
func (s *Store) Asked(ctx context.Context, incidentID int64) (map[int64]dispatch.OfferState, error) {
	type row struct {
		ResponderID int64
		State       dispatch.OfferState
	}
	rows, err := many[row](ctx, s.read(ctx), `select distinct on (responder_id) responder_id, state from offer
		where incident_id = $1 or incident_id in (select m.incident_id from incident_merge m where m.into_id = $1 and m.undone_at is null)
		order by responder_id, incident_id <> $1, id desc`, incidentID)
	asked := make(map[int64]dispatch.OfferState, len(rows))
	for _, r := range rows {
		asked[r.ResponderID] = r.State
	}
	return asked, err
}

// Tracking gives the incident that a tracking number belongs to. Who has the
// number may ask, signed in or not: the system looks, for that number alone.
func (s *Store) Tracking(ctx context.Context, trackingHash []byte) (dispatch.Incident, int64, time.Time, error) {
	var incidentID, reportID int64
	var at time.Time
	err := s.system().QueryRow(ctx, `select incident_id, id, received_at from report where tracking_hash = $1`, trackingHash).Scan(&incidentID, &reportID, &at)
	if err != nil {
		return dispatch.Incident{}, 0, at, translate(err)
	}
	i, err := one[dispatch.Incident](ctx, s.system(), selectIncident+` where i.id = $1`, incidentID)
	return i, reportID, at, err
}
