package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// residents report and follow their numbers, each from an address of their own.
type residents struct {
	people []*client

	mu      sync.Mutex
	waiting map[string]chan dispatch.Incident // by the tag in the words
}

const (
	neighbours     = 240    // addresses that residents report from
	firstNeighbour = 20_000 // where they begin, beyond the phones'
)

func newResidents(w *world) *residents {
	r := &residents{waiting: map[string]chan dispatch.Incident{}}
	for k := range neighbours {
		r.people = append(r.people, w.newClient(firstNeighbour+k))
	}
	return r
}

// tell hands a new incident to the one who waits for it.
func (r *residents) tell(i dispatch.Incident) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tag := tagOf(i.Summary)
	if waits, ok := r.waiting[tag]; ok {
		waits <- i
		delete(r.waiting, tag)
	}
}

func (r *residents) await(tag string) chan dispatch.Incident {
	waits := make(chan dispatch.Incident, 1)
	r.mu.Lock()
	r.waiting[tag] = waits
	r.mu.Unlock()
	return waits
}

func (r *residents) giveUp(tag string) {
	r.mu.Lock()
	delete(r.waiting, tag)
	r.mu.Unlock()
}

// tagOf gives what tells a report from all others: the end of its words.
func tagOf(words string) string { return words[strings.LastIndex(words, "#")+1:] }

// happening is what residents see: of a type, somewhere.
type happening struct {
	kind  dispatch.IncidentType
	at    orb.Point
	words string
}

// sayings is how residents put what they report most.
var sayings = map[string][]string{
	"urban.garbage":           {"垃圾桶满了，垃圾堆到路上", "绿化带里有人倒建筑垃圾"},
	"urban.noise":             {"楼下半夜还在放音响", "工地夜里施工吵得睡不着"},
	"urban.street_light":      {"门口路灯不亮了", "一排路灯都黑着"},
	"urban.manhole":           {"井盖裂了，怕有人踩空", "路边井盖不见了"},
	"urban.road_damage":       {"路面有个大坑", "人行道的砖翘起来了"},
	"urban.fire_lane_blocked": {"消防通道被车堵了", "楼前消防通道停满了车"},
	"urban.street_vending":    {"摊位占了半条路", "路口摆摊走不过去"},
	"urban.dogs":              {"有大狗没拴绳", "几只流浪狗追人"},
	"service.elderly_help":    {"老人要去医院，没人陪", "楼上大爷行动不便，请帮忙买药"},
	"service.repair":          {"单元门坏了关不上", "楼道灯坏了"},
	"service.drain_blocked":   {"下水道堵了往上冒水", "厨房返水"},
	"service.stair_clutter":   {"楼道里堆满杂物", "楼梯口停着电瓶车"},
	"service.errand":          {"想问问证件怎么办", "请帮忙代办一件事"},
}

// happens makes something happen near somebody who is free and may be sent, so
// that the ranking finds them: nil while nobody is.
func (w *world) happens(l *luck, n int) *happening {
	free := w.idle()
	if len(free) == 0 {
		return nil
	}
	p := free[l.pick(len(free))]
	var fits []dispatch.IncidentType
	for _, t := range w.types {
		if sayings[t.Code] != nil && t.RetiredAt == nil && t.Plan != nil && !t.Plan.Hazard && (len(t.Plan.Skills) == 0 || shares(p.me.Skills, t.Plan.Skills)) {
			fits = append(fits, t)
		}
	}
	if len(fits) == 0 {
		return nil
	}
	kind := fits[l.pick(len(fits))]
	words := sayings[kind.Code]
	tag := fmt.Sprintf("%s-%x-%d", w.Prefix, w.ledger.started.Unix()&0xffffff, n)
	return &happening{kind, around(l, p.where(), 40, 260), fmt.Sprintf("%s%s #%s", mark, words[l.pick(len(words))], tag)}
}

// errUntold is an incident that was taken in and of which nobody is told.
var errUntold = errors.New("the incident was not told")

// report has a resident report it, and gives their number and the incident it
// became, as the dispatcher's socket tells.
func (w *world) report(ctx context.Context, h *happening, person *client) (string, dispatch.Incident, error) {
	tag := tagOf(h.words)
	waits := w.street.await(tag)
	defer w.street.giveUp(tag)
	var said struct {
		Tracking string `json:"tracking"`
	}
	err := person.post(ctx, "report", "/api/v1/reports", body{"type_code": h.kind.Code, "lon": h.at.Lon(), "lat": h.at.Lat(), "words": h.words}, &said)
	if err != nil {
		return "", dispatch.Incident{}, err
	}
	late := time.NewTimer(streamedWithin)
	defer late.Stop()
	select {
	case i := <-waits:
		return said.Tracking, i, nil
	case <-ctx.Done():
		return "", dispatch.Incident{}, ctx.Err()
	case <-late.C:
		w.ledger.differf("report %s: acknowledged, the live socket does not tell of its incident", tag)
		return said.Tracking, dispatch.Incident{}, errUntold
	}
}

// track asks what became of a report and compares. The caller holds no lock.
func (w *world) track(ctx context.Context, m *model, person *client, number string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.foreign {
		return nil
	}
	var told dispatch.Tracking
	if err := person.get(ctx, "track", "/api/v1/reports/"+number, &told); err != nil {
		return err
	}
	if must := m.tracking(); !slices.Contains(must, told.State) {
		if err := w.look(ctx, m); err != nil { // somebody else may have gone on with it
			return err
		}
		w.ledger.differf("incident %d: it is %s, the one who reported is told %q", m.id, m.state, told.State)
	}
	return nil
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(one string) bool { return slices.Contains(b, one) })
}
