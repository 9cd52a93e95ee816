package feedtorture

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/screen"
)

// truth is what the database holds of what somebody follows.
type truth struct {
	offset      int64
	incidents   map[int64]screen.Noun
	offers      map[int64]screen.Noun
	assignments map[int64]screen.Noun
	log         []int64 // offsets of the events
}

// holding is what the database holds, with where it lies.
type holding struct {
	offset                         int64
	incidents, offers, assignments []placed
	parties                        map[int64][]party // by incident
	log                            []logged          // events of incidents, in order
	seen                           map[int64]truth   // by area, of commanders
}

// placed is a noun that goes on.
type placed struct {
	screen.Noun
	incident, area int64
	who            *int64 // whose it is
}

// party is an area that takes part in an incident of another.
type party struct {
	area  int64
	until *time.Time
}

type logged struct {
	offset, incident, area int64
	at                     time.Time
	noun                   string
	who                    *int64
}

// of gives what of it somebody is to be shown.
func (h *holding) of(d *district, p person) truth {
	if p.who != 0 {
		return h.phone(p)
	}
	return h.within(d, p.area)
}

// phone gives what a responder is to be shown who is asked for nothing: what lies in
// their community, without what belongs to it, and what is their own.
func (h *holding) phone(p person) truth {
	own := func(list []placed) map[int64]screen.Noun {
		out := map[int64]screen.Noun{}
		for _, n := range list {
			if n.who != nil && *n.who == p.who {
				out[n.ID] = n.Noun
			}
		}
		return out
	}
	t := truth{offset: h.offset, incidents: map[int64]screen.Noun{}, offers: own(h.offers), assignments: own(h.assignments)}
	for _, n := range h.incidents {
		if n.area == p.area {
			t.incidents[n.ID] = n.Noun
		}
	}
	for _, e := range h.log {
		if e.area == p.area && e.noun == "incident" || e.who != nil && *e.who == p.who {
			t.log = append(t.log, e.offset)
		}
	}
	return t
}

// within gives what of it a commander of an area is to be shown: what lies there, and
// what the area takes part in, of the log until its part ended.
func (h *holding) within(d *district, area int64) truth {
	if t, known := h.seen[area]; known {
		return t
	}
	below := d.below(area)
	joined := func(incident int64, until func(*time.Time) bool) bool {
		return slices.ContainsFunc(h.parties[incident], func(p party) bool { return below[p.area] && until(p.until) })
	}
	of := func(list []placed) map[int64]screen.Noun {
		out := map[int64]screen.Noun{}
		for _, n := range list {
			if below[n.area] || joined(n.incident, func(until *time.Time) bool { return until == nil }) {
				out[n.ID] = n.Noun
			}
		}
		return out
	}
	t := truth{offset: h.offset, incidents: of(h.incidents), offers: of(h.offers), assignments: of(h.assignments)}
	for _, e := range h.log {
		if below[e.area] || joined(e.incident, func(until *time.Time) bool { return until == nil || !e.at.After(*until) }) {
			t.log = append(t.log, e.offset)
		}
	}
	h.seen[area] = t
	return t
}

// settled waits until the log has taken everything in, and reads what holds.
func (d *district) settled(ctx context.Context) *holding {
	d.t.Helper()
	for {
		before := d.head(ctx)
		var waiting bool
		if err := d.pool.QueryRow(ctx, `select exists (select 1 from event_pending)`).Scan(&waiting); err != nil {
			d.t.Fatal(err)
		}
		if after := d.read(ctx); !waiting && before == after.offset {
			return after
		}
		time.Sleep(100 * time.Millisecond) // the log's own pace
	}
}

// head gives the log's last offset.
func (d *district) head(ctx context.Context) (offset int64) {
	d.t.Helper()
	if err := d.pool.QueryRow(ctx, `select last_offset from feed`).Scan(&offset); err != nil {
		d.t.Fatal(err)
	}
	return offset
}

func (d *district) read(ctx context.Context) *holding {
	d.t.Helper()
	h := &holding{parties: map[int64][]party{}, seen: map[int64]truth{}}
	err := pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `select last_offset from feed`).Scan(&h.offset); err != nil {
			return err
		}
		var n placed
		for into, sql := range map[*[]placed]string{
			&h.incidents:   `select id, version, state, id, area_id, null::bigint from incident where state not in ('closed', 'rejected', 'merged', 'cancelled')`,
			&h.offers:      `select id, version, state, incident_id, area_id, responder_id from offer where state in ('offered', 'seen', 'later', 'standby')`,
			&h.assignments: `select id, version, state, incident_id, area_id, responder_id from assignment where state in ('accepted', 'en_route', 'on_scene')`,
		} {
			if err := each(ctx, tx, sql, []any{&n.ID, &n.Version, &n.State, &n.incident, &n.area, &n.who}, func() { *into = append(*into, n) }); err != nil {
				return err
			}
		}
		var incident int64
		var p party
		if err := each(ctx, tx, `select incident_id, area_id, until from incident_party`, []any{&incident, &p.area, &p.until}, func() {
			h.parties[incident] = append(h.parties[incident], p)
		}); err != nil {
			return err
		}
		var e logged
		return each(ctx, tx, `select "offset", incident_id, area_id, at, noun, responder_id from event where incident_id is not null order by "offset"`,
			[]any{&e.offset, &e.incident, &e.area, &e.at, &e.noun, &e.who}, func() { h.log = append(h.log, e) })
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return h
}

func each(ctx context.Context, tx pgx.Tx, sql string, into []any, take func()) error {
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, into, func() error { take(); return nil })
	return err
}

// below gives an area and all within it.
func (d *district) below(area int64) map[int64]bool {
	d.t.Helper()
	rows, err := d.pool.Query(context.Background(), `with recursive b as (select $1::bigint as id union all select a.id from area a join b on a.parent_id = b.id) select id from b`, area)
	if err != nil {
		d.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		d.t.Fatal(err)
	}
	out := map[int64]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out
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

// told says how the events that a screen was told since its snapshot differ from
// those that it was to be told, "" for not at all: a gap, one twice, or one that is
// not its business.
func (t truth) told(h *holding, c *screen.Count) string {
	if c.Twice > 0 || c.Broken > 0 {
		return fmt.Sprintf("%d events twice, %d messages broken", c.Twice, c.Broken)
	}
	from, found := slices.BinarySearch(t.log, c.From)
	if found {
		from++
	}
	want, at := t.log[from:], 0
	for _, got := range c.Offsets {
		switch {
		case at < len(want) && want[at] < got:
			return fmt.Sprintf("offset %d is missing before %d", want[at], got)
		case at < len(want) && want[at] == got:
			at++
		case h.ofIncident(got): // else of people, who follow other rules
			return fmt.Sprintf("offset %d is of an incident elsewhere", got)
		}
	}
	if at < len(want) {
		return fmt.Sprintf("the last %d events are missing, from offset %d", len(want)-at, want[at])
	}
	return ""
}

func (h *holding) ofIncident(offset int64) bool {
	_, found := slices.BinarySearchFunc(h.log, offset, func(e logged, offset int64) int { return cmp.Compare(e.offset, offset) })
	return found
}
