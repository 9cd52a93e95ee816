package httpapi

import (
	"encoding/json"
	"errors"

	"yiping/server/dispatch"
	"yiping/server/frame"
)

// mostPlaces is how many positions a batch may hold, over the socket as over HTTP.
const mostPlaces = 500

// moving is where the own phone was. It may be said again: the newest counts.
type moving struct {
	Type      string              `json:"type"`
	ID        int64               `json:"id" doc:"Of the client's choice; the answer names it."`
	Positions []dispatch.Position `json:"positions" minItems:"1" maxItems:"500" nullable:"false"`
}

// keptFrame answers moving: what it says is kept is committed.
type keptFrame struct {
	Type     string                `json:"type"`
	ID       int64                 `json:"id" doc:"Of the batch."`
	Accepted int                   `json:"accepted" doc:"How many were sound. The newest is kept, and all of a task whose track is."`
	Refused  []refusedPositionView `json:"refused" nullable:"false" doc:"Those that were not; the others count."`
	Code     string                `json:"code,omitempty" doc:"Why nothing was kept; internal and unavailable: say it again later."`
	Detail   string                `json:"detail,omitempty" doc:"The same in the language asked for."`
}

// keep takes positions of the own phone and answers once they are committed.
func (c *socket) keep(m remark) {
	kept, err := c.save(m.Positions)
	view := newPositionsView(c.language, kept)
	answer := keptFrame{Type: "kept", ID: m.ID, Accepted: view.Accepted, Refused: view.Refused}
	if err != nil {
		answer.Code, answer.Detail = c.why(err)
	}
	words, err := json.Marshal([]keptFrame{answer})
	if err != nil { // numbers and texts of our own
		return
	}
	c.wire.put(frame.New(words).Wire(false))
}

// why gives the code and the words of an error, and logs what nobody is to be told.
func (c *socket) why(err error) (code, detail string) {
	var refused *dispatch.Error
	if !errors.As(err, &refused) {
		refused = &dispatch.Error{Code: dispatch.CodeInternal}
		c.api.Log.Error().Err(err).Msg("positions over the socket")
	}
	p := refusal(c.language, refused)
	return p.Code, p.Detail
}

func (c *socket) save(raw json.RawMessage) (dispatch.KeptPositions, error) {
	var list []dispatch.Position
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 || len(list) > mostPlaces {
		return dispatch.KeptPositions{}, dispatch.Refuse(dispatch.CodeInvalid, "positions")
	}
	c.mu.Lock()
	actor := c.actor
	c.mu.Unlock()
	if !actor.May(dispatch.ActionRespond) {
		return dispatch.KeptPositions{}, dispatch.Refuse(dispatch.CodeForbidden, "")
	}
	ctx := dispatch.WithViewer(c.ctx, actor.Viewer(c.api.Service.Tree()))
	return c.api.Reader.SavePositions(ctx, actor.ResponderID, list)
}
