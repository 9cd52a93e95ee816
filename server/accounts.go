package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
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

// makeFirstAccounts makes the accounts of a first run and gives them with their
// passwords; where accounts exist it makes none.
func makeFirstAccounts(ctx context.Context, accounts *postgres.Accounts, store *postgres.Store) ([]credential, error) {
	existing, err := accounts.List(ctx)
	if err != nil || len(existing) > 0 {
		return nil, err
	}
	list, err := firstAccounts(ctx, store)
	if err != nil {
		return nil, err
	}
	made := make([]credential, 0, len(list))
	for _, f := range list {
		a, password, err := accounts.Create(ctx, f.username, f.displayName, f.role, f.areaID, f.responderID)
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

type userCmd struct {
	List  userListCmd  `cmd:"" help:"List accounts."`
	Add   userAddCmd   `cmd:"" help:"Add an account and print its generated password."`
	Reset userResetCmd `cmd:"" help:"Give an account a new generated password and end its sessions."`
}

type userListCmd struct {
	JSON bool `help:"Print JSON."`
}

// Run lists the accounts.
func (c userListCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		accounts, err := postgres.NewAccounts(store, nil)
		if err != nil {
			return err
		}
		list, err := accounts.List(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(a.out).Encode(list)
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, account := range list {
			var roles []string
			for _, g := range account.Roles {
				roles = append(roles, string(g.Role)+"@"+g.AreaName)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", account.Username, account.DisplayName, strings.Join(roles, " "))
		}
		return w.Flush()
	})
}

type userAddCmd struct {
	Username  string `arg:"" help:"Name to sign in with: lower case letters, digits, dot, dash."`
	Role      string `required:"" enum:"commander,dispatcher,community,partner,responder,wall,integration,system_administrator,security_administrator,audit_administrator" help:"One of: ${enum}."`
	Area      string `help:"Code of the area the role holds in; the district without it."`
	Name      string `help:"Name that is shown."`
	Responder int64  `help:"Id of the responder, for the role responder."`
	JSON      bool   `help:"Print JSON."`
}

// Run adds an account.
func (c userAddCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		areas, err := store.Areas(ctx)
		if err != nil {
			return err
		}
		areaID := dispatch.NewAreaTree(areas).Root()
		for _, area := range areas {
			if c.Area != "" && area.Code == c.Area {
				areaID = area.ID
			}
		}
		if areaID == 0 {
			return fmt.Errorf("there is no area yet; import the district first")
		}
		accounts, err := postgres.NewAccounts(store, nil)
		if err != nil {
			return err
		}
		name := c.Name
		if name == "" {
			name = c.Username
		}
		account, password, err := accounts.Create(ctx, c.Username, name, dispatch.Role(c.Role), areaID, c.Responder)
		if err != nil {
			return err
		}
		made := credential{account.Username, password, dispatch.Role(c.Role), account.Roles[0].AreaName}
		if c.JSON {
			return json.NewEncoder(a.out).Encode(made)
		}
		_, err = fmt.Fprintf(a.out, "%s  %s\n", made.Username, made.Password)
		return err
	})
}

type userResetCmd struct {
	Username string `arg:"" help:"The account."`
}

// Run resets a password.
func (c userResetCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		accounts, err := postgres.NewAccounts(store, nil)
		if err != nil {
			return err
		}
		password, err := accounts.ResetPassword(ctx, c.Username)
		if dispatch.CodeOf(err) == dispatch.CodeNotFound {
			return fmt.Errorf("there is no account %q", c.Username)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, password)
		return err
	})
}
