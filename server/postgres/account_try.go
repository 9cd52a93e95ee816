package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// Five failures within a quarter of an hour, and a quarter of an hour nothing
// more is judged.
const (
	lockAfter = 5
	lockFor   = 15 * time.Minute
)

// What is tried, counted apart: guessing a code does not lock the password.
const (
	tryPassword = "password"
	tryFactor   = "factor"
)

// try is one attempt to prove something as somebody.
type try struct {
	subjects [][]byte // what it counts against, the name last
}

// newTry begins one. A browser in which the account has signed in before is
// counted by itself, so that strangers, who are counted by the name and by their
// address, lock out strangers and not its owner. Names nobody has are counted as
// the others are, so that nothing tells them apart.
func newTry(what, name string, from dispatch.Caller, known bool) try {
	if known {
		return try{[][]byte{subjectOf(what, name, deviceOf(from.Device))}}
	}
	list := [][]byte{subjectOf(what, name, "")}
	if from.Address != "" {
		list = append([][]byte{subjectOf("address", from.Address, "")}, list...)
	}
	return try{list}
}

func subjectOf(what, name, device string) []byte {
	sum := sha256.Sum256([]byte(strings.Join([]string{what, name, device}, "\n")))
	return sum[:]
}

func deviceOf(token string) string { return hex.EncodeToString(hashOf(token)) }

// hashOf gives what is stored of a random token.
func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// reserve counts the try before it is judged, so that many at once are no more
// than many one by one: of any number exactly five are judged. Where one of the
// subjects is locked nothing is counted, so that a lock ends in time however
// often it is tried. last says that it locks if it fails.
func (c *Accounts) reserve(ctx context.Context, t try) (last bool, err error) {
	now := c.store.now()
	err = pgx.BeginFunc(ctx, c.store.system(), func(q pgx.Tx) error {
		for _, subject := range t.subjects {
			var tries int
			err := q.QueryRow(ctx, `insert into sign_in_try as s (subject, tries, until) values ($1, 1, $3)
				on conflict (subject) do update set tries = case when s.until <= $2 then 1 else s.tries + 1 end, until = $3
				where s.until <= $2 or s.tries < $4
				returning tries`, subject, now, now.Add(lockFor), lockAfter).Scan(&tries)
			if errors.Is(err, pgx.ErrNoRows) {
				return dispatch.Refuse(dispatch.CodeLocked, "")
			}
			if err != nil {
				return err
			}
			last = last || tries == lockAfter
		}
		return nil
	})
	return last, translate(err)
}

// succeeded forgets the tries of a name. Of those of the address it takes back
// its own alone: one right password does not pay for guessing at others.
func succeeded(ctx context.Context, q querier, t try) error {
	name, address := t.subjects[len(t.subjects)-1], t.subjects[:len(t.subjects)-1]
	if _, err := q.Exec(ctx, `update sign_in_try set tries = tries - 1 where subject = any($1)`, address); err != nil {
		return translate(err)
	}
	_, err := q.Exec(ctx, `delete from sign_in_try where subject = $1`, name)
	return translate(err)
}

// ForgetTries lets an account try again at once, in every browser.
func (t *tx) ForgetTries(ctx context.Context, a dispatch.Account) error {
	type row struct{ TokenHash []byte }
	known, err := many[row](ctx, t, `select token_hash from known_device where account_id = $1`, a.ID)
	if err != nil {
		return err
	}
	devices := []string{""}
	for _, k := range known {
		devices = append(devices, hex.EncodeToString(k.TokenHash))
	}
	var subjects [][]byte
	for _, what := range []string{tryPassword, tryFactor} {
		for _, device := range devices {
			subjects = append(subjects, subjectOf(what, a.Username, device))
		}
	}
	_, err = t.Exec(ctx, `delete from sign_in_try where subject = any($1)`, subjects)
	return translate(err)
}

// ForgetTries deletes counts that are over.
func (c *Accounts) ForgetTries(ctx context.Context) error {
	_, err := c.store.system().Exec(ctx, `delete from sign_in_try where until < $1`, c.store.now())
	return translate(err)
}
