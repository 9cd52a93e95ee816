package dispatch

import (
	"testing"
	"time"
)

// TestThinTrack: who stands still leaves a point a minute, who walks leaves all, and
// both ends stay.
func TestThinTrack(t *testing.T) {
	begin := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	var stands, walks []TrackPoint
	for k := range 61 { // five minutes, a point each five seconds
		at := begin.Add(time.Duration(k) * 5 * time.Second)
		stands = append(stands, TrackPoint{Lon: 121 + float64(k%2)*1e-5, Lat: 38, At: at}) // a metre to and fro
		walks = append(walks, TrackPoint{Lon: 121 + float64(k)*1.5e-4, Lat: 38, At: at})   // 13 m each
	}
	if thin := ThinTrack(walks); len(thin) != len(walks) {
		t.Errorf("of a walk %d of %d points are left", len(thin), len(walks))
	}
	thin := ThinTrack(stands)
	if len(thin) != 6 || !thin[0].At.Equal(begin) || !thin[5].At.Equal(stands[60].At) {
		t.Errorf("of standing still are left %+v", thin)
	}
	stands = stands[:60] // the last is no whole minute after the one before
	if thin = ThinTrack(stands); len(thin) != 6 || !thin[5].At.Equal(stands[59].At) {
		t.Errorf("the end is %+v", thin)
	}
	off := 150.0
	walks[30].AccuracyMeters = &off
	if thin = ThinTrack(walks); len(thin) != len(walks)-1 || thin[30].At.Equal(walks[30].At) || walks[30].AccuracyMeters == nil {
		t.Errorf("with one that is off, %d are left", len(thin))
	}
	if len(ThinTrack(nil)) != 0 {
		t.Error("points of nothing")
	}
}
