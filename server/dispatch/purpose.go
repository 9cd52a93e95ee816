package dispatch

import (
	"context"
	"strings"
	"time"
)

// Purpose is an entry of the register of processing purposes (处理目的): why
// personal data is kept, on what basis, which, by whom and how long.
type Purpose struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	Basis      string     `json:"basis"`
	Categories string     `json:"categories"`
	Sensitive  bool       `json:"sensitive"`
	Handlers   string     `json:"handlers"`
	Retention  string     `json:"retention"`
	Version    int        `json:"version"`
	RetiredAt  *time.Time `json:"retired_at,omitempty"`
	UpdatedAt  time.Time  `json:"updated_at"`
	UpdatedBy  string     `json:"updated_by" doc:"Empty for those that came with the system."`
}

// PurposeTx is the part of a transaction that purposes need.
type PurposeTx interface {
	LockPurpose(ctx context.Context, id int64) (Purpose, error)
	// SavePurpose writes a purpose; one without id is made.
	SavePurpose(ctx context.Context, p *Purpose, by int64) error
}

// AddPurpose notes a new purpose.
func (s *Service) AddPurpose(ctx context.Context, c Command, p Purpose) (Outcome, error) {
	return s.purpose(ctx, c, 0, 0, func(next *Purpose) {
		*next = p
		next.ID, next.Version, next.RetiredAt = 0, 1, nil
	})
}

// EditPurpose changes a purpose that was seen at a version.
func (s *Service) EditPurpose(ctx context.Context, c Command, id int64, seen int, p Purpose) (Outcome, error) {
	return s.purpose(ctx, c, id, seen, func(next *Purpose) {
		next.Name, next.Basis, next.Categories, next.Sensitive, next.Handlers, next.Retention = p.Name, p.Basis, p.Categories, p.Sensitive, p.Handlers, p.Retention
	})
}

// RetirePurpose ends a purpose; it stays in the register.
func (s *Service) RetirePurpose(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	now := s.now()
	return s.purpose(ctx, c, id, seen, func(next *Purpose) { next.RetiredAt = &now })
}

func (s *Service) purpose(ctx context.Context, c Command, id int64, seen int, change func(*Purpose)) (Outcome, error) {
	if !c.Actor.MayIn(s.Tree(), ActionPrivacy, s.Tree().Root()) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		var p Purpose
		if id != 0 {
			var err error
			if p, err = tx.LockPurpose(ctx, id); err != nil {
				return Outcome{}, err
			}
			if p.Version != seen {
				return Outcome{}, &Error{Code: CodeVersionConflict, Field: "version", Current: p, Values: map[string]string{"by": p.UpdatedBy}}
			}
			p.Version++
		}
		change(&p)
		for field, text := range map[string]string{"name": p.Name, "basis": p.Basis, "categories": p.Categories, "handlers": p.Handlers, "retention": p.Retention} {
			if strings.TrimSpace(text) == "" {
				return Outcome{}, Refuse(CodeRequired, field)
			}
		}
		p.UpdatedAt = s.now()
		err := tx.SavePurpose(ctx, &p, c.Actor.AccountID)
		return Outcome{Noun: NounPurpose, ID: p.ID, Version: p.Version}, err
	})
}
