package postgres

import (
	"context"

	"yiping/server/dispatch"
)

const selectType = `select id, code, parent_code, family, name_zh, name_en, version, retired_at from incident_type`

// typesLock is the key of the advisory lock under which types and plans change.
const typesLock = 0x79695f74797065 // "yi_type"

// IncidentTypes gives the type tree, retired types too, with the newest plan of
// each that has one.
func (s *Store) IncidentTypes(ctx context.Context) ([]dispatch.IncidentType, error) {
	return incidentTypes(ctx, s.read(ctx))
}

func incidentTypes(ctx context.Context, q querier) ([]dispatch.IncidentType, error) {
	types, err := many[dispatch.IncidentType](ctx, q, selectType+` order by code`)
	if err != nil {
		return nil, err
	}
	type typedPlan struct {
		TypeCode string
		dispatch.Plan
	}
	plans, err := many[typedPlan](ctx, q, `select distinct on (p.type_code) p.type_code, q.* from plan p join (`+selectPlan+`) q on q.id = p.id
		order by p.type_code, p.version desc`)
	if err != nil {
		return nil, err
	}
	of := make(map[string]*dispatch.Plan, len(plans))
	for k := range plans {
		of[plans[k].TypeCode] = &plans[k].Plan
	}
	for k := range types {
		types[k].Plan = of[types[k].Code]
	}
	return types, nil
}

// IncidentType gives a type by the id that the log calls it by.
func (s *Store) IncidentType(ctx context.Context, id int64) (dispatch.IncidentType, error) {
	x, err := one[dispatch.IncidentType](ctx, s.read(ctx), selectType+` where id = $1`, id)
	if err != nil {
		return x, err
	}
	plans, err := many[dispatch.Plan](ctx, s.read(ctx), selectPlan+` where p.type_code = $1 order by p.version desc limit 1`, x.Code)
	if len(plans) > 0 {
		x.Plan = &plans[0]
	}
	return x, err
}

// PlanVersions gives all versions of a type's plan, the newest first, each with
// what it changed; CodeNotFound where there is no such type.
func (s *Store) PlanVersions(ctx context.Context, typeCode string) ([]dispatch.PlanVersion, error) {
	var there bool
	if err := s.read(ctx).QueryRow(ctx, `select exists (select 1 from incident_type where code = $1)`, typeCode).Scan(&there); err != nil {
		return nil, translate(err)
	}
	if !there {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "code")
	}
	return planVersions(ctx, s.read(ctx), typeCode)
}

func planVersions(ctx context.Context, q querier, typeCode string) ([]dispatch.PlanVersion, error) {
	list, err := many[dispatch.PlanVersion](ctx, q, `select v.*, w.created_at, coalesce(a.display_name, '') as by, w.note, null as changes
		from (`+selectPlan+`) v join plan w on w.id = v.id left join account a on a.id = w.created_by
		where w.type_code = $1 order by w.version desc`, typeCode)
	for k := range list {
		list[k].Changes = []dispatch.PlanChange{}
		if k+1 < len(list) {
			list[k].Changes = dispatch.PlanChanges(list[k+1].Plan, list[k].Plan)
		}
	}
	return list, err
}

// TypeCodes gives what the codes of other tables stand for, of one standard or
// ("") of all.
func (s *Store) TypeCodes(ctx context.Context, standard string) ([]dispatch.TypeCode, error) {
	return many[dispatch.TypeCode](ctx, s.read(ctx), `select source as standard, external_id as code, name, parent_code, type_code from type_code_map
		where retired_at is null and ($1 = '' or source = $1) order by source, external_id`, standard)
}

func (t *tx) LockTypes(ctx context.Context) (dispatch.TypeTree, error) {
	if _, err := t.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(typesLock)); err != nil {
		return nil, translate(err)
	}
	types, err := incidentTypes(ctx, t)
	return types, err
}

func (t *tx) InsertType(ctx context.Context, x *dispatch.IncidentType) error {
	return translate(t.QueryRow(ctx, `insert into incident_type (code, parent_code, family, name_zh, name_en, version, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7) returning id`, x.Code, x.ParentCode, x.Family, x.NameZh, x.NameEn, x.Version, t.store.now()).Scan(&x.ID))
}

func (t *tx) SaveType(ctx context.Context, x dispatch.IncidentType) error {
	_, err := t.Exec(ctx, `update incident_type set parent_code = $2, family = $3, name_zh = $4, name_en = $5, version = $6, retired_at = $7, updated_at = $8 where code = $1`,
		x.Code, x.ParentCode, x.Family, x.NameZh, x.NameEn, x.Version, x.RetiredAt, t.store.now())
	return translate(err)
}

// InsertPlan writes every column of plan. Without an order of channels of its own
// the rule of the priority holds.
func (t *tx) InsertPlan(ctx context.Context, typeCode string, p *dispatch.Plan, note string, a dispatch.Actor) error {
	err := t.QueryRow(ctx, `insert into plan (type_code, version, priority, skills, quota, hazard, hazard_affiliations, hazard_training,
			offer_seconds, verify_seconds, dispatch_seconds, arrive_seconds, resolve_seconds, check_seconds,
			send_first, over_offer, waves, ladder, pair, welfare_seconds, checklist, grade, tell, note, created_by, created_at, working_hours, reach)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::float8, $17, $18, $19, $20, $21, $22, $23, $24, nullif($25::bigint, 0), $26, $27, nullif($28::jsonb, '[]')) returning id`,
		typeCode, p.Version, p.Priority, nonNil(p.Skills), p.Quota, p.Hazard, nonNil(p.HazardAffiliations), nonNil(p.HazardTraining),
		p.OfferSeconds, p.VerifySeconds, p.DispatchSeconds, p.ArriveSeconds, p.ResolveSeconds, p.CheckSeconds,
		p.SendFirst, p.OverOffer, nonNil(p.Waves), nonNil(p.Ladder), p.Pair, p.WelfareSeconds, nonNil(p.Checklist), p.Grade, nonNil(p.Tell),
		note, a.AccountID, t.store.now(), p.WorkingHours, nonNil(p.Reach)).Scan(&p.ID)
	if err != nil {
		return translate(err)
	}
	for _, u := range p.Units {
		if _, err := t.Exec(ctx, `insert into plan_unit (plan_id, role, unit_kind) values ($1, $2, $3)`, p.ID, u.Role, u.Kind); err != nil {
			return translate(err)
		}
	}
	return nil
}

func (t *tx) PlanVersions(ctx context.Context, typeCode string) ([]dispatch.PlanVersion, error) {
	return planVersions(ctx, t, typeCode)
}
