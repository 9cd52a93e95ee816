package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// fanOutMost bounds how many events one step hands on, and how many it forgets
// that were handed on so many days ago.
const (
	fanOutMost = 500
	toldDays   = 30
)

// KeepTargets takes over the groups and systems that this installation tells what
// happens. A new one, or one that has changed, is told what happens from now on;
// one that asked to be told no more stays silent until it changes. It gives the
// names of those whose area nobody knows, which are not taken over.
func (s *Store) KeepTargets(ctx context.Context, targets []dispatch.Target) (unknown []string, err error) {
	err = pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		for _, g := range targets {
			var area *int64
			if g.AreaCode != "" {
				err := t.QueryRow(ctx, `select id from area where code = $1`, g.AreaCode).Scan(&area)
				if errors.Is(err, pgx.ErrNoRows) {
					unknown = append(unknown, g.Name)
					continue
				}
				if err != nil {
					return err
				}
			}
			_, err := t.Exec(ctx, `
				insert into message_target as g (name, channel, area_id, kinds, stamp, since_offset)
				values ($1, $2, $3, $4, $5, (select last_offset from feed))
				on conflict on constraint message_target_name do update set channel = excluded.channel, area_id = excluded.area_id, kinds = excluded.kinds,
					stamp = excluded.stamp, since_offset = excluded.since_offset, disabled_at = null
				where g.stamp <> excluded.stamp`, g.Name, g.Channel, area, g.Kinds, g.Stamp[:])
			if err != nil {
				return err
			}
		}
		return nil
	})
	return unknown, translate(err)
}

// FanOut writes a message for each event that one of the targets, by name, is to
// be told of, and says whether there may be more. Where another node does so,
// nothing is left to do.
func (s *Store) FanOut(ctx context.Context, names []string) (more bool, err error) {
	err = pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		var from, to int64
		err := t.QueryRow(ctx, `
			select greatest(c.read_offset, (select coalesce(min(g.since_offset), f.last_offset) from message_target g where g.name = any($1) and g.disabled_at is null)), f.last_offset
			from message_cursor c, feed f for update of c skip locked`, names).Scan(&from, &to)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil || from >= to {
			return err
		}
		if to > from+fanOutMost {
			to, more = from+fanOutMost, true
		}
		b := &pgx.Batch{}
		b.Queue(`
			with recursive below as (
				select g.id as target_id, g.area_id from message_target g where g.area_id is not null
				union all select b.target_id, a.id from below b join area a on a.parent_id = b.area_id)
			insert into message (channel, purpose, incident_id, target_id, event_offset, state, next_at, created_at)
			select g.channel, 'event', e.incident_id, g.id, e."offset", 'queued', $4, $4
			from event e
			join message_target g on g.name = any($1) and g.disabled_at is null and e."offset" > g.since_offset
				and exists (select from unnest(g.kinds) k where e.kind = k or right(k, 1) = '*' and starts_with(e.kind, rtrim(k, '*')))
				and (g.area_id is null or exists (select from below b where b.target_id = g.id and b.area_id = e.area_id))
			where e."offset" > $2 and e."offset" <= $3
			on conflict on constraint message_event_once do nothing`, names, from, to, s.now())
		b.Queue(`update message_cursor set read_offset = $1`, to)
		b.Queue(`delete from message where id in (select id from message where target_id is not null and state <> 'queued' and created_at < $1 order by created_at limit $2)`,
			s.now().AddDate(0, 0, -toldDays), fanOutMost)
		return t.SendBatch(ctx, b).Close()
	})
	return more, translate(err)
}

// DisableTarget notes that a target asks to be told no more; what waits for it is
// given up.
func (s *Store) DisableTarget(ctx context.Context, name string, at time.Time) error {
	_, err := s.system().Exec(ctx, `
		with gone as (update message_target set disabled_at = $2 where name = $1 and disabled_at is null returning id)
		update message m set state = 'given_up', next_at = null, ended_at = $2 from gone where m.target_id = gone.id and m.state = 'queued'`, name, at)
	return translate(err)
}

// MessagePostponed puts an attempt off that was none: the other side takes no
// more just now.
func (s *Store) MessagePostponed(ctx context.Context, m dispatch.Outgoing, until time.Time) error {
	_, err := s.system().Exec(ctx, `update message set attempts = attempts - 1, next_at = $3 where id = $1 and attempts = $2 and state = 'queued'`,
		m.ID, m.Attempts, until)
	return translate(err)
}
