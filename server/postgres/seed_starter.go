package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yiping/seed"
	"yiping/server/dispatch"
)

// LoadStarter fills an empty database with the area tree of a real district,
// parents before their children, and with the incident types, in one
// transaction. Boundaries come later. It refuses a database that already holds
// areas.
func (s *Store) LoadStarter(ctx context.Context, areas []seed.StarterArea) error {
	err := pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		if err := refuseTaken(ctx, t); err != nil {
			return err
		}
		ids := map[string]int64{}
		for _, a := range areas {
			id, err := insertStarter(ctx, t, a, ids)
			if err != nil {
				return err
			}
			ids[a.Code] = id
		}
		if err := loadTypes(ctx, t, seed.Types()); err != nil {
			return err
		}
		return s.auditSeed(ctx, t, "seed.starter")
	})
	if err != nil {
		return fmt.Errorf("load the starter: %w", translate(err))
	}
	return nil
}

// refuseTaken refuses a database that already holds areas.
func refuseTaken(ctx context.Context, t pgx.Tx) error {
	var taken bool
	if err := t.QueryRow(ctx, `select exists (select 1 from area)`).Scan(&taken); err != nil {
		return err
	}
	if taken {
		return &dispatch.Error{Code: dispatch.CodeTaken, Field: "database"}
	}
	return nil
}

// insertStarter adds one area with what it is found by; a district becomes the
// installation's.
func insertStarter(ctx context.Context, t pgx.Tx, a seed.StarterArea, ids map[string]int64) (int64, error) {
	var parent *int64
	if a.ParentCode != "" {
		id, ok := ids[a.ParentCode]
		if !ok {
			return 0, &dispatch.Error{Code: dispatch.CodeNotFound, Field: "parent_code"}
		}
		parent = &id
	}
	var id int64
	if err := t.QueryRow(ctx, `insert into area (parent_id, level, code, name, aliases, source, external_id) values ($1, $2, $3, $4, $5, $6, $3) returning id`,
		parent, a.Level, a.Code, a.Name, nonNil(a.Aliases), seed.StarterSource).Scan(&id); err != nil {
		return 0, err
	}
	if parent == nil {
		if _, err := t.Exec(ctx, `insert into installation (district_id) values ($1)
			on conflict (only_row) do update set district_id = excluded.district_id`, id); err != nil {
			return 0, err
		}
	}
	return id, namePlace(ctx, t, "area", id, id, a.Name, a.Level, append([]string{a.Code}, a.Aliases...), nil, nil)
}
