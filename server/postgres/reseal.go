package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
	"yiping/server/seal"
)

const (
	resealAtOnce = 500
	resealAgain  = time.Hour // for what a server that read the key file late has sealed since
	brokenLimit  = 1000      // values that cannot be opened, beyond which it is given up
)

// KeyTurning follows the key file while a server runs: keys that are new in it
// are taken over, and what older ones sealed is sealed anew.
type KeyTurning struct {
	*Store
	head  []byte // of the key that all was sealed anew with last
	ended time.Time
}

// Turn does what is to be done at the moment.
func (k *KeyTurning) Turn(ctx context.Context) error {
	changed, err := k.keys.Reload()
	if err != nil {
		return fmt.Errorf("read the keys again: %w", err)
	}
	if changed {
		k.log.Info().Int("keys", len(k.keys.Keys())).Msg("the key file has changed")
		if err := k.NoteKeys(ctx); err != nil {
			return err
		}
	}
	head := k.keys.ActiveHead()
	if len(k.keys.Keys()) < 2 || bytes.Equal(head, k.head) && k.now().Sub(k.ended) < resealAgain {
		return nil
	}
	if _, err := k.Reseal(ctx, func(done int) { k.log.Info().Int("values", done).Msg("sealing anew") }); err != nil {
		return err
	}
	k.head, k.ended = head, k.now()
	return nil
}

// Reseal seals with the active key whatever older ones have sealed, and says how
// many values it was. It goes in small transactions beside everything else, goes
// on where it was interrupted, and several servers may do it at once: a value is
// replaced only where it still is the one that was read.
func (s *Store) Reseal(ctx context.Context, progress func(done int)) (int, error) {
	total := 0
	for _, p := range sealedPlaces {
		broken := [][]byte{}
		for {
			n, failed, err := s.resealSome(ctx, p, broken)
			if err != nil {
				return total, fmt.Errorf("seal %s anew: %w", p.purpose, translate(err))
			}
			if broken = append(broken, failed...); len(broken) > brokenLimit {
				return total, fmt.Errorf("more than %d values of %s cannot be opened", brokenLimit, p.purpose)
			}
			if n == 0 && len(failed) == 0 {
				break
			}
			total += n
			progress(total)
		}
		if len(broken) > 0 {
			s.log.Error().Str("place", string(p.purpose)).Int("values", len(broken)).Msg("sealed values cannot be opened")
		}
	}
	return total, nil
}

// resealSome seals one batch of a place anew: all but those known as broken.
func (s *Store) resealSome(ctx context.Context, p sealedPlace, broken [][]byte) (n int, failed [][]byte, err error) {
	type value struct {
		At     string
		RowID  int64
		Sealed []byte
	}
	row := p.row
	if row == "" {
		row = "0"
	}
	head := s.keys.ActiveHead()
	err = pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		list, err := many[value](ctx, t, `select t.ctid::text as at, `+row+` as row_id, `+p.value+` as sealed from `+p.table+` t
			where substring(`+p.value+` from 1 for $1) <> $2 and `+p.value+` <> all($3) limit $4`, len(head), head, broken, resealAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		var at []string
		var old, sealed, digests [][]byte
		for _, v := range list {
			fresh, digest, err := s.sealAnew(p, v.RowID, v.Sealed)
			if errors.Is(err, seal.ErrBroken) || errors.Is(err, seal.ErrUnknownKey) {
				failed = append(failed, v.Sealed)
				continue
			}
			if err != nil {
				return err
			}
			at, old, sealed, digests = append(at, v.At), append(old, v.Sealed), append(sealed, fresh), append(digests, digest)
		}
		n = len(at)
		_, err = t.Exec(ctx, `update `+p.table+` t set `+p.set+` from unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[]) x(at, old, sealed, digest)
			where t.ctid = x.at::tid and `+p.value+` = x.old`, at, old, sealed, digests)
		return err
	})
	return n, failed, err
}

func (s *Store) sealAnew(p sealedPlace, row int64, old []byte) (sealed, digest []byte, err error) {
	purpose := p.purpose
	if p.row != "" {
		purpose = purpose.Row(row)
	}
	plain, err := s.keys.Open(purpose, old)
	if err != nil {
		return nil, nil, err
	}
	if p.digest {
		digest = s.keys.Digest(p.purpose, []byte(dispatch.PhoneDigits(string(plain))))
	}
	sealed, err = s.keys.Seal(purpose, plain)
	return sealed, digest, err
}

// KeyUse says how many values each key has sealed, by its id.
func (s *Store) KeyUse(ctx context.Context) (map[string]int64, error) {
	use := map[string]int64{}
	for _, p := range sealedPlaces {
		type count struct {
			ID    string
			Total int64
		}
		list, err := many[count](ctx, s.system(), `select encode(substring(`+p.value+` from 2 for 4), 'hex') as id, count(*) as total from `+p.table+` t
			where `+p.value+` is not null group by 1`)
		if err != nil {
			return nil, fmt.Errorf("count what is sealed: %w", err)
		}
		for _, c := range list {
			use[c.ID] += c.Total
		}
	}
	return use, nil
}

// RetireKey takes a key out of the key file where nothing is sealed with it any more.
func (s *Store) RetireKey(ctx context.Context, id string) error {
	use, err := s.KeyUse(ctx)
	if err != nil {
		return err
	}
	if use[id] > 0 {
		return fmt.Errorf("%d values are sealed with key %s: a running server seals them anew, or yiping keys reseal", use[id], id)
	}
	if err := s.keys.Retire(id); err != nil {
		return err
	}
	_, err = s.system().Exec(ctx, `update seal_key set retired_at = $2 where id = $1`, id, s.now())
	return translate(err)
}
