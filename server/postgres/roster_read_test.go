package postgres

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"yiping/seed"
	"yiping/server/dispatch"
)

// put writes a duty past the domain, at hours from a time.
func (f *roster) put(person int64, kind dispatch.DutyState, base time.Time, from, to int) {
	f.t.Helper()
	f.exec(`insert into duty (responder_id, kind, origin, period, start_told, end_told) values ($1, $2, 'roster', tstzrange($3, $4), true, true)
		on conflict do nothing`, person, kind, base.Add(hours(from)), base.Add(hours(to)))
}

// TestGaps holds the gaps of random duties against looking at every quarter of
// an hour: in each of them too few are on duty, outside of them enough.
func TestGaps(t *testing.T) {
	f := newRoster(t)
	base := f.store.now().Truncate(time.Hour)
	r := rand.New(rand.NewPCG(1, 2))
	const window = 100
	people, where := []int64{}, map[int64]int64{}
	for k := range 12 {
		area := []int64{f.west.ID, f.east.ID, f.street.ID}[k%3]
		id := f.person(string(rune('一'+k)), area)
		people, where[id] = append(people, id), area
		for range 4 {
			from := r.IntN(window+20) - 10
			f.put(id, dispatch.DutyOn, base, from, from+1+r.IntN(20))
		}
		f.put(id, dispatch.DutyOnCall, base, 0, window)
	}
	f.exec(`update responder set retired_at = now() where id = $1`, people[0])
	delete(where, people[0])
	all, err := many[dispatch.Duty](t.Context(), f.owner, selectDuty+` where d.kind = 'on_duty'`)
	if err != nil {
		t.Fatal(err)
	}
	for _, minimum := range []int{1, 2, 3, 5} {
		gaps, err := f.store.RosterGaps(everywhere(t), dispatch.GapFilter{AreaIDs: []int64{f.street.ID, f.west.ID}, From: base, To: base.Add(hours(window)), Minimum: minimum, Kind: "on_duty"})
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []int64{f.street.ID, f.west.ID} {
			for at := base; at.Before(base.Add(hours(window))); at = at.Add(15 * time.Minute) {
				on := 0
				for _, d := range all {
					area, counts := where[d.ResponderID]
					if counts && (place == f.street.ID || area == place) && !at.Before(d.StartsAt) && at.Before(*d.EndsAt) {
						on++
					}
				}
				inGap := slices.ContainsFunc(gaps, func(g dispatch.RosterGap) bool {
					return g.AreaID == place && !at.Before(g.StartsAt) && at.Before(g.EndsAt)
				})
				if inGap != (on < minimum) {
					t.Fatalf("at %v %d are on duty in %d, at least %d wanted; a gap: %v", at.Sub(base), on, place, minimum, inGap)
				}
			}
		}
		for k, g := range gaps {
			if g.Hours != g.EndsAt.Sub(g.StartsAt).Hours() || k > 0 && gaps[k-1].AreaID == g.AreaID && !g.StartsAt.After(gaps[k-1].EndsAt) {
				t.Fatalf("a gap of %v hours that is no stretch of its own: %+v", g.Hours, gaps)
			}
		}
	}
}

// TestGapsOfNobody: an area without any people is one gap.
func TestGapsOfNobody(t *testing.T) {
	f := newRoster(t)
	now := f.store.now()
	gaps, err := f.store.RosterGaps(everywhere(t), dispatch.GapFilter{AreaIDs: []int64{f.east.ID}, From: now, To: now.Add(hours(48)), Minimum: 1, Kind: "on_duty"})
	if err != nil || len(gaps) != 1 || gaps[0].Hours != 48 || gaps[0].AreaName != "东苑社区" {
		t.Fatalf("%+v, %v", gaps, err)
	}
}

func TestRosterNow(t *testing.T) {
	f := newRoster(t)
	now := f.store.now()
	one, two, three, high := f.person("一", f.west.ID), f.person("二", f.west.ID), f.person("三", f.west.ID), f.person("四", f.street.ID)
	f.put(one, dispatch.DutyOn, now, -1, 2)
	f.put(one, dispatch.DutyOnCall, now, -1, 5) // both: on duty
	f.put(two, dispatch.DutyOnCall, now, -1, 3)
	f.put(three, dispatch.DutyOn, now, 1, 3) // not yet
	f.put(high, dispatch.DutyOn, now, -2, 1)
	list, err := f.store.RosterNow(everywhere(t), nil)
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	street, west, east := list[0], list[1], list[2]
	if street.AreaID != f.street.ID || street.OnDuty != 1 || west.OnDuty != 1 || west.OnCall != 1 || len(west.People) != 2 || east.AreaID != f.east.ID || len(east.People) != 0 {
		t.Fatalf("%+v", list)
	}
	first := west.People[0]
	if first.ID != one || first.Kind != dispatch.DutyOn || first.Name != "一" || !first.Until.Equal(now.Add(hours(2))) {
		t.Fatalf("%+v", first)
	}
	if list, err = f.store.RosterNow(everywhere(t), []int64{f.east.ID}); err != nil || len(list) != 1 {
		t.Fatalf("of one area: %+v, %v", list, err)
	}
}

// TestRosterPages: every duty of the time once, in order, however small the
// pages, and as many as the total says; each with its team and shift.
func TestRosterPages(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two, three := f.person("一", f.west.ID), f.person("二", f.west.ID), f.person("三", f.east.ID)
	shift := f.wholeDay()
	early := f.must(f.svc.AddShift(ctx, f.as(f.boss, "shift"), dispatch.Shift{AreaID: f.west.ID, Name: "早", Kind: dispatch.DutyOn, StartsAt: "06:30", Minutes: 60})).ID
	team := f.team(f.west.ID, one, two)
	r := f.rotate(team, dispatch.DaysEvery, shift.ID, early, 0)
	f.put(three, dispatch.DutyOn, f.today().Add(2).Start(), 0, 5)
	filter := dispatch.RosterFilter{From: f.today().Add(1).Start(), To: f.today().Add(10).Start(), Limit: 3}
	seen := []dispatch.RosterDuty{}
	for {
		list, total, err := f.store.Roster(everywhere(t), filter)
		if err != nil || total != 13 {
			t.Fatalf("%d in all, %v", total, err)
		}
		if seen = append(seen, list...); len(list) < 3 {
			break
		}
		filter.AfterStart, filter.AfterID = list[2].StartsAt, list[2].ID
	}
	if len(seen) != 13 {
		t.Fatalf("%d were read", len(seen))
	}
	for k, d := range seen {
		if k > 0 && (d.StartsAt.Before(seen[k-1].StartsAt) || d.ID == seen[k-1].ID) {
			t.Fatalf("out of order: %+v", seen)
		}
		if d.ResponderID == three {
			if d.TeamID != nil || d.ShiftName != nil {
				t.Errorf("no rotation's: %+v", d)
			}
			continue
		}
		want := map[int]int64{0: shift.ID, 1: early}[dispatch.DayOf(d.StartsAt).Since(f.today())%3]
		if d.RotationID == nil || *d.RotationID != r.ID || *d.TeamName != "一组" || *d.ShiftID != want || d.AreaName != "西苑社区" {
			t.Errorf("%+v, want shift %d", d, want)
		}
	}
	for name, narrow := range map[string]func(*dispatch.RosterFilter) int{
		"areas":  func(f2 *dispatch.RosterFilter) int { f2.AreaIDs = []int64{f.east.ID}; return 1 },
		"team":   func(f2 *dispatch.RosterFilter) int { f2.TeamID = team.ID; return 12 },
		"person": func(f2 *dispatch.RosterFilter) int { f2.ResponderID = one; return 6 },
		"kind":   func(f2 *dispatch.RosterFilter) int { f2.Kind = "on_call"; return 0 },
	} {
		one := dispatch.RosterFilter{From: filter.From, To: filter.To, Limit: 50}
		want := narrow(&one)
		if list, total, err := f.store.Roster(everywhere(t), one); err != nil || total != want || len(list) != want {
			t.Errorf("by %s: %d of %d, %v, want %d", name, len(list), total, err, want)
		}
	}
}

// TestShiftOfASplitNight: what is left of a night's duty that was handed over
// after midnight is still of the shift of the evening before.
func TestShiftOfASplitNight(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two := f.person("一", f.west.ID), f.person("二", f.west.ID)
	shift := f.wholeDay()
	rest := f.must(f.svc.AddShift(ctx, f.as(f.boss, "shift"), dispatch.Shift{AreaID: f.west.ID, Name: "早", Kind: dispatch.DutyOn, StartsAt: "06:30", Minutes: 60})).ID
	r := f.rotate(f.team(f.west.ID, one), dispatch.DaysEvery, shift.ID, rest)
	id := f.ids(r.ID)[dutyName(r.ID, one, f.today().Add(2))]
	f.exec(`update duty set external_id = $2, period = tstzrange(now() - interval '1 hour', now() + interval '30 minutes') where id = $1`,
		id, dutyName(r.ID, one, f.today().Add(-1)))
	f.exec(`update rotation set starts_on = $1::text::date`, f.today().Add(-1))
	out := f.must(f.svc.HandOver(ctx, f.as(f.desk, "hand"), id, 0, two, "替"))
	again := f.must(f.svc.HandOver(ctx, f.as(f.desk, "hand"), out.ID, 0, one, "又回"))
	for _, part := range []int64{id, out.ID, again.ID} {
		if d := f.dutyNow(part); d.ShiftID == nil || *d.ShiftID != shift.ID {
			t.Errorf("%+v", d)
		}
	}
}

// TestRostersOfTheDemonstration: the job goes on where the demonstration's
// rosters end, and nobody is asked for twice.
func TestRostersOfTheDemonstration(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	c := testConfig(t, func() time.Time { return now })
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.LoadSeed(t.Context(), seed.Generate(seed.Options{Seed: 1, Now: now})); err != nil {
		t.Fatal(err)
	}
	svc := dispatch.NewService(s, func() time.Time { return now }, zerolog.Nop())
	if err := svc.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := func() (n, doubled int) {
		t.Helper()
		if err := s.pool.QueryRow(t.Context(), `select count(*), count(*) - count(distinct (rotation_id, responder_id, lower(period))) from duty where rotation_id is not null`).Scan(&n, &doubled); err != nil {
			t.Fatal(err)
		}
		return n, doubled
	}
	before, _ := count()
	if _, total, err := s.RosterConflicts(everywhere(t), nil, 50, 0); err != nil || before == 0 || total != 0 {
		t.Fatalf("%d duties, %d conflicts before anything was made, %v", before, total, err)
	}
	if err := svc.MakeRosters(t.Context()); err != nil {
		t.Fatal(err)
	}
	made, doubled := count()
	_, total, err := s.RosterConflicts(everywhere(t), nil, 50, 0)
	if err != nil || made < before || doubled != 0 || total > made/50 {
		t.Fatalf("%d duties, %d after, %d doubled, %d conflicts, %v", before, made, doubled, total, err)
	}
	var due int
	if err := s.pool.QueryRow(t.Context(), `select count(*) from rotation where made_until < $1::text::date`, dispatch.DayOf(now).Add(28)).Scan(&due); err != nil || due != 0 {
		t.Fatalf("%d rotations are not made, %v", due, err)
	}
	t.Logf("%d duties, %d after, %d conflicts", before, made, total)
	f := &fixture{t: t, store: s, owner: ownerOf(t, c)}
	f.exec(`insert into duty_change (duty_id, step, responder_id, external_id, at) select g, 'withdraw', 1, 'gone-' || g, now() from generate_series(1, 5000) g`)
	f.exec(`analyze`)
	rosterPlans(t, s, now)
}

// rosterPlans asks PostgreSQL how it would go about the queries of rosters.
func rosterPlans(t *testing.T, s *Store, now time.Time) {
	community := []int64{20, 21}
	var everywhere []int64
	district := []any{everywhere, now.Add(hours(3)), now.Add(hours(4)), int64(0), int64(0), ""}
	page := []any{community, now, now.Add(hours(24)), int64(0), int64(0), "", time.Time{}, int64(0), 50}
	days, kinds, starts, ends := planOf([]dispatch.PlannedDuty{{Day: "2026-12-01", Kind: dispatch.DutyOn, StartsAt: now, EndsAt: now.Add(hours(8))}})
	wanted := []any{int64(3), int64(3), days, kinds, starts, ends, now}
	tests := []struct {
		name, sql, index string
		args             []any
	}{
		{"a roster's page", selectRosterDuty + whereRoster + ` and ($8::bigint = 0 or (lower(d.period), d.id) > ($7::timestamptz, $8)) order by lower(d.period), d.id limit $9`, "duty_apart", page},
		{"how many there are", `select count(*)` + fromRoster + whereRoster, "duty_apart", page[:6]},
		{"how many there are everywhere", `select count(*)` + fromRoster + whereRoster, "duty_period", district},
		{"why a duty changed", selectRosterDuty + ` where d.id = $1`, "duty_change_duty_id", []any{int64(7)}},
		{"who is on duty now", selectNow, "duty_apart", []any{community, now}},
		{"who is on duty now everywhere", selectNow, "duty_period", []any{everywhere, now}},
		{"what else somebody has then", selectDuty + ` where d.responder_id = $1 and d.kind = $2 and d.period && tstzrange($3, $4)`, "duty_apart", []any{int64(7), "on_duty", now, now.Add(hours(2))}},
		{"what is there of a rotation", wantedDuties + ` select 1 from duty d where d.rotation_id = $1 and $7::timestamptz is not null and not exists (select 1 from wanted w where w.external_id = d.external_id)`, "duty_rotation_id", wanted},
		{"what is missing of a rotation", wantedDuties + ` select 1 from wanted w where w.starts_at > $7 and not exists (select 1 from duty d where d.source = 'rotation' and d.external_id = w.external_id)`, "duty_external", wanted},
		{"what was withdrawn", wantedDuties + ` select 1 from wanted w where w.starts_at > $7 and ` + withdrawn, "duty_change_withdrawn", wanted},
		{"a team's people", wantedDuties + ` select 1 from wanted w where w.starts_at > $7`, "team_member_pkey", wanted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for who, ctx := range eyes(t) {
				rows, err := s.read(ctx).Query(ctx, `explain `+tt.sql, tt.args...)
				if err != nil {
					t.Fatal(err)
				}
				lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if err != nil {
					t.Fatal(err)
				}
				if plan := strings.Join(lines, "\n"); !strings.Contains(plan, tt.index) {
					t.Errorf("%s: %s is not used:\n%s", who, tt.index, plan)
				}
			}
		})
	}
}
