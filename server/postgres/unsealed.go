package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
	"yiping/server/seal"
)

const (
	sealingLock = 0x5949_5345 // the advisory lock under which one server seals what is left
	sealAtOnce  = 2000        // values of one transaction
)

// unsealedPlaces say where a value that was found in clear goes once it is
// sealed; a place without a purpose takes a pseudonym.
var unsealedPlaces = []struct {
	place   string
	purpose seal.Purpose
	digest  bool
	update  string // x is id, also_id, sealed, digest, name
}{
	{"responder.phone", sealedResponderPhone, true, `update responder t set phone = x.sealed, phone_digest = x.digest from %s where t.id = x.id`},
	{"responder.external_id", "", false, `update responder t set external_id = x.name from %s where t.id = x.id`},
	{"report.phone", sealedReportPhone, true, `update report t set phone = x.sealed, phone_digest = x.digest from %s where t.id = x.id`},
	{"import.result", sealedImportResult, false, `update import t set result = x.sealed from %s where t.id = x.id`},
	{"import_change.before", sealedResponderPhone, true, `update import_change t set before = t.before || jsonb_build_object('phone', x.sealed, 'phone_digest', x.digest) from %s where t.import_id = x.id and t.noun_id = x.also_id`},
}

// SealLeft seals what an older version had left in clear, before anything is
// served. Interrupted it goes on where it was; another server waits for it. It
// connects as the owner of the tables.
func SealLeft(ctx context.Context, c Config) error {
	conn, err := pgx.Connect(ctx, c.URL)
	if err != nil {
		return fmt.Errorf("seal what is left: %w", translate(err))
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(sealingLock)); err != nil {
		return fmt.Errorf("seal what is left: %w", translate(err))
	}
	s := &Store{keys: c.Keys}
	total := 0
	for _, p := range unsealedPlaces {
		for {
			n, err := s.sealSome(ctx, conn, p.place, p.purpose, p.digest, p.update)
			if err != nil {
				return fmt.Errorf("seal %s: %w", p.place, translate(err))
			}
			if n == 0 {
				break
			}
			total += n
			c.Log.Info().Str("place", p.place).Int("sealed", total).Msg("sealing what stood in clear")
		}
	}
	if total > 0 { // emptied as a whole its file is gone, not only its rows
		_, err = conn.Exec(ctx, `truncate unsealed`)
	}
	return translate(err)
}

// sealSome seals one batch of a place and says how many values it was.
func (s *Store) sealSome(ctx context.Context, conn *pgx.Conn, place string, purpose seal.Purpose, digest bool, update string) (n int, err error) {
	err = pgx.BeginFunc(ctx, conn, func(t pgx.Tx) error {
		type left struct {
			ID, AlsoID int64
			Plain      string
		}
		rows, err := many[left](ctx, t, `select id, also_id, plain from unsealed where place = $1 order by id, also_id limit $2`, place, sealAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		n = len(rows)
		ids, also := make([]int64, n), make([]int64, n)
		sealed, digests, names := make([][]byte, n), make([][]byte, n), make([]*string, n)
		for i, r := range rows {
			ids[i], also[i] = r.ID, r.AlsoID
			if purpose == "" {
				name := s.personID(r.Plain)
				names[i] = &name
				continue
			}
			if sealed[i], err = s.keys.Seal(purpose, []byte(r.Plain)); err != nil {
				return err
			}
			if digest {
				digests[i] = s.keys.Digest(purpose, []byte(dispatch.PhoneDigits(r.Plain)))
			}
		}
		x := `unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::text[]) x(id, also_id, sealed, digest, name)`
		if _, err := t.Exec(ctx, fmt.Sprintf(update, x), ids, also, sealed, digests, names); err != nil {
			return err
		}
		_, err = t.Exec(ctx, `delete from unsealed u using unnest($1::bigint[], $2::bigint[]) x(id, also_id) where u.place = $3 and u.id = x.id and u.also_id = x.also_id`, ids, also, place)
		return err
	})
	return n, err
}
