package dispatch

import (
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yiping/geo"
)

var crossing = orb.Point{121.05, 38.05}

// told gives a sighting some metres east of the crossing and minutes after noon.
func told(meters, minutes float64, code, family string) Sighting {
	return Sighting{IncidentID: 1, Point: geo.Destination(crossing, 90, meters), TypeCode: code, Family: family,
		At: noon.Add(time.Duration(minutes * float64(time.Minute))), Lasts: 2 * time.Hour}
}

func TestLikeness(t *testing.T) {
	fire := told(0, 0, "accident.building_fire", "accident")
	lamp := told(0, 0, "urban.street_light", "urban")
	lamp.Lasts = 72 * time.Hour
	later := func(s Sighting, by time.Duration) Sighting { s.At = s.At.Add(by); return s }
	number := func(s Sighting) Sighting { s.SamePhone = true; return s }
	tests := []struct {
		name string
		a, b Sighting
		want bool
	}{
		{"the same again", fire, told(0, 1, "accident.building_fire", "accident"), true},
		{"from the other side of the street", fire, told(60, 4, "accident.building_fire", "accident"), true},
		{"to another desk as another kind of the family", fire, told(20, 2, "accident.gas_leak", "accident"), true},
		{"to another desk as hurt people", fire, told(20, 2, "health.sudden_illness", "health"), true},
		{"as hurt people, but down the road", fire, told(150, 2, "health.sudden_illness", "health"), false},
		{"three streets away", fire, told(400, 1, "accident.building_fire", "accident"), false},
		{"an hour later", fire, told(0, 60, "accident.building_fire", "accident"), false},
		{"a lamp, told again after work", lamp, later(lamp, 8*time.Hour), true},
		{"a lamp, next week", lamp, later(lamp, 7*24*time.Hour), false},
		{"a fire where a lamp was out this morning", later(fire, 8*time.Hour), lamp, false},
		{"the same number from a kilometre away", fire, number(told(1000, 5, "accident.building_fire", "accident")), true},
		{"the same number as something else", fire, number(told(1000, 5, "service.noise", "service")), true},
		{"the same number the next day", fire, number(told(0, 24*60, "accident.building_fire", "accident")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			score := Likeness(tt.a, tt.b)
			if back := Likeness(tt.b, tt.a); back != score {
				t.Fatalf("%v one way, %v the other", score, back)
			}
			if got := score >= DuplicateThreshold; got != tt.want {
				t.Fatalf("score %.2f", score)
			}
		})
	}
}

// TestNothingLikelyIsBeyondTheSearch: the cells and the time that are searched
// hold all that can reach the threshold; a number alone is looked for everywhere.
func TestNothingLikelyIsBeyondTheSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := orb.Point{rapid.Float64Range(73, 135).Draw(t, "lon"), rapid.Float64Range(18, 53).Draw(t, "lat")}
		a := Sighting{Point: at, TypeCode: "fire", At: noon, Lasts: time.Duration(rapid.IntRange(1, 300).Draw(t, "hours")) * time.Hour}
		b := a
		b.Point = geo.Destination(at, rapid.Float64Range(0, 360).Draw(t, "bearing"), rapid.Float64Range(0, 800).Draw(t, "meters"))
		b.At = noon.Add(time.Duration(rapid.Float64Range(-1, 1).Draw(t, "share") * float64(a.Lasts)))
		b.Lasts = time.Duration(rapid.IntRange(1, 300).Draw(t, "its hours")) * time.Hour
		b.SamePhone = rapid.Bool().Draw(t, "same phone")
		score := Likeness(a, b)
		if score < 0 || score > 1 {
			t.Fatalf("score %v", score)
		}
		if score < DuplicateThreshold {
			return
		}
		if b.At.Sub(a.At).Abs() > DuplicateWindow(a.Lasts) {
			t.Fatalf("score %v after %v, beyond %v", score, b.At.Sub(a.At), DuplicateWindow(a.Lasts))
		}
		if b.SamePhone {
			return
		}
		from, err := geo.CellOf(a.Point, geo.ResolutionPeople)
		if err != nil {
			t.Fatal(err)
		}
		to, err := geo.CellOf(b.Point, geo.ResolutionPeople)
		if err != nil {
			t.Fatal(err)
		}
		if steps, err := from.Steps(to); err != nil || steps > duplicateDisk {
			t.Fatalf("score %v at %v m, %d cells away (%v)", score, geo.Distance(a.Point, b.Point), steps, err)
		}
	})
}

func TestLikelyDuplicates(t *testing.T) {
	of := told(0, 10, "fire", "accident")
	near, nearer, far := told(100, 8, "fire", "accident"), told(10, 2, "fire", "accident"), told(900, 9, "fire", "accident")
	other := told(5, 9, "fire", "accident")
	other.IncidentID, far.IncidentID = 2, 3
	got := LikelyDuplicates(of, []Sighting{near, far, nearer, other}, 5)
	if len(got) != 2 || got[0].Incident.ID != 2 || got[1].Incident.ID != 1 || got[0].Score <= got[1].Score || !got[1].SameType {
		t.Fatalf("got %+v", got)
	}
	best := max(Likeness(of, near), Likeness(of, nearer))
	if got[1].Score != best {
		t.Fatalf("of two reports the worse counts: %v, want %v", got[1].Score, best)
	}
	if cut := LikelyDuplicates(of, []Sighting{near, other}, 1); len(cut) != 1 || cut[0].Incident.ID != 2 {
		t.Fatalf("cut to one: %+v", cut)
	}
}
