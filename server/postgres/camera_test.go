package postgres

import (
	"bytes"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/geo"
	"yiping/server/dispatch"
	"yiping/server/tile"
)

// camera adds a working camera in the middle of the western community.
func (f *fixture) camera() int64 {
	f.t.Helper()
	cell, err := geo.CellOf(orb.Point{121.05, 38.05}, geo.ResolutionPeople)
	if err != nil {
		f.t.Fatal(err)
	}
	var id int64
	if err := f.owner.QueryRow(f.t.Context(), `insert into camera (area_id, name, place_category, point, cell, device_health, channel_health, stream_health, external_id)
		values ($1, '东门', 'compound_gate', st_setsrid(st_makepoint(121.05, 38.05), 4326), $2, 'up', 'up', 'up', 'c' || (select count(*) from camera)) returning id`,
		f.west.ID, cell.Int64()).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// TestCameraHealth: a monitor's word changes the camera, the rates and the
// tile, is in the log once with nothing but states, and is the monitor's alone.
func TestCameraHealth(t *testing.T) {
	f := newFixture(t)
	id := f.camera()
	f.camera()
	monitor := f.account("monitor", dispatch.RoleSystemAdministrator, f.street.ID, 0)
	foreign := f.account("foreign", dispatch.RoleSystemAdministrator, f.east.ID, 0)
	down := dispatch.HealthReport{Device: dispatch.HealthUp, Channel: dispatch.HealthDown, Stream: dispatch.HealthDown, At: f.store.now()}
	_, err := f.svc.ReportHealth(t.Context(), f.as(f.desk, "camera.health"), id, down)
	if dispatch.CodeOf(err) != dispatch.CodeForbidden {
		t.Fatalf("a dispatcher: %v", err)
	}
	if _, err = f.svc.ReportHealth(t.Context(), f.as(foreign, "camera.health"), id, down); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Fatalf("somebody of another area: %v", err)
	}
	if _, err = f.svc.ReportHealth(t.Context(), f.as(monitor, "camera.health"), id, dispatch.HealthReport{Device: "well"}); dispatch.CodeOf(err) != dispatch.CodeInvalid {
		t.Fatalf("an unknown state: %v", err)
	}
	before := f.cameraTile()
	f.must(f.svc.ReportHealth(t.Context(), f.as(monitor, "camera.health"), id, down))
	down.At = f.store.now()
	if out := f.must(f.svc.ReportHealth(t.Context(), f.as(monitor, "camera.health"), id, down)); out.Version != 2 {
		t.Fatalf("the same again made version %d", out.Version)
	}
	late := dispatch.HealthReport{Device: dispatch.HealthUp, Channel: dispatch.HealthUp, Stream: dispatch.HealthUp, At: down.At.Add(-time.Minute)}
	f.must(f.svc.ReportHealth(t.Context(), f.as(monitor, "camera.health"), id, late))
	c, err := f.store.Camera(everywhere(t), id)
	if err != nil || c.Version != 2 || c.DeviceHealth != dispatch.HealthUp || c.StreamHealth != dispatch.HealthDown || !c.HealthAt.Equal(down.At) {
		t.Fatalf("%+v, %v", c, err)
	}
	r, err := f.store.CameraRates(everywhere(t), nil)
	if err != nil || r.Networked != (dispatch.Rate{Numerator: 1, Denominator: 2}) || r.Intact.Numerator != 1 || r.Picture.Numerator != 1 {
		t.Fatalf("rates %+v, %v", r, err)
	}
	if bytes.Equal(before, f.cameraTile()) {
		t.Fatal("the tile shows it as it was")
	}
	f.must(f.svc.ReportHealth(t.Context(), f.as(monitor, "camera.health"), id, dispatch.HealthReport{Device: dispatch.HealthUp, Channel: dispatch.HealthUp, Stream: dispatch.HealthUp}))
	told := func(read []dispatch.Change) (list []dispatch.Event) {
		for _, c := range read {
			if c.Event.Kind == "camera.health" {
				list = append(list, c.Event)
			}
		}
		return list
	}
	events := told(f.until("both changes", func(read []dispatch.Change) bool { return len(told(read)) >= 2 }))
	e := events[0]
	if len(events) != 2 || e.Noun != dispatch.NounCamera || e.NounID != id || e.NounVersion != 2 || e.AreaID != f.west.ID || len(e.Data) != 3 || e.Data["stream"] != "down" || events[1].Data["stream"] != "up" {
		t.Fatalf("the log says %+v", events)
	}
}

func (f *fixture) cameraTile() []byte {
	f.t.Helper()
	points := tile.NewPoints(f.store, zerolog.Nop())
	if err := points.Load(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	content := points.Tile(tile.Cameras, tile.Address{Z: 10, X: 856, Y: 394}, nil)
	if len(content) == 0 {
		f.t.Fatal("nothing in the tile")
	}
	return content
}
