package feedtorture

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// tell prints a result as one JSON line.
func tell(t *testing.T, trial string, what map[string]any) {
	t.Helper()
	what["trial"] = trial
	line, err := json.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(line))
}

// Times as results give them.
func millis(d time.Duration) float64  { return float64(d.Microseconds()) / 1000 }
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
