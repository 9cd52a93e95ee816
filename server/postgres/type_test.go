package postgres

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

func terms(quota int) dispatch.Plan {
	grade := dispatch.GradeLarge
	return dispatch.Plan{Priority: dispatch.PriorityUrgent, Skills: []string{"gas"}, Quota: quota, Hazard: true, OfferSeconds: 60, VerifySeconds: 60, DispatchSeconds: 120,
		ArriveSeconds: 600, ResolveSeconds: 3600, CheckSeconds: 7200, HazardAffiliations: []string{"unit_staff"}, HazardTraining: []string{"gas"}, SendFirst: true, OverOffer: 2.5,
		Waves: []dispatch.WaveRule{{Rings: 2, Seconds: 30}}, Ladder: []dispatch.Rung{{Level: dispatch.LevelStreet, Seconds: 60}}, Pair: true, WelfareSeconds: 300,
		Units: []dispatch.PlanUnit{{Role: dispatch.UnitLeads, Kind: "gas"}}, Checklist: []dispatch.Checkitem{{Zh: "关阀", En: "Close the valve"}}, Grade: &grade, Tell: []string{"119"},
		WorkingHours: true, Reach: []dispatch.ReachStep{{Channel: dispatch.WaySMS, AfterSeconds: 20, Unless: "seen"}, {Channel: dispatch.WayVoice, AfterSeconds: 60, Unless: "answered"}}}
}

// TestTypesAndPlansAreEdited: a type is added with its plan, renamed, moved,
// retired; each plan is another version that says who made it, why, and what it
// changed; an incident keeps the one it began with.
func TestTypesAndPlansAreEdited(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	boss := f.account("boss", dispatch.RoleSystemAdministrator, f.district.ID, 0)
	first := terms(2)
	f.exec(`insert into incident_type (code, family, name_zh, name_en) values ('accident', 'accident', '事故灾难', 'Accident'), ('service', 'service', '居民诉求', 'Requests')`)
	out := f.must(f.svc.AddType(ctx, f.as(boss, "type.add"), dispatch.NewType{Word: "gas", ParentCode: "accident", NameZh: "燃气泄漏"}, &first, "第一版"))
	x, err := f.store.IncidentType(ctx, out.ID)
	if err != nil || x.Code != "accident.gas" || x.Plan == nil || x.Plan.Version != 1 || x.Plan.Quota != 2 || len(x.Plan.Tell) != 1 || *x.Plan.Grade != dispatch.GradeLarge {
		t.Fatalf("%+v, %v", x, err)
	}
	take := func() dispatch.Incident {
		out := f.must(f.svc.TakeIn(ctx, f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: "accident.gas", Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher}))
		return f.incident(out.ID)
	}
	old := take()
	if old.Grade == nil || *old.Grade != dispatch.GradeLarge {
		t.Fatalf("the incident begins with grade %v", old.Grade)
	}
	f.must(f.svc.AddPlan(ctx, f.as(boss, "plan.add"), x.Code, 1, terms(5), "人手不够"))
	if _, plan, err := f.store.IncidentPlan(ctx, old.ID); err != nil || plan.Version != 1 || plan.Quota != 2 {
		t.Fatalf("the plan of the incident that was there: %+v, %v", plan, err)
	}
	if _, plan, err := f.store.IncidentPlan(ctx, take().ID); err != nil || plan.Version != 2 || plan.Quota != 5 {
		t.Fatalf("the plan of a new one: %+v, %v", plan, err)
	}
	versions, err := f.store.PlanVersions(ctx, x.Code)
	if err != nil || len(versions) != 2 || versions[0].By != "boss" || versions[0].Note != "人手不够" || len(versions[0].Changes) != 1 || versions[0].Changes[0].Field != "quota" || len(versions[1].Changes) != 0 {
		t.Fatalf("%+v, %v", versions, err)
	}

	_, err = f.svc.AddPlan(ctx, f.as(boss, "plan.add"), x.Code, 1, terms(7), "")
	var refused *dispatch.Error
	if !errors.As(err, &refused) || refused.Code != dispatch.CodeVersionConflict {
		t.Fatalf("who saw the version before: %v", err)
	}
	if c, ok := refused.Current.(dispatch.PlanConflict); !ok || c.Plan.Version != 2 || len(c.Changes) != 1 || c.Changes[0].Field != "quota" || refused.Values["by"] != "boss" {
		t.Fatalf("what is told of it: %+v", refused)
	}
	if _, err = f.svc.AddPlan(ctx, f.as(boss, "plan.add"), x.Code, 2, terms(5), ""); dispatch.CodeOf(err) != dispatch.CodeUnchanged {
		t.Fatalf("nothing changed: %v", err)
	}

	edit := func(version int, e dispatch.TypeEdit, want dispatch.Code) {
		t.Helper()
		if _, err := f.svc.ChangeType(ctx, f.as(boss, "type.change"), x.Code, version, e); dispatch.CodeOf(err) != want {
			t.Fatalf("%+v: %v, want %q", e, err, want)
		}
	}
	name, service, yes, no := "燃气泄漏事故", "service", true, false
	edit(1, dispatch.TypeEdit{NameZh: &name}, "")
	edit(1, dispatch.TypeEdit{ParentCode: &service}, dispatch.CodeVersionConflict)
	edit(2, dispatch.TypeEdit{ParentCode: &service}, "")
	if i := take(); i.Family != "service" || i.Grade != nil {
		t.Fatalf("of a family without grades: %+v", i)
	}
	edit(3, dispatch.TypeEdit{Retired: &yes}, "")
	if _, err := f.svc.TakeIn(ctx, f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: x.Code, Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher}); dispatch.CodeOf(err) != dispatch.CodeUnknownType {
		t.Fatalf("of a type out of use: %v", err)
	}
	f.must(f.svc.Verify(ctx, f.as(f.desk, "incident.verify"), old.ID, old.Version, ""))
	if _, err := f.svc.AddPlan(ctx, f.as(boss, "plan.add"), x.Code, 2, terms(9), ""); dispatch.CodeOf(err) != dispatch.CodeTypeRetired {
		t.Fatalf("a plan for it: %v", err)
	}
	edit(4, dispatch.TypeEdit{Retired: &no}, "")
	x, err = f.store.IncidentType(ctx, out.ID)
	if err != nil || x.NameZh != name || x.Version != 5 || x.RetiredAt != nil || *x.ParentCode != "service" {
		t.Fatalf("%+v, %v", x, err)
	}
	f.until("what the log says", func(read []dispatch.Change) bool {
		n := map[string]int{}
		for _, c := range read {
			n[c.Event.Kind]++
		}
		return n["type.added"] == 1 && n["plan.changed"] == 1 && n["type.changed"] == 4
	})
}

// TestAVersionHasAllColumns: what InsertPlan is given is in the table and read
// again. A column that is added to plan, or a field to Plan, and left out of it
// stays at its default and is found here.
func TestAVersionHasAllColumns(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	boss := f.account("boss", dispatch.RoleSystemAdministrator, f.district.ID, 0)
	f.exec(`insert into incident_type (code, family, name_zh, name_en) values ('accident', 'accident', '事故灾难', 'Accident')`)
	f.exec(`update incident_type set parent_code = 'accident', family = 'accident' where code = 'fire'`)
	full := terms(3)
	for v, k := reflect.ValueOf(full), 0; k < v.NumField(); k++ {
		if name := v.Type().Field(k).Name; v.Field(k).IsZero() && name != "ID" && name != "Version" && name != "Calendar" {
			t.Errorf("the test says nothing of %s", name)
		}
	}
	f.must(f.svc.AddPlan(ctx, f.as(boss, "plan.add"), "fire", 1, full, "全部"))
	versions, err := f.store.PlanVersions(ctx, "fire")
	if err != nil || len(versions) != 2 {
		t.Fatalf("%+v, %v", versions, err)
	}
	if lost := dispatch.PlanChanges(full, versions[0].Plan); len(lost) != 0 {
		t.Errorf("read otherwise than written: %+v", lost)
	}
	rows, err := f.owner.Query(ctx, `select c.column_name from information_schema.columns c,
			(select to_jsonb(p) as has from plan p where type_code = 'fire' and version = 2) n,
			(select to_jsonb(p) as has from plan p where type_code = 'fire' and version = 1) o
		where c.table_schema = 'public' and c.table_name = 'plan' and c.column_name <> 'type_code'
			and n.has -> c.column_name is not distinct from o.has -> c.column_name`)
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(left) != 0 {
		t.Errorf("columns that the new version left out: %v, %v", left, err)
	}
}

// TestPlansAreWrittenOnce: of many who saw the same version, one makes the next.
func TestPlansAreWrittenOnce(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	boss := f.account("boss", dispatch.RoleSystemAdministrator, f.district.ID, 0)
	f.exec(`insert into incident_type (code, family, name_zh, name_en) values ('accident', 'accident', '事故灾难', 'Accident')`)
	f.exec(`update incident_type set parent_code = 'accident' where code = 'fire'`)
	var all sync.WaitGroup
	errs := make([]error, 6)
	for k := range errs {
		all.Go(func() {
			_, errs[k] = f.svc.AddPlan(ctx, f.as(boss, "plan.add"), "fire", 1, terms(k+10), "")
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		switch dispatch.CodeOf(err) {
		case "":
			won++
		case dispatch.CodeVersionConflict:
		default:
			t.Error(err)
		}
	}
	versions, err := f.store.PlanVersions(ctx, "fire")
	if won != 1 || err != nil || len(versions) != 2 {
		t.Fatalf("%d won, %d versions, %v", won, len(versions), err)
	}
}

// TestOnlyTheDistrictsAdministratorEditsTypes: nobody else, and no street's.
func TestOnlyTheDistrictsAdministratorEditsTypes(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	part := f.account("part", dispatch.RoleSystemAdministrator, f.street.ID, 0)
	name := "x"
	for _, who := range []dispatch.Actor{part, f.chief, f.desk} {
		for what, err := range map[string]error{
			"a type":   second(f.svc.AddType(ctx, f.as(who, "type.add"), dispatch.NewType{ParentCode: "fire", NameZh: "x"}, nil, "")),
			"a name":   second(f.svc.ChangeType(ctx, f.as(who, "type.change"), "fire", 1, dispatch.TypeEdit{NameZh: &name})),
			"a plan":   second(f.svc.AddPlan(ctx, f.as(who, "plan.add"), "fire", 1, terms(3), "")),
			"the week": second(f.svc.SetWorkingHours(ctx, f.as(who, "calendar.set"), nil)),
		} {
			if dispatch.CodeOf(err) != dispatch.CodeForbidden {
				t.Errorf("%s: %s: %v", who.Name, what, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestWorkingHoursAreKept: what is set is read, by commands with the holidays.
func TestWorkingHoursAreKept(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	boss := f.account("boss", dispatch.RoleSystemAdministrator, f.district.ID, 0)
	if week, err := f.store.WorkingHours(ctx); err != nil || len(week) != 10 {
		t.Fatalf("to begin with: %+v, %v", week, err)
	}
	f.must(f.svc.SetWorkingHours(ctx, f.as(boss, "calendar.set"), []dispatch.Hours{{Weekday: 1, From: 540, To: 600}, {Weekday: 2, From: 540, To: 600}}))
	if week, err := f.store.WorkingHours(ctx); err != nil || len(week) != 2 || week[1] != (dispatch.Hours{Weekday: 2, From: 540, To: 600}) {
		t.Fatalf("%+v, %v", week, err)
	}
	f.must(f.svc.SetHoliday(ctx, f.as(boss, "holiday.set"), dispatch.Holiday{Day: "2026-10-05", Name: "国庆节"}))
	start := dispatch.Day("2026-10-04").Start()
	f.must(f.store.Run(ctx, f.as(boss, "look"), func(ctx context.Context, tx dispatch.Tx) (dispatch.Outcome, error) {
		c, err := tx.Calendar(ctx)
		if err != nil {
			return dispatch.Outcome{}, err
		}
		if due, want := dispatch.Due(start, 60, c), dispatch.Day("2026-10-06").Start().Add(9*time.Hour+time.Minute); !due.Equal(want) {
			t.Errorf("%s, want %s", due, want)
		}
		return dispatch.Outcome{Noun: dispatch.NounCalendar, ID: 1, Version: 1}, nil
	}))
	if _, err := f.svc.SetWorkingHours(ctx, f.as(boss, "calendar.set"), []dispatch.Hours{{Weekday: 1, From: 60, To: 60}}); dispatch.CodeOf(err) != dispatch.CodeInvalid {
		t.Fatal(err)
	}
}

// TestClocksGoByWorkingHours: of two incidents that come in on a holiday, the one
// whose plan counts working hours is due on the next working day, and so are its
// ladder and the order to a unit; changed hours hold for what begins then.
func TestClocksGoByWorkingHours(t *testing.T) {
	noon := dispatch.Day("2026-09-30").Start().Add(12 * time.Hour)
	f := newFixtureAt(t, noon.UTC)
	ctx := everywhere(t)
	boss := f.account("boss", dispatch.RoleSystemAdministrator, f.district.ID, 0)
	f.exec(`insert into incident_type (code, family, name_zh, name_en) values ('urban', 'urban', '城市管理', 'Urban')`)
	slow := terms(2)
	slow.Grade, slow.SendFirst = nil, false
	f.must(f.svc.AddType(ctx, f.as(boss, "type.add"), dispatch.NewType{Word: "slow", ParentCode: "urban", NameZh: "慢"}, &slow, ""))
	slow.WorkingHours = false
	f.must(f.svc.AddType(ctx, f.as(boss, "type.add"), dispatch.NewType{Word: "wall", ParentCode: "urban", NameZh: "快"}, &slow, ""))
	today := dispatch.DayOf(noon)
	for _, day := range []dispatch.Day{today, today.Add(1)} {
		f.must(f.svc.SetHoliday(ctx, f.as(boss, "holiday.set"), dispatch.Holiday{Day: day, Name: "放假"}))
	}
	f.must(f.svc.SetHoliday(ctx, f.as(boss, "holiday.set"), dispatch.Holiday{Day: today.Add(2), Name: "调休", Working: true}))
	f.must(f.svc.SetWorkingHours(ctx, f.as(boss, "calendar.set"), []dispatch.Hours{{Weekday: 1, From: 540, To: 600}}))
	morning := today.Add(2).Start().Add(9 * time.Hour)
	for code, want := range map[string]time.Time{"urban.slow": morning, "urban.wall": noon} {
		out := f.must(f.svc.TakeIn(ctx, f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: code, Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher}))
		i := f.incident(out.ID)
		if !i.DueAt.Equal(want.Add(60*time.Second)) || !i.LadderAt.Equal(want.Add(60*time.Second)) {
			t.Errorf("%s: due %s, the ladder %s, want %s", code, i.DueAt, i.LadderAt, want.Add(60*time.Second))
		}
		f.must(f.svc.Verify(ctx, f.as(f.desk, "incident.verify"), i.ID, i.Version, ""))
		if i = f.incident(out.ID); !i.DueAt.Equal(want.Add(120 * time.Second)) {
			t.Errorf("%s: dispatched by %s, want %s", code, i.DueAt, want.Add(120*time.Second))
		}
	}
}

// TestCodesOfStandardsAreTakenIn: a report may name a type by a code of a table
// that is mapped to ours.
func TestCodesOfStandardsAreTakenIn(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	f.exec(`insert into type_code_map (source, external_id, name, type_code, retired_at) values ('GB/T 35561', '20101', '火灾', 'fire', null), ('GB/T 35561', '20102', '旧', 'fire', now())`)
	for code, want := range map[string]dispatch.Code{"GB/T 35561:20101": "", "GB/T 35561:20102": dispatch.CodeUnknownType, "12345:20101": dispatch.CodeUnknownType} {
		out, err := f.svc.TakeIn(ctx, f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: code, Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher})
		if dispatch.CodeOf(err) != want {
			t.Errorf("%s: %v", code, err)
		}
		if err == nil {
			if i := f.incident(out.ID); i.TypeCode != "fire" {
				t.Errorf("%s is taken for %s", code, i.TypeCode)
			}
		}
	}
}
