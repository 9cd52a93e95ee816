package feedtorture

import (
	"context"
	"fmt"
	"slices"
	"time"

	"yiping/server/screen"
)

// truth is what the database holds of what a commander of the whole follows.
type truth struct {
	offset      int64
	incidents   map[int64]screen.Noun
	offers      map[int64]screen.Noun
	assignments map[int64]screen.Noun
}

// settled waits until the log has taken everything in, and reads what holds.
func (d *district) settled(ctx context.Context) truth {
	d.t.Helper()
	for {
		before := d.read(ctx)
		var waiting bool
		if err := d.pool.QueryRow(ctx, `select exists (select 1 from event_pending)`).Scan(&waiting); err != nil {
			d.t.Fatal(err)
		}
		if after := d.read(ctx); !waiting && before.offset == after.offset {
			return after
		}
		time.Sleep(100 * time.Millisecond) // the log's own pace
	}
}

func (d *district) read(ctx context.Context) (t truth) {
	d.t.Helper()
	tx, err := d.pool.Begin(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, `set transaction isolation level repeatable read`); err != nil {
		d.t.Fatal(err)
	}
	if err := tx.QueryRow(ctx, `select last_offset from feed`).Scan(&t.offset); err != nil {
		d.t.Fatal(err)
	}
	for into, sql := range map[*map[int64]screen.Noun]string{
		&t.incidents:   `select id, version, state from incident where state not in ('closed', 'rejected', 'merged', 'cancelled')`,
		&t.offers:      `select id, version, state from offer where state in ('offered', 'seen', 'later', 'standby')`,
		&t.assignments: `select id, version, state from assignment where state in ('accepted', 'en_route', 'on_scene')`,
	} {
		rows, err := tx.Query(ctx, sql)
		if err != nil {
			d.t.Fatal(err)
		}
		*into = map[int64]screen.Noun{}
		for rows.Next() {
			var n screen.Noun
			if err := rows.Scan(&n.ID, &n.Version, &n.State); err != nil {
				d.t.Fatal(err)
			}
			(*into)[n.ID] = n
		}
		if rows.Err() != nil {
			d.t.Fatal(rows.Err())
		}
	}
	return t
}

// offsets gives the offsets of the log's events of what a commander follows.
func (d *district) offsets(ctx context.Context) []int64 {
	d.t.Helper()
	var list []int64
	if err := d.pool.QueryRow(ctx, `select coalesce(array_agg("offset" order by "offset"), '{}') from event where incident_id is not null`).Scan(&list); err != nil {
		d.t.Fatal(err)
	}
	return list
}

// differs says how a screen differs from the database, "" for not at all.
func (t truth) differs(p *screen.Picture) string {
	for _, kind := range []struct {
		name string
		want map[int64]screen.Noun
		got  map[int64]*screen.Noun
	}{{"incidents", t.incidents, p.Incidents}, {"offers", t.offers, p.Offers}, {"assignments", t.assignments, p.Assignments}} {
		if len(kind.got) != len(kind.want) {
			return fmt.Sprintf("%d %s for %d", len(kind.got), kind.name, len(kind.want))
		}
		for id, want := range kind.want {
			if got := kind.got[id]; got == nil || *got != want {
				return fmt.Sprintf("%s: %v for %v", kind.name, got, want)
			}
		}
	}
	return ""
}

// missing says how the events that a screen was told since its snapshot differ
// from the log's, "" for not at all: a gap, or one twice.
func missing(log []int64, c *screen.Count) string {
	if c.Twice > 0 || c.Broken > 0 {
		return fmt.Sprintf("%d events twice, %d messages broken", c.Twice, c.Broken)
	}
	from, found := slices.BinarySearch(log, c.From)
	if found {
		from++
	}
	want, at := log[from:], 0
	for _, got := range c.Offsets {
		for at < len(want) && want[at] < got {
			return fmt.Sprintf("offset %d is missing before %d", want[at], got)
		}
		if at < len(want) && want[at] == got {
			at++
		}
	}
	if at < len(want) {
		return fmt.Sprintf("the last %d events are missing, from offset %d", len(want)-at, want[at])
	}
	return ""
}
