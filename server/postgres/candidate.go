package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// Taken says how many work on an incident's task now.
func (s *Store) Taken(ctx context.Context, incidentID int64, task dispatch.TaskKind) (int, error) {
	var n int
	err := s.read(ctx).QueryRow(ctx, `select count(*) from assignment where incident_id = $1 and task = $2
		and state in ('accepted', 'en_route', 'on_scene')`, incidentID, task).Scan(&n)
	return n, translate(err)
}

// Work gives what people did since a time; who did nothing is missing. The system
// looks, at two numbers a person: they worked elsewhere, too, where the asker sees
// nothing.
func (s *Store) Work(ctx context.Context, responderIDs []int64, since time.Time) (map[int64]dispatch.Work, error) {
	type row struct {
		ResponderID int64
		dispatch.Work
	}
	rows, err := many[row](ctx, s.system(), `select responder_id, max(case when coalesce(done_at, released_at) >= $2 then coalesce(done_at, released_at) end) as last_ended,
		count(*) filter (where accepted_at >= $2) as tasks
		from assignment where responder_id = any($1) and (accepted_at >= $2 or done_at >= $2 or released_at >= $2) group by responder_id`, responderIDs, since)
	work := make(map[int64]dispatch.Work, len(rows))
	for _, r := range rows {
		work[r.ResponderID] = r.Work
	}
	return work, err
}
