package dispatch

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// RetentionRule says how long one kind of data is kept. What each rule destroys
// is in the storage package; the days, within bounds, are an administrator's.
type RetentionRule struct {
	What       string     `json:"what" enum:"positions,emergency,offer_answers,import_files,import_changes,sessions,idempotency_keys,retired_responders,retired_care,ended_consents,tracks"`
	CountsFrom string     `json:"counts_from" enum:"received,incident_end,upload,end,retirement"`
	Days       int        `json:"days"`
	LeastDays  int        `json:"least_days"`
	MostDays   int        `json:"most_days"`
	Basis      string     `json:"basis" doc:"Why so long, in the language asked for."`
	BasisZh    string     `json:"-"`
	BasisEn    string     `json:"-"`
	Version    int        `json:"version"`
	ChangedAt  *time.Time `json:"changed_at,omitempty"`
	ChangedBy  *string    `json:"changed_by,omitempty"`
}

// Destroyed is an entry of the register of what was destroyed (处置记录): how
// much of what, never what it said.
type Destroyed struct {
	ID      int64      `json:"id"`
	What    string     `json:"what" doc:"A retention rule, or responder, reporter, care_record where one person's data was erased."`
	Records int64      `json:"records"`
	Until   *time.Time `json:"until,omitempty" doc:"What ended or was received before it."`
	Days    *int       `json:"days,omitempty" doc:"The rule as it was."`
	At      time.Time  `json:"at"`
	By      string     `json:"by" doc:"Who asked for it; empty for the clock."`
	NounID  *int64     `json:"noun_id,omitempty"`
}

// Hold keeps an incident's words beyond their time, by somebody's assessment.
type Hold struct {
	ID       int64      `json:"id"`
	Reason   string     `json:"reason"`
	Until    time.Time  `json:"until"`
	PlacedBy string     `json:"placed_by"`
	PlacedAt time.Time  `json:"placed_at"`
	LiftedBy *string    `json:"lifted_by,omitempty"`
	LiftedAt *time.Time `json:"lifted_at,omitempty"`
}

// IncidentRetention says what becomes of an incident's words and pictures.
type IncidentRetention struct {
	DestroyAt   *time.Time `json:"destroy_at,omitempty" doc:"When they are destroyed; missing while it is open."`
	DestroyedAt *time.Time `json:"destroyed_at,omitempty" doc:"When they were."`
	Hold        *Hold      `json:"hold,omitempty" doc:"What keeps them longer."`
	Holds       []Hold     `json:"holds" nullable:"false" doc:"All there were, the newest first."`
}

// CodeDestroyed refuses to add to an incident whose words were destroyed.
const CodeDestroyed Code = "destroyed"

// leastAssessment is how many characters say why something is kept longer.
const leastAssessment = 10

// longestHold bounds one assessment; a further one may follow.
const longestHold = 366 * 24 * time.Hour

// RetentionTx is the part of a transaction that retention needs.
type RetentionTx interface {
	LockRetention(ctx context.Context, what string) (RetentionRule, error)
	SaveRetention(ctx context.Context, r RetentionRule, by int64, at time.Time) error
	// StandingHold gives the hold of an incident that is not lifted, nil for none.
	StandingHold(ctx context.Context, incidentID int64) (*Hold, error)
	InsertHold(ctx context.Context, h *Hold, incidentID, by int64) error
	LiftHold(ctx context.Context, id, by int64, at time.Time) error
}

// SetRetention changes for how many days something is kept, within its bounds.
func (s *Service) SetRetention(ctx context.Context, c Command, what string, seen, days int, reason string) (Outcome, error) {
	if err := needsReason(reason); err != nil {
		return Outcome{}, err
	}
	if !c.Actor.MayIn(s.Tree(), ActionRetain, s.Tree().Root()) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		r, err := tx.LockRetention(ctx, what)
		if err != nil {
			return Outcome{}, err
		}
		if r.Version != seen {
			return Outcome{}, &Error{Code: CodeVersionConflict, Field: "version", Current: r, Values: map[string]string{"by": deref(r.ChangedBy)}}
		}
		if days < r.LeastDays || days > r.MostDays {
			return Outcome{}, Refuse(CodeInvalid, "days")
		}
		r.Days = days
		r.Version++
		entry := c.Actor.Entry(ctx, AuditConfiguration, "retention."+what)
		entry.Noun, entry.Count, entry.Reason = NounRetention, days, reason
		if err := tx.Audit(ctx, entry); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounRetention, Version: r.Version}, tx.SaveRetention(ctx, r, c.Actor.AccountID, s.now())
	})
}

// HoldIncident keeps an incident's words until a time, by an assessment in
// words. One that stands already is replaced.
func (s *Service) HoldIncident(ctx context.Context, c Command, id int64, reason string, until time.Time) (Outcome, error) {
	if len([]rune(strings.TrimSpace(reason))) < leastAssessment {
		return Outcome{}, Refuse(CodeReasonRequired, "reason")
	}
	return s.holding(ctx, c, id, func(ctx context.Context, tx Tx, i Incident, standing *Hold, now time.Time) (string, error) {
		if !until.After(now) || until.After(now.Add(longestHold)) {
			return "", Refuse(CodeInvalid, "until")
		}
		if i.destroyed() {
			return "", Refuse(CodeDestroyed, "")
		}
		if standing != nil {
			if err := tx.LiftHold(ctx, standing.ID, c.Actor.AccountID, now); err != nil {
				return "", err
			}
		}
		return "incident.held", tx.InsertHold(ctx, &Hold{Reason: reason, Until: until, PlacedAt: now}, id, c.Actor.AccountID)
	})
}

// LiftHold ends the keeping of an incident's words: their own time decides.
func (s *Service) LiftHold(ctx context.Context, c Command, id int64) (Outcome, error) {
	return s.holding(ctx, c, id, func(ctx context.Context, tx Tx, _ Incident, standing *Hold, now time.Time) (string, error) {
		if standing == nil {
			return "", Refuse(CodeNotFound, "hold")
		}
		return "incident.hold_lifted", tx.LiftHold(ctx, standing.ID, c.Actor.AccountID, now)
	})
}

func (s *Service) holding(ctx context.Context, c Command, id int64,
	do func(ctx context.Context, tx Tx, i Incident, standing *Hold, now time.Time) (kind string, err error),
) (Outcome, error) {
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		i, _, err := tx.LockIncident(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allow(c.Actor, ActionHold, i.AreaID); err != nil {
			return Outcome{}, err
		}
		standing, err := tx.StandingHold(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		now := s.now()
		kind, err := do(ctx, tx, i, standing, now)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounIncident, ID: id, Version: i.Version}, tx.Emit(ctx, incidentEvent(i, kind, i.State, c.Actor, now, nil))
	})
}

func deref[T any](v *T) (value T) {
	if v != nil {
		value = *v
	}
	return value
}

// destroyBatch is how many records one transaction destroys.
const destroyBatch = 500

// Destroy destroys what the rules keep no longer, a batch a transaction, each
// noted in the register of what was destroyed.
func (s *Service) Destroy(ctx context.Context) error {
	rules, err := s.store.RetentionRules(ctx)
	if err != nil {
		return err
	}
	run := s.now()
	for _, rule := range rules {
		if rule.What == "retired_responders" {
			err = s.eraseRetired(ctx, run.AddDate(0, 0, -rule.Days))
		} else {
			err = s.destroyAll(ctx, rule, run)
		}
		if err != nil {
			return fmt.Errorf("destroy %s: %w", rule.What, err)
		}
	}
	return nil
}

func (s *Service) destroyAll(ctx context.Context, rule RetentionRule, run time.Time) error {
	for {
		n, err := s.store.DestroyDue(ctx, rule, run, destroyBatch)
		if err != nil || n == 0 {
			return err
		}
	}
}

// eraseRetired erases people who left the roster long ago.
func (s *Service) eraseRetired(ctx context.Context, before time.Time) error {
	system := Actor{System: true}
	for {
		ids, err := s.store.DueResponders(ctx, before, destroyBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			_, err := s.store.Run(ctx, Command{Actor: system, Name: "responder.erase"}, func(ctx context.Context, tx Tx) (Outcome, error) {
				r, err := tx.LockResponder(ctx, id)
				if err != nil {
					return Outcome{}, err
				}
				return s.erase(ctx, tx, r, system, "")
			})
			if err != nil {
				return err
			}
		}
	}
}
