package importer

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// readDegrees reads a coordinate: decimal degrees, or degrees, minutes and
// seconds in any of the ways people write them (117°51′22.5″, 117 51 22.5 E,
// E117.856, 117度51分22秒). Metres of a projected system are numbers too.
func readDegrees(cell string) (float64, bool) {
	text := strings.ToUpper(strings.TrimSpace(dashes.Replace(norm.NFKC.String(rings.Replace(cell)))))
	sign := 1.0
	for _, mark := range []string{"东经", "西经", "北纬", "南纬", "东", "西", "北", "南", "E", "W", "N", "S"} {
		if trimmed, found := cutMark(text, mark); found && !(mark == "E" && isFloat(text)) {
			if text = trimmed; strings.ContainsAny(mark, "西南WS") {
				sign = -1
			}
			break
		}
	}
	if v, err := strconv.ParseFloat(withoutCommas(text), 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return sign * v, true
	}
	if m := dashed.FindStringSubmatch(text); m != nil {
		text = m[1] + " " + m[2] + " " + m[3]
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("°º度分秒′’'″”\"`: \u00a0", r) })
	if len(parts) < 2 || len(parts) > 3 {
		if len(parts) != 1 || parts[0] == text {
			return 0, false
		}
	}
	total, unit := 0.0, 1.0
	for i, part := range parts {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil || i > 0 && (v < 0 || v >= 60) || i < len(parts)-1 && v != math.Trunc(v) {
			return 0, false
		}
		if i == 0 && strings.HasPrefix(part, "-") {
			sign, v = -sign, -v
		}
		total += v / unit
		unit *= 60
	}
	return sign * total, true
}

// rings are typed for the mark of degrees.
var rings = strings.NewReplacer("º", "°", "˚", "°")

// dashed are degrees, minutes and seconds as 117-52-06.
var dashed = regexp.MustCompile(`^([0-9]{1,3})-([0-9]{1,2})-([0-9]{1,2}(?:\.[0-9]+)?)$`)

// thousands are metres written with commas between their digits.
var thousands = regexp.MustCompile(`^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$`)

// withoutCommas reads commas as what they are: between thousands, or before the
// decimals, which they are where degrees stand before three digits.
func withoutCommas(text string) string {
	if thousands.MatchString(text) {
		first, rest, _ := strings.Cut(strings.TrimPrefix(text, "-"), ",")
		if degrees, err := strconv.Atoi(first); len(rest) > 3 || err != nil || degrees > 180 {
			return strings.ReplaceAll(text, ",", "")
		}
	}
	return strings.ReplaceAll(text, ",", ".")
}

func cutMark(text, mark string) (string, bool) {
	if rest, ok := strings.CutPrefix(text, mark); ok {
		return strings.TrimSpace(strings.TrimLeft(rest, ":")), true
	}
	rest, ok := strings.CutSuffix(text, mark)
	return strings.TrimSpace(rest), ok
}

func isFloat(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// readPair reads both coordinates out of one cell: "117.85,36.80", with any
// usual separator; POINT(117.85 36.80) too. Marks of north and east say which is
// which, and so does a latitude that can be none.
func readPair(cell string) (x, y float64, ok bool) {
	text := strings.TrimSpace(norm.NFKC.String(rings.Replace(cell)))
	if upper := strings.ToUpper(text); strings.HasPrefix(upper, "POINT") {
		text = strings.Trim(strings.TrimSpace(text[5:]), "()")
	}
	text = strings.TrimSpace(strings.Trim(text, "[]()"))
	if a, b, found := cutByMarks(text); found {
		x, okX := readDegrees(a)
		y, okY := readDegrees(b)
		return x, y, okX && okY
	}
	for _, sep := range []string{",", ";", "、", "|", "/", " "} {
		a, b, found := strings.Cut(text, sep)
		if !found {
			continue
		}
		x, okX := readDegrees(a)
		y, okY := readDegrees(b)
		if okX && okY {
			if math.Abs(y) > 90 && math.Abs(y) <= 180 && math.Abs(x) <= 90 {
				x, y = y, x
			}
			return x, y, true
		}
	}
	return 0, 0, false
}

// The marks of longitude and latitude.
var (
	lonMark = regexp.MustCompile(`东经|西经|经度|东|西|[EeWw]`)
	latMark = regexp.MustCompile(`北纬|南纬|纬度|北|南|[NnSs]`)
)

// cutByMarks parts "北纬36°48′，东经117°51′" or "36.8N 117.85E" at its marks, which
// stand before or behind, and gives the longitude first.
func cutByMarks(text string) (lon, lat string, ok bool) {
	e, n := lonMark.FindStringIndex(text), latMark.FindStringIndex(text)
	if e == nil || n == nil {
		return "", "", false
	}
	first, second := e, n
	if n[0] < e[0] {
		first, second = n, e
	}
	at := second[0] // before the second mark, or behind the first
	if first[0] > 0 {
		at = first[1]
	}
	trim := func(part string) string {
		part = strings.Trim(part, " ,;、|/:\t\n")
		for _, label := range []string{"经度", "纬度"} {
			part = strings.TrimLeft(strings.TrimPrefix(part, label), ": ")
		}
		return part
	}
	a, b := trim(text[:at]), trim(text[at:])
	if n[0] < e[0] {
		a, b = b, a
	}
	return a, b, true
}

// round brings degrees to seven decimals, a centimetre, which is what is
// written out: so that what is read in again is the same.
func round(v float64) float64 { return math.Round(v*1e7) / 1e7 }
