package seed

import (
	"fmt"
	"math"
	"time"
)

// addCameras puts sites where the rules want a camera (compound gates, garage
// gates, fire lanes, main roads), a camera at most of them, and some more
// cameras at schools and parks.
func (b *builder) addCameras() {
	r := b.random("cameras")
	care := make([]float64, len(b.places)) // how well each community does
	for i := range care {
		care[i] = r.between(0.84, 0.99)
		if r.chance(0.15) {
			care[i] -= 0.16
		}
	}
	c := &cameraMaker{b, r, care}
	c.atGates()
	c.inCompounds()
	c.onRoads()
	c.inVillages()
	c.elsewhere()
}

type cameraMaker struct {
	*builder
	*random
	care []float64
}

// stand describes a camera or site before its community is known.
type stand struct {
	at       vec
	look     vec
	name     string
	category string
	compound int
	view     float64
	reach    float64
}

// need adds a site and, with the community's chance, its camera; beyond scale 1
// more cameras stand around it, one for each two that the scale adds: together
// with the people a hundredfold district has a quarter of a million.
func (c *cameraMaker) need(s stand) {
	i := c.index.at(s.at)
	if i == None {
		return
	}
	camera := None
	if c.chance(c.care[i]) {
		camera = len(c.Cameras)
		c.camera(i, s)
		for n := range c.round(math.Max(0, (c.options.Scale-1)/2)) {
			more := s
			more.name = fmt.Sprintf("%s-%02d", s.name, n+2)
			more.at, more.look = s.at.add(polar(c.between(3, 90), c.between(0, 2*math.Pi))), s.look.mul(-1)
			if c.index.at(more.at) == i {
				c.camera(i, more)
			}
		}
	}
	c.Sites = append(c.Sites, Site{
		Area: c.places[i].area, Compound: s.compound, Camera: camera,
		Name: s.name, Category: s.category, Point: s.at.point(),
	})
}

func (c *cameraMaker) camera(i int, s stand) {
	owner := 1 // the police
	if s.compound != None && c.Compounds[s.compound].Property != None {
		owner = c.Compounds[s.compound].Property
	} else if s.category == "other" {
		owner = 11 // urban management
	}
	device, channel, stream := c.healths(c.care[i])
	n := len(c.Cameras) + 1
	c.Cameras = append(c.Cameras, Camera{
		Area: c.places[i].area, Compound: s.compound, Owner: owner,
		Name: c.once(s.name), Category: s.category,
		Filing: fmt.Sprintf("示备%s%06d", districtCode, n),
		Point:  s.at.point(), Bearing: compass(s.look), View: s.view, Range: s.reach,
		Device: device, Channel: channel, Stream: stream,
		HealthAt: c.options.Now.Add(-time.Duration(c.within(5, 110)) * time.Second),
	})
}

// healths gives the three states: a dead device has no channel, a dead channel
// no picture, and some pictures fail by themselves.
func (c *cameraMaker) healths(care float64) (device, channel, stream string) {
	bad := 1 - care
	switch x := c.Float64(); {
	case x < bad*0.35:
		return "down", "down", "down"
	case x < bad*0.6:
		return "up", "down", "down"
	case x < bad*1.0:
		return "up", "up", "down"
	case x < bad*1.12:
		return "unknown", "unknown", "unknown"
	}
	return "up", "up", "up"
}

func (c *cameraMaker) atGates() {
	count := map[int]int{}
	for _, g := range c.gates {
		count[g.compound]++
		name := c.Compounds[g.compound].Name
		title := "大门"
		if count[g.compound] > 1 {
			title = "侧门"
		}
		c.need(stand{g.at.add(g.out.mul(-3)), g.out, name + title, "compound_gate", g.compound, c.between(70, 100), 45})
		if count[g.compound] == 1 && !c.isCourts(g.compound) {
			c.need(stand{g.at.add(g.out.left().mul(11)), g.out.mul(-1), name + "车库口", "parking_gate", g.compound, 65, 30})
		}
	}
}

func (c *cameraMaker) inCompounds() {
	for _, k := range c.blocks {
		if k.compound == None {
			continue
		}
		name := c.Compounds[k.compound].Name
		n := 1
		if k.w*k.h > 45000 {
			n = 2
		}
		for i := range n {
			y := k.h * (float64(i) + 0.6) / float64(n)
			at, to := k.at(k.w/2+2, y), k.at(k.w/2+2, y-20)
			c.need(stand{at, to.sub(at), fmt.Sprintf("%s消防通道%s", name, numeral(i+1)), "fire_lane", k.compound, c.between(50, 80), 60})
		}
	}
}

// onRoads puts cameras along the town's main streets, looking along them, one
// every few hundred metres on alternate sides.
func (c *cameraMaker) onRoads() {
	spacing := map[string]float64{"trunk": 420, "primary": 300, "secondary": 330, "tertiary": 520}
	for _, l := range c.lines {
		gap, ok := spacing[l.class]
		if !ok || l.name == "" || l.name == trunkName {
			continue
		}
		if !c.inTown(l.line[len(l.line)/2]) {
			gap *= 3.5
		}
		side := 1.0
		n := 0
		for d := gap / 2; d < length(l.line); d += gap * c.between(0.85, 1.15) {
			at, ahead := along(l.line, d)
			n++
			side = -side
			c.need(stand{at.add(ahead.left().mul(side * 8)), ahead.mul(side), fmt.Sprintf("%s%d号杆", l.name, n), "main_road", None, c.between(45, 75), math.Round(c.between(60, 120))})
		}
	}
}

// inTown says whether a point lies within the ring road or a little beyond.
func (b *builder) inTown(p vec) bool {
	return p.dist(b.town.at(townColumns/2.0, townRows/2.0)) < cellMeters*4.6
}

func (c *cameraMaker) inVillages() {
	for _, p := range c.places {
		if p.kind != village && p.kind != suburb {
			continue
		}
		at, out := p.settled.ends()
		ends := []string{"东口", "北口", "西口", "南口"}
		first := c.IntN(4)
		for k := range c.within(1, 3) {
			e := (first + k) % 4
			c.need(stand{at[e].add(out[e].left().mul(5)), out[e], p.name + "村" + ends[e], "main_road", None, c.between(60, 90), 70})
		}
	}
}

// elsewhere puts cameras that no rule asks for: schools, parks, squares.
func (c *cameraMaker) elsewhere() {
	titles := map[use]string{school: "学校门前", park: "公园入口", shops: "商业广场", hospital: "医院门前", offices: "机关广场"}
	for _, k := range c.blocks {
		title, ok := titles[k.use]
		if !ok {
			continue
		}
		for n := range c.round(1 + c.options.Scale) {
			at := k.at(k.w*(0.3+0.4*float64(n%2)), 4)
			if i := c.index.at(at); i != None {
				c.camera(i, stand{at, at.sub(k.at(k.w/2, k.h/2)), c.places[i].name + title, "other", None, 100, 50})
			}
		}
	}
}
