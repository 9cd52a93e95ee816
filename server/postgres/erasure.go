package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// ErasePerson empties everything that tells who somebody is. See
// dispatch.ErasureTx. A test goes through the whole database afterwards and
// finds neither name nor number.
func (t *tx) ErasePerson(ctx context.Context, id int64, reason string, at time.Time, by *int64, e dispatch.AuditEntry) (string, bool, error) {
	type person struct {
		Name   string
		Phone  []byte
		Erased bool
	}
	p, err := one[person](ctx, t, `select name, phone, erased_at is not null as erased from responder where id = $1`, id)
	if err != nil || p.Erased {
		return "", false, err
	}
	phone, err := t.store.openPhone(sealedResponderPhone, p.Phone)
	if err != nil {
		return "", false, err
	}
	if err := t.DropPosition(ctx, id); err != nil {
		return "", false, err
	}
	if err := t.DropTrack(ctx, id, time.Time{}); err != nil {
		return "", false, err
	}
	for _, erase := range []func(ctx context.Context, id int64, at time.Time) error{t.eraseDuties, t.eraseAccount, t.eraseImports} {
		if err := erase(ctx, id, at); err != nil {
			return "", false, err
		}
	}
	if err := t.eraseWords(ctx, id, p.Name, phone, at, e); err != nil {
		return "", false, err
	}
	if phone != "" { // reports that they made as a resident
		if err := t.eraseReports(ctx, phone); err != nil {
			return "", false, err
		}
	}
	b := &pgx.Batch{}
	b.Queue(`delete from responder_affiliation where responder_id = $1`, id)
	b.Queue(`delete from responder_skill where responder_id = $1`, id)
	b.Queue(`delete from team_member where responder_id = $1`, id)
	b.Queue(`update consent set ended_at = coalesce(ended_at, $2), ending = coalesce(ending, 'erased') where responder_id = $1`, id, at)
	b.Queue(`update responder set name = $2, phone = null, phone_digest = null, vehicle = 'foot', post = null, post_cell = null, home_area_id = null, party_organisation_id = null, adult = false, insured_until = null,
		source = 'erased', external_id = $3, version = version + 1, retired_at = coalesce(retired_at, $4), erased_at = $4, updated_at = $4 where id = $1`,
		id, dispatch.ErasedName, strconv.FormatInt(id, 10), at)
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		return "", false, translate(err)
	}
	said := strings.ReplaceAll(reason, p.Name, dispatch.ErasedName)
	if phone != "" {
		said = strings.ReplaceAll(said, phone, "***")
	}
	return said, true, t.noteDestroyed(ctx, dispatch.Destroyed{What: string(dispatch.NounResponder), Records: 1, At: at, NounID: &id}, by)
}

// eraseDuties deletes duties to come, ends one that goes on, and keeps of those
// that were their times alone.
func (t *tx) eraseDuties(ctx context.Context, id int64, at time.Time) error {
	b := &pgx.Batch{}
	b.Queue(`delete from import_change c using import i where i.id = c.import_id and i.noun = 'roster' and c.noun_id in (select id from duty where responder_id = $1 or stands_for = $1)`, id)
	b.Queue(`delete from duty where responder_id = $1 and lower(period) >= $2`, id, at)
	b.Queue(`update duty set period = tstzrange(lower(period), $2), end_told = true, version = version + 1 where responder_id = $1 and (upper_inf(period) or upper(period) > $2)`, id, at)
	b.Queue(`update duty set post = null, post_cell = null, external_id = null where responder_id = $1`, id)
	b.Queue(`update duty_change set reason = '', external_id = null where responder_id = $1 or to_responder_id = $1`, id)
	return translate(t.SendBatch(ctx, b).Close())
}

// eraseAccount takes everything from the person's account but its id.
func (t *tx) eraseAccount(ctx context.Context, id int64, at time.Time) error {
	b := &pgx.Batch{}
	b.Queue(`delete from session where account_id in (select id from account where responder_id = $1)`, id)
	b.Queue(`delete from account_role where account_id in (select id from account where responder_id = $1)`, id)
	b.Queue(`delete from idempotency_key where principal in (select 'account:' || id from account where responder_id = $1)`, id)
	b.Queue(`update account set username = 'erased-' || id, display_name = $2, password_hash = '', disabled_at = coalesce(disabled_at, $3), version = version + 1 where responder_id = $1`, id, dispatch.ErasedName, at)
	return translate(t.SendBatch(ctx, b).Close())
}

// eraseImports forgets what imports remember of the person. Files of people's
// rosters that wait to be decided on are dropped with their imports.
func (t *tx) eraseImports(ctx context.Context, id int64, at time.Time) error {
	b := &pgx.Batch{}
	b.Queue(`delete from import_problem where import_id in (select i.id from import i where i.noun in ('responders', 'roster'))`)
	b.Queue(`update import set result = null, reason = '' where noun in ('responders', 'roster') and state not in ('checking', 'writing')`)
	b.Queue(`delete from import_change c using import i where i.id = c.import_id and i.noun = 'responders' and c.noun_id = $1`, id)
	b.Queue(`delete from import_file f using import i where i.id = f.import_id and i.noun in ('responders', 'roster')`)
	b.Queue(`update import set state = 'cancelled', ended_at = $1, beat_at = null where noun in ('responders', 'roster') and state in ('uploaded', 'checking', 'checked')`, at)
	return translate(t.SendBatch(ctx, b).Close())
}

// texts are the columns in which people write freely, with what makes a row
// one of an incident ($4) or of the person ($3).
var texts = []struct{ table, column, incident string }{
	{"incident", "summary", "t.id"}, {"incident", "place", "t.id"}, {"incident", "reason", "t.id"},
	{"report", "words", "t.incident_id"}, {"report", "place", "t.incident_id"},
	{"satisfaction", "words", "(select r.incident_id from report r where r.id = t.report_id)"},
	{"timeline", "words", "t.incident_id"},
	{"offer", "reason", "t.incident_id"}, {"offer", "answer_reason", "t.incident_id"}, {"assignment", "reason", "t.incident_id"},
	{"unit_order", "words", "t.incident_id"}, {"unit_order_said", "words", "(select o.incident_id from unit_order o where o.id = t.order_id)"},
	{"incident_merge", "reason", "t.incident_id"}, {"incident_merge", "undone_why", "t.incident_id"},
	{"incident_hold", "reason", "t.incident_id"}, {"duty_change", "reason", "null"}, {"share", "basis", "null"}, {"share", "recipient", "null"},
	{"call_up", "reason", "null"}, {"call_up", "place", "null"}, {"call_up", "ended_reason", "null"}, {"call_up_group", "name", "null"},
}

// eraseWords takes name and number out of what people wrote. A name that others
// bear too is taken out of the incidents alone that the person had part in. What
// the audit trail keeps apart about the person is destroyed, and the trail with
// the hash stays whole.
func (t *tx) eraseWords(ctx context.Context, id int64, name, phone string, at time.Time, e dispatch.AuditEntry) error {
	type part struct{ IncidentID int64 }
	parts, err := many[part](ctx, t, `select incident_id from offer where responder_id = $1 union select incident_id from assignment where responder_id = $1
		union select incident_id from timeline where responder_id = $1 union select r.incident_id from report r join account a on a.id = r.account_id where a.responder_id = $1`, id)
	if err != nil {
		return err
	}
	incidents := make([]int64, len(parts))
	for k, p := range parts {
		incidents[k] = p.IncidentID
	}
	var shared bool
	if err := t.QueryRow(ctx, `select exists (select 1 from responder where name = $2 and id <> $1) or exists (select 1 from account where display_name = $2 and responder_id is distinct from $1)`, id, name).Scan(&shared); err != nil {
		return translate(err)
	}
	for _, x := range texts {
		if len([]rune(name)) > 1 {
			if _, err := t.Exec(ctx, `update `+x.table+` t set `+x.column+` = replace(`+x.column+`, $1, $2) where strpos(`+x.column+`, $1) > 0 and ($3 or `+x.incident+`::bigint = any($4))`,
				name, dispatch.ErasedName, !shared, incidents); err != nil {
				return translate(err)
			}
		}
		if len(phone) > 4 {
			if _, err := t.Exec(ctx, `update `+x.table+` t set `+x.column+` = replace(`+x.column+`, $1, '***') where strpos(`+x.column+`, $1) > 0`, phone); err != nil {
				return translate(err)
			}
		}
	}
	told := func(words string) bool {
		return !shared && len([]rune(name)) > 1 && strings.Contains(words, name) || len(phone) > 4 && strings.Contains(words, phone)
	}
	return t.eraseReasons(ctx, id, told, at, e)
}

// eraseReasons destroys the reasons in the audit trail that are about a person,
// that they wrote, or that tell of them, and leaves an entry that says how many.
// The reasons are sealed, so that each is opened and looked at.
func (t *tx) eraseReasons(ctx context.Context, id int64, told func(words string) bool, at time.Time, e dispatch.AuditEntry) error {
	type reason struct {
		Hash, Words []byte
		Own         bool
	}
	list, err := many[reason](ctx, t, `select hash, words, subject_id = $1 or account_id in (select id from account where responder_id = $1) as own
		from audit_text where destroyed_at is null`, id)
	if err != nil {
		return err
	}
	var gone [][]byte
	for _, r := range list {
		if r.Own || told(t.store.openWords(r.Words)) {
			gone = append(gone, r.Hash)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if _, err := t.Exec(ctx, `update audit_text set words = null, salt = null, destroyed_at = $2 where hash = any($1)`, gone, at); err != nil {
		return translate(err)
	}
	e.SubjectID, e.Count = id, len(gone)
	return translate(t.store.writeAudit(ctx, t, e, at))
}

// eraseReports empties who gave the reports under a number.
func (t *tx) eraseReports(ctx context.Context, phone string) error {
	_, err := t.Exec(ctx, `update report set phone = null, phone_digest = null, tracking_hash = null where phone_digest = any($1)`, t.store.phoneDigests(sealedReportPhone, phone))
	return translate(err)
}

func (t *tx) EraseReporter(ctx context.Context, phone string, areaIDs []int64, at time.Time, by *int64) (reports, care int64, err error) {
	if _, err := t.Exec(ctx, `update satisfaction x set words = replace(x.words, $3, '***') from report r
		where r.id = x.report_id and r.phone_digest = any($1) and ($2::bigint[] is null or r.area_id = any($2))`, t.store.phoneDigests(sealedReportPhone, phone), areaIDs, phone); err != nil {
		return 0, 0, translate(err)
	}
	tag, err := t.Exec(ctx, `update report set phone = null, phone_digest = null, tracking_hash = null, words = replace(words, $3, '***'), place = replace(place, $3, '***')
		where phone_digest = any($1) and ($2::bigint[] is null or area_id = any($2))`, t.store.phoneDigests(sealedReportPhone, phone), areaIDs, phone)
	if err != nil {
		return 0, 0, translate(err)
	}
	reports = tag.RowsAffected()
	found, err := t.store.careOfPhone(ctx, t, phone, areaIDs)
	if err != nil {
		return 0, 0, err
	}
	ids := make([]int64, len(found))
	for k, c := range found {
		ids[k] = c.ID
	}
	if care, err = t.deleteCare(ctx, `id = any($1)`, ids); err != nil {
		return 0, 0, err
	}
	for what, n := range map[string]int64{"reporter": reports, string(dispatch.NounCare): care} {
		if n > 0 {
			if err := t.noteDestroyed(ctx, dispatch.Destroyed{What: what, Records: n, At: at}, by); err != nil {
				return 0, 0, err
			}
		}
	}
	return reports, care, nil
}

// FindPhone gives what is kept under a number, within areas (nil for everywhere).
func (s *Store) FindPhone(ctx context.Context, phone string, areaIDs []int64) (dispatch.PhoneFinding, error) {
	var out dispatch.PhoneFinding
	var err error
	if out.Reports, err = many[dispatch.FoundReport](ctx, s.system(), `select id, incident_id, type_code, area_id, received_at from report
		where phone_digest = any($1) and ($2::bigint[] is null or area_id = any($2)) order by id`, s.phoneDigests(sealedReportPhone, phone), areaIDs); err != nil {
		return out, err
	}
	if out.Care, err = s.careOfPhone(ctx, s.system(), phone, areaIDs); err != nil {
		return out, err
	}
	out.Responders, err = many[dispatch.FoundPerson](ctx, s.system(), `select id, area_id, name from responder
		where phone_digest = any($1) and ($2::bigint[] is null or area_id = any($2)) order by id`, s.phoneDigests(sealedResponderPhone, phone), areaIDs)
	for k, p := range out.Responders {
		out.Responders[k].Name = dispatch.MaskName(p.Name)
	}
	return out, err
}

// DueResponders gives people who were retired before a time and are not erased.
func (s *Store) DueResponders(ctx context.Context, before time.Time, limit int) ([]int64, error) {
	rows, err := s.system().Query(ctx, `select r.id from responder r where r.retired_at < $1 and r.erased_at is null
		and not exists (select 1 from assignment s where s.responder_id = r.id and s.state in ('accepted', 'en_route', 'on_scene')) order by r.id limit $2`, before, limit)
	if err != nil {
		return nil, translate(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return ids, translate(err)
}
