package screen

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// told folds messages into an empty picture, and gives how many events came twice.
func told(t *testing.T, messages ...string) (p Picture, twice int) {
	t.Helper()
	var r Reader
	for _, m := range messages {
		frames, err := r.Parse([]byte(m))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			if !p.Fold(f) {
				twice++
			}
		}
	}
	return p, twice
}

const beginning = `[{"type":"snapshot","epoch":"e","offset":10,"reason":"first",
	"incidents":[{"id":1,"version":3,"state":"dispatched"}],
	"offers":[{"id":5,"version":1,"state":"offered"}],
	"assignments":[{"id":7,"version":1,"state":"accepted"}],
	"responders":[{"id":9,"version":2,"duty":"on_duty","task":{"incident_id":1}}]}]`

func states(m map[int64]*Noun) string {
	out := ""
	for _, id := range slices.Sorted(maps.Keys(m)) {
		out += fmt.Sprintf("%d:%d:%s ", id, m[id].Version, m[id].State)
	}
	return out
}

// TestFold: what a page makes of each frame.
func TestFold(t *testing.T) {
	event := func(offset int, noun string) string {
		return fmt.Sprintf(`[{"type":"event","offset":%d,"event":{"kind":"x"},%s}]`, offset, noun)
	}
	for _, tt := range []struct {
		name, message                  string
		incidents, offers, assignments string
		offset                         int64
		twice                          int
	}{
		{"nothing", `[]`, "1:3:dispatched ", "5:1:offered ", "7:1:accepted ", 10, 0},
		{"another version", event(11, `"incident":{"id":1,"version":4,"state":"resolved"}`), "1:4:resolved ", "5:1:offered ", "7:1:accepted ", 11, 0},
		{"an older version", event(12, `"incident":{"id":1,"version":2,"state":"reported"}`), "1:3:dispatched ", "5:1:offered ", "7:1:accepted ", 12, 0},
		{"a new incident", event(11, `"incident":{"id":2,"version":1,"state":"reported"}`), "1:3:dispatched 2:1:reported ", "5:1:offered ", "7:1:accepted ", 11, 0},
		{"over", event(11, `"incident":{"id":1,"version":4,"state":"closed"}`), "", "5:1:offered ", "7:1:accepted ", 11, 0},
		{"an offer taken", event(11, `"offer":{"id":5,"version":2,"state":"accepted"},"assignment":{"id":8,"version":1,"state":"accepted"}`), "1:3:dispatched ", "", "7:1:accepted 8:1:accepted ", 11, 0},
		{"an assignment done", event(11, `"assignment":{"id":7,"version":2,"state":"completed"}`), "1:3:dispatched ", "5:1:offered ", "", 11, 0},
		{"an event twice", event(10, `"incident":{"id":1,"version":4,"state":"closed"}`), "1:3:dispatched ", "5:1:offered ", "7:1:accepted ", 10, 1},
		{"a heartbeat", `[{"type":"heartbeat","offset":15},{"type":"heartbeat","offset":14}]`, "1:3:dispatched ", "5:1:offered ", "7:1:accepted ", 15, 0},
		{"an event that a heartbeat was past", `[{"type":"heartbeat","offset":15},{"type":"event","offset":15,"event":{}}]`, "1:3:dispatched ", "5:1:offered ", "7:1:accepted ", 15, 1},
		{"of a newer server", `[{"type":"aurora","offset":99}]`, "1:3:dispatched ", "5:1:offered ", "7:1:accepted ", 10, 0},
		{"all anew", `[{"type":"snapshot","epoch":"f","offset":3,"reason":"epoch"}]`, "", "", "", 3, 0},
	} {
		p, twice := told(t, beginning, tt.message)
		if got := states(p.Incidents); got != tt.incidents {
			t.Errorf("%s: incidents %q, want %q", tt.name, got, tt.incidents)
		}
		if got := states(p.Offers); got != tt.offers {
			t.Errorf("%s: offers %q, want %q", tt.name, got, tt.offers)
		}
		if got := states(p.Assignments); got != tt.assignments {
			t.Errorf("%s: assignments %q, want %q", tt.name, got, tt.assignments)
		}
		if p.Offset != tt.offset || twice != tt.twice {
			t.Errorf("%s: offset %d, %d twice; want %d, %d", tt.name, p.Offset, twice, tt.offset, tt.twice)
		}
	}
}

// TestFoldPeople: those on a task stay, those without are the view's, positions
// move who is shown, the newest last.
func TestFoldPeople(t *testing.T) {
	people := `[{"type":"people","total":2,"responders":[{"id":20,"version":1,"duty":"on_duty"},{"id":21,"version":1,"duty":"on_duty"}]}]`
	at := time.Date(2026, 5, 1, 4, 0, 0, 0, time.UTC)
	move := func(id int, lon float64, after time.Duration) string {
		return fmt.Sprintf(`[{"type":"positions","p":[[%d,%g,36.8,-1,%d]]}]`, id, lon, at.Add(after).UnixMilli())
	}
	p, _ := told(t, beginning, people, move(20, 117.8, time.Second), move(20, 117.9, 0), move(99, 117.8, 0))
	if len(p.Responders) != 3 {
		t.Fatalf("shows %d people, want the one on a task and two", len(p.Responders))
	}
	if r := p.Responders[20]; r.Lon == nil || *r.Lon != 117.8 || !r.PositionAt.Equal(at.Add(time.Second)) {
		t.Errorf("stands at %v", r.Lon)
	}
	p, _ = told(t, beginning, people, `[{"type":"people","total":900,"crowd":[[117.8,36.8,900]]}]`)
	if len(p.Responders) != 1 || p.Crowd != 1 {
		t.Errorf("a crowd shows %d people by name", len(p.Responders))
	}
	p, _ = told(t, beginning, `[{"type":"event","offset":11,"event":{},"responder":{"id":9,"version":3,"duty":"off"}}]`)
	if len(p.Responders) != 0 {
		t.Error("who went home stays")
	}
}

// TestReader: what is no array of frames is none, and one message is read once.
func TestReader(t *testing.T) {
	var r Reader
	for _, m := range []string{``, `{}`, `[null]`, `[{}]`, `[{"type":1}]`, `[{"type":"event"`} {
		if _, err := r.Parse([]byte(m)); err == nil {
			t.Errorf("%q is taken for frames", m)
		}
	}
	first, err := r.Parse([]byte(beginning))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.Parse([]byte(beginning)); again[0] != first[0] {
		t.Error("one message was read twice")
	}
	for k := range 2 * recentMessages {
		if _, err := r.Parse(fmt.Appendf(nil, `[{"type":"heartbeat","offset":%d}]`, k)); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.known) > recentMessages {
		t.Errorf("remembers %d messages", len(r.known))
	}
}
