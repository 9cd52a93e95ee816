package postgres

import "context"

// Say says something to all nodes, this one too, which each take it as a note. It is
// kept nowhere and may be lost: who listens must be told again. At most 8,000 bytes,
// the bound of NOTIFY. It waits for nothing.
func (f *Feed) Say(note string) {
	select {
	case f.notes <- note:
	default:
	}
}

// runNotes says the notes one by one, each in a transaction of its own: NOTIFY takes a
// lock on the whole instance until its transaction ends.
func (f *Feed) runNotes(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case note := <-f.notes:
			if _, err := f.store.system().Exec(ctx, `select pg_notify($1, $2)`, channelNote, note); err != nil {
				return err
			}
		}
	}
}
