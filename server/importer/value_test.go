package importer

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"\u3000 示范 \t": "示范", "\u3000１２３ＡＢｃ\u00a0": "123ABc", "'=1": "=1", "'-5": "-5", "'abc": "'abc", "－５．５": "-5.5", "\u200b甲\ufeff": "甲", "": "", "（一）": "（一）", "\t=1": "=1",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Degrees in the ways in which people write them.
func TestReadDegrees(t *testing.T) {
	const want = 36 + 48.0/60 + 12.0/3600
	for _, text := range []string{"36°48′12″N", "36°48'12\"", "36°48’12”", "36度48分12秒", "36 48 12", "N 36 48 12", "北纬36度48分12秒", "36º48′12″", "３６°４８′１２″", "36:48:12", "36-48-12", "36—48—12",
		"36.80333333333333", "36,80333333333333", "N36.80333333333333", "36.80333333333333°N", "36°48.2′", "36.80333333333333度", " 36.80333333333333 ", "北纬：36°48′12″"} {
		if got, ok := readDegrees(text); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%q: %v %v", text, got, ok)
		}
	}
	for text, want := range map[string]float64{"117度52分6秒": 117 + 52.0/60 + 6.0/3600, "-36.8": -36.8, "36.8S": -36.8, "西经117.5": -117.5, "-36°30′": -36.5, "-0°30′": -0.5, "39512345.678": 39512345.678,
		"4,075,123.45": 4075123.45, "512,345": 512345, "117,850": 117.85, "1.178E2": 117.8, "E117.5": 117.5, "117.5E": 117.5, "0": 0} {
		if got, ok := readDegrees(text); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "无", "abc", "36°60′", "36°48′60″", "36.5°30′", "36 48 12 5", "NaN", "Inf", "°", "36°x", "1,2,3", "36--48", "E", "117.85,36.8"} {
		if got, ok := readDegrees(text); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestReadPair(t *testing.T) {
	for _, text := range []string{"117.5,36.25", "117.5，36.25", "117.5 36.25", "117.5;36.25", "117.5、36.25", "(117.5, 36.25)", "[117.5,36.25]", "POINT(117.5 36.25)", "point (117.5 36.25)",
		"36.25,117.5", "117°30′,36°15′", "东经117°30′，北纬36°15′", "北纬36°15′，东经117°30′", "北纬36°15′00″东经117°30′00″", "36.25N,117.5E", "36.25°N 117.5°E", "E117.5 N36.25", "N36.25,E117.5",
		"117°30′00″E 36°15′00″N", "１１７．５，３６．２５", "经度117.5 纬度36.25", "纬度：36.25，经度：117.5", "117.5/36.25"} {
		if x, y, ok := readPair(text); !ok || x != 117.5 || y != 36.25 {
			t.Errorf("%q: %v %v %v", text, x, y, ok)
		}
	}
	if x, y, ok := readPair("39512345.5,4075123.25"); !ok || x != 39512345.5 || y != 4075123.25 {
		t.Errorf("metres: %v %v %v", x, y, ok)
	}
	for _, text := range []string{"", "117.5", "117.5,", ",36.25", "a,b", "POINT EMPTY", "东经北纬", "EN"} {
		if x, y, ok := readPair(text); ok {
			t.Errorf("%q: %v %v", text, x, y)
		}
	}
}

func TestReadPhone(t *testing.T) {
	for in, want := range map[string]string{
		"13800000000": "13800000000", "138 0000 0000": "13800000000", "138-0000-0000": "13800000000", "１３８００００００００": "13800000000", "+86 138 0000 0000": "+8613800000000", "8613800000000": "8613800000000",
		"13800000000.0": "13800000000", "1.3800000001E10": "13800000001", "0533-6400000": "0533-6400000", "0533—6400000": "0533-6400000", "（0533）6400000": "05336400000", "6400000": "6400000", "110": "110", "12345": "12345",
		"400-800-1234": "400-800-1234", "0533-6400000转801": "0533-6400000转801", "0533-6400000-801": "0533-6400000-801", "95598": "95598",
	} {
		if got, code := readPhone(in); got != want || code != "" {
			t.Errorf("%q: %q %s, want %q", in, got, code, want)
		}
	}
	for in, want := range map[string]string{
		"1.38E+10": "phone_lost_digits", "1.38e10": "phone_lost_digits", "1.38001E+10": "phone_lost_digits", "138****0000": "phone_masked", "1380000000": "phone_length", "138000000001": "phone_length",
		"+86 1380000000": "phone_length", "张三": "bad_phone", "12": "bad_phone", "": "bad_phone", "13800000000/13900000000": "bad_phone", "1e999": "bad_phone", "0533-": "bad_phone",
	} {
		if got, code := readPhone(in); code != want {
			t.Errorf("%q: %q %s, want %s", in, got, code, want)
		}
	}
	for in, want := range map[string]string{"13800000000/13900000000": "13800000000", "13800000000、0533-6400000": "13800000000", "张三 13900000000": "13900000000", "13800000000\n13900000000": "13800000000",
		"１３８００００００００；13900000000": "13800000000", "1380000000/12": "", "没有": "", "138000": ""} {
		if got, ok := firstPhone(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestReadMoment(t *testing.T) {
	day := time.Date(2026, 3, 5, 0, 0, 0, 0, Instant)
	for text, want := range map[string]time.Time{
		"46086": day, "46086.75": day.Add(18 * time.Hour), "2026年3月5日": day, "2026/3/5": day, "2026-03-05": day, "2026.3.5": day, "20260305": day, "２０２６年３月５日": day, " 2026-3-5 ": day,
		"2026-03-05 8:30": day.Add(8*time.Hour + 30*time.Minute), "2026/3/5 08:30:00": day.Add(8*time.Hour + 30*time.Minute), "2026年3月5日 8时30分": day.Add(8*time.Hour + 30*time.Minute),
		"2026年3月5日8时": day.Add(8 * time.Hour), "2026-03-05T00:00:00Z": day.Add(8 * time.Hour), "2026-03-05T08:30": day.Add(8*time.Hour + 30*time.Minute), "2026年3月5日20:00": day.Add(20 * time.Hour),
	} {
		if got, ok := readMoment(text, false); !ok || !got.Equal(want) {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
	if got, ok := readMoment("44624", true); !ok || !got.Equal(day) {
		t.Errorf("counted from 1904: %v %v", got, ok)
	}
	for _, text := range []string{"", "3/5/26", "26/3/5", "2026-13-01", "2026-02-30", "5月1日", "明天", "12", "99999", "0026-03-05", "2026年", "NaN"} {
		if got, ok := readMoment(text, false); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestReadHours(t *testing.T) {
	for text, want := range map[string][2]int{"8:00-17:30": {480, 1050}, "夜班(20:00-次日8:00)": {1200, 1920}, "夜班（20：00—8：00）": {1200, 1920}, "08:00至20:00": {480, 1200}, "8点到18点": {480, 1080}, "0:00-24:00": {0, 1440},
		"８:００～１２:００": {480, 720}, "8时30分至翌日8时30分": {510, 1950}, "08:00-08:00": {480, 1920}} {
		if from, to, ok := readHours(text); !ok || from != want[0] || to != want[1] {
			t.Errorf("%q: %d-%d %v, want %v", text, from, to, ok, want)
		}
	}
	for _, text := range []string{"", "夜班", "25:00-26:00", "8:00", "8:75-9:00", "8:00-9:99"} {
		if from, to, ok := readHours(text); ok {
			t.Errorf("%q: %d-%d", text, from, to)
		}
	}
}

func TestReadNumber(t *testing.T) {
	for text, want := range map[string]float64{"12": 12, "1,234": 1234, "１２": 12, "6层": 6, "30 米": 30, "500人": 500, "-3.5": -3.5, "90°": 90, "1.5E3": 1500} {
		if got, ok := readNumber(text); !ok || got != want {
			t.Errorf("%q: %v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "约50", "NaN", "Inf", "六层", "米"} {
		if got, ok := readNumber(text); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestReadBearing(t *testing.T) {
	for text, want := range map[string]float64{"东": 90, "西南": 225, "朝东南": 135, "北向": 0, "正南": 180, "由东向西": 270, "东西方向": -1, "NW": 315, "": -1, "前": -1} {
		if got, ok := readBearing(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
}

// A word that holds one of a list is taken for it, where it holds only one.
func TestGuess(t *testing.T) {
	for text, want := range map[string]string{"device_kind:独立式烟感": "smoke_detector", "device_kind:应急广播终端": "loudspeaker", "facility_kind:Ⅱ类应急避难场所": "shelter", "affiliation:网格员（兼）": "grid_member",
		"unit_kind:区消防救援大队": "fire", "building_kind:非住宅": "", "facility_kind:宇宙飞船": "", "facility_kind:其他设施": "", "facility_kind:xAEDx": "", "skill:水电工": "electrical",
		"unit_kind:公安消防": ""} {
		list, cell, _ := strings.Cut(text, ":")
		if got, ok := guess(list, cell); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestSplitList(t *testing.T) {
	want := []string{"急救", "驾驶", "防汛"}
	for _, text := range []string{"急救、驾驶、防汛", "急救,驾驶,防汛", "急救，驾驶 ， 防汛", "急救;驾驶；防汛", "急救|驾驶/防汛", "急救\n驾驶\n防汛", "急救、急救、驾驶、、防汛、"} {
		if got := splitList(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestIsEmpty(t *testing.T) {
	for _, text := range []string{"", "/", "-", "—", "——", "无", "暂无", "N/A", "NULL", "不详"} {
		if !isEmpty(text) {
			t.Errorf("%q says something", text)
		}
	}
	for _, text := range []string{"0", "否", "无人机", "-1", "//x"} {
		if isEmpty(text) {
			t.Errorf("%q says nothing", text)
		}
	}
}

// Whatever a cell holds, the readers give an answer that is one.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"36°48′12″N", "北纬36°48′12″，东经117°52′6″", "POINT(1 2)", "1.38E+10", "+86 138-0000-0000", "0533-6400000转8", "2026年3月5日 8时30分", "46086.5", "夜班(20:00-次日8:00)", "4,075,123.45", "E", "\xff", "--"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		number := func(v float64, ok bool) {
			if ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
				t.Errorf("%q: %v", text, v)
			}
		}
		number(readDegrees(text))
		number(readNumber(text))
		x, y, ok := readPair(text)
		number(x, ok)
		number(y, ok)
		if phone, code := readPhone(text); (code == "") == (phone == "") {
			t.Errorf("%q: telephone %q, %q", text, phone, code)
		}
		if phone, code := readPhone(text); code == "" {
			if again, code := readPhone(phone); code != "" || again != phone {
				t.Errorf("%q: telephone %q becomes %q %s", text, phone, again, code)
			}
		}
		_, _ = firstPhone(text)
		if at, ok := readMoment(text, false); ok && (at.Year() < 1899 || at.Year() > 2200) {
			t.Errorf("%q: %v", text, at)
		}
		_, _ = readMoment(text, true)
		if from, to, ok := readHours(text); ok && (from < 0 || to <= from || to > 2880) {
			t.Errorf("%q: %d-%d", text, from, to)
		}
		if once := clean(text); clean(once) != once && once[0] != '\'' {
			t.Errorf("%q: %q becomes %q", text, once, clean(once))
		}
		_, _ = splitList(text), plain(text)
	})
}
