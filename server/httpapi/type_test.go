package httpapi

import (
	"context"
	"strings"
	"testing"

	"yiping/server/dispatch"
)

const somePlan = `{"priority":"urgent","quota":2,"offer_seconds":60,"verify_seconds":60,"dispatch_seconds":60,"arrive_seconds":600,"resolve_seconds":3600,"check_seconds":0,"tell":["119"],"grade":"large","checklist":[{"zh":"关阀"}],"skills":[],"hazard":false,"hazard_affiliations":["unit_staff"],"hazard_training":[],"send_first":false,"over_offer":1.5,"waves":[{"rings":3,"seconds":90}],"ladder":[{"level":"street","seconds":600}],"pair":true,"welfare_seconds":900,"units":[{"role":"lead","kind":"gas"}],"working_hours":false,"reach":[{"channel":"sms","after_seconds":20,"unless":"seen"}]}`

func (f *fakeReader) IncidentType(_ context.Context, id int64) (dispatch.IncidentType, error) {
	return dispatch.IncidentType{ID: id, Code: "accident.gas"}, f.err
}

func (f *fakeReader) PlanVersions(context.Context, string) ([]dispatch.PlanVersion, error) {
	of := func(version, quota int) dispatch.PlanVersion {
		return dispatch.PlanVersion{Plan: dispatch.Plan{ID: int64(version), Version: version, Quota: quota}, Changes: []dispatch.PlanChange{}}
	}
	return []dispatch.PlanVersion{of(3, 6), of(2, 4), of(1, 4)}, f.err
}

// TestTypesAreEdited: a command each, refused where the body cannot be meant.
func TestTypesAreEdited(t *testing.T) {
	for _, tt := range []struct {
		path, body, command string
		status              int
	}{
		{"types", `{"parent_code":"accident","name_zh":"燃气泄漏","plan":` + somePlan + `}`, "type.add", 201},
		{"types/accident.gas", `{"version":1,"retired":true}`, "type.change", 200},
		{"types/accident.gas/plans", `{"version":1,"note":"","plan":` + somePlan + `}`, "plan.add", 201},
		{"working-hours", `{"week":[{"weekday":1,"from":510,"to":720}]}`, "calendar.set", 200},
	} {
		t.Run(tt.command, func(t *testing.T) {
			u := newUnder(t)
			u.store.outcome = dispatch.Outcome{ID: 7, Version: 2}
			if w := u.do("POST", "/api/v1/"+tt.path, "administrator", tt.body, "Idempotency-Key", "k"); w.Code != tt.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if n := len(u.store.commands); n != 1 || u.store.commands[0].Name != tt.command {
				t.Fatalf("%+v", u.store.commands)
			}
			u.problem(u.do("POST", "/api/v1/"+tt.path, "commander", tt.body, "Idempotency-Key", "k"), 403, "forbidden")
		})
	}
	u := newUnder(t)
	for from, to := range map[string]string{`"quota":2`: `"quota":0`, `"119"`: `"114"`, `"large"`: `"huge"`, `"offer_seconds":60`: `"offer_seconds":1`, `"resolve_seconds":3600`: `"resolve_seconds":7776001`,
		`"over_offer":1.5`: `"over_offer":6`, `"unit_staff"`: `"passer_by"`, `"lead"`: `"watch"`, `"ladder":`: `"rungs":`} {
		u.problem(u.do("POST", "/api/v1/types/accident.gas/plans", "administrator", `{"version":1,"note":"","plan":`+strings.Replace(somePlan, from, to, 1)+`}`, "Idempotency-Key", "k"), 422, "invalid")
	}
}

// TestPlansAreCompared: any two versions, in either direction.
func TestPlansAreCompared(t *testing.T) {
	u := newUnder(t)
	w := u.do("GET", "/api/v1/types/accident.gas/plans/changes?from=1&to=3", "administrator", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"changes":[{"field":"quota","from":4,"to":6}]`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	u.problem(u.do("GET", "/api/v1/types/accident.gas/plans/changes?from=1&to=4", "administrator", ""), 404, "not_found")
}

func (f *fakeReader) WorkingHours(context.Context) ([]dispatch.Hours, error) {
	return []dispatch.Hours{}, f.err
}
