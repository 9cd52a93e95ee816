package simulate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// asked is a model of an incident for which people were asked: offer 10+k goes
// to responder k.
func asked(quota, people int) *model {
	m := newModel(dispatch.Incident{ID: 7, State: dispatch.IncidentVerified, Version: 2, Quota: quota})
	var offers []dispatch.Offer
	for k := range people {
		offers = append(offers, dispatch.Offer{ID: int64(10 + k), ResponderID: int64(k), ExpiresAt: time.Now().Add(time.Minute)})
	}
	m.sent(offers)
	return m
}

func (m *model) take(offer, assignment int64) dispatch.OfferState {
	return m.answered(dispatch.Offer{ID: offer}, "accept", &dispatch.Assignment{ID: assignment})
}

func TestTheModelFollowsTheWork(t *testing.T) {
	m := asked(1, 3)
	if m.state != dispatch.IncidentDispatching || m.waiting() != 3 {
		t.Fatalf("asked: %s, %d waiting", m.state, m.waiting())
	}
	m.answered(dispatch.Offer{ID: 10}, "decline", nil)
	if got := m.take(11, 20); got != dispatch.OfferAccepted || m.state != dispatch.IncidentHandling || m.waiting() != 0 || m.asks[12].state != dispatch.OfferWithdrawn {
		t.Fatalf("taken: %s, %s, %d waiting", got, m.state, m.waiting())
	}
	m.advanced(20, dispatch.AssignmentReleased)
	if m.state != dispatch.IncidentDispatching {
		t.Fatalf("all have left: %s", m.state)
	}
	m.sent([]dispatch.Offer{{ID: 13, ResponderID: 3}})
	m.take(13, 21)
	m.advanced(21, dispatch.AssignmentOnScene)
	m.advanced(21, dispatch.AssignmentDone)
	if m.state != dispatch.IncidentResolved {
		t.Fatalf("done: %s", m.state)
	}
	m.checked(false)
	if m.state != dispatch.IncidentDispatching || m.taken() != 0 {
		t.Fatalf("refused: %s, %d taken", m.state, m.taken())
	}
	m.sent([]dispatch.Offer{{ID: 14, ResponderID: 4}, {ID: 15, ResponderID: 5}})
	m.take(14, 22)
	m.cancelled()
	if active, _ := m.active(); active != 0 || m.waiting() != 0 || m.work[22].state != dispatch.AssignmentReleased {
		t.Fatalf("cancelled: %d active, %d waiting", active, m.waiting())
	}
}

func TestOneMoreThanWantedStandsBy(t *testing.T) {
	m := asked(1, 1)
	m.take(10, 20)
	m.sent([]dispatch.Offer{{ID: 11, ResponderID: 1}}) // sent as the first accepted
	if got := m.take(11, 0); got != dispatch.OfferStandby {
		t.Fatalf("got %s", got)
	}
}

// word is the server's word on asked(2, 2) after offer 10 was accepted.
func word() dispatch.IncidentDetail {
	return dispatch.IncidentDetail{
		Incident: dispatch.Incident{ID: 7, State: dispatch.IncidentHandling, Offered: 1, Active: 1},
		Reports:  []dispatch.Report{{ID: 1}},
		Offers: []dispatch.Offer{{ID: 10, ResponderID: 0, State: dispatch.OfferAccepted},
			{ID: 11, ResponderID: 1, State: dispatch.OfferOffered, ExpiresAt: time.Now().Add(time.Minute)}},
		Assignments: []dispatch.Assignment{{ID: 20, ResponderID: 0, State: dispatch.AssignmentAccepted}},
	}
}

func TestEveryDifferenceIsTold(t *testing.T) {
	tests := []struct {
		name   string
		change func(*dispatch.IncidentDetail)
		want   string // "" for none
	}{
		{"as it should be", func(*dispatch.IncidentDetail) {}, ""},
		{"the state", func(d *dispatch.IncidentDetail) { d.Incident.State = dispatch.IncidentResolved }, "its state is handling, the server says resolved"},
		{"a lost report", func(d *dispatch.IncidentDetail) { d.Reports = nil }, "the number of its reports is 1, the server says 0"},
		{"a lost offer", func(d *dispatch.IncidentDetail) { d.Offers = d.Offers[:1] }, "the number of its offers is 2, the server says 1"},
		{"an offer of its own", func(d *dispatch.IncidentDetail) { d.Offers[1].ID = 99 }, "offer 99 to 1 was never made"},
		{"another answer", func(d *dispatch.IncidentDetail) { d.Offers[1].State = dispatch.OfferDeclined }, "offer 11 to 1 is offered, the server says declined"},
		{"another person", func(d *dispatch.IncidentDetail) { d.Assignments[0].ResponderID = 5 }, "the one on assignment 20 is 0, the server says 5"},
		{"another step", func(d *dispatch.IncidentDetail) { d.Assignments[0].State = dispatch.AssignmentDone }, "assignment 20 of 0 is accepted, the server says done"},
		{"a wrong count", func(d *dispatch.IncidentDetail) { d.Incident.Active = 2 }, "the number working on it is 1, the server says 2"},
		{"expired before its time", func(d *dispatch.IncidentDetail) { d.Offers[1].State = dispatch.OfferExpired }, "offer 11 to 1 is offered, the server says expired"},
		{"expired at its time", func(d *dispatch.IncidentDetail) {
			d.Offers[1].State, d.Offers[1].ExpiresAt, d.Incident.Offered = dispatch.OfferExpired, time.Now().Add(-time.Minute), 0
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, d := asked(2, 2), word()
			m.take(10, 20)
			tt.change(&d)
			m.expire(d, time.Now())
			found := m.differences(d)
			if tt.want == "" && len(found) > 0 || tt.want != "" && !slices.ContainsFunc(found, func(one string) bool { return strings.Contains(one, tt.want) }) {
				t.Errorf("found %q, want %q", found, tt.want)
			}
		})
	}
}
