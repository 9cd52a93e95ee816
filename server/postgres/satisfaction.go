package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

const selectReportAnswer = `select id, report_id, closed_at, answer, words, version, answered_at from satisfaction where report_id = $1 and closed_at = $2`

func (t *tx) TrackedReport(ctx context.Context, trackingHash []byte) (reportID, incidentID int64, err error) {
	err = t.QueryRow(ctx, `select id, incident_id from report where tracking_hash = $1`, trackingHash).Scan(&reportID, &incidentID)
	return reportID, incidentID, translate(err)
}

func (t *tx) ReportAnswer(ctx context.Context, reportID int64, closedAt time.Time) (*dispatch.ReportAnswer, error) {
	return orNone(one[dispatch.ReportAnswer](ctx, t, selectReportAnswer, reportID, closedAt))
}

func (t *tx) SaveReportAnswer(ctx context.Context, a *dispatch.ReportAnswer) error {
	err := t.QueryRow(ctx, `insert into satisfaction (report_id, closed_at, answer, words, version, answered_at) values ($1, $2, $3, $4, $5, $6)
		on conflict on constraint satisfaction_once do update set answer = $3, words = $4, version = $5, answered_at = $6 returning id`,
		a.ReportID, a.ClosedAt, a.Answer, a.Words, a.Version, a.AnsweredAt).Scan(&a.ID)
	return translate(err)
}

// ReportAnswer gives the answer to a closing, nil for none, to who has the tracking
// number: the system looks, as for the report.
func (s *Store) ReportAnswer(ctx context.Context, reportID int64, closedAt time.Time) (*dispatch.ReportAnswer, error) {
	return orNone(one[dispatch.ReportAnswer](ctx, s.system(), selectReportAnswer, reportID, closedAt))
}

// orNone gives nil for what is not there.
func orNone[T any](v T, err error) (*T, error) {
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, nil
	}
	return &v, err
}

// answersOf gives of each report of an incident i the last answer since it was
// closed (m), as the log tells. Kinds are those of the index event_satisfaction.
const answersOf = `select distinct on (x.noun_id) x.noun_id as report_id, split_part(x.kind, '.', 2) as answer, x.at as answered_at
	from event x where x.incident_id = i.id and m.closed is not null and x."offset" > m.closed_offset
		and x.kind in ('report.satisfied', 'report.mostly', 'report.dissatisfied')
	order by x.noun_id, x."offset" desc`

// Answers lists the answers that the figures of a filter count, or one kind of them
// ("" for all), the newest first, and says how many there are.
func (s *Store) Answers(ctx context.Context, f dispatch.FigureFilter, answer dispatch.Satisfaction, limit int) ([]dispatch.AnswerRow, int, error) {
	type row struct {
		dispatch.AnswerRow
		Total int
	}
	rows, err := many[row](ctx, s.system(), `select i.id as incident_id, x.report_id, i.area_id, i.type_code, x.answer, x.answered_at, count(*) over () as total`+
		markedIncidents+` cross join lateral (`+answersOf+`) x`+ofFilter+` and ($5 = '' or x.answer = $5) order by x.answered_at desc, x.report_id desc limit $6`,
		f.From, f.To, f.AreaIDs, f.TypeCodes, string(answer), limit)
	list, total := make([]dispatch.AnswerRow, 0, len(rows)), 0
	for _, r := range rows {
		list, total = append(list, r.AnswerRow), r.Total
	}
	return list, total, err
}
