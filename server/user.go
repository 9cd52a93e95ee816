package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"yiping/server/dispatch"
	"yiping/server/postgres"
)

type userCmd struct {
	List           userListCmd        `cmd:"" help:"List accounts."`
	Add            userAddCmd         `cmd:"" help:"Add an account and print its generated password."`
	Reset          userResetCmd       `cmd:"" help:"Give an account a new generated password, end its sessions and let it try again at once."`
	Disable        userDisableCmd     `cmd:"" help:"Keep an account out and end its sessions."`
	Enable         userEnableCmd      `cmd:"" help:"Let an account in again."`
	Grant          userGrantCmd       `cmd:"" help:"Give an account exactly these roles."`
	RevokeSessions userEndSessionsCmd `cmd:"" help:"End all sessions of an account."`
	ResetFactor    userResetFactorCmd `cmd:"" help:"Take an account's second factor away and end its sessions."`
}

// withRegistrar runs a command on the accounts, as who has the machine.
func (a *app) withRegistrar(do func(ctx context.Context, k registrar, store *postgres.Store) error) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		k, err := a.newRegistrar(store)
		if err != nil {
			return err
		}
		return do(dispatch.WithRequest(ctx, &dispatch.Request{Operator: true}), k, store)
	})
}

// withAccount runs a command on one account by its user name.
func (a *app) withAccount(username string, do func(ctx context.Context, k registrar, id int64) error) error {
	return a.withRegistrar(func(ctx context.Context, k registrar, _ *postgres.Store) error {
		account, err := k.Named(ctx, username)
		if dispatch.CodeOf(err) == dispatch.CodeNotFound {
			return fmt.Errorf("there is no account %q", username)
		}
		if err != nil {
			return err
		}
		return do(ctx, k, account.ID)
	})
}

type userListCmd struct {
	JSON bool `help:"Print JSON."`
}

// Run lists the accounts.
func (c userListCmd) Run(a *app) error {
	return a.withRegistrar(func(ctx context.Context, k registrar, _ *postgres.Store) error {
		list, err := k.List(ctx, dispatch.AccountFilter{})
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(a.out).Encode(list)
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, account := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", account.Username, account.DisplayName, rolesText(account), stateText(account))
		}
		return w.Flush()
	})
}

func rolesText(account dispatch.Account) string {
	var roles []string
	for _, g := range account.Roles {
		roles = append(roles, string(g.Role)+"@"+g.AreaName)
	}
	return strings.Join(roles, " ")
}

func stateText(account dispatch.Account) string {
	var words []string
	if account.DisabledAt != nil {
		words = append(words, "disabled")
	}
	if account.Factor {
		words = append(words, "second factor")
	}
	if account.Provider {
		words = append(words, "of the provider")
	}
	return strings.Join(words, ", ")
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
	return a.withRegistrar(func(ctx context.Context, k registrar, store *postgres.Store) error {
		areaID, err := areaOf(ctx, store, c.Area)
		if err != nil {
			return err
		}
		name := c.Name
		if name == "" {
			name = c.Username
		}
		account, password, err := k.create(ctx, firstAccount{c.Username, name, dispatch.Role(c.Role), areaID, c.Responder})
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

// areaOf finds an area by its code, the district for "".
func areaOf(ctx context.Context, store *postgres.Store, code string) (int64, error) {
	areas, err := store.Areas(ctx)
	if err != nil {
		return 0, err
	}
	root := dispatch.NewAreaTree(areas).Root()
	if root == 0 {
		return 0, errors.New("there is no area yet; import the district first")
	}
	if code == "" {
		return root, nil
	}
	at := slices.IndexFunc(areas, func(area dispatch.Area) bool { return area.Code == code })
	if at < 0 {
		return 0, fmt.Errorf("there is no area with the code %q", code)
	}
	return areas[at].ID, nil
}

type userResetCmd struct {
	Username string `arg:"" help:"The account."`
}

// Run resets a password.
func (c userResetCmd) Run(a *app) error {
	return a.withAccount(c.Username, func(ctx context.Context, k registrar, _ int64) error {
		password, err := k.reset(ctx, c.Username)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, password)
		return err
	})
}

type userDisableCmd struct {
	Username string `arg:"" help:"The account."`
}

// Run disables an account.
func (c userDisableCmd) Run(a *app) error {
	return a.withAccount(c.Username, func(ctx context.Context, k registrar, id int64) error {
		_, err := k.svc.DisableAccount(ctx, own("account.disable"), id, 0)
		return err
	})
}

type userEnableCmd struct {
	Username string `arg:"" help:"The account."`
}

// Run enables an account.
func (c userEnableCmd) Run(a *app) error {
	return a.withAccount(c.Username, func(ctx context.Context, k registrar, id int64) error {
		_, err := k.svc.EnableAccount(ctx, own("account.enable"), id, 0)
		return err
	})
}

type userGrantCmd struct {
	Username string   `arg:"" help:"The account."`
	Roles    []string `arg:"" help:"ROLE or ROLE@CODE, the code of an area; the district without it. What is not listed is taken away."`
}

// Run sets the roles of an account.
func (c userGrantCmd) Run(a *app) error {
	return a.withRegistrar(func(ctx context.Context, k registrar, store *postgres.Store) error {
		account, err := k.Named(ctx, c.Username)
		if err != nil {
			return fmt.Errorf("find the account %q: %w", c.Username, err)
		}
		var grants []dispatch.Grant
		for _, text := range c.Roles {
			role, code, _ := strings.Cut(text, "@")
			if !slices.Contains(dispatch.Roles, dispatch.Role(role)) {
				return fmt.Errorf("there is no role %q; there are %v", role, dispatch.Roles)
			}
			areaID, err := areaOf(ctx, store, code)
			if err != nil {
				return err
			}
			grants = append(grants, dispatch.Grant{Role: dispatch.Role(role), AreaID: areaID})
		}
		_, err = k.svc.SetGrants(ctx, own("account.set_grants"), account.ID, 0, grants)
		return err
	})
}

type userEndSessionsCmd struct {
	Username string `arg:"" help:"The account."`
}

// Run ends an account's sessions.
func (c userEndSessionsCmd) Run(a *app) error {
	return a.withAccount(c.Username, func(ctx context.Context, k registrar, id int64) error {
		_, err := k.svc.EndSessions(ctx, own("account.end_sessions"), id, 0)
		return err
	})
}

type userResetFactorCmd struct {
	Username string `arg:"" help:"The account."`
}

// Run takes an account's second factor away.
func (c userResetFactorCmd) Run(a *app) error {
	return a.withAccount(c.Username, func(ctx context.Context, k registrar, id int64) error {
		_, err := k.svc.ResetFactor(ctx, own("account.reset_factor"), id)
		return err
	})
}
