package simulate

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"yiping/server/dispatch"
)

// sweep cancels what a simulation of the same prefix left open and nobody has
// in hand: before the first incident what an earlier one left that was killed,
// after the last what its end interrupted. What others took up stays.
func (w *world) sweep(ctx context.Context) {
	open, err := w.listed(ctx)
	if err != nil {
		w.failed(ctx, "list incidents", err)
		return
	}
	for _, i := range open {
		if err := w.cancelLeft(ctx, i.ID); err != nil {
			w.failed(ctx, fmt.Sprintf("clean up incident %d", i.ID), err)
		}
	}
}

// listed gives the open incidents of the simulation's making.
func (w *world) listed(ctx context.Context) ([]dispatch.Incident, error) {
	var own []dispatch.Incident
	for cursor := ""; ; {
		var page struct {
			Incidents  []dispatch.Incident `json:"incidents"`
			NextCursor string              `json:"next_cursor"`
		}
		if err := w.desk.get(ctx, "incidents", "/api/v1/incidents?queue=open&limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		for _, i := range page.Incidents {
			if w.made(i) {
				own = append(own, i)
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			return own, nil
		}
	}
}

// made says whether an incident is of the simulation's making.
func (w *world) made(i dispatch.Incident) bool {
	return strings.HasPrefix(i.Summary, mark) && strings.Contains(i.Summary, " #"+w.Prefix+"-")
}

// cancelLeft cancels an incident nobody has in hand. Phones may be at it still:
// their step first, then once more.
func (w *world) cancelLeft(ctx context.Context, id int64) error {
	for tries := 0; ; tries++ {
		d, err := w.detail(ctx, id)
		if err != nil || d.Incident.State.Terminal() || w.foreignHand(d) {
			return err
		}
		err = w.desk.post(ctx, "cancel", fmt.Sprintf("/api/v1/incidents/%d/cancel", id), body{"version": d.Incident.Version, "reason": "模拟结束"}, nil)
		if codeOf(err) == dispatch.CodeVersionConflict && tries < 5 {
			continue
		}
		if err == nil {
			w.ledger.did("clean up")
		}
		return err
	}
}

func (w *world) detail(ctx context.Context, id int64) (d dispatch.IncidentDetail, err error) {
	err = w.desk.get(ctx, "incident", fmt.Sprintf("/api/v1/incidents/%d", id), &d)
	return d, err
}

// nothingLeft looks that neither the list nor the live picture holds anything of
// the simulation's as open.
func (w *world) nothingLeft(ctx context.Context) {
	open, err := w.listed(ctx)
	if err != nil {
		w.failed(ctx, "list incidents", err)
		return
	}
	others := map[int64]bool{}
	for _, i := range open {
		d, err := w.detail(ctx, i.ID)
		switch {
		case err != nil:
			w.failed(ctx, "look at what is left", err)
		case w.foreignHand(d) || d.Incident.State.Terminal():
		default:
			w.ledger.differf("incident %d: it is over, the list says %s", i.ID, i.State)
		}
		others[i.ID] = true
	}
	for {
		left := w.picture.holds(func(i dispatch.Incident) bool { return w.made(i) && !others[i.ID] })
		if len(left) == 0 {
			return
		}
		select {
		case <-w.picture.changed:
		case <-ctx.Done():
			w.ledger.differf("incidents %v: they are over, the live socket has not said so", left)
			return
		}
	}
}
