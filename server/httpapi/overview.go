package httpapi

import (
	"context"
	"fmt"
	"sync"
	"time"

	"yiping/server/dispatch"
)

type overviewInput struct {
	AreaID int64 `query:"area_id" doc:"The area and all below it; without it all of one's areas."`
}

func (a *api) overviews() {
	operation(a, "GET", "/api/v1/overview", "overview", "The wall's figures", sees(dispatch.FieldFigure), 200,
		func(ctx context.Context, in *overviewInput) (*body[dispatch.Overview], error) {
			areas, err := a.scope(ctx, dispatch.See(dispatch.FieldFigure), in.AreaID)
			if err != nil {
				return nil, err
			}
			id := in.AreaID
			if roots := actorOf(ctx).Roots(dispatch.See(dispatch.FieldFigure)); id == 0 && len(roots) > 0 {
				id = roots[0]
			}
			return answer(a.overview(ctx, id, areas))
		})
}

// overview puts the figures together: those of this moment, and those that are
// kept.
func (a *api) overview(ctx context.Context, id int64, areas []int64) (dispatch.Overview, error) {
	out, err := a.Reader.Overview(ctx, id, areas)
	if err != nil {
		return out, err
	}
	scope := fmt.Sprint(areas)
	month, err := a.months.get(scope, a.Service.Now().Truncate(monthKept).Unix(), func() ([]dispatch.MedianTime, error) {
		return a.Reader.MonthTimes(ctx, areas)
	})
	if err != nil {
		return out, err
	}
	for k := range min(len(out.Times), len(month)) {
		out.Times[k].MonthMedianSeconds, out.Times[k].MonthCount = month[k].MedianSeconds, month[k].Count
	}
	out.Cameras, err = a.rates.get(scope, a.Service.CameraStamp(), func() (dispatch.CameraRates, error) {
		return a.Reader.CameraRates(ctx, areas)
	})
	out.Forces, out.ForcesTotal = a.Service.CountForces(areas)
	return out, err
}

// monthKept is how long medians of 30 days are kept: an incident more or less
// does not move them.
const monthKept = 5 * time.Minute

// keptMost is how many parts of a district figures are kept of.
const keptMost = 1000

// kept holds a figure of each part of the district for as long as a stamp is
// the same. The zero value is ready.
type kept[T any] struct {
	mu    sync.Mutex
	stamp int64
	held  map[string]T
}

// get gives the figure of a part, made where it is not held under this stamp.
func (k *kept[T]) get(part string, stamp int64, read func() (T, error)) (T, error) {
	k.mu.Lock()
	v, ok := k.held[part]
	fresh := ok && k.stamp == stamp
	k.mu.Unlock()
	if fresh {
		return v, nil
	}
	v, err := read()
	if err != nil {
		return v, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stamp != stamp || len(k.held) >= keptMost || k.held == nil {
		k.stamp, k.held = stamp, map[string]T{}
	}
	k.held[part] = v
	return v, nil
}
