package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

const selectHours = `select weekday, from_minute as "from", to_minute as "to" from working_day order by weekday, from_minute`

// WorkingHours gives the stretches of the week that are worked.
func (s *Store) WorkingHours(ctx context.Context) ([]dispatch.Hours, error) {
	return many[dispatch.Hours](ctx, s.read(ctx), selectHours)
}

func (t *tx) Calendar(ctx context.Context) (dispatch.Calendar, error) { return calendar(ctx, t) }

func calendar(ctx context.Context, q querier) (dispatch.Calendar, error) {
	week, err := many[dispatch.Hours](ctx, q, selectHours)
	if err != nil {
		return dispatch.Calendar{}, err
	}
	days, err := many[dispatch.Holiday](ctx, q, `select day::text, name, working from holiday`)
	return dispatch.NewCalendar(week, days), err
}

// hoursOf gives a plan that goes by working hours the calendar to count by.
func hoursOf(ctx context.Context, q querier, plan *dispatch.Plan) (err error) {
	if plan.WorkingHours {
		plan.Calendar, err = calendar(ctx, q)
	}
	return err
}

func (t *tx) SaveWorkingHours(ctx context.Context, week []dispatch.Hours) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from working_day`)
	for _, h := range week {
		batch.Queue(`insert into working_day (weekday, from_minute, to_minute) values ($1, $2, $3)`, h.Weekday, h.From, h.To)
	}
	return translate(t.SendBatch(ctx, batch).Close())
}
