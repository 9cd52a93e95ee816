package postgres

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

const (
	revealWindow = time.Hour
	revealLock   = 0x5949_554d // with the account: one at a time, so that a bound is a bound
)

// Disclose bounds and records. See dispatch.RevealStore.
func (s *Store) Disclose(ctx context.Context, how dispatch.Reveal, most int, e dispatch.AuditEntry) error {
	return s.disclose(ctx, how, most, e, func(pgx.Tx) error { return nil })
}

// Unmask gives a number in full. See dispatch.RevealStore.
func (s *Store) Unmask(ctx context.Context, noun dispatch.Noun, id int64, most int, e dispatch.AuditEntry) (phone string, err error) {
	err = s.disclose(ctx, dispatch.RevealNumber, most, e, func(t pgx.Tx) error {
		query, purpose := `select phone from responder where id = $1`, sealedResponderPhone
		if noun == dispatch.NounReport {
			query, purpose = `select phone from report where id = $1`, sealedReportPhone
		}
		var sealed []byte
		if err := t.QueryRow(ctx, query, id).Scan(&sealed); err != nil {
			return err
		}
		phone, err = s.openPhone(purpose, sealed)
		return err
	})
	if err != nil {
		return "", err
	}
	return phone, nil
}

// disclose bounds, reads and records in one transaction; what was read is given
// once the record stands.
func (s *Store) disclose(ctx context.Context, how dispatch.Reveal, most int, e dispatch.AuditEntry, read func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		if e.AccountID != 0 { // the server's own command line has no bound
			if err := s.bound(ctx, t, how, most, e.AccountID); err != nil {
				return err
			}
		}
		if err := read(t); err != nil {
			return err
		}
		return s.writeAudit(ctx, t, e, s.now())
	})
	if err != nil {
		return fmt.Errorf("disclose: %w", translate(err))
	}
	return nil
}

// bound refuses who has been given so much within the last hour, and says when
// they may ask again.
func (s *Store) bound(ctx context.Context, t pgx.Tx, how dispatch.Reveal, most int, accountID int64) error {
	if _, err := t.Exec(ctx, `select pg_advisory_xact_lock($1, $2)`, revealLock, int32(accountID%math.MaxInt32)); err != nil {
		return err
	}
	now := s.now()
	var count int
	var first *time.Time
	if err := t.QueryRow(ctx, `select count(*), min(at) from unmasking where account_id = $1 and step = $2 and at > $3`,
		accountID, how, now.Add(-revealWindow)).Scan(&count, &first); err != nil {
		return err
	}
	if count >= most {
		wait := int(math.Ceil(first.Add(revealWindow).Sub(now).Seconds()))
		return &dispatch.Error{Code: dispatch.CodeTooMany, Values: map[string]string{"seconds": strconv.Itoa(max(1, wait))}}
	}
	_, err := t.Exec(ctx, `insert into unmasking (account_id, step, at) values ($1, $2, $3)`, accountID, how, now)
	return err
}

// ForgetReveals deletes what no bound needs any more; the trail keeps the record.
func (s *Store) ForgetReveals(ctx context.Context) error {
	_, err := s.system().Exec(ctx, `delete from unmasking where at < $1`, s.now().Add(-revealWindow))
	return translate(err)
}

// ReportIncident gives the incident that a report belongs to.
func (s *Store) ReportIncident(ctx context.Context, reportID int64) (incidentID int64, err error) {
	err = s.system().QueryRow(ctx, `select incident_id from report where id = $1`, reportID).Scan(&incidentID)
	return incidentID, translate(err)
}
