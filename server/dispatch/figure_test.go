package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var figuresBegin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// markAt gives a time some seconds after the report, nil for a negative number.
func markAt(seconds int) *time.Time {
	if seconds < 0 {
		return nil
	}
	at := figuresBegin.Add(time.Duration(seconds) * time.Second)
	return &at
}

// timesOf makes an incident of seconds since the report: verified, offered,
// accepted, handling, arrived, resolved, closed.
func timesOf(at ...int) IncidentTimes {
	t := IncidentTimes{IncidentID: 1, TypeCode: "fire", AreaID: 4, VerifySeconds: 60, DispatchSeconds: 90, ArriveSeconds: 600, ResolveSeconds: 3600, CheckSeconds: 1000}
	t.Reported = figuresBegin
	for k, mark := range []**time.Time{&t.Verified, &t.Offered, &t.Accepted, &t.Handling, &t.Arrived, &t.Resolved, &t.Closed} {
		*mark = markAt(at[k])
	}
	return t
}

// spell writes steps as "verify 30 ok", "-" for one that took no time to be told.
func spell(steps []StepTime) string {
	var b strings.Builder
	for _, s := range steps {
		took, kept := "-", "-"
		if s.Seconds != nil {
			took = fmt.Sprint(*s.Seconds)
		}
		if s.InTime != nil {
			kept = map[bool]string{true: "ok", false: "late"}[*s.InTime]
		}
		fmt.Fprintf(&b, "%s %s %s, ", s.Name, took, kept)
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func TestStepTimes(t *testing.T) {
	for _, tc := range []struct {
		name string
		of   IncidentTimes
		asOf int
		want string
	}{
		{"one by one, each bound met to the second", timesOf(60, 150, 240, 240, 840, 3840, 5840), 9000,
			"verify 60 ok, offer 90 ok, accept 90 ok, arrive 600 ok, resolve 3600 ok, close 2000 ok, response 840 -, whole 5840 -"},
		{"each a second late", timesOf(61, 152, 243, 243, 844, 3844, 5845), 9000,
			"verify 61 late, offer 91 late, accept 91 late, arrive 601 late, resolve 3601 late, close 2001 late, response 844 -, whole 5845 -"},
		{"sent first: the offer counts from the report", timesOf(300, 20, 50, 50, 400, -1, -1), 500,
			"verify 300 late, offer 20 ok, accept 30 ok, arrive 350 ok, resolve - -, close - -, response 400 -, whole - -"},
		{"nobody touched it", timesOf(-1, -1, -1, -1, -1, -1, -1), 61, "verify - late, offer - -, accept - -, arrive - -, resolve - -, close - -, response - -, whole - -"},
		{"too early to tell", timesOf(-1, -1, -1, -1, -1, -1, -1), 60, "verify - -, offer - -, accept - -, arrive - -, resolve - -, close - -, response - -, whole - -"},
		{"people came with a merge: offer and acceptance are passed over", timesOf(10, -1, -1, 200, 200, -1, -1), 900,
			"verify 10 ok, offer - -, accept - -, arrive - -, resolve - -, close - -, response 200 -, whole - -"},
		{"a unit did it and nobody arrived", timesOf(10, 20, 30, 30, -1, 2000, -1), 99999,
			"verify 10 ok, offer 10 ok, accept 10 ok, arrive - -, resolve 1970 ok, close - late, response - -, whole - -"},
		{"taken up again: handled for too long", timesOf(10, 20, 30, 30, 100, -1, -1), 4000,
			"verify 10 ok, offer 10 ok, accept 10 ok, arrive 70 ok, resolve - late, close - -, response 100 -, whole - -"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := spell(tc.of.Steps(*markAt(tc.asOf))); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestStepTimesInWorkingHours: a plan that counts working hours is late by them.
func TestStepTimesInWorkingHours(t *testing.T) {
	week := []Hours{{Weekday: 1, From: 9 * 60, To: 17 * 60}}
	for day := 2; day <= 5; day++ {
		week = append(week, Hours{Weekday: day, From: 9 * 60, To: 17 * 60})
	}
	i := timesOf(-1, -1, -1, -1, -1, -1, -1)
	i.Reported = time.Date(2026, 3, 6, 16, 30, 0, 0, rosterZone) // a Friday
	i.VerifySeconds, i.Calendar = 3600, NewCalendar(week, nil)
	for _, tc := range []struct {
		verified time.Time
		want     bool
	}{{time.Date(2026, 3, 9, 9, 30, 0, 0, rosterZone), true}, {time.Date(2026, 3, 9, 9, 30, 1, 0, rosterZone), false}} {
		i.Verified = &tc.verified
		if got := i.Steps(tc.verified)[0].InTime; got == nil || *got != tc.want {
			t.Errorf("verified at %s: in time %v, want %v", tc.verified, got, tc.want)
		}
	}
}

// TestFigureTable: groups add up to the whole, what is left out moves nothing, and
// the order in which incidents come does not matter.
func TestFigureTable(t *testing.T) {
	id := func(n int64) *int64 { return &n }
	tree := NewAreaTree([]Area{{ID: 1, Level: LevelDistrict}, {ID: 2, ParentID: id(1), Level: LevelStreet}, {ID: 3, ParentID: id(1), Level: LevelStreet},
		{ID: 4, ParentID: id(2), Level: LevelCommunity}, {ID: 5, ParentID: id(2), Level: LevelCommunity}})
	var all []IncidentTimes
	for k := range 11 { // verified after 0, 10, ... 100 s: 7 of 11 within 60
		i := timesOf(10*k, -1, -1, -1, -1, -1, -1)
		i.AreaID, i.DispatchSeconds = []int64{4, 5, 3, 1}[k%4], 0
		all = append(all, i)
	}
	for _, why := range []LeftOut{LeftOutMerged, LeftOutMerged, LeftOutRejected, LeftOutCancelled} {
		i := timesOf(5000, 9000, 9000, 9000, 9000, 9000, 9000)
		i.LeftOut = why
		all = append(all, i)
	}
	for name, root := range map[string]int64{"district": 1, "street": 2} {
		table := NewFigureTable(GroupBy("area", tree, root), *markAt(9000))
		for k := range all {
			table.Add(all[len(all)-1-k])
		}
		f := table.Total()
		if v := f.Steps[0]; f.Count != 11 || f.Merged != 2 || f.Rejected != 1 || f.Cancelled != 1 || v.Count != 11 || *v.MedianSeconds != 50 || *v.P90Seconds != 90 ||
			v.InTime != (Rate{7, 11}) || f.InTime != (Rate{7, 11}) {
			t.Fatalf("%s: %+v", name, f)
		}
		var got []string
		sum := 0
		for _, g := range table.Groups() {
			got = append(got, fmt.Sprint(g.AreaID, ":", g.Count))
			sum += g.Count
		}
		want := map[string]string{"district": "[1:2 2:6 3:3]", "street": "[2:5 4:3 5:3]"}[name]
		if fmt.Sprint(got) != want || sum != f.Count {
			t.Errorf("%s: groups %v, want %s", name, got, want)
		}
	}
}

func TestFigurePeriod(t *testing.T) {
	for _, tc := range []struct {
		days int
		want Code
	}{{0, CodeInvalid}, {-1, CodeInvalid}, {1, ""}, {400, ""}, {401, CodePeriodTooLong}} {
		f := FigureFilter{From: figuresBegin, To: figuresBegin.AddDate(0, 0, tc.days)}
		if got := CodeOf(f.Check()); got != tc.want {
			t.Errorf("%d days: %q, want %q", tc.days, got, tc.want)
		}
	}
}

// TestChoiceTable: what was picked by hand is beside what followed the ranking.
func TestChoiceTable(t *testing.T) {
	rows := []ChoiceRow{
		{AreaID: 4, TypeCode: "fire", HandPicked: true, ChoiceCount: ChoiceCount{Offers: 3, First: 1, Outside: 1, Accepted: 2, Arrived: 1}, MoreTravel: []int32{300, -60}},
		{AreaID: 4, TypeCode: "fire", ChoiceCount: ChoiceCount{Offers: 10, First: 4, Accepted: 5, Arrived: 5}},
		{AreaID: 5, TypeCode: "noise", HandPicked: true, ChoiceCount: ChoiceCount{Offers: 1}, MoreTravel: []int32{120}},
	}
	total, groups := ChoiceTable(rows, GroupBy("type", nil, 0))
	if total.HandPicked != (ChoiceCount{4, 1, 1, 2, 1}) || total.Ranked.Offers != 10 || *total.MoreTravelSeconds != 120 {
		t.Errorf("in all %+v", total)
	}
	if len(groups) != 2 || groups[0].TypeCode != "fire" || *groups[0].MoreTravelSeconds != 120 || groups[1].HandPicked.Offers != 1 || groups[1].Ranked.Offers != 0 {
		t.Errorf("by type %+v", groups)
	}
}
