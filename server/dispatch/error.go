package dispatch

import (
	"errors"
	"fmt"
)

// Code names a kind of refusal. It is part of the API: clients and the message
// files go by it.
type Code string

// The refusals.
const (
	CodeInvalid           Code = "invalid"
	CodeRequired          Code = "required"
	CodeKeyRequired       Code = "idempotency_key_required"
	CodeKeyReused         Code = "idempotency_key_reused"
	CodeInFlight          Code = "in_flight"
	CodeNotFound          Code = "not_found"
	CodeForbidden         Code = "forbidden"
	CodeSignedOut         Code = "signed_out"
	CodeBadCredentials    Code = "bad_credentials"
	CodeLocked            Code = "locked"
	CodeVersionConflict   Code = "version_conflict"
	CodeIllegalTransition Code = "illegal_transition"
	CodeSameHandler       Code = "checker_is_handler"
	CodeReasonRequired    Code = "reason_required"
	CodeOutsideDistrict   Code = "outside_district"
	CodeBadCoordinates    Code = "bad_coordinates"
	CodeUnknownType       Code = "unknown_type"
	CodeNotDispatchable   Code = "not_dispatchable"
	CodeHazardBars        Code = "hazard_bars" // nobody may override it
	CodeAlreadyOffered    Code = "already_offered"
	CodeAlreadyAssigned   Code = "already_assigned"
	CodeHasActive         Code = "has_active_assignments"
	CodeHasOpenOrders     Code = "has_open_orders"
	CodeAlreadyOrdered    Code = "already_ordered"
	CodeOwnRequest        Code = "approver_is_asker"
	CodeMoved             Code = "moved"     // to another incident meanwhile: done again, at the new one
	CodeUnready           Code = "not_ready" // the other incident is over, or people would come to one that nobody verified
	CodeNotOnDuty         Code = "not_on_duty"
	CodeDutyOverlap       Code = "duty_overlap"
	CodeOutsideArea       Code = "outside_area"
	CodeInUse             Code = "in_use"
	CodeTaken             Code = "taken"
	CodeOwnRights         Code = "own_rights"
	CodeDutiesApart       Code = "duties_apart"
	CodeNotAtRoot         Code = "administrator_at_root"
	CodeTooMany           Code = "too_many"
	CodeStepRequired      Code = "step_required"    // something is to be done first, see Need
	CodeSessionLocked     Code = "session_locked"   // left alone: the password first
	CodeBadCode           Code = "bad_code"         // of a second factor
	CodeWeakPassword      Code = "weak_password"    // by the profile
	CodeNoPassword        Code = "no_password"      // another provider vouches for it
	CodeTooWide           Code = "too_wide"         // a token would exceed its account
	CodeEnrolmentOver     Code = "enrolment_over"   // used, withdrawn or too late
	CodeFactorRequired    Code = "factor_required"  // by the role: cannot be removed
	CodeProviderRefused   Code = "provider_refused" // what came back from the provider does not hold
	CodeProviderOver      Code = "provider_over"    // a sign-in at it that nobody here has begun, or that was used
	CodeProviderGrants    Code = "provider_grants"  // what an account may do is the provider's to say
	CodeNotMapped         Code = "not_mapped"       // the provider's user has no role here
	CodeNobody            Code = "nobody_matches"   // a call-up would ask nobody
	CodeNoWaves           Code = "no_waves"         // the plan has none
	CodeAlone             Code = "alone"            // the plan demands two
	CodeEnough            Code = "enough_people"    // nobody more is needed
	CodeAlreadyAsked      Code = "already_asked"    // for this incident, whatever the answer was
	CodeTypePlanned       Code = "type_planned"     // a type with a plan has none below it
	CodeTypeParent        Code = "type_parent"      // a type with others below it has no plan, and stays
	CodeTypeLoop          Code = "type_loop"        // a type cannot stand below itself
	CodeTypeRetired       Code = "type_retired"     // what is above it is out of use
	CodeTypeFamily        Code = "type_family"      // the families stay as they are
	CodeNotGraded         Code = "not_graded"       // the family has no grades
	CodeClocksCrossed     Code = "clocks_crossed"   // handled before anybody need be there
	CodeUnchanged         Code = "unchanged"        // nothing would be another than it is
	CodeHoursOverlap      Code = "hours_overlap"    // two stretches of one day
	CodePeriodTooLong     Code = "period_too_long"  // figures of so many days are not made at once
	CodeUnavailable       Code = "unavailable"
	CodeDiskFull          Code = "disk_full"
	CodeUnreadableImage   Code = "unreadable_image"
	CodeInternal          Code = "internal"
)

// Error is a refusal that may be shown: a code, the field it speaks of, and the
// values its message names. What lies beneath (Err) is logged, never sent.
type Error struct {
	Code    Code
	Field   string            // dotted path of the input, "" where none is to blame
	Values  map[string]string // for the message, e.g. {"from": "closed", "to": "verified"}
	Current any               // with CodeVersionConflict: the noun as it is now
	Err     error
}

// Error says the code, the field and the cause, for logs and tests.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	if len(e.Values) > 0 {
		text += fmt.Sprintf(" %v", e.Values)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, &Error{Code: c}) compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Refuse makes an Error of a code for a field ("" for none).
func Refuse(code Code, field string) *Error { return &Error{Code: code, Field: field} }

// CodeOf gives the code of the first Error in err's chain, CodeInternal where
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
