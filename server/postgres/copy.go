package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// copyRows copies rows into a table by way of a temporary one: COPY itself does not
// go into a table that has row-level security.
func copyRows(ctx context.Context, t pgx.Tx, table string, columns []string, rows pgx.CopyFromSource) error {
	into, names := pgx.Identifier{table}.Sanitize(), make([]string, len(columns))
	for k, c := range columns {
		names[k] = pgx.Identifier{c}.Sanitize()
	}
	if _, err := t.Exec(ctx, `create temp table copied on commit drop as select `+list(names)+` from `+into+` with no data`); err != nil {
		return err
	}
	if _, err := t.CopyFrom(ctx, pgx.Identifier{"copied"}, columns, rows); err != nil {
		return err
	}
	if _, err := t.Exec(ctx, `insert into `+into+` (`+list(names)+`) select `+list(names)+` from copied`); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `drop table copied`)
	return err
}
