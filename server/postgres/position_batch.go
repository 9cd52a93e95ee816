package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"yiping/server/dispatch"
)

// positionRow is a position on its way into the database.
type positionRow struct {
	dispatch.Position
	cell int64
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
	kept bool
	err  error
}

const (
	positionBatch = 2000 // rows a transaction
	positionTime  = 10 * time.Second
)

// keep writes a position and says whether it may be kept. It is committed when
// it returns.
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
		return d.kept, d.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// writePositions writes what waits until nothing does.
func (s *Store) writePositions() {
	w := &s.positions
	for {
		w.mu.Lock()
		n := min(len(w.waiting), positionBatch)
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
	for k, c := range batch {
		if had, ok := newest[c.row.ResponderID]; !ok || c.row.At.After(batch[had].row.At) {
			newest[c.row.ResponderID] = k
		}
	}
	rows := make([]positionRow, 0, len(newest))
	for _, k := range newest {
		rows = append(rows, batch[k].row)
	}
	kept, err := s.keepPositions(ctx, rows, false)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "40P01" { // with who deletes several
		kept, err = s.keepPositions(ctx, rows, false)
	}
	for _, c := range batch {
		_, ok := kept[c.row.ResponderID]
		c.done <- positionDone{ok, translate(err)}
	}
}

// keepPositions writes at most one position a person and gives the areas of those
// whose it was. A patient one waits for who is just being deleted.
func (s *Store) keepPositions(ctx context.Context, rows []positionRow, patient bool) (map[int64]int64, error) {
	n := len(rows)
	ids, cells, at := make([]int64, n), make([]int64, n), make([]time.Time, n)
	lon, lat := make([]float64, n), make([]float64, n)
	accuracy, heading, speed := make([]*float64, n), make([]*float64, n), make([]*float64, n)
	places := make(map[int64]dispatch.Position, n)
	for k, r := range rows {
		ids[k], cells[k], at[k], lon[k], lat[k] = r.ResponderID, r.cell, r.At, r.Lon, r.Lat
		accuracy[k], heading[k], speed[k] = r.AccuracyMeters, r.HeadingDegrees, r.SpeedMPS
		places[r.ResponderID] = r.Position
	}
	type row struct{ ID, Area int64 }
	list, err := many[row](ctx, s.system(), `select id, area from keep_positions($1, $2, $3, $4, $5::real[], $6::real[], $7::real[], $8, $9, $10)`, ids, lon, lat, cells, accuracy, heading, speed, at, s.now(), patient)
	if err != nil {
		return nil, err
	}
	kept := make(map[int64]int64, len(list))
	moved := make([]dispatch.Position, 0, len(list))
	for _, r := range list {
		kept[r.ID] = r.Area
		p := places[r.ID]
		p.AreaID = r.Area
		moved = append(moved, p)
	}
	s.feed.hand(moved)
	return kept, nil
}
