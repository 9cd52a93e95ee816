package importer

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// readDegrees reads a coordinate: decimal degrees, or degrees, minutes and
// seconds in any of the ways people write them (117°51′22.5″, 117 51 22.5 E,
// E117.856, 117度51分22秒). Metres of a projected system are numbers too.
func readDegrees(cell string) (float64, bool) {
	text := strings.ToUpper(strings.TrimSpace(norm.NFKC.String(cell)))
	sign := 1.0
	for _, mark := range []string{"东经", "西经", "北纬", "南纬", "东", "西", "北", "南", "E", "W", "N", "S"} {
		if trimmed, found := cutMark(text, mark); found && !(mark == "E" && isFloat(text)) {
			if text = trimmed; strings.ContainsAny(mark, "西南WS") {
				sign = -1
			}
			break
		}
	}
	if v, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return sign * v, true
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
// usual separator; POINT(117.85 36.80) too.
func readPair(cell string) (x, y float64, ok bool) {
	text := strings.TrimSpace(norm.NFKC.String(cell))
	if upper := strings.ToUpper(text); strings.HasPrefix(upper, "POINT") {
		text = strings.Trim(strings.TrimSpace(text[5:]), "()")
	}
	text = strings.Trim(text, "[]()")
	for _, sep := range []string{",", ";", "、", "|", "/", " "} {
		a, b, found := strings.Cut(text, sep)
		if !found {
			continue
		}
		x, okX := readDegrees(a)
		y, okY := readDegrees(b)
		if okX && okY {
			return x, y, true
		}
	}
	return 0, 0, false
}

// round brings degrees to seven decimals, a centimetre, which is what is
// written out: so that what is read in again is the same.
func round(v float64) float64 { return math.Round(v*1e7) / 1e7 }
