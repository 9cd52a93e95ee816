package httpapi

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestRegistersAreNarrowed(t *testing.T) {
	t.Parallel()
	raw, err := OpenAPI("test")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name string }
		}
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/v1/registers/{noun}", "/api/v1/registers/{noun}/points"} {
		var names []string
		for _, p := range document.Paths[path]["get"].Parameters {
			names = append(names, p.Name)
		}
		for _, want := range []string{"noun", "q", "where", "area_id", "ids", "retired"} {
			if !slices.Contains(names, want) {
				t.Errorf("%s does not take %s, only %v", path, want, names)
			}
		}
	}
}
