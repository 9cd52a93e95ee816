package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"yiping/server/dispatch"
	"yiping/server/postgres"
)

// credential is an account as it is shown once, with its generated password.
type credential struct {
	Username string        `json:"username"`
	Password string        `json:"password"`
	Role     dispatch.Role `json:"role"`
	Area     string        `json:"area"`
}

// firstAccount is an account that the first run makes.
type firstAccount struct {
	username, displayName string
	role                  dispatch.Role
	areaID, responderID   int64
}

// registrar makes and changes accounts as the system itself: on the first run, and
// for who runs the server's commands.
type registrar struct {
	*postgres.Accounts
	svc *dispatch.Service
}

// newRegistrar makes it.
func (a *app) newRegistrar(store *postgres.Store) (registrar, error) {
	accounts, err := postgres.NewAccounts(store, postgres.AccountsConfig{})
	if err != nil {
		return registrar{}, err
	}
	k := registrar{accounts, dispatch.NewService(store, a.now, a.log)}
	return k, k.svc.Load(a.ctx)
}

// own gives a command of the system itself.
func own(name string) dispatch.Command {
	return dispatch.Command{Actor: dispatch.Actor{System: true}, Name: name}
}

// create makes an account and gives its generated password.
func (k registrar) create(ctx context.Context, f firstAccount) (dispatch.Account, string, error) {
	password, hash, err := k.NewPassword(ctx)
	if err != nil {
		return dispatch.Account{}, "", err
	}
	out, err := k.svc.CreateAccount(ctx, own("account.create"), dispatch.NewAccount{Username: f.username, DisplayName: f.displayName,
		Grants: []dispatch.Grant{{Role: f.role, AreaID: f.areaID}}, ResponderID: f.responderID, PasswordHash: hash})
	if err != nil {
		return dispatch.Account{}, "", err
	}
	account, err := k.Account(ctx, out.ID)
	return account, password, err
}

// reset gives an account another generated password.
func (k registrar) reset(ctx context.Context, username string) (string, error) {
	account, err := k.Named(ctx, username)
	if err != nil {
		return "", err
	}
	password, hash, err := k.NewPassword(ctx)
	if err != nil {
		return "", err
	}
	_, err = k.svc.ResetPassword(ctx, own("account.reset_password"), account.ID, hash)
	return password, err
}

// makeFirstAccounts makes the accounts of a first run and gives them with their
// passwords; where accounts exist it makes none.
func makeFirstAccounts(ctx context.Context, k registrar, store *postgres.Store) ([]credential, error) {
	existing, err := k.List(ctx, dispatch.AccountFilter{Limit: 1})
	if err != nil || len(existing) > 0 {
		return nil, err
	}
	list, err := firstAccounts(ctx, store)
	if err != nil {
		return nil, err
	}
	made := make([]credential, 0, len(list))
	for _, f := range list {
		a, password, err := k.create(ctx, f)
		if err != nil {
			return made, fmt.Errorf("make account %s: %w", f.username, err)
		}
		made = append(made, credential{Username: a.Username, Password: password, Role: f.role, Area: a.Roles[0].AreaName})
	}
	return made, nil
}

// firstAccounts: the three administrators and a commander of the district, a wall, a
// dispatcher of the demonstration's street and some of its responders' phones.
// Roles stand in areas, so before the first area there is nobody to make.
func firstAccounts(ctx context.Context, store *postgres.Store) ([]firstAccount, error) {
	areas, err := store.Areas(ctx)
	if err != nil {
		return nil, err
	}
	root := dispatch.NewAreaTree(areas).Root()
	if root == 0 {
		return nil, nil
	}
	list := []firstAccount{
		{"admin", "系统管理员", dispatch.RoleSystemAdministrator, root, 0},
		{"security", "安全管理员", dispatch.RoleSecurityAdministrator, root, 0},
		{"auditor", "审计管理员", dispatch.RoleAuditAdministrator, root, 0},
		{"commander", "指挥长", dispatch.RoleCommander, root, 0},
		{"wall", "大屏", dispatch.RoleWall, root, 0},
	}
	street, people, err := store.DemonstrationStreet(ctx, 5)
	if err != nil {
		return nil, err
	}
	if street != 0 {
		list = append(list, firstAccount{"dispatcher", "街道调度员", dispatch.RoleDispatcher, street, 0})
	}
	for k, r := range people {
		list = append(list, firstAccount{fmt.Sprintf("responder%d", k+1), r.Name, dispatch.RoleResponder, r.AreaID, r.ID})
	}
	return list, nil
}

// announcement is what a started server says: where it is, and once the first
// accounts.
type announcement struct {
	Addresses map[string]string `json:"addresses"`
	Accounts  []credential      `json:"accounts"`
}

func (n announcement) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(n)
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\n一屏 is ready.")
	for _, page := range []string{"console", "wall", "m", "r"} {
		fmt.Fprintf(w, "  %s\t%s\n", pageTitles[page], n.Addresses[page])
	}
	if len(n.Accounts) > 0 {
		fmt.Fprintln(w, "\nFirst accounts (shown this once; passwords are stored hashed):")
		for _, c := range n.Accounts {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", c.Username, c.Password, c.Role, c.Area)
		}
	} else {
		fmt.Fprintln(w, "\nAccounts were made on the first run; a lost password: yiping user reset NAME")
	}
	fmt.Fprintln(w)
	return w.Flush()
}

var pageTitles = map[string]string{
	"console": "Console (调度台)", "wall": "Wall (大屏)", "m": "Phone (移动端)", "r": "Residents (居民上报)",
}
