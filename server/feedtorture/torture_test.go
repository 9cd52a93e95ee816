//go:build torture

package feedtorture

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// whole is the size of the demonstration district.
const whole = 1

// TestTortureStorm: five thousand sockets, desks and phones, come back after the server was killed.
func TestTortureStorm(t *testing.T) {
	sockets := number(t, "YIPING_STORM_SOCKETS", 5000)
	storm(t, newDistrict(t, whole), sockets-sockets/2, sockets/2, 100*time.Millisecond)
}

// TestTortureSoak: ten thousand phones and two hundred screens for half an hour, then
// two and four times as many phones for a shorter time.
func TestTortureSoak(t *testing.T) {
	d := newDistrict(t, whole)
	l := load{screens: 200, perMinute: 20, lasts: during(t, "YIPING_SOAK", 30*time.Minute)}
	base := number(t, "YIPING_SOAK_PHONES", 10_000)
	phones := d.phones(base)
	d.within("once", func(t *testing.T) { soak(t, d, l, phones) })
	l.lasts = during(t, "YIPING_SOAK_GROWTH", 3*time.Minute)
	phones = append(phones, d.phones(base)...)
	d.within("twice", func(t *testing.T) { soak(t, d, l, phones) })
	phones = append(phones, d.phones(2*base)...)
	d.within("four times", func(t *testing.T) { soak(t, d, l, phones) })
}

// TestTortureBadClients: twenty sound screens beside ninety bad clients are told as
// soon as without them.
func TestTortureBadClients(t *testing.T) {
	badBeside(t, newDistrict(t, small), beside{screens: 20, each: 9, rounds: 5, incidents: 300, times: 1.5, more: 10 * time.Millisecond})
}

// TestTortureConnects: after ten thousand have come and gone the server is as before.
func TestTortureConnects(t *testing.T) { comeAndGo(t, newDistrict(t, small), 10_000, 100) }

// number gives a number of the environment, else what is usual.
func number(t *testing.T, name string, usual int) int {
	t.Helper()
	said := os.Getenv(name)
	if said == "" {
		return usual
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number", name, said)
	}
	return n
}

// during gives a duration of the environment, else what is usual.
func during(t *testing.T, name string, usual time.Duration) time.Duration {
	t.Helper()
	said := os.Getenv(name)
	if said == "" {
		return usual
	}
	d, err := time.ParseDuration(said)
	if err != nil || d <= 0 {
		t.Fatalf("%s=%q is no duration", name, said)
	}
	return d
}
