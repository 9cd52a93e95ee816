package postgres

import (
	"context"
	"fmt"
	"strings"

	"yiping/server/dispatch"
)

const selectAudit = `
select a.seq, a.at, a.kind, a.action, a.result, a.actor, a.account_id, coalesce(c.username, '') as username, coalesce(c.display_name, '') as account_name,
	a.session_id, a.responder_id, a.noun, a.noun_id, a.area_id, coalesce(r.name, '') as area_name, a.subject_id,
	w.words as sealed, a.reason_hash <> '' and w.words is null as destroyed, a.request_id, a.network, a.count, a.sealed_at
from audit a
left join account c on c.id = a.account_id
left join area r on r.id = a.area_id
left join audit_text w on w.hash = a.reason_hash and a.reason_hash <> ''`

// auditWhere gives the conditions of a filter and their arguments. Only those that
// narrow are there, so that each finds its index.
func auditWhere(f dispatch.AuditFilter) (string, []any) {
	var list []string
	var args []any
	add := func(wanted bool, condition string, arg any) {
		if wanted {
			args = append(args, arg)
			list = append(list, fmt.Sprintf(condition, len(args)))
		}
	}
	add(f.AreaIDs != nil, `a.area_id = any($%d)`, f.AreaIDs)
	add(!f.From.IsZero(), `a.at >= $%d`, f.From)
	add(!f.To.IsZero(), `a.at < $%d`, f.To)
	add(f.AccountID != 0, `a.account_id = $%d and a.account_id <> 0`, f.AccountID)
	add(f.SubjectID != 0, `a.subject_id = $%d and a.subject_id <> 0`, f.SubjectID)
	add(f.Action != "", `a.action = $%d`, f.Action)
	add(f.Noun != "", `a.noun = $%d`, f.Noun)
	add(f.NounID != 0, `a.noun_id = $%d`, f.NounID)
	if f.Before.Seq != 0 {
		args = append(args, f.Before.At, f.Before.Seq)
		list = append(list, fmt.Sprintf(`(a.at, a.seq) < ($%d, $%d)`, len(args)-1, len(args)))
	}
	switch f.Kind {
	case "":
	case dispatch.AuditCommand:
		list = append(list, `a.kind = 'command'`)
	default:
		add(true, `a.kind = $%d and a.kind <> 'command'`, f.Kind)
	}
	switch f.Result {
	case "":
	case dispatch.AuditDone:
		list = append(list, `a.result = 'done'`)
	case dispatch.AuditNotDone:
		list = append(list, `a.result <> 'done'`)
	default:
		add(true, `a.result = $%d and a.result <> 'done'`, f.Result)
	}
	if len(list) == 0 {
		return "", args
	}
	return ` where ` + strings.Join(list, ` and `), args
}

// AuditRecords gives sealed entries of the trail, the newest first.
func (s *Store) AuditRecords(ctx context.Context, f dispatch.AuditFilter) ([]dispatch.AuditRecord, error) {
	type row struct {
		dispatch.AuditRecord
		Sealed []byte
	}
	where, args := auditWhere(f)
	rows, err := many[row](ctx, s.system(), selectAudit+where+fmt.Sprintf(` order by a.at desc, a.seq desc limit %d`, f.Limit), args...)
	list := make([]dispatch.AuditRecord, len(rows))
	for i, r := range rows {
		list[i] = r.AuditRecord
		list[i].Reason = s.openWords(r.Sealed)
	}
	return list, err
}

// auditPart is how many entries are read at a time where many are wanted.
const auditPart = 1000

// EachAuditRecord gives the entries of a filter one by one, the newest first,
// f.Limit of them at most.
func (s *Store) EachAuditRecord(ctx context.Context, f dispatch.AuditFilter, each func(dispatch.AuditRecord) error) error {
	for left := f.Limit; left > 0; left -= f.Limit {
		f.Limit = min(auditPart, left)
		list, err := s.AuditRecords(ctx, f)
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := each(r); err != nil {
				return err
			}
		}
		if len(list) < f.Limit {
			return nil
		}
		f.Before = list[len(list)-1].Cursor()
	}
	return nil
}

// Disclosures gives when somebody saw a person's data, the newest first.
func (s *Store) Disclosures(ctx context.Context, responderID int64, before dispatch.AuditCursor, limit int) ([]dispatch.Disclosure, error) {
	type row struct {
		dispatch.Disclosure
		Sealed []byte
	}
	rows, err := many[row](ctx, s.system(), `
		select a.seq, a.at, a.kind, a.action, coalesce(c.display_name, '') as account_name, a.noun, a.noun_id, w.words as sealed, a.count
		from audit a
		left join account c on c.id = a.account_id
		left join audit_text w on w.hash = a.reason_hash and a.reason_hash <> ''
		where a.subject_id = $1 and a.subject_id <> 0 and a.kind in ('view', 'unmask', 'export', 'share') and a.result = 'done'
			and ($2 = 0 or (a.at, a.seq) < ($3, $2))
		order by a.at desc, a.seq desc limit $4`, responderID, before.Seq, before.At, limit)
	list := make([]dispatch.Disclosure, len(rows))
	for i, r := range rows {
		list[i] = r.Disclosure
		list[i].Reason = s.openWords(r.Sealed)
	}
	return list, err
}

// AuditState says how far the trail goes and when it was last verified.
func (s *Store) AuditState(ctx context.Context) (dispatch.AuditState, error) {
	return one[dispatch.AuditState](ctx, s.system(), `
		select h.last_seq as seq, h.sealed_at, (select count(*) from audit_pending) as unsealed,
			coalesce(f.seq, 0) as first, f.at as first_at, v.at as verified_at, coalesce(v.result, '') as verified,
			case when v.result <> 'done' then v.count else 0 end as findings
		from audit_head h
		left join lateral (select seq, at from audit order by seq limit 1) f on true
		left join lateral (select at, result, count from audit where action = $1 order by at desc, seq desc limit 1) v on true`, dispatch.AuditVerify)
}
