package postgres

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"yiping/server/dispatch"
)

// devicesKept is how many browsers are remembered of an account; the one not
// used for longest is forgotten.
const devicesKept = 20

// knows says whether an account has signed in in a browser before.
func (c *Accounts) knows(ctx context.Context, username string, from dispatch.Caller) (bool, error) {
	if from.Device == "" {
		return false, nil
	}
	var known bool
	err := c.store.system().QueryRow(ctx, `select exists (select 1 from known_device k join account a on a.id = k.account_id
		where a.username = $1 and k.token_hash = $2)`, username, hashOf(from.Device)).Scan(&known)
	return known, translate(err)
}

// remember notes that an account has signed in in a browser, and gives the token
// it keeps from now on. It is another one each time, so that one that was put
// there or copied is good for nothing after its owner was here.
func (c *Accounts) remember(ctx context.Context, q querier, accountID int64, from dispatch.Caller, now time.Time) (string, error) {
	token := rand.Text() + rand.Text()
	if from.Device != "" {
		if _, err := q.Exec(ctx, `update known_device set token_hash = $2 where token_hash = $1`, hashOf(from.Device), hashOf(token)); err != nil {
			return "", translate(err)
		}
	}
	if _, err := q.Exec(ctx, `insert into known_device (account_id, token_hash, created_at, seen_at) values ($1, $2, $3, $3)
		on conflict (account_id, token_hash) do update set seen_at = excluded.seen_at`, accountID, hashOf(token), now); err != nil {
		return "", translate(err)
	}
	_, err := q.Exec(ctx, `delete from known_device where account_id = $1 and token_hash not in (
		select token_hash from known_device where account_id = $1 order by seen_at desc limit $2)`, accountID, devicesKept)
	return token, translate(err)
}

// deviceWords gives a few coarse words for what a browser says it is: enough for
// its owner to know it again.
func deviceWords(agent string) string {
	first := func(list [][2]string) string {
		for _, k := range list {
			if strings.Contains(agent, k[0]) {
				return k[1]
			}
		}
		return ""
	}
	browser := first([][2]string{{"MicroMessenger", "WeChat"}, {"DingTalk", "DingTalk"}, {"Edg", "Edge"}, {"QQBrowser", "QQBrowser"}, {"HuaweiBrowser", "Huawei Browser"},
		{"OPR", "Opera"}, {"Firefox", "Firefox"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}, {"curl", "curl"}, {"Go-http-client", "Go"}})
	system := first([][2]string{{"HarmonyOS", "HarmonyOS"}, {"OpenHarmony", "HarmonyOS"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"},
		{"Mac OS", "macOS"}, {"Linux", "Linux"}})
	return strings.Trim(browser+" · "+system, " ·")
}
