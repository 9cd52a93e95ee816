package dispatch

import (
	"context"
	"time"
)

// PersonalTx is the part of a transaction that concerns people's own data.
type PersonalTx interface {
	ConsentTx
	RetentionTx
	ErasureTx
	PurposeTx
	ShareTx
	CareTx
}

// PersonalStore is the part of the store that concerns people's own data, beside
// commands.
type PersonalStore interface {
	// Transact runs fn in one transaction that is no command: nothing is
	// remembered, and asked again it is done again.
	Transact(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
	// CareCounts gives what was published last of how many need care where, the
	// zero value where nothing was.
	CareCounts(ctx context.Context) (CarePublication, error)
	// AreaCells gives the cells of resolution 9 that areas touch; nil for the
	// whole district.
	AreaCells(ctx context.Context, areaIDs []int64) ([]int64, error)
	// DestroyDue destroys one batch of what a rule keeps no longer, notes it in
	// the register, and says how many records it was.
	DestroyDue(ctx context.Context, rule RetentionRule, run time.Time, limit int) (int64, error)
	// RetentionRules gives all rules in their order.
	RetentionRules(ctx context.Context) ([]RetentionRule, error)
	// DueResponders gives people who were retired before a time and are not erased.
	DueResponders(ctx context.Context, before time.Time, limit int) ([]int64, error)
}
