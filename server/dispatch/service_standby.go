package dispatch

import (
	"context"
	"slices"
	"time"
)

// refill follows when an incident has a free place: whoever stands by is called,
// the longest-waiting first; else the waves that were begun go on at once. It
// gives the incident as it is then.
func (s *Service) refill(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, now time.Time) (Incident, error) {
	if i.State != IncidentDispatching && i.State != IncidentHandling {
		return i, nil
	}
	assignments, err := tx.Assignments(ctx, i.ID)
	if err != nil {
		return i, err
	}
	open, err := tx.OpenOffers(ctx, i.ID, 0)
	if err != nil {
		return i, err
	}
	asked := func(o Offer) bool { return o.Task == TaskDirect && (o.State == OfferOffered || o.State == OfferSeen) }
	missing := i.Quota - countTaken(i, assignments, TaskDirect)
	for _, o := range standing(open) {
		if missing <= count(open, asked) {
			return i, nil
		}
		next, kind, err := o.Step("recall", now)
		if err != nil {
			return i, err
		}
		next.ExpiresAt = now.Add(time.Duration(plan.OfferSeconds) * time.Second)
		if err := saveOffer(ctx, tx, o, next, kind, a, now); err != nil {
			return i, err
		}
		open[slices.IndexFunc(open, func(x Offer) bool { return x.ID == o.ID })] = next
	}
	if missing <= count(open, asked) || len(i.WaveAreas) == 0 {
		return i, nil
	}
	if i.WaveAt != nil { // too few are left to wait for: the next wave need not wait either
		i.WaveAt = &now
		return i, tx.SaveIncident(ctx, i)
	}
	i.WaveAt, i.WaveRound = &now, min(i.WaveRound, max(0, len(plan.Waves)-1))
	i.Version++
	if err := tx.SaveIncident(ctx, i); err != nil {
		return i, err
	}
	return i, tx.Emit(ctx, incidentEvent(i, "incident.waves_resumed", i.State, a, now, nil))
}

// standing gives those who stand by for the incident itself, the longest first.
func standing(open []Offer) []Offer {
	list := slices.DeleteFunc(slices.Clone(open), func(o Offer) bool { return o.State != OfferStandby || o.Task != TaskDirect })
	slices.SortStableFunc(list, func(x, y Offer) int {
		if x.AnsweredAt == nil || y.AnsweredAt == nil {
			return 0
		}
		return x.AnsweredAt.Compare(*y.AnsweredAt)
	})
	return list
}

func count[T any](list []T, fits func(T) bool) int {
	n := 0
	for _, v := range list {
		if fits(v) {
			n++
		}
	}
	return n
}
