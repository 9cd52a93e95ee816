package postgres

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// readings are the characters of place names that are read in more than one way,
// with the readings that place names use: a name is found by any of them.
var readings = map[rune][]string{
	'长': {"chang", "zhang"}, '行': {"hang", "xing"}, '重': {"chong", "zhong"}, '乐': {"le", "yue"}, '朝': {"chao", "zhao"},
	'单': {"dan", "shan"}, '都': {"du", "dou"}, '解': {"jie", "xie"}, '曾': {"zeng", "ceng"}, '盛': {"sheng", "cheng"},
	'仇': {"qiu", "chou"}, '区': {"qu", "ou"}, '厦': {"xia", "sha"}, '大': {"da", "dai"}, '藏': {"zang", "cang"},
	'圩': {"wei", "xu"}, '莘': {"shen", "xin"}, '车': {"che", "ju"}, '洞': {"dong", "tong"}, '调': {"diao", "tiao"},
	'泊': {"bo", "po"}, '阿': {"a", "e"}, '堡': {"bao", "pu", "bu"}, '弄': {"long", "nong"},
	'牟': {"mou", "mu"}, '查': {"cha", "zha"}, '传': {"chuan", "zhuan"}, '澄': {"cheng", "deng"}, '浒': {"hu", "xu"},
	'涡': {"guo", "wo"}, '蚌': {"beng", "bang"}, '尉': {"wei", "yu"}, '蔚': {"wei", "yu"}, '番': {"fan", "pan"},
	'荥': {"xing", "ying"}, '莞': {"guan", "wan"}, '浚': {"jun", "xun"}, '六': {"liu", "lu"}, '会': {"hui", "kuai"},
	'柏': {"bai", "bo"}, '朴': {"pu", "piao"}, '覃': {"qin", "tan"}, '繁': {"fan", "po"}, '枸': {"gou", "ju"},
	'角': {"jiao", "jue"}, '给': {"gei", "ji"},
}

// maxReadings bounds how many spellings of one name are kept.
const maxReadings = 8

// SearchText gives what a place is found by: its name and further words
// (aliases, address, code), and the full pinyin and the initials of those that
// hold Chinese characters; lower case, without spaces, each between bars. A
// further word with a number in it is an address or a code, which nobody types by
// its sounds: spelled out it would be half of the index.
func SearchText(name string, also ...string) string {
	parts := []string{}
	put := func(word string) {
		if word != "" && !slices.Contains(parts, word) {
			parts = append(parts, word)
		}
	}
	for i, word := range append([]string{name}, also...) {
		word = strings.ReplaceAll(strings.ToLower(strings.Join(strings.Fields(word), "")), "|", "")
		put(word)
		if i > 0 && strings.ContainsAny(word, "0123456789") {
			continue
		}
		for _, s := range spellings(word) {
			put(s)
		}
	}
	return "|" + strings.Join(parts, "|") + "|"
}

// read keeps how characters are read: the library looks it up by rules each time.
var read sync.Map // rune to []string

// readingsOf gives how a character is read in place names; nothing for one that
// is not Chinese.
func readingsOf(c rune) []string {
	if c < 0x2e80 { // before the first of them
		return nil
	}
	if ways, ok := readings[c]; ok {
		return ways
	}
	if ways, ok := read.Load(c); ok {
		return ways.([]string)
	}
	ways := slices.Compact(pinyin.SinglePinyin(c, pinyin.NewArgs()))
	read.Store(c, ways)
	return ways
}

// spellings gives the pinyin and the initials of a word in each of its
// readings; none where it holds no Chinese character.
func spellings(word string) []string {
	full, initials := []string{""}, []string{""}
	chinese := false
	for _, c := range word {
		ways := readingsOf(c)
		if len(ways) == 0 {
			ways = []string{string(c)} // a digit or letter stands for itself
		} else {
			chinese = true
		}
		if len(full)*len(ways) > maxReadings {
			ways = ways[:1]
		}
		full, initials = extend(full, initials, ways)
	}
	if !chinese {
		return nil
	}
	return append(full, initials...)
}

// first gives how many bytes the first character of a word takes.
func first(word string) int {
	_, n := utf8.DecodeRuneInString(word)
	return n
}

func extend(full, initials, ways []string) (longer, longerInitials []string) {
	for i := range full {
		for _, w := range ways {
			longer = append(longer, full[i]+w)
			longerInitials = append(longerInitials, initials[i]+w[:first(w)])
		}
	}
	return longer, longerInitials
}
