package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// selectUnitOrder reads orders as o, with their unit u and, where it is seen,
// their incident i.
const selectUnitOrder = `
select o.id, o.incident_id, coalesce(i.type_code, '') as type_code, coalesce(i.place, '') as place, o.area_id, o.unit_id,
       u.name as unit_name, u.kind as unit_kind, u.duty_phone, o.role, o.state, o.version, o.words, o.sent_by, o.sent_at,
       o.sign_by, o.done_seconds, o.signed_at, o.done_by, o.due_at, o.overdue_at, o.asked_by, o.asked_at, o.asked_until,
       o.decided_by, o.decided_at, o.suspended_at, o.ended_at, o.on_behalf, o.previous_id,
       coalesce((select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('step', x.step, 'words', x.words, 'by', x.said_by, 'at', x.said_at, 'on_behalf', x.on_behalf)) order by x.id)
           from unit_order_said x where x.order_id = o.id), '[]') as said
from unit_order o
join unit u on u.id = o.unit_id
left join incident i on i.id = o.incident_id`

const selectUnit = `select u.id, u.area_id, u.name, u.kind, u.duty_phone, st_x(u.point) as lon, st_y(u.point) as lat, u.version`

func (t *tx) Unit(ctx context.Context, id int64) (dispatch.Unit, error) {
	return one[dispatch.Unit](ctx, t, selectUnit+` from unit u where u.id = $1 and u.retired_at is null`, id)
}

func (t *tx) CompoundUnit(ctx context.Context, compoundID int64) (int64, error) {
	var id int64
	err := t.QueryRow(ctx, `select coalesce(property_unit_id, 0) from compound where id = $1`, compoundID).Scan(&id)
	return id, translate(err)
}

func (t *tx) UnitOrder(ctx context.Context, id int64) (dispatch.UnitOrder, error) {
	return one[dispatch.UnitOrder](ctx, t, selectUnitOrder+` where o.id = $1`, id)
}

func (t *tx) LockUnitOrder(ctx context.Context, id int64) (dispatch.UnitOrder, error) {
	return one[dispatch.UnitOrder](ctx, t, selectUnitOrder+` where o.id = $1 for update of o`, id)
}

func (t *tx) UnitOrders(ctx context.Context, incidentID int64) ([]dispatch.UnitOrder, error) {
	return many[dispatch.UnitOrder](ctx, t, selectUnitOrder+` where o.incident_id = $1 order by o.id for update of o`, incidentID)
}

func (t *tx) InsertUnitOrder(ctx context.Context, o *dispatch.UnitOrder) error {
	err := t.QueryRow(ctx, `
		insert into unit_order (incident_id, unit_id, role, state, version, words, sent_by, sent_at, sign_by, done_seconds, due_at, previous_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id`,
		o.IncidentID, o.UnitID, o.Role, o.State, o.Version, o.Words, o.SentBy, o.SentAt, o.SignBy, o.DoneSeconds, o.DueAt, o.PreviousID).Scan(&o.ID)
	return translate(err)
}

func (t *tx) SaveUnitOrder(ctx context.Context, o dispatch.UnitOrder) error {
	_, err := t.Exec(ctx, `
		update unit_order set state = $2, version = $3, signed_at = $4, done_by = $5, due_at = $6, overdue_at = $7, asked_by = $8,
			asked_at = $9, asked_until = $10, decided_by = $11, decided_at = $12, suspended_at = $13, ended_at = $14, on_behalf = $15
		where id = $1`,
		o.ID, o.State, o.Version, o.SignedAt, o.DoneBy, o.DueAt, o.OverdueAt, o.AskedBy,
		o.AskedAt, o.AskedUntil, o.DecidedBy, o.DecidedAt, o.SuspendedAt, o.EndedAt, o.OnBehalf)
	return translate(err)
}

func (t *tx) InsertOrderSaid(ctx context.Context, orderID int64, said dispatch.OrderSaid) error {
	_, err := t.Exec(ctx, `insert into unit_order_said (order_id, step, words, said_by, said_at, on_behalf) values ($1, $2, $3, $4, $5, $6)`,
		orderID, said.Step, said.Words, said.By, said.At, said.OnBehalf)
	return translate(err)
}

// ResponsibleUnits gives the units that are responsible for a place. A property
// company is for its compounds, or for its own community, alone. The system looks:
// a street's dispatcher sees the district's units by this.
func (s *Store) ResponsibleUnits(ctx context.Context, areaIDs []int64, compoundID *int64) ([]dispatch.ResponsibleUnit, error) {
	return many[dispatch.ResponsibleUnit](ctx, s.system(), selectUnit+`,
			case when u.id = c.property_unit_id then 'compound' else a.level end as why
		from unit u join area a on a.id = u.area_id left join compound c on c.id = $2
		where u.retired_at is null and (u.id = c.property_unit_id
			or u.area_id = any($1) and (u.kind <> 'property' or a.level = 'community'))
		order by u.id is distinct from c.property_unit_id, array_position($1, u.area_id), u.name, u.id`, areaIDs, compoundID)
}

// DueUnitOrders gives orders whose clock ran out and of which it was not said,
// and when the next one's will.
func (s *Store) DueUnitOrders(ctx context.Context, at time.Time) ([]int64, time.Time, error) {
	return s.due(ctx, `select id from unit_order where due_at <= $1 and overdue_at is null order by due_at limit 500`,
		`select min(due_at) from unit_order where due_at > $1 and overdue_at is null`, at)
}

// orderQueues says what each queue of orders holds.
var orderQueues = map[string]string{
	"open":     `o.state in ('sent', 'signed', 'extension_asked', 'suspension_asked', 'suspended')`,
	"sign":     `o.state = 'sent'`,
	"overdue":  `o.due_at < $4`,
	"approval": `o.state in ('extension_asked', 'suspension_asked')`,
	"returned": `o.state = 'returned' and exists (select 1 from incident i where i.id = o.incident_id and i.state in ('verified', 'dispatching', 'handling'))`,
	"all":      `true`,
}

// UnitOrders gives a page of a queue of orders, newest first, and how many it
// holds in all: a unit's own, or those within reach.
func (s *Store) UnitOrders(ctx context.Context, f dispatch.UnitOrderFilter) ([]dispatch.UnitOrder, int, error) {
	queue, ok := orderQueues[f.Queue]
	if !ok {
		queue = orderQueues["open"]
	}
	where := ` where ($3 = 0 and ` + reachedBy("o") + ` or o.unit_id = $3) and ` + queue + ` and $4::timestamptz is not null`
	var total int
	err := s.read(ctx).QueryRow(ctx, `select count(*) from unit_order o`+where, f.AreaIDs, f.PartyAreaIDs, f.UnitID, s.now()).Scan(&total)
	if err != nil {
		return nil, 0, translate(err)
	}
	list, err := many[dispatch.UnitOrder](ctx, s.read(ctx), selectUnitOrder+where+` and ($5 = 0 or o.id < $5) order by o.id desc limit $6`,
		f.AreaIDs, f.PartyAreaIDs, f.UnitID, s.now(), f.BeforeID, f.Limit)
	return list, total, err
}

// UnitOrder gives one order.
func (s *Store) UnitOrder(ctx context.Context, id int64) (dispatch.UnitOrder, error) {
	return one[dispatch.UnitOrder](ctx, s.read(ctx), selectUnitOrder+` where o.id = $1`, id)
}

// UnitTakesPart says whether a unit has an order, or did one, on an incident that
// is not over.
func (s *Store) UnitTakesPart(ctx context.Context, unitID, incidentID int64) (bool, error) {
	var part bool
	err := s.read(ctx).QueryRow(ctx, `
		select exists (select 1 from unit_order o where o.incident_id = i.id and o.unit_id = $1 and o.state not in ('returned', 'reassigned', 'withdrawn'))
		from incident i where i.id = $2 and `+open, unitID, incidentID).Scan(&part)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return part, translate(err)
}
