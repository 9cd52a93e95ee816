package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/geo"
	"yiping/server/dispatch"
)

func (t *tx) AreasOf(ctx context.Context, cells []geo.Cell) ([]int64, error) {
	numbers := make([]int64, len(cells))
	for k, c := range cells {
		numbers[k] = c.Int64()
	}
	rows, err := t.Query(ctx, `select id from area where cells && $1::bigint[] and level in ('street', 'community') and retired_at is null order by id`, numbers)
	if err != nil {
		return nil, translate(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return ids, translate(err)
}

func (t *tx) AddParties(ctx context.Context, incidentID int64, why dispatch.PartyReason, areaIDs []int64, at time.Time) error {
	_, err := t.Exec(ctx, `insert into incident_party (incident_id, area_id, why, since)
		select $1, area_id, $2, $4 from unnest($3::bigint[]) as area_id
		on conflict (incident_id, area_id, why) where until is null do nothing`, incidentID, why, areaIDs, at)
	return translate(err)
}

func (t *tx) EndParties(ctx context.Context, incidentID int64, at time.Time) error {
	_, err := t.Exec(ctx, `update incident_party set until = greatest($2, since) where incident_id = $1 and until is null`, incidentID, at)
	return translate(err)
}
