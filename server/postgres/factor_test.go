package postgres

import (
	"strconv"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"yiping/server/dispatch"
	"yiping/server/seal"
)

// factored is somebody with a second factor.
type factored struct {
	*identity
	name     string
	secret   string
	from     dispatch.Caller // another address each time, always the browser that is known
	recovery []string
	tried    int
}

func newFactored(t *testing.T) *factored {
	t.Helper()
	k := &factored{identity: newIdentity(t)}
	k.name, _ = k.person("boss", dispatch.RoleCommander)
	s := k.signIn(dispatch.Caller{Address: "192.0.2.1"}, k.name, goodPassword, "").Session
	var err error
	if k.secret, _, err = k.accounts.BeginFactor(t.Context(), s, dispatch.Caller{Address: "192.0.2.1"}, "一屏", goodPassword); err != nil {
		t.Fatal(err)
	}
	if k.recovery, _, err = k.accounts.ConfirmFactor(t.Context(), s, dispatch.Caller{Address: "192.0.2.1"}, k.code()); err != nil {
		t.Fatal(err)
	}
	return k
}

// code gives the code of now.
func (k *factored) code() string {
	k.t.Helper()
	code, err := totp.GenerateCode(k.secret, k.store.now())
	if err != nil {
		k.t.Fatal(err)
	}
	return code
}

// prove signs in and brings a code or a recovery code.
func (k *factored) prove(code, recovery string, want dispatch.Code) {
	k.t.Helper()
	k.tried++
	k.from.Address = "192.0.2." + strconv.Itoa(k.tried)
	o := k.signIn(k.from, k.name, goodPassword, "")
	k.from.Device = o.Device
	if needs := o.Session.Needs(); len(needs) != 1 || needs[0] != dispatch.NeedSecondFactor {
		k.t.Fatalf("a password alone needs %v", needs)
	}
	proved, err := k.accounts.ProveFactor(k.t.Context(), o.Session, k.from, code, recovery)
	if dispatch.CodeOf(err) != want {
		k.t.Fatalf("%v, want %q", err, want)
	}
	if err != nil {
		return
	}
	if len(proved.Session.Needs()) != 0 || !k.lives(proved) || k.lives(o) {
		k.t.Errorf("after the proof: needs %v, the new token lives %t, that from before %t", proved.Session.Needs(), k.lives(proved), k.lives(o))
	}
}

// TestACodeWorksOnce: neither it nor an older one is taken again.
func TestACodeWorksOnce(t *testing.T) {
	k := newFactored(t)
	k.prove(k.code(), "", dispatch.CodeBadCode) // it has confirmed the factor
	k.pass(time.Minute)
	code := k.code()
	k.prove(code, "", "")
	k.prove(code, "", dispatch.CodeBadCode)
	k.pass(30 * time.Second)
	k.prove(code, "", dispatch.CodeBadCode)
	k.prove(k.code(), "", "")
	k.pass(time.Hour)
	k.prove(code, "", dispatch.CodeBadCode)
}

// TestARecoveryCodeWorksOnce, however it is typed; the others stay.
func TestARecoveryCodeWorksOnce(t *testing.T) {
	k := newFactored(t)
	k.prove("", k.recovery[3], "")
	k.prove("", k.recovery[3], dispatch.CodeBadCode)
	k.prove("", dispatch.RecoveryCodeText(k.recovery[4]), "")
	k.prove("", dispatch.NewRecoveryCode(), dispatch.CodeBadCode)
}

// TestCodesAreNotGuessed: five wrong ones lock codes for a quarter of an hour and
// not the password, in a browser that is known and from wherever.
func TestCodesAreNotGuessed(t *testing.T) {
	k := newFactored(t)
	k.pass(time.Minute)
	for range 5 {
		k.prove("12345", "", dispatch.CodeBadCode)
	}
	k.prove(k.code(), "", dispatch.CodeLocked)
	k.prove("", k.recovery[0], dispatch.CodeLocked)
	k.pass(15*time.Minute + time.Second)
	k.prove(k.code(), "", "")
}

// TestASecondFactorOutlivesItsKey: its secret is sealed anew with the rest, and
// a code is taken after the key from before is gone.
func TestASecondFactorOutlivesItsKey(t *testing.T) {
	k := newFactored(t)
	keys := k.store.keys
	old := keys.Keys()[0].ID
	if _, err := keys.Rotate("", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := k.store.RetireKey(t.Context(), old); err == nil {
		t.Fatal("a key went that a second factor is sealed with")
	}
	if n, err := k.store.Reseal(t.Context(), func(int) {}); n == 0 || err != nil {
		t.Fatalf("%d were sealed anew, %v", n, err)
	}
	if use, err := k.store.KeyUse(t.Context()); err != nil || use[old] != 0 {
		t.Fatalf("%v, %v", use, err)
	}
	k.pass(seal.Settled)
	k.prove(k.code(), "", "")
}
