package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"yiping/server/dispatch"
)

// phone is one responder with the page in the hand: woken by the live socket or
// by the clock, it looks what is asked and does the next thing.
type phone struct {
	*world
	*luck
	client  *client
	me      dispatch.Responder
	feed    *picture
	poke    chan struct{}
	mood    map[int64]mood // by offer, until it is over
	resting string         // what for
	until   time.Time

	place sync.Mutex
	at    orb.Point
}

// mood is how somebody will answer an offer.
type mood int

const (
	undecided mood = iota
	willing
	unwilling
	hesitant
	deaf // lets the offer pass
)

// How long people take, at the real pace.
const (
	strollEvery  = 30 * time.Second // not faster than life: phones send as often as they do
	sendEvery    = 5 * time.Second
	sendAtLeast  = time.Second // between two positions of a fast one
	strollMeters = 60
)

// speeds is how many metres a second people make.
var speeds = map[string]float64{"foot": 1.4, "bicycle": 4, "ebike": 6, "car": 9}

// newPhone signs the k-th phone in and goes on duty with it.
func (w *world) newPhone(ctx context.Context, k int, known map[string]dispatch.Account, n newAccount) (*phone, error) {
	account, err := w.account(ctx, known, n)
	if err != nil {
		return nil, err
	}
	p := &phone{world: w, luck: newLuck(w.Seed, uint64(k)+1), client: w.newClient(10 + k), poke: make(chan struct{}, 1), mood: map[int64]mood{}}
	p.client.account = account
	p.feed = newPicture(p.client, p.heard, func(d string) { w.ledger.differf("phone of %d: %s", p.me.ID, d) })
	if err := p.client.signIn(ctx); err != nil {
		return nil, err
	}
	mine, err := p.mine(ctx)
	for purpose, c := range map[string]dispatch.ConsentBrief{dispatch.PurposePosition: mine.PositionConsent, dispatch.PurposeTrack: mine.TrackConsent} {
		if err == nil && c.Asks {
			err = p.client.post(ctx, "give consent", "/api/v1/me/consents", body{"purpose": purpose, "version": c.Version}, nil)
		}
	}
	if err == nil && mine.Duty == nil {
		if err = p.goOnDuty(ctx); err == nil {
			mine, err = p.mine(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	if mine.Responder.Lon == nil || mine.Responder.Lat == nil {
		return nil, fmt.Errorf("responder %d is on duty, the server does not say where", mine.Responder.ID)
	}
	p.me, p.at = mine.Responder, placeOf(mine.Responder)
	return p, nil
}

// heard wakes the phone where it is told of its own, by others.
func (p *phone) heard(f frame) {
	if f.Event.AccountID != nil && *f.Event.AccountID == p.client.accountID.Load() {
		return
	}
	own := f.Offer != nil && f.Offer.ResponderID == p.me.ID || f.Assignment != nil && f.Assignment.ResponderID == p.me.ID
	if own || f.Type == "snapshot" || f.Type == "resumed" {
		select {
		case p.poke <- struct{}{}:
		default:
		}
	}
}

func (p *phone) where() orb.Point {
	p.place.Lock()
	defer p.place.Unlock()
	return p.at
}

// mine asks what the page shows.
func (p *phone) mine(ctx context.Context) (mine dispatch.Mine, err error) {
	err = p.client.get(ctx, "mine", "/api/v1/mine", &mine)
	return mine, err
}

// goOnDuty switches the duty on, up to where a rostered one begins.
func (p *phone) goOnDuty(ctx context.Context) (err error) {
	for _, d := range []time.Duration{24 * time.Hour, 4 * time.Hour, time.Hour, 10 * time.Minute, time.Minute} {
		ends := time.Now().Add(d - 10*time.Second).UTC()
		if err = p.client.post(ctx, "start duty", "/api/v1/duty/start", body{"ends_at": ends}, nil); codeOf(err) != dispatch.CodeDutyOverlap {
			break
		}
	}
	return err
}

// live acts until ctx ends. A phone whose password somebody else changed is
// theirs: it stays silent.
func (p *phone) live(ctx context.Context) {
	var socket sync.WaitGroup
	socket.Go(func() { p.feed.follow(ctx) })
	defer socket.Wait()
	for idle := true; ; {
		if idle && !p.await(ctx) {
			return
		}
		mine, err := p.mine(ctx)
		if err == nil {
			idle, err = p.next(ctx, mine)
		}
		switch code := codeOf(err); {
		case ctx.Err() != nil || code == dispatch.CodeBadCredentials || code == dispatch.CodeLocked:
			return
		case err != nil:
			p.failed(ctx, fmt.Sprintf("phone of %d", p.me.ID), err)
			idle = true
		}
	}
}

// await waits to be woken, strolling meanwhile.
func (p *phone) await(ctx context.Context) bool {
	for {
		stroll := time.NewTimer(p.between(strollEvery/2, strollEvery*3/2))
		select {
		case <-ctx.Done():
			stroll.Stop()
			return false
		case <-p.poke:
			stroll.Stop()
			return true
		case <-stroll.C:
			if err := p.send(ctx, around(p.luck, p.where(), 0, strollMeters), 0); err != nil {
				return ctx.Err() == nil // looks why
			}
		}
	}
}

// rest waits as long as a person would for something, and says whether that is
// over: where the phone is told something it looks first, then goes on resting.
func (p *phone) rest(ctx context.Context, what string, from, to time.Duration) bool {
	if p.resting != what {
		p.resting, p.until = what, time.Now().Add(time.Duration(float64(p.between(from, to))/p.Speed))
	}
	timer := time.NewTimer(time.Until(p.until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-p.poke:
		return false
	case <-timer.C:
		return true
	}
}

// next does the next thing, and says whether there is nothing to do.
func (p *phone) next(ctx context.Context, mine dispatch.Mine) (idle bool, err error) {
	p.keepTo(mine)
	if len(mine.Offers) == 0 {
		clear(p.mood)
	}
	if mine.Assignment != nil {
		return false, p.work(ctx, *mine.Assignment)
	}
	if mine.Duty == nil {
		return false, p.goOnDuty(ctx)
	}
	for _, o := range mine.Offers {
		if p.moodFor(o.Offer) != deaf {
			return false, p.answer(ctx, o)
		}
	}
	return true, nil
}

// keepTo keeps who is busy in step with what the phone shows: others may send
// people too.
func (p *phone) keepTo(mine dispatch.Mine) {
	if mine.Assignment != nil {
		p.claim(mine.Assignment.IncidentID, p.me.ID)
		return
	}
	by := p.busyWith(p.me.ID)
	if by == 0 || p.model(by) != nil {
		return
	}
	for _, o := range mine.Offers {
		if o.IncidentID == by {
			return
		}
	}
	p.release(by, p.me.ID)
}

// moodFor decides once how an offer is answered.
func (p *phone) moodFor(o dispatch.Offer) mood {
	if p.mood[o.ID] == undecided {
		switch n := p.pick(100); {
		case n < 80:
			p.mood[o.ID] = willing
		case n < 90:
			p.mood[o.ID] = unwilling
		case n < 95:
			p.mood[o.ID] = hesitant
		default:
			p.mood[o.ID] = deaf
		}
	}
	return p.mood[o.ID]
}

func (p *phone) answer(ctx context.Context, o dispatch.MyOffer) error {
	if !p.claim(o.IncidentID, p.me.ID) {
		return p.reply(ctx, o.Offer, "decline", body{"reason": "模拟：正等另一件事"})
	}
	if o.State == dispatch.OfferOffered {
		return p.reply(ctx, o.Offer, "seen", body{})
	}
	from, to := 3*time.Second, 12*time.Second
	if o.State == dispatch.OfferLater {
		from, to = 20*time.Second, time.Minute
	}
	if !p.rest(ctx, fmt.Sprintf("offer %d %s", o.ID, o.State), from, to) {
		return nil
	}
	switch p.mood[o.ID] {
	case unwilling:
		return p.reply(ctx, o.Offer, "decline", body{"reason": "模拟：手头有事走不开"})
	case hesitant:
		p.mood[o.ID] = willing
		return p.reply(ctx, o.Offer, "later", body{"minutes": 2})
	}
	return p.reply(ctx, o.Offer, "accept", body{})
}

// reply answers an offer, and holds the server's word against what must be.
func (p *phone) reply(ctx context.Context, o dispatch.Offer, how string, in body) error {
	in["at"] = time.Now().UTC()
	return p.do(ctx, o.IncidentID, "offer "+how, func(m *model) bool { return m.asks[o.ID] != nil && m.asks[o.ID].state.Open() }, func(m *model) error {
		var out struct {
			Offer      dispatch.Offer       `json:"offer"`
			Assignment *dispatch.Assignment `json:"assignment"`
		}
		if err := p.client.post(ctx, how, fmt.Sprintf("/api/v1/offers/%d/%s", o.ID, how), in, &out); err != nil || m == nil {
			return err
		}
		must := m.answered(out.Offer, how, out.Assignment)
		if out.Offer.State != must {
			p.ledger.differf("incident %d: offer %d is %s, the phone is told %s", m.id, o.ID, must, out.Offer.State)
		}
		p.ledger.did(how)
		return nil
	})
}

// errOver is what is not asked any more.
var errOver = errors.New("over")

// do acts on an incident: under its model where it is in hand, and simply where
// it is somebody else's. A refusal of what the model holds for possible is a
// difference.
func (p *phone) do(ctx context.Context, incident int64, what string, possible func(*model) bool, do func(*model) error) error {
	m, tried := p.model(incident), false
	if m == nil {
		return explained(do(nil))
	}
	err := p.act(ctx, m, func() error {
		if !possible(m) {
			return errOver
		}
		tried = true
		return do(m)
	})
	switch {
	case errors.Is(err, errOver):
		return nil
	case errors.Is(err, errForeign) && !tried:
		return explained(do(nil))
	case errors.Is(err, errForeign):
		return nil
	case codeOf(err) == dispatch.CodeAlone: // the second left the moment before
		return nil
	case codeOf(err) != "":
		m.mu.Lock()
		defer m.mu.Unlock()
		if !possible(m) { // its time was up the moment before
			return nil
		}
		return fmt.Errorf("incident %d: %s: %w", incident, what, err)
	}
	return err
}

// explained leaves out refusals where others act on the same.
func explained(err error) error {
	switch codeOf(err) {
	case dispatch.CodeIllegalTransition, dispatch.CodeVersionConflict, dispatch.CodeNotFound, dispatch.CodeForbidden, dispatch.CodeAlreadyAssigned, dispatch.CodeAlone:
		return nil
	}
	return err
}

// work does the next step of an assignment.
func (p *phone) work(ctx context.Context, task dispatch.MyAssignment) error {
	resting := fmt.Sprintf("assignment %d %s", task.ID, task.State)
	switch task.State {
	case dispatch.AssignmentAccepted:
		if !p.rest(ctx, resting, 3*time.Second, 10*time.Second) {
			return nil
		}
		if p.chance(0.03) {
			return p.step(ctx, task, "release", dispatch.AssignmentReleased, body{"reason": "模拟：临时有事，请另派"})
		}
		return p.step(ctx, task, "en-route", dispatch.AssignmentEnRoute, body{})
	case dispatch.AssignmentEnRoute:
		if there, err := p.travel(ctx, orb.Point{task.Incident.Lon, task.Incident.Lat}); err != nil || !there {
			return err
		}
		if task.Plan.Pair && task.Task == dispatch.TaskDirect && task.Incident.Active < 2 {
			if !p.rest(ctx, resting+" alone", time.Minute, 2*time.Minute) {
				return nil // waits for the second
			}
			return p.step(ctx, task, "release", dispatch.AssignmentReleased, body{"reason": "模拟：等不到第二人，请另派"})
		}
		return p.step(ctx, task, "on-scene", dispatch.AssignmentOnScene, body{})
	}
	if !p.rest(ctx, resting, 30*time.Second, 2*time.Minute) {
		return nil
	}
	if p.chance(0.03) {
		return p.step(ctx, task, "release", dispatch.AssignmentReleased, body{"reason": "模拟：需要别的装备，请另派"})
	}
	return p.step(ctx, task, "done", dispatch.AssignmentDone, body{})
}

func (p *phone) step(ctx context.Context, task dispatch.MyAssignment, name string, to dispatch.AssignmentState, in body) error {
	in["at"] = time.Now().UTC()
	return p.do(ctx, task.IncidentID, name, func(m *model) bool { return m.work[task.ID] != nil && m.work[task.ID].state.Active() }, func(m *model) error {
		var out dispatch.Assignment
		err := p.client.post(ctx, name, fmt.Sprintf("/api/v1/assignments/%d/%s", task.ID, name), in, &out)
		if err != nil || m == nil {
			return err
		}
		m.advanced(task.ID, to)
		if out.State != to {
			p.ledger.differf("incident %d: assignment %d is %s, the phone is told %s", m.id, task.ID, to, out.State)
		}
		p.ledger.did(name)
		return nil
	})
}

// travel goes along the roads, sending where the phone is; it stops where the
// phone is told something, and says whether it is there.
func (p *phone) travel(ctx context.Context, to orb.Point) (there bool, err error) {
	way := p.roads.route(ctx, p.where(), to)
	every := max(time.Duration(float64(sendEvery)/p.Speed), sendAtLeast)
	stride := max(speeds[p.me.Vehicle], speeds["foot"]) * p.Speed * every.Seconds()
	for ctx.Err() == nil {
		timer := time.NewTimer(every)
		select {
		case <-ctx.Done():
		case <-p.poke:
			timer.Stop()
			return false, nil
		case <-timer.C:
		}
		from := p.where()
		way = ahead(way, stride)
		if err := p.send(ctx, way[0], geo.Bearing(from, way[0])); err != nil {
			return false, err
		}
		if len(way) == 1 {
			return true, nil
		}
	}
	return false, ctx.Err()
}

// ahead gives what is left of a way after so many metres, its end at least.
func ahead(way orb.LineString, meters float64) orb.LineString {
	for len(way) > 1 {
		part := geo.Distance(way[0], way[1])
		if part > meters {
			share := meters / part
			here := orb.Point{way[0][0] + (way[1][0]-way[0][0])*share, way[0][1] + (way[1][1]-way[0][1])*share}
			return append(orb.LineString{here}, way[1:]...)
		}
		meters -= part
		way = way[1:]
	}
	return way
}

// send moves to a place and tells it.
func (p *phone) send(ctx context.Context, at orb.Point, heading float64) error {
	position := body{"lon": at.Lon(), "lat": at.Lat(), "at": time.Now().UTC(), "accuracy_meters": 8, "heading_degrees": math.Mod(heading+360, 360)}
	err := p.client.post(ctx, "positions", "/api/v1/positions", body{"positions": []body{position}}, nil)
	switch codeOf(err) {
	case dispatch.CodeNotOnDuty: // the duty ended, or the task was taken away: the next look tells
		return nil
	case "":
		p.place.Lock()
		p.at = at
		p.place.Unlock()
	}
	return err
}
