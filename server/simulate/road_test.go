package simulate

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"google.golang.org/protobuf/encoding/protowire"
)

// line is a road as a tile has it, in units of its extent.
type line struct {
	class  string
	points [][2]int
}

// encode makes a vector tile of one layer.
func encode(layerName string, extent int, lines ...line) []byte {
	var layer []byte
	layer = protowire.AppendTag(layer, 1, protowire.BytesType)
	layer = protowire.AppendString(layer, layerName)
	var classes []string
	for _, l := range lines {
		if !slices.Contains(classes, l.class) {
			classes = append(classes, l.class)
		}
		var geometry []byte
		pen := [2]int{}
		for k, p := range l.points {
			switch k {
			case 0:
				geometry = protowire.AppendVarint(geometry, 1<<3|1)
			case 1:
				geometry = protowire.AppendVarint(geometry, uint64(len(l.points)-1)<<3|2)
			}
			for axis := range p {
				geometry = protowire.AppendVarint(geometry, protowire.EncodeZigZag(int64(p[axis]-pen[axis])))
			}
			pen = p
		}
		tags := protowire.AppendVarint(protowire.AppendVarint(nil, 0), uint64(slices.Index(classes, l.class)))
		var feature []byte
		feature = protowire.AppendTag(feature, 2, protowire.BytesType)
		feature = protowire.AppendBytes(feature, tags)
		feature = protowire.AppendTag(feature, 4, protowire.BytesType)
		feature = protowire.AppendBytes(feature, geometry)
		layer = protowire.AppendTag(layer, 2, protowire.BytesType)
		layer = protowire.AppendBytes(layer, feature)
	}
	layer = protowire.AppendTag(layer, 3, protowire.BytesType)
	layer = protowire.AppendString(layer, "class")
	for _, class := range classes {
		value := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), class)
		layer = protowire.AppendTag(layer, 4, protowire.BytesType)
		layer = protowire.AppendBytes(layer, value)
	}
	layer = protowire.AppendTag(layer, 5, protowire.VarintType)
	layer = protowire.AppendVarint(layer, uint64(extent))
	return protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), layer)
}

func TestATileIsReadForItsRoads(t *testing.T) {
	crossing := []line{{"primary", [][2]int{{0, 100}, {200, 100}}}, {"motorway", [][2]int{{0, 0}, {9, 9}}}, {"service", [][2]int{{50, 0}, {50, 40}, {60, 50}}}}
	tests := []struct {
		name string
		tile []byte
		want [][]tilePoint
	}{
		{"all but motorways", encode("road", 4096, crossing...), [][]tilePoint{{{0, 100}, {200, 100}}, {{50, 0}, {50, 40}, {60, 50}}}},
		{"another extent", encode("road", 2048, crossing[:1]...), [][]tilePoint{{{0, 200}, {400, 200}}}},
		{"another layer", encode("water", 4096, crossing...), nil},
		{"nothing", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readRoads(tt.tile)
			if err != nil || !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
	whole := encode("road", 4096, crossing...)
	if _, err := readRoads(whole[:len(whole)-3]); !errors.Is(err, errTile) {
		t.Errorf("cut off: %v", err)
	}
}

func TestSegmentsMeet(t *testing.T) {
	across := segment{tilePoint{0, 100}, tilePoint{400, 100}}
	tests := []struct {
		name string
		with segment
		t, u float64
		ok   bool
	}{
		{"they cross", segment{tilePoint{100, 0}, tilePoint{100, 200}}, 0.25, 0.5, true},
		{"one ends a little before the other", segment{tilePoint{200, 0}, tilePoint{200, 100 - snapUnits/2}}, 0.5, 1, true},
		{"one ends well before the other", segment{tilePoint{200, 0}, tilePoint{200, 100 - 3*snapUnits}}, 0, 0, false},
		{"beside each other", segment{tilePoint{0, 130}, tilePoint{400, 130}}, 0, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b, ok := meet(across, tt.with)
			if ok != tt.ok || math.Abs(a-tt.t) > 1e-9 || math.Abs(b-tt.u) > 1e-9 {
				t.Errorf("got %v, %v, %v", a, b, ok)
			}
		})
	}
}

func TestSegmentsAreCutAtTheEdge(t *testing.T) {
	got, ok := clip(segment{tilePoint{-100, 50}, tilePoint{100, 50}})
	if !ok || got.a != (tilePoint{0, 50}) || got.b != (tilePoint{100, 50}) {
		t.Errorf("got %v, %v", got, ok)
	}
	if got, ok := clip(segment{tilePoint{-100, 50}, tilePoint{-20, 60}}); ok {
		t.Errorf("outside: %v", got)
	}
}

// town gives the roads of one tile, wherever they are asked for.
func town(lines ...line) *roads {
	return newRoads(func(context.Context, int, int, int) ([]byte, error) { return encode("road", 4096, lines...), nil })
}

// corner is the corner of a tile in the middle of nowhere; spot a place in it.
var corner = tilePoint{math.Floor(unitsOf(orb.Point{121, 36}).x/tileUnits) * tileUnits, math.Floor(unitsOf(orb.Point{121, 36}).y/tileUnits) * tileUnits}

func spot(x, y float64) orb.Point { return pointOf(tilePoint{corner.x + x, corner.y + y}) }

func TestAWayFollowsTheRoads(t *testing.T) {
	// A street with a branch that has no point of its own in common with it, and
	// a compound's path that meets nothing, nearer to where the way begins.
	r := town(line{"primary", [][2]int{{1000, 1000}, {3000, 1000}}}, line{"service", [][2]int{{2500, 1000}, {2500, 2000}}},
		line{"service", [][2]int{{1000, 1100}, {1050, 1100}}})
	from, to := spot(1000, 1090), spot(2500, 2050)
	way := r.route(t.Context(), from, to)
	if way[0] != from || way[len(way)-1] != to {
		t.Fatalf("it leads from %v to %v", way[0], way[len(way)-1])
	}
	corner := spot(2500, 1000)
	if !slices.ContainsFunc(way, func(p orb.Point) bool { return geo.Distance(p, corner) < 1 }) {
		t.Errorf("it does not turn at the branch: %v", way)
	}
	if found := r.found(); found["along roads"] != 1 {
		t.Errorf("found %v", found)
	}
}

func TestAWayWithoutRoadsIsStraight(t *testing.T) {
	failing := newRoads(func(context.Context, int, int, int) ([]byte, error) { return nil, errors.New("away") })
	for name, tt := range map[string]struct {
		roads *roads
		to    orb.Point
	}{
		"straight: no road near":      {town(), spot(100, 100)},
		"straight: a tile is missing": {failing, spot(100, 100)},
		"straight: far away":          {town(), spot(100*tileUnits, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			way := tt.roads.route(t.Context(), spot(0, 0), tt.to)
			if !slices.Equal(way, orb.LineString{spot(0, 0), tt.to}) || tt.roads.found()[name] != 1 {
				t.Errorf("got %v, %v", way, tt.roads.found())
			}
		})
	}
}

func TestGoingAhead(t *testing.T) {
	way := orb.LineString{{121, 36}, {121, 36.001}, {121.001, 36.001}}
	whole := geo.Length(way)
	walked := orb.LineString{way[0]}
	for steps := 0; len(way) > 1; steps++ {
		if steps > 10 {
			t.Fatal("it does not arrive")
		}
		way = ahead(way, 50)
		walked = append(walked, way[0])
	}
	for k := 1; k < len(walked); k++ {
		if d := geo.Distance(walked[k-1], walked[k]); d > 50.5 {
			t.Errorf("step %d is %.1f m", k, d)
		}
	}
	if n := len(walked) - 1; n != int(math.Ceil(whole/50)) || walked[n] != (orb.Point{121.001, 36.001}) {
		t.Errorf("%d steps over %.0f m to %v", n, whole, walked[n])
	}
}
