package dispatch

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// mayGrant refuses to give an account roles that the actor may not give it, or
// that cannot stand beside those it has.
func (s *Service) mayGrant(a Actor, target Account, added []Grant) error {
	for _, g := range added {
		if err := MayGrant(a, s.Tree(), g.Role, g.AreaID, target); err != nil {
			return err
		}
		if g.Role == RoleResponder && target.ResponderID == nil {
			return Refuse(CodeRequired, "responder_id")
		}
		if g.Role != RolePartner && target.UnitID != nil {
			return Refuse(CodeInvalid, "role") // what is bound to a unit works for it alone
		}
		target.Roles = append(target.Roles[:len(target.Roles):len(target.Roles)], g)
	}
	return nil
}

// CreateAccount makes an account whose roles all stand in the actor's areas.
func (s *Service) CreateAccount(ctx context.Context, c Command, in NewAccount) (Outcome, error) {
	if in.DisplayName = strings.TrimSpace(in.DisplayName); in.DisplayName == "" || utf8.RuneCountInString(in.DisplayName) > 64 {
		return Outcome{}, Refuse(CodeInvalid, "display_name")
	}
	if len(in.Grants) == 0 {
		return Outcome{}, Refuse(CodeRequired, "role")
	}
	account := Account{Username: strings.ToLower(in.Username), DisplayName: in.DisplayName, Roles: in.Grants, Version: 1, CreatedAt: s.now()}
	if in.ResponderID != 0 {
		if account.ResponderID = &in.ResponderID; !account.Has(RoleResponder) {
			return Outcome{}, Refuse(CodeInvalid, "responder_id")
		}
	}
	if in.UnitID != 0 {
		account.UnitID = &in.UnitID
	}
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		if err := s.mayGrant(c.Actor, Account{ResponderID: account.ResponderID, UnitID: account.UnitID}, in.Grants); err != nil {
			return Outcome{}, err
		}
		if in.UnitID != 0 {
			if u, err := tx.Unit(ctx, in.UnitID); err != nil || !c.Actor.MayIn(s.Tree(), ActionGrant, u.AreaID) {
				return Outcome{}, Refuse(CodeNotFound, "unit_id")
			}
		}
		if in.ResponderID != 0 {
			r, err := tx.LockResponder(ctx, in.ResponderID)
			if err != nil {
				return Outcome{}, err
			}
			if !c.Actor.MayIn(s.Tree(), ActionGrant, r.AreaID) {
				return Outcome{}, Refuse(CodeNotFound, "responder_id")
			}
		}
		if err := tx.InsertAccount(ctx, &account, in.PasswordHash); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounAccount, ID: account.ID, Version: account.Version}, nil
	})
}

// changeAccount runs a command on one account: lock, who may, decide. Nobody's
// own: what one may do is another's to say.
func (s *Service) changeAccount(ctx context.Context, c Command, id int64, decide func(ctx context.Context, tx Tx, a Account) (Account, error)) (Outcome, error) {
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		a, err := tx.LockAccount(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := MayManage(c.Actor, s.Tree(), a); err != nil {
			return Outcome{}, err
		}
		next, err := decide(ctx, tx, a)
		if err != nil {
			return Outcome{}, err
		}
		next.Version = a.Version + 1
		if err := tx.SaveAccount(ctx, next); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounAccount, ID: id, Version: next.Version}, nil
	})
}

// seenVersion refuses a command that saw another version, 0 for whichever.
func seenVersion(a Account, seen int) error {
	if seen == 0 || seen == a.Version {
		return nil
	}
	return &Error{Code: CodeVersionConflict, Field: "version", Current: a, Values: map[string]string{"by": "somebody"}}
}

// RenameAccount changes the name that is shown.
func (s *Service) RenameAccount(ctx context.Context, c Command, id int64, seen int, name string) (Outcome, error) {
	if name = strings.TrimSpace(name); name == "" || utf8.RuneCountInString(name) > 64 {
		return Outcome{}, Refuse(CodeInvalid, "display_name")
	}
	return s.changeAccount(ctx, c, id, func(_ context.Context, _ Tx, a Account) (Account, error) {
		a.DisplayName = name
		return a, seenVersion(a, seen)
	})
}

// DisableAccount keeps an account out and ends its sessions; tokens and phones
// go with it, since they are its own.
func (s *Service) DisableAccount(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	return s.changeAccount(ctx, c, id, func(ctx context.Context, tx Tx, a Account) (Account, error) {
		if err := seenVersion(a, seen); err != nil {
			return a, err
		}
		if a.DisabledAt != nil {
			return a, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": "disabled"}}
		}
		at := s.now()
		a.DisabledAt = &at
		_, err := tx.EndSessions(ctx, id, 0, EndDisabled)
		return a, err
	})
}

// EnableAccount lets an account in again.
func (s *Service) EnableAccount(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	return s.changeAccount(ctx, c, id, func(_ context.Context, _ Tx, a Account) (Account, error) {
		if err := seenVersion(a, seen); err != nil {
			return a, err
		}
		if a.DisabledAt == nil {
			return a, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": "enabled"}}
		}
		a.DisabledAt = nil
		return a, nil
	})
}

// SetGrants gives an account exactly these roles. What they are takes effect at
// once, in sessions that are open too.
func (s *Service) SetGrants(ctx context.Context, c Command, id int64, seen int, grants []Grant) (Outcome, error) {
	return s.changeAccount(ctx, c, id, func(_ context.Context, _ Tx, a Account) (Account, error) {
		if err := seenVersion(a, seen); err != nil {
			return a, err
		}
		if a.Provider {
			return a, Refuse(CodeProviderGrants, "")
		}
		added, kept := addedGrants(grants, a.Roles)
		stays := a
		stays.Roles = kept
		a.Roles = grants
		return a, s.mayGrant(c.Actor, stays, added)
	})
}

// addedGrants gives which of some grants are new and which were there.
func addedGrants(grants, had []Grant) (added, kept []Grant) {
	for _, g := range grants {
		if slices.ContainsFunc(had, func(h Grant) bool { return h.Role == g.Role && h.AreaID == g.AreaID }) {
			kept = append(kept, g)
		} else {
			added = append(added, g)
		}
	}
	return added, kept
}

// ResetPassword gives an account another generated password, whose hash this
// is, ends its sessions and lets it try again at once.
func (s *Service) ResetPassword(ctx context.Context, c Command, id int64, hash string) (Outcome, error) {
	return s.changeAccount(ctx, c, id, func(ctx context.Context, tx Tx, a Account) (Account, error) {
		if a.Provider {
			return a, Refuse(CodeNoPassword, "")
		}
		if err := tx.ForgetTries(ctx, a); err != nil {
			return a, err
		}
		if err := tx.SetPassword(ctx, id, hash); err != nil {
			return a, err
		}
		_, err := tx.EndSessions(ctx, id, 0, EndPassword)
		return a, err
	})
}

// ResetFactor takes an account's second factor away, for who has lost it, and
// ends its sessions.
func (s *Service) ResetFactor(ctx context.Context, c Command, id int64) (Outcome, error) {
	return s.changeAccount(ctx, c, id, func(ctx context.Context, tx Tx, a Account) (Account, error) {
		if err := tx.DropFactor(ctx, id); err != nil {
			return a, err
		}
		a.Factor = false
		_, err := tx.EndSessions(ctx, id, 0, EndFactor)
		return a, err
	})
}

// EndSessions ends one session of an account, or with 0 all of them.
func (s *Service) EndSessions(ctx context.Context, c Command, id, sessionID int64) (Outcome, error) {
	return s.changeAccount(ctx, c, id, func(ctx context.Context, tx Tx, a Account) (Account, error) {
		ended, err := tx.EndSessions(ctx, id, sessionID, EndByAdministrator)
		if err == nil && ended == 0 && sessionID != 0 {
			err = Refuse(CodeNotFound, "session_id")
		}
		return a, err
	})
}

// EndOwnSession ends one of the actor's own sessions.
func (s *Service) EndOwnSession(ctx context.Context, c Command, sessionID int64) (Outcome, error) {
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		ended, err := tx.EndSessions(ctx, c.Actor.AccountID, sessionID, EndByOwner)
		if err == nil && ended == 0 {
			err = Refuse(CodeNotFound, "")
		}
		return Outcome{Noun: NounSession, ID: sessionID}, err
	})
}

// UnlockAccount lets an account that failed too often try again at once.
func (s *Service) UnlockAccount(ctx context.Context, c Command, id int64) (Outcome, error) {
	return s.changeAccount(ctx, c, id, func(ctx context.Context, tx Tx, a Account) (Account, error) {
		return a, tx.ForgetTries(ctx, a)
	})
}

// SetFactorRoles says which roles need a second factor: the security
// administrator's of the whole district to say.
func (s *Service) SetFactorRoles(ctx context.Context, c Command, roles []Role) (Outcome, error) {
	for _, r := range roles {
		if !slices.Contains(Roles, r) {
			return Outcome{}, Refuse(CodeInvalid, "factor_roles")
		}
	}
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		if !c.Actor.MayIn(s.Tree(), ActionGrant, s.Tree().Root()) {
			return Outcome{}, Refuse(CodeForbidden, "")
		}
		return Outcome{Noun: NounInstallation, ID: 1}, tx.SetFactorRoles(ctx, roles)
	})
}
