package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/geo"
	"yiping/server/dispatch"
)

const selectRetention = `
select r.what, r.counts_from, r.days, r.least_days, r.most_days, r.basis_zh, r.basis_en, r.version, r.changed_at, a.display_name as changed_by
from retention_rule r left join account a on a.id = r.changed_by`

// RetentionRules gives all rules in their order; the clock asks for them too.
func (s *Store) RetentionRules(ctx context.Context) ([]dispatch.RetentionRule, error) {
	return many[dispatch.RetentionRule](ctx, s.system(), selectRetention+` order by r.position`)
}

func (t *tx) LockRetention(ctx context.Context, what string) (dispatch.RetentionRule, error) {
	return one[dispatch.RetentionRule](ctx, t, selectRetention+` where r.what = $1 for update of r`, what)
}

func (t *tx) SaveRetention(ctx context.Context, r dispatch.RetentionRule, by int64, at time.Time) error {
	_, err := t.Exec(ctx, `update retention_rule set days = $2, version = $3, changed_by = nullif($4::bigint, 0), changed_at = $5 where what = $1`,
		r.What, r.Days, r.Version, by, at)
	return translate(err)
}

// DestroyedRecords gives a page of the register of what was destroyed before an
// id (0 from the newest), the newest first.
func (s *Store) DestroyedRecords(ctx context.Context, beforeID int64, limit int) ([]dispatch.Destroyed, error) {
	return many[dispatch.Destroyed](ctx, s.read(ctx), `
		select d.id, d.what, d.records, d.until, d.days, d.at, coalesce(a.display_name, '') as by, d.noun_id
		from destroyed d left join account a on a.id = d.account_id
		where $1 = 0 or d.id < $1 order by d.id desc limit $2`, beforeID, limit)
}

const selectHold = `
select h.id, h.reason, h.until, p.display_name as placed_by, h.placed_at, l.display_name as lifted_by, h.lifted_at
from incident_hold h join account p on p.id = h.placed_by left join account l on l.id = h.lifted_by`

func (t *tx) StandingHold(ctx context.Context, incidentID int64) (*dispatch.Hold, error) {
	h, err := one[dispatch.Hold](ctx, t, selectHold+` where h.incident_id = $1 and h.lifted_at is null`, incidentID)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, nil
	}
	return &h, err
}

func (t *tx) InsertHold(ctx context.Context, h *dispatch.Hold, incidentID, by int64) error {
	err := t.QueryRow(ctx, `insert into incident_hold (incident_id, reason, until, placed_by, placed_at) values ($1, $2, $3, $4, $5) returning id`,
		incidentID, h.Reason, h.Until, by, h.PlacedAt).Scan(&h.ID)
	return translate(err)
}

func (t *tx) LiftHold(ctx context.Context, id, by int64, at time.Time) error {
	_, err := t.Exec(ctx, `update incident_hold set lifted_by = $2, lifted_at = $3 where id = $1`, id, by, at)
	return translate(err)
}

// IncidentRetention says what becomes of an incident's words and pictures.
func (s *Store) IncidentRetention(ctx context.Context, i dispatch.Incident) (dispatch.IncidentRetention, error) {
	out := dispatch.IncidentRetention{Holds: []dispatch.Hold{}}
	if i.DestroyedAt != nil && i.State.Terminal() {
		out.DestroyedAt = i.DestroyedAt
	}
	var err error
	if out.Holds, err = many[dispatch.Hold](ctx, s.read(ctx), selectHold+` where h.incident_id = $1 order by h.id desc`, i.ID); err != nil {
		return out, err
	}
	for _, h := range out.Holds {
		if h.LiftedAt == nil && h.Until.After(s.now()) {
			out.Hold = &h
		}
	}
	if !i.State.Terminal() || out.DestroyedAt != nil {
		return out, nil
	}
	rule, err := one[dispatch.RetentionRule](ctx, s.read(ctx), selectRetention+` where r.what = 'emergency'`)
	if err != nil {
		return out, err
	}
	at := i.StateSince.AddDate(0, 0, rule.Days)
	if out.Hold != nil && out.Hold.Until.After(at) {
		at = out.Hold.Until
	}
	out.DestroyAt = &at
	return out, nil
}

// destroyers say how each rule destroys: at most limit records of what ended or
// was received before a time. People are erased by the domain, one by one.
var destroyers = map[string]func(ctx context.Context, t *tx, until, now time.Time, limit int) (int64, error){
	"positions":        destroyPositions,
	"emergency":        destroyWords,
	"offer_answers":    destroyAllAnswers,
	"import_files":     destroyRows(`delete from import_file f using (select f.import_id, f.part from import_file f join import i on i.id = f.import_id where i.created_at < $1 limit $2) d where f.import_id = d.import_id and f.part = d.part`),
	"import_changes":   destroyImportChanges,
	"sessions":         destroyRows(`delete from session where id in (select id from session where expires_at < $1 or revoked_at < $1 limit $2)`),
	"idempotency_keys": destroyRows(`delete from idempotency_key k using (select principal, key from idempotency_key where created_at < $1 limit $2) d where k.principal = d.principal and k.key = d.key`),
	"retired_care":     destroyCare,
	"tracks":           destroyTracks,
	"ended_consents":   destroyRows(`delete from consent where id in (select id from consent where ended_at < $1 limit $2)`),
}

// DestroyDue destroys one batch by a rule and notes it. See dispatch.PersonalStore.
func (s *Store) DestroyDue(ctx context.Context, rule dispatch.RetentionRule, run time.Time, limit int) (int64, error) {
	destroy, ok := destroyers[rule.What]
	if !ok {
		return 0, fmt.Errorf("nobody knows how to destroy %q", rule.What)
	}
	until := run.AddDate(0, 0, -rule.Days)
	var n int64
	err := pgx.BeginFunc(ctx, s.system(), func(p pgx.Tx) error {
		t := &tx{Tx: p, store: s}
		var err error
		if n, err = destroy(ctx, t, until, run, limit); err != nil || n == 0 {
			return err
		}
		if err := t.noteDestroyed(ctx, dispatch.Destroyed{What: rule.What, Records: n, Until: &until, Days: &rule.Days, At: run}, nil); err != nil {
			return err
		}
		entry := dispatch.Actor{System: true}.Entry(ctx, dispatch.AuditDestroy, "retention."+rule.What)
		entry.Noun, entry.Count = dispatch.NounRetention, int(n)
		return t.Audit(ctx, entry)
	})
	if err == nil && n > 0 {
		s.feed.Poke()
	}
	return n, translate(err)
}

// noteDestroyed adds to the register; batches of one run are one entry.
func (t *tx) noteDestroyed(ctx context.Context, d dispatch.Destroyed, by *int64) error {
	_, err := t.Exec(ctx, `insert into destroyed (what, records, until, days, at, account_id, noun_id) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict on constraint destroyed_once do update set records = destroyed.records + excluded.records`,
		d.What, d.Records, d.Until, d.Days, d.At, by, d.NounID)
	return translate(err)
}

// destroyRows destroys by one statement with the time ($1) and the limit ($2).
func destroyRows(sql string) func(ctx context.Context, t *tx, until, now time.Time, limit int) (int64, error) {
	return func(ctx context.Context, t *tx, until, _ time.Time, limit int) (int64, error) {
		tag, err := t.Exec(ctx, sql, until, limit)
		return tag.RowsAffected(), translate(err)
	}
}

// destroyPositions deletes positions that were received long ago, and tells the
// log that they are gone.
func destroyPositions(ctx context.Context, t *tx, until, now time.Time, limit int) (int64, error) {
	return t.dropPositions(ctx, `p.responder_id in (select responder_id from position where received_at < $1 limit $2)`, now, until, limit)
}

// ended says of an incident i that it ended before $1 and is not due again for
// what a column notes.
func ended(column string) string {
	return `i.state in ('closed', 'rejected', 'merged', 'cancelled') and (i.` + column + ` is null or i.` + column + ` < i.state_since) and i.state_since < $1`
}

// wordsBatch bounds the incidents of one transaction: their pictures are large.
const wordsBatch = 50

// destroyWords leaves of incidents that ended, and are not held, the skeleton:
// type, times, area and cell. What people said and showed is gone, and so is
// where exactly it was.
func destroyWords(ctx context.Context, t *tx, until, now time.Time, limit int) (int64, error) {
	type due struct {
		ID   int64
		Cell int64
	}
	list, err := many[due](ctx, t, `select i.id, i.cell from incident i where `+ended("words_destroyed_at")+`
		and not exists (select 1 from incident_hold h where h.incident_id = i.id and h.lifted_at is null and h.until > $3)
		and not exists (select 1 from incident m where m.id = i.merged_into and m.state not in ('closed', 'rejected', 'merged', 'cancelled'))
		order by i.state_since limit $2 for update of i skip locked`, until, min(limit, wordsBatch), now)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	ids, lons, lats := make([]int64, len(list)), make([]float64, len(list)), make([]float64, len(list))
	for k, d := range list {
		middle, err := geo.CellFromInt64(d.Cell).Center()
		if err != nil {
			return 0, fmt.Errorf("incident %d: %w", d.ID, err)
		}
		ids[k], lons[k], lats[k] = d.ID, middle.Lon(), middle.Lat()
	}
	b := &pgx.Batch{}
	b.Queue(`delete from attachment where incident_id = any($1)`, ids)
	b.Queue(`delete from timeline where incident_id = any($1) and kind in ('note', 'photo')`, ids)
	b.Queue(`update timeline set words = '', account_id = null, responder_id = null where incident_id = any($1)`, ids)
	b.Queue(`update report r set words = '', place = '', phone = null, phone_digest = null, tracking_hash = null, account_id = null, point = st_setsrid(st_makepoint(x.lon, x.lat), 4326), cell = i.cell
		from unnest($1::bigint[], $2::float8[], $3::float8[]) as x(id, lon, lat) join incident i on i.id = x.id where r.incident_id = x.id`, ids, lons, lats)
	b.Queue(`delete from satisfaction x using report r where r.id = x.report_id and r.incident_id = any($1)`, ids)
	b.Queue(`update assignment set reason = '' where incident_id = any($1) and reason <> ''`, ids)
	b.Queue(`update offer set reason = '', answer_reason = '' where incident_id = any($1)`, ids)
	b.Queue(`update unit_order set words = '' where incident_id = any($1)`, ids)
	b.Queue(`delete from unit_order_said x using unit_order o where o.id = x.order_id and o.incident_id = any($1)`, ids)
	b.Queue(`update incident_merge set reason = '', undone_why = '' where incident_id = any($1)`, ids)
	b.Queue(`update incident i set summary = '', place = '', reason = '', point = st_setsrid(st_makepoint(x.lon, x.lat), 4326), words_destroyed_at = $4
		from unnest($1::bigint[], $2::float8[], $3::float8[]) as x(id, lon, lat) where i.id = x.id`, ids, lons, lats, now)
	return int64(len(list)), translate(t.SendBatch(ctx, b).Close())
}

// destroyAnswers deletes the offers of incidents that ended, with who was asked or
// came forward, what they answered and how soon; the log forgets who it was. A hold keeps no
// answers: they are nobody's business any more.
func destroyAnswers(ctx context.Context, t *tx, until, now time.Time, limit int) (int64, error) {
	type due struct{ ID int64 }
	list, err := many[due](ctx, t, `select i.id from incident i where `+ended("answers_destroyed_at")+` order by i.state_since limit $2 for update of i skip locked`, until, limit)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	ids := make([]int64, len(list))
	for k, d := range list {
		ids[k] = d.ID
	}
	b := &pgx.Batch{}
	b.Queue(`delete from offer where incident_id = any($1)`, ids)
	b.Queue(`delete from volunteer where incident_id = any($1)`, ids)
	b.Queue(`update event set responder_id = null, account_id = null where incident_id = any($1) and noun in ('offer', 'volunteer') and (responder_id is not null or account_id is not null)`, ids)
	b.Queue(`update incident set answers_destroyed_at = $2 where id = any($1)`, ids, now)
	return int64(len(list)), translate(t.SendBatch(ctx, b).Close())
}

// destroyAllAnswers does so with offers, then with what people answered to
// call-ups that have ended.
func destroyAllAnswers(ctx context.Context, t *tx, until, now time.Time, limit int) (int64, error) {
	n, err := destroyAnswers(ctx, t, until, now, limit)
	if err != nil || n > 0 {
		return n, err
	}
	return destroyCallUpAnswers(ctx, t, until, now)
}

// destroyCallUpAnswers deletes who was called and did not come, and of the others
// what they answered and when; their hours stay. One call-up a transaction.
func destroyCallUpAnswers(ctx context.Context, t *tx, until, now time.Time) (int64, error) {
	type due struct{ ID int64 }
	list, err := many[due](ctx, t, `select id from call_up where ended_at < $1 and answers_destroyed_at is null order by ended_at limit 1 for update skip locked`, until)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	id := list[0].ID
	b := &pgx.Batch{}
	b.Queue(`update event e set responder_id = null, account_id = null from call_up c join call_up_member m on m.call_up_id = c.id
		where c.id = $1 and e.area_id = c.area_id and e.at >= c.called_at and e.noun = 'call_up_member' and e.noun_id = m.id`, id)
	b.Queue(`delete from call_up_member where call_up_id = $1 and arrived_at is null`, id)
	b.Queue(`update call_up_member set seen_at = null, answered_at = null, on_behalf = false, recorded_by = null where call_up_id = $1`, id)
	b.Queue(`update call_up set matched = (select coalesce(array_agg(m.responder_id order by m.position), '{}') from call_up_member m where m.call_up_id = $1), answers_destroyed_at = $2 where id = $1`, id, now)
	return 1, translate(t.SendBatch(ctx, b).Close())
}

// destroyImportChanges forgets what imports changed, and what was wrong with
// their rows.
func destroyImportChanges(ctx context.Context, t *tx, until, _ time.Time, limit int) (int64, error) {
	var n int64
	for _, sql := range []string{
		`delete from import_problem p where p.ctid in (select p.ctid from import_problem p join import i on i.id = p.import_id where i.created_at < $1 limit $2)`,
		`delete from import_change c where c.ctid in (select c.ctid from import_change c join import i on i.id = c.import_id where i.created_at < $1 limit $2)`,
	} {
		tag, err := t.Exec(ctx, sql, until, limit)
		if err != nil {
			return 0, translate(err)
		}
		n += tag.RowsAffected()
	}
	// What an import says of itself shows its first rows, too.
	tag, err := t.Exec(ctx, `update import set reason = '', result = null where id in (select id from import where created_at < $1 and result is not null limit $2)`, until, limit)
	return n + tag.RowsAffected(), translate(err)
}
