package postgres

import (
	"context"

	"yiping/geo"
	"yiping/server/dispatch"

	"github.com/paulmach/orb"
)

const selectTimeline = `
select t.id, t.kind, coalesce(r.name, a.display_name, '') as by, t.words, t.said_at, t.received_at,
       array(select x.id from attachment x where x.timeline_id = t.id order by x.id) as photo_ids
from timeline t
left join account a on a.id = t.account_id
left join responder r on r.id = t.responder_id`

func (t *tx) InsertReport(ctx context.Context, r *dispatch.Report, accountID int64, trackingHash []byte) error {
	cell, err := geo.CellOf(orb.Point{r.Lon, r.Lat}, geo.ResolutionPeople)
	if err != nil {
		return err
	}
	sealed, digest, err := t.store.sealPhone(sealedReportPhone, r.Phone)
	if err != nil {
		return err
	}
	err = t.QueryRow(ctx, `
		insert into report (incident_id, channel, tracking_hash, type_code, area_id, point, cell, place, words, phone, phone_digest, account_id, received_at)
		values ($1, $2, $3, $4, $5, st_setsrid(st_makepoint($6, $7), 4326), $8, $9, $10, $11, $12, nullif($13::bigint, 0), $14) returning id`,
		r.IncidentID, r.Channel, trackingHash, r.TypeCode, r.AreaID, r.Lon, r.Lat, cell.Int64(), r.Place, r.Words, sealed, digest, accountID, r.ReceivedAt).Scan(&r.ID)
	return translate(err)
}

// reports gives what was reported of an incident, numbers masked.
func (s *Store) reports(ctx context.Context, incidentID int64) ([]dispatch.Report, error) {
	type reportRow struct {
		dispatch.Report
		SealedPhone []byte
	}
	rows, err := many[reportRow](ctx, s.read(ctx), `select id, incident_id, channel, type_code, area_id, st_x(point) as lon, st_y(point) as lat,
		place, words, phone as sealed_phone, received_at,
		coalesce((select jsonb_agg(jsonb_build_object('closed_at', x.closed_at, 'answer', x.answer, 'words', x.words, 'answered_at', x.answered_at) order by x.closed_at)
			from satisfaction x where x.report_id = report.id), '[]') as answers from report where incident_id = $1 order by id`, incidentID)
	list := make([]dispatch.Report, 0, len(rows))
	for _, r := range rows {
		r.Phone = s.maskedPhone(sealedReportPhone, r.SealedPhone)
		list = append(list, r.Report)
	}
	return list, err
}

func (t *tx) InsertTimeline(ctx context.Context, e *dispatch.TimelineEntry, incidentID int64, a dispatch.Actor) error {
	err := t.QueryRow(ctx, `
		insert into timeline (incident_id, kind, account_id, responder_id, words, said_at, received_at)
		values ($1, $2, nullif($3::bigint, 0), nullif($4::bigint, 0), $5, $6, $7) returning id`,
		incidentID, e.Kind, a.AccountID, a.ResponderID, e.Words, e.SaidAt, e.ReceivedAt).Scan(&e.ID)
	return translate(err)
}

func (t *tx) InsertPhoto(ctx context.Context, p *dispatch.Photo, incidentID, reportID int64, jpeg []byte) error {
	err := t.QueryRow(ctx, `
		insert into attachment (incident_id, report_id, media_type, width, height, content, created_at)
		values ($1, nullif($2::bigint, 0), 'image/jpeg', $3, $4, $5, $6) returning id`,
		incidentID, reportID, p.Width, p.Height, jpeg, p.CreatedAt).Scan(&p.ID)
	return translate(err)
}

// TimelineEntry gives one entry.
func (s *Store) TimelineEntry(ctx context.Context, id int64) (dispatch.TimelineEntry, error) {
	return one[dispatch.TimelineEntry](ctx, s.read(ctx), selectTimeline+` where t.id = $1`, id)
}

// Photo gives a picture's bytes and the incident it belongs to.
func (s *Store) Photo(ctx context.Context, id int64) (int64, []byte, error) {
	var incidentID int64
	var jpeg []byte
	err := s.read(ctx).QueryRow(ctx, `select incident_id, content from attachment where id = $1`, id).Scan(&incidentID, &jpeg)
	return incidentID, jpeg, translate(err)
}
