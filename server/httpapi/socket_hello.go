package httpapi

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/live"
)

// spoken are the numbers of the protocols that this server speaks. What a client
// does not know of a protocol it passes over, so fields and frames are added
// without a new number; a new one is for what is no longer understood.
var spoken = []int{1}

// mostNamed is how many layers, states, priorities or families a client may name;
// those that are none are passed over.
const mostNamed = 16

func tooMuch(w live.Wish) bool {
	return max(len(w.Layers), len(w.States), len(w.Priorities), len(w.Families)) > mostNamed
}

// offsetSince is where a client wants to go on.
type offsetSince struct {
	Epoch  string `json:"epoch" doc:"Of the log, as the last snapshot or resumption gave it."`
	Offset int64  `json:"offset" doc:"The last one that the client has taken in."`
}

// filter says which incidents are wanted: those that fit each list that names any.
// One that no longer fits is told of once more.
type filter struct {
	States     []string `json:"states,omitempty" maxItems:"16" nullable:"false"`
	Priorities []string `json:"priorities,omitempty" maxItems:"16" nullable:"false"`
	Families   []string `json:"families,omitempty" maxItems:"16" nullable:"false"`
}

// hello is the client's first message.
type hello struct {
	Type     string       `json:"type"`
	Protocol int          `json:"protocol" doc:"The number of the protocol, 1."`
	Since    *offsetSince `json:"since,omitempty" doc:"Where to go on; without it, or where that is not possible, a snapshot comes."`
	Layers   []string     `json:"layers,omitempty" maxItems:"16" nullable:"false" doc:"What is wanted: incidents, responders; none named is all of them."`
	Area     int64        `json:"area,omitempty" doc:"The area that is wanted, with all below it; without one, all that may be seen. People and their places follow the view."`
	Filter   *filter      `json:"filter,omitempty" doc:"Which incidents are wanted, with all that belongs to them."`
	View     *[4]float64  `json:"view,omitempty" doc:"The part of the map that is looked at: west, south, east, north. Without one it is everywhere."`
}

// offset gives how far the client has come, 0 for nowhere.
func (m hello) offset() int64 {
	if m.Since == nil {
		return 0
	}
	return m.Since.Offset
}

// wish gives what the client wants.
func (m hello) wish() live.Wish {
	w := live.Wish{Layers: m.Layers, AreaID: m.Area}
	if f := m.Filter; f != nil {
		w.States, w.Priorities, w.Families = f.States, f.Priorities, f.Families
	}
	return w
}

// boundOf gives the part of the map that a message names, west, south, east and
// north; nil for everywhere.
func boundOf(view *[4]float64) *orb.Bound {
	if view == nil {
		return nil
	}
	b := orb.Bound{Min: orb.Point{view[0], view[1]}, Max: orb.Point{view[2], view[3]}}
	if b.IsEmpty() {
		return nil
	}
	return &b
}

// looking turns the feed to another part of the map.
type looking struct {
	Type string      `json:"type"`
	View *[4]float64 `json:"view,omitempty" doc:"West, south, east, north. Without one it is everywhere."`
}

// remark is any later message of the client. What has another type is passed over:
// it is of a newer client.
type remark struct {
	Type     string      `json:"type"`
	View     *[4]float64 `json:"view"`
	Incident *int64      `json:"incident"`
	// Of positions; what is wrong with them is answered, and no reason to end.
	ID        int64           `json:"id"`
	Positions json.RawMessage `json:"positions"`
}

var errUnspoken = errors.New("no protocol that is spoken here")

// readHello takes the first message, in time, of bounded size.
func (c *socket) readHello() (hello, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(c.api.patience.subscribe))
	c.boundPings()
	raw, err := c.readMessage()
	var first hello
	if err == nil {
		first, err = parseHello(raw)
	}
	if err != nil {
		c.refuse(err)
	}
	return first, err
}

// parseHello judges the protocol's number before all else: a newer one may look
// different.
func parseHello(raw []byte) (first hello, err error) {
	var number struct {
		Protocol int `json:"protocol"`
	}
	switch {
	case json.Unmarshal(raw, &number) != nil || number.Protocol < 1:
		return first, errProtocol
	case !slices.Contains(spoken, number.Protocol):
		return first, errUnspoken
	case json.Unmarshal(raw, &first) != nil || first.Type != "subscribe" || tooMuch(first.wish()):
		return first, errProtocol
	}
	return first, nil
}

// unspoken is the reason of a close that says which protocols are spoken.
func unspoken() string {
	numbers := make([]string, len(spoken))
	for k, n := range spoken {
		numbers[k] = strconv.Itoa(n)
	}
	return closeUnspoken.Name + ":" + strings.Join(numbers, ",")
}
