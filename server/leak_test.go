package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	stdlog "log"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"yiping/seed"
	"yiping/server/postgres/pgtest"
)

// sink keeps what is logged.
type sink struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *sink) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.all.Bytes())
}

// needles are what must not be found, by what it is.
type needles map[string][]string

func (n needles) add(what string, texts ...string) {
	for _, text := range texts {
		if text != "" {
			n[what] = append(n[what], text)
		}
	}
}

// absent looks for each in a haystack, as it is, as bytes and in base64.
func (n needles) absent(t *testing.T, where string, hay []byte) {
	t.Helper()
	for what, texts := range n {
		for _, text := range texts {
			raw := []byte(text)
			for way, as := range map[string]string{"as it is": text, "as bytes": hex.EncodeToString(raw), "in base64": base64.StdEncoding.EncodeToString(raw)[:len(raw)/3*4]} {
				if at := find(hay, as, as == text); at >= 0 {
					t.Errorf("%s holds %s %q %s: %.160q", where, what, text, way, hay[max(0, at-60):])
				}
			}
		}
	}
}

// find gives where a text stands first, -1 for nowhere. Plain digits within more
// of them are a part of a shape, which is written as a long number: nobody's.
func find(hay []byte, text string, plain bool) int {
	const hexDigits = "0123456789ABCDEF"
	for from := 0; ; {
		at := bytes.Index(hay[from:], []byte(text))
		if at < 0 {
			return -1
		}
		at += from
		end := at + len(text)
		if !plain || strings.Trim(text, "0123456789") != "" || at == 0 || end == len(hay) ||
			!strings.Contains(hexDigits, string(hay[at-1])) || !strings.Contains(hexDigits, string(hay[end])) {
			return at
		}
		from = end
	}
}

// TestNothingLeaks plays the loop on a real server that logs all it can, with
// known numbers, people in need of care, names, positions and secrets, and then
// searches the database, the log and the data folder for them.
func TestNothingLeaks(t *testing.T) {
	log := &sink{}
	stdlog.SetOutput(log) // what a library writes without asking
	t.Cleanup(func() { stdlog.SetOutput(os.Stderr) })
	database := pgtest.Database(t)
	r := serveWith(t, database, serveCmd{JSON: true, NoSimulate: true}, func(a *app) {
		a.LogLevel, a.log = "trace", zerolog.New(log).Level(zerolog.TraceLevel)
	})
	stored, logged := needles{}, needles{}
	for _, c := range r.first.Accounts {
		stored.add("a password", c.Password)
	}
	district := seed.Generate(seed.Options{Seed: 1, Scale: 1, Now: time.Now()})
	for i, c := range district.CareRecords[:10] {
		stored.add("the number of somebody in need of care", c.Phone)
		stored.add("what somebody needs", c.Needs)
		logged.add("somebody in need of care", c.Name, c.Address)
		stored.add("the number of a responder", district.Responders[i].Phone)
		logged.add("the name of a responder", district.Responders[i].Name)
	}
	r.leakLoop(stored, logged)
	maps.Copy(logged, stored)
	all := dumpOf(t, database)
	if !bytes.Contains(all, []byte("care_record")) || !bytes.Contains(all, []byte(district.Responders[0].Name)) {
		t.Fatal("the dump holds nothing")
	}
	stored.absent(t, "the database", all)
	if said := log.bytes(); !bytes.Contains(said, []byte("/api/v1/reports")) {
		t.Fatalf("the log says nothing: %.500s", said)
	}
	logged.absent(t, "the log", log.bytes())
	logged.absent(t, "the data folder", filesOf(t, dataOf(t, database)))
}

// leakLoop is one of everything that handles what must not leak; it adds what it
// used.
func (r *running) leakLoop(stored, logged needles) {
	desk, chief, security, phone, resident := r.signIn("dispatcher"), r.signIn("commander"), r.signIn("security"), r.signIn("responder1"), r.nobody()
	const dialled, reporter, reason = "13977712345", "慕容雪", "核对报警人的住址"
	stored.add("the reporter's number", dialled)
	stored.add("a reason", reason)
	logged.add("the reporter's name", reporter)
	resident.do("POST", "/api/v1/session", object{"username": "commander", "password": "a-wrong-guess-77"})
	stored.add("a password that was tried", "a-wrong-guess-77")

	mine := phone.must(200, "GET", "/api/v1/mine", nil)["responder"].(object)
	lon, lat := mine["lon"].(float64), mine["lat"].(float64)
	report := resident.must(201, "POST", "/api/v1/reports", object{"type_code": "urban.street_light", "lon": lon, "lat": lat, "words": "我叫" + reporter, "phone": dialled})
	tracking := report["tracking"].(string)
	stored.add("a tracking code", tracking, strings.ReplaceAll(tracking, "-", ""))
	resident.must(200, "GET", "/api/v1/reports/"+tracking, nil)
	resident.do("GET", "/api/v1/reports/"+tracking+"%00", nil) // one that fails is logged too

	id := number(desk.must(200, "GET", "/api/v1/incidents?queue=open&limit=1", nil)["incidents"].([]any)[0].(object)["id"])
	at := func(rest string) string { return fmt.Sprintf("/api/v1/incidents/%d/%s", id, rest) }
	i := desk.must(200, "POST", at("verify"), object{"version": 1})
	sent := desk.must(201, "POST", at("offers"), object{"version": i["version"], "responder_ids": []any{mine["id"]}, "reason": "就在附近"})
	got := phone.must(200, "POST", fmt.Sprintf("/api/v1/offers/%d/accept", number(sent["offers"].([]any)[0].(object)["id"])), object{"at": time.Now()})
	phone.must(200, "POST", fmt.Sprintf("/api/v1/assignments/%d/en-route", number(got["assignment"].(object)["id"])), object{})
	where := object{"lon": float64(int(lon*1e3))/1e3 + 0.00051739, "lat": float64(int(lat*1e3))/1e3 + 0.00048261, "at": time.Now()}
	phone.must(200, "POST", "/api/v1/positions", object{"positions": []any{where}})
	logged.add("a position", fmt.Sprintf("%.6f", where["lon"]), fmt.Sprintf("%.6f", where["lat"]))
	for _, p := range phone.must(200, "POST", at("care"), object{"reason": reason})["people"].([]any) {
		stored.add("the number of somebody in need of care who was shown", p.(object)["phone"].(string))
		logged.add("somebody in need of care who was shown", p.(object)["name"].(string), p.(object)["address"].(string))
	}
	detail := desk.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d", id), nil)
	shown := desk.must(200, "POST", fmt.Sprintf("/api/v1/reports/%d/unmask", number(detail["reports"].([]any)[0].(object)["id"])), object{"reason": reason})
	if shown["value"] != dialled {
		r.t.Fatalf("unmasked: %v", shown)
	}
	token := chief.must(201, "POST", "/api/v1/account/tokens", object{"name": "对接", "actions": []string{"see"}, "expires_at": time.Now().Add(time.Hour)})["secret"].(string)
	r.nobody().must(200, "GET", "/api/v1/incidents", nil, "Authorization", "Bearer "+token)
	code := security.must(201, "POST", "/api/v1/enrolments", object{"responder_id": mine["id"], "device": "手机"})["code"].(string)
	enrolled := r.nobody()
	enrolled.must(200, "POST", "/api/v1/session/enrolment", object{"code": code})
	factor := chief.must(200, "POST", "/api/v1/account/factor", object{"password": r.passwordOf("commander")})["secret"].(string)
	stored.add("a token", token)
	stored.add("an enrolment code", code)
	stored.add("a second factor", factor)
	base, _ := url.Parse(r.base)
	for _, p := range []*person{desk, chief, security, phone, enrolled} {
		for _, c := range p.client.Jar.Cookies(base) {
			stored.add("a cookie", c.Value)
		}
	}
	forged := strings.Repeat("forged", 8)
	desk.do("GET", "/api/v1/incidents", nil, "Authorization", "Bearer "+forged)
	logged.add("a token that was tried", forged)
}

func (r *running) passwordOf(username string) string {
	for _, c := range r.first.Accounts {
		if c.Username == username {
			return c.Password
		}
	}
	return ""
}

// dumpOf gives all that a database holds: table by table, and as pg_dump writes
// it where there is one.
func dumpOf(t *testing.T, database string) []byte {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	rows, err := conn.Query(t.Context(), `select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables
		where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'spatial_ref_sys' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, table := range tables {
		out.WriteString(table + "\n")
		if _, err := conn.PgConn().CopyTo(t.Context(), &out, `copy (select * from `+table+`) to stdout`); err != nil {
			t.Fatal(err)
		}
	}
	if tool, err := exec.LookPath("pg_dump"); err == nil {
		dumped, err := exec.CommandContext(t.Context(), tool, "--inserts", database).Output()
		if err != nil {
			t.Fatalf("pg_dump: %v", err)
		}
		out.Write(dumped)
	}
	return out.Bytes()
}

// filesOf gives all that the files of a folder hold.
func filesOf(t *testing.T, folder string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		out.Write(content)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if out.Len() == 0 {
		t.Fatalf("%s is empty", folder)
	}
	return out.Bytes()
}
