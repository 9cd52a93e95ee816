package importer

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yiping/geo"
)

// Both languages say the same things, with the same values in them.
func TestMessagesAreComplete(t *testing.T) {
	place := regexp.MustCompile(`\{[a-z_]+\}`)
	values := func(text string) []string {
		found := place.FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	zh, en := messages()["zh"], messages()["en"]
	for _, key := range slices.Sorted(maps.Keys(zh)) {
		if strings.TrimSpace(en[key]) == "" || strings.TrimSpace(zh[key]) == "" {
			t.Errorf("%s lacks a language", key)
		}
		if !slices.Equal(values(zh[key]), values(en[key])) {
			t.Errorf("%s: %v in Chinese, %v in English", key, values(zh[key]), values(en[key]))
		}
	}
	for key := range en {
		if _, ok := zh[key]; !ok {
			t.Errorf("%s lacks Chinese", key)
		}
	}
}

// sources gives the code of the server, tests apart.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*.go", "../*.go", "../*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(raw)
		}
	}
	return all.String()
}

// No message is there in vain, and none that the code names is missing.
func TestMessagesAreUsed(t *testing.T) {
	code := sources(t)
	used := map[string]bool{"comma": true}
	for _, n := range nouns {
		used["noun."+n.Name] = true
		for _, c := range n.Columns {
			used["field."+n.Name+"."+c.Field], used["field."+c.Field] = true, true
			if c.Kind != Attributes && Title("zh", n, c.Field) == "" {
				t.Errorf("%s.%s has no title", n.Name, c.Field)
			}
		}
	}
	for key := range attributeNames {
		used["attribute."+key] = true
	}
	for list := range meanings() {
		used["list."+list] = true
		for _, value := range ChoiceValues(list) {
			used["choice."+list+"."+value] = true
			if ChoiceTitle("zh", list, value) == "" {
				t.Errorf("%s.%s has no word", list, value)
			}
		}
	}
	for _, reason := range []geo.Reason{geo.ReasonNotANumber, geo.ReasonLatitude, geo.ReasonLongitude, geo.ReasonNull, geo.ReasonSwapped, geo.ReasonOutside} {
		if key := "problem.point_" + string(reason); word("zh", key) == "" {
			t.Errorf("%s is missing", key)
		} else {
			used[key] = true
		}
	}
	for _, noun := range []string{"compound", "unit", "camera", "responder", "organisation"} {
		used["problem.unknown_"+noun], used["problem.ambiguous_"+noun] = true, true
	}
	for _, fileCode := range fileCodes {
		used["file."+fileCode], used["file."+fileCode+"_at"] = true, true
		if word("zh", "file."+fileCode) == "" {
			t.Errorf("file.%s is missing", fileCode)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(messages()["zh"])) {
		_, last, _ := strings.Cut(key, ".")
		if !used[key] && !strings.Contains(code, `"`+last+`"`) && !strings.Contains(code, `"`+key+`"`) && !strings.Contains(code, "'"+last+"'") {
			t.Errorf("%s is never said", key)
		}
	}
	for _, named := range regexp.MustCompile(`\.(?:refuse|warn)\("[a-z_]+", "([a-z_]+)"|Code: "([a-z_]+)"`).FindAllStringSubmatch(code, -1) {
		if last := named[1] + named[2]; word("zh", "problem."+last)+word("zh", "file."+last) == "" && !strings.HasSuffix(last, "_") {
			t.Errorf("%s is said, but has no words", last)
		}
	}
}

// Every problem that a row may have is told in words, with its values in them.
func TestSay(t *testing.T) {
	p := RowProblem{Line: 3, Field: "kind", Code: "unknown_choice", Value: "x", Values: map[string]string{"list": "@list.facility_kind"}}
	for language, want := range map[string]string{"zh": "不在可选的设施类型之中，可选项见模板", "en": "is none of the facility kinds of the template"} {
		if got := p.Say(language); got != want {
			t.Errorf("%s: %s", language, got)
		}
	}
	noun, _ := ByName("facilities")
	e := &FileError{Code: "columns_missing", Noun: noun, Fields: []string{"kind"}, Columns: []Recognised{{Title: "甲"}, {Title: "乙"}}}
	if got := e.Say("zh"); got != "缺少必需的列：设施类型。文件中的列：甲、乙。请指定对应的列，或为整个文件设定一个值。" {
		t.Error(got)
	}
}
