package dispatch

import (
	"testing"
	"time"
)

// TestSoundPositions: what is wrong with one is said of that one, and the others count.
func TestSoundPositions(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	num := func(v float64) *float64 { return &v }
	good := Position{Lon: 121.5, Lat: 38.9, At: now.Add(-10 * time.Second)}
	later := Position{Lon: 121.5, Lat: 38.9, At: now.Add(50 * time.Second)}
	last := Position{Lon: 121.5, Lat: 38.9, At: now.Add(-10 * time.Second), AccuracyMeters: num(20)}
	for name, c := range map[string]struct {
		p             Position
		field, reason string
	}{
		"sound":            {good, "", ""},
		"east of the date": {Position{Lon: 181, Lat: 38, At: now}, "lon", "outside"},
		"past the pole":    {Position{Lon: 121, Lat: -91, At: now}, "lat", "outside"},
		"no fix":           {Position{At: now}, "lon", "no_fix"},
		"heading":          {Position{Lon: 121.5, Lat: 38.9, At: now, HeadingDegrees: num(361)}, "heading_degrees", "outside"},
		"accuracy below 0": {Position{Lon: 121.5, Lat: 38.9, At: now, AccuracyMeters: num(-1)}, "accuracy_meters", "outside"},
		"the town only":    {Position{Lon: 121.5, Lat: 38.9, At: now, AccuracyMeters: num(5001)}, "accuracy_meters", "too_coarse"},
		"an aeroplane":     {Position{Lon: 121.5, Lat: 38.9, At: now, SpeedMPS: num(71)}, "speed_mps", "too_fast"},
		"tomorrow":         {Position{Lon: 121.5, Lat: 38.9, At: now.Add(2 * time.Minute)}, "at", "in_future"},
		"the day before":   {Position{Lon: 121.5, Lat: 38.9, At: now.Add(-25 * time.Hour)}, "at", "too_old"},
		"a jump":           {Position{Lon: 121.52, Lat: 38.9, At: now}, "at", "jump"}, // 1.7 km in 10 s
		"a doubtful jump":  {Position{Lon: 121.52, Lat: 38.9, At: now, AccuracyMeters: num(1500)}, "", ""},
		"a fast drive":     {Position{Lon: 121.506, Lat: 38.9, At: now}, "", ""}, // 520 m in 10 s
	} {
		sound, refused := SoundPositions([]Position{good, c.p, later}, &last, now)
		if c.reason == "" {
			if len(sound) != 3 || len(refused) != 0 {
				t.Errorf("%s: refused %+v", name, refused)
			}
			continue
		}
		if len(sound) != 2 || len(refused) != 1 || refused[0].Index != 1 || refused[0].Reason.Field != c.field || refused[0].Reason.Values["reason"] != c.reason {
			t.Errorf("%s: %+v", name, refused)
		}
		if want := "positions[1]." + c.field; refused[0].Field() != want {
			t.Errorf("%s: field %s, want %s", name, refused[0].Field(), want)
		}
	}
}

// TestAJumpIsBelievedInTheEnd: a wrong first position bars nobody for long.
func TestAJumpIsBelievedInTheEnd(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	wrong := Position{Lon: 121.9, Lat: 38.9, At: now}
	right := Position{Lon: 121.5, Lat: 38.9} // 35 km away
	for after, want := range map[time.Duration]int{time.Minute: 1, 9 * time.Minute: 0, time.Hour: 0} {
		right.At = now.Add(after)
		if _, refused := SoundPositions([]Position{right}, &wrong, right.At); len(refused) != want {
			t.Errorf("after %s: %d refused, want %d", after, len(refused), want)
		}
	}
}
