package postgres

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// onDuty makes people on duty who have agreed, and gives their ids.
func (f *fixture) onDuty(n int) []int64 {
	f.t.Helper()
	one := f.responder("零", orb.Point{121.051, 38.051}, "fire_rescue")
	rows, err := f.owner.Query(f.t.Context(), `insert into responder (area_id, name, phone, phone_digest, post, post_cell, external_id)
		select area_id, name, phone, phone_digest, post, post_cell, 'crew-' || k from responder, generate_series(1, $2) k where id = $1 returning id`, one.ResponderID, n)
	if err != nil {
		f.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		f.t.Fatal(err)
	}
	f.exec(`insert into duty (responder_id, kind, origin, period, start_told) select id, 'on_duty', 'roster', tstzrange(now() - interval '1 hour', now() + interval '8 hours'), true from unnest($1::bigint[]) id`, ids)
	f.exec(`insert into consent (responder_id, purpose, version, way, given_at) select id, 'position', 1, 'demonstration', now() - interval '1 day' from unnest($1::bigint[]) id`, ids)
	return ids
}

// TestPositionsOfManyPhones: what comes at the same time is committed together,
// each is answered for itself, and the newest of each is there when it was acknowledged.
func TestPositionsOfManyPhones(t *testing.T) {
	f := newFixture(t)
	crew := f.onDuty(200)
	off := crew[0]
	f.exec(`delete from duty where responder_id = $1`, off)
	begin := f.store.now().Add(-time.Minute)
	var phones sync.WaitGroup
	for _, id := range crew {
		phones.Go(func() {
			for k := range 3 {
				at := begin.Add(time.Duration(k) * time.Second)
				kept, err := f.store.SavePositions(everywhere(t), id, []dispatch.Position{{Lon: 121.06, Lat: 38.06, At: at}, {Lon: 200, At: at}})
				if id == off {
					if dispatch.CodeOf(err) != dispatch.CodeNotOnDuty {
						t.Errorf("off duty: %v", err)
					}
					continue
				}
				if err != nil || kept.Accepted != 1 || len(kept.Refused) != 1 || kept.Refused[0].Index != 1 {
					t.Errorf("kept %+v, %v", kept, err)
				}
			}
		})
	}
	phones.Wait()
	var n, newest, transactions int
	if err := f.owner.QueryRow(t.Context(), `select count(*), count(*) filter (where at = $1), count(distinct tx::text) from position`, begin.Add(2*time.Second)).Scan(&n, &newest, &transactions); err != nil {
		t.Fatal(err)
	}
	if n != len(crew)-1 || newest != n {
		t.Errorf("%d rows, %d of them the newest; want %d", n, newest, len(crew)-1)
	}
	if transactions > 100 {
		t.Errorf("%d transactions wrote them", transactions)
	}
}

// TestALookMissesNoPosition: one that was committed after a later one, and after a
// look, is in the next look. What was seen may come again for as long as any
// transaction of the whole server is open; the feed hands it over once.
func TestALookMissesNoPosition(t *testing.T) {
	f := newFixture(t)
	crew := f.onDuty(3)
	look := func(mark string) (ids map[int64]bool, next string) {
		t.Helper()
		list, next, err := f.store.positionsAfter(t.Context(), mark)
		if err != nil {
			t.Fatal(err)
		}
		ids = map[int64]bool{}
		for _, p := range list {
			ids[p.ResponderID] = true
		}
		return ids, next
	}
	write := func(q querier, id int64) {
		t.Helper()
		now := f.store.now()
		if _, err := q.Exec(t.Context(), `select keep_positions(array[$1::bigint], array[121.0], array[38.0], array[1], null, null, null, array[$2::timestamptz], $2, false)`, id, now); err != nil {
			t.Fatal(err)
		}
	}
	_, mark := look("0")
	slow, err := f.owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Rollback(context.WithoutCancel(t.Context())) }()
	write(slow, crew[0])
	write(f.owner, crew[1])
	seen, mark := look(mark)
	if seen[crew[0]] || !seen[crew[1]] {
		t.Fatalf("the first look sees %v", seen)
	}
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(f.owner, crew[2])
	if seen, _ = look(mark); !seen[crew[0]] || !seen[crew[2]] {
		t.Fatalf("the second look sees %v", seen)
	}
}

// TestPositionsOfAnotherNode: what is committed elsewhere is handed over here too, once.
func TestPositionsOfAnotherNode(t *testing.T) {
	f := newFixture(t)
	id := f.onDuty(1)[0]
	got := make(chan dispatch.Position, 10)
	other := newFeed(f.store.pool.Config().ConnConfig.Copy(), f.store)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- other.runPositions(ctx, Reader{Positions: func(list []dispatch.Position) {
			for _, p := range list {
				got <- p
			}
		}})
	}()
	at := f.store.now().Truncate(time.Millisecond)
	for k := range 2 {
		p := dispatch.Position{Lon: 121.06, Lat: 38.06, At: at.Add(time.Duration(k) * time.Second)}
		if _, err := f.store.SavePositions(everywhere(t), id, []dispatch.Position{p}); err != nil {
			t.Fatal(err)
		}
		select {
		case seen := <-got:
			if seen.ResponderID != id || !seen.At.Equal(p.At) || seen.AreaID != f.west.ID {
				t.Errorf("handed over %+v", seen)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it is not handed over")
		}
	}
	stop()
	<-done
	if len(got) != 0 {
		t.Errorf("%d more were handed over", len(got))
	}
}
