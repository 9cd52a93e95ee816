package postgres

import (
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// TestAnEnrolmentWorksOnce, for ten minutes, and lets in a phone that is its
// owner's phone and nothing more.
func TestAnEnrolmentWorksOnce(t *testing.T) {
	k := newIdentity(t)
	_, guard := k.person("guard", dispatch.RoleSecurityAdministrator)
	who := k.responder("张三", orb.Point{121.05, 38.05}, "first_aid")
	k.exec(`insert into account_role (account_id, role, area_id) values ($1, 'community', $2)`, who.AccountID, k.west.ID)
	create := func(code string) int64 {
		t.Helper()
		return k.must(k.svc.CreateEnrolment(t.Context(), k.as(guard, "enrolment.create"), who.ResponderID, "手机", hashOf(code))).ID
	}
	use := func(code string, want dispatch.Code) dispatch.Opened {
		t.Helper()
		out, err := k.accounts.UseEnrolment(t.Context(), dispatch.Caller{Address: "192.0.2.1"}, code, "")
		if dispatch.CodeOf(err) != want {
			t.Fatalf("%s: %v, want %q", code, err, want)
		}
		return out
	}
	id := create("first")
	o := use("first", "")
	if a := o.Session.Actor(); a.ResponderID != who.ResponderID || len(a.Grants) != 1 || a.Grants[0].Role != dispatch.RoleResponder || len(o.Session.Needs()) != 0 {
		t.Errorf("the phone is %+v and needs %v", a, o.Session.Needs())
	}
	use("first", dispatch.CodeEnrolmentOver)
	if e, err := k.accounts.Enrolment(t.Context(), id); err != nil || e.UsedAt == nil || e.RefusedAt == nil {
		t.Errorf("its maker is not told: %+v, %v", e, err)
	}
	use("made up", dispatch.CodeEnrolmentOver)
	create("second")
	k.pass(10 * time.Minute)
	use("second", dispatch.CodeEnrolmentOver)
	withdrawn := create("third")
	k.must(k.svc.WithdrawEnrolment(t.Context(), k.as(guard, "enrolment.withdraw"), withdrawn))
	use("third", dispatch.CodeEnrolmentOver)
	if !k.lives(o) {
		t.Error("the phone that was let in is out")
	}
}
