package postgres

import (
	"slices"
	"testing"
	"time"

	"yiping/seed"
	"yiping/server/dispatch"
)

// demonstration gives a store that holds the demonstration district, and the
// district.
func demonstration(t *testing.T) (*Store, *seed.District) {
	t.Helper()
	now := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	s, err := Open(t.Context(), testConfig(t, func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	d := seed.Generate(seed.Options{Seed: 1, Now: now})
	if err := s.LoadSeed(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return s, d
}

func TestLoadSeed(t *testing.T) {
	s, d := demonstration(t)
	t.Run("every row is there and valid", func(t *testing.T) {
		tasks, offers, turns := 0, 0, 0
		for _, y := range d.Duties {
			if y.Rotation != seed.None {
				turns++
			}
		}
		for _, n := range d.Incidents {
			offers += len(n.Offers)
			for _, o := range n.Offers {
				if o.Task != nil {
					tasks++
				}
			}
		}
		for _, c := range []struct {
			what, sql string
			want      int
		}{
			{"areas", `select count(*) from area where st_isvalid(boundary) and cardinality(cells) > 0`, len(d.Areas)},
			{"communities inside their street", `select count(*) from area c join area p on p.id = c.parent_id where st_coveredby(c.boundary, p.boundary)`, len(d.Areas) - 1},
			{"overlaps of communities", `select count(*) from area a join area b on a.id < b.id and a.boundary && b.boundary
				where a.level = 'community' and b.level = 'community' and st_area(st_intersection(a.boundary, b.boundary)) > 1e-12`, 0},
			{"units", `select count(*) from unit`, len(d.Units)},
			{"compounds in their community", `select count(*) from compound c join area a on a.id = c.area_id where st_coveredby(c.boundary, a.boundary)`, len(d.Compounds)},
			{"buildings in their compound", `select count(*) from building b join compound c on c.id = b.compound_id and c.area_id = b.area_id
				where st_isvalid(b.boundary) and st_covers(c.boundary, b.point)`, len(d.Buildings)},
			{"facilities in their community", `select count(*) from facility f join area a on a.id = f.area_id where st_covers(a.boundary, f.point)`, len(d.Facilities)},
			{"cameras in their community", `select count(*) from camera c join area a on a.id = c.area_id where st_covers(a.boundary, c.point)`, len(d.Cameras)},
			{"devices in their community", `select count(*) from device v join area a on a.id = v.area_id where st_covers(a.boundary, v.point)`, len(d.Devices)},
			{"sites", `select count(*) from site`, len(d.Sites)},
			{"ground", `select count(*) from ground where st_isvalid(shape)`, len(d.Ground)},
			{"responders", `select count(*) from responder`, len(d.Responders)},
			{"who needs care", `select count(*) from care_record`, len(d.CareRecords)},
			{"duties", `select count(*) from duty`, len(d.Duties)},
			{"duties in a shift of their team", `select count(*) from duty d join rotation n on n.id = d.rotation_id join team_member m on m.team_id = n.team_id and m.responder_id = d.responder_id
				where d.source = 'rotation' and d.external_id = format('rotation-%s-%s-%s', n.id, d.responder_id, (lower(d.period) at time zone 'Asia/Shanghai')::date)
					and exists (select 1 from shift s where s.id = any(n.shifts) and s.kind = d.kind and s.starts_at = (lower(d.period) at time zone 'Asia/Shanghai')::time)`, turns},
			{"holidays", `select count(*) from holiday`, len(d.Holidays)},
			{"incidents", `select count(*) from incident`, len(d.Incidents)},
			{"offers", `select count(*) from offer`, offers},
			{"assignments", `select count(*) from assignment`, tasks},
			{"events", `select count(*) from event where "offset" <= (select last_offset from feed)`, len(d.Events)},
			{"events of a noun that is not there", `select count(*) from event e where noun = 'assignment' and not exists (
				select 1 from assignment a where a.id = e.noun_id and a.responder_id = e.responder_id and a.incident_id = e.incident_id)`, 0},
		} {
			if got := count(t, s, c.sql); got != c.want {
				t.Errorf("%s: %d, want %d", c.what, got, c.want)
			}
		}
	})
	t.Run("the installation is a demonstration", func(t *testing.T) {
		in, err := s.Installation(t.Context())
		if err != nil || !in.Demonstration || in.District.Name != d.Name || in.Bounds[0] != d.Bounds.Min[0] {
			t.Errorf("%+v, %v", in, err)
		}
	})
	t.Run("the sequences follow", func(t *testing.T) {
		if got := count(t, s, `select (nextval(pg_get_serial_sequence('incident', 'id')) - max(id))::int from incident`); got != 1 {
			t.Errorf("the next incident is %d behind the last", got)
		}
	})
	t.Run("figures of the month", func(t *testing.T) {
		o, err := s.Overview(everywhere(t), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		month, err := s.MonthTimes(everywhere(t), nil)
		if err != nil || len(month) != 5 || len(o.Times) != 5 {
			t.Fatalf("%+v, %v", month, err)
		}
		for k, x := range month {
			if x.MedianSeconds == nil || *x.MedianSeconds <= 0 || x.Count < 500 || x.Name != o.Times[k].Name || o.Times[k].TodayCount >= x.Count {
				t.Errorf("%+v of the month, %+v of today", x, o.Times[k])
			}
		}
		people, err := s.Dispatchable(t.Context(), s.now())
		if err != nil {
			t.Fatal(err)
		}
		forces := dispatch.NewForces(time.Now)
		forces.Replace(people)
		if _, total := forces.Count(nil); total.OnDuty < 200 {
			t.Errorf("%+v", total)
		}
		rates, err := s.CameraRates(everywhere(t), nil)
		if err != nil || rates.Coverage.Denominator < 1000 || o.Today.Reported == 0 {
			t.Errorf("%+v, %+v, %v", rates, o, err)
		}
	})
	t.Run("found by name, pinyin and initials", func(t *testing.T) {
		compound := d.Compounds[d.Buildings[0].Compound]
		for word, want := range map[string]string{"澄云": "澄云街道", "chengyun": "澄云街道", "cyjd": "澄云街道", "huanchengnanlu": "环城南路", "990001": "示范区",
			compound.Name + "1号": compound.Name + d.Buildings[0].Name} {
			found, err := s.Search(everywhere(t), word, nil, 20)
			if err != nil || !slices.ContainsFunc(found, func(f dispatch.FoundPlace) bool { return f.Name == want }) {
				t.Errorf("%s: %v, %v", word, found, err)
			}
		}
	})
	t.Run("a second time is refused", func(t *testing.T) {
		if err := s.LoadSeed(t.Context(), d); dispatch.CodeOf(err) != dispatch.CodeTaken {
			t.Errorf("got %v", err)
		}
	})
	t.Run("phones for the demonstration are found, on duty and free", func(t *testing.T) {
		street, people, err := s.DemonstrationStreet(t.Context(), 5)
		if err != nil || street == 0 || len(people) != 5 {
			t.Fatalf("street %d, %d people, %v", street, len(people), err)
		}
		for _, r := range people {
			if r.Duty != dispatch.DutyOn || r.Task != nil {
				t.Errorf("%d is %s with %v", r.ID, r.Duty, r.Task)
			}
		}
	})
}

func TestLoadStarter(t *testing.T) {
	s, err := Open(t.Context(), testConfig(t, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	areas, _ := seed.Starter("370306")
	orphan := []seed.StarterArea{areas[0], {Level: "street", Code: "370306999", Name: "某街道", ParentCode: "370399"}}
	if err := s.LoadStarter(t.Context(), orphan); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Errorf("a street without a district: %v", err)
	}
	if err := s.LoadStarter(t.Context(), areas); err != nil {
		t.Fatal(err)
	}
	tree, err := s.Areas(t.Context())
	if err != nil || len(tree) != 261 || tree[0].Name != "周村区" {
		t.Fatalf("%d areas, %v", len(tree), err)
	}
	if in, err := s.Installation(t.Context()); err != nil || in.District.ID != tree[0].ID || in.Demonstration {
		t.Errorf("%+v, %v", in, err)
	}
	if got := count(t, s, `select count(*) from incident_type`); got != len(seed.Types()) {
		t.Errorf("%d incident types", got)
	}
	for word, want := range map[string]string{"永安街街道": "永安街道", "yajjd": "永安街道", "cbl": "城北路街道", "孟家堰村": "孟家堰村委会", "370306102": "王村镇"} {
		found, err := s.Search(everywhere(t), word, nil, 5)
		if err != nil || !slices.ContainsFunc(found, func(f dispatch.FoundPlace) bool { return f.Name == want }) {
			t.Errorf("%s: %v, %v", word, found, err)
		}
	}
	if err := s.LoadStarter(t.Context(), areas); dispatch.CodeOf(err) != dispatch.CodeTaken {
		t.Errorf("a second time: %v", err)
	}
}

func TestLoadTypesTwice(t *testing.T) {
	s, err := Open(t.Context(), testConfig(t, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for range 2 {
		if err := s.LoadTypes(t.Context(), seed.Types()); err != nil {
			t.Fatal(err)
		}
	}
	leaves := 0
	for _, y := range seed.Types() {
		if y.Plan != nil {
			leaves++
		}
	}
	if got := count(t, s, `select count(*) from incident_type`); got != len(seed.Types()) {
		t.Errorf("%d types", got)
	}
	if got := count(t, s, `select count(*) from plan`); got != leaves {
		t.Errorf("%d plans, want %d", got, leaves)
	}
}

func count(t *testing.T, s *Store, sql string) int {
	t.Helper()
	var n int
	if err := s.pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
