package postgres

import (
	"context"

	"yiping/server/dispatch"
)

const selectPurpose = `
select p.id, p.name, p.basis, p.categories, p.sensitive, p.handlers, p.retention, p.version, p.retired_at, p.updated_at,
       coalesce(a.display_name, '') as updated_by
from processing_purpose p left join account a on a.id = p.updated_by`

func (t *tx) LockPurpose(ctx context.Context, id int64) (dispatch.Purpose, error) {
	return one[dispatch.Purpose](ctx, t, selectPurpose+` where p.id = $1 for update of p`, id)
}

func (t *tx) SavePurpose(ctx context.Context, p *dispatch.Purpose, by int64) error {
	if p.ID == 0 {
		err := t.QueryRow(ctx, `insert into processing_purpose (name, basis, categories, sensitive, handlers, retention, version, updated_at, updated_by)
			values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9::bigint, 0)) returning id`,
			p.Name, p.Basis, p.Categories, p.Sensitive, p.Handlers, p.Retention, p.Version, p.UpdatedAt, by).Scan(&p.ID)
		return translate(err)
	}
	_, err := t.Exec(ctx, `update processing_purpose set name = $2, basis = $3, categories = $4, sensitive = $5, handlers = $6, retention = $7,
			version = $8, retired_at = $9, updated_at = $10, updated_by = nullif($11::bigint, 0) where id = $1`,
		p.ID, p.Name, p.Basis, p.Categories, p.Sensitive, p.Handlers, p.Retention, p.Version, p.RetiredAt, p.UpdatedAt, by)
	return translate(err)
}

// Purpose gives one purpose.
func (s *Store) Purpose(ctx context.Context, id int64) (dispatch.Purpose, error) {
	return one[dispatch.Purpose](ctx, s.read(ctx), selectPurpose+` where p.id = $1`, id)
}

// Purposes gives a page of the register of purposes by id; retired ones too
// where they are wanted.
func (s *Store) Purposes(ctx context.Context, retired bool, afterID int64, limit int) ([]dispatch.Purpose, error) {
	return many[dispatch.Purpose](ctx, s.read(ctx), selectPurpose+` where p.id > $1 and ($2 or p.retired_at is null) order by p.id limit $3`, afterID, retired, limit)
}
