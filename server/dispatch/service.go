package dispatch

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// Service carries out the commands.
type Service struct {
	store   Store
	now     func() time.Time
	log     zerolog.Logger
	tree    atomic.Pointer[AreaTree]
	forces  *Forces
	cameras atomic.Int64 // counts what changed cameras
	border  int          // cells, see WithBorder
	care    CareRules
	ways    Ways
}

// NewService makes the service; Load must be called before it is used.
func NewService(store Store, now func() time.Time, log zerolog.Logger) *Service {
	s := &Service{store: store, now: now, log: log, forces: NewForces(now), border: DefaultBorder, care: DefaultCareRules, ways: StraightLine{}}
	s.tree.Store(NewAreaTree(nil))
	return s
}

// Load reads from the database what the service keeps in memory: the area tree
// and the people who can be dispatched.
func (s *Service) Load(ctx context.Context) error {
	if err := s.loadAreas(ctx); err != nil {
		return err
	}
	return s.RefreshForces(ctx)
}

func (s *Service) loadAreas(ctx context.Context) error {
	areas, err := s.store.Areas(ctx)
	if err != nil {
		return fmt.Errorf("load areas: %w", err)
	}
	s.tree.Store(NewAreaTree(areas))
	return nil
}

// RefreshForces reads everybody dispatchable anew; rosters begin and end by the
// clock, with no event.
func (s *Service) RefreshForces(ctx context.Context) error {
	people, err := s.store.Dispatchable(ctx, s.now())
	if err != nil {
		return fmt.Errorf("load forces: %w", err)
	}
	s.forces.Replace(people)
	return nil
}

// Apply keeps what is in memory in step with a committed change.
func (s *Service) Apply(ctx context.Context, c Change) error {
	switch c.Event.Noun {
	case NounArea:
		return s.loadAreas(ctx)
	case NounCamera:
		s.cameras.Add(1)
	case NounImport: // many at once: areas, people, duties or cameras
		s.cameras.Add(1)
		return s.Load(ctx)
	}
	if c.Responder != nil {
		s.forces.Put(*c.Responder)
	}
	return nil
}

// Moved takes over positions that were committed.
func (s *Service) Moved(positions []Position) { s.forces.Move(positions) }

// CameraStamp changes whenever a camera or a site may have.
func (s *Service) CameraStamp() int64 { return s.cameras.Load() }

// Tree gives the area tree as it is now.
func (s *Service) Tree() *AreaTree { return s.tree.Load() }

// Now gives the service's time.
func (s *Service) Now() time.Time { return s.now() }

// allow refuses an action outside the actor's areas. What may not be seen is
// said not to exist.
func (s *Service) allow(a Actor, action Action, areaID int64) error {
	if a.MayIn(s.Tree(), action, areaID) {
		return nil
	}
	if a.MayIn(s.Tree(), ActionSeeMasked, areaID) {
		return Refuse(CodeForbidden, "")
	}
	return Refuse(CodeNotFound, "")
}

// allowIncident refuses an action on an incident outside the actor's areas. Who
// takes part sees it, and is told that they may not.
func (s *Service) allowIncident(a Actor, action Action, i Incident) error {
	switch {
	case a.MayIn(s.Tree(), action, i.AreaID):
		return nil
	case s.seesIncident(a, i):
		return Refuse(CodeForbidden, "")
	}
	return Refuse(CodeNotFound, "")
}

// changeIncident runs a command that changes one incident: lock, look at the
// version seen, decide, save, emit.
func (s *Service) changeIncident(ctx context.Context, c Command, id int64, seen int, action Action,
	decide func(ctx context.Context, tx Tx, i Incident, p Plan, now time.Time) (Incident, string, map[string]string, error),
) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, plan, err := tx.LockIncident(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowIncident(c.Actor, action, i); err != nil {
			return Outcome{}, err
		}
		if err := checkVersion(ctx, tx, i, seen); err != nil {
			return Outcome{}, err
		}
		before, now := i.State, s.now() // one moment: what ends with an incident ends when it does
		next, kind, data, err := decide(ctx, tx, i, plan, now)
		if err != nil {
			return Outcome{}, err
		}
		if err := tx.SaveIncident(ctx, next); err != nil {
			return Outcome{}, err
		}
		if err := s.followParties(ctx, tx, i, next, now); err != nil {
			return Outcome{}, err
		}
		if err := tx.Emit(ctx, incidentEvent(next, kind, before, c.Actor, now, data)); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounIncident, ID: id, Version: next.Version}, nil
	})
}

// checkVersion refuses a command that saw another version, with the incident as
// it is now and who changed it.
func checkVersion(ctx context.Context, tx Tx, i Incident, seen int) error {
	if seen == i.Version {
		return nil
	}
	_, by, err := tx.EditedSince(ctx, i.ID, seen)
	if err != nil {
		return err
	}
	return &Error{Code: CodeVersionConflict, Field: "version", Current: i,
		Values: map[string]string{"by": by, "state": string(i.State)}}
}

func incidentEvent(i Incident, kind string, before IncidentState, a Actor, at time.Time, data map[string]string) Event {
	if data == nil {
		data = map[string]string{}
	}
	if before != i.State {
		data["from"], data["to"] = string(before), string(i.State)
	}
	data["priority"], data["type"] = string(i.Priority), i.TypeCode
	return Event{Kind: kind, At: at, Noun: NounIncident, NounID: i.ID, NounVersion: i.Version,
		AreaID: i.AreaID, Cell: cellNumber(i.Cell), IncidentID: &i.ID, AccountID: accountOf(a), Data: data}
}

func accountOf(a Actor) *int64 {
	if a.AccountID == 0 {
		return nil
	}
	id := a.AccountID
	return &id
}
