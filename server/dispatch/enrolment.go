package dispatch

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// Enrolment lets one phone in as one person's, by a code that is shown once.
type Enrolment struct {
	ID            int64      `json:"id"`
	AccountID     int64      `json:"account_id"`
	ResponderID   int64      `json:"responder_id"`
	ResponderName string     `json:"responder_name"`
	AreaID        int64      `json:"-"`
	Device        string     `json:"device" doc:"What the phone is called in the list of sessions."`
	MadeBy        *int64     `json:"made_by,omitempty"`
	CreatedAt     time.Time  `json:"created_at"`
	ExpiresAt     time.Time  `json:"expires_at"`
	UsedAt        *time.Time `json:"used_at,omitempty"`
	WithdrawnAt   *time.Time `json:"withdrawn_at,omitempty"`
	RefusedAt     *time.Time `json:"refused_at,omitempty" doc:"When somebody tried it after it was used, withdrawn or over: the code is known to others."`
}

// enrolmentLife is how long a code may be used: it is shown, and scanned there.
const enrolmentLife = 10 * time.Minute

// Open says whether the code may be used at a time.
func (e Enrolment) Open(now time.Time) bool {
	return e.UsedAt == nil && e.WithdrawnAt == nil && now.Before(e.ExpiresAt)
}

// MayEnrol refuses who may neither give accounts nor say who is on duty where
// the person is.
func (s *Service) MayEnrol(a Actor, areaID int64) error {
	if a.MayIn(s.Tree(), ActionGrant, areaID) || a.MayIn(s.Tree(), ActionRoster, areaID) {
		return nil
	}
	return Refuse(CodeNotFound, "responder_id")
}

// CreateEnrolment makes a code for a person's phone. Their account is made with
// it where there is none: it has no password that anybody knows.
func (s *Service) CreateEnrolment(ctx context.Context, c Command, responderID int64, device string, secretHash []byte) (Outcome, error) {
	if device = strings.TrimSpace(device); utf8.RuneCountInString(device) > 32 {
		return Outcome{}, Refuse(CodeInvalid, "device")
	}
	now := s.now()
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		r, err := tx.LockResponder(ctx, responderID)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.MayEnrol(c.Actor, r.AreaID); err != nil {
			return Outcome{}, err
		}
		accountID, err := tx.AccountOfResponder(ctx, responderID)
		if err != nil {
			return Outcome{}, err
		}
		if accountID == 0 {
			account := Account{Username: "phone-" + itoa(responderID), DisplayName: r.Name, ResponderID: &responderID,
				Roles: []Grant{{Role: RoleResponder, AreaID: r.AreaID}}, Version: 1, CreatedAt: now}
			if err := tx.InsertAccount(ctx, &account, ""); err != nil {
				return Outcome{}, err
			}
			accountID = account.ID
		}
		e := Enrolment{AccountID: accountID, ResponderID: responderID, Device: device, MadeBy: accountOf(c.Actor), CreatedAt: now, ExpiresAt: now.Add(enrolmentLife)}
		if err := tx.InsertEnrolment(ctx, &e, secretHash); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounEnrolment, ID: e.ID, Version: 1}, nil
	})
}

// WithdrawEnrolment makes a code useless.
func (s *Service) WithdrawEnrolment(ctx context.Context, c Command, id int64) (Outcome, error) {
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		e, err := tx.LockEnrolment(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.MayEnrol(c.Actor, e.AreaID); err != nil {
			return Outcome{}, Refuse(CodeNotFound, "")
		}
		out := Outcome{Noun: NounEnrolment, ID: id, Version: 2}
		switch {
		case e.UsedAt != nil:
			return out, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": "used"}}
		case e.WithdrawnAt != nil:
			return out, nil
		}
		return out, tx.WithdrawEnrolment(ctx, id, s.now())
	})
}
