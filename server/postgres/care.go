package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"

	"yiping/geo"
	"yiping/server/dispatch"
	"yiping/server/seal"
)

// sealedCareDetails is what care records are sealed for.
const sealedCareDetails = seal.Purpose("care_record.details")

// cellReachMeters is how far a cell of resolution 9 may lie from its middle.
const cellReachMeters = 220

// around gives the cells of resolution 9 that may hold something within a
// distance of a point.
func around(p orb.Point, meters float64) ([]int64, error) {
	middle, err := geo.CellOf(p, geo.ResolutionPeople)
	if err != nil {
		return nil, err
	}
	disk, err := middle.Disk(1 + int(math.Ceil((meters+cellReachMeters)/cellReachMeters)))
	cells := make([]int64, len(disk))
	for k, c := range disk {
		cells[k] = c.Int64()
	}
	return cells, err
}

func (t *tx) CareAround(ctx context.Context, p orb.Point, radiusMeters float64, areaIDs []int64) ([]dispatch.CarePerson, error) {
	type row struct {
		ID         int64
		AreaID     int64
		AreaName   string
		Cell       int64
		Categories []string
		Details    []byte
	}
	cells, err := around(p, radiusMeters)
	if err != nil {
		return nil, err
	}
	rows, err := many[row](ctx, t, `select c.id, c.area_id, a.name as area_name, c.cell, c.categories, c.details from care_record c join area a on a.id = c.area_id
		where c.retired_at is null and c.cell = any($1) and ($2::bigint[] is null or c.area_id = any($2))`, cells, areaIDs)
	if err != nil {
		return nil, err
	}
	people := []dispatch.CarePerson{}
	for _, r := range rows {
		person := dispatch.CarePerson{ID: r.ID, AreaID: r.AreaID, AreaName: r.AreaName, Categories: r.Categories}
		if person.CareDetails, err = t.store.openCare(r.Details); err != nil {
			return nil, fmt.Errorf("care record %d: %w", r.ID, err)
		}
		at, err := carePoint(person.CareDetails, r.Cell)
		if err != nil {
			return nil, err
		}
		if person.DistanceMeters = math.Round(orbgeo.DistanceHaversine(p, at)); person.DistanceMeters <= radiusMeters {
			people = append(people, person)
		}
	}
	slices.SortFunc(people, func(a, b dispatch.CarePerson) int {
		return cmp.Or(cmp.Compare(a.DistanceMeters, b.DistanceMeters), cmp.Compare(a.ID, b.ID))
	})
	return people, nil
}

// carePoint gives where somebody is taken to live.
func carePoint(d dispatch.CareDetails, cell int64) (orb.Point, error) {
	if d.Lon != nil && d.Lat != nil {
		return orb.Point{*d.Lon, *d.Lat}, nil
	}
	return geo.CellFromInt64(cell).Center()
}

func (s *Store) openCare(sealed []byte) (d dispatch.CareDetails, err error) {
	err = s.openJSON(sealedCareDetails, sealed, &d)
	return d, err
}

// sealedCare is a care record's details as they are stored.
type sealedCare struct{ details, digest []byte }

func (s *Store) sealCare(d dispatch.CareDetails) (sealedCare, error) {
	plain, err := json.Marshal(d)
	if err != nil {
		return sealedCare{}, err
	}
	out := sealedCare{digest: s.keys.Digest(sealedCareDetails, plain)}
	out.details, err = s.keys.Seal(sealedCareDetails, plain)
	return out, err
}

func (t *tx) DiscloseCare(ctx context.Context, a dispatch.Actor, i dispatch.Incident, people []dispatch.CarePerson, reason string) error {
	// One entry for the asking, with the reason; one for each person shown.
	asked := a.Entry(ctx, dispatch.AuditView, "care.open")
	asked.Noun, asked.NounID, asked.AreaID, asked.Reason, asked.Count = dispatch.NounIncident, i.ID, i.AreaID, reason, len(people)
	if err := t.Audit(ctx, asked); err != nil {
		return err
	}
	for _, p := range people {
		shown := a.Entry(ctx, dispatch.AuditUnmask, "care.show")
		shown.Noun, shown.NounID, shown.AreaID = dispatch.NounCare, p.ID, p.AreaID
		if err := t.Audit(ctx, shown); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) PublishCare(ctx context.Context, day string, k int) error {
	tag, err := t.Exec(ctx, `insert into care_publication (day, k, at) values ($1::date, $2, $3) on conflict (day) do nothing`, day, k, t.store.now())
	if err != nil || tag.RowsAffected() == 0 { // another node was first
		return translate(err)
	}
	spots, err := many[dispatch.CareSpot](ctx, t, `select cell, categories from care_record where retired_at is null`)
	if err != nil {
		return err
	}
	numbers, err := dispatch.PublishedCare(spots, k)
	if err != nil {
		return err
	}
	if _, err := t.Exec(ctx, `delete from care_publication where day <> $1::date`, day); err != nil {
		return translate(err)
	}
	on, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return err
	}
	return translate(copyRows(ctx, t, "care_count", []string{"day", "cell", "category", "at_least"}, pgx.CopyFromSlice(len(numbers), func(n int) ([]any, error) {
		return []any{on, numbers[n].Cell, numbers[n].Category, numbers[n].AtLeast}, nil
	})))
}

// CareCounts gives what was published last.
func (s *Store) CareCounts(ctx context.Context) (dispatch.CarePublication, error) {
	p, err := one[dispatch.CarePublication](ctx, s.system(), `select day, k from care_publication order by day desc limit 1`)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return dispatch.CarePublication{}, nil
	}
	if err != nil {
		return p, err
	}
	p.Numbers, err = many[dispatch.CareNumber](ctx, s.system(), `select cell, category, at_least from care_count where day = $1 order by cell, category`, p.Day)
	return p, err
}

// AreaCells gives the cells of resolution 9 that areas touch; nil for the whole
// district.
func (s *Store) AreaCells(ctx context.Context, areaIDs []int64) ([]int64, error) {
	rows, err := s.system().Query(ctx, `select distinct c from area a cross join unnest(a.cells) c where a.retired_at is null
		and case when $1::bigint[] is null then a.parent_id is null else a.id = any($1) end order by c`, areaIDs)
	if err != nil {
		return nil, translate(err)
	}
	cells, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return cells, translate(err)
}

// destroyCare deletes care records that were retired long ago, with what
// imports remember of them.
func destroyCare(ctx context.Context, t *tx, until, _ time.Time, limit int) (int64, error) {
	return t.deleteCare(ctx, `id in (select id from care_record where retired_at < $1 limit $2)`, until, limit)
}

// deleteCare deletes the care records that a condition holds for.
func (t *tx) deleteCare(ctx context.Context, where string, args ...any) (int64, error) {
	tag, err := t.Exec(ctx, `with gone as (delete from care_record where `+where+` returning id),
		forgotten as (delete from import_change c using import i where i.id = c.import_id and i.noun = 'care' and c.noun_id in (select id from gone))
		select id from gone`, args...)
	return tag.RowsAffected(), translate(err)
}

// EachCare opens the care records of areas one by one.
func (s *Store) EachCare(ctx context.Context, areaIDs []int64, each func(dispatch.CarePerson) error) error {
	rows, err := s.system().Query(ctx, `select c.id, c.area_id, a.name, c.categories, c.details from care_record c join area a on a.id = c.area_id
		where c.retired_at is null and ($1::bigint[] is null or c.area_id = any($1)) order by c.id`, areaIDs)
	if err != nil {
		return translate(err)
	}
	var p dispatch.CarePerson
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&p.ID, &p.AreaID, &p.AreaName, &p.Categories, &sealed}, func() error {
		var err error
		if p.CareDetails, err = s.openCare(sealed); err != nil {
			return fmt.Errorf("care record %d: %w", p.ID, err)
		}
		out := p
		p.Categories = nil
		return each(out)
	})
	return translate(err)
}

// careOfPhone gives the care records under a number. All of the areas are opened
// for it: it is asked for rarely, and no digest of a number has to be kept.
func (s *Store) careOfPhone(ctx context.Context, q querier, phone string, areaIDs []int64) ([]dispatch.FoundCare, error) {
	type row struct {
		dispatch.FoundCare
		Details []byte
	}
	digits := dispatch.PhoneDigits(phone)
	found := []dispatch.FoundCare{}
	if len(digits) < dispatch.LeastPhoneDigits {
		return found, nil
	}
	rows, err := many[row](ctx, q, `select id, area_id, categories, details from care_record where $1::bigint[] is null or area_id = any($1) order by id`, areaIDs)
	if err != nil {
		return found, err
	}
	for _, r := range rows {
		d, err := s.openCare(r.Details)
		if err != nil {
			return nil, fmt.Errorf("care record %d: %w", r.ID, err)
		}
		if dispatch.PhoneDigits(d.Phone) == digits {
			found = append(found, r.FoundCare)
		}
	}
	return found, nil
}
