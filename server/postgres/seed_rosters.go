package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/seed"
)

// rotationSource is the source of the duties that follow from a rotation.
const rotationSource = "rotation"

// rosters writes shifts, teams and their turns, and the holidays.
func (l *loader) rosters(ctx context.Context) {
	l.copy(ctx, "shift", []string{"id", "area_id", "name", "kind", "starts_at", "minutes"}, len(l.d.Shifts), func(i int) ([]any, error) {
		s := l.d.Shifts[i]
		start := pgtype.Time{Microseconds: (time.Duration(s.Start) * time.Minute).Microseconds(), Valid: true}
		return []any{l.id("shift", i), l.id("area", s.Area), s.Name, s.Kind, start, s.Minutes}, nil
	})
	type member struct{ team, responder int }
	var members []member
	l.copy(ctx, "team", []string{"id", "area_id", "name"}, len(l.d.Teams), func(i int) ([]any, error) {
		for _, who := range l.d.Teams[i].Members {
			members = append(members, member{i, who})
		}
		return []any{l.id("team", i), l.id("area", l.d.Teams[i].Area), l.d.Teams[i].Name}, nil
	})
	l.copy(ctx, "team_member", []string{"team_id", "responder_id"}, len(members), func(i int) ([]any, error) {
		return []any{l.id("team", members[i].team), l.id("responder", members[i].responder)}, nil
	})
	l.copy(ctx, "rotation", []string{"id", "team_id", "shifts", "starts_on", "days", "made_until"}, len(l.d.Rotations), func(i int) ([]any, error) {
		n := l.d.Rotations[i]
		shifts := make([]int64, len(n.Shifts))
		for k, s := range n.Shifts {
			if s != seed.None {
				shifts[k] = *l.id("shift", s)
			}
		}
		return []any{l.id("rotation", i), l.id("team", n.Team), shifts, n.StartsOn, n.Days, n.MadeUntil}, nil
	})
	l.copy(ctx, "holiday", []string{"day", "name", "working"}, len(l.d.Holidays), func(i int) ([]any, error) {
		h := l.d.Holidays[i]
		return []any{h.Day, h.Name, h.Working}, nil
	})
}

// duties writes the duties; those of a rotation are named as it names them, so
// that it knows them when it makes the next ones.
func (l *loader) duties(ctx context.Context) {
	l.copy(ctx, "duty", []string{"id", "responder_id", "rotation_id", "kind", "origin", "period", "start_told", "end_told", "post", "post_cell", "source", "external_id"}, len(l.d.Duties), func(i int) ([]any, error) {
		d := l.d.Duties[i]
		period := pgtype.Range[time.Time]{Lower: d.Start, Upper: d.End, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}
		source, name := seed.Source, external("duty", i)
		if d.Rotation != seed.None {
			source, name = rotationSource, fmt.Sprintf("rotation-%d-%d-%s", *l.id("rotation", d.Rotation), *l.id("responder", d.Responder), d.Day.Format(time.DateOnly))
		}
		row := []any{l.id("duty", i), l.id("responder", d.Responder), l.id("rotation", d.Rotation), d.Kind, d.Origin, period, !d.Start.After(l.now), !d.End.After(l.now), nil, nil, source, name}
		if d.Post == (orb.Point{}) {
			return row, nil
		}
		post, cell, err := spot(d.Post, geo.ResolutionPeople)
		row[8], row[9] = post, cell
		return row, err
	})
}
