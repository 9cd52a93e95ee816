package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// selectAlarm reads alarms as m, with their responder r.
const selectAlarm = `
select m.id, m.incident_id, m.assignment_id, m.responder_id, r.name as responder_name, m.area_id, m.kind, m.state, m.version, m.raised_at, m.received_at,
       m.on_behalf, m.acknowledged_by, m.acknowledged_at, m.closed_by, m.closed_at
from alarm m
join responder r on r.id = m.responder_id`

func (t *tx) Alarm(ctx context.Context, id int64) (dispatch.Alarm, error) {
	return one[dispatch.Alarm](ctx, t, selectAlarm+` where m.id = $1`, id)
}

func (t *tx) LockAlarm(ctx context.Context, id int64) (dispatch.Alarm, error) {
	return one[dispatch.Alarm](ctx, t, selectAlarm+` where m.id = $1 for update of m`, id)
}

func (t *tx) OpenAlarm(ctx context.Context, assignmentID int64, kind dispatch.AlarmKind) (*dispatch.Alarm, error) {
	list, err := many[dispatch.Alarm](ctx, t, selectAlarm+` where m.assignment_id = $1 and m.kind = $2 and m.state = 'open'`, assignmentID, kind)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

func (t *tx) InsertAlarm(ctx context.Context, a *dispatch.Alarm) error {
	return translate(t.QueryRow(ctx, `
		insert into alarm (incident_id, assignment_id, responder_id, kind, state, version, raised_at, received_at, on_behalf)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
		a.IncidentID, a.AssignmentID, a.ResponderID, a.Kind, a.State, a.Version, a.RaisedAt, a.ReceivedAt, a.OnBehalf).Scan(&a.ID))
}

func (t *tx) SaveAlarm(ctx context.Context, a dispatch.Alarm) error {
	_, err := t.Exec(ctx, `update alarm set state = $2, version = $3, acknowledged_by = $4, acknowledged_at = $5, closed_by = $6, closed_at = $7 where id = $1`,
		a.ID, a.State, a.Version, a.AcknowledgedBy, a.AcknowledgedAt, a.ClosedBy, a.ClosedAt)
	return translate(err)
}

// DueWelfare gives assignments of which a welfare check is due, and when the next
// one's will be.
func (s *Store) DueWelfare(ctx context.Context, at time.Time) ([]int64, time.Time, error) {
	return s.due(ctx, `select id from assignment where welfare_at <= $1 order by welfare_at limit 500`,
		`select min(welfare_at) from assignment where welfare_at > $1`, at)
}

// Alarm gives one alarm.
func (s *Store) Alarm(ctx context.Context, id int64) (dispatch.Alarm, error) {
	return one[dispatch.Alarm](ctx, s.read(ctx), selectAlarm+` where m.id = $1`, id)
}

// Alarms gives the alarms that are not closed, oldest first; of an incident (0 for
// all) those that are closed too.
func (s *Store) Alarms(ctx context.Context, incidentID int64) ([]dispatch.Alarm, error) {
	if incidentID != 0 {
		return many[dispatch.Alarm](ctx, s.read(ctx), selectAlarm+` where m.incident_id = $1 order by m.id limit 200`, incidentID)
	}
	return many[dispatch.Alarm](ctx, s.read(ctx), selectAlarm+` where m.state <> 'closed' order by m.id limit 200`)
}
