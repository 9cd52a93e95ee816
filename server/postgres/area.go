package postgres

import (
	"context"
	"strings"

	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/planar"

	"yiping/geo"
	"yiping/server/dispatch"
)

const selectArea = `
select a.id, a.parent_id, a.level, a.code, a.name, a.aliases, st_x(a.center) as lon, st_y(a.center) as lat,
       a.boundary is not null as has_boundary, a.version, a.minimum_strength
from area a`

// Areas gives the whole tree, from the district down.
func (s *Store) Areas(ctx context.Context) ([]dispatch.Area, error) {
	return many[dispatch.Area](ctx, s.system(), selectArea+` where a.retired_at is null order by array_position(array['district', 'street', 'community', 'grid'], a.level), a.code, a.id`)
}

// Area gives one area.
func (s *Store) Area(ctx context.Context, id int64) (dispatch.Area, error) {
	return one[dispatch.Area](ctx, s.read(ctx), selectArea+` where a.id = $1`, id)
}

// coverLimit bounds the cells of one area: a district of 3,000 km2 has 30,000.
const coverLimit = 200_000

// SaveArea makes or replaces the area of a source's external id. The boundary
// is converted to WGS-84 and covered with cells.
func (t *tx) SaveArea(ctx context.Context, in dispatch.AreaInput) (dispatch.Area, error) {
	var none dispatch.Area
	parentID, err := t.parentOf(ctx, in)
	if err != nil {
		return none, err
	}
	shape, cells, center, err := areaShape(in)
	if err != nil {
		return none, err
	}
	aliases := in.Aliases
	if aliases == nil {
		aliases = []string{}
	}
	var id int64
	err = t.QueryRow(ctx, `
		insert into area (parent_id, level, code, name, aliases, boundary, center, cells, datum, source, external_id, minimum_strength)
		values ($1, $2, $3, $4, $5, st_multi(st_geomfromwkb($6, 4326)), st_geomfromwkb($7, 4326), $8, $9, $10, $11, nullif($12::int, 0))
		on conflict on constraint area_external do update set parent_id = excluded.parent_id, level = excluded.level, code = excluded.code,
			name = excluded.name, aliases = excluded.aliases, boundary = coalesce(excluded.boundary, area.boundary),
			center = coalesce(excluded.center, area.center), datum = excluded.datum,
			cells = case when excluded.boundary is null then area.cells else excluded.cells end,
			minimum_strength = case when $12::int is null then area.minimum_strength else excluded.minimum_strength end,
			version = area.version + 1, updated_at = now(), retired_at = null
		returning id`, parentID, in.Level, in.Code, in.Name, aliases, shape, center, cells, in.Datum.String(), in.Source, in.ExternalID, in.MinimumStrength).Scan(&id)
	if err != nil {
		return none, translate(err)
	}
	if in.Level == dispatch.LevelDistrict {
		if _, err := t.Exec(ctx, `insert into installation (district_id) values ($1)
			on conflict (only_row) do update set district_id = excluded.district_id where installation.district_id is null`, id); err != nil {
			return none, translate(err)
		}
	}
	a, err := one[dispatch.Area](ctx, t, selectArea+` where a.id = $1`, id)
	if err != nil {
		return none, err
	}
	return a, namePlace(ctx, t, "area", id, id, in.Name, string(in.Level), append(append([]string{}, aliases...), in.Code), a.Lon, a.Lat)
}

func (t *tx) parentOf(ctx context.Context, in dispatch.AreaInput) (*int64, error) {
	if in.ParentID != 0 {
		return &in.ParentID, nil
	}
	if in.ParentCode == "" {
		return nil, nil
	}
	var id int64
	err := translate(t.QueryRow(ctx, `select id from area where code = $1`, in.ParentCode).Scan(&id))
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "parent_code")
	}
	return &id, err
}

// areaShape gives boundary and centre as WKB in WGS-84, and the cells; nil
// where the input has none.
func areaShape(in dispatch.AreaInput) (shape []byte, cells []int64, center []byte, err error) {
	cells = []int64{}
	if in.Center != nil {
		p, err := geo.ToWGS84(in.Datum, *in.Center)
		if err != nil {
			return nil, nil, nil, &dispatch.Error{Code: dispatch.CodeBadCoordinates, Field: "center", Err: err}
		}
		center, err = wkb.Marshal(p)
		if err != nil {
			return nil, nil, nil, err
		}
	}
	if in.Boundary == nil {
		return nil, cells, center, nil
	}
	g, err := geo.GeometryToWGS84(in.Datum, in.Boundary)
	if err != nil {
		return nil, nil, nil, &dispatch.Error{Code: dispatch.CodeBadCoordinates, Field: "boundary", Err: err}
	}
	covered, err := geo.Cover(g, geo.ResolutionPeople, coverLimit)
	if err != nil {
		return nil, nil, nil, &dispatch.Error{Code: dispatch.CodeBadCoordinates, Field: "boundary", Err: err}
	}
	for _, c := range covered {
		cells = append(cells, c.Int64())
	}
	if shape, err = wkb.Marshal(g); err != nil {
		return nil, nil, nil, err
	}
	if center == nil {
		middle, _ := planar.CentroidArea(g)
		center, err = wkb.Marshal(middle)
	}
	return shape, cells, center, err
}

// Installation says whose installation this is, with the district's bounds.
func (s *Store) Installation(ctx context.Context) (dispatch.Installation, error) {
	type row struct {
		DistrictID                            *int64
		DistrictName, CentreName, MapApproval string
		Demonstration                         bool
		State, StateLevel, StateReason        string
		West, South, East, North              *float64
	}
	r, err := one[row](ctx, s.read(ctx), `
		select n.district_id, coalesce(a.name, '') as district_name, n.centre_name, n.map_approval, n.demonstration, n.state, n.state_level, n.state_reason,
			st_xmin(b.box)::float8 as west, st_ymin(b.box)::float8 as south, st_xmax(b.box)::float8 as east, st_ymax(b.box)::float8 as north
		from installation n left join area a on a.id = n.district_id
		left join lateral (select coalesce(st_extent(x.boundary), st_extent(x.center)) as box from area x where x.id = n.district_id or a.boundary is null) b on true`)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return dispatch.Installation{CentreName: "指挥中心", State: "normal"}, nil
	}
	if err != nil {
		return dispatch.Installation{}, err
	}
	out := dispatch.Installation{District: dispatch.AreaRef{Name: r.DistrictName}, CentreName: r.CentreName, MapApproval: r.MapApproval,
		Demonstration: r.Demonstration, State: r.State, StateLevel: r.StateLevel, StateReason: r.StateReason}
	if r.DistrictID != nil {
		out.District.ID = *r.DistrictID
	}
	if r.West != nil {
		out.Bounds = [4]float64{*r.West, *r.South, *r.East, *r.North}
	}
	return out, nil
}

// Empty says whether the database holds no area yet.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	var empty bool
	err := s.system().QueryRow(ctx, `select not exists (select 1 from area)`).Scan(&empty)
	return empty, translate(err)
}

func namePlace(ctx context.Context, q querier, noun string, id, areaID int64, name, kind string, also []string, lon, lat *float64) error {
	_, err := q.Exec(ctx, `
		insert into place_name (noun, noun_id, area_id, name, kind, search, point)
		values ($1, $2, $3, $4, $5, $6, case when $7::float8 is null then null else st_setsrid(st_makepoint($7, $8), 4326) end)
		on conflict (noun, noun_id) do update set area_id = excluded.area_id, name = excluded.name, kind = excluded.kind,
			search = excluded.search, point = excluded.point`,
		noun, id, areaID, name, kind, SearchText(name, also...), lon, lat)
	return translate(err)
}

// Search finds places whose name, alias, address, pinyin or initials begin with
// or hold the words, best first.
func (s *Store) Search(ctx context.Context, query string, areaIDs []int64, limit int) ([]dispatch.FoundPlace, error) {
	word := strings.ToLower(strings.Join(strings.Fields(query), ""))
	if word == "" {
		return []dispatch.FoundPlace{}, nil
	}
	word = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `|`, ``).Replace(word)
	return many[dispatch.FoundPlace](ctx, s.read(ctx), `
		select n.noun, n.noun_id as id, n.name, n.kind, n.area_id, a.name as area_name, st_x(n.point) as lon, st_y(n.point) as lat
		from place_name n join area a on a.id = n.area_id
		where n.search like '%' || $1 || '%' and ($2::bigint[] is null or n.area_id = any($2))
		order by case when n.search like '|' || $1 || '|%' then 0 when n.search like '%|' || $1 || '|%' then 1
				when n.search like '%|' || $1 || '%' then 2 else 3 end,
			array_position(array['area', 'compound', 'facility', 'road', 'unit', 'camera'], n.noun), length(n.name), n.noun_id
		limit $3`, word, areaIDs, limit)
}

// DemonstrationStreet gives the street with the most people on duty, and n of
// them who have no account yet: those whose phones a demonstration holds.
func (s *Store) DemonstrationStreet(ctx context.Context, n int) (int64, []dispatch.Responder, error) {
	var street int64
	err := s.system().QueryRow(ctx, `select a.parent_id from responder r join area a on a.id = r.area_id
		join duty d on d.responder_id = r.id and d.kind = 'on_duty' and d.period @> $1::timestamptz
		where a.level = 'community' and exists (select 1 from installation where demonstration)
		group by 1 order by count(*) desc, 1 limit 1`, s.now()).Scan(&street)
	if err = translate(err); dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	people, err := s.responders(ctx, s.system(), ` where a.parent_id = $2 and d.kind = 'on_duty' and s.id is null
		and not exists (select 1 from account x where x.responder_id = r.id)
		order by array_length(array(select k.skill from responder_skill k where k.responder_id = r.id), 1) desc nulls last, r.id limit $3`, s.now(), street, n)
	return street, people, err
}
