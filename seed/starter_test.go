package seed

import (
	"slices"
	"strings"
	"testing"
)

func TestStarter(t *testing.T) {
	areas, ok := Starter("370306")
	if !ok || !slices.Contains(Starters(), "370306") {
		t.Fatalf("not there, only %v", Starters())
	}
	levels, byCode := map[string]int{}, map[string]StarterArea{}
	length := map[string]int{"district": 6, "street": 9, "community": 12}
	for _, a := range areas {
		levels[a.Level]++
		if _, taken := byCode[a.Code]; taken || len(a.Code) != length[a.Level] || a.Name == "" {
			t.Errorf("%+v", a)
		}
		if parent, there := byCode[a.ParentCode]; a.Level != "district" && (!there || !strings.HasPrefix(a.Code, parent.Code)) {
			t.Errorf("%s %s lies in %q", a.Code, a.Name, a.ParentCode)
		}
		if slices.Contains(a.Aliases, a.Name) {
			t.Errorf("%s is its own alias", a.Name)
		}
		byCode[a.Code] = a
	}
	if levels["district"] != 1 || levels["street"] != 10 || levels["community"] != 250 || len(areas) != 261 {
		t.Errorf("%v", levels)
	}
	for code, alias := range map[string]string{
		"370306004": "永安街街道", "370306005": "城北街道", "370306001001": "车站社区", "370306001010": "立家社区",
		"370306001204": "孟家堰村", "370306004206": "前进村", "370306102200": "王村村",
	} {
		if !slices.Equal(byCode[code].Aliases, []string{alias}) {
			t.Errorf("%s %s has the aliases %v, want %s", code, byCode[code].Name, byCode[code].Aliases, alias)
		}
	}
	for _, a := range areas {
		if a.Level != "community" {
			continue
		}
		if len(a.Aliases) != 1 || !strings.HasSuffix(a.Aliases[0], "社区") && !strings.HasSuffix(a.Aliases[0], "村") || strings.HasSuffix(a.Aliases[0], "村村委") {
			t.Errorf("%s has the aliases %v", a.Name, a.Aliases)
		}
	}
}

func TestUnknownStarter(t *testing.T) {
	for _, code := range []string{"", "110101", "../starter/370306", "README"} {
		if _, ok := Starter(code); ok {
			t.Errorf("%q is there", code)
		}
	}
}
