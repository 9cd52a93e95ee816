package dispatch

import (
	"context"

	"github.com/paulmach/orb"
)

// ResponderInput is a person as an administrator registers them. The post is
// WGS-84 and decides the registered community.
type ResponderInput struct {
	Name         string
	Phone        string
	Affiliations []string
	Skills       []string
	Adult        bool
	InsuredUntil string // a date, empty for none
	Vehicle      string
	Post         orb.Point
	Source       string
	ExternalID   string
}

// AddResponder registers a person, or changes the one of the same source and
// external id.
func (s *Service) AddResponder(ctx context.Context, c Command, in ResponderInput) (Outcome, error) {
	cell, err := cellOf(in.Post)
	if err != nil {
		return Outcome{}, err
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		areaID, _, err := tx.Locate(ctx, in.Post)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allow(c.Actor, ActionAdminister, areaID); err != nil {
			return Outcome{}, err
		}
		id, version, err := tx.SaveResponder(ctx, in, areaID, cell.Int64())
		if err != nil {
			return Outcome{}, err
		}
		event := Event{Kind: "responder.changed", At: s.now(), Noun: NounResponder, NounID: id, NounVersion: version, AreaID: areaID,
			ResponderID: &id, AccountID: accountOf(c.Actor)}
		return Outcome{Noun: NounResponder, ID: id, Version: version}, tx.Emit(ctx, event)
	})
}
