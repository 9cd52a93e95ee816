package seed

import (
	"strconv"
	"time"

	"github.com/paulmach/orb"
)

// Device is a thing on the ground that measures, alarms or tells.
type Device struct {
	Area       int
	Compound   int // or None
	Owner      int // index into Units
	Kind       string
	Name       string
	Address    string
	Point      orb.Point
	Health     string // up, down or unknown
	HealthAt   time.Time
	Attributes map[string]string
}

// The units that own devices, as indices into districtUnits.
const (
	ownerFire, ownerEmergency, ownerGas, ownerWater, ownerManagement, ownerRoads, ownerFlood, ownerAir = 0, 2, 6, 8, 11, 14, 17, 18
)

// addDevices puts detectors into houses and shops, gauges on the water, covers
// that tell when they are lifted along the streets, and loudspeakers
// everywhere. Those that belong to houses and streets grow with the scale.
func (b *builder) addDevices() {
	m := &deviceMaker{b, b.random("devices")}
	m.inCompounds()
	m.inBlocks()
	m.onStreets()
	m.onWater()
	m.atCrossings()
	m.inPlaces()
	m.onSlopes()
}

type deviceMaker struct {
	*builder
	*random
}

// put adds a device unless it would stand outside the district.
func (m *deviceMaker) put(d Device, at vec) {
	i := m.index.at(at)
	if i == None {
		return
	}
	d.Area, d.Point = m.places[i].area, at.point()
	if d.Address == "" {
		d.Address = m.Areas[d.Area].Name
	}
	d.Name = m.once(d.Name)
	d.Health = []string{"up", "down", "unknown"}[m.weighted([]float64{93, 5, 2})]
	late := m.within(20, 600)
	if d.Health != "up" {
		late = m.within(1, 72) * hour
	}
	d.HealthAt = m.options.Now.Add(-seconds(late))
	m.Devices = append(m.Devices, d)
}

// inCompounds puts smoke detectors into stairs and old houses, monitors into
// lifts, and meters for the wiring of the oldest houses.
func (m *deviceMaker) inCompounds() {
	for i, houses := range m.houses {
		for range m.round(1.3 * m.options.Scale) {
			if len(houses) == 0 {
				break
			}
			h := pick(m.random, houses)
			m.inHouse(i, h, "smoke_detector", "烟感", map[string]string{"floor": strconv.Itoa(m.within(1, h.Floors)), "battery_percent": strconv.Itoa(m.within(18, 100))})
			if h.Floors == 1 && m.chance(0.3) {
				m.inHouse(i, h, "electric_fire", "电气火灾探测器", map[string]string{"rated_ampere": pick(m.random, []string{"63", "100"})})
			}
		}
		for _, h := range houses {
			if h.Floors < 7 {
				continue
			}
			for range m.round(0.25 * m.options.Scale) {
				m.inHouse(i, h, "lift_monitor", "电梯监测", map[string]string{
					"floors": strconv.Itoa(h.Floors), "ebike_stop": strconv.FormatBool(m.chance(0.5)), "inspected": m.month(-11, 0)})
			}
		}
	}
}

func (m *deviceMaker) inHouse(compound int, h Building, kind, title string, attributes map[string]string) {
	c := m.Compounds[compound]
	owner := c.Property
	if owner == None {
		owner = ownerFire
	}
	at := plane(h.Point).add(vec{m.between(-4, 4), m.between(-3, 3)})
	m.put(Device{Compound: compound, Owner: owner, Kind: kind, Name: c.Name + h.Name + title, Address: h.Address, Attributes: attributes}, at)
}

// month gives a month, as 2026-11, between two counted from now.
func (m *deviceMaker) month(from, to int) string {
	return m.options.Now.AddDate(0, m.within(from, to), 0).Format("2006-01")
}

// inBlocks puts gas detectors into kitchens, and meters into shops and works.
func (m *deviceMaker) inBlocks() {
	for _, k := range m.blocks {
		name := m.places[k.place].name
		for _, d := range blockDevices[k.use] {
			for range m.round(d.mean * m.options.Scale) {
				at := k.at(k.w*m.between(0.15, 0.85), k.h*m.between(0.15, 0.85))
				m.put(Device{Compound: None, Owner: d.owner, Kind: d.kind, Name: name + d.title, Attributes: m.readings(d.kind)}, at)
			}
		}
	}
}

// blockDevices says what the blocks of a use have, with the mean at scale 1.
var blockDevices = map[use][]struct {
	kind, title string
	owner       int
	mean        float64
}{
	shops: {
		{"gas_detector", "餐饮店燃气报警器", ownerGas, 3.2}, {"smoke_detector", "商铺烟感", ownerFire, 2.6},
		{"electric_fire", "商铺电气火灾探测器", ownerFire, 1.6}, {"display", "商圈信息屏", ownerManagement, 0.5},
	},
	works:    {{"gas_detector", "厂区可燃气体探测器", ownerEmergency, 1.1}, {"electric_fire", "配电房电气火灾探测器", ownerFire, 1}, {"smoke_detector", "仓库烟感", ownerFire, 1.4}},
	school:   {{"gas_detector", "学校食堂燃气报警器", ownerGas, 1}, {"smoke_detector", "学校烟感", ownerFire, 1.2}, {"display", "校门信息屏", ownerManagement, 0.4}},
	hospital: {{"gas_detector", "医院食堂燃气报警器", ownerGas, 1}, {"smoke_detector", "病房烟感", ownerFire, 4}},
	offices:  {{"display", "政务信息屏", ownerManagement, 0.7}, {"electric_fire", "机房电气火灾探测器", ownerFire, 0.6}},
}

// readings states what a kind's users want to know beside its health.
func (m *deviceMaker) readings(kind string) map[string]string {
	switch kind {
	case "gas_detector":
		return map[string]string{"gas": "methane", "alarm_percent_lel": pick(m.random, []string{"5", "10", "20"}), "checked": m.month(-6, 0)}
	case "smoke_detector":
		return map[string]string{"battery_percent": strconv.Itoa(m.within(18, 100))}
	case "electric_fire":
		return map[string]string{"rated_ampere": pick(m.random, []string{"63", "100", "160", "250"})}
	case "manhole_sensor":
		return map[string]string{"use": pick(m.random, []string{"rain", "sewage", "water", "telecom"}), "battery_percent": strconv.Itoa(m.within(18, 100))}
	case "display":
		return map[string]string{"width_pixels": pick(m.random, []string{"960", "1280", "1920"})}
	}
	return nil
}
