package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yiping/server/dispatch"
)

// positionRow is a person's newest position on its way into the database, with all
// that came with it, which their track is made of.
type positionRow struct {
	dispatch.Position
	cell  int64
	sound []dispatch.Position
}

// positionWriter writes the positions of all phones: what comes while one
// transaction is being committed goes together into the next. Thus each waits for
// a commit or two, and thousands need no more transactions than the disk has flushes.
type positionWriter struct {
	mu      sync.Mutex
	waiting []positionCall
	writing bool
}

type positionCall struct {
	row  positionRow
	done chan<- positionDone
}

type positionDone struct {
	may bool
	err error
}

const (
	positionBatch = 2000   // calls a transaction
	positionRows  = 20_000 // positions with them, after which no further call is taken
	positionTime  = 10 * time.Second
)

// keepPosition writes a position, unless a newer one is there, and says whether one
// may be kept. It is committed when it returns.
func (s *Store) keepPosition(ctx context.Context, row positionRow) (bool, error) {
	done := make(chan positionDone, 1)
	w := &s.positions
	w.mu.Lock()
	w.waiting = append(w.waiting, positionCall{row, done})
	begin := !w.writing
	w.writing = true
	w.mu.Unlock()
	if begin {
		go s.writePositions()
	}
	select {
	case d := <-done:
		return d.may, d.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// writePositions writes what waits until nothing does.
func (s *Store) writePositions() {
	w := &s.positions
	for {
		w.mu.Lock()
		n, rows := 0, 0
		for n < min(len(w.waiting), positionBatch) && rows < positionRows {
			rows += len(w.waiting[n].row.sound)
			n++
		}
		batch := w.waiting[:n:n]
		w.waiting = w.waiting[n:]
		if n == 0 {
			w.waiting, w.writing = nil, false
		}
		w.mu.Unlock()
		if n == 0 {
			return
		}
		s.writeBatch(batch)
	}
}

// writeBatch writes the newest of each person's and answers all.
func (s *Store) writeBatch(batch []positionCall) {
	ctx, cancel := context.WithTimeout(context.Background(), positionTime)
	defer cancel()
	newest := make(map[int64]int, len(batch))
	rows := make([]positionRow, 0, len(batch))
	for _, c := range batch {
		k, ok := newest[c.row.ResponderID]
		if !ok {
			newest[c.row.ResponderID] = len(rows)
			rows = append(rows, c.row)
			continue
		}
		rows[k].sound = slices.Concat(rows[k].sound, c.row.sound)
		if c.row.At.After(rows[k].At) {
			rows[k].Position, rows[k].cell = c.row.Position, c.row.cell
		}
	}
	may, err := s.keepPositions(ctx, rows, false)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "40P01" { // with who deletes several
		may, err = s.keepPositions(ctx, rows, false)
	}
	for _, c := range batch {
		c.done <- positionDone{may[c.row.ResponderID].may, translate(err)}
	}
}

// whoMay is what may be kept of whom.
type whoMay struct {
	may   bool // their position, or points of their track
	area  int64
	moved bool   // nothing newer was there
	tasks []span // of which points are of their track
}

// span is from a time to a time, both in it.
type span struct{ from, until time.Time }

// keepPositions writes at most one position a person, and the tracks of those on
// tasks, and gives those who may have them kept. A patient one waits for who is just
// being deleted.
func (s *Store) keepPositions(ctx context.Context, rows []positionRow, patient bool) (map[int64]whoMay, error) {
	slices.SortFunc(rows, func(a, b positionRow) int { return cmp.Compare(a.ResponderID, b.ResponderID) })
	n := len(rows)
	ids, cells, at := make([]int64, n), make([]int64, n), make([]time.Time, n)
	lon, lat := make([]float64, n), make([]float64, n)
	accuracy, heading, speed := make([]*float64, n), make([]*float64, n), make([]*float64, n)
	for k, r := range rows {
		ids[k], cells[k], at[k], lon[k], lat[k] = r.ResponderID, r.cell, r.At, r.Lon, r.Lat
		accuracy[k], heading[k], speed[k] = r.AccuracyMeters, r.HeadingDegrees, r.SpeedMPS
	}
	now := s.now()
	var may map[int64]whoMay
	err := s.withTracks(ctx, now, func(t pgx.Tx) ([]trackRow, error) {
		rowsOf, err := t.Query(ctx, `select id, area, moved, tracked_from, tracked_until from keep_positions($1, $2, $3, $4, $5::real[], $6::real[], $7::real[], $8, $9, $10)`,
			ids, lon, lat, cells, accuracy, heading, speed, at, now, patient)
		if err != nil {
			return nil, err
		}
		if may, err = readMay(rowsOf, n); err != nil {
			return nil, err
		}
		return tracked(rows, may), nil
	})
	if err != nil {
		return nil, err
	}
	moved := make([]dispatch.Position, 0, len(may))
	for _, r := range rows {
		if who := may[r.ResponderID]; who.moved {
			p := r.Position
			p.AreaID = who.area
			moved = append(moved, p)
		}
	}
	s.feed.hand(moved)
	return may, nil
}

// readMay gathers what keep_positions says, several rows of one person.
func readMay(rows pgx.Rows, n int) (map[int64]whoMay, error) {
	may := make(map[int64]whoMay, n)
	var id int64
	var area *int64
	var moved bool
	var from, until *time.Time
	_, err := pgx.ForEachRow(rows, []any{&id, &area, &moved, &from, &until}, func() error {
		who := may[id]
		if area != nil {
			who.may, who.area, who.moved = true, *area, who.moved || moved
		}
		if from != nil && until != nil {
			who.tasks = append(who.tasks, span{*from, *until})
		}
		may[id] = who
		return nil
	})
	return may, err
}
