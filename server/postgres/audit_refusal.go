package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// auditRefusal notes a refused command. That it was refused stands whether or
// not this can be written.
func (s *Store) auditRefusal(ctx context.Context, c dispatch.Command, refused error) {
	code := dispatch.CodeOf(refused)
	if !dispatch.Audited(code) || ctx.Err() != nil || dispatch.RequestOf(ctx).RefusalAudited() {
		return
	}
	if err := s.Audit(ctx, c.Entry(ctx, code)); err != nil {
		s.log.Error().Err(err).Str("action", c.Name).Msg("a refusal is missing in the audit trail")
	}
}

const (
	refusalWindow = 10 * time.Second
	refusalMemory = 10_000 // kinds of refusal that are counted apart at a time
)

// refusalCounts counts refusals that are alike, so that a flood of them cannot fill
// the disk. What is counted and not yet written is lost with the process: at
// most a window of it.
type refusalCounts struct {
	mu   sync.Mutex
	open map[refusal]*dispatch.AuditEntry // the others of a window, Count 0 while there are none
}

// refusal is what makes refusals alike.
type refusal struct {
	accountID int64
	kind      dispatch.AuditKind
	action    string
	result    string
}

// add gives what has to be written now: the first of a window, with what the
// window before it has counted; nothing where it was only counted.
func (r *refusalCounts) add(e dispatch.AuditEntry, now time.Time) []dispatch.AuditEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := refusal{e.AccountID, e.Kind, e.Action, e.Result}
	if len(r.open) >= refusalMemory && r.open[key] == nil {
		key.accountID = -1 // too many at once to tell accounts apart
	}
	counted := r.open[key]
	var due []dispatch.AuditEntry
	switch {
	case counted != nil && now.Sub(counted.At) < refusalWindow:
		counted.Count++
		counted.SessionID, counted.Reason = 0, ""
		if counted.NounID != e.NounID {
			counted.NounID = 0
		}
		if counted.Network != e.Network {
			counted.Network = ""
		}
		return nil
	case counted != nil && counted.Count > 0:
		due = append(due, *counted)
	}
	due = append(due, e)
	next := e
	next.At, next.Count, next.RequestID = now, 0, ""
	if r.open == nil {
		r.open = map[refusal]*dispatch.AuditEntry{}
	}
	r.open[key] = &next
	return due
}

// over takes what windows that are over have counted; all of them at the end.
func (r *refusalCounts) over(now time.Time, all bool) []dispatch.AuditEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var due []dispatch.AuditEntry
	for key, counted := range r.open {
		if !all && now.Sub(counted.At) < refusalWindow {
			continue
		}
		if counted.Count > 0 {
			due = append(due, *counted)
		}
		delete(r.open, key)
	}
	return due
}

// WriteRefusals writes what was counted of refusals in windows that are over.
// What cannot be written is lost and said so.
func (s *Store) WriteRefusals(ctx context.Context) error {
	return s.writeRefusals(ctx, false)
}

func (s *Store) writeRefusals(ctx context.Context, all bool) error {
	now := s.now()
	due := s.refusals.over(now, all)
	if len(due) == 0 {
		return nil
	}
	if err := s.auditAll(ctx, due, now); err != nil {
		return fmt.Errorf("%d counts of refusals are lost: %w", len(due), err)
	}
	return nil
}
