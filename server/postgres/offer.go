package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

const selectOffer = `
select o.id, o.incident_id, o.responder_id, r.name as responder_name, o.area_id, o.wave, o.task, o.hand_picked, o.rank, o.travel_seconds, o.first_travel_seconds, o.state, o.version, o.distance_meters,
       o.reason, o.offered_by, o.offered_at, o.expires_at, o.seen_at, o.answered_at, o.answered_by, o.answer_reason, o.later_until, o.ended_for,
       o.on_behalf
from offer o
join responder r on r.id = o.responder_id`

func (t *tx) Offer(ctx context.Context, id int64) (dispatch.Offer, error) {
	return one[dispatch.Offer](ctx, t, selectOffer+` where o.id = $1`, id)
}

func (t *tx) LockOffer(ctx context.Context, id int64) (dispatch.Offer, error) {
	return one[dispatch.Offer](ctx, t, selectOffer+` where o.id = $1 for update of o`, id)
}

func (t *tx) OpenOffers(ctx context.Context, incidentID, responderID int64) ([]dispatch.Offer, error) {
	return many[dispatch.Offer](ctx, t, selectOffer+` where ($1 = 0 or o.incident_id = $1) and ($2 = 0 or o.responder_id = $2)
		and o.state in ('offered', 'seen', 'later', 'standby') order by o.id for update of o`, incidentID, responderID)
}

func (t *tx) LastWave(ctx context.Context, incidentID int64) (int, error) {
	var wave int
	err := t.QueryRow(ctx, `select coalesce(max(wave), 0) from offer where incident_id = $1`, incidentID).Scan(&wave)
	return wave, err
}

func (t *tx) InsertOffer(ctx context.Context, o *dispatch.Offer) error {
	err := t.QueryRow(ctx, `
		insert into offer (incident_id, responder_id, wave, state, version, distance_meters, reason, offered_by, offered_at, expires_at,
			task, hand_picked, rank, travel_seconds, first_travel_seconds)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning id`,
		o.IncidentID, o.ResponderID, o.Wave, o.State, o.Version, o.DistanceMeters, o.Reason, o.OfferedBy, o.OfferedAt, o.ExpiresAt,
		o.Task, o.HandPicked, o.Rank, o.TravelSeconds, o.FirstTravelSeconds).Scan(&o.ID)
	return translate(err)
}

func (t *tx) SaveOffer(ctx context.Context, o dispatch.Offer) error {
	_, err := t.Exec(ctx, `
		update offer set state = $2, version = $3, expires_at = $4, seen_at = $5, answered_at = $6, answered_by = $7,
			answer_reason = $8, later_until = $9, on_behalf = $10, ended_for = $11
		where id = $1`,
		o.ID, o.State, o.Version, o.ExpiresAt, o.SeenAt, o.AnsweredAt, o.AnsweredBy, o.AnswerReason, o.LaterUntil, o.OnBehalf, o.EndedFor)
	if err != nil {
		return translate(err)
	}
	return t.followOffer(ctx, o)
}

// Offer gives one offer.
func (s *Store) Offer(ctx context.Context, id int64) (dispatch.Offer, error) {
	return one[dispatch.Offer](ctx, s.read(ctx), selectOffer+` where o.id = $1`, id)
}

// OffersOfLastWave gives the offers of an incident's newest wave.
func (s *Store) OffersOfLastWave(ctx context.Context, incidentID int64) ([]dispatch.Offer, error) {
	return many[dispatch.Offer](ctx, s.read(ctx), selectOffer+` where o.incident_id = $1
		and o.wave = (select max(wave) from offer where incident_id = $1) order by o.id`, incidentID)
}

// DueOffers gives open offers whose time is up, and when the next one's will be.
func (s *Store) DueOffers(ctx context.Context, at time.Time) ([]int64, time.Time, error) {
	return s.due(ctx, `select id from offer where state in ('offered', 'seen', 'later') and expires_at <= $1 order by expires_at limit 500`,
		`select min(expires_at) from offer where state in ('offered', 'seen', 'later') and expires_at > $1`, at)
}
