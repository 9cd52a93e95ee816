package tile

import (
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"yiping/server/dispatch"
)

var responderSchema = Schema{Name: "responder", Texts: []string{"duty", "vehicle"}}

// cellReach is more than any point of a cell of people is from its middle, metres.
const cellReach = 500

// Around gives what the tile shows and as much around it as somebody who is
// shown in the middle of their cell may stand away.
func (a Address) Around() orb.Bound {
	return geo.BoundPad(a.Bound(), cellReach)
}

// AppendResponders appends people where they are shown, nothing of who they are
// but the id.
func AppendResponders(b []byte, a Address, people []dispatch.Responder) []byte {
	points := make([]Point, 0, len(people))
	for _, r := range people {
		if r.Lon != nil && r.Lat != nil {
			points = append(points, Point{ID: r.ID, At: orb.Point{*r.Lon, *r.Lat}, Texts: []string{string(r.Duty), r.Vehicle}})
		}
	}
	return NewLayer(responderSchema, points).AppendPoints(b, a, nil)
}
