package dispatch

import (
	"fmt"
	"slices"
	"strings"
)

// fieldSet is a set of fields, a bit each.
type fieldSet uint64

// View is how much of each field somebody sees of one thing. Views add up, and
// two that are equal show the same.
type View struct{ counted, masked, whole fieldSet }

// Of gives how much of a field is seen.
func (v View) Of(f Field) Extent {
	bit := rights.bits[f]
	switch {
	case bit == 0:
		return None
	case v.whole&bit != 0:
		return Whole
	case v.masked&bit != 0:
		return Masked
	case v.counted&bit != 0:
		return Counted
	}
	return None
}

// Sees says whether anything of a field is seen.
func (v View) Sees(f Field) bool { return v.Of(f) != None }

// plus gives what either of two views shows.
func (v View) plus(w View) View {
	return View{v.counted | w.counted, v.masked | w.masked, v.whole | w.whole}
}

// within gives what both of two views show.
func (v View) within(w View) View {
	atLeast := func(v View) View {
		return View{v.counted | v.masked | v.whole, v.masked | v.whole, v.whole}
	}
	v, w = atLeast(v), atLeast(w)
	return View{v.counted & w.counted, v.masked & w.masked, v.whole & w.whole}
}

func (v *View) set(bit fieldSet, e Extent) bool {
	switch e {
	case Whole:
		v.whole |= bit
	case Masked:
		v.masked |= bit
	case Counted:
		v.counted |= bit
	default:
		return e == None
	}
	return true
}

// everything is what the system itself sees.
var everything = View{whole: ^fieldSet(0)}

// rightsTable is both tables as they are asked.
type rightsTable struct {
	fields  []Field
	bits    map[Field]fieldSet
	views   map[Role]map[Part]View
	actions []Action
	may     map[Action]map[Part][]Role
	seen    map[Action]Field // what an action of seeing sees
	rows    []RightsRow
}

// RightsRow is one line of the tables: what each role sees of a field, or
// whether it may do something, for one reason. Exactly one of Field and Action
// is set.
type RightsRow struct {
	Field  Field           `json:"field,omitempty"`
	Action Action          `json:"action,omitempty"`
	Part   Part            `json:"by"`
	Levels map[Role]string `json:"roles"`
	With   []string        `json:"with,omitempty"`
}

// RightsRows gives the tables line by line, for people to read.
func RightsRows() []RightsRow { return slices.Clone(rights.rows) }

// See is the action of seeing something of a field.
func See(f Field) Action { return Action("see " + string(f)) }

var rights = mustReadRights(sights, verbs)

// mustReadRights reads the tables. They are constants: one that cannot be read
// is found by the first test, or the first start.
func mustReadRights(sights, verbs string) *rightsTable {
	t := &rightsTable{bits: map[Field]fieldSet{}, views: map[Role]map[Part]View{}, may: map[Action]map[Part][]Role{},
		seen: map[Action]Field{ActionSee: FieldIncidentWords, ActionSeeMasked: FieldIncident, ActionSeePhones: FieldResponderCall}}
	for _, r := range Roles {
		t.views[r] = map[Part]View{}
	}
	for _, words := range lines(sights) {
		t.sight(words)
	}
	for _, words := range lines(verbs) {
		t.verb(words)
	}
	for action, f := range t.seen {
		t.may[action] = t.whoSees(f)
		t.actions = append(t.actions, action)
	}
	for action := range t.may {
		if !slices.Contains(t.actions, action) {
			t.actions = append(t.actions, action)
		}
	}
	slices.Sort(t.actions)
	return t
}

// lines gives the words of a table's lines, without its heading.
func lines(table string) (list [][]string) {
	for line := range strings.Lines(strings.TrimSpace(table)) {
		if words := strings.Fields(line); len(words) > 0 {
			list = append(list, words)
		}
	}
	return list[1:]
}

func (t *rightsTable) sight(words []string) {
	if len(words) != 2+len(Roles) {
		panic(fmt.Sprintf("table of sights: %v", words))
	}
	f, part := Field(words[0]), Part(words[1])
	if t.bits[f] == 0 {
		t.bits[f] = 1 << len(t.fields)
		t.fields = append(t.fields, f)
		t.seen[See(f)] = f
	}
	row := RightsRow{Field: f, Part: part, Levels: map[Role]string{}}
	for k, r := range Roles {
		v := t.views[r][part]
		if !v.set(t.bits[f], Extent(words[2+k])) {
			panic(fmt.Sprintf("table of sights: %v", words))
		}
		t.views[r][part], row.Levels[r] = v, words[2+k]
	}
	t.rows = append(t.rows, row)
}

func (t *rightsTable) verb(words []string) {
	if len(words) < 3+len(Roles) {
		panic(fmt.Sprintf("table of verbs: %v", words))
	}
	action, part := Action(words[0]), Part(words[1])
	row := RightsRow{Action: action, Part: part, Levels: map[Role]string{}, With: words[2+len(Roles):]}
	if t.may[action] == nil {
		t.may[action] = map[Part][]Role{}
	}
	for k, r := range Roles {
		word := words[2+k]
		if word == "yes" {
			t.may[action][part] = append(t.may[action][part], r)
		} else if word != "-" {
			panic(fmt.Sprintf("table of verbs: %v", words))
		}
		row.Levels[r] = word
	}
	t.rows = append(t.rows, row)
}

// whoSees gives the roles that see something of a field, by part.
func (t *rightsTable) whoSees(f Field) map[Part][]Role {
	who := map[Part][]Role{}
	for _, r := range Roles {
		for part, v := range t.views[r] {
			if (v.counted|v.masked|v.whole)&t.bits[f] != 0 {
				who[part] = append(who[part], r)
			}
		}
	}
	return who
}
