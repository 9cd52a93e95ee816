package tile

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

// fakeSource holds cameras; fail is how often it does not answer.
type fakeSource struct {
	cameras []dispatch.Camera
	fail    int
	all     int // how often all were read
}

func (s *fakeSource) EachCamera(_ context.Context, ids []int64, each func(dispatch.Camera)) error {
	if s.fail > 0 {
		s.fail--
		return errors.New("away")
	}
	if ids == nil {
		s.all++
	}
	for _, c := range s.cameras {
		if ids == nil || slices.Contains(ids, c.ID) {
			each(c)
		}
	}
	return nil
}

func (s *fakeSource) EachFacility(_ context.Context, each func(dispatch.Facility)) error {
	each(dispatch.Facility{ID: 1, AreaID: 1, Lon: 122.5, Lat: 38.2, Kind: "aed", Name: "大厅"})
	return nil
}

func change(noun dispatch.Noun, id int64) dispatch.Change {
	return dispatch.Change{Event: dispatch.Event{Noun: noun, NounID: id}}
}

// TestEventsMoveVersions: an event of a camera makes new tiles of the ground it
// stands on and of what shows that from afar, of nothing else; an import makes
// all new. What the database does not answer is asked again.
func TestEventsMoveVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{cameras: []dispatch.Camera{
			{ID: 7, AreaID: 1, Lon: 122.5, Lat: 38.2, StreamHealth: dispatch.HealthUp}, {ID: 8, AreaID: 2, Lon: 122.7, Lat: 38.4, StreamHealth: dispatch.HealthUp}}}
		p := NewPoints(source, zerolog.Nop())
		if err := p.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); p.Run(ctx) }()
		at := func(z int, lon, lat float64) Address { return tilesOf([]Point{{At: orb.Point{lon, lat}}}, z)[0] }
		near, far, above, beside := at(16, 122.5, 38.2), at(16, 122.7, 38.4), at(9, 122.5, 38.2), at(13, 122.7, 38.4)
		versions := func() (v [4]uint64) {
			for k, a := range []Address{near, far, above, beside} {
				v[k] = p.Version(Cameras, a)
			}
			return v
		}
		stream := func() any { return decode(t, near, p.Tile(Cameras, near, nil))["camera"][0].Properties["stream"] }

		before := versions()
		source.cameras[0].StreamHealth, source.fail = dispatch.HealthDown, 2
		p.Apply(change(dispatch.NounCamera, 7))
		synctest.Wait()
		if stream() != "up" || versions() != before {
			t.Fatal("something changed that could not be read")
		}
		time.Sleep(3 * retryAfter) // of the test's own clock
		synctest.Wait()
		after := versions()
		if stream() != "down" || after[0] == before[0] || after[1] != before[1] || after[2] == before[2] || after[3] != before[3] || source.all != 1 {
			t.Fatalf("%v: versions %v became %v, all read %d times", stream(), before, after, source.all)
		}
		p.Apply(change(dispatch.NounIncident, 7))
		synctest.Wait()
		if versions() != after {
			t.Error("an incident made tiles of cameras new")
		}
		source.cameras = source.cameras[1:] // retired
		p.Apply(change(dispatch.NounImport, 3))
		synctest.Wait()
		if got := versions(); got[0] == after[0] || got[1] == after[1] || p.Tile(Cameras, near, nil) != nil {
			t.Errorf("after an import %v, before %v", got, after)
		}
		source.cameras = append(source.cameras, dispatch.Camera{ID: 9, AreaID: 1, Lon: 122.5, Lat: 38.2})
		p.Apply(change(dispatch.NounCamera, 9))
		synctest.Wait()
		if p.Tile(Cameras, near, nil) == nil {
			t.Error("a new camera is in no tile")
		}
		stop()
		<-ended
	})
}

// TestCellsAreKept: they are counted once for those who see the same, and again
// after a change.
func TestCellsAreKept(t *testing.T) {
	source := &fakeSource{cameras: []dispatch.Camera{{ID: 7, AreaID: 1, Lon: 122.5, Lat: 38.2}, {ID: 8, AreaID: 2, Lon: 122.5, Lat: 38.2}}}
	p := NewPoints(source, zerolog.Nop())
	counted := 0
	count := func(who string, areas ...int64) (n int) {
		cells, _, err := p.Cells(Cameras, 7, who, func() ([]int64, error) { counted++; return areas, nil })
		if err != nil || len(cells) > 1 {
			t.Fatalf("%v, %v", cells, err)
		}
		for _, n = range cells {
		}
		return n
	}
	for range 2 {
		if err := p.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if one, both := count("one", 1), count("both", 1, 2); one != 1 || both != 2 {
				t.Errorf("one sees %d, both %d", one, both)
			}
		}
	}
	if counted != 4 {
		t.Errorf("counted %d times", counted)
	}
	if _, _, err := p.Cells(Cameras, 7, "nobody", func() ([]int64, error) { return nil, errors.New("no") }); err == nil {
		t.Error("counted for who may see nothing")
	}
}
