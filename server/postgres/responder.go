package postgres

import (
	"context"
	"slices"
	"time"

	"yiping/server/dispatch"
)

// selectResponder reads people as r at the time $1. A position counts only on
// duty or on a task; else the post of the duty, or their own, stands in.
const selectResponder = `
select r.id, r.name, r.area_id, a.name as area_name, r.home_area_id, r.vehicle, r.phone as sealed_phone, r.version, r.adult, r.insured_until::timestamptz as insured_until,
       st_x(coalesce(d.post, r.post)) as post_lon, st_y(coalesce(d.post, r.post)) as post_lat,
       po.name as party_organisation,
       array(select x.affiliation from responder_affiliation x where x.responder_id = r.id order by x.affiliation) as affiliations,
       array(select k.skill from responder_skill k where k.responder_id = r.id and (k.valid_until is null or k.valid_until >= $1::date) order by k.skill) as skills,
       coalesce(d.kind, 'off') as duty,
       s.id as assignment_id, s.incident_id, s.state as assignment_state,
       (select x.area_id from incident x where x.id = s.incident_id) as task_area_id,
       case when f.live then p.lon when d.kind is not null or s.id is not null then st_x(coalesce(d.post, r.post)) end as lon,
       case when f.live then p.lat when d.kind is not null or s.id is not null then st_y(coalesce(d.post, r.post)) end as lat,
       case when f.live then to_hex(p.cell) when d.kind is not null or s.id is not null then to_hex(coalesce(d.post_cell, r.post_cell)) end as cell_hex,
       case when f.live then p.at end as position_at,
       case when f.live then 'position' when (d.kind is not null or s.id is not null) and coalesce(d.post, r.post) is not null then 'post' end as source,
       case when f.live then p.heading_degrees::float8 end as heading_degrees,
       case when f.live then p.accuracy_meters::float8 end as accuracy_meters
from responder r
join area a on a.id = r.area_id
left join party_organisation po on po.id = r.party_organisation_id
left join lateral (select kind, post, post_cell from duty d where d.responder_id = r.id and d.period @> $1::timestamptz
	order by case d.kind when 'on_duty' then 0 else 1 end limit 1) d on true
left join assignment s on s.responder_id = r.id and s.state in ('accepted', 'en_route', 'on_scene')
left join position p on p.responder_id = r.id
cross join lateral (select p.responder_id is not null and (d.kind = 'on_duty' or s.id is not null) as live) f`

// responderRow is a person as read, with what has no column of its own name.
type responderRow struct {
	dispatch.Responder
	AssignmentID    *int64
	IncidentID      *int64
	AssignmentState *dispatch.AssignmentState
	TaskAreaID      *int64
	CellHex         *string
	Source          *string
	SealedPhone     []byte
}

func (s *Store) responderOf(r responderRow) dispatch.Responder {
	out := r.Responder
	out.Phone = s.maskedPhone(sealedResponderPhone, r.SealedPhone)
	if r.AssignmentID != nil {
		out.Task = &dispatch.Task{IncidentID: *r.IncidentID, AssignmentID: *r.AssignmentID, State: *r.AssignmentState}
		if r.TaskAreaID != nil {
			out.Task.AreaID = *r.TaskAreaID
		}
	}
	if r.CellHex != nil {
		out.Cell = *r.CellHex
	}
	if r.Source != nil {
		out.PositionSource = *r.Source
	}
	return out
}

func (s *Store) responders(ctx context.Context, q querier, where string, args ...any) ([]dispatch.Responder, error) {
	rows, err := many[responderRow](ctx, q, selectResponder+where, args...)
	list := make([]dispatch.Responder, 0, len(rows))
	for _, r := range rows {
		list = append(list, s.responderOf(r))
	}
	return list, err
}

func (s *Store) responder(ctx context.Context, q querier, at time.Time, id int64) (dispatch.Responder, error) {
	list, err := s.responders(ctx, q, ` where r.id = $2`, at, id)
	if err == nil && len(list) == 0 {
		err = dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	if err != nil {
		return dispatch.Responder{}, err
	}
	return list[0], nil
}

func (t *tx) SaveResponder(ctx context.Context, in dispatch.ResponderInput, areaID, postCell int64) (id int64, version int, err error) {
	sealed, digest, err := t.store.sealPhone(sealedResponderPhone, in.Phone)
	if err != nil {
		return 0, 0, err
	}
	err = t.QueryRow(ctx, `
		insert into responder (area_id, name, phone, phone_digest, vehicle, post, post_cell, source, external_id, adult, insured_until)
		values ($1, $2, $3, $4, $5, st_setsrid(st_makepoint($6, $7), 4326), $8, $9, $10, $11, nullif($12, '')::date)
		on conflict on constraint responder_external do update set area_id = excluded.area_id, name = excluded.name, phone = excluded.phone, phone_digest = excluded.phone_digest,
			vehicle = excluded.vehicle, post = excluded.post, post_cell = excluded.post_cell, adult = excluded.adult, insured_until = excluded.insured_until, version = responder.version + 1,
			updated_at = now(), retired_at = null
		returning id, version`, areaID, in.Name, sealed, digest, in.Vehicle, in.Post.Lon(), in.Post.Lat(), postCell, in.Source, in.ExternalID, in.Adult, in.InsuredUntil).Scan(&id, &version)
	if err != nil {
		return 0, 0, translate(err)
	}
	_, err = t.Exec(ctx, `with gone as (delete from responder_affiliation where responder_id = $1 and affiliation <> all($2))
		insert into responder_affiliation (responder_id, affiliation) select $1, unnest($2::text[]) on conflict do nothing`, id, in.Affiliations)
	if err != nil {
		return 0, 0, translate(err)
	}
	_, err = t.Exec(ctx, `with gone as (delete from responder_skill where responder_id = $1 and skill <> all($2))
		insert into responder_skill (responder_id, skill) select $1, unnest($2::text[]) on conflict do nothing`, id, in.Skills)
	return id, version, translate(err)
}

func (t *tx) LockResponder(ctx context.Context, id int64) (dispatch.Responder, error) {
	if _, err := t.Exec(ctx, `select 1 from responder where id = $1 for update`, id); err != nil {
		return dispatch.Responder{}, translate(err)
	}
	return t.store.responder(ctx, t, t.store.now(), id)
}

// Responder gives one person as of now.
func (s *Store) Responder(ctx context.Context, id int64) (dispatch.Responder, error) {
	return s.responder(ctx, s.read(ctx), s.now(), id)
}

// HomeArea gives the area where a person is registered: to the service, for one who
// asks for what is theirs.
func (s *Store) HomeArea(ctx context.Context, responderID int64) (int64, error) {
	area, ok, err := s.homes.ask(ctx, responderID)
	if err == nil && !ok {
		err = dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	return area, err
}

func (s *Store) readHomes(ctx context.Context, ids []int64) (map[int64]int64, error) {
	type row struct{ ID, AreaID int64 }
	rows, err := many[row](ctx, s.system(), `select id, area_id from responder where id = any($1)`, ids)
	homes := make(map[int64]int64, len(rows))
	for _, r := range rows {
		homes[r.ID] = r.AreaID
	}
	return homes, err
}

// Responders gives a page of people by id, and how many match in all.
func (s *Store) Responders(ctx context.Context, f dispatch.ResponderFilter) ([]dispatch.Responder, int, error) {
	const where = ` where r.retired_at is null and ($2::bigint[] is null or r.area_id = any($2))
		and ($3 = '' or coalesce(d.kind, 'off') = $3)
		and ($4 = '' or exists (select 1 from responder_skill k where k.responder_id = r.id and k.skill = $4))
		and ($5 = '' or r.name like '%' || $5 || '%' or r.phone_digest = any($6))`
	var total int
	var digests [][]byte
	if f.ByNumber && dispatch.IsPhone(f.Query) {
		digests = s.phoneDigests(sealedResponderPhone, f.Query)
	}
	err := s.read(ctx).QueryRow(ctx, `select count(*) from (`+selectResponder+where+`) n`, s.now(), f.AreaIDs, f.Duty, f.Skill, f.Query, digests).Scan(&total)
	if err != nil {
		return nil, 0, translate(err)
	}
	list, err := s.responders(ctx, s.read(ctx), where+` and r.id > $7 order by r.id limit $8`,
		s.now(), f.AreaIDs, f.Duty, f.Skill, f.Query, digests, f.AfterID, f.Limit)
	return list, total, err
}

// Dispatchable gives everybody on duty, on call or on a task; with ids, those.
func (s *Store) Dispatchable(ctx context.Context, at time.Time, ids ...int64) ([]dispatch.Responder, error) {
	if len(ids) > 0 {
		return s.responders(ctx, s.system(), ` where r.id = any($2)`, at, ids)
	}
	return s.responders(ctx, s.system(), ` where r.retired_at is null and r.id in (
		select responder_id from duty where period @> $1::timestamptz
		union select responder_id from assignment where state in ('accepted', 'en_route', 'on_scene'))`, at)
}

// Mine gives what a responder's phone shows: duty, offers, task, and incidents
// of the own area that still need people.
func (s *Store) Mine(ctx context.Context, responderID int64) (dispatch.Mine, error) {
	var m dispatch.Mine
	var err error
	if m.Responder, err = s.Responder(ctx, responderID); err != nil {
		return m, err
	}
	if err = s.myDuty(ctx, responderID, &m); err != nil {
		return m, err
	}
	offers, err := many[dispatch.Offer](ctx, s.read(ctx), selectOffer+` where o.responder_id = $1
		and o.state in ('offered', 'seen', 'later', 'standby') order by o.id`, responderID)
	if err != nil {
		return m, err
	}
	if m.Offers, err = s.withIncidents(ctx, offers); err != nil {
		return m, err
	}
	if m.Thanked, err = s.thanked(ctx, responderID); err != nil {
		return m, err
	}
	if m.Assignment, err = s.myAssignment(ctx, responderID); err != nil {
		return m, err
	}
	if m.CallUps, err = s.myCallUps(ctx, responderID); err != nil {
		return m, err
	}
	consent, err := s.ConsentState(ctx, responderID, dispatch.PurposePosition)
	if err != nil {
		return m, err
	}
	m.PositionConsent = consent.Brief()
	if consent, err = s.ConsentState(ctx, responderID, dispatch.PurposeTrack); err != nil {
		return m, err
	}
	m.TrackConsent = consent.Brief()
	m.Nearby, err = many[dispatch.Incident](ctx, s.read(ctx), selectIncident+` where i.area_id = $1 and i.state in ('verified', 'dispatching', 'handling')
		and (select count(*) from assignment s where s.incident_id = i.id and s.task = 'direct'
			and (s.state in ('accepted', 'en_route', 'on_scene') or s.state = 'done' and s.accepted_at >= coalesce(i.round_at, s.accepted_at))) < i.quota
		order by i.id desc limit 50`, m.Responder.AreaID)
	if err != nil {
		return m, err
	}
	m.Volunteered, err = s.volunteeredFor(ctx, responderID)
	return m, err
}

// withIncidents gives offers with what they are for, but those that were withdrawn since
// they were read and whose incident is theirs to see no more.
func (s *Store) withIncidents(ctx context.Context, offers []dispatch.Offer) ([]dispatch.MyOffer, error) {
	out := make([]dispatch.MyOffer, 0, len(offers))
	if len(offers) == 0 {
		return out, nil
	}
	ids := make([]int64, len(offers))
	for k, o := range offers {
		ids[k] = o.IncidentID
	}
	incidents, err := many[dispatch.Incident](ctx, s.read(ctx), selectIncident+` where i.id = any($1)`, ids)
	if err != nil {
		return out, err
	}
	for _, o := range offers {
		k := slices.IndexFunc(incidents, func(i dispatch.Incident) bool { return i.ID == o.IncidentID })
		if k >= 0 {
			out = append(out, dispatch.MyOffer{Offer: o, Incident: incidents[k]})
		}
	}
	return out, nil
}

const thankedFor = 30 * time.Minute // after an offer's time

// thanked gives the offers that were withdrawn of late because there were enough.
// The system looks: of an incident elsewhere they see no more than this.
func (s *Store) thanked(ctx context.Context, responderID int64) ([]dispatch.Thanked, error) {
	return many[dispatch.Thanked](ctx, s.system(), `
		select o.id as offer_id, o.incident_id, i.type_code, a.name as area_name, i.state in ('dispatching', 'handling') as open
		from offer o join incident i on i.id = o.incident_id join area a on a.id = i.area_id
		where o.responder_id = $1 and o.state = 'withdrawn' and o.ended_for = 'quota' and o.expires_at > $2
		order by o.id desc limit 5`, responderID, s.now().Add(-thankedFor))
}

func (s *Store) myDuty(ctx context.Context, responderID int64, m *dispatch.Mine) error {
	duties, err := many[dispatch.Duty](ctx, s.read(ctx), selectDuty+` where d.responder_id = $1
		and (upper(d.period) is null or upper(d.period) > $2) order by lower(d.period) limit 50`, responderID, s.now())
	m.OnCall = []dispatch.Duty{}
	for _, d := range duties {
		switch {
		case d.Kind == dispatch.DutyOnCall:
			m.OnCall = append(m.OnCall, d)
		case m.Duty == nil && !d.StartsAt.After(s.now()):
			m.Duty = &d
		}
	}
	return err
}

func (s *Store) myAssignment(ctx context.Context, responderID int64) (*dispatch.MyAssignment, error) {
	a, err := one[dispatch.Assignment](ctx, s.read(ctx), selectAssignment+` where s.responder_id = $1 and s.state in ('accepted', 'en_route', 'on_scene')`, responderID)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	mine := &dispatch.MyAssignment{Assignment: a}
	mine.Incident, mine.Plan, err = s.IncidentPlan(ctx, a.IncidentID)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound { // released meanwhile
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// The street's dispatch desk, else the district's. Where no unit is called
	// that, the street office's duty phone, or emergency management's, is it.
	// It is for whoever is sent, and of an area that they may not see otherwise.
	err = s.system().QueryRow(ctx, `select coalesce((select u.duty_phone from unit u join area x on x.id = u.area_id
		where u.retired_at is null and u.duty_phone <> '' and (u.kind in ('dispatch_desk', 'street_office') and u.area_id in ($1, $2)
			or u.kind in ('dispatch_desk', 'emergency') and x.level = 'district')
		order by case when u.area_id = $1 then 0 when u.area_id = $2 then 1 else 2 end, u.kind <> 'dispatch_desk', u.id limit 1), '')`,
		mine.Incident.AreaID, mine.Incident.StreetID).Scan(&mine.DispatcherPhone)
	return mine, translate(err)
}
