package simulate

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// roads is the network of the base map's tiles, fetched as it is needed. Safe
// for use by several goroutines.
type roads struct {
	get func(ctx context.Context, z, x, y int) ([]byte, error)

	mu    sync.Mutex
	tiles map[[2]int]bool // fetched
	nodes []node
	grid  map[[2]int][]int // nodes by cell
	ways  map[string]int   // how often each kind of way was found
}

// node is a place where lines meet or bend, in units of the tiles' zoom.
type node struct {
	at     tilePoint
	next   []int
	joined int // another node of the same network, itself where it stands for it
}

const (
	roadZoom  = 15
	tileUnits = 4096
	snapUnits = 10.0  // within it two points are one: 2 m
	cellUnits = 512.0 // of the grid in which nodes are looked up
	reach     = 800.0 // metres from a road beyond which nobody is led there
	mostTiles = 36    // a way over more goes straight
)

func newRoads(get func(ctx context.Context, z, x, y int) ([]byte, error)) *roads {
	return &roads{get: get, tiles: map[[2]int]bool{}, grid: map[[2]int][]int{}, ways: map[string]int{}}
}

// unitsOf gives a point in units of the tiles.
func unitsOf(p orb.Point) tilePoint {
	size := float64(int(1)<<roadZoom) * tileUnits
	sin := math.Sin(p.Lat() * math.Pi / 180)
	return tilePoint{(p.Lon() + 180) / 360 * size, (0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)) * size}
}

func pointOf(u tilePoint) orb.Point {
	size := float64(int(1)<<roadZoom) * tileUnits
	n := math.Pi - 2*math.Pi*u.y/size
	return orb.Point{u.x/size*360 - 180, 180 / math.Pi * math.Atan(math.Sinh(n))}
}

// unitMeters is how long a unit is at a latitude.
func unitMeters(lat float64) float64 {
	return 40075016.7 / (float64(int(1)<<roadZoom) * tileUnits) * math.Cos(lat*math.Pi/180)
}

func (u tilePoint) distance(v tilePoint) float64 { return math.Hypot(u.x-v.x, u.y-v.y) }

// route gives the way between two points along roads; where there is none it is
// the straight line, and why is counted.
func (r *roads) route(ctx context.Context, from, to orb.Point) orb.LineString {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, b := unitsOf(from), unitsOf(to)
	if why := r.load(ctx, a, b); why != "" {
		r.ways[why]++
		return orb.LineString{from, to}
	}
	start, goal := r.ends(a, b, reach/unitMeters(from.Lat()))
	if start < 0 {
		r.ways["straight: no road near"]++
		return orb.LineString{from, to}
	}
	r.ways["along roads"]++
	way := orb.LineString{from}
	for _, n := range r.search(start, goal) {
		way = append(way, pointOf(r.nodes[n].at))
	}
	return append(way, to)
}

// ends gives where a way from a to b joins the roads and leaves them, -1 where
// no network is near both. Of several networks (a compound's own paths may not
// meet the street) it is the one nearest to the two together.
func (r *roads) ends(a, b tilePoint, within float64) (start, goal int) {
	starts, goals := r.nearest(a, within), r.nearest(b, within)
	start, goal = -1, -1
	best := math.Inf(1)
	for network, s := range starts {
		g, both := goals[network]
		if !both {
			continue
		}
		if d := r.nodes[s].at.distance(a) + r.nodes[g].at.distance(b); d < best {
			start, goal, best = s, g, d
		}
	}
	return start, goal
}

// found says how often each kind of way was found.
func (r *roads) found() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string]int, len(r.ways))
	for k, n := range r.ways {
		out[k] = n
	}
	return out
}

// load fetches the tiles of the box around two points, "" where they are there.
func (r *roads) load(ctx context.Context, a, b tilePoint) string {
	const margin = tileUnits / 4
	x0, x1 := int((min(a.x, b.x)-margin)/tileUnits), int((max(a.x, b.x)+margin)/tileUnits)
	y0, y1 := int((min(a.y, b.y)-margin)/tileUnits), int((max(a.y, b.y)+margin)/tileUnits)
	if (x1-x0+1)*(y1-y0+1) > mostTiles {
		return "straight: far away"
	}
	for x := x0; x <= x1; x++ {
		for y := y0; y <= y1; y++ {
			if r.tiles[[2]int{x, y}] {
				continue
			}
			if r.loadTile(ctx, x, y) != nil {
				return "straight: a tile is missing"
			}
			r.tiles[[2]int{x, y}] = true
		}
	}
	return ""
}

func (r *roads) loadTile(ctx context.Context, x, y int) error {
	raw, err := r.get(ctx, roadZoom, x, y)
	if err != nil {
		return fmt.Errorf("fetch roads: %w", err)
	}
	lines, err := readRoads(raw)
	if err != nil {
		return err
	}
	var parts []segment
	for _, line := range lines {
		for k := 1; k < len(line); k++ {
			if s, ok := clip(segment{line[k-1], line[k]}); ok {
				parts = append(parts, s)
			}
		}
	}
	origin := tilePoint{float64(x) * tileUnits, float64(y) * tileUnits}
	for k, cuts := range crossings(parts) {
		last := -1
		for _, t := range cuts {
			p := parts[k].at(t)
			n := r.node(tilePoint{origin.x + p.x, origin.y + p.y})
			if last >= 0 && last != n {
				r.join(last, n)
			}
			last = n
		}
	}
	return nil
}

func cellOf(u tilePoint) [2]int {
	return [2]int{int(math.Floor(u.x / cellUnits)), int(math.Floor(u.y / cellUnits))}
}

// node gives the node at a point, one that is there already where it is near.
func (r *roads) node(u tilePoint) int {
	near, least := -1, math.Inf(1)
	r.each(u, snapUnits, func(n int, d float64) {
		if d < least {
			near, least = n, d
		}
	})
	if near >= 0 {
		return near
	}
	n := len(r.nodes)
	r.nodes = append(r.nodes, node{at: u, joined: n})
	r.grid[cellOf(u)] = append(r.grid[cellOf(u)], n)
	return n
}

// each calls take with the nodes in the cells around a point.
func (r *roads) each(u tilePoint, within float64, take func(n int, distance float64)) {
	x0, x1 := int(math.Floor((u.x-within)/cellUnits)), int(math.Floor((u.x+within)/cellUnits))
	y0, y1 := int(math.Floor((u.y-within)/cellUnits)), int(math.Floor((u.y+within)/cellUnits))
	for x := x0; x <= x1; x++ {
		for y := y0; y <= y1; y++ {
			for _, n := range r.grid[[2]int{x, y}] {
				if d := r.nodes[n].at.distance(u); d <= within {
					take(n, d)
				}
			}
		}
	}
}

// nearest gives of each network the node nearest to a point.
func (r *roads) nearest(u tilePoint, within float64) map[int]int {
	found, distances := map[int]int{}, map[int]float64{}
	r.each(u, within, func(n int, d float64) {
		network := r.network(n)
		if known, ok := distances[network]; !ok || d < known {
			found[network], distances[network] = n, d
		}
	})
	return found
}

// network gives the node that stands for all that are joined with one.
func (r *roads) network(n int) int {
	for r.nodes[n].joined != n {
		r.nodes[n].joined = r.nodes[r.nodes[n].joined].joined
		n = r.nodes[n].joined
	}
	return n
}

func (r *roads) join(a, b int) {
	if !slices.Contains(r.nodes[a].next, b) {
		r.nodes[a].next = append(r.nodes[a].next, b)
		r.nodes[b].next = append(r.nodes[b].next, a)
		r.nodes[r.network(a)].joined = r.network(b)
	}
}

// reached is a node on the way of a search.
type reached struct {
	node        int
	cost, total float64 // so far, and with what is left at least
}

type frontier []reached

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].total < f[j].total }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }

// Push adds one.
func (f *frontier) Push(x any) { *f = append(*f, x.(reached)) }

// Pop takes the last.
func (f *frontier) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// search finds the shortest way (A*), nil for none.
func (r *roads) search(start, goal int) []int {
	cost, from := map[int]float64{start: 0}, map[int]int{}
	open := &frontier{{node: start}}
	for open.Len() > 0 {
		here := heap.Pop(open).(reached)
		if here.node == goal {
			path := []int{goal}
			for n := goal; n != start; {
				n = from[n]
				path = append(path, n)
			}
			slices.Reverse(path)
			return path
		}
		if here.cost > cost[here.node] {
			continue
		}
		for _, n := range r.nodes[here.node].next {
			c := here.cost + r.nodes[here.node].at.distance(r.nodes[n].at)
			if known, ok := cost[n]; ok && known <= c {
				continue
			}
			cost[n], from[n] = c, here.node
			heap.Push(open, reached{n, c, c + r.nodes[n].at.distance(r.nodes[goal].at)})
		}
	}
	return nil
}
