package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// Tell writes a row for the app and for each channel that the incident's plan, or
// else the rule of its priority, names and this installation has, and notes the
// batch for the durable job.
func (t *tx) Tell(ctx context.Context, n dispatch.Notice) error {
	t.told = append(t.told, n.IncidentID)
	if n.Purpose == dispatch.PurposeAnswered {
		return t.tellAnswer(ctx, n)
	}
	_, err := t.Exec(ctx, `
		insert into message (channel, purpose, incident_id, offer_id, responder_id, state, unless, next_at, created_at, sent_at)
		select 'in_app', $1::text, $2::bigint, $3::bigint, $4::bigint, 'sent', 'answered', null::timestamptz, $5::timestamptz, $5::timestamptz
		union all
		select s.channel, $1, $2, $3, $4, 'queued', s.unless, $5 + make_interval(secs => s.after_seconds), $5, null
		from incident i
		join plan p on p.id = i.plan_id
		join channel_rule c on c.priority = i.priority
		cross join lateral jsonb_to_recordset(coalesce(p.reach, c.steps)) as s(channel text, after_seconds float8, unless text)
		where i.id = $2 and s.channel = any($6)`,
		n.Purpose, n.IncidentID, n.OfferID, n.ResponderID, n.At, t.store.channels)
	return translate(err)
}

// tellAnswer notes that an answer came by message, which has arrived then whatever
// the gateway said, and sends back what became of it, as a text: a call has ended
// by then.
func (t *tx) tellAnswer(ctx context.Context, n dispatch.Notice) error {
	_, err := t.Exec(ctx, `
		with answered as (
			update message set state = 'read', read_at = coalesce(read_at, $4), reply = $6, next_at = null, failure = '', ended_at = null
			where offer_id = $2 and channel = $5 and purpose = 'offer')
		insert into message (channel, purpose, incident_id, offer_id, responder_id, state, next_at, created_at)
		select 'sms', 'answered', $1, $2, $3, 'queued', $4, $4 where $7`,
		n.IncidentID, n.OfferID, n.ResponderID, n.At, n.Channel, n.Step, n.Back)
	return translate(err)
}

// followOffer keeps the messages of an offer in step with it: what was seen was
// read in the app, and what was answered needs no asking any more. Where it is
// withdrawn, whom a text or a call has asked is told so by text.
func (t *tx) followOffer(ctx context.Context, o dispatch.Offer) error {
	_, err := t.Exec(ctx, `
		update message set next_at = null,
			state = case when channel = 'in_app' then 'read' else 'given_up' end,
			read_at = case when channel = 'in_app' then $2::timestamptz end,
			ended_at = case when channel <> 'in_app' then now() end
		where offer_id = $1 and purpose = 'offer'
			and (channel = 'in_app' and state in ('sent', 'delivered') and $2::timestamptz is not null
				or state = 'queued' and (unless = 'answered' and $3 or unless = 'seen' and $4))`,
		o.ID, o.SeenAt, o.State != dispatch.OfferOffered && o.State != dispatch.OfferSeen, o.State != dispatch.OfferOffered)
	if err != nil || o.State != dispatch.OfferWithdrawn {
		return translate(err)
	}
	told, err := t.Exec(ctx, `
		insert into message (channel, purpose, incident_id, offer_id, responder_id, state, next_at, created_at)
		select 'sms', $2, $3, $1, $4, 'queued', $5, $5
		where exists (select 1 from message where offer_id = $1 and purpose = 'offer' and channel in ('sms', 'voice') and attempts > 0 and state <> 'failed')`,
		o.ID, dispatch.PurposeOver, o.IncidentID, o.ResponderID, t.store.now())
	if told.RowsAffected() > 0 {
		t.told = append(t.told, o.IncidentID)
	}
	return translate(err)
}

// claimedRow is a claimed message as read.
type claimedRow struct {
	dispatch.Outgoing
	Wanted      bool
	SealedPhone []byte
	EventOffset *int64
}

// ClaimMessages takes due messages of a channel for one attempt each (of one
// incident; 0 for all), which nobody else makes before the lease has passed. What
// is no longer wanted is given up.
func (s *Store) ClaimMessages(ctx context.Context, channel dispatch.Way, incidentID int64, at time.Time, lease time.Duration, limit int) ([]dispatch.Outgoing, error) {
	rows, err := many[claimedRow](ctx, s.system(), `
		with due as (
			select m.id, m.purpose <> 'offer'
				or o.expires_at > $3 and (o.state = 'offered' or o.state = 'seen' and m.unless <> 'seen') as wanted
			from message m left join offer o on o.id = m.offer_id
			where m.state = 'queued' and m.channel = $1 and m.next_at <= $3 and ($2 = 0 or m.incident_id = $2)
			order by m.next_at limit $5 for update of m skip locked),
		taken as (
			update message m set state = case when d.wanted then 'queued' else 'given_up' end, attempts = m.attempts + d.wanted::int,
				next_at = case when d.wanted then $3::timestamptz + $4::interval end, ended_at = case when not d.wanted then $3::timestamptz end
			from due d where d.id = m.id
			returning m.id, m.key, m.channel, m.purpose, m.attempts, m.incident_id, m.offer_id, m.responder_id, m.target_id, m.event_offset, d.wanted)
		select m.id, m.key::text, m.channel, m.purpose, m.attempts, m.wanted, m.event_offset, r.phone as sealed_phone,
			coalesce(y.name_zh, '') as type_name, coalesce(a.name, '') as area_name, coalesce(i.priority, '') as priority, coalesce(i.place, '') as place,
			o.distance_meters as distance, coalesce(o.expires_at, $3) as expires_at, coalesce(o.state, '') as offer_state, coalesce(o.task, '') as task, coalesce(g.name, '') as target
		from taken m
		left join incident i on i.id = m.incident_id left join incident_type y on y.code = i.type_code left join area a on a.id = i.area_id
		left join offer o on o.id = m.offer_id left join responder r on r.id = m.responder_id left join message_target g on g.id = m.target_id
		order by m.id`, channel, incidentID, at, lease, limit)
	if err != nil {
		return nil, err
	}
	list := make([]dispatch.Outgoing, 0, len(rows))
	for _, r := range rows {
		if !r.Wanted {
			continue
		}
		if err := s.fill(ctx, &r); err != nil {
			return nil, err
		}
		list = append(list, r.Outgoing)
	}
	return list, nil
}

// fill adds what a claimed message needs and does not hold itself.
func (s *Store) fill(ctx context.Context, r *claimedRow) error {
	if r.EventOffset != nil {
		e, err := one[dispatch.Event](ctx, s.system(), selectEvent+` where "offset" = $1`, *r.EventOffset)
		if err == nil {
			r.Event = &e
		}
		if dispatch.CodeOf(err) == dispatch.CodeNotFound { // nothing to send, which the channel says
			err = nil
		}
		return err
	}
	phone, err := s.openPhone(sealedResponderPhone, r.SealedPhone)
	if err != nil { // one number that cannot be opened stops nobody else
		s.sealLog.Error().Err(err).Msg("a sealed value cannot be opened")
	}
	r.Phone = phone
	return nil
}

// NextMessage gives when the next message of a channel is due, zero for none.
func (s *Store) NextMessage(ctx context.Context, channel dispatch.Way, incidentID int64) (time.Time, error) {
	var next *time.Time
	err := s.system().QueryRow(ctx, `select min(next_at) from message where state = 'queued' and channel = $1 and ($2 = 0 or incident_id = $2)`,
		channel, incidentID).Scan(&next)
	if err != nil || next == nil {
		return time.Time{}, translate(err)
	}
	return *next, nil
}

// MessageSent notes that an attempt succeeded, even where it was no longer wanted
// by then. A receipt that was faster stays.
func (s *Store) MessageSent(ctx context.Context, m dispatch.Outgoing, providerID string, at time.Time) error {
	_, err := s.system().Exec(ctx, `
		update message set state = case when state in ('queued', 'given_up') then 'sent' else state end, next_at = null,
			sent_at = coalesce(sent_at, $2), provider_id = nullif($3, ''), failure = case when state in ('queued', 'given_up') then '' else failure end, ended_at = null
		where id = $1 and state <> 'failed'`, m.ID, at, providerID)
	return translate(err)
}

// RecordCall notes in the register that a number and what it is called for go to
// a gateway. Where it fails, nothing may leave.
func (s *Store) RecordCall(ctx context.Context, m dispatch.Outgoing, recipient string) error {
	return s.RecordShare(ctx, dispatch.Share{Recipient: recipient, Channel: dispatch.ShareNotification, What: "message", Records: 1,
		Basis: string(m.Channel) + " " + string(m.Purpose), NounID: &m.ID})
}

// MessageFailed notes that an attempt failed: with a time the message is tried
// again, without one that was the last, and the channel after it comes at once.
func (s *Store) MessageFailed(ctx context.Context, m dispatch.Outgoing, failure string, again, at time.Time) error {
	var next *time.Time
	if !again.IsZero() {
		next = &again
	}
	return s.failMessage(ctx, `id = $1 and attempts = $5 and state = 'queued'`, m.ID, failure, next, at, m.Attempts)
}

func (s *Store) failMessage(ctx context.Context, which string, id any, failure string, next *time.Time, at time.Time, attempts int) error {
	_, err := s.system().Exec(ctx, `
		with failed as (
			update message set failure = $2, next_at = $3, state = case when $3::timestamptz is null then 'failed' else 'queued' end,
				ended_at = case when $3::timestamptz is null then $4::timestamptz end
			where `+which+`
			returning offer_id, channel, purpose, state)
		update message m set next_at = least(m.next_at, $4::timestamptz) from failed f
		where f.state = 'failed' and f.channel = 'sms' and f.purpose = 'offer' and m.offer_id = f.offer_id and m.channel = 'voice' and m.purpose = 'offer'
			and m.state = 'queued' and m.attempts = 0`, id, failure, next, at, attempts)
	return translate(err)
}

// MessageReceipt notes what a gateway says became of a message. One that comes
// late or twice changes nothing.
func (s *Store) MessageReceipt(ctx context.Context, r dispatch.Receipt) error {
	type row struct {
		ID    int64
		State dispatch.MessageState
	}
	list, err := many[row](ctx, s.system(), `select id, state from message where key::text = $1 or $1 = '' and provider_id = $2 and channel in ('sms', 'voice')`, r.Key, r.ProviderID)
	if err != nil || len(list) != 1 || !list[0].State.After(r.State) {
		return err // unknown: of another installation, or destroyed meanwhile
	}
	if r.State == dispatch.MessageFailed {
		return s.failMessage(ctx, `id = $1 and state in ('queued', 'sent') and $5 = 0`, list[0].ID, dispatch.FailureRejected, nil, r.At, 0)
	}
	_, err = s.system().Exec(ctx, `update message set state = $2, next_at = null, failure = '', sent_at = coalesce(sent_at, $3),
			delivered_at = coalesce(delivered_at, $3), read_at = case when $2 = 'read' then coalesce(read_at, $3) else read_at end
		where id = $1 and state = $4`, list[0].ID, r.State, r.At, list[0].State)
	return translate(err)
}

// MessageAsked gives the message that a reply answers: the one it names, else the
// last to the number before the reply about an offer, one that still waits for its
// answer before those that do not. It may have come while nothing is known yet of
// its sending. A number may be several people's, of whom one was asked last.
func (s *Store) MessageAsked(ctx context.Context, r dispatch.MessageReply) (dispatch.Notice, error) {
	const asked = `select m.incident_id, m.offer_id, m.responder_id, m.channel, m.purpose from message m join offer o on o.id = m.offer_id`
	if r.Key != "" {
		return one[dispatch.Notice](ctx, s.system(), asked+` where m.key::text = $1 and m.purpose = 'offer'`, r.Key)
	}
	digests := s.phoneDigests(sealedResponderPhone, r.Phone)
	return one[dispatch.Notice](ctx, s.system(), asked+` where m.responder_id in (select p.id from responder p where p.phone_digest = any($1))
		and m.channel = $2 and m.purpose = 'offer' and m.attempts > 0 and coalesce(m.sent_at, $3) <= $3
		order by o.state in ('offered', 'seen', 'later') desc, coalesce(m.sent_at, m.created_at) desc, m.id desc limit 1`, digests, r.By, r.At)
}

// Messages gives what was sent to people about an incident.
func (s *Store) Messages(ctx context.Context, incidentID int64) ([]dispatch.Message, error) {
	return many[dispatch.Message](ctx, s.read(ctx), `select id, offer_id, channel, purpose, state, attempts, next_at, failure, reply, sent_at, delivered_at, read_at
		from message where incident_id = $1 and offer_id is not null order by offer_id, id`, incidentID)
}

// Channels gives the channels beside the app that this installation has.
func (s *Store) Channels() []dispatch.Way { return s.channels }
