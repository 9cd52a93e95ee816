package feedtorture

import (
	"testing"
	"time"
)

// TestSmall runs the trials one after another on one small district.
func TestSmall(t *testing.T) {
	d := newDistrict(t, small)
	d.within("on the other node", func(t *testing.T) { onTheOtherNode(t, d) })
	d.within("bad clients", func(t *testing.T) {
		badBeside(t, d, beside{screens: 2, each: 1, rounds: 1, incidents: 40, times: 2, more: 5 * time.Second})
	})
	d.within("storm", func(t *testing.T) { storm(t, d, 60, 40, 100*time.Millisecond) })
	d.within("soak", func(t *testing.T) {
		soak(t, d, load{screens: 60, perMinute: 120, lasts: 12 * time.Second}, d.phones(1000))
	})
	d.within("come and go", func(t *testing.T) { comeAndGo(t, d, 300, 16) })
}
