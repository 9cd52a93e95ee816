package seed

import (
	"fmt"
	"math"
	"strconv"
)

// Devices in the open: along streets, on the water, in villages, on slopes.

// onStreets puts sensors under manhole covers, one every so often along the
// town's named streets, to the side of the carriageway.
func (m *deviceMaker) onStreets() {
	gap := 430 / max(1, m.options.Scale)
	for _, l := range m.lines {
		if l.name == "" || l.class == "rail" || l.class == "motorway" || !m.inTown(l.line[len(l.line)/2]) {
			continue
		}
		n := 0
		for d := gap / 2; d < length(l.line); d += gap * m.between(0.8, 1.2) {
			at, ahead := along(l.line, d)
			n++
			m.put(Device{
				Compound: None, Owner: ownerRoads, Kind: "manhole_sensor", Name: fmt.Sprintf("%s%d号井盖", l.name, n), Address: l.name,
				Attributes: m.readings("manhole_sensor"),
			}, at.add(ahead.left().mul(pick(m.random, []float64{-4, 4}))))
		}
	}
}

// onWater puts gauges along the river and the brooks, at the reservoir's dam
// and on the lakes.
func (m *deviceMaker) onWater() {
	gauge := func(name string, at vec, half float64) {
		warning := m.between(2.2, 4.8)
		m.put(Device{Compound: None, Owner: ownerFlood, Kind: "water_level", Name: name, Address: name, Attributes: map[string]string{
			"warning_metres": fmt.Sprintf("%.2f", warning), "danger_metres": fmt.Sprintf("%.2f", warning+m.between(0.4, 1.1)),
			"level_metres": fmt.Sprintf("%.2f", warning*m.between(0.35, 0.8)),
		}}, at.add(vec{0, half}))
	}
	long := length(m.river)
	for n, d := 1, 1200.0; d < long; n, d = n+1, d+m.between(1700, 2400) {
		at, _ := along(m.river, d)
		gauge(fmt.Sprintf("%s%d号水位站", riverName, n), at, -riverHalf(d/long))
	}
	for i, line := range m.streams {
		for k, share := range []float64{0.55, 0.9} {
			at, _ := along(line, length(line)*share)
			gauge(brookNames[i]+[]string{"上游", "河口"}[k]+"水位站", at, 0)
		}
	}
	gauge(reservoirName+"坝前水位站", m.river[0], 0)
	for i, w := range m.waters[1:] {
		gauge(lakeNames[i]+"水位站", w[0], 0)
	}
}

// atCrossings puts flood sensors where a street goes under the railway or a
// main road, and where the water gathers beside the river.
func (m *deviceMaker) atCrossings() {
	flood := func(name, street string, at vec) {
		m.put(Device{Compound: None, Owner: ownerRoads, Kind: "flood_sensor", Name: name, Address: street, Attributes: map[string]string{
			"alarm_centimetres": pick(m.random, []string{"15", "20", "27"}), "level_centimetres": strconv.Itoa(m.weighted([]float64{20, 3, 1, 1})),
		}}, at)
	}
	rail, express := m.highways[3].line, m.highways[0].line
	for _, l := range m.lines {
		if l.name == "" || l.class == "rail" || l.class == "motorway" || l.class == "service" {
			continue
		}
		if at, ok := crossing(l.line, rail); ok {
			flood(l.name+"铁路立交积水监测", l.name, at.vec)
		}
		if at, ok := crossing(l.line, express); ok && l.class != "trunk" {
			flood(l.name+"高速下穿积水监测", l.name, at.vec)
		}
	}
	for i, c := range m.Compounds {
		if houses := m.houses[i]; len(houses) > 0 && houses[0].Floors > 15 && m.chance(0.5) {
			m.put(Device{Compound: i, Owner: c.Property, Kind: "flood_sensor", Name: c.Name + "地下车库积水监测", Address: c.Address,
				Attributes: map[string]string{"alarm_centimetres": "10", "level_centimetres": "0"}}, plane(c.Point).add(vec{m.between(-20, 20), m.between(-20, 20)}))
		}
	}
}

// inPlaces puts a loudspeaker into every community, and stations for air and
// weather into some.
func (m *deviceMaker) inPlaces() {
	for i := range m.places {
		p := &m.places[i]
		at, _ := m.spotIn(p, m.blocksAt[i], inside, m.random)
		name := m.Areas[p.area].Name
		office := len(districtUnits) + p.street - 1
		m.put(Device{Compound: None, Owner: office, Kind: "loudspeaker", Name: name + "应急广播", Attributes: map[string]string{"watts": pick(m.random, []string{"25", "50", "100"})}}, at)
		if p.kind == seat || p.kind == urban && m.chance(0.22) {
			m.put(Device{Compound: None, Owner: ownerAir, Kind: "air_quality", Name: name + "空气质量站", Attributes: map[string]string{
				"pm25_micrograms": strconv.Itoa(int(m.longTail(32, 0.5))), "pm10_micrograms": strconv.Itoa(int(m.longTail(60, 0.4)))}}, at.add(vec{9, 4}))
		}
		if p.kind == seat || p.kind == village && m.chance(0.06) {
			m.put(Device{Compound: None, Owner: ownerEmergency, Kind: "weather", Name: name + "气象站", Attributes: map[string]string{
				"wind_metres_per_second": fmt.Sprintf("%.1f", m.longTail(2.4, 0.5)), "rain_millimetres": "0.0"}}, at.add(vec{-12, 8}))
		}
	}
}

// onSlopes puts monitors on the slopes above the reservoir.
func (m *deviceMaker) onSlopes() {
	for n := range 8 {
		at := reservoirMiddle.add(polar(m.between(1250, 2100), 1.2+3.4*float64(n)/8))
		if m.inWater(at, 30) {
			continue
		}
		m.put(Device{Compound: None, Owner: ownerEmergency, Kind: "slope_monitor", Name: fmt.Sprintf("望湖林场%d号边坡监测", n+1), Attributes: map[string]string{
			"shift_millimetres": fmt.Sprintf("%.1f", math.Abs(m.near(0.6, 0.5)))}}, at)
	}
}
