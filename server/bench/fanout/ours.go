package fanout

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/frame"
	"yiping/server/httpapi"
	"yiping/server/live"
)

const (
	district    = 1
	firstOffset = 1_000_000_000
	coalesced   = 100 * time.Millisecond
)

var (
	noSince    live.Since
	everything live.Wish
)

// desk is an account that sees the whole district.
func desk(id int64) dispatch.Actor {
	return dispatch.Actor{AccountID: id, Grants: []dispatch.Grant{{Role: dispatch.RoleDispatcher, AreaID: district}}}
}

// ours is the hub behind the API.
type ours struct {
	ctx    context.Context //nolint:containedctx // the process's own
	hub    *live.Hub
	offset int64
	each   bool // what moves is published at once
	moves  int64
	api    http.Handler
}

func newOurs(tick time.Duration) (*ours, error) {
	o := &ours{ctx: context.Background(), offset: firstOffset, each: tick > time.Second}
	service := dispatch.NewService(store{}, time.Now, zerolog.Nop())
	if err := service.Load(o.ctx); err != nil {
		return nil, err
	}
	o.hub = live.New(live.Config{Source: source{}, Tree: service.Tree, Look: service.Look, Now: time.Now, Log: zerolog.Nop(), Tick: tick}, firstOffset)
	o.api = httpapi.New(httpapi.Deps{Service: service, Accounts: accounts{}, Feed: feed{o.hub}, Log: zerolog.Nop(), Version: "bench",
		Ready: func(context.Context) error { return nil }})
	return o, nil
}

func (o *ours) serve(l net.Listener) error {
	go o.hub.Run(o.ctx)
	server := &http.Server{Handler: o.api, ReadHeaderTimeout: time.Minute}
	return server.Serve(l)
}

func (o *ours) publish(at time.Time) error {
	o.offset++
	o.hub.Publish([]dispatch.Change{change(o.offset, at)})
	return nil
}

// stride is from one who moves to the next, so that neighbours by number do not move one
// after another.
const stride = 617

// move hands on where the next of so many people is: with the tick, or as a change
// of its own.
func (o *ours) move(people int) error {
	o.moves++
	id := o.moves * stride % int64(people)
	p := dispatch.Position{ResponderID: id + 1, AreaID: district, Lon: 122.5 + float64((id*7919+o.moves*131)%99991)/5e5, Lat: 38.1 + float64((id*104729+o.moves*17)%99989)/5e5, At: time.Now()}
	if id%2 == 0 { // they walk: a phone that stands knows no heading
		heading := float64((id*31 + o.moves*101) % 360)
		p.HeadingDegrees = &heading
	}
	if !o.each {
		o.hub.Move([]dispatch.Position{p})
		return nil
	}
	o.offset++
	c := change(o.offset, p.At)
	c.Event.Data["lon"], c.Event.Data["lat"] = strconv.FormatFloat(p.Lon, 'f', 5, 64), strconv.FormatFloat(p.Lat, 'f', 5, 64)
	o.hub.Publish([]dispatch.Change{c})
	return nil
}

// feed is the hub as the API takes it.
type feed struct{ hub *live.Hub }

// Subscribe subscribes.
func (f feed) Subscribe(ctx context.Context, actor dispatch.Actor, home int64, epoch string, offset int64, wish live.Wish, wake func()) (httpapi.Subscription, error) {
	s, err := f.hub.Subscribe(ctx, actor, home, live.Since{Epoch: epoch, Offset: offset}, wish, wake)
	if err != nil {
		return nil, err
	}
	return subscription{s, f.hub}, nil
}

type subscription struct {
	*live.Subscriber
	hub *live.Hub
}

// Next takes what waits.
func (s subscription) Next(list []*frame.Message) ([]*frame.Message, string) {
	list, closed := s.Subscriber.Next(list)
	return list, string(closed)
}

// Look looks.
func (s subscription) Look(view *orb.Bound) { s.hub.Look(s.Subscriber, view) }

// Open is nothing here.
func (s subscription) Open(int64) {}

// Leave leaves.
func (s subscription) Leave() { s.hub.Leave(s.Subscriber) }

// source is an empty log.
type source struct{}

// Head gives its end.
func (source) Head(context.Context) (string, int64, error) { return "bench", firstOffset, nil }

// Snapshot gives nothing.
func (source) Snapshot(context.Context, dispatch.Reach) (dispatch.Snapshot, error) {
	return dispatch.Snapshot{Epoch: "bench", Offset: firstOffset}, nil
}

// Parts gives nobody.
func (source) Parts(context.Context) (dispatch.Parts, error) { return dispatch.Parts{}, nil }

// Changes gives none.
func (source) Changes(context.Context, int64, int) ([]dispatch.Change, error) { return nil, nil }

// store knows one district and nobody.
type store struct{ dispatch.Store }

// Areas gives the district.
func (store) Areas(context.Context) ([]dispatch.Area, error) {
	return []dispatch.Area{{ID: district, Level: dispatch.LevelDistrict}}, nil
}

// Dispatchable gives nobody.
func (store) Dispatchable(context.Context, time.Time, ...int64) ([]dispatch.Responder, error) {
	return nil, nil
}

// accounts knows every account by its number.
type accounts struct{ httpapi.Accounts }

// SessionByToken gives the session of the account of a number.
func (accounts) SessionByToken(_ context.Context, token string) (dispatch.Session, error) {
	id, err := strconv.ParseInt(strings.TrimSpace(token), 10, 64)
	if err != nil {
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	return dispatch.Session{ID: id, Account: dispatch.Account{ID: id, Roles: desk(id).Grants}, Method: dispatch.ByPassword}, nil
}

// Seen keeps nothing.
func (accounts) Seen(context.Context, dispatch.Session) error { return nil }

// Watch says that nothing has changed.
func (accounts) Watch(_ context.Context, ids []int64) (map[int64][]dispatch.Grant, error) {
	alive := make(map[int64][]dispatch.Grant, len(ids))
	for _, id := range ids {
		alive[id] = desk(id).Grants
	}
	return alive, nil
}
