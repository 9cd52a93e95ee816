package dispatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"yiping/geo"
)

// PartyReason is why an area takes part in an incident that is not its own.
type PartyReason string

// The reasons.
const (
	PartyBorder     PartyReason = "border"     // it happened just across the border
	PartySupporting PartyReason = "supporting" // a responder of the area was assigned
)

// Party is an area that takes part in an incident beyond the incident's own,
// from its beginning or an assignment on until the incident is over.
type Party struct {
	AreaID int64       `json:"area_id"`
	Why    PartyReason `json:"why" enum:"border,supporting"`
	Since  time.Time   `json:"since"`
	Until  *time.Time  `json:"until,omitempty" doc:"When the incident was over."`
}

// PartyTx keeps which areas take part.
type PartyTx interface {
	// AreasOf gives the streets and communities that have one of the cells.
	AreasOf(ctx context.Context, cells []geo.Cell) ([]int64, error)
	// AddParties lets areas take part from a time on; those that do already go on.
	AddParties(ctx context.Context, incidentID int64, why PartyReason, areaIDs []int64, at time.Time) error
	// EndParties ends all of an incident's.
	EndParties(ctx context.Context, incidentID int64, at time.Time) error
}

// DefaultBorder is how many cells (of resolution 9, some 350 metres from middle
// to middle) a border's buffer is wide.
const DefaultBorder = 1

// WithBorder sets how many cells wide the buffer is within which an incident is
// its neighbours' too; negative for none. Before the service is used.
func (s *Service) WithBorder(cells int) *Service {
	s.border = cells
	return s
}

// joinBorder lets the areas take part within whose border's buffer the incident
// is. It only adds: who was told of an incident is told how it ends.
func (s *Service) joinBorder(ctx context.Context, tx Tx, i Incident) error {
	if s.border < 0 {
		return nil
	}
	cell, err := geo.ParseCell(i.Cell)
	if err != nil {
		return fmt.Errorf("cell of incident %d: %w", i.ID, err)
	}
	around, err := cell.Disk(s.border)
	if err != nil {
		return err
	}
	areas, err := tx.AreasOf(ctx, around)
	if err != nil {
		return err
	}
	return s.join(ctx, tx, i, PartyBorder, areas)
}

// join lets areas take part, but for those whose own the incident is anyway.
func (s *Service) join(ctx context.Context, tx Tx, i Incident, why PartyReason, areas []int64) error {
	tree := s.Tree()
	areas = slices.DeleteFunc(areas, func(id int64) bool { return tree.Within(i.AreaID, id) })
	if len(areas) == 0 {
		return nil
	}
	return tx.AddParties(ctx, i.ID, why, areas, s.now())
}

// followParties ends what an incident's end ends, and begins what its reopening
// begins.
func (s *Service) followParties(ctx context.Context, tx Tx, before, after Incident, at time.Time) error {
	switch over := after.State.Terminal(); {
	case over == before.State.Terminal():
		return nil
	case over:
		return tx.EndParties(ctx, after.ID, at)
	default:
		return s.joinBorder(ctx, tx, after)
	}
}
