//go:build torture

package feedtorture

import (
	"testing"
	"time"
)

// whole is the size of the demonstration district.
const whole = 1

// TestTortureStorm: five thousand sockets come back after the server was killed.
func TestTortureStorm(t *testing.T) {
	storm(t, newDistrict(t, whole), number(t, "YIPING_STORM_SOCKETS", 5000), 100*time.Millisecond)
}
