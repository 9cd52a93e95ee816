package httpapi

import (
	"context"
	"slices"
	"testing"

	"yiping/server/dispatch"
)

// Overview is of today alone; the month's and the cameras' are asked for apart.
func (f *fakeReader) Overview(context.Context, int64, []int64) (dispatch.Overview, error) {
	return dispatch.Overview{Times: []dispatch.ResponseTime{{Name: "verify", TodayCount: 2}}}, nil
}

// MonthTimes counts how often it is asked.
func (f *fakeReader) MonthTimes(context.Context, []int64) ([]dispatch.MedianTime, error) {
	f.months++
	seconds := 240.0
	return []dispatch.MedianTime{{Name: "verify", MedianSeconds: &seconds, Count: 900}}, nil
}

// CameraRates counts how often it is asked.
func (f *fakeReader) CameraRates(_ context.Context, areaIDs []int64) (dispatch.CameraRates, error) {
	f.rates++
	return dispatch.CameraRates{Picture: dispatch.Rate{Numerator: 1, Denominator: 10 + len(areaIDs)}}, nil
}

// TestOverviewIsPutTogether: what reads much is read again when it may have
// changed, and apart for each part of the district.
func TestOverviewIsPutTogether(t *testing.T) {
	u := newUnder(t)
	ask := func(token string) dispatch.Overview {
		return decoded[dispatch.Overview](t, u.do("GET", "/api/v1/overview", token, ""), 200)
	}
	for range 3 {
		o := ask("commander")
		if x := o.Times[0]; x.TodayCount != 2 || x.MonthCount != 900 || *x.MonthMedianSeconds != 240 || o.Cameras.Picture.Denominator != 10 {
			t.Fatalf("got %+v", o)
		}
	}
	if o := ask("dispatcher@2"); o.Cameras.Picture.Denominator != 12 {
		t.Errorf("a street is told %+v", o.Cameras)
	}
	if u.reader.months != 2 || u.reader.rates != 2 {
		t.Errorf("the month was read %d times, the cameras %d times for two parts", u.reader.months, u.reader.rates)
	}
	if err := u.deps.Service.Apply(t.Context(), dispatch.Change{Event: dispatch.Event{Noun: dispatch.NounCamera}}); err != nil {
		t.Fatal(err)
	}
	ask("commander")
	if u.reader.months != 2 || u.reader.rates != 3 {
		t.Errorf("after a camera failed: the month was read %d times, the cameras %d times", u.reader.months, u.reader.rates)
	}
	var k kept[int]
	failed := dispatch.Refuse(dispatch.CodeUnavailable, "")
	got := []int{}
	for _, answer := range []error{failed, nil, failed} {
		v, err := k.get("all", 1, func() (int, error) { return 7, answer })
		if err == nil {
			got = append(got, v)
		}
	}
	if !slices.Equal(got, []int{7, 7}) {
		t.Errorf("a failure is kept, or a figure is not: %v", got)
	}
}
