package dispatch

import (
	"strings"
	"testing"
	"time"
)

// TestSatisfaction: who reported is asked once a closing, for fifteen days; the last
// answer counts, and words belong to the answer that is not satisfied.
func TestSatisfaction(t *testing.T) {
	closed := Incident{State: IncidentClosed, ClosedAt: &noon}
	was := &ReportAnswer{ID: 7, ReportID: 3, ClosedAt: noon, Answer: Dissatisfied, Words: "未清理干净", AnsweredAt: noon, Version: 2}
	long := strings.Repeat("字", mostSatisfactionWords)
	for _, tc := range []struct {
		name    string
		of      Incident
		had     *ReportAnswer
		said    Satisfaction
		words   string
		after   time.Duration
		code    Code
		changed bool
		version int
	}{
		{"the first", closed, nil, Satisfied, "", time.Hour, "", true, 1},
		{"with a reason", closed, nil, Dissatisfied, " 没人来过 ", time.Hour, "", true, 1},
		{"without one", closed, nil, Dissatisfied, "", time.Hour, "", true, 1},
		{"as long as may be", closed, nil, Dissatisfied, long, time.Hour, "", true, 1},
		{"too long", closed, nil, Dissatisfied, long + "字", time.Hour, CodeInvalid, false, 0},
		{"words of who is satisfied", closed, nil, MostlySo, "还行", time.Hour, CodeInvalid, false, 0},
		{"no answer", closed, nil, "so so", "", time.Hour, CodeInvalid, false, 0},
		{"another", closed, was, MostlySo, "", time.Hour, "", true, 3},
		{"another reason", closed, was, Dissatisfied, "又堆起来了", time.Hour, "", true, 3},
		{"the same", closed, was, Dissatisfied, "未清理干净", time.Hour, "", false, 2},
		{"on the last day", closed, nil, Satisfied, "", 15 * 24 * time.Hour, "", true, 1},
		{"too late", closed, nil, Satisfied, "", 15*24*time.Hour + time.Second, CodeSatisfactionOver, false, 0},
		{"changed too late", closed, was, Satisfied, "", 15*24*time.Hour + time.Second, CodeSatisfactionOver, false, 0},
		{"checked", Incident{State: IncidentChecked}, nil, Satisfied, "", 0, CodeIllegalTransition, false, 0},
		{"taken up again", Incident{State: IncidentVerified}, was, Satisfied, "", 0, CodeIllegalTransition, false, 0},
		{"rejected", Incident{State: IncidentRejected}, nil, Dissatisfied, "", 0, CodeIllegalTransition, false, 0},
		{"destroyed", Incident{State: IncidentClosed, ClosedAt: &noon, DestroyedAt: &noon}, nil, Satisfied, "", 0, CodeIllegalTransition, false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now := noon.Add(tc.after)
			got, changed, err := tc.of.answer(tc.had, tc.said, tc.words, now)
			if CodeOf(err) != tc.code || changed != tc.changed || got.Version != tc.version {
				t.Fatalf("%+v, changed %v, %v", got, changed, err)
			}
			if changed && (got.Answer != tc.said || got.Words != strings.TrimSpace(tc.words) || !got.AnsweredAt.Equal(now) || !got.ClosedAt.Equal(noon)) {
				t.Errorf("%+v", got)
			}
			ask := tc.of.Ask(tc.had, now)
			if asked := tc.code != CodeIllegalTransition; (ask != nil) != asked {
				t.Fatalf("asked: %+v", ask)
			}
			if ask != nil && (ask.Open == (tc.code == CodeSatisfactionOver) || (ask.Answer == "") != (tc.had == nil)) {
				t.Errorf("asked: %+v", ask)
			}
		})
	}
}

// TestSatisfiedRate: answers add up by group, those who are mostly satisfied count as
// satisfied, and those of incidents that are left out do not count.
func TestSatisfiedRate(t *testing.T) {
	table := NewFigureTable(func(areaID int64, _ string) FigureKey { return FigureKey{AreaID: areaID} }, *markAt(9000))
	for k, answers := range []Answers{{2, 1, 0}, {}, {0, 0, 1}, {5, 5, 5}} {
		i := timesOf(10, 20, 30, 30, 100, 200, 300)
		i.AreaID, i.Answers = int64(k%2), answers
		if k == 3 {
			i.LeftOut = LeftOutRejected
		}
		table.Add(i)
	}
	if f := table.Total(); f.Answers != (Answers{2, 1, 1}) || f.Satisfied != (Rate{3, 4}) {
		t.Errorf("in all %+v, %+v", f.Answers, f.Satisfied)
	}
	groups := table.Groups()
	if len(groups) != 2 || groups[0].Satisfied != (Rate{3, 4}) || groups[1].Satisfied != (Rate{}) {
		t.Errorf("by area %+v", groups)
	}
}
