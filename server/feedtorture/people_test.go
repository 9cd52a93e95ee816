package feedtorture

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5"

	"yiping/server/screen"
)

// person is somebody with a session, at an address of their own: what the server
// allows an account and an address is then a person's share, as it is outside.
type person struct {
	account int64
	token   string
	address net.IP
	who     int64 // the responder they are, 0 for none
	area    int64 // a commander's, or the community that a responder is of
}

func (p person) cookie() string { return "yiping_session=" + p.token }

// people makes accounts that are signed in, in the database: a password takes a
// core for a while, and is not what is tried here. Of each of the responders one,
// or commanders of the whole.
func (d *district) people(n int, responders ...int64) []person {
	d.t.Helper()
	out := make([]person, n)
	names, hashes, who := make([]string, n), make([][]byte, n), make([]*int64, n)
	role, method := "commander", "password"
	for k := range out {
		d.made++
		out[k] = person{token: rand.Text() + rand.Text(), address: net.IPv4(127, byte(64+d.made/62500%64), byte(d.made/250%250), byte(1+d.made%250))}
		out[k].area = d.area
		sum := sha256.Sum256([]byte(out[k].token))
		names[k], hashes[k] = fmt.Sprintf("torture-%06d", d.made), sum[:]
		if len(responders) > 0 {
			role, method = "responder", "phone"
			out[k].who, who[k] = responders[k], &responders[k]
		}
	}
	rows, err := d.pool.Query(d.t.Context(), `
		with made as (
			insert into account (username, display_name, password_hash, responder_id)
			select n, n, '', w from unnest($1::text[], $2::bigint[]) as x (n, w) returning id, username, responder_id),
		granted as (
			insert into account_role (account_id, role, area_id)
			select m.id, $4, coalesce((select r.area_id from responder r where r.id = m.responder_id), $5) from made m),
		opened as (
			insert into session (token_hash, account_id, method, expires_at)
			select h, m.id, $6, now() + interval '12 hours' from unnest($1::text[], $3::bytea[]) as x (n, h) join made m on m.username = n)
		select id from made order by username`, names, who, hashes, role, d.area, method)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	for k := 0; rows.Next(); k++ {
		if err := rows.Scan(&out[k].account); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return out
}

// spread makes commanders of all areas down to communities, one after another.
func (d *district) spread(n int) []person {
	d.t.Helper()
	out := d.people(n)
	rows, err := d.pool.Query(d.t.Context(), `select id from area where level in ('district', 'street', 'community') order by id`)
	if err != nil {
		d.t.Fatal(err)
	}
	areas, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		d.t.Fatal(err)
	}
	accounts, theirs := make([]int64, n), make([]int64, n)
	for k := range out {
		out[k].area = areas[k%len(areas)]
		accounts[k], theirs[k] = out[k].account, out[k].area
	}
	if _, err := d.pool.Exec(d.t.Context(), `update account_role g set area_id = x.area from unnest($1::bigint[], $2::bigint[]) as x (account, area)
		where g.account_id = x.account`, accounts, theirs); err != nil {
		d.t.Fatal(err)
	}
	return out
}

// follow says how a person follows the feed at an address.
func (p person) follow(address string, reader *screen.Reader) screen.Config {
	return screen.Config{URL: "ws://" + address + "/api/v1/live", Cookie: p.cookie(), Address: p.address, Layers: []string{"incidents"}, Reader: reader}
}
