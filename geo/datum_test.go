package geo

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// TestDatumsAgainstGcoord holds both ways against gcoord 1.0.7's figures, in
// China, around the origin of its sums, and outside, where GCJ-02 is WGS-84.
func TestDatumsAgainstGcoord(t *testing.T) {
	limits := map[Datum]float64{GCJ02: 0.001, BD09: 0.001, CGCS2000: 0.001}
	raw, err := os.ReadFile("testdata/datums.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ WGS84, GCJ02, BD09 orb.Point }
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) < 50 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		for d, want := range map[Datum]orb.Point{GCJ02: v.GCJ02, BD09: v.BD09, CGCS2000: v.WGS84} {
			got, err := FromWGS84(d, v.WGS84)
			if err != nil || Distance(got, want) > 0.01 {
				t.Errorf("%v to %s: %v, want %v (%v)", v.WGS84, d, got, want, err)
			}
			back, err := ToWGS84(d, want)
			if err != nil || Distance(back, v.WGS84) > limits[d] {
				t.Errorf("%s %v came back as %v, want %v (%v)", d, want, back, v.WGS84, err)
			}
		}
	}
}

func TestDatumsComeBack(t *testing.T) {
	limits := map[Datum]float64{WGS84: 0.001, CGCS2000: 0.001, GCJ02: 0.001, BD09: 0.001}
	rapid.Check(t, func(t *rapid.T) {
		// Away from the bounding box's edge, where the shift begins abruptly.
		p := orb.Point{rapid.Float64Range(73, 135).Draw(t, "lon"), rapid.Float64Range(4, 53).Draw(t, "lat")}
		for d, limit := range limits {
			there, err := FromWGS84(d, p)
			if err != nil {
				t.Fatal(err)
			}
			back, err := ToWGS84(d, there)
			if err != nil || Distance(p, back) > limit {
				t.Fatalf("%s: %v came back as %v, %.3f m off (%v)", d, p, back, Distance(p, back), err)
			}
		}
	})
}

func TestGeometryToWGS84LeavesTheInputAlone(t *testing.T) {
	in := orb.Polygon{{{117.85, 36.8}, {117.86, 36.8}, {117.86, 36.81}, {117.85, 36.8}}}
	out, err := GeometryToWGS84(GCJ02, in)
	if err != nil || in[0][0] != (orb.Point{117.85, 36.8}) {
		t.Fatalf("%v, %v", in, err)
	}
	if d := Distance(in[0][0], out.(orb.Polygon)[0][0]); d < 300 || d > 700 {
		t.Fatalf("moved by %.0f m", d)
	}
	if _, err := GeometryToWGS84(GCJ02, orb.Polygon{{{math.NaN(), 1}}}); err == nil {
		t.Fatal("a point that is no number was converted")
	}
}

func TestParseDatum(t *testing.T) {
	for _, d := range []Datum{WGS84, CGCS2000, GCJ02, BD09} {
		if got, err := ParseDatum(d.String()); err != nil || got != d {
			t.Errorf("%s read as %q, %v", d, got, err)
		}
	}
	for _, name := range []string{"", "WGS84", "gcj-02", "epsg:4326"} {
		if got, err := ParseDatum(name); err == nil || got != "" {
			t.Errorf("%q was taken as %q", name, got)
		}
	}
	if Datum("").String() != "wgs84" {
		t.Error("the zero value is not WGS-84")
	}
}

func TestAnUnknownDatumIsRefused(t *testing.T) {
	p := orb.Point{117.85, 36.8}
	if _, err := ToWGS84("beijing54", p); err == nil {
		t.Error("taken from it")
	}
	if _, err := FromWGS84("beijing54", p); err == nil {
		t.Error("taken to it")
	}
}

// TestEveryGeometryIsConverted there and back, and keeps its type.
func TestEveryGeometryIsConverted(t *testing.T) {
	a, b, c := orb.Point{117.85, 36.8}, orb.Point{117.86, 36.8}, orb.Point{117.86, 36.81}
	ring := orb.Ring{a, b, c, a}
	tests := []orb.Geometry{
		a, orb.MultiPoint{a, b}, orb.LineString{a, b, c}, orb.MultiLineString{{a, b}, {b, c}}, ring, orb.Polygon{ring},
		orb.MultiPolygon{{ring}, {ring}}, orb.Collection{a, orb.Polygon{ring}, orb.Collection{b}}, orb.Bound{Min: a, Max: c}, orb.Polygon{},
	}
	for _, in := range tests {
		t.Run(in.GeoJSONType(), func(t *testing.T) {
			before := orb.Clone(in)
			there, err := GeometryFromWGS84(BD09, in)
			if err != nil || !orb.Equal(in, before) {
				t.Fatalf("the input became %v (%v)", in, err)
			}
			back, err := GeometryToWGS84(BD09, there)
			if err != nil || reflect.TypeOf(back) != reflect.TypeOf(in) {
				t.Fatalf("%T came back as %T (%v)", in, back, err)
			}
			if in.Bound().IsEmpty() {
				return
			}
			if orb.Equal(in, there) {
				t.Fatal("nothing was converted")
			}
			limit := 0.2
			if _, ok := in.(orb.Bound); ok {
				limit = 50 // it grows by what the conversions turn it
			}
			if d := Distance(back.Bound().Min, in.Bound().Min); d > limit {
				t.Fatalf("%.2f m off", d)
			}
		})
	}
	for _, in := range []orb.Geometry{nil, orb.Collection{nil}, orb.MultiPoint{a, {math.NaN(), 1}}} {
		if _, err := GeometryToWGS84(GCJ02, in); err == nil {
			t.Errorf("%v was converted", in)
		}
	}
}

func FuzzDatum(f *testing.F) {
	f.Add(117.85, 36.8)
	f.Add(72.004, 0.8293)
	f.Add(137.8347, 55.8271)
	f.Add(105.0, 35.0)
	f.Add(0.0, 0.0)
	f.Add(-180.0, -90.0)
	f.Add(math.NaN(), math.Inf(-1))
	f.Fuzz(func(t *testing.T, lon, lat float64) {
		p := orb.Point{lon, lat}
		for _, d := range []Datum{WGS84, CGCS2000, GCJ02, BD09} {
			there, err := FromWGS84(d, p)
			back, errBack := ToWGS84(d, p)
			if bad := CheckPoint(p) != nil; bad != (err != nil) || bad != (errBack != nil) {
				t.Fatalf("%s of %v: %v, %v", d, p, err, errBack)
			}
			if err != nil {
				continue
			}
			for _, q := range []orb.Point{there, back} {
				if moved := Distance(p, q); !(moved < 4000) {
					t.Fatalf("%s moved %v by %.0f m to %v", d, p, moved, q)
				}
			}
		}
	})
}

func BenchmarkToWGS84FromBD09(b *testing.B) {
	for b.Loop() {
		if _, err := ToWGS84(BD09, orb.Point{117.86, 36.81}); err != nil {
			b.Fatal(err)
		}
	}
}
