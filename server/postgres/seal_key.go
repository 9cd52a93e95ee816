package postgres

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yiping/server/seal"
)

// pseudonymsID is the id under which the secret of pseudonyms is noted.
const pseudonymsID = "pseudonyms"

// Keys gives the keyring that the store seals with.
func (s *Store) Keys() *seal.Keyring { return s.keys }

// IsSealed says whether a migrated database knows keys already: then they must
// not be made anew.
func IsSealed(ctx context.Context, url string) (bool, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false, translate(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var sealed bool
	err = conn.QueryRow(ctx, `select exists (select 1 from seal_key)`).Scan(&sealed)
	return sealed, translate(err)
}

// NoteKeys refuses a key file that is not this database's, with a sentence, and
// notes keys that are new in it.
func (s *Store) NoteKeys(ctx context.Context) error {
	return translate(pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, `lock table seal_key in share row exclusive mode`); err != nil {
			return err
		}
		held := map[string]notedKey{pseudonymsID: {pseudonymsID, "", s.keys.PseudonymsFingerprint()}}
		for _, key := range s.keys.Keys() {
			held[key.ID] = notedKey{key.ID, key.Provider, key.Fingerprint}
		}
		noted, err := many[notedKey](ctx, t, `select id, provider, fingerprint from seal_key where retired_at is null`)
		if err != nil {
			return err
		}
		for _, n := range noted {
			h, ok := held[n.ID]
			if !ok {
				return fmt.Errorf("the database is sealed with key %s, which %s does not hold: copy %s from the server that has it; all servers of one database use the same",
					n.ID, s.keys.Path(), seal.FileName)
			}
			if !bytes.Equal(h.Fingerprint, n.Fingerprint) {
				return fmt.Errorf("%s is not the key file of this database (%s differs): copy %s from the server that has it; all servers of one database use the same",
					s.keys.Path(), n.ID, seal.FileName)
			}
			delete(held, n.ID)
		}
		for _, h := range held {
			if _, err := t.Exec(ctx, `insert into seal_key (id, provider, fingerprint) values ($1, $2, $3)
				on conflict (id) do update set retired_at = null`, h.ID, h.Provider, h.Fingerprint); err != nil {
				return err
			}
		}
		return nil
	}))
}

// notedKey is a key as the database knows it.
type notedKey struct {
	ID, Provider string
	Fingerprint  []byte
}
