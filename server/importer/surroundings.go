package importer

import (
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Area is an area as rows are held against it.
type Area struct {
	ID, ParentID int64 // 0 above the district
	Level        string
	Code, Name   string
	Aliases      []string
	Boundary     orb.MultiPolygon // nil while none is known
}

// Known is something that rows refer to.
type Known struct {
	ID, AreaID int64
	ExternalID string
	Names      []string // name, aliases, filing number, telephone: whatever it may be called by
}

// Surroundings is what the rows of a file are held against: the areas, the
// ground, and what they refer to. It is filled first and then only asked.
type Surroundings struct {
	areas    map[int64]Area
	named    map[string][]int64 // areas by plain name, alias and code
	regions  *geo.Regions[int64]
	district *geo.Regions[int64]
	outlined bool
	bound    orb.Bound
	root     int64
	roads    *geo.Lines
	water    *geo.Regions[string]
	known    map[string]map[string][]Known // by noun, by plain name or id
}

// NewSurroundings makes surroundings of areas alone, parents before children.
func NewSurroundings(areas []Area) *Surroundings {
	s := &Surroundings{areas: map[int64]Area{}, named: map[string][]int64{}, regions: geo.NewRegions[int64](), district: geo.NewRegions[int64](),
		roads: geo.NewLines(), water: geo.NewRegions[string](), known: map[string]map[string][]Known{}}
	for _, a := range areas {
		s.areas[a.ID] = a
		if a.ParentID == 0 && s.root == 0 {
			s.root = a.ID
		}
		for _, name := range append([]string{a.Name, a.Code}, a.Aliases...) {
			if key := plain(name); key != "" {
				s.named[key] = append(s.named[key], a.ID)
			}
		}
		s.outline(a)
	}
	return s
}

func (s *Surroundings) outline(a Area) {
	if a.Boundary == nil {
		return
	}
	if a.Level != "district" {
		_ = s.regions.Add(a.ID, a.Boundary) // it has been covered before: it can be
		return
	}
	if s.district.Add(a.ID, a.Boundary) == nil {
		if !s.outlined {
			s.bound = a.Boundary.Bound()
		}
		s.outlined, s.bound = true, s.bound.Union(a.Boundary.Bound())
	}
}

// AddRoad puts a road in.
func (s *Surroundings) AddRoad(line orb.LineString) { s.roads.Add(line) }

// waterClasses are the classes of waters that have a word.
var waterClasses = []string{"reservoir", "river", "stream", "canal", "lake", "pond", "sea"}

// AddWater puts a water in, with its name, else what its class is called.
func (s *Surroundings) AddWater(name, class string, g orb.Geometry) {
	if name == "" {
		key := "water.some"
		if slices.Contains(waterClasses, class) {
			key = "water." + class
		}
		name = "@" + key
	}
	_ = s.water.Add(name, g)
}

// AddKnown puts something in that rows may refer to.
func (s *Surroundings) AddKnown(noun string, k Known) {
	by := s.known[noun]
	if by == nil {
		by = map[string][]Known{}
		s.known[noun] = by
	}
	seen := map[string]bool{}
	for _, name := range append([]string{k.ExternalID}, k.Names...) {
		if key := plain(name); key != "" && !seen[key] {
			seen[key] = true
			by[key] = append(by[key], k)
		}
	}
}

// Inside says whether a point lies in the district; where no outline is known,
// nothing does.
func (s *Surroundings) Inside(p Point) bool { return len(s.district.Holding(p)) > 0 }

// plausible says whether a point may be meant: in the district, or where no
// outline is known, in China.
func (s *Surroundings) plausible(p Point) bool {
	if s.outlined {
		return s.Inside(p)
	}
	return p[0] > 73 && p[0] < 136 && p[1] > 3 && p[1] < 54
}

// deepest gives the deepest area whose boundary holds a point, no grid: 0 for
// none.
func (s *Surroundings) deepest(p Point) int64 {
	best, depth := int64(0), -1
	for _, id := range s.regions.Holding(p) {
		if level := s.areas[id].Level; level != "grid" {
			if d := s.depth(id); d > depth {
				best, depth = id, d
			}
		}
	}
	if best == 0 && s.Inside(p) {
		return s.root
	}
	return best
}

func (s *Surroundings) depth(id int64) int {
	for d := 0; ; d++ {
		a, ok := s.areas[id]
		if !ok || a.ParentID == 0 || d > 8 {
			return d
		}
		id = a.ParentID
	}
}

// within says whether an area is another or lies below it.
func (s *Surroundings) within(id, above int64) bool {
	for range 9 {
		if id == above {
			return true
		}
		id = s.areas[id].ParentID
	}
	return false
}

// allowed says whether rows of an area may be written.
func (s *Surroundings) allowed(id int64, areaIDs []int64) bool {
	if areaIDs == nil {
		return true
	}
	for _, root := range areaIDs {
		if s.within(id, root) {
			return true
		}
	}
	return false
}

// endings are left off where a name as written is not known.
var endings = []string{"社区居民委员会", "村民委员会", "社区居委会", "居民委员会", "街道办事处", "镇人民政府", "居委会", "村委会", "社区", "街道", "村", "镇"}

// area finds an area by what a cell says: a code, a name or alias, a path such
// as 街道/社区. Of several it takes the one that holds the point.
func (s *Surroundings) area(cell string, at *Point) (int64, string) {
	var candidates []int64
	parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("/／>-—|", r) })
	if list := s.named[plain(cell)]; len(list) > 0 || len(parts) < 2 {
		candidates = s.called(cell)
	} else {
		for _, id := range s.called(parts[len(parts)-1]) {
			for _, above := range s.called(parts[0]) {
				if s.within(id, above) {
					candidates = append(candidates, id)
					break
				}
			}
		}
	}
	if len(candidates) > 1 && at != nil {
		holding := s.deepest(*at)
		for _, id := range candidates {
			if s.within(holding, id) {
				return id, ""
			}
		}
	}
	switch len(candidates) {
	case 0:
		return 0, "area_unknown"
	case 1:
		return candidates[0], ""
	}
	return 0, "area_ambiguous"
}

// called gives the areas of a name, also where one of the two has another
// ending (社区, 居委会 ...), or a code is written to twelve digits.
func (s *Surroundings) called(name string) []int64 {
	key := plain(name)
	if list := s.named[key]; len(list) > 0 {
		return list
	}
	if code := strings.TrimRight(key, "0"); len(key) == 12 && strings.Trim(key, "0123456789") == "" {
		for _, length := range []int{6, 9} {
			if len(code) <= length {
				if list := s.named[key[:length]]; len(list) > 0 {
					return list
				}
			}
		}
	}
	stem := withoutEnding(key)
	var list []int64
	for _, ending := range endings {
		for _, id := range s.named[stem+ending] {
			if len(list) == 0 || list[len(list)-1] != id {
				list = append(list, id)
			}
		}
	}
	if len(list) == 0 && stem != key {
		return s.named[stem]
	}
	return list
}

func withoutEnding(key string) string {
	for _, ending := range endings {
		if stem, ok := strings.CutSuffix(key, ending); ok && stem != "" {
			return stem
		}
	}
	return key
}

// refer finds what a cell refers to. Of several of one name it takes the one in
// the row's area, or the one that also goes by a second name.
func (s *Surroundings) refer(noun, cell string, areaID int64, also string) (Known, string) {
	list := s.known[noun][plain(cell)]
	if also != "" && len(list) > 1 {
		list = narrowed(list, func(k Known) bool {
			for _, name := range k.Names {
				if plain(name) == plain(also) {
					return true
				}
			}
			return false
		})
	}
	if len(list) > 1 && areaID != 0 {
		list = narrowed(list, func(k Known) bool { return s.within(k.AreaID, areaID) || s.within(areaID, k.AreaID) })
	}
	switch len(list) {
	case 0:
		return Known{}, "unknown_" + noun
	case 1:
		return list[0], ""
	}
	return Known{}, "ambiguous_" + noun
}

// narrowed gives those of a list that fit; the list where none does.
func narrowed(list []Known, fits func(Known) bool) []Known {
	var out []Known
	for _, k := range list {
		if fits(k) {
			out = append(out, k)
		}
	}
	if len(out) == 0 {
		return list
	}
	return out
}
