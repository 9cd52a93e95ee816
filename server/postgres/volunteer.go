package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

const selectVolunteer = `select v.id, v.incident_id, v.responder_id, v.state, v.version, v.at from volunteer v`

// Volunteer gives what somebody said of an incident, withdrawn where nothing.
func (t *tx) Volunteer(ctx context.Context, incidentID, responderID int64) (dispatch.Volunteer, error) {
	v, err := one[dispatch.Volunteer](ctx, t, selectVolunteer+` where v.incident_id = $1 and v.responder_id = $2 for update`, incidentID, responderID)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return dispatch.Volunteer{IncidentID: incidentID, ResponderID: responderID, State: dispatch.VolunteerWithdrawn}, nil
	}
	return v, err
}

// WasOffered says whether an incident was ever offered to somebody.
func (t *tx) WasOffered(ctx context.Context, incidentID, responderID int64) (was bool, err error) {
	err = t.QueryRow(ctx, `select exists (select from offer where incident_id = $1 and responder_id = $2)`, incidentID, responderID).Scan(&was)
	return was, translate(err)
}

// SaveVolunteer writes what somebody said of an incident.
func (t *tx) SaveVolunteer(ctx context.Context, v *dispatch.Volunteer) error {
	return translate(t.QueryRow(ctx, `insert into volunteer (incident_id, responder_id, state, version, at) values ($1, $2, $3, $4, $5)
		on conflict (incident_id, responder_id) do update set state = excluded.state, version = excluded.version, at = excluded.at
		returning id`, v.IncidentID, v.ResponderID, v.State, v.Version, v.At).Scan(&v.ID))
}

// Volunteers gives who said of an incident that they can go, and waits to be asked.
func (s *Store) Volunteers(ctx context.Context, incidentID int64) ([]int64, error) {
	return s.column(ctx, `select responder_id from volunteer where incident_id = $1 and state = 'open' order by at, id`, incidentID)
}

// volunteeredFor gives the incidents that somebody said they can go to, and waits.
func (s *Store) volunteeredFor(ctx context.Context, responderID int64) ([]int64, error) {
	return s.column(ctx, `select v.incident_id from volunteer v join incident i on i.id = v.incident_id
		where v.responder_id = $1 and v.state = 'open' and i.state in ('verified', 'dispatching', 'handling') order by v.incident_id`, responderID)
}

// column gives the ids of a query's one column.
func (s *Store) column(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := s.read(ctx).Query(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if ids == nil {
		ids = []int64{}
	}
	return ids, translate(err)
}
