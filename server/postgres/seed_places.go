package postgres

import (
	"context"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/seed"
)

// The places of a demonstration district: areas and what stands in them.

func (l *loader) areas(ctx context.Context) {
	l.copy(ctx, "area", []string{"id", "parent_id", "level", "code", "name", "aliases", "boundary", "center", "cells", "minimum_strength", "source", "external_id"}, len(l.d.Areas), func(i int) ([]any, error) {
		a := l.d.Areas[i]
		boundary, err := shape(a.Boundary)
		if err != nil {
			return nil, err
		}
		center, err := shape(a.Center)
		if err != nil {
			return nil, err
		}
		covered, err := geo.Cover(a.Boundary, geo.ResolutionPeople, coverLimit)
		if err != nil {
			return nil, err
		}
		cells := make([]int64, len(covered))
		for k, c := range covered {
			cells[k] = c.Int64()
		}
		var minimum *int16
		if n := int16(a.Minimum); n > 0 {
			minimum = &n
		}
		return []any{l.id("area", i), l.id("area", a.Parent), a.Level, a.Code, a.Name, nonNil(a.Aliases), boundary, center, cells, minimum, seed.Source, "area-" + a.Code}, nil
	})
	if l.err != nil {
		return
	}
	for i, a := range l.d.Areas {
		l.name("area", i, i, a.Name, a.Level, a.Center, append([]string{a.Code}, a.Aliases...)...)
	}
	_, l.err = l.Exec(ctx, `insert into installation (district_id, centre_name, demonstration, factor_roles) values ($1, $2, true, '{}')
		on conflict (only_row) do update set district_id = excluded.district_id, centre_name = excluded.centre_name, demonstration = true, factor_roles = '{}'`,
		l.id("area", 0), l.d.CentreName)
}

func (l *loader) units(ctx context.Context) {
	l.copy(ctx, "unit", []string{"id", "area_id", "name", "kind", "duty_phone", "point", "cell", "source", "external_id"}, len(l.d.Units), func(i int) ([]any, error) {
		u := l.d.Units[i]
		l.name("unit", i, u.Area, u.Name, u.Kind, u.Point)
		point, cell, err := spot(u.Point, geo.ResolutionFixed)
		return []any{l.id("unit", i), l.id("area", u.Area), u.Name, u.Kind, u.DutyPhone, point, cell, seed.Source, external("unit", i)}, err
	})
}

func (l *loader) compounds(ctx context.Context) {
	l.copy(ctx, "compound", []string{"id", "area_id", "name", "aliases", "address", "property_unit_id", "boundary", "point", "cell", "source", "external_id"}, len(l.d.Compounds), func(i int) ([]any, error) {
		c := l.d.Compounds[i]
		l.name("compound", i, c.Area, c.Name, "", c.Point, append([]string{c.Address}, c.Aliases...)...)
		boundary, err := shape(c.Boundary)
		if err != nil {
			return nil, err
		}
		point, cell, err := spot(c.Point, geo.ResolutionFixed)
		return []any{l.id("compound", i), l.id("area", c.Area), c.Name, nonNil(c.Aliases), c.Address, l.id("unit", c.Property), boundary, point, cell, seed.Source, external("compound", i)}, err
	})
}

// buildings are found by their compound's name and their own.
func (l *loader) buildings(ctx context.Context) {
	l.copy(ctx, "building", []string{"id", "area_id", "compound_id", "name", "address", "kind", "floors", "entrances", "households",
		"boundary", "point", "cell", "source", "external_id"}, len(l.d.Buildings), func(i int) ([]any, error) {
		h := l.d.Buildings[i]
		name := h.Name
		if h.Compound != seed.None {
			name = l.d.Compounds[h.Compound].Name + h.Name
		}
		l.name("building", i, h.Area, name, h.Kind, h.Point, h.Address)
		boundary, err := shape(h.Boundary)
		if err != nil {
			return nil, err
		}
		point, cell, err := spot(h.Point, geo.ResolutionFixed)
		return []any{l.id("building", i), l.id("area", h.Area), l.id("compound", h.Compound), h.Name, h.Address, h.Kind, h.Floors, h.Entrances, h.Households,
			boundary, point, cell, seed.Source, external("building", i)}, err
	})
}

func (l *loader) facilities(ctx context.Context) {
	l.copy(ctx, "facility", []string{"id", "area_id", "compound_id", "kind", "name", "address", "point", "cell", "attributes", "source", "external_id"}, len(l.d.Facilities), func(i int) ([]any, error) {
		f := l.d.Facilities[i]
		l.name("facility", i, f.Area, f.Name, f.Kind, f.Point, f.Address)
		point, cell, err := spot(f.Point, geo.ResolutionFixed)
		return []any{l.id("facility", i), l.id("area", f.Area), l.id("compound", f.Compound), f.Kind, f.Name, f.Address, point, cell, stated(f.Attributes), seed.Source, external("facility", i)}, err
	})
}

func (l *loader) cameras(ctx context.Context) {
	l.copy(ctx, "camera", []string{"id", "area_id", "compound_id", "owner_unit_id", "name", "place_category", "filing_number", "point", "cell",
		"bearing_degrees", "view_degrees", "range_meters", "device_health", "channel_health", "stream_health", "health_at", "source", "external_id"}, len(l.d.Cameras), func(i int) ([]any, error) {
		c := l.d.Cameras[i]
		l.name("camera", i, c.Area, c.Name, c.Category, c.Point, c.Filing)
		point, cell, err := spot(c.Point, geo.ResolutionFixed)
		return []any{l.id("camera", i), l.id("area", c.Area), l.id("compound", c.Compound), l.id("unit", c.Owner), c.Name, c.Category, c.Filing, point, cell,
			float32(c.Bearing), float32(c.View), float32(c.Range), c.Device, c.Channel, c.Stream, instant(c.HealthAt), seed.Source, external("camera", i)}, err
	})
}

func (l *loader) sites(ctx context.Context) {
	l.copy(ctx, "site", []string{"id", "area_id", "compound_id", "camera_id", "name", "place_category", "point", "cell", "source", "external_id"}, len(l.d.Sites), func(i int) ([]any, error) {
		s := l.d.Sites[i]
		point, cell, err := spot(s.Point, geo.ResolutionFixed)
		return []any{l.id("site", i), l.id("area", s.Area), l.id("compound", s.Compound), l.id("camera", s.Camera), s.Name, s.Category, point, cell, seed.Source, external("site", i)}, err
	})
}

func (l *loader) devices(ctx context.Context) {
	l.copy(ctx, "device", []string{"id", "area_id", "compound_id", "owner_unit_id", "kind", "name", "address", "point", "cell",
		"health", "health_at", "attributes", "source", "external_id"}, len(l.d.Devices), func(i int) ([]any, error) {
		v := l.d.Devices[i]
		l.name("device", i, v.Area, v.Name, v.Kind, v.Point, v.Address)
		point, cell, err := spot(v.Point, geo.ResolutionFixed)
		return []any{l.id("device", i), l.id("area", v.Area), l.id("compound", v.Compound), l.id("unit", v.Owner), v.Kind, v.Name, v.Address, point, cell,
			v.Health, instant(v.HealthAt), stated(v.Attributes), seed.Source, external("device", i)}, err
	})
}

// stated gives attributes, an empty set where there are none.
func stated(attributes map[string]string) map[string]string {
	if attributes == nil {
		return map[string]string{}
	}
	return attributes
}

// ground writes the base map. A road is found by its name once: by its longest
// piece.
func (l *loader) ground(ctx context.Context) {
	longest := map[string]int{}
	l.copy(ctx, "ground", []string{"id", "kind", "class", "name", "min_zoom", "shape", "source", "external_id"}, len(l.d.Ground), func(i int) ([]any, error) {
		g := l.d.Ground[i]
		if line, ok := g.Shape.(orb.LineString); ok && g.Kind == "road" && g.Name != "" {
			if k, known := longest[g.Name]; !known || len(line) > len(l.d.Ground[k].Shape.(orb.LineString)) {
				longest[g.Name] = i
			}
		}
		raw, err := shape(g.Shape)
		return []any{l.id("ground", i), g.Kind, g.Class, g.Name, int16(g.MinZoom), raw, seed.Source, external("ground", i)}, err
	})
	if l.err != nil {
		return
	}
	for i, g := range l.d.Ground {
		if k, ok := longest[g.Name]; ok && k == i {
			line := g.Shape.(orb.LineString)
			l.name("road", i, 0, g.Name, g.Class, line[len(line)/2])
		}
	}
}
