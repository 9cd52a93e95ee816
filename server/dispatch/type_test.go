package dispatch

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func ptr[T any](v T) *T { return &v }

// smallTree is two families, a group with two types, and a type that is retired.
func smallTree() TypeTree {
	plan := &Plan{Version: 1, Priority: PriorityNormal, Quota: 1}
	return TypeTree{
		{Code: "accident", Family: "accident", NameZh: "事故灾难", NameEn: "Accident", Version: 1},
		{Code: "service", Family: "service", NameZh: "居民诉求", NameEn: "Requests", Version: 1},
		{Code: "accident.fires", ParentCode: ptr("accident"), Family: "accident", NameZh: "火灾", NameEn: "Fires", Version: 1},
		{Code: "accident.house", ParentCode: ptr("accident.fires"), Family: "accident", NameZh: "房屋火灾", NameEn: "House", Version: 1, Plan: plan},
		{Code: "accident.car", ParentCode: ptr("accident.fires"), Family: "accident", NameZh: "车辆火灾", NameEn: "Car", Version: 1, Plan: plan},
		{Code: "accident.old", ParentCode: ptr("accident"), Family: "accident", NameZh: "旧", NameEn: "Old", Version: 1, Plan: plan, RetiredAt: &noon},
		{Code: "accident.gone", ParentCode: ptr("accident"), Family: "accident", NameZh: "旧组", NameEn: "Gone", Version: 1, RetiredAt: &noon},
	}
}

func TestTypesAreAdded(t *testing.T) {
	for _, c := range []struct {
		name string
		in   NewType
		code string
		want Code
	}{
		{"with a word", NewType{Word: "bus", ParentCode: "accident.fires", NameZh: "公交火灾"}, "accident.bus", ""},
		{"without one it has a number", NewType{ParentCode: "service", NameZh: " 停车 "}, "service.t1", ""},
		{"twice", NewType{Word: "car", ParentCode: "accident", NameZh: "车"}, "", CodeTaken},
		{"without a name", NewType{ParentCode: "service", NameZh: " "}, "", CodeRequired},
		{"with a word of another writing", NewType{Word: "停车", ParentCode: "service", NameZh: "停车"}, "", CodeInvalid},
		{"under nothing", NewType{ParentCode: "none", NameZh: "x"}, "", CodeUnknownType},
		{"under one with a plan", NewType{ParentCode: "accident.car", NameZh: "x"}, "", CodeTypePlanned},
		{"under one out of use", NewType{ParentCode: "accident.gone", NameZh: "x"}, "", CodeTypeRetired},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, err := smallTree().Add(c.in)
			if CodeOf(err) != c.want || x.Code != c.code {
				t.Fatalf("%q, %v", x.Code, err)
			}
			if err == nil && (x.NameEn != x.NameZh || x.Version != 1) {
				t.Fatalf("%+v", x)
			}
		})
	}
}

func TestTypesAreChanged(t *testing.T) {
	for _, c := range []struct {
		name, code string
		edit       TypeEdit
		want       Code
	}{
		{"renamed", "accident.car", TypeEdit{NameZh: ptr("机动车火灾")}, ""},
		{"a family renamed", "accident", TypeEdit{NameZh: ptr("事故")}, ""},
		{"to what it is", "accident.car", TypeEdit{NameZh: ptr("车辆火灾")}, CodeUnchanged},
		{"to nothing", "accident.car", TypeEdit{NameZh: ptr(" ")}, CodeRequired},
		{"moved up", "accident.car", TypeEdit{ParentCode: ptr("accident")}, ""},
		{"moved under itself", "accident.fires", TypeEdit{ParentCode: ptr("accident.fires")}, CodeTypeLoop},
		{"moved under its own", "accident.fires", TypeEdit{ParentCode: ptr("accident.house")}, CodeTypeLoop},
		{"a family moved", "accident", TypeEdit{ParentCode: ptr("service")}, CodeTypeFamily},
		{"a family retired", "accident", TypeEdit{Retired: ptr(true)}, CodeTypeFamily},
		{"retired", "accident.car", TypeEdit{Retired: ptr(true)}, ""},
		{"retired with types in use under it", "accident.fires", TypeEdit{Retired: ptr(true)}, CodeTypeParent},
		{"used again", "accident.old", TypeEdit{Retired: ptr(false)}, ""},
		{"unknown", "none", TypeEdit{NameZh: ptr("x")}, CodeNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed, err := smallTree().Change(c.code, c.edit, noon)
			if CodeOf(err) != c.want {
				t.Fatalf("%+v, %v", changed, err)
			}
			if err == nil && (len(changed) != 1 || changed[0].Version != 2) {
				t.Fatalf("%+v", changed)
			}
		})
	}
	tree := smallTree()
	changed, err := tree.Change("accident.fires", TypeEdit{ParentCode: ptr("service")}, noon)
	if err != nil || len(changed) != 3 {
		t.Fatalf("what is below a type follows it: %+v, %v", changed, err)
	}
	for _, x := range changed {
		if x.Family != "service" || x.Version != 2 {
			t.Errorf("%+v", x)
		}
	}
}

// TestTypeTreeHolds: whatever is added, moved, retired and used again, every
// type leads up to its family, and what has a plan or is retired carries nothing
// that is in use.
func TestTypeTreeHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := smallTree()
		for k := range rapid.IntRange(1, 40).Draw(t, "steps") {
			code := rapid.SampledFrom(tree).Draw(t, "type").Code
			other := rapid.SampledFrom(tree).Draw(t, "other").Code
			var changed []IncidentType
			var err error
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				var x IncidentType
				if x, err = tree.Add(NewType{ParentCode: code, NameZh: fmt.Sprint("类", k)}); err == nil {
					tree = append(tree, x)
				}
			case 1:
				changed, err = tree.Change(code, TypeEdit{ParentCode: &other}, noon)
			case 2:
				changed, err = tree.Change(code, TypeEdit{Retired: ptr(rapid.Bool().Draw(t, "retired"))}, noon)
			case 3:
				changed, err = tree.Change(code, TypeEdit{ParentCode: &other, Retired: ptr(false)}, noon)
			case 4:
				var x IncidentType
				if x, err = tree.Plannable(code); err == nil {
					x.Plan = &Plan{Version: 1}
					changed = []IncidentType{x}
				}
			}
			if err != nil && CodeOf(err) == CodeInternal {
				t.Fatal(err)
			}
			for _, x := range changed {
				for i := range tree {
					if tree[i].Code == x.Code {
						tree[i] = x
					}
				}
			}
			holds(t, tree)
		}
	})
}

func holds(t *rapid.T, tree TypeTree) {
	t.Helper()
	for _, x := range tree {
		up, levels := x, 0
		for up.ParentCode != nil {
			above, ok := tree.Find(*up.ParentCode)
			if !ok || levels > deepestType {
				t.Fatalf("%s leads nowhere", x.Code)
			}
			up, levels = above, levels+1
		}
		if up.Code != x.Family || levels >= deepestType {
			t.Fatalf("%s is of %s, %d under %s", x.Code, x.Family, levels, up.Code)
		}
		if below := tree.Children(x.Code); len(below) > 0 && (x.Plan != nil || x.RetiredAt != nil) {
			t.Fatalf("%s carries %s", x.Code, below[0].Code)
		}
	}
}

func TestPlanChanges(t *testing.T) {
	grade := GradeLarge
	was := Plan{ID: 3, Version: 1, Priority: PriorityNormal, Skills: []string{"gas"}, Quota: 2, ResolveSeconds: 3600, Checklist: []Checkitem{{"一", "One"}}}
	now := was
	now.ID, now.Version, now.Quota, now.Grade, now.Checklist = 4, 2, 3, &grade, nil
	changes := PlanChanges(was, now)
	told := ""
	for _, c := range changes {
		told += fmt.Sprintf("%s %v>%v;", c.Field, c.From, c.To)
	}
	if want := "checklist [map[en:One zh:一]]><nil>;grade <nil>>large;quota 2>3;"; told != want {
		t.Fatalf("%s", told)
	}
	if same := PlanChanges(Plan{Skills: []string{}, Tell: nil}, Plan{ID: 9, Version: 4, Tell: []string{}}); len(same) != 0 {
		t.Fatalf("%+v", same)
	}
}

func TestPlansAreChecked(t *testing.T) {
	grade := GradeGeneral
	fits := Plan{Priority: PriorityNormal, ArriveSeconds: 60, ResolveSeconds: 60, Checklist: []Checkitem{{Zh: "一"}}}
	for _, c := range []struct {
		name, family string
		change       func(p *Plan)
		want         Code
	}{
		{"as it is", "service", func(*Plan) {}, ""},
		{"with a grade", "accident", func(p *Plan) { p.Grade = &grade }, ""},
		{"with a grade where there are none", "service", func(p *Plan) { p.Grade = &grade }, CodeNotGraded},
		{"without priority", "service", func(p *Plan) { p.Priority = "" }, CodeInvalid},
		{"handled before anybody is there", "service", func(p *Plan) { p.ArriveSeconds = 61 }, CodeClocksCrossed},
		{"never due to be handled", "service", func(p *Plan) { p.ResolveSeconds = 0 }, ""},
		{"asked in hundredths", "service", func(p *Plan) { p.OverOffer = 1.55 }, CodeInvalid},
		{"asked in tenths", "service", func(p *Plan) { p.OverOffer = 1.1 }, ""},
		{"asked every second", "service", func(p *Plan) { p.WelfareSeconds = 1 }, CodeInvalid},
		{"a ladder that goes back", "service", func(p *Plan) { p.Ladder = []Rung{{LevelStreet, 600}, {LevelDistrict, 600}} }, CodeInvalid},
		{"a unit twice", "service", func(p *Plan) { p.Units = []PlanUnit{{UnitLeads, "fire"}, {UnitLeads, "fire"}} }, CodeInvalid},
		{"an empty line", "service", func(p *Plan) { p.Checklist = []Checkitem{{En: "x"}} }, CodeRequired},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := fits
			c.change(&p)
			if err := p.Check(c.family); CodeOf(err) != c.want {
				t.Fatal(err)
			}
		})
	}
}

func TestHoursAreChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		week []Hours
		want Code
	}{
		{"an office", office(), ""},
		{"none", nil, ""},
		{"side by side", []Hours{{1, 0, 60}, {1, 60, 120}, {2, 30, 90}}, ""},
		{"one within another", []Hours{{1, 0, 600}, {1, 60, 120}}, CodeHoursOverlap},
		{"the wrong way round", []Hours{{1, 60, 60}}, CodeInvalid},
		{"an eighth day", []Hours{{7, 0, 60}}, CodeInvalid},
		{"beyond midnight", []Hours{{6, 0, 1441}}, CodeInvalid},
	} {
		if err := CheckHours(c.week); CodeOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
