package dispatch

import (
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Level is the depth of an area in the tree.
type Level string

// The levels, from the root.
const (
	LevelDistrict  Level = "district"
	LevelStreet    Level = "street"
	LevelCommunity Level = "community"
	LevelGrid      Level = "grid"
)

// Depth is 0 for the district and 3 for a grid; -1 for an unknown level.
func (l Level) Depth() int {
	for i, known := range []Level{LevelDistrict, LevelStreet, LevelCommunity, LevelGrid} {
		if l == known {
			return i
		}
	}
	return -1
}

// Area is a node of the area tree. Lon and Lat are its centre (WGS-84), nil
// while neither a boundary nor a centre is known.
type Area struct {
	ID          int64    `json:"id"`
	ParentID    *int64   `json:"parent_id,omitempty"`
	Level       Level    `json:"level" enum:"district,street,community,grid"`
	Code        string   `json:"code"`
	Name        string   `json:"name"`
	Aliases     []string `json:"aliases" nullable:"false"`
	Lon         *float64 `json:"lon,omitempty"`
	Lat         *float64 `json:"lat,omitempty"`
	HasBoundary bool     `json:"has_boundary"`
	Version     int      `json:"version"`
	// MinimumStrength is how many on duty it keeps when others are sent out of it.
	MinimumStrength *int `json:"minimum_strength,omitempty" doc:"How many on duty a community keeps back; missing for no such number."`
}

// AreaInput is an area as an administrator or an import hands it over. The
// boundary is still in the source's datum.
type AreaInput struct {
	ParentID   int64
	ParentCode string
	Level      Level
	Code       string
	Name       string
	Aliases    []string
	Boundary   orb.Geometry // Polygon, MultiPolygon or nil
	Center     *orb.Point
	Datum      geo.Datum
	Source     string
	ExternalID string
	// MinimumStrength nil leaves it as it is, 0 takes it away.
	MinimumStrength *int
}

// AreaTree answers questions about the tree from memory. It never changes: a
// changed tree is a new one.
type AreaTree struct {
	areas    map[int64]Area
	children map[int64][]int64
	root     int64
	stamp    string
}

// NewAreaTree makes the tree of all areas.
func NewAreaTree(areas []Area) *AreaTree {
	t := &AreaTree{areas: make(map[int64]Area, len(areas)), children: map[int64][]int64{}}
	sum := 0
	for _, a := range areas {
		t.areas[a.ID] = a
		sum += a.Version
		if a.ParentID == nil {
			t.root = a.ID
		} else {
			t.children[*a.ParentID] = append(t.children[*a.ParentID], a.ID)
		}
	}
	t.stamp = strconv.Itoa(len(t.areas)) + "." + strconv.Itoa(sum)
	return t
}

// Area gives one area.
func (t *AreaTree) Area(id int64) (Area, bool) {
	a, ok := t.areas[id]
	return a, ok
}

// Name gives an area's name, "" for an unknown one.
func (t *AreaTree) Name(id int64) string { return t.areas[id].Name }

// Root gives the district's id, 0 in an empty tree.
func (t *AreaTree) Root() int64 { return t.root }

// Within says whether an area is the root given or lies below it.
func (t *AreaTree) Within(id, root int64) bool {
	for range 8 { // deeper than any tree; a cycle must not hang
		if id == root {
			return true
		}
		a, ok := t.areas[id]
		if !ok || a.ParentID == nil {
			return false
		}
		id = *a.ParentID
	}
	return false
}

// Common gives the deepest area that holds all of the given ones, 0 for none.
func (t *AreaTree) Common(ids []int64) int64 {
	if len(ids) == 0 {
		return 0
	}
	id := ids[0]
	for range 8 {
		if !slices.ContainsFunc(ids, func(other int64) bool { return !t.Within(other, id) }) {
			return id
		}
		a, ok := t.areas[id]
		if !ok || a.ParentID == nil {
			return 0
		}
		id = *a.ParentID
	}
	return 0
}

// Below gives the roots and every area below them, each once.
func (t *AreaTree) Below(roots ...int64) []int64 {
	seen := map[int64]bool{}
	var all []int64
	queue := append([]int64(nil), roots...)
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if _, known := t.areas[id]; !known || seen[id] {
			continue
		}
		seen[id] = true
		all = append(all, id)
		queue = append(queue, t.children[id]...)
	}
	return all
}

// Above gives an area and all that it lies in, the nearest first.
func (t *AreaTree) Above(id int64) []int64 {
	var all []int64
	for range 8 {
		a, ok := t.areas[id]
		if !ok {
			break
		}
		all = append(all, id)
		if a.ParentID == nil {
			break
		}
		id = *a.ParentID
	}
	return all
}

// Reach gives the roots and every area below them, each once; nil for everywhere.
func (t *AreaTree) Reach(roots []int64) []int64 {
	if t.root != 0 && slices.Contains(roots, t.root) {
		return nil
	}
	return append([]int64{}, t.Below(roots...)...)
}

// Street gives the street or town an area belongs to, 0 for the district.
func (t *AreaTree) Street(id int64) int64 {
	for range 8 {
		a, ok := t.areas[id]
		if !ok || a.ParentID == nil {
			return 0
		}
		if a.Level == LevelStreet {
			return id
		}
		id = *a.ParentID
	}
	return 0
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Stamp gives a short text that changes with the tree, for caches.
func (t *AreaTree) Stamp() string { return t.stamp }

// At gives the area of a level in which an area lies; itself where it is no
// deeper.
func (t *AreaTree) At(id int64, level Level) int64 {
	for range 8 {
		a, ok := t.areas[id]
		if !ok || a.ParentID == nil || a.Level.Depth() <= level.Depth() {
			break
		}
		id = *a.ParentID
	}
	return id
}

// HasCode says whether an area has a code.
func (t *AreaTree) HasCode(code string) bool {
	for _, a := range t.areas {
		if a.Code == code {
			return true
		}
	}
	return false
}
