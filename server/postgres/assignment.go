package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

const selectAssignment = `
select s.id, s.incident_id, s.responder_id, r.name as responder_name, s.area_id, coalesce(s.offer_id, 0) as offer_id, s.task, s.state, s.version,
       s.accepted_at, s.en_route_at, s.on_scene_at, s.done_at, s.released_at, s.reason, s.on_behalf, s.welfare_at, s.welfare_asked, s.welfare_tries
from assignment s
join responder r on r.id = s.responder_id`

func (t *tx) Assignment(ctx context.Context, id int64) (dispatch.Assignment, error) {
	return one[dispatch.Assignment](ctx, t, selectAssignment+` where s.id = $1`, id)
}

func (t *tx) LockAssignment(ctx context.Context, id int64) (dispatch.Assignment, error) {
	return one[dispatch.Assignment](ctx, t, selectAssignment+` where s.id = $1 for update of s`, id)
}

func (t *tx) Assignments(ctx context.Context, incidentID int64) ([]dispatch.Assignment, error) {
	return many[dispatch.Assignment](ctx, t, selectAssignment+` where s.incident_id = $1 order by s.id for update of s`, incidentID)
}

func (t *tx) InsertAssignment(ctx context.Context, a *dispatch.Assignment) error {
	err := t.QueryRow(ctx, `
		insert into assignment (incident_id, responder_id, offer_id, state, version, accepted_at, task)
		values ($1, $2, $3, $4, $5, $6, $7) returning id`,
		a.IncidentID, a.ResponderID, a.OfferID, a.State, a.Version, a.AcceptedAt, a.Task).Scan(&a.ID)
	return translate(err)
}

func (t *tx) SaveAssignment(ctx context.Context, a dispatch.Assignment) error {
	_, err := t.Exec(ctx, `
		update assignment set state = $2, version = $3, en_route_at = $4, on_scene_at = $5, done_at = $6, released_at = $7, reason = $8, on_behalf = coalesce($9::text[], '{}'),
			welfare_at = $10, welfare_asked = $11, welfare_tries = $12
		where id = $1`,
		a.ID, a.State, a.Version, a.EnRouteAt, a.OnSceneAt, a.DoneAt, a.ReleasedAt, a.Reason, a.OnBehalf,
		a.WelfareAt, a.WelfareAsked, a.WelfareTries)
	return translate(err)
}

// Assignment gives one assignment.
func (s *Store) Assignment(ctx context.Context, id int64) (dispatch.Assignment, error) {
	return one[dispatch.Assignment](ctx, s.read(ctx), selectAssignment+` where s.id = $1`, id)
}

// AssignmentOfOffer gives the assignment an accepted offer led to, nil for none.
func (s *Store) AssignmentOfOffer(ctx context.Context, offerID int64) (*dispatch.Assignment, error) {
	a, err := one[dispatch.Assignment](ctx, s.read(ctx), selectAssignment+` where s.offer_id = $1`, offerID)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, nil
	}
	return &a, err
}

// TakesPart says whether a responder has an open offer or an assignment that is
// not released on an incident that is not over.
func (s *Store) TakesPart(ctx context.Context, responderID, incidentID int64) (bool, error) {
	var part bool
	err := s.read(ctx).QueryRow(ctx, `
		select exists (select 1 from offer o where o.incident_id = i.id and o.responder_id = $1 and o.state in ('offered', 'seen', 'later', 'standby'))
			or exists (select 1 from assignment s where s.incident_id = i.id and s.responder_id = $1 and s.state <> 'released')
		from incident i where i.id = $2 and `+open, responderID, incidentID).Scan(&part)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return part, translate(err)
}
