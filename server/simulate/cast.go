package simulate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"golang.org/x/sync/errgroup"

	"yiping/server/dispatch"
)

// signInAtOnce bounds how many sign in at a time: a password takes the server
// a core for a while.
const signInAtOnce = 2

// gather makes the accounts that are missing and signs everybody in.
func (w *world) gather(ctx context.Context) error {
	w.public = w.newClient(0)
	var config struct {
		Bounds        [4]float64              `json:"bounds"`
		IncidentTypes []dispatch.IncidentType `json:"incident_types"`
	}
	if err := w.public.get(ctx, "config", "/api/v1/config", &config); err != nil {
		return err
	}
	w.types, w.bounds = config.IncidentTypes, config.Bounds
	w.roads = newRoads(w.baseTile)
	w.street = newResidents(w)
	if err := w.signInStaff(ctx); err != nil {
		return err
	}
	w.picture = newPicture(w.desk, w.heard, func(d string) { w.ledger.differ(d) })
	if err := w.signInPhones(ctx); err != nil {
		return err
	}
	if w.Open <= 0 {
		w.Open = len(w.phones)
	}
	return nil
}

// signInStaff signs the administrator in, and who stand where the administrator
// does: the dispatcher, and the platform that monitors cameras.
func (w *world) signInStaff(ctx context.Context) error {
	w.admin = w.newClient(1)
	w.admin.account = w.Administrator
	if err := w.admin.signIn(ctx); err != nil {
		return err
	}
	var session struct {
		Roles []dispatch.Grant `json:"roles"`
	}
	if err := w.admin.get(ctx, "who-am-i", "/api/v1/session", &session); err != nil {
		return err
	}
	at := slices.IndexFunc(session.Roles, func(g dispatch.Grant) bool { return g.Role == dispatch.RoleSecurityAdministrator })
	if at < 0 {
		return fmt.Errorf("%s is no security administrator", w.Administrator.Username)
	}
	known, err := w.accounts(ctx)
	if err != nil {
		return err
	}
	account, err := w.account(ctx, known, newAccount{w.Prefix + "-dispatcher", "模拟调度员", dispatch.RoleDispatcher, session.Roles[at].AreaID, 0})
	if err != nil {
		return err
	}
	w.desk = w.newClient(2)
	w.desk.account = account
	if err := w.desk.signIn(ctx); err != nil {
		return err
	}
	if account, err = w.account(ctx, known, newAccount{w.Prefix + "-monitor", "模拟摄像机平台", dispatch.RoleIntegration, session.Roles[at].AreaID, 0}); err != nil {
		return err
	}
	w.monitor = w.newClient(3)
	w.monitor.account = account
	return w.monitor.signIn(ctx)
}

// accounts gives all accounts by user name, and notes those of the simulation.
func (w *world) accounts(ctx context.Context) (map[string]dispatch.Account, error) {
	known := map[string]dispatch.Account{}
	for cursor := ""; ; {
		var page struct {
			Accounts   []dispatch.Account `json:"accounts"`
			NextCursor string             `json:"next_cursor"`
		}
		if err := w.admin.get(ctx, "accounts", "/api/v1/accounts?limit=500&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		for _, a := range page.Accounts {
			known[a.Username] = a
			if strings.HasPrefix(a.Username, w.Prefix+"-") {
				w.ours[a.ID] = true
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			return known, nil
		}
	}
}

// newAccount is an account that is wanted.
type newAccount struct {
	username, displayName string
	role                  dispatch.Role
	areaID, responderID   int64
}

// account makes an account, or gives the one of that name another password.
func (w *world) account(ctx context.Context, known map[string]dispatch.Account, n newAccount) (Account, error) {
	var out struct {
		Account  dispatch.Account `json:"account"`
		Password string           `json:"password"`
	}
	var err error
	a, exists := known[n.username]
	if !exists {
		err = w.admin.post(ctx, "make account", "/api/v1/accounts", body{"username": n.username, "display_name": n.displayName,
			"role": n.role, "area_id": n.areaID, "responder_id": n.responderID}, &out)
		a = out.Account
	}
	// A password is told once: of a request that had to be sent again, never.
	for err == nil && out.Password == "" {
		err = w.admin.post(ctx, "reset password", fmt.Sprintf("/api/v1/accounts/%d/reset-password", a.ID), body{}, &out)
	}
	if err != nil {
		return Account{}, fmt.Errorf("account %s: %w", n.username, err)
	}
	return Account{n.username, out.Password}, nil
}

// signInPhones signs in as many phones as are wanted: those made before first.
func (w *world) signInPhones(ctx context.Context) error {
	known, err := w.accounts(ctx)
	if err != nil {
		return err
	}
	var wanted []newAccount
	for _, a := range known {
		if strings.HasPrefix(a.Username, w.Prefix+"-phone-") && a.ResponderID != nil && a.DisabledAt == nil {
			wanted = append(wanted, newAccount{username: a.Username})
		}
	}
	slices.SortFunc(wanted, func(a, b newAccount) int { return cmp.Compare(a.username, b.username) })
	if missing := w.Phones - len(wanted); missing > 0 {
		more, err := w.recruit(ctx, missing, known)
		if err != nil {
			return err
		}
		wanted = append(wanted, more...)
	}
	phones := make([]*phone, min(w.Phones, len(wanted)))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(signInAtOnce)
	for k := range phones {
		g.Go(func() (err error) {
			phones[k], err = w.newPhone(ctx, k, known, wanted[k])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	w.phones = make(map[int64]*phone, len(phones))
	for _, p := range phones {
		w.phones[p.me.ID] = p
		w.ours[p.client.accountID.Load()] = true
	}
	if len(w.phones) == 0 {
		return errors.New("nobody is on duty who could be given a phone")
	}
	return nil
}

// groupSize is how many phones are near each other, so that there is a choice
// of whom to send.
const groupSize = 6

// recruit names accounts for people on duty who have none, in groups of
// neighbours from all over the areas.
func (w *world) recruit(ctx context.Context, n int, known map[string]dispatch.Account) ([]newAccount, error) {
	taken := map[int64]bool{}
	for _, a := range known {
		if a.ResponderID != nil {
			taken[*a.ResponderID] = true
		}
	}
	people, err := w.onDuty(ctx, taken)
	if err != nil {
		return nil, err
	}
	var out []newAccount
	number := 0
	for len(out) < n && len(people) > 0 {
		first := people[w.pick(len(people))]
		slices.SortStableFunc(people, func(a, b dispatch.Responder) int {
			return cmp.Compare(geo.Distance(placeOf(first), placeOf(a)), geo.Distance(placeOf(first), placeOf(b)))
		})
		size := min(groupSize, n-len(out), len(people))
		for _, r := range people[:size] {
			name := ""
			for exists := true; exists; _, exists = known[name] {
				number++
				name = fmt.Sprintf("%s-phone-%03d", w.Prefix, number)
			}
			out = append(out, newAccount{name, "模拟" + r.Name, dispatch.RoleResponder, r.AreaID, r.ID})
		}
		people = people[size:]
	}
	return out, nil
}

// mostPeople is how many people on duty are looked at.
const mostPeople = 4000

// onDuty gives people on duty who are not among those taken.
func (w *world) onDuty(ctx context.Context, taken map[int64]bool) ([]dispatch.Responder, error) {
	var found []dispatch.Responder
	for cursor := ""; len(found) < mostPeople; {
		var page struct {
			Responders []dispatch.Responder `json:"responders"`
			NextCursor string               `json:"next_cursor"`
		}
		if err := w.desk.get(ctx, "responders", "/api/v1/responders?duty=on_duty&limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		for _, r := range page.Responders {
			if !taken[r.ID] && r.Task == nil && r.Lon != nil && r.Lat != nil {
				found = append(found, r)
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	return found, nil
}

// placeOf gives where somebody is taken to be.
func placeOf(r dispatch.Responder) orb.Point { return orb.Point{*r.Lon, *r.Lat} }

func (w *world) baseTile(ctx context.Context, z, x, y int) ([]byte, error) {
	var raw []byte
	err := w.public.get(ctx, "base tile", fmt.Sprintf("/api/v1/tiles/base/%d/%d/%d", z, x, y), &raw)
	return raw, err
}

// heard hands what the dispatcher's socket tells to the incidents in hand.
func (w *world) heard(f frame) {
	if f.Type != "event" || f.Incident == nil {
		return
	}
	if m := w.model(f.Incident.ID); m != nil {
		m.stream(f.Incident.State)
	}
	if f.Event.Kind == "incident.reported" && strings.HasPrefix(f.Incident.Summary, mark) {
		w.street.tell(*f.Incident)
	}
}
