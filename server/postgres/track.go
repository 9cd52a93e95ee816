package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yiping/server/dispatch"
)

// trackRow is a position of somebody on a task on its way into their track.
type trackRow struct {
	responderID int64
	dispatch.Position
}

// tracked gives what of a batch goes into tracks: what was taken on a task, and since
// its owner agreed. Whose any is may have it kept, though no position may be any more.
func tracked(rows []positionRow, may map[int64]whoMay) []trackRow {
	var list []trackRow
	for _, r := range rows {
		who := may[r.ResponderID]
		for _, p := range r.sound {
			if slices.ContainsFunc(who.tasks, func(s span) bool { return !p.At.Before(s.from) && !p.At.After(s.until) }) {
				list = append(list, trackRow{r.ResponderID, p})
				who.may = true
			}
		}
		if who.may {
			may[r.ResponderID] = who
		}
	}
	return list
}

// withTracks runs do and copies the tracks it gives into the day's partition, in
// one transaction. The day's partition is made where the clock has not yet; do runs
// again then.
func (s *Store) withTracks(ctx context.Context, now time.Time, do func(pgx.Tx) ([]trackRow, error)) error {
	day := now.UTC()
	write := func(t pgx.Tx) error {
		rows, err := do(t)
		if err != nil || len(rows) == 0 {
			return err
		}
		_, err = t.CopyFrom(ctx, pgx.Identifier{"track_" + day.Format("20060102")}, []string{"responder_id", "lon", "lat", "accuracy_meters", "at", "received_at"},
			pgx.CopyFromSlice(len(rows), func(k int) ([]any, error) {
				r := rows[k]
				return []any{r.responderID, r.Lon, r.Lat, r.AccuracyMeters, r.At, now}, nil
			}))
		return err
	}
	err := pgx.BeginFunc(ctx, s.system(), write)
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "42P01" {
		return err
	}
	if err := s.makeTrackPartition(ctx, day); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.system(), write)
}

func (s *Store) makeTrackPartition(ctx context.Context, day time.Time) error {
	_, err := s.system().Exec(ctx, `select make_track_partition($1::date)`, day.Format(time.DateOnly))
	return translate(err)
}

// MakeTrackPartitions makes the partition of this day (UTC) and of the next.
func (s *Store) MakeTrackPartitions(ctx context.Context) error {
	today := s.now().UTC()
	if err := s.makeTrackPartition(ctx, today); err != nil {
		return err
	}
	return s.makeTrackPartition(ctx, today.AddDate(0, 0, 1))
}

// DropTrack deletes where somebody went after a time; see dispatch.ConsentTx.
func (t *tx) DropTrack(ctx context.Context, responderID int64, since time.Time) error {
	if err := t.stopKeeping(ctx, responderID); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `select drop_track($1, $2)`, responderID, since)
	return translate(err)
}

// destroyTracks drops a day that began before a time: what is left was received
// since. A day is what one run of a rule destroys at once, however long it was.
func destroyTracks(ctx context.Context, t *tx, until, _ time.Time, _ int) (n int64, err error) {
	if _, err := t.Exec(ctx, `set local statement_timeout = 0`); err != nil { // it counts them
		return 0, translate(err)
	}
	err = t.QueryRow(ctx, `select drop_tracks($1)`, until).Scan(&n)
	return n, translate(err)
}

// Tracks gives where those went who worked on an incident, and writes a record for
// each of them first. See dispatch.RevealStore.
func (s *Store) Tracks(ctx context.Context, incidentID int64, most int, e dispatch.AuditEntry) (out dispatch.TaskTracks, err error) {
	err = s.disclose(ctx, dispatch.RevealTracks, most, e, func(t pgx.Tx) error {
		if out, err = s.readTracks(ctx, t, incidentID); err != nil {
			return err
		}
		for _, track := range out.Tracks { // each of them is told who looked
			about := e
			about.SubjectID, about.Count = track.ResponderID, len(track.Points)
			if err := s.writeAudit(ctx, t, about, s.now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return dispatch.TaskTracks{}, err
	}
	return out, nil
}

// readTracks gives the tracks of an incident's tasks that have ended, in the order
// in which they were accepted. A phone may have sent the same twice.
func (s *Store) readTracks(ctx context.Context, t pgx.Tx, incidentID int64) (dispatch.TaskTracks, error) {
	out := dispatch.TaskTracks{Tracks: []dispatch.TaskTrack{}}
	if err := t.QueryRow(ctx, `select days from retention_rule where what = 'tracks'`).Scan(&out.Days); err != nil {
		return out, err
	}
	tasks, err := many[dispatch.TaskTrack](ctx, t, `select s.id as assignment_id, s.responder_id, r.name, s.state, s.accepted_at, s.on_scene_at, coalesce(s.done_at, s.released_at) as ended_at
		from assignment s join responder r on r.id = s.responder_id where s.incident_id = $1 and s.state in ('done', 'released') order by s.accepted_at, s.id`, incidentID)
	if err != nil {
		return out, err
	}
	for _, track := range tasks {
		points, err := trackPoints(ctx, t, track.ResponderID, track.AcceptedAt, track.EndedAt)
		if err != nil {
			return out, err
		}
		if track.Points = dispatch.ThinTrack(points); len(track.Points) == 0 {
			out.Without++
			continue
		}
		out.Tracks = append(out.Tracks, track)
	}
	return out, nil
}

// trackPoints gives a person's track between two times. None is received later than
// a day after it was taken.
func trackPoints(ctx context.Context, q querier, responderID int64, from, until time.Time) ([]dispatch.TrackPoint, error) {
	return many[dispatch.TrackPoint](ctx, q, `select distinct on (at) lon, lat, accuracy_meters::float8 as accuracy_meters, at
		from track where responder_id = $1 and at between $2 and $3 and received_at between $2 - interval '2 minutes' and $3 + interval '25 hours' order by at`, responderID, from, until)
}

// OwnTrack gives all that is kept of where a person went.
func (s *Store) OwnTrack(ctx context.Context, responderID int64) ([]dispatch.TrackPoint, error) {
	now := s.now()
	return trackPoints(ctx, s.system(), responderID, now.AddDate(-1, 0, 0), now.Add(time.Hour))
}
