package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Satisfaction is what a resident says of how their report was handled (满意度).
type Satisfaction string

// The answers, and the order in which they are asked.
const (
	Satisfied    Satisfaction = "satisfied"
	MostlySo     Satisfaction = "mostly"
	Dissatisfied Satisfaction = "dissatisfied"
)

// Satisfactions lists them.
var Satisfactions = []Satisfaction{Satisfied, MostlySo, Dissatisfied}

const (
	// satisfactionOpen is how long after a closing an answer is taken, or changed.
	satisfactionOpen = 15 * day
	// mostSatisfactionWords is how many characters say why not.
	mostSatisfactionWords = 200
)

// CodeSatisfactionOver refuses an answer that comes too late.
const CodeSatisfactionOver Code = "satisfaction_over"

// ReportAnswer is the answer of who reported, to one closing of the incident. The
// last one counts.
type ReportAnswer struct {
	ID         int64        `json:"-"`
	ReportID   int64        `json:"-"`
	ClosedAt   time.Time    `json:"closed_at" doc:"The closing that it is about."`
	Answer     Satisfaction `json:"answer" enum:"satisfied,mostly,dissatisfied"`
	Words      string       `json:"words" doc:"Why not, where it is not."`
	AnsweredAt time.Time    `json:"answered_at"`
	Version    int          `json:"-"`
}

// TrackingAnswer is what the holder of a tracking number is told of it: until when
// they are asked, and what they answered, without the words.
type TrackingAnswer struct {
	Until  time.Time    `json:"until" doc:"Until when it can be answered, or answered otherwise."`
	Open   bool         `json:"open"`
	Answer Satisfaction `json:"answer,omitempty" enum:"satisfied,mostly,dissatisfied"`
}

// askedUntil gives until when residents are asked how a closed incident was handled,
// false where they are not.
func (i Incident) askedUntil() (time.Time, bool) {
	if i.State != IncidentClosed || i.ClosedAt == nil || i.destroyed() {
		return time.Time{}, false
	}
	return i.ClosedAt.Add(satisfactionOpen), true
}

// Ask gives what the holder of a tracking number is asked of an incident, answered
// being what they said of this closing (nil for nothing); nil where it is not closed.
func (i Incident) Ask(answered *ReportAnswer, now time.Time) *TrackingAnswer {
	until, asked := i.askedUntil()
	if !asked {
		return nil
	}
	out := &TrackingAnswer{Until: until, Open: !now.After(until)}
	if answered != nil {
		out.Answer = answered.Answer
	}
	return out
}

// answer gives what becomes of an answer to a closed incident, had being the one
// before (nil for none), and whether it says anything new.
func (i Incident) answer(had *ReportAnswer, said Satisfaction, words string, now time.Time) (ReportAnswer, bool, error) {
	words = strings.TrimSpace(words)
	until, asked := i.askedUntil()
	switch {
	case !slices.Contains(Satisfactions, said):
		return ReportAnswer{}, false, Refuse(CodeInvalid, "answer")
	case utf8.RuneCountInString(words) > mostSatisfactionWords, words != "" && said != Dissatisfied:
		return ReportAnswer{}, false, Refuse(CodeInvalid, "words")
	case !asked:
		return ReportAnswer{}, false, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": "satisfaction"}}
	case now.After(until):
		return ReportAnswer{}, false, Refuse(CodeSatisfactionOver, "")
	}
	next := ReportAnswer{ClosedAt: *i.ClosedAt}
	if had != nil {
		next = *had
	}
	if had != nil && had.Answer == said && had.Words == words {
		return next, false, nil
	}
	next.Answer, next.Words, next.AnsweredAt = said, words, now
	next.Version++
	return next, true, nil
}

// SatisfactionTx is the part of a transaction that answers need.
type SatisfactionTx interface {
	// TrackedReport gives the report of a tracking number and its incident.
	TrackedReport(ctx context.Context, trackingHash []byte) (reportID, incidentID int64, err error)
	// ReportAnswer gives the answer to a closing, nil for none.
	ReportAnswer(ctx context.Context, reportID int64, closedAt time.Time) (*ReportAnswer, error)
	SaveReportAnswer(ctx context.Context, a *ReportAnswer) error
}

// AnswerReport takes what the holder of a tracking number says of how their report
// was handled. Nothing else of the incident changes: who reads it decides whether
// it is taken up again.
func (s *Service) AnswerReport(ctx context.Context, c Command, tracking string, said Satisfaction, words string) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		reportID, incidentID, err := tx.TrackedReport(ctx, TrackingHash(tracking))
		if err != nil {
			return Outcome{}, err
		}
		i, _, err := tx.LockIncident(ctx, incidentID)
		if err != nil {
			return Outcome{}, err
		}
		// It may have gone over to another incident while the lock was waited for.
		if _, now, err := tx.TrackedReport(ctx, TrackingHash(tracking)); err != nil || now != incidentID {
			return Outcome{}, orMoved(err)
		}
		var had *ReportAnswer
		if i.ClosedAt != nil {
			if had, err = tx.ReportAnswer(ctx, reportID, *i.ClosedAt); err != nil {
				return Outcome{}, err
			}
		}
		a, changed, err := i.answer(had, said, words, s.now())
		if err != nil || !changed {
			return Outcome{Noun: NounReport, ID: reportID, Version: a.Version}, err
		}
		a.ReportID = reportID
		if err := tx.SaveReportAnswer(ctx, &a); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounReport, ID: reportID, Version: a.Version}, tx.Emit(ctx, Event{Kind: "report." + string(said), At: a.AnsweredAt,
			Noun: NounReport, NounID: reportID, NounVersion: a.Version, AreaID: i.AreaID, Cell: cellNumber(i.Cell), IncidentID: &i.ID,
			Data: map[string]string{"priority": string(i.Priority), "type": i.TypeCode}})
	})
}

func orMoved(err error) error {
	if err == nil {
		err = Refuse(CodeMoved, "")
	}
	return err
}

// Answers counts answers: of each report the last since its incident was closed.
type Answers struct {
	Satisfied    int `json:"satisfied"`
	Mostly       int `json:"mostly"`
	Dissatisfied int `json:"dissatisfied"`
}

// add adds others.
func (a Answers) add(b Answers) Answers {
	return Answers{a.Satisfied + b.Satisfied, a.Mostly + b.Mostly, a.Dissatisfied + b.Dissatisfied}
}

// rate gives the satisfied rate (满意率): those who are, wholly or mostly, of all.
func (a Answers) rate() Rate {
	content := a.Satisfied + a.Mostly
	return Rate{Numerator: content, Denominator: content + a.Dissatisfied}
}

// AnswerRow is one answer as figures count it.
type AnswerRow struct {
	IncidentID int64        `json:"incident_id"`
	ReportID   int64        `json:"report_id"`
	AreaID     int64        `json:"area_id"`
	TypeCode   string       `json:"type_code"`
	Answer     Satisfaction `json:"answer" enum:"satisfied,mostly,dissatisfied"`
	AnsweredAt time.Time    `json:"answered_at"`
}
