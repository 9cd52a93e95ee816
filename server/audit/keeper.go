package audit

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// Trail is the trail of a running server.
type Trail interface {
	// AuditHead gives where the trail ends.
	AuditHead(ctx context.Context) (Head, error)
	// AuditHash gives the hash of a row, nil where it is not there.
	AuditHash(ctx context.Context, seq int64) ([]byte, error)
	// Sequencing says whether this node is the one that seals.
	Sequencing() bool
	// AuditExpired gives the oldest partition if all of it was sealed before a
	// time, as the checkpoint that is to be left of it; none else.
	AuditExpired(ctx context.Context, before time.Time) (Checkpoint, bool, error)
	// DropAudit removes the partition and keeps its checkpoint.
	DropAudit(ctx context.Context, c Checkpoint) error
}

// Keeper writes the checkpoints of a running server, and removes what is old.
type Keeper struct {
	trail    Trail
	file     File
	key      Key
	days     int
	now      func() time.Time
	log      zerolog.Logger
	attested atomic.Int64 // when the last row was known to have a checkpoint, unix milliseconds
	broken   atomic.Bool
}

// idle is after how long an unchanged trail gets a checkpoint again.
const idle = time.Hour

// NewKeeper makes it; entries are kept for days, LeastDays at least.
func NewKeeper(trail Trail, file File, key Key, days int, now func() time.Time, log zerolog.Logger) *Keeper {
	k := &Keeper{trail: trail, file: file, key: key, days: max(days, LeastDays), now: now, log: log}
	k.attested.Store(now().UnixMilli())
	return k
}

// Checkpoint writes a checkpoint where the trail has grown, on the node that
// seals. That the trail no longer has what the last checkpoint says is logged
// and kept in mind: what to do about it is for people to decide.
func (k *Keeper) Checkpoint(ctx context.Context) error {
	if !k.trail.Sequencing() {
		return nil
	}
	last, known, err := k.file.Last()
	if err != nil {
		return err
	}
	head, err := k.trail.AuditHead(ctx)
	if err != nil {
		return err
	}
	if known {
		if err := k.compare(ctx, last, head); err != nil {
			return err
		}
	}
	now := k.now()
	unchanged := known && head.Seq == last.Seq && head.Epoch == last.Epoch && now.Sub(last.At) < idle
	if head.Seq > 0 && !unchanged {
		if _, err := k.file.Append(k.key, Checkpoint{Kind: KindCheckpoint, Seq: head.Seq, Hash: head.Hash, SealedAt: head.SealedAt, At: now, Epoch: head.Epoch}); err != nil {
			return err
		}
		k.log.Debug().Int64("row", head.Seq).Hex("hash", head.Hash).Msg("audit trail: checkpoint")
	}
	k.attested.Store(now.UnixMilli())
	return nil
}

func (k *Keeper) compare(ctx context.Context, last Checkpoint, head Head) error {
	hash, err := k.trail.AuditHash(ctx, last.Seq)
	if err != nil || same(hash, last.Hash) {
		return err
	}
	if !k.broken.Swap(true) {
		k.log.Error().Int64("row", last.Seq).Int64("last", head.Seq).Bool("other_epoch", last.Epoch != head.Epoch).
			Msg("the audit trail does not hold the row of its last checkpoint: run yiping audit verify")
	}
	return nil
}

// Tidy removes partitions all of whose entries are older than they have to be
// kept. What is left of each is signed, in the file before the database.
func (k *Keeper) Tidy(ctx context.Context) error {
	if !k.trail.Sequencing() {
		return nil
	}
	for {
		now := k.now()
		c, found, err := k.trail.AuditExpired(ctx, now.AddDate(0, 0, -k.days))
		if err != nil || !found {
			return err
		}
		c.Kind, c.At = KindDropped, now
		if _, err := k.file.Append(k.key, c); err != nil {
			return err
		}
		if err := k.trail.DropAudit(ctx, k.key.Sign(c)); err != nil {
			return err
		}
		k.log.Info().Int64("first", c.First).Int64("last", c.Seq).Msg("audit trail: entries were removed after their time")
	}
}

// Age gives for how long the newest entries have been without a checkpoint, in
// seconds; on a node that does not seal, not a number.
func (k *Keeper) Age() float64 {
	if !k.trail.Sequencing() {
		return math.NaN()
	}
	return k.now().Sub(time.UnixMilli(k.attested.Load())).Seconds()
}

// Broken says whether the trail was found not to hold what a checkpoint says.
func (k *Keeper) Broken() bool { return k.broken.Load() }
