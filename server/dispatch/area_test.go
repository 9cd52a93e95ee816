package dispatch

import (
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// areaStore runs a command whose saved area is given.
type areaStore struct {
	Store
	Tx
	areas []Area
	saved Area
}

func (s *areaStore) Areas(context.Context) ([]Area, error) { return s.areas, nil }

func (s *areaStore) Dispatchable(context.Context, time.Time, ...int64) ([]Responder, error) {
	return nil, nil
}

func (s *areaStore) Run(ctx context.Context, _ Command, fn func(context.Context, Tx) (Outcome, error)) (Outcome, error) {
	return fn(ctx, s)
}

func (s *areaStore) SaveArea(context.Context, AreaInput) (Area, error) { return s.saved, nil }

func (s *areaStore) Emit(context.Context, Event) error { return nil }

func (s *areaStore) Audit(context.Context, AuditEntry) error { return nil }

// TestWhoSetsAnArea: an administrator of a street changes nothing beside it.
func TestWhoSetsAnArea(t *testing.T) {
	id := func(n int64) *int64 { return &n }
	store := &areaStore{areas: []Area{{ID: 1}, {ID: 2, ParentID: id(1)}, {ID: 3, ParentID: id(1)}, {ID: 4, ParentID: id(2)}, {ID: 5, ParentID: id(3)}}}
	s := NewService(store, time.Now, zerolog.Nop())
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	of := func(area int64) Actor {
		return Actor{AccountID: 1, Grants: []Grant{{RoleSystemAdministrator, area, ""}}}
	}
	tests := []struct {
		name  string
		actor Actor
		saved Area
		want  Code
	}{
		{"a new community of one's street", of(2), Area{ID: 9, ParentID: id(2)}, ""},
		{"one that is there", of(2), Area{ID: 4, ParentID: id(2)}, ""},
		{"one of another street", of(2), Area{ID: 5, ParentID: id(3)}, CodeNotFound},
		{"one of another street, drawn over", of(2), Area{ID: 5, ParentID: id(2)}, CodeNotFound},
		{"one's own, pushed away", of(2), Area{ID: 4, ParentID: id(3)}, CodeNotFound},
		{"the district", of(2), Area{ID: 1}, CodeNotFound},
		{"a second district", of(1), Area{ID: 9}, CodeForbidden},
		{"the whole district's administrator: the district", of(1), Area{ID: 1}, ""},
		{"and below a street made a moment ago", of(1), Area{ID: 10, ParentID: id(9)}, ""},
		{"an import", Actor{System: true}, Area{ID: 9}, ""},
		{"a dispatcher", Actor{Grants: []Grant{{RoleDispatcher, 1, ""}}}, Area{ID: 4, ParentID: id(2)}, CodeForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store.saved = tt.saved
			if _, err := s.SetArea(t.Context(), Command{Actor: tt.actor}, AreaInput{}); CodeOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}
