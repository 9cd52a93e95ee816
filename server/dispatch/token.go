package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Token is another system's access: some of what its account may do, within an
// area, for a time. It is shown once and kept as a hash.
type Token struct {
	ID        int64      `json:"id"`
	AccountID int64      `json:"account_id"`
	Username  string     `json:"username"`
	Name      string     `json:"name"`
	Prefix    string     `json:"prefix" doc:"How it begins: to tell which it is."`
	Actions   []Action   `json:"actions" nullable:"false"`
	AreaID    *int64     `json:"area_id,omitempty" doc:"Only there and below; everywhere its account may without it."`
	MadeBy    *int64     `json:"made_by,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"To the minute."`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

// tokenLife is the longest that a token may live.
const tokenLife = 365 * day

// TokenActions is what a token may be made for: not for accounts and rights,
// nor the audit trail, which people answer for, nor to be sent somewhere.
func TokenActions() []Action {
	return slices.DeleteFunc(Actions(), func(a Action) bool {
		return a == ActionGrant || a == ActionAudit || a == ActionRespond
	})
}

// NewToken is a token to be made.
type NewToken struct {
	Name      string
	Actions   []Action
	AreaID    int64 // 0 for everywhere its account may
	ExpiresAt time.Time
	Prefix    string
	Hash      []byte // SHA-256 of 256 random bits
}

// Within gives the grants as far as they reach into an area: those above it end
// there.
func Within(tree *AreaTree, grants []Grant, areaID int64) []Grant {
	var narrowed []Grant
	for _, g := range grants {
		switch {
		case tree.Within(areaID, g.AreaID):
			g.AreaID, g.AreaName = areaID, ""
			narrowed = append(narrowed, g)
		case tree.Within(g.AreaID, areaID):
			narrowed = append(narrowed, g)
		}
	}
	return narrowed
}

// CreateToken makes a token of an account: one's own, or of an account that the
// actor administers. It is never more than the account itself, then and later.
func (s *Service) CreateToken(ctx context.Context, c Command, accountID int64, in NewToken) (Outcome, error) {
	now := s.now()
	if in.Name = strings.TrimSpace(in.Name); in.Name == "" || utf8.RuneCountInString(in.Name) > 64 {
		return Outcome{}, Refuse(CodeInvalid, "name")
	}
	if !in.ExpiresAt.After(now) || in.ExpiresAt.After(now.Add(tokenLife)) {
		return Outcome{}, Refuse(CodeInvalid, "expires_at")
	}
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		account, err := tx.LockAccount(ctx, accountID)
		if err != nil {
			return Outcome{}, err
		}
		if c.Actor.AccountID != accountID {
			if err := MayManage(c.Actor, s.Tree(), account); err != nil {
				return Outcome{}, err
			}
		}
		owner := Actor{AccountID: account.ID, Grants: account.Roles}
		if in.AreaID != 0 {
			owner.Grants = Within(s.Tree(), account.Roles, in.AreaID)
		}
		for _, action := range in.Actions {
			if !slices.Contains(TokenActions(), action) || !owner.May(action) {
				return Outcome{}, &Error{Code: CodeTooWide, Field: "actions", Values: map[string]string{"action": string(action)}}
			}
		}
		t := Token{AccountID: accountID, Name: in.Name, Prefix: in.Prefix, Actions: in.Actions, CreatedAt: now, ExpiresAt: in.ExpiresAt, MadeBy: accountOf(c.Actor)}
		if in.AreaID != 0 {
			t.AreaID = &in.AreaID
		}
		if err := tx.InsertToken(ctx, &t, in.Hash); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounToken, ID: t.ID, Version: 1}, nil
	})
}

// RevokeToken ends a token for good.
func (s *Service) RevokeToken(ctx context.Context, c Command, id int64) (Outcome, error) {
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		t, err := tx.LockToken(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		account, err := tx.LockAccount(ctx, t.AccountID)
		if err != nil {
			return Outcome{}, err
		}
		if c.Actor.AccountID != t.AccountID {
			if err := MayManage(c.Actor, s.Tree(), account); err != nil {
				return Outcome{}, err
			}
		}
		out := Outcome{Noun: NounToken, ID: id, Version: 2}
		if t.RevokedAt != nil {
			return out, nil
		}
		return out, tx.RevokeToken(ctx, id, s.now())
	})
}
