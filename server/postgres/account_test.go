package postgres

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"yiping/server/dispatch"
)

// goodPassword is that of everybody in these tests.
const goodPassword = "correct-horse-battery"

// identity is the accounts of a small district, on a clock that the test moves.
type identity struct {
	*fixture
	accounts *Accounts
	late     *atomic.Int64 // how much later it is, in nanoseconds
}

// newIdentity makes it. Hashes are cheap: what they cost is not tested here.
func newIdentity(t *testing.T) *identity {
	t.Helper()
	start, late := time.Now().UTC().Truncate(time.Microsecond), &atomic.Int64{}
	f := newFixtureAt(t, func() time.Time { return start.Add(time.Duration(late.Load())) })
	accounts, err := NewAccounts(f.store, AccountsConfig{Profile: dispatch.PasswordProfiles["asvs"],
		Params: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}})
	if err != nil {
		t.Fatal(err)
	}
	f.exec(`update installation set factor_roles = '{}'`)
	return &identity{fixture: f, accounts: accounts, late: late}
}

// pass lets time pass.
func (k *identity) pass(d time.Duration) { k.late.Add(int64(d)) }

// person makes an account with the good password and gives its name.
func (k *identity) person(name string, role dispatch.Role) (username string, a dispatch.Actor) {
	k.t.Helper()
	a = k.account(name, role, k.district.ID, 0)
	hash, err := k.accounts.hasher.hash(k.t.Context(), goodPassword)
	if err != nil {
		k.t.Fatal(err)
	}
	k.exec(`update account set username = $2, password_hash = $3 where id = $1`, a.AccountID, name, hash)
	return name, a
}

// signIn signs in and wants to be answered with a code, "" for let in.
func (k *identity) signIn(from dispatch.Caller, username, password string, want dispatch.Code) dispatch.Opened {
	k.t.Helper()
	out, err := k.accounts.SignIn(k.t.Context(), from, username, password)
	if dispatch.CodeOf(err) != want {
		k.t.Fatalf("%s from %s: %v, want %q", username, from.Address, err, want)
	}
	return out
}

// lives says whether a session goes on.
func (k *identity) lives(o dispatch.Opened) bool {
	_, err := k.accounts.SessionByToken(k.t.Context(), o.Token)
	if err != nil && dispatch.CodeOf(err) != dispatch.CodeSignedOut {
		k.t.Fatal(err)
	}
	return err == nil
}

// TestFiveFailuresLock for a quarter of an hour, the right password too, and no
// longer, however often it is tried meanwhile.
func TestFiveFailuresLock(t *testing.T) {
	k := newIdentity(t)
	chief, _ := k.person("boss", dispatch.RoleCommander)
	for n := range 5 {
		k.signIn(dispatch.Caller{Address: "192.0.2." + string(rune('1'+n))}, chief, "wrong", dispatch.CodeBadCredentials)
	}
	other := dispatch.Caller{Address: "192.0.2.99"}
	k.signIn(other, chief, goodPassword, dispatch.CodeLocked)
	k.pass(14 * time.Minute)
	k.signIn(other, chief, goodPassword, dispatch.CodeLocked)
	k.pass(time.Minute + time.Second)
	k.signIn(other, chief, goodPassword, "")
	for range 4 { // a success forgets what was before
		k.signIn(other, chief, "wrong", dispatch.CodeBadCredentials)
	}
	k.signIn(other, chief, goodPassword, "")
}

// TestAnAddressIsLocked: who tries one password on many names is stopped, and
// nobody elsewhere is.
func TestAnAddressIsLocked(t *testing.T) {
	k := newIdentity(t)
	chief, _ := k.person("boss", dispatch.RoleCommander)
	stranger := dispatch.Caller{Address: "198.51.100.7"}
	for n := range 5 {
		k.signIn(stranger, "name"+string(rune('a'+n)), "wrong", dispatch.CodeBadCredentials)
	}
	k.signIn(stranger, chief, goodPassword, dispatch.CodeLocked)
	k.signIn(dispatch.Caller{Address: "192.0.2.1"}, chief, goodPassword, "")
}

// TestAStrangerLocksNobodyOut: in a browser where its owner was before, the
// account is open however strangers try; and what is tried in that browser locks
// that browser.
func TestAStrangerLocksNobodyOut(t *testing.T) {
	k := newIdentity(t)
	chief, _ := k.person("boss", dispatch.RoleCommander)
	own := dispatch.Caller{Address: "192.0.2.1"}
	own.Device = k.signIn(own, chief, goodPassword, "").Device
	for n := range 5 {
		k.signIn(dispatch.Caller{Address: "198.51.100." + string(rune('1'+n)), Device: "made up"}, chief, "wrong", dispatch.CodeBadCredentials)
	}
	k.signIn(dispatch.Caller{Address: "198.51.100.9", Device: "made up"}, chief, goodPassword, dispatch.CodeLocked)
	before := own.Device
	own.Device = k.signIn(own, chief, goodPassword, "").Device
	k.signIn(dispatch.Caller{Address: "192.0.2.1", Device: before}, chief, goodPassword, dispatch.CodeLocked) // it was replaced
	for range 5 {
		k.signIn(own, chief, "wrong", dispatch.CodeBadCredentials)
	}
	k.signIn(own, chief, goodPassword, dispatch.CodeLocked)
}
