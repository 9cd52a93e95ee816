package migrate

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rs/zerolog"
)

// leakproof are the functions behind the operators that lists, tiles and rosters
// look for their rows with. Beneath row-level security PostgreSQL asks an index
// only through functions that are said to tell nothing of their arguments but the
// answer. These do: they compare boxes, ranges and texts, and fail, if at all, for
// the value that was asked with.
var leakproof = []string{
	`geometry_overlaps(geometry, geometry)`,                // &&
	`pg_catalog.range_contains_elem(anyrange, anyelement)`, // @>
	`pg_catalog.range_overlaps(anyrange, anyrange)`,        // &&
	`pg_catalog.textlike(text, text)`,                      // like, for names
}

// markLeakproof says so where it may: only a superuser can, as on the private
// cluster. It is done at every start, because an update of PostGIS or a restored
// dump forgets it. Elsewhere the queries take the cells of their box to the index
// instead, and rosters and searches by name are slower.
func markLeakproof(ctx context.Context, conn *sql.Conn, log zerolog.Logger) error {
	var may bool
	if err := conn.QueryRowContext(ctx, `select rolsuper from pg_roles where rolname = current_user`).Scan(&may); err != nil {
		return fmt.Errorf("ask who migrates: %w", err)
	}
	for _, function := range leakproof {
		var marked bool
		if err := conn.QueryRowContext(ctx, `select proleakproof from pg_proc where oid = $1::regprocedure`, function).Scan(&marked); err != nil {
			return fmt.Errorf("look at %s: %w", function, err)
		}
		switch {
		case marked:
		case !may:
			log.Warn().Str("function", function).Msg("not marked leakproof, which only a superuser can: alter function ... leakproof makes searches on the map and by name as fast as they can be")
		default:
			if _, err := conn.ExecContext(ctx, `alter function `+function+` leakproof`); err != nil {
				return fmt.Errorf("mark %s leakproof: %w", function, err)
			}
		}
	}
	return nil
}
