package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
)

// The calls of a county, as its desks took them: each line one call to one of
// three agencies. Where EMS, fire and traffic are called to one place within
// minutes, one incident was reported several times.
//
// Whether two calls are of one incident is judged by the words and the time in
// them, not by the coordinates and types that the score sees: the same township,
// the same two streets, at most half an hour apart, and either two agencies or the
// same title. Where one street alone is the same (the next crossing, or another
// exit of a motorway), nobody can tell from the words: such a pair is counted
// apart. All others are two incidents.
//
// A geocoder made the coordinates from the same words, so that places agree better
// than pins on a map do: blurred, each call is moved by up to 100 metres at random.
const judgedWithin = 30 * time.Minute

type call struct {
	dispatch.Sighting
	agency, title, town string
	streets             []string
}

// duplicates replays the calls in the folder that DUPLICATES_DATA names through
// the score that the console warns by; ours is the precision, other the recall,
// both in percent.
func duplicates(context.Context, string) (result, error) {
	calls, err := readCalls(filepath.Join(os.Getenv("DUPLICATES_DATA"), "911.csv"))
	if err != nil {
		return result{}, err
	}
	exact := judge(calls)
	blur := rand.New(rand.NewPCG(1, 1))
	for k := range calls {
		calls[k].Point = geo.Destination(calls[k].Point, 360*blur.Float64(), 100*math.Sqrt(blur.Float64()))
	}
	blurred := judge(calls)
	fmt.Fprintf(os.Stderr, "duplicates: %d calls\n  as they are: %s\n  blurred by up to 100 m: %s\n", len(calls), exact, blurred)
	p, r := 100*exact.precision(), 100*exact.recall()
	return result{"likely duplicates among emergency calls: precision and recall, %", p, r, p / r, "both >= 80", p >= 80 && r >= 80}, nil
}

// judgement is what the words say of two calls.
type judgement int

const (
	two judgement = iota
	untold
	same
)

// verdict counts pairs of calls that the score takes for one incident, or should have.
type verdict struct{ right, wrong, untold, missed int }

func (v verdict) precision() float64 { return float64(v.right) / float64(v.right+v.wrong) }
func (v verdict) recall() float64    { return float64(v.right) / float64(v.right+v.missed) }

func (v verdict) String() string {
	all := float64(v.right + v.wrong + v.untold)
	return fmt.Sprintf("%d right, %d wrong, %d missed, %d cannot be told: precision %.1f %% (%.1f to %.1f %% whatever those are), recall %.1f %%",
		v.right, v.wrong, v.missed, v.untold, 100*v.precision(), 100*float64(v.right)/all, 100*float64(v.right+v.untold)/all, 100*v.recall())
}

// judge lets each call look back at those before it.
func judge(calls []call) verdict {
	var v verdict
	from := 0
	for k, c := range calls {
		for calls[from].At.Before(c.At.Add(-2 * time.Hour)) {
			from++
		}
		for _, before := range calls[from:k] {
			told := dispatch.Likeness(c.Sighting, before.Sighting) >= dispatch.DuplicateThreshold
			switch j := judged(c, before); {
			case told && j == same:
				v.right++
			case told && j == two:
				v.wrong++
			case told:
				v.untold++
			case j == same:
				v.missed++
			}
		}
	}
	return v
}

func judged(a, b call) judgement {
	if a.town != b.town || a.At.Sub(b.At).Abs() > judgedWithin || a.agency == b.agency && a.title != b.title {
		return two
	}
	switch {
	case slices.Equal(a.streets, b.streets):
		return same
	case slices.ContainsFunc(a.streets, func(s string) bool { return s != "DEAD END" && slices.Contains(b.streets, s) }):
		return untold
	}
	return two
}

var calledAt = regexp.MustCompile(`\d{4}-\d\d-\d\d @ \d\d:\d\d:\d\d`)

// readCalls reads lines of lat, lng, desc, zip, title, timeStamp, twp, addr, e;
// those without a time in the description are left out.
func readCalls(path string) ([]call, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	if _, err := r.Read(); err != nil {
		return nil, err
	}
	var calls []call
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		at, err := time.Parse("2006-01-02 @ 15:04:05", calledAt.FindString(row[2]))
		if err != nil {
			continue
		}
		lat, err := strconv.ParseFloat(row[0], 64)
		if err != nil {
			return nil, err
		}
		lon, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return nil, err
		}
		agency, title, _ := strings.Cut(row[4], ": ")
		streets := strings.Split(row[7], "&")
		for k := range streets {
			streets[k] = strings.Join(strings.Fields(streets[k]), " ")
		}
		slices.Sort(streets)
		streets = slices.Compact(streets)
		c := call{agency: agency, title: strings.TrimSuffix(title, " -"), town: row[6], streets: streets}
		c.Point, c.At = orb.Point{lon, lat}, at
		c.TypeCode, c.Family, c.Lasts = typeOf(agency, c.title)
		calls = append(calls, c)
	}
	slices.SortStableFunc(calls, func(a, b call) int { return a.At.Compare(b.At) })
	return calls, nil
}

// typeOf gives what a dispatcher here would have chosen for a title, with what the
// plan gives for resolving it.
func typeOf(agency, title string) (code, family string, lasts time.Duration) {
	switch {
	case title == "VEHICLE ACCIDENT":
		return "accident.traffic_accident", "accident", 4 * time.Hour
	case strings.Contains(title, "GAS-ODOR"), strings.Contains(title, "CARBON MONOXIDE"):
		return "accident.gas_leak", "accident", 2 * time.Hour
	case strings.Contains(title, "FIRE") && !strings.Contains(title, "SPECIAL SERVICE") && !strings.Contains(title, "POLICE"):
		return "accident.building_fire", "accident", 2 * time.Hour
	case title == "CARDIAC ARREST":
		return "health.cardiac_arrest", "health", 2 * time.Hour
	case agency == "EMS":
		return "health.sudden_illness", "health", 4 * time.Hour
	}
	return "accident." + strings.ToLower(title), "accident", 4 * time.Hour
}
