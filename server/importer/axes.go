package importer

import "sync"

// axes decides once for a file which of two projected coordinates points east:
// in Chinese surveying X points north and Y east, elsewhere it is the other way.
// The first chunk decides, by where its points fall.
type axes struct {
	mu      sync.Mutex
	decided bool
	swapped bool
}

func (a *axes) convert(points []Point, project func([]Point) ([]Point, error), inside func(Point) bool) ([]Point, error) {
	swapped, err := a.decide(points, project, inside)
	if err != nil {
		return nil, err
	}
	if swapped {
		points = exchanged(points)
	}
	return project(points)
}

func (a *axes) decide(points []Point, project func([]Point) ([]Point, error), inside func(Point) bool) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.decided {
		return a.swapped, nil
	}
	probe := points[:min(len(points), 200)]
	count := func(p []Point) (n int, err error) {
		out, err := project(p)
		for _, at := range out {
			if inside(at) {
				n++
			}
		}
		return n, err
	}
	straight, err := count(probe)
	if err != nil {
		return false, err
	}
	turned, err := count(exchanged(probe))
	if err != nil {
		turned = 0 // outside of what the system is defined for
	}
	a.decided, a.swapped = true, turned > straight
	return a.swapped, nil
}

func exchanged(points []Point) []Point {
	out := make([]Point, len(points))
	for i, p := range points {
		out[i] = Point{p[1], p[0]}
	}
	return out
}
