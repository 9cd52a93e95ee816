package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"yiping/server/importer"
)

// Surroundings reads what the rows of a plan are held against: the areas, the
// roads and waters, and what its columns refer to.
func (s Imports) Surroundings(ctx context.Context, plan *importer.Plan) (*importer.Surroundings, error) {
	areas, err := s.areasWithBoundaries(ctx)
	if err != nil {
		return nil, err
	}
	around := importer.NewSurroundings(areas)
	if plan.HasPoint && !plan.Noun.Roots {
		if err := s.ground(ctx, around); err != nil {
			return nil, err
		}
	}
	for _, c := range plan.Noun.Columns {
		query, ok := knownQueries[c.Of]
		if c.Kind != importer.Reference || !ok || plan.Field(c.Field) < 0 {
			continue
		}
		rows, err := s.system().Query(ctx, query)
		if err != nil {
			return nil, translate(err)
		}
		var k importer.Known
		var sealed []byte
		if _, err := pgx.ForEachRow(rows, []any{&k.ID, &k.AreaID, &k.ExternalID, &k.Names, &sealed}, func() error {
			names := slices.Clone(k.Names)
			if phone, err := s.openPhone(sealedResponderPhone, sealed); err == nil && phone != "" {
				names = append(names, phone)
			}
			around.AddKnown(c.Of, importer.Known{ID: k.ID, AreaID: k.AreaID, ExternalID: k.ExternalID, Names: names})
			return nil
		}); err != nil {
			return nil, translate(err)
		}
	}
	return around, nil
}

// knownQueries give what rows may refer to: id, area, external id, names, and a
// sealed number by which people are told apart.
var knownQueries = map[string]string{
	"compound":     `select id, area_id, external_id, array[name] || aliases, null::bytea from compound where retired_at is null`,
	"unit":         `select id, area_id, external_id, array[name], null::bytea from unit where retired_at is null`,
	"camera":       `select id, area_id, external_id, array[name, filing_number], null::bytea from camera where retired_at is null`,
	"responder":    `select id, area_id, external_id, array[name], phone from responder where retired_at is null`,
	"organisation": `select distinct on (name) id, area_id, external_id, array[name], null::bytea from party_organisation order by name, id`,
}

func (s Imports) areasWithBoundaries(ctx context.Context) ([]importer.Area, error) {
	rows, err := s.system().Query(ctx, `select id, coalesce(parent_id, 0), level, code, name, aliases, st_asbinary(boundary) from area where retired_at is null
		order by array_position(array['district', 'street', 'community', 'grid'], level), id`)
	if err != nil {
		return nil, translate(err)
	}
	areas, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a importer.Area, err error) {
		var raw []byte
		if err := row.Scan(&a.ID, &a.ParentID, &a.Level, &a.Code, &a.Name, &a.Aliases, &raw); err != nil || raw == nil {
			return a, err
		}
		g, err := wkb.Unmarshal(raw)
		if shape, ok := g.(orb.MultiPolygon); ok {
			a.Boundary = shape
		}
		return a, err
	})
	return areas, translate(err)
}

// ground reads roads and waters.
func (s Imports) ground(ctx context.Context, around *importer.Surroundings) error {
	rows, err := s.system().Query(ctx, `select kind, name, class, st_asbinary(shape) from ground where kind in ('road', 'water')`)
	if err != nil {
		return translate(err)
	}
	var kind, name, class string
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&kind, &name, &class, &raw}, func() error {
		g, err := wkb.Unmarshal(raw)
		if err != nil {
			return err
		}
		switch shape := g.(type) {
		case orb.LineString:
			if kind == "road" {
				around.AddRoad(shape)
			}
		case orb.MultiLineString:
			for _, line := range shape {
				if kind == "road" {
					around.AddRoad(line)
				}
			}
		case orb.Polygon, orb.MultiPolygon:
			if kind == "water" {
				around.AddWater(name, class, g)
			}
		}
		return nil
	})
	return translate(err)
}
