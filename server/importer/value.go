package importer

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"yiping/server/sheet"
)

// clean gives a cell without what only looks like something: full-width digits
// and letters become ordinary, spaces at the ends and marks without width go,
// and so does the apostrophe that keeps a spreadsheet from reckoning.
func clean(cell string) string {
	ascii := true
	for i := range len(cell) {
		if cell[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if !ascii {
		cell = narrow.Replace(strings.Map(func(r rune) rune {
			switch {
			case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ':
				return r - 0xfee0
			case r == '\u200b', r == '\ufeff', r == '\u200e', r == '\u200f':
				return -1
			}
			return r
		}, cell))
	}
	return strings.TrimFunc(sheet.Unguarded(strings.TrimFunc(cell, unicode.IsSpace)), unicode.IsSpace)
}

// dashes are what a hyphen is typed as.
var dashes = strings.NewReplacer("—", "-", "–", "-", "‐", "-", "‑", "-", "−", "-", "―", "-")

// empties are what people write into a cell that they leave empty.
var empties = map[string]bool{"": true, "/": true, "\\": true, "-": true, "--": true, "无": true, "暂无": true, "未知": true, "不详": true, "n/a": true, "null": true, "none": true}

// isEmpty says whether a cell says that there is nothing to say.
func isEmpty(cell string) bool {
	if len(cell) > 12 || cell == "" || cell[0] >= '0' && cell[0] <= '9' {
		return cell == ""
	}
	return empties[strings.ToLower(dashes.Replace(cell))]
}

// isFault recognises what a spreadsheet shows where it could not reckon.
func isFault(cell string) bool {
	switch cell {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#GETTING_DATA":
		return true
	}
	return false
}

var narrow = strings.NewReplacer("＋", "+", "－", "-", "．", ".", "\u00a0", " ", "\u3000", " ")

// splitList gives the parts of a cell that holds several, each once.
func splitList(cell string) []string {
	parts := strings.FieldsFunc(norm.NFC.String(cell), func(r rune) bool { return strings.ContainsRune("、,，;；|/\n", r) })
	out := []string{}
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" && !contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// readNumber reads a number with or without a unit behind it.
func readNumber(cell string) (float64, bool) {
	text := strings.ReplaceAll(norm.NFKC.String(cell), ",", "")
	text = strings.TrimSpace(strings.TrimRight(strings.TrimSpace(text), "米层户个单元人度°m"))
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// bearings are the points of the compass in degrees.
var bearings = map[string]float64{"北": 0, "东北": 45, "东": 90, "东南": 135, "南": 180, "西南": 225, "西": 270, "西北": 315,
	"n": 0, "ne": 45, "e": 90, "se": 135, "s": 180, "sw": 225, "w": 270, "nw": 315}

// readBearing reads where a camera looks: 东, 朝东南, 由东向西.
func readBearing(cell string) (float64, bool) {
	text := plain(cell)
	if _, to, found := strings.Cut(text, "向"); found && to != "" {
		text = to
	}
	text = strings.TrimLeft(text, "朝面正")
	for _, ending := range []string{"方向", "向", "方", "面"} {
		text = strings.TrimSuffix(text, ending)
	}
	v, ok := bearings[text]
	return v, ok
}

var telephone = regexp.MustCompile(`^\+?[0-9]{3,20}(?:[-转#][0-9]{1,6})?$`)

// mobile recognises what begins as a mobile number of China does.
var mobile = regexp.MustCompile(`^(?:\+?86|0086)?(1[3-9][0-9]{7,11})$`)

// readPhone reads a telephone number. code says what is wrong with it: a
// spreadsheet that took it for a number may have lost its digits.
func readPhone(cell string) (phone, code string) {
	text := strings.NewReplacer(" ", "", "（", "", "）", "", "(", "", ")", "", "\t", "").Replace(dashes.Replace(norm.NFKC.String(cell)))
	if strings.ContainsAny(text, "eE") && isFloat(text) {
		v, _ := strconv.ParseFloat(text, 64)
		digits := strings.Trim(strings.SplitN(strings.ToLower(text), "e", 2)[0], "0.")
		if v != math.Trunc(v) || v >= 1e15 || len(strings.ReplaceAll(digits, ".", "")) < 8 {
			return "", "phone_lost_digits"
		}
		text = strconv.FormatFloat(v, 'f', 0, 64)
	}
	text = strings.TrimSuffix(text, ".0")
	if strings.Contains(text, "*") { // masked in an export: what is known stays
		return "", "phone_masked"
	}
	bare := strings.ReplaceAll(text, "-", "")
	if strings.HasSuffix(text, "-") || !telephone.MatchString(text) && !telephone.MatchString(bare) {
		return "", "bad_phone"
	}
	if m := mobile.FindStringSubmatch(bare); m != nil {
		if len(m[1]) != 11 {
			return "", "phone_length"
		}
		return bare, ""
	}
	return text, ""
}

// firstPhone gives the first number of a cell that holds several.
func firstPhone(cell string) (phone string, ok bool) {
	parts := strings.FieldsFunc(norm.NFKC.String(cell), func(r rune) bool { return strings.ContainsRune("、,;|/\\ \n\t", r) })
	for _, part := range parts {
		if phone, code := readPhone(part); code == "" && len(phone) >= 7 && len(parts) > 1 {
			return phone, true
		}
	}
	return "", false
}

// momentForms are the ways in which people write dates and times.
var momentForms = []string{
	time.RFC3339, "2006-1-2 15:04:05", "2006-1-2 15:04", "2006-1-2T15:04:05", "2006-1-2T15:04", "2006-1-2", "2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2",
	"2006.1.2 15:04", "2006.1.2", "2006年1月2日 15:04:05", "2006年1月2日 15:04", "2006年1月2日15:04", "2006年1月2日15时04分", "2006年1月2日 15时04分", "2006年1月2日15时", "2006年1月2日 15时", "2006年1月2日15点", "2006/1/2T15:04:05", "2006.1.2 15:04:05", "2006年1月2日15:04:05", "200601021504", "20060102150405", "2006年1月2日", "20060102",
}

// readMoment reads a date with or without a time, also as the number of days
// that a workbook keeps; without a zone it is China's.
func readMoment(cell string, date1904 bool) (time.Time, bool) {
	text := strings.Join(strings.Fields(norm.NFKC.String(cell)), " ")
	if v, err := strconv.ParseFloat(text, 64); err == nil && v > 20000 && v < 80000 {
		t, err := excelize.ExcelDateToTime(v, date1904)
		if err != nil {
			return time.Time{}, false
		}
		t = t.Round(time.Second)
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, Instant), true
	}
	for _, form := range momentForms {
		if t, err := time.ParseInLocation(form, text, Instant); err == nil {
			return t, t.Year() >= 1900 && t.Year() < 2200
		}
	}
	return time.Time{}, false
}

var hourRange = regexp.MustCompile(`([0-9]{1,2})[:：时点]?([0-9]{2})?分?\s*(?:[-—–~～至到]+)\s*(次日|翌日)?\s*([0-9]{1,2})[:：时点]?([0-9]{2})?`)

// readHours reads the hours of a shift out of a cell such as "夜班(20:00-次日8:00)":
// the first and the last minute of the day, the last one beyond 1440 where the
// shift goes on into the next day.
func readHours(cell string) (from, to int, ok bool) {
	m := hourRange.FindStringSubmatch(norm.NFKC.String(cell))
	if m == nil {
		return 0, 0, false
	}
	minutes := func(h, m string) int {
		hours, _ := strconv.Atoi(h)
		rest, _ := strconv.Atoi(m)
		return hours*60 + rest
	}
	from, to = minutes(m[1], m[2]), minutes(m[4], m[5])
	if from > 1440 || to > 1440 || m[2] > "59" || m[5] > "59" {
		return 0, 0, false
	}
	if to <= from || m[3] != "" {
		to += 1440
	}
	return from, to, true
}

func itoa(n int) string { return strconv.Itoa(n) }
