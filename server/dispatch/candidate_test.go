package dispatch

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yiping/geo"
)

// TestReasons: each reason with its number and its weight, and the place in the
// ranking is what they come to.
func TestReasons(t *testing.T) {
	incident := Incident{AreaID: 7, Lon: 122.5, Lat: 38.2}
	at := func(meters float64) (lon, lat *float64) {
		p := geo.Destination(orb.Point{122.5, 38.2}, 90, meters)
		return &p[0], &p[1]
	}
	ago := func(d time.Duration) *time.Time { then := noon.Add(-d); return &then }
	lon, lat := at(1300)
	postLon, postLat := at(650)
	base := Responder{ID: 1, AreaID: 8, Duty: DutyOn, Vehicle: "foot", Skills: []string{"gas"}, Lon: lon, Lat: lat, PositionAt: ago(time.Minute), PostLon: postLon, PostLat: postLat}
	tests := []struct {
		name   string
		change func(*Responder)
		work   Work
		want   []Reason // after the travel's
		travel int
		sure   Confidence
		place  Place
	}{
		{"near enough", func(*Responder) {}, Work{}, []Reason{{ReasonSkills, 1, 0}}, 1250, ConfidenceHigh, PlacePosition},
		{"two of the skills", func(r *Responder) { r.Skills = []string{"gas", "first_aid", "driving"} }, Work{}, []Reason{{ReasonSkills, 2, -30}}, 1250, ConfidenceHigh, PlacePosition},
		{"of the community", func(r *Responder) { r.AreaID = 7 }, Work{}, []Reason{{ReasonSkills, 1, 0}, {ReasonOwnCommunity, 1, -60}}, 1250, ConfidenceHigh, PlacePosition},
		{"by car", func(r *Responder) { r.Vehicle = "car" }, Work{}, []Reason{{ReasonSkills, 1, 0}}, 228, ConfidenceHigh, PlacePosition},
		{"an old position", func(r *Responder) { r.PositionAt = ago(10 * time.Minute) }, Work{}, []Reason{{ReasonSkills, 1, 0}, {ReasonPositionOld, 600, 60}}, 1250, ConfidenceMedium, PlacePosition},
		{"a position that is lost: the post", func(r *Responder) { r.PositionAt = ago(time.Hour) }, Work{}, []Reason{{ReasonSkills, 1, 0}, {ReasonPositionLost, 3600, 180}}, 625, ConfidenceLow, PlacePost},
		{"lost, and no post", func(r *Responder) { r.PositionAt, r.PostLon = ago(time.Hour), nil }, Work{}, []Reason{{ReasonSkills, 1, 0}, {ReasonPositionOld, 3600, 180}}, 1250, ConfidenceLow, PlacePosition},
		{"at their post", func(r *Responder) { r.PositionAt, r.Lon, r.Lat = nil, postLon, postLat }, Work{}, []Reason{{ReasonSkills, 1, 0}, {ReasonNoPosition, 0, 30}}, 625, ConfidenceMedium, PlacePost},
		{"just back", func(*Responder) {}, Work{LastEnded: ago(30 * time.Minute), Tasks: 7}, []Reason{{ReasonSkills, 1, 0}, {ReasonRested, 1800, 225}, {ReasonTasksLately, 7, 300}}, 1250, ConfidenceHigh, PlacePosition},
		{"rested", func(*Responder) {}, Work{LastEnded: ago(3 * time.Hour), Tasks: 1}, []Reason{{ReasonSkills, 1, 0}, {ReasonTasksLately, 1, 60}}, 1250, ConfidenceHigh, PlacePosition},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Candidate{Responder: base}
			tt.change(&c.Responder)
			weigh(&c, incident, []string{"gas", "first_aid"}, tt.work, StraightLine{}, noon)
			score := tt.travel
			for _, r := range tt.want {
				score += r.Seconds
			}
			if c.Reasons[0].Code != ReasonTravel || !slices.Equal(c.Reasons[1:], tt.want) {
				t.Errorf("reasons %+v, want %+v", c.Reasons, tt.want)
			}
			if math.Abs(float64(c.TravelSeconds-tt.travel)) > 1 || math.Abs(float64(c.Score-score)) > 1 {
				t.Errorf("%d s to go, %d in all; want %d and %d", c.TravelSeconds, c.Score, tt.travel, score)
			}
			if c.Confidence != tt.sure || c.Place != tt.place {
				t.Errorf("at their %s, %s; want %s, %s", c.Place, c.Confidence, tt.place, tt.sure)
			}
		})
	}
}

func TestRankPutsDutyFirstThenTheSumOfReasons(t *testing.T) {
	list := []Candidate{
		{Responder: Responder{ID: 1, Duty: DutyOnCall}, Score: 10},
		{Responder: Responder{ID: 2, Duty: DutyOn}, Score: 400},
		{Responder: Responder{ID: 3, Duty: DutyOn}, Score: 150},
		{Responder: Responder{ID: 4, Duty: DutyOn}, Score: 150, TravelSeconds: 1},
	}
	rank(list)
	var ids []int64
	for _, c := range list {
		ids = append(ids, c.Responder.ID)
	}
	if !slices.Equal(ids, []int64{3, 4, 2, 1}) {
		t.Fatalf("ranked %v", ids)
	}
}

func TestStrengthsAreThoseOfWhoIsOnDuty(t *testing.T) {
	two, one := 2, int64(1)
	tree := NewAreaTree([]Area{{ID: 1, Level: LevelDistrict}, {ID: 7, ParentID: &one, Name: "西苑", MinimumStrength: &two}, {ID: 8, ParentID: &one, Name: "东苑"}})
	goes := func(areaID int64, duty DutyState, recommended bool) Candidate {
		return Candidate{Responder: Responder{AreaID: areaID, Duty: duty}, Recommended: recommended}
	}
	list := strengths([]Candidate{goes(7, DutyOn, true), goes(8, DutyOn, true), goes(7, DutyOn, true), goes(7, DutyOn, false), goes(7, DutyOnCall, true)}, tree, func(int64) int { return 3 })
	if len(list) != 1 || list[0] != (Strength{AreaID: 7, AreaName: "西苑", OnDuty: 3, After: 1, Minimum: 2}) {
		t.Fatalf("got %+v", list)
	}
}

// TestNearestOfForcesMissesNobody: whatever comes, goes, moves and grows old,
// who is found is whom looking at everybody finds.
func TestNearestOfForcesMissesNobody(t *testing.T) {
	skills := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"gas", "flood", "first_aid"}), 0, 2, rapid.ID)
	from := orb.Point{122.02, 38.2}
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		f, people := NewForces(func() time.Time { return now }), map[int64]Responder{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := rapid.Int64Range(1, 12).Draw(t, "who")
			lon, lat := 122+rapid.Float64Range(0, 0.05).Draw(t, "lon"), 38.2
			if r, held := people[id]; held && rapid.Bool().Draw(t, "moves") {
				f.Move([]Position{{ResponderID: id, Lon: lon, Lat: lat, At: now}})
				at := now
				r.Lon, r.Lat, r.PositionAt = &lon, &lat, &at
				people[id] = r
				continue
			}
			r := Responder{ID: id, AreaID: 1, Duty: rapid.SampledFrom([]DutyState{DutyOn, DutyOnCall, DutyOff}).Draw(t, "duty"), Skills: skills.Draw(t, "skills"),
				Vehicle: rapid.SampledFrom(vehicles).Draw(t, "vehicle"), Lon: &lon, Lat: &lat, PostLon: &lon, PostLat: &lat}
			if rapid.IntRange(0, 3).Draw(t, "busy") == 0 {
				r.Task = &Task{State: AssignmentAccepted}
			}
			f.Put(r)
			delete(people, id)
			if r.Duty != DutyOff || r.Task != nil {
				people[id] = r
			}
		}
		now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "later"))
		var all []Responder
		for _, r := range people {
			all = append(all, r)
		}
		f.Replace(all) // as each minute: positions grow old
		wanted, duty := skills.Draw(t, "wanted"), rapid.SampledFrom([]DutyState{DutyOn, DutyOnCall}).Draw(t, "of duty")
		var want, got []int64
		for id, r := range people {
			at, _, _, _ := r.stand(now)
			if r.Duty == duty && r.Task == nil && geo.Distance(from, at) <= 2000 &&
				(len(wanted) == 0 || slices.ContainsFunc(r.Skills, func(k string) bool { return slices.Contains(wanted, k) })) {
				want = append(want, id)
			}
		}
		for _, c := range f.nearest(from, duty, 20, 2000, func(*Responder) bool { return true }, wanted...) {
			got = append(got, c.Responder.ID)
		}
		slices.SortFunc(got, cmp.Compare[int64])
		slices.SortFunc(want, cmp.Compare[int64])
		if !slices.Equal(got, want) {
			t.Fatalf("found %v, want %v", got, want)
		}
	})
}
