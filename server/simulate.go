package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"os"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"yiping/server/dispatch"
)

// simulateCmd drives the public API as its users do: the commander takes an
// incident in, verifies and sends, a phone accepts, tells where it is, arrives
// and finishes, the commander checks and closes. What the server says is
// compared with what was done.
type simulateCmd struct {
	Accounts string        `arg:"" type:"existingfile" help:"The JSON line that serve --json printed: addresses and accounts."`
	Rate     float64       `default:"6" help:"Incidents a minute."`
	Count    int           `default:"10" help:"Incidents in all; 0 goes on until it is stopped."`
	Seed     uint64        `default:"1" help:"The same number, the same sequence."`
	Step     time.Duration `default:"2s" help:"Pause between a phone's steps."`
	JSON     bool          `help:"Print the result as JSON."`
}

// simulated is the result: what was done, and every difference found.
type simulated struct {
	Incidents   int      `json:"incidents"`
	Differences []string `json:"differences"`
}

// Run simulates until the count is reached or it is stopped.
func (c simulateCmd) Run(a *app) error {
	raw, err := os.ReadFile(c.Accounts)
	if err != nil {
		return err
	}
	var said announcement
	if err := json.Unmarshal(raw, &said); err != nil || len(said.Accounts) == 0 {
		return fmt.Errorf("%s does not hold what serve --json prints on its first run", c.Accounts)
	}
	cast, err := c.cast(a.ctx, said)
	if err != nil {
		return err
	}
	result, err := c.play(a.ctx, cast)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(a.out).Encode(result); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.out, "%d incidents closed, %d differences\n", result.Incidents, len(result.Differences))
		for _, d := range result.Differences {
			fmt.Fprintln(a.out, " ", d)
		}
	}
	if len(result.Differences) > 0 {
		return exitError(3)
	}
	return nil
}

// caller is one user of the API.
type caller struct {
	base string
	http *http.Client
	me   dispatch.Responder // a phone's responder
}

// cast is who plays.
type cast struct {
	chief  *caller
	phones []*caller
}

// cast signs everybody in.
func (c simulateCmd) cast(ctx context.Context, said announcement) (cast, error) {
	var out cast
	base := said.Addresses["base"]
	for _, k := range said.Accounts {
		who := newCaller(base)
		if err := who.call(ctx, "POST", "/api/v1/session", payload{"username": k.Username, "password": k.Password}, nil); err != nil {
			return out, fmt.Errorf("sign in %s: %w", k.Username, err)
		}
		switch k.Role {
		case dispatch.RoleCommander:
			out.chief = who
		case dispatch.RoleResponder:
			var mine dispatch.Mine
			if err := who.call(ctx, "GET", "/api/v1/mine", nil, &mine); err != nil {
				return out, err
			}
			who.me = mine.Responder
			out.phones = append(out.phones, who)
		}
	}
	if out.chief == nil || len(out.phones) == 0 {
		return out, errors.New("a commander and a responder are needed among the accounts")
	}
	return out, nil
}

func newCaller(base string) *caller {
	jar, _ := cookiejar.New(nil) // no options: cannot fail
	return &caller{base: base, http: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

// payload is a JSON body.
type payload = map[string]any

// call sends a request, again under the same key while the server is away.
func (p *caller) call(ctx context.Context, method, path string, in, out any) error {
	key := uuid.NewString()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		again, err := p.once(ctx, method, path, key, in, out)
		if !again {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (p *caller) once(ctx context.Context, method, path, key string, in, out any) (again bool, err error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return false, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res, err := p.http.Do(req)
	if err != nil {
		return ctx.Err() == nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests {
		return true, nil
	}
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 2000))
		return false, fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	if out == nil {
		return false, nil
	}
	return false, json.NewDecoder(res.Body).Decode(out)
}

// play runs incidents one a phone at a time, at the rate.
func (c simulateCmd) play(ctx context.Context, who cast) (simulated, error) {
	result := simulated{Differences: []string{}}
	rng := rand.New(rand.NewPCG(c.Seed, 0))
	pace := time.NewTicker(time.Duration(float64(time.Minute) / max(c.Rate, 0.01)))
	defer pace.Stop()
	free := make(chan *caller, len(who.phones))
	for _, p := range who.phones {
		free <- p
	}
	differences := make(chan string, 100)
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		for d := range differences {
			result.Differences = append(result.Differences, d)
		}
	}()
	var g errgroup.Group
	for n := 0; (c.Count == 0 || n < c.Count) && ctx.Err() == nil; n++ {
		var phone *caller
		select {
		case <-ctx.Done():
			continue
		case phone = <-free:
		}
		kind := everyday[rng.IntN(len(everyday))]
		g.Go(func() error {
			defer func() { free <- phone }()
			if d := c.incident(ctx, who, phone, kind); d != "" {
				differences <- d
			}
			return nil
		})
		result.Incidents++
		select {
		case <-ctx.Done():
		case <-pace.C:
		}
	}
	_ = g.Wait()
	close(differences)
	<-collected
	return result, ctx.Err()
}

// everyday is what residents report most, none of it beyond a volunteer.
var everyday = []string{"urban.garbage", "urban.noise", "urban.street_light", "urban.manhole"}

// incident plays one incident through; it gives what was not as it should be.
func (c simulateCmd) incident(ctx context.Context, who cast, phone *caller, kind string) string {
	pause := func() {
		select {
		case <-ctx.Done():
		case <-time.After(c.Step):
		}
	}
	failed := func(err error) string {
		if ctx.Err() != nil {
			return ""
		}
		return err.Error()
	}
	var i dispatch.Incident
	if err := who.chief.call(ctx, "POST", "/api/v1/incidents", payload{"type_code": kind, "lon": phone.me.Lon, "lat": phone.me.Lat, "summary": "模拟事件"}, &i); err != nil {
		return failed(err)
	}
	at := fmt.Sprintf("/api/v1/incidents/%d/", i.ID)
	if err := who.chief.call(ctx, "POST", at+"verify", payload{"version": i.Version}, &i); err != nil {
		return failed(err)
	}
	var sent struct {
		Incident dispatch.Incident
		Offers   []dispatch.Offer
	}
	if err := who.chief.call(ctx, "POST", at+"offers", payload{"version": i.Version, "responder_ids": []int64{phone.me.ID}, "reason": "模拟"}, &sent); err != nil {
		return failed(err)
	}
	pause()
	var answered struct{ Assignment dispatch.Assignment }
	if err := phone.call(ctx, "POST", fmt.Sprintf("/api/v1/offers/%d/accept", sent.Offers[0].ID), payload{}, &answered); err != nil {
		return failed(err)
	}
	for _, step := range []string{"en-route", "on-scene", "done"} {
		pause()
		position := payload{"positions": []payload{{"lon": phone.me.Lon, "lat": phone.me.Lat, "at": time.Now().UTC()}}}
		if err := phone.call(ctx, "POST", "/api/v1/positions", position, nil); err != nil {
			return failed(err)
		}
		if err := phone.call(ctx, "POST", fmt.Sprintf("/api/v1/assignments/%d/%s", answered.Assignment.ID, step), payload{}, nil); err != nil {
			return failed(err)
		}
	}
	return c.finish(ctx, who, i.ID, failed)
}

// finish checks, closes and compares.
func (c simulateCmd) finish(ctx context.Context, who cast, id int64, failed func(error) string) string {
	var d dispatch.IncidentDetail
	path := fmt.Sprintf("/api/v1/incidents/%d", id)
	if err := who.chief.call(ctx, "GET", path, nil, &d); err != nil {
		return failed(err)
	}
	if d.Incident.State != dispatch.IncidentResolved || len(d.Assignments) != 1 || d.Assignments[0].State != dispatch.AssignmentDone {
		return fmt.Sprintf("incident %d: its people are done, the server says %s", id, d.Incident.State)
	}
	if err := who.chief.call(ctx, "POST", path+"/check", payload{"version": d.Incident.Version, "passed": true}, &d.Incident); err != nil {
		return failed(err)
	}
	if err := who.chief.call(ctx, "POST", path+"/close", payload{"version": d.Incident.Version}, &d.Incident); err != nil {
		return failed(err)
	}
	if d.Incident.State != dispatch.IncidentClosed || d.Incident.Active != 0 || d.Incident.Offered != 0 {
		return fmt.Sprintf("incident %d: closed, the server says %s with %d active", id, d.Incident.State, d.Incident.Active)
	}
	return ""
}
