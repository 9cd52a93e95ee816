package postgres

import (
	"context"

	"yiping/server/dispatch"
)

// PersonalData gives everything that is kept about a person.
func (s *Store) PersonalData(ctx context.Context, responderID int64) (dispatch.PersonalData, error) {
	out := dispatch.PersonalData{AsOf: s.now()}
	for _, read := range []func(context.Context, int64, *dispatch.PersonalData) error{
		s.personalRecord, s.personalAccount, s.personalDuties, s.personalWork, s.personalDisclosures,
	} {
		if err := read(ctx, responderID, &out); err != nil {
			return out, err
		}
	}
	err := s.system().QueryRow(ctx, `select days from retention_rule where what = 'retired_responders'`).Scan(&out.RetentionDays)
	return out, translate(err)
}

func (s *Store) personalRecord(ctx context.Context, id int64, out *dispatch.PersonalData) error {
	type row struct {
		dispatch.PersonalRecord
		SealedPhone []byte
	}
	r, err := one[row](ctx, s.system(), `
		select r.id, r.name, r.phone as sealed_phone, a.name as area, coalesce(h.name, '') as home_area, coalesce(o.name, '') as party_organisation, r.vehicle,
		       r.adult, r.insured_until::text as insured_until, st_x(r.post) as post_lon, st_y(r.post) as post_lat, r.source, r.external_id, r.created_at, r.updated_at, r.retired_at, r.erased_at,
		       coalesce((select jsonb_agg(jsonb_build_object('affiliation', x.affiliation, 'unit', u.name, 'since', x.since) order by x.affiliation)
		           from responder_affiliation x left join unit u on u.id = x.unit_id where x.responder_id = r.id), '[]') as affiliations,
		       coalesce((select jsonb_agg(jsonb_build_object('skill', k.skill, 'valid_until', k.valid_until) order by k.skill)
		           from responder_skill k where k.responder_id = r.id), '[]') as skills,
		       array(select t.name from team_member m join team t on t.id = m.team_id where m.responder_id = r.id order by t.name) as teams
		from responder r join area a on a.id = r.area_id left join area h on h.id = r.home_area_id left join party_organisation o on o.id = r.party_organisation_id
		where r.id = $1`, id)
	if err != nil {
		return err
	}
	out.Person = r.PersonalRecord
	if out.Person.Phone, err = s.openPhone(sealedResponderPhone, r.SealedPhone); err != nil {
		return err
	}
	out.Consents, err = many[dispatch.Consent](ctx, s.system(), selectConsent+` where responder_id = $1 order by id`, id)
	return err
}

func (s *Store) personalAccount(ctx context.Context, id int64, out *dispatch.PersonalData) error {
	accounts, err := many[dispatch.PersonalAccount](ctx, s.system(), `select a.id, a.username, a.display_name, a.created_at,
		(select count(*) from session x where x.account_id = a.id) as sessions from account a where a.responder_id = $1`, id)
	if err == nil && len(accounts) > 0 {
		out.Account = &accounts[0]
	}
	return err
}

func (s *Store) personalDuties(ctx context.Context, id int64, out *dispatch.PersonalData) error {
	positions, err := many[dispatch.PersonalPosition](ctx, s.system(), `select lon, lat, accuracy_meters::float8 as accuracy_meters, at from position where responder_id = $1`, id)
	if err != nil {
		return err
	}
	if len(positions) > 0 {
		out.Position = &positions[0]
	}
	if err := s.system().QueryRow(ctx, `select count(*) from track where responder_id = $1`, id).Scan(&out.TrackPoints); err != nil {
		return translate(err)
	}
	if out.Duties, err = many[dispatch.PersonalDuty](ctx, s.system(), `select id, kind, origin, lower(period) as starts_at, upper(period) as ends_at
		from duty where responder_id = $1 order by lower(period)`, id); err != nil {
		return err
	}
	out.DutyChanges, err = many[dispatch.PersonalDutyChange](ctx, s.system(), `select step, reason, at from duty_change
		where responder_id = $1 or to_responder_id = $1 order by id`, id)
	return err
}

func (s *Store) personalWork(ctx context.Context, id int64, out *dispatch.PersonalData) error {
	var err error
	if out.Offers, err = many[dispatch.PersonalOffer](ctx, s.system(), `select id, incident_id, state, offered_at, answered_at, answer_reason
		from offer where responder_id = $1 order by id`, id); err != nil {
		return err
	}
	if out.Assignments, err = many[dispatch.PersonalAssignment](ctx, s.system(), `select s.id, s.incident_id, i.type_code, s.state, s.accepted_at, s.on_scene_at, s.done_at, s.released_at
		from assignment s join incident i on i.id = s.incident_id where s.responder_id = $1 order by s.id`, id); err != nil {
		return err
	}
	if out.CallUps, err = many[dispatch.PersonalCallUp](ctx, s.system(), `select id, call_up_id, state, asked_at, seen_at, answered_at, arrived_at, left_at, stood_down_at, minutes
		from call_up_member where responder_id = $1 order by id`, id); err != nil {
		return err
	}
	out.Words, err = many[dispatch.PersonalWords](ctx, s.system(), `
		select incident_id, kind, words, said_at as at from timeline where responder_id = $1 and words <> ''
		union all select r.incident_id, 'report', r.words, r.received_at from report r join account a on a.id = r.account_id where a.responder_id = $1 and r.words <> ''
		union all select r.incident_id, 'satisfaction', x.words, x.answered_at from satisfaction x join report r on r.id = x.report_id
			join account a on a.id = r.account_id where a.responder_id = $1 and x.words <> ''
		order by at`, id)
	return err
}

// personalDisclosures gives who saw the person's data in clear. Entries that the
// sequencer has not sealed yet count, too.
func (s *Store) personalDisclosures(ctx context.Context, id int64, out *dispatch.PersonalData) error {
	type row struct {
		dispatch.PersonalDisclosure
		Sealed []byte
	}
	rows, err := many[row](ctx, s.system(), `
		select e.at, e.action, coalesce(a.display_name, '') as by, x.words as sealed
		from (select at, action, kind, account_id, reason_hash, subject_id from audit union all select at, action, kind, account_id, reason_hash, subject_id from audit_pending) e
		left join account a on a.id = e.account_id left join audit_text x on x.hash = e.reason_hash
		where e.subject_id = $1 and e.kind in ('unmask', 'view', 'export', 'share') order by e.at`, id)
	out.Disclosures = make([]dispatch.PersonalDisclosure, 0, len(rows))
	for _, r := range rows {
		r.Reason = s.openWords(r.Sealed)
		out.Disclosures = append(out.Disclosures, r.PersonalDisclosure)
	}
	return err
}
