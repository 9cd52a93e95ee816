package postgres

import (
	"context"

	"yiping/server/dispatch"
)

// Transact runs fn in one transaction that is no command. See dispatch.PersonalStore.
func (s *Store) Transact(ctx context.Context, fn func(ctx context.Context, tx dispatch.Tx) error) error {
	var err error
	for range tries {
		if err = s.transactOnce(ctx, fn); !isRetryable(err) {
			break
		}
	}
	if err == nil {
		s.feed.Poke()
	}
	return err
}

func (s *Store) transactOnce(ctx context.Context, fn func(ctx context.Context, tx dispatch.Tx) error) error {
	t, err := s.system().Begin(ctx)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = t.Rollback(context.WithoutCancel(ctx)) }()
	if err := fn(ctx, &tx{Tx: t, store: s}); err != nil {
		return translate(err)
	}
	return translate(t.Commit(ctx))
}
