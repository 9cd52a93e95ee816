package dispatch

import (
	"context"
	"slices"
	"time"
)

// VolunteerState is where it stands that somebody said they can go.
type VolunteerState string

// The states.
const (
	VolunteerOpen      VolunteerState = "open"  // waits to be asked
	VolunteerTaken     VolunteerState = "taken" // was asked: the offer says what came of it
	VolunteerWithdrawn VolunteerState = "withdrawn"
)

// Volunteer is a responder who said of an incident near them that they can go
// (我能去), before anybody asked.
type Volunteer struct {
	ID          int64          `json:"id"`
	IncidentID  int64          `json:"incident_id"`
	ResponderID int64          `json:"responder_id"`
	State       VolunteerState `json:"state" enum:"open,taken,withdrawn"`
	Version     int            `json:"version"`
	At          time.Time      `json:"at"`
}

type volunteerStep struct {
	from []VolunteerState
	to   VolunteerState
	kind string
}

// The transitions, one table. Who never said so is withdrawn.
var volunteerSteps = map[string]volunteerStep{
	"open":     {[]VolunteerState{VolunteerWithdrawn}, VolunteerOpen, "volunteer.opened"},
	"take":     {[]VolunteerState{VolunteerOpen}, VolunteerTaken, "volunteer.taken"},
	"withdraw": {[]VolunteerState{VolunteerOpen}, VolunteerWithdrawn, "volunteer.withdrawn"},
}

// Step gives the volunteer after a transition and the kind of event it makes.
func (v Volunteer) Step(step string, at time.Time) (Volunteer, string, error) {
	s, ok := volunteerSteps[step]
	if !ok || !slices.Contains(s.from, v.State) {
		return v, "", &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(v.State), "step": step}}
	}
	v.State, v.At = s.to, at
	v.Version++
	return v, s.kind, nil
}

// VolunteerStore reads who said that they can go.
type VolunteerStore interface {
	// Volunteers gives who said of an incident that they can go, and waits to be
	// asked.
	Volunteers(ctx context.Context, incidentID int64) ([]int64, error)
}

// VolunteerTx keeps who said that they can go.
type VolunteerTx interface {
	// Volunteer gives what somebody said of an incident, withdrawn where nothing.
	Volunteer(ctx context.Context, incidentID, responderID int64) (Volunteer, error)
	// WasOffered says whether an incident was ever offered to somebody.
	WasOffered(ctx context.Context, incidentID, responderID int64) (bool, error)
	SaveVolunteer(ctx context.Context, v *Volunteer) error
}

// VolunteerFor notes that the actor can go to an incident of their community
// that lacks people. They join its ranking and are asked like others, ahead of
// who would be as near: nobody is sent by it, and nobody asked twice.
func (s *Service) VolunteerFor(ctx context.Context, c Command, incidentID int64) (Outcome, error) {
	return s.volunteer(ctx, c, incidentID, func(ctx context.Context, tx Tx, i Incident, plan Plan, r Responder, v Volunteer) (string, error) {
		if v.State != VolunteerWithdrawn {
			return "", nil
		}
		return "open", s.mayVolunteer(ctx, tx, i, plan, r)
	})
}

// UnvolunteerFor takes it back. Once they are asked, the offer is to be answered.
func (s *Service) UnvolunteerFor(ctx context.Context, c Command, incidentID int64) (Outcome, error) {
	return s.volunteer(ctx, c, incidentID, func(_ context.Context, _ Tx, _ Incident, _ Plan, _ Responder, v Volunteer) (string, error) {
		if v.State == VolunteerWithdrawn {
			return "", nil
		}
		return "withdraw", nil
	})
}

// volunteer makes the step that decide names, none for "".
func (s *Service) volunteer(ctx context.Context, c Command, incidentID int64,
	decide func(context.Context, Tx, Incident, Plan, Responder, Volunteer) (string, error)) (Outcome, error) {
	if c.Actor.ResponderID == 0 || !c.Actor.May(ActionRespond) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, plan, err := tx.LockIncident(ctx, incidentID)
		if err != nil {
			return Outcome{}, err
		}
		r, err := tx.LockResponder(ctx, c.Actor.ResponderID)
		if err != nil {
			return Outcome{}, err
		}
		v, err := tx.Volunteer(ctx, i.ID, r.ID)
		if err != nil {
			return Outcome{}, err
		}
		if v.ID == 0 && r.AreaID != i.AreaID { // nothing near them: not theirs to know of
			return Outcome{}, Refuse(CodeNotFound, "")
		}
		step, err := decide(ctx, tx, i, plan, r, v)
		if err == nil && step != "" {
			err = stepVolunteer(ctx, tx, i, &v, step, c.Actor, s.now())
		}
		return Outcome{Noun: NounVolunteer, ID: v.ID, Version: v.Version}, err
	})
}

// mayVolunteer refuses who could not be asked.
func (s *Service) mayVolunteer(ctx context.Context, tx Tx, i Incident, plan Plan, r Responder) error {
	if i.State != IncidentVerified && i.State != IncidentDispatching && i.State != IncidentHandling {
		return &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": "volunteer"}}
	}
	if full, err := quotaFull(ctx, tx, i, TaskDirect); err != nil {
		return err
	} else if full {
		return Refuse(CodeEnough, "")
	}
	if r.Task != nil {
		return &Error{Code: CodeAlreadyAssigned, Values: map[string]string{"name": r.Name}}
	}
	if r.Duty == DutyOff {
		return &Error{Code: CodeNotDispatchable, Values: map[string]string{"name": r.Name}}
	}
	if err := mayGo(plan, r, TaskDirect, s.now()); err != nil {
		return err
	}
	if was, err := tx.WasOffered(ctx, i.ID, r.ID); err != nil {
		return err
	} else if was {
		return Refuse(CodeAlreadyAsked, "")
	}
	return nil
}

// takeVolunteer notes of who said that they can go that they are asked now.
func takeVolunteer(ctx context.Context, tx Tx, i Incident, o Offer, a Actor) error {
	v, err := tx.Volunteer(ctx, i.ID, o.ResponderID)
	if err != nil || v.State != VolunteerOpen {
		return err
	}
	return stepVolunteer(ctx, tx, i, &v, "take", a, o.OfferedAt)
}

func stepVolunteer(ctx context.Context, tx Tx, i Incident, v *Volunteer, step string, a Actor, now time.Time) error {
	next, kind, err := v.Step(step, now)
	if err != nil {
		return err
	}
	if err := tx.SaveVolunteer(ctx, &next); err != nil {
		return err
	}
	*v = next
	return tx.Emit(ctx, Event{Kind: kind, At: now, Noun: NounVolunteer, NounID: v.ID, NounVersion: v.Version, AreaID: i.AreaID,
		IncidentID: &v.IncidentID, ResponderID: &v.ResponderID, AccountID: accountOf(a), Data: map[string]string{"to": string(v.State)}})
}
