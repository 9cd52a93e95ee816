package dispatch

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// lives is how an offer may live, written down apart from the table: what each
// step leads to from each state. What is missing is refused.
var lives = map[OfferState]map[string]OfferState{
	OfferOffered: {"seen": OfferSeen, "accept": OfferAccepted, "decline": OfferDeclined, "later": OfferLater, "standby": OfferStandby, "expire": OfferExpired, "withdraw": OfferWithdrawn},
	OfferSeen:    {"accept": OfferAccepted, "decline": OfferDeclined, "later": OfferLater, "standby": OfferStandby, "expire": OfferExpired, "withdraw": OfferWithdrawn},
	// Who is asked again later is not silent meanwhile.
	OfferLater: {"accept": OfferAccepted, "decline": OfferDeclined, "later": OfferLater, "standby": OfferStandby, "remind": OfferOffered, "withdraw": OfferWithdrawn},
	// Who stands by has no clock.
	OfferStandby:   {"accept": OfferAccepted, "decline": OfferDeclined, "recall": OfferOffered, "withdraw": OfferWithdrawn},
	OfferWithdrawn: {"follow": OfferStandby},
}

// TestOfferWalk walks offers at random, steps that nobody knows among them.
func TestOfferWalk(t *testing.T) {
	steps := append(slices.Sorted(maps.Keys(offerSteps)), "fly", "reopen", "")
	rapid.Check(t, func(t *rapid.T) {
		o, now := Offer{State: OfferOffered, Version: 1, OfferedAt: noon}, noon
		answered := o.AnsweredAt
		for range rapid.IntRange(1, 30).Draw(t, "length") {
			now = now.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "seconds")) * time.Second)
			step := rapid.SampledFrom(steps).Draw(t, "step")
			if o.State == OfferWithdrawn {
				o.EndedFor = rapid.SampledFrom([]EndedFor{EndedQuota, EndedOtherTask, EndedIncident, EndedByHand}).Draw(t, "for")
			}
			to, legal := lives[o.State][step]
			next, kind, err := o.Step(step, now)
			if !legal {
				if CodeOf(err) != CodeIllegalTransition || !reflect.DeepEqual(next, o) {
					t.Fatalf("%q from %s: %v, and it is %+v", step, o.State, err, next)
				}
				continue
			}
			if err != nil || next.State != to || next.Version != o.Version+1 || kind == "" {
				t.Fatalf("%q from %s: %s of version %d, event %q, %v", step, o.State, next.State, next.Version, kind, err)
			}
			if slices.Contains([]OfferState{OfferAccepted, OfferDeclined, OfferLater, OfferStandby}, to) {
				answered = &now
			}
			if !reflect.DeepEqual(next.AnsweredAt, answered) && !next.AnsweredAt.Equal(*answered) {
				t.Fatalf("%s: answered at %v, not %v", to, next.AnsweredAt, answered)
			}
			if to == OfferOffered && (next.SeenAt != nil || next.LaterUntil != nil) || to == OfferSeen && !next.SeenAt.Equal(now) || to == OfferStandby && next.EndedFor != "" {
				t.Fatalf("%s: %+v", to, next)
			}
			if next.State.Open() != (len(lives[next.State]) > 1) {
				t.Fatalf("%s is open: %v", next.State, next.State.Open())
			}
			o, answered = next, next.AnsweredAt
		}
	})
}

// workModel is where an assignment must be: how far it has come, how often they
// were asked since the last answer, and when the next question is due.
type workModel struct {
	far   int // of workOrder
	tries int
	due   *time.Time
}

var workOrder = []AssignmentState{AssignmentAccepted, AssignmentEnRoute, AssignmentOnScene, AssignmentDone, AssignmentReleased}

// TestAssignmentWalk walks work at random with its welfare checks: never back,
// each time noted once, asked only on scene, twice at most without an answer, and
// one alarm a silence.
func TestAssignmentWalk(t *testing.T) {
	to := map[string]int{"en_route": 1, "on_scene": 2, "done": 3, "release": 4}
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{WelfareSeconds: rapid.IntRange(0, 1200).Draw(t, "welfare")}
		a, m, now := Assignment{State: AssignmentAccepted, Version: 1, AcceptedAt: noon}, workModel{}, noon
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			now = now.Add(time.Duration(rapid.IntRange(1, 700).Draw(t, "seconds")) * time.Second)
			var next Assignment
			var err error
			step := rapid.SampledFrom([]string{"en_route", "on_scene", "on_scene", "done", "release", "answer", "clock", "clock", "clock", "clock", "clock", "clock", "clock", "clock"}).Draw(t, "step")
			switch step {
			case "answer":
				next = a.watch(p, now)
				m = m.watched(p, now)
			case "clock":
				next = m.clock(t, a, now)
			default:
				legal := m.far < 3 && to[step] > m.far
				next, _, err = a.Step(step, now)
				if legal != (err == nil) || err != nil && !reflect.DeepEqual(next, a) {
					t.Fatalf("%s from %s: %v", step, a.State, err)
				}
				if err == nil {
					next = next.watch(p, now) // as an arrival does
					m.far = to[step]
					m = m.watched(p, now)
				}
			}
			m.holds(t, a, next)
			a = next
		}
	})
}

func (m workModel) watched(p Plan, now time.Time) workModel {
	m.tries, m.due = 0, nil
	if m.far == 2 && p.WelfareSeconds > 0 {
		due := now.Add(time.Duration(p.WelfareSeconds) * time.Second)
		m.due = &due
	}
	return m
}

// clock lets the clock look, and says what it should have done.
func (m *workModel) clock(t *rapid.T, a Assignment, now time.Time) Assignment {
	next, kind, due := a.welfareDue(now)
	want := ""
	if m.due != nil && !m.due.After(now) {
		if want, m.due = "assignment.silent", nil; m.tries < 2 {
			again := now.Add(time.Minute)
			want, m.tries, m.due = "assignment.welfare_asked", m.tries+1, &again
		}
	}
	if kind != want || due != (want != "") {
		t.Fatalf("at try %d: %q, not %q", m.tries, kind, want)
	}
	return next
}

func (m workModel) holds(t *rapid.T, a, next Assignment) {
	if next.State != workOrder[m.far] || next.WelfareTries != m.tries || (next.WelfareAt == nil) != (m.due == nil) || m.due != nil && !next.WelfareAt.Equal(*m.due) {
		t.Fatalf("%+v, want %s asked %d times and due %v", next, workOrder[m.far], m.tries, m.due)
	}
	for _, times := range [][2]*time.Time{{a.EnRouteAt, next.EnRouteAt}, {a.OnSceneAt, next.OnSceneAt}, {a.DoneAt, next.DoneAt}, {a.ReleasedAt, next.ReleasedAt}} {
		if times[0] != nil && !times[0].Equal(*times[1]) {
			t.Fatalf("a time that was noted changed from %s to %v", times[0], times[1])
		}
	}
	if next.DoneAt != nil && next.ReleasedAt != nil {
		t.Fatal("done and released")
	}
}

// TestLadderWalk: in each state, each rung is climbed once, at its time from the
// state's entry; edits move none, a new state begins anew, and the level that was
// told is the highest of those climbed.
func TestLadderWalk(t *testing.T) {
	steps := slices.Sorted(maps.Keys(incidentSteps))
	rapid.Check(t, func(t *rapid.T) {
		p := plan
		seconds := 0
		for _, level := range []Level{LevelCommunity, LevelStreet, LevelDistrict}[rapid.IntRange(0, 3).Draw(t, "from"):] {
			seconds += rapid.IntRange(10, 2000).Draw(t, "rung")
			p.Ladder = append(p.Ladder, Rung{level, seconds})
		}
		i, now := Incident{State: IncidentReported, Version: 1, StateSince: noon}, noon
		i.LadderAt = p.rungAt(i)
		for range rapid.IntRange(1, 30).Draw(t, "length") {
			now = now.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "seconds")) * time.Second)
			i = climbDue(t, i, p, now)
			if rapid.Bool().Draw(t, "edit") {
				i.Priority, i.Quota, i.Version = PriorityUrgent, i.Quota+1, i.Version+1
				continue
			}
			step := rapid.SampledFrom(steps).Draw(t, "step")
			if next, _, err := i.Step(step, p, now); err == nil {
				if step != "unmerge" && next.LadderRung != 0 {
					t.Fatalf("%s begins at rung %d", next.State, next.LadderRung)
				}
				i = next
			}
		}
	})
}

// climbDue climbs what is due and compares it with the plan.
func climbDue(t *rapid.T, i Incident, p Plan, now time.Time) Incident {
	want, highest := 0, Level("")
	for _, r := range p.Ladder {
		if now.Sub(i.StateSince) >= time.Duration(r.Seconds)*time.Second && !i.State.Terminal() {
			want, highest = want+1, r.Level // higher from rung to rung
		}
	}
	for i.LadderAt != nil && !i.LadderAt.After(now) {
		next, level := i.climb(p)
		if level != p.Ladder[i.LadderRung].Level || next.LadderRung != i.LadderRung+1 || next.Version != i.Version+1 || next.State != i.State || !next.StateSince.Equal(i.StateSince) {
			t.Fatalf("from rung %d to %d: %s", i.LadderRung, next.LadderRung, level)
		}
		i = next
	}
	if i.LadderAt != nil && !i.LadderAt.Equal(i.StateSince.Add(time.Duration(p.Ladder[want].Seconds)*time.Second)) {
		t.Fatalf("in %s since %s the next rung is due at %s", i.State, i.StateSince, i.LadderAt)
	}
	if !i.State.Terminal() && (i.LadderRung != want || i.ToldLevel != highest) || (i.State.Terminal() || want == len(p.Ladder)) && i.LadderAt != nil {
		t.Fatalf("%s for %s: at rung %d, told %q, want %d and %q", i.State, now.Sub(i.StateSince), i.LadderRung, i.ToldLevel, want, highest)
	}
	return i
}

// TestWaveWalk plays waves at random against people who answer at random: no more
// are asked than the plan's factor asks for what is missing, enough are, and every
// round is one of the plan's, each once.
func TestWaveWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{OverOffer: rapid.SampledFrom([]float64{0, 1, 1.1, 1.5, 2, 5}).Draw(t, "factor")}
		for range rapid.IntRange(0, 4).Draw(t, "waves") {
			p.Waves = append(p.Waves, WaveRule{Rings: rapid.IntRange(0, 60).Draw(t, "rings"), Seconds: 60})
		}
		quota := rapid.IntRange(1, 20).Draw(t, "quota")
		taken, asked := 0, 0
		for round := 0; ; round++ {
			rule, any := p.waveRule(round)
			if any != (len(p.Waves) > 0) || p.lastWave(round) != (round >= len(p.Waves)) {
				t.Fatalf("round %d of %d: a rule %v, behind the last %v", round, len(p.Waves), any, p.lastWave(round))
			}
			if p.lastWave(round) {
				return
			}
			if rule != p.Waves[round] {
				t.Fatalf("round %d has the rule %+v", round, rule)
			}
			missing := quota - taken
			n := p.toAsk(missing, asked)
			if most := math.Ceil(float64(missing) * max(1, p.OverOffer)); n < 0 || float64(asked+n) > max(most, float64(asked)) || asked+n < missing {
				t.Fatalf("%d missing, %d asked: %d more", missing, asked, n)
			}
			asked += n
			accept := rapid.IntRange(0, min(asked, missing)).Draw(t, "accept")
			taken, asked = taken+accept, rapid.IntRange(0, asked-accept).Draw(t, "silent")
		}
	})
}
