package dispatch

import (
	"testing"
	"time"
)

// TestObserved: only a newer look counts, only another state is a new version.
func TestObserved(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	up := Camera{Version: 3, DeviceHealth: HealthUp, ChannelHealth: HealthUp, StreamHealth: HealthUp, HealthAt: &before}
	tests := []struct {
		name          string
		in            HealthReport
		news, changed bool
		at            time.Time
	}{
		{"the picture went", HealthReport{HealthUp, HealthUp, HealthDown, now}, true, true, now},
		{"still as it was", HealthReport{HealthUp, HealthUp, HealthUp, now}, true, false, now},
		{"without a time", HealthReport{HealthDown, HealthDown, HealthDown, time.Time{}}, true, true, now},
		{"a clock that is ahead", HealthReport{HealthUp, HealthUp, HealthUnknown, after}, true, true, now},
		{"looked at earlier", HealthReport{HealthDown, HealthDown, HealthDown, before.Add(-time.Second)}, false, false, before},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, news, changed := up.observed(tt.in, now)
			version := up.Version
			if tt.changed {
				version++
			}
			if news != tt.news || changed != tt.changed || got.Version != version || !got.HealthAt.Equal(tt.at) {
				t.Fatalf("news %v, changed %v, version %d, at %v", news, changed, got.Version, got.HealthAt)
			}
			if news && (got.DeviceHealth != tt.in.Device || got.ChannelHealth != tt.in.Channel || got.StreamHealth != tt.in.Stream) {
				t.Fatalf("got %+v", got)
			}
		})
	}
}
