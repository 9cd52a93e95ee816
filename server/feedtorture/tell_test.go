package feedtorture

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
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

// Times as results give them.
func millis(d time.Duration) float64  { return float64(d.Microseconds()) / 1000 }
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
