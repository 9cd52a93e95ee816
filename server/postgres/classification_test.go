package postgres

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryColumnIsClassified holds classification.csv to the migrated database,
// both ways.
func TestEveryColumnIsClassified(t *testing.T) {
	f := newFixture(t)
	type column struct{ Name string }
	columns, err := many[column](t.Context(), f.store.system(), `select c.relname || '.' || a.attname as name
		from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
			and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
			and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Classification()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for _, l := range list {
		name := l.Table + "." + l.Column
		if lines[name] {
			t.Errorf("%s is classified twice", name)
		}
		lines[name] = true
	}
	if len(columns) < 500 {
		t.Fatalf("the database has %d columns", len(columns))
	}
	for _, c := range columns {
		if !lines[c.Name] {
			t.Errorf("%s is not classified: add a line to classification.csv", c.Name)
		}
		delete(lines, c.Name)
	}
	for name := range lines {
		t.Errorf("%s is classified and does not exist", name)
	}
}

// TestClassificationIsSound: known words, rules that exist, no secret in clear
// without a reason.
func TestClassificationIsSound(t *testing.T) {
	f := newFixture(t)
	type rule struct{ What string }
	rules, err := many[rule](t.Context(), f.store.system(), `select what from retention_rule`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Classification()
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`retention: (\w+)`)
	for _, l := range list {
		name := l.Table + "." + l.Column
		if !slices.Contains([]string{"public", "internal", "personal", "sensitive", "secret"}, l.Class) {
			t.Errorf("%s: class %q", name, l.Class)
		}
		if !slices.Contains([]string{"none", "masked", "sealed", "hashed", "digest"}, l.Protection) {
			t.Errorf("%s: protection %q", name, l.Protection)
		}
		if l.Class == "secret" && l.Protection == "none" && l.Note == "" {
			t.Errorf("%s is a secret in clear, and nothing says why", name)
		}
		if m := named.FindStringSubmatch(l.Note); m != nil && !slices.Contains(rules, rule{m[1]}) {
			t.Errorf("%s is kept as long as %q, which is no rule", name, m[1])
		}
	}
}

// TestSealedColumnsAreTurned: every column that is classified as sealed is one
// that the turning of keys knows, and the other way round: what it does not know
// is lost when a key is retired.
func TestSealedColumnsAreTurned(t *testing.T) {
	list, err := Classification()
	if err != nil {
		t.Fatal(err)
	}
	classified, turned := map[string]bool{}, map[string]bool{}
	for _, l := range list {
		if l.Protection == "sealed" {
			classified[l.Table+"."+l.Column] = true
		}
	}
	for _, p := range sealedPlaces {
		column, _, _ := strings.Cut(p.set, " = ")
		turned[p.table+"."+column] = true
	}
	for name := range classified {
		if !turned[name] {
			t.Errorf("%s is classified as sealed and is not in sealedPlaces", name)
		}
	}
	for name := range turned {
		if !classified[name] {
			t.Errorf("%s is in sealedPlaces and is not classified as sealed", name)
		}
	}
}
