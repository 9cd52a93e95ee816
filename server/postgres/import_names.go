package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

const (
	namedAtOnce = 2000 // rows an import names in its own transaction; those of a larger one are named after it
	namesPage   = 5000 // rows named by one statement
)

// nameRows makes what an import wrote findable by name: at once, or where that
// is much, soon, see NamePlaces.
func (k *sink) nameRows(ctx context.Context, importID int64) error {
	if k.register == nil || !k.register.named {
		return nil
	}
	var many bool
	if err := k.QueryRow(ctx, `select count(*) > $2 from (select from import_change where import_id = $1 limit $2 + 1) c`, importID, namedAtOnce).Scan(&many); err != nil {
		return err
	}
	if many {
		_, err := k.Exec(ctx, `update import set unnamed = true where id = $1`, importID)
		return err
	}
	return k.register.nameImport(ctx, k, importID)
}

// NamePlaces makes findable by name what large imports wrote, one transaction
// each.
func (s Imports) NamePlaces(ctx context.Context) error {
	for {
		more, err := s.nameOne(ctx)
		if err != nil || !more {
			return translate(err)
		}
	}
}

func (s Imports) nameOne(ctx context.Context) (more bool, err error) {
	err = pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, `set local statement_timeout = 0`); err != nil {
			return err
		}
		var id int64
		var noun string
		err := t.QueryRow(ctx, `select id, noun from import where unnamed order by id limit 1 for update skip locked`).Scan(&id, &noun)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		more = true
		if err := registers[noun].nameImport(ctx, t, id); err != nil {
			return err
		}
		_, err = t.Exec(ctx, `update import set unnamed = false where id = $1`, id)
		return err
	})
	return more && err == nil, err
}

// namedRow is a row with what it is found by.
type namedRow struct {
	ID   int64
	Name string
	Also []string
}

// nameImport writes anew what the rows that an import wrote are found by, as
// they are now. Retired rows are no longer found.
func (r *register) nameImport(ctx context.Context, q querier, importID int64) error {
	if _, err := q.Exec(ctx, `delete from place_name n using import_change c join `+r.table+` t on t.id = c.noun_id
		where c.import_id = $1 and t.retired_at is not null and n.noun = $2 and n.noun_id = t.id`, importID, r.noun.Singular); err != nil {
		return err
	}
	also := "array[]::text[]"
	for _, name := range r.noun.Searched {
		also += " || t." + name
	}
	page := `select t.id, t.name, ` + also + ` as also from import_change c join ` + r.table + ` t on t.id = c.noun_id
		where c.import_id = $1 and c.noun_id > $2 and t.retired_at is null order by c.noun_id limit $3`
	for after := int64(0); ; {
		found, err := many[namedRow](ctx, q, page, importID, after, namesPage)
		if err != nil || len(found) == 0 {
			return err
		}
		after = found[len(found)-1].ID
		ids, words := make([]int64, len(found)), make([]string, len(found))
		for i, n := range found {
			ids[i], words[i] = n.ID, SearchText(n.Name, n.Also...)
		}
		if _, err := q.Exec(ctx, r.naming(), r.noun.Singular, ids, words); err != nil {
			return err
		}
	}
}

// naming writes the names of rows of the register: noun, ids, words.
func (r *register) naming() string {
	kind, home := "''", "t."+r.areaColumn
	if r.kind != "" {
		kind = "t." + r.kind
	}
	if r.table == "area" {
		home = "t.id"
	}
	return `insert into place_name (noun, noun_id, area_id, name, kind, search, point)
		select $1, t.id, ` + home + `, t.name, ` + kind + `, n.search, t.` + r.point + `
		from unnest($2::bigint[], $3::text[]) n(id, search) join ` + r.table + ` t on t.id = n.id
		on conflict (noun, noun_id) do update set area_id = excluded.area_id, name = excluded.name, kind = excluded.kind, search = excluded.search, point = excluded.point`
}
