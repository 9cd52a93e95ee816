package dispatch

import (
	"context"
	"strings"
	"time"
)

// What needs a consent of its own: separate from everything else, and withdrawn
// at once.
const (
	PurposePosition = "position" // the use of a phone's position, the newest
	PurposeTrack    = "track"    // keeping where somebody went on a task, for those who look back
)

// Purposes are all of them, in the order in which a phone asks.
var Purposes = []string{PurposePosition, PurposeTrack}

// CodeConsentRequired refuses positions of somebody who has not agreed to their
// use, or has withdrawn it.
const CodeConsentRequired Code = "consent_required"

// ConsentText is one version of what people are asked to agree to. It is asked
// for from Since on. Whoever agreed to an earlier version is asked again, and
// the earlier one holds until BindingFrom; where both times are the same, at
// once.
type ConsentText struct {
	Purpose     string    `json:"purpose" enum:"position,track"`
	Version     int       `json:"version"`
	Zh          string    `json:"zh"`
	En          string    `json:"en"`
	Since       time.Time `json:"since" doc:"From when on it is asked for."`
	BindingFrom time.Time `json:"binding_from" doc:"From when on an earlier version holds no more."`
}

// Consent is a person's word on a text, and when it ended.
type Consent struct {
	ID          int64      `json:"id"`
	ResponderID int64      `json:"-"`
	Purpose     string     `json:"purpose" enum:"position,track"`
	Version     int        `json:"version"`
	Way         string     `json:"way" enum:"phone,demonstration" doc:"On the own phone, or made up with the demonstration."`
	GivenAt     time.Time  `json:"given_at"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	Ending      *string    `json:"ending,omitempty" enum:"withdrawn,replaced,erased"`
}

// ConsentState is how a person stands to a purpose.
type ConsentState struct {
	Purpose string      `json:"purpose" enum:"position,track"`
	Holds   bool        `json:"holds" doc:"Agreed, to a version that holds."`
	Asks    bool        `json:"asks" doc:"The text is to be put before the person: none or an earlier version is agreed to."`
	Text    ConsentText `json:"text" doc:"The version that is asked for."`
	Given   *Consent    `json:"given,omitempty" doc:"What stands now."`
	Past    []Consent   `json:"past" nullable:"false" doc:"What ended, the newest first."`
}

// ConsentBrief is how a person stands to a purpose, without words.
type ConsentBrief struct {
	Holds   bool `json:"holds" doc:"Agreed, to a version that holds."`
	Asks    bool `json:"asks" doc:"A text is to be put before the person: see my-consents."`
	Version int  `json:"version" doc:"Of the text that is asked for."`
}

// Brief leaves the words out.
func (s ConsentState) Brief() ConsentBrief { return ConsentBrief{s.Holds, s.Asks, s.Text.Version} }

// ConsentTx is the part of a transaction that consents need.
type ConsentTx interface {
	// AskedConsent gives the newest text of a purpose that is asked for at a time.
	AskedConsent(ctx context.Context, purpose string, at time.Time) (ConsentText, error)
	// StandingConsent gives what a person has agreed to and not ended, nil for none.
	StandingConsent(ctx context.Context, responderID int64, purpose string) (*Consent, error)
	InsertConsent(ctx context.Context, c *Consent) error
	EndConsent(ctx context.Context, id int64, at time.Time, ending string) error
	// DropTrack deletes where somebody went on their tasks after a time.
	DropTrack(ctx context.Context, responderID int64, since time.Time) error
	// AddConsentText adds the next version and gives its number.
	AddConsentText(ctx context.Context, t ConsentText) (int, error)
}

// GiveConsent notes that the actor agrees to the version that is asked for now;
// another one is refused, since it is not what they were to read.
func (s *Service) GiveConsent(ctx context.Context, c Command, purpose string, version int) (Outcome, error) {
	return s.ownConsent(ctx, c, func(ctx context.Context, tx Tx, r Responder, now time.Time) (Outcome, error) {
		text, err := tx.AskedConsent(ctx, purpose, now)
		if err != nil {
			return Outcome{}, err
		}
		if text.Version != version {
			return Outcome{}, Refuse(CodeInvalid, "version")
		}
		standing, err := tx.StandingConsent(ctx, r.ID, purpose)
		if err != nil {
			return Outcome{}, err
		}
		if standing != nil && standing.Version == version { // said before
			return Outcome{Noun: NounConsent, ID: standing.ID, Version: 1}, nil
		}
		if standing != nil {
			if err := tx.EndConsent(ctx, standing.ID, now, "replaced"); err != nil {
				return Outcome{}, err
			}
		}
		given := Consent{ResponderID: r.ID, Purpose: purpose, Version: version, Way: "phone", GivenAt: now}
		err = tx.InsertConsent(ctx, &given)
		return Outcome{Noun: NounConsent, ID: given.ID, Version: 1}, err
	})
}

// WithdrawConsent ends the actor's consent now: with it, in one transaction, what
// was kept by it is deleted. Of the live position the log tells every node that it
// is gone.
func (s *Service) WithdrawConsent(ctx context.Context, c Command, purpose string) (Outcome, error) {
	return s.ownConsent(ctx, c, func(ctx context.Context, tx Tx, r Responder, now time.Time) (Outcome, error) {
		standing, err := tx.StandingConsent(ctx, r.ID, purpose)
		if err != nil || standing == nil { // none to withdraw: as it is wanted
			return Outcome{Noun: NounConsent, Version: 1}, err
		}
		if err := tx.EndConsent(ctx, standing.ID, now, "withdrawn"); err != nil {
			return Outcome{}, err
		}
		out := Outcome{Noun: NounConsent, ID: standing.ID, Version: 2}
		if purpose == PurposeTrack {
			return out, tx.DropTrack(ctx, r.ID, time.Time{})
		}
		if err := tx.DropPosition(ctx, r.ID); err != nil {
			return Outcome{}, err
		}
		return out, tx.Emit(ctx, PositionDropped(r, c.Actor, now))
	})
}

// PositionDropped tells that a person has no position any more, without why.
func PositionDropped(r Responder, a Actor, at time.Time) Event {
	return Event{Kind: "position.dropped", At: at, Noun: NounResponder, NounID: r.ID, NounVersion: r.Version, AreaID: r.AreaID,
		ResponderID: &r.ID, AccountID: accountOf(a)}
}

// ownConsent runs a command about the actor's own consent, under the lock that
// decides about their duty and position too.
func (s *Service) ownConsent(ctx context.Context, c Command, do func(ctx context.Context, tx Tx, r Responder, now time.Time) (Outcome, error)) (Outcome, error) {
	if c.Actor.ResponderID == 0 || !c.Actor.May(ActionRespond) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		r, err := tx.LockResponder(ctx, c.Actor.ResponderID)
		if err != nil {
			return Outcome{}, err
		}
		return do(ctx, tx, r, s.now())
	})
}

// AddConsentText adds the next version of what people are asked to agree to.
// Nothing that was agreed to changes: a text is never edited.
func (s *Service) AddConsentText(ctx context.Context, c Command, t ConsentText) (Outcome, error) {
	if !c.Actor.MayIn(s.Tree(), ActionPrivacy, s.Tree().Root()) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	now := s.now()
	if t.Since.IsZero() {
		t.Since = now
	}
	if t.BindingFrom.IsZero() {
		t.BindingFrom = t.Since
	}
	switch {
	case strings.TrimSpace(t.Zh) == "":
		return Outcome{}, Refuse(CodeRequired, "zh")
	case strings.TrimSpace(t.En) == "":
		return Outcome{}, Refuse(CodeRequired, "en")
	case t.Since.Before(now.Add(-time.Minute)):
		return Outcome{}, Refuse(CodeInvalid, "since")
	case t.BindingFrom.Before(t.Since):
		return Outcome{}, Refuse(CodeInvalid, "binding_from")
	}
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		version, err := tx.AddConsentText(ctx, t)
		return Outcome{Noun: NounConsent, Version: version}, err
	})
}
