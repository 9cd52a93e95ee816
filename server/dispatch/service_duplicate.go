package dispatch

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// mostDuplicates is how many likely duplicates somebody is told.
const mostDuplicates = 5

// SightingQuery asks for the reports that one may be a duplicate of: of open
// incidents, from some cells or by the same number, within a time.
type SightingQuery struct {
	Cells    []geo.Cell
	Phone    string // "" for none
	Of       int64  // the incident that is asked for: left out, the numbers that reported it count; 0 for none
	From, To time.Time
}

// SightingStore is the part of the store that the search for duplicates needs.
type SightingStore interface {
	// Sightings gives them under the incident that stands for what was merged.
	Sightings(ctx context.Context, q SightingQuery) ([]Sighting, error)
	// TypePlan gives a type with its newest plan, CodeUnknownType for none.
	TypePlan(ctx context.Context, code string) (IncidentType, error)
}

// Likely gives the incidents that a report may be of while it is being taken
// down, as the asker sees them. It changes nothing and keeps nothing.
func (s *Service) Likely(ctx context.Context, a Actor, typeCode string, at orb.Point, phone string) ([]Duplicate, error) {
	kind, err := s.store.TypePlan(ctx, typeCode)
	if err != nil {
		return nil, err
	}
	of := Sighting{Point: at, TypeCode: kind.Code, Family: kind.Family, At: s.now(), Lasts: lasts(*kind.Plan)}
	return s.duplicates(ctx, a, of, phone)
}

// LikelyOf gives the incidents that an incident may be the same as; none when it
// is over.
func (s *Service) LikelyOf(ctx context.Context, a Actor, incidentID int64) ([]Duplicate, error) {
	i, plan, err := s.store.IncidentPlan(ctx, incidentID)
	if err != nil {
		return nil, err
	}
	if err := s.allowIncident(a, ActionDispatch, i); err != nil || i.State.Terminal() {
		return []Duplicate{}, err
	}
	of := Sighting{IncidentID: i.ID, Point: orb.Point{i.Lon, i.Lat}, TypeCode: i.TypeCode, Family: i.Family, At: i.ReportedAt, Lasts: lasts(plan)}
	return s.duplicates(ctx, a, of, "")
}

func lasts(p Plan) time.Duration { return time.Duration(p.ResolveSeconds) * time.Second }

func (s *Service) duplicates(ctx context.Context, a Actor, of Sighting, phone string) ([]Duplicate, error) {
	cell, err := cellOf(of.Point)
	if err != nil {
		return nil, err
	}
	around, err := cell.Disk(duplicateDisk)
	if err != nil {
		return nil, err
	}
	window := DuplicateWindow(of.Lasts)
	among, err := s.store.Sightings(ctx, SightingQuery{Cells: around, Phone: phone, Of: of.IncidentID, From: of.At.Add(-window), To: of.At.Add(window)})
	if err != nil {
		return nil, err
	}
	sight, shown := a.Sight(s.Tree()), []Duplicate{}
	for _, d := range LikelyDuplicates(of, among, mostDuplicates) {
		i, _, err := s.store.IncidentPlan(ctx, d.Incident.ID)
		if CodeOf(err) == CodeNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		var ok bool
		if d.Incident, ok = sight.Incident(i, false).Incident(i); ok {
			shown = append(shown, d)
		}
	}
	return shown, nil
}
