package postgres

import (
	"context"

	"yiping/server/dispatch"
)

func (t *tx) RecordShare(ctx context.Context, s dispatch.Share) error {
	return recordShare(ctx, t, s)
}

// RecordShare notes in the register that data leaves: the one place for
// whatever does so outside of a command. Where it fails, nothing may leave.
func (s *Store) RecordShare(ctx context.Context, share dispatch.Share) error {
	if share.At.IsZero() {
		share.At = s.now()
	}
	return recordShare(ctx, s.pool, share)
}

func recordShare(ctx context.Context, q querier, s dispatch.Share) error {
	_, err := q.Exec(ctx, `insert into share (recipient, channel, what, records, basis, noun_id, area_id, account_id, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		s.Recipient, s.Channel, s.What, s.Records, s.Basis, s.NounID, s.AreaID, s.AccountID, s.At)
	return translate(err)
}

// Shares gives a page of the register of shares before an id (0 from the
// newest), the newest first.
func (s *Store) Shares(ctx context.Context, beforeID int64, limit int) ([]dispatch.Share, error) {
	return many[dispatch.Share](ctx, s.read(ctx), `
		select h.id, h.recipient, h.channel, h.what, h.records, h.basis, h.noun_id, h.area_id, h.account_id, coalesce(a.display_name, '') as by, h.at
		from share h left join account a on a.id = h.account_id
		where $1 = 0 or h.id < $1 order by h.id desc limit $2`, beforeID, limit)
}
