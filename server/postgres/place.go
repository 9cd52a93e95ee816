package postgres

import (
	"context"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
)

const selectFacility = `
select f.id, f.area_id, f.compound_id, f.kind, f.name, f.address, st_x(f.point) as lon, st_y(f.point) as lat, f.version`

const selectCamera = `
select c.id, c.area_id, c.compound_id, c.name, c.place_category, c.filing_number, st_x(c.point) as lon, st_y(c.point) as lat,
       c.bearing_degrees::float8 as bearing_degrees, c.view_degrees::float8 as view_degrees, c.range_meters::float8 as range_meters,
       c.device_health, c.channel_health, c.stream_health, c.health_at, c.version`

// inBox holds where a point lies in the box $1..$4.
const inBox = ` point && st_makeenvelope($1, $2, $3, $4, 4326)`

// Cameras gives cameras within a box and areas (nil for everywhere).
func (s *Store) Cameras(ctx context.Context, b dispatch.Box, areaIDs []int64, limit int) ([]dispatch.Camera, error) {
	return many[dispatch.Camera](ctx, s.read(ctx), selectCamera+` from camera c where`+inBox+`
		and ($5::bigint[] is null or c.area_id = any($5)) and c.retired_at is null order by c.id limit $6`,
		b.West, b.South, b.East, b.North, areaIDs, limit)
}

// Camera gives one camera.
func (s *Store) Camera(ctx context.Context, id int64) (dispatch.Camera, error) {
	return one[dispatch.Camera](ctx, s.read(ctx), selectCamera+` from camera c where c.id = $1 and c.retired_at is null`, id)
}

// Facilities gives facilities within a box, of a kind ("" for all).
func (s *Store) Facilities(ctx context.Context, b dispatch.Box, kind string, limit int) ([]dispatch.Facility, error) {
	return many[dispatch.Facility](ctx, s.read(ctx), selectFacility+` from facility f where`+inBox+`
		and ($5 = '' or f.kind = $5) and f.retired_at is null order by f.id limit $6`,
		b.West, b.South, b.East, b.North, kind, limit)
}

// Facility gives one facility.
func (s *Store) Facility(ctx context.Context, id int64) (dispatch.Facility, error) {
	return one[dispatch.Facility](ctx, s.read(ctx), selectFacility+` from facility f where f.id = $1 and f.retired_at is null`, id)
}

// Units gives the units of areas (nil for everywhere).
func (s *Store) Units(ctx context.Context, areaIDs []int64) ([]dispatch.Unit, error) {
	return many[dispatch.Unit](ctx, s.read(ctx), `select id, area_id, name, kind, duty_phone, st_x(point) as lon, st_y(point) as lat, version
		from unit where ($1::bigint[] is null or area_id = any($1)) and retired_at is null order by id`, areaIDs)
}

const (
	nearby        = 3    // of each kind
	cameraRadius  = 300  // metres in which a camera may overlook a place
	facilityReach = 5000 // metres beyond which a facility is no help
)

// Surroundings gives the cameras around an incident, those that see it first,
// and the nearest AEDs, hydrants and shelters.
func (s *Store) Surroundings(ctx context.Context, i dispatch.Incident) (dispatch.Surroundings, error) {
	var out dispatch.Surroundings
	var err error
	if out.Cameras, err = s.camerasAround(ctx, i); err != nil {
		return out, err
	}
	for kind, into := range map[string]*[]dispatch.Facility{"aed": &out.AEDs, "hydrant": &out.Hydrants, "shelter": &out.Shelters} {
		// Nearest by geography among those within reach: degrees are no distance.
		if *into, err = many[dispatch.Facility](ctx, s.read(ctx), selectFacility+`, st_distance(f.point::geography, p.g::geography) as distance_meters
			from facility f, (select st_setsrid(st_makepoint($1, $2), 4326) as g) p
			where f.kind = $3 and f.retired_at is null and f.point && st_expand(p.g, $4 / 70000.0, $4 / 110000.0)
			order by distance_meters, f.id limit $5`, i.Lon, i.Lat, kind, float64(facilityReach), nearby); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (s *Store) camerasAround(ctx context.Context, i dispatch.Incident) ([]dispatch.Camera, error) {
	cameras, err := many[dispatch.Camera](ctx, s.read(ctx), selectCamera+`, st_distance(c.point::geography, p.g::geography) as distance_meters
		from camera c, (select st_setsrid(st_makepoint($1, $2), 4326) as g) p
		where c.retired_at is null and c.point && st_expand(p.g, $3 / 70000.0, $3 / 110000.0)
		order by distance_meters, c.id limit 60`, i.Lon, i.Lat, float64(cameraRadius))
	if err != nil {
		return nil, err
	}
	seeing, rest := []dispatch.Camera{}, []dispatch.Camera{}
	for _, c := range cameras {
		view := geo.Sector{Center: orb.Point{c.Lon, c.Lat}, BearingDegrees: c.BearingDegrees, ViewDegrees: c.ViewDegrees, RangeMeters: c.RangeMeters}
		c.InView = view.Holds(orb.Point{i.Lon, i.Lat})
		switch {
		case c.InView:
			seeing = append(seeing, c)
		case len(rest) < nearby:
			rest = append(rest, c)
		}
	}
	return append(seeing, rest...), nil
}
