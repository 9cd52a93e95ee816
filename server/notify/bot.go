package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"yiping/server/dispatch"
)

// Bot is the robot of one chat group.
type Bot struct {
	platform platform
	url      string
	secret   string
	client   *http.Client
	now      func() time.Time

	mu    sync.Mutex
	calls []time.Time // of the last minute
}

// Groups are all of them by name.
type Groups map[string]*Bot

// platform is what the bots of one kind of group ask for.
type platform struct {
	minute, second int // most messages, 0 for no bound
	most           int // bytes of the text
	// dress gives the address and body of a text, signed at a time.
	dress func(address, secret, text string, at time.Time) (string, any)
	busy  []int // codes of an answer that say: later
}

type plainText struct {
	Content string `json:"content"`
}

type textMessage struct {
	Type string    `json:"msgtype"`
	Text plainText `json:"text"`
}

type feishuMessage struct {
	Timestamp string            `json:"timestamp"`
	Sign      string            `json:"sign"`
	Type      string            `json:"msg_type"`
	Content   map[string]string `json:"content"`
}

var platforms = map[string]platform{
	kindWeCom: {minute: 20, most: 2048, busy: []int{45009}, dress: func(address, _, text string, _ time.Time) (string, any) {
		return address, textMessage{"text", plainText{text}}
	}},
	kindDingTalk: {minute: 20, most: 20_000, busy: []int{130101, 410100}, dress: func(address, secret, text string, at time.Time) (string, any) {
		return signedAddress(address, secret, at), textMessage{"text", plainText{text}}
	}},
	kindFeishu: {minute: 100, second: 5, most: 19_000, busy: []int{11232, 9499}, dress: func(address, secret, text string, at time.Time) (string, any) {
		timestamp := strconv.FormatInt(at.Unix(), 10)
		return address, feishuMessage{timestamp, feishuSign(secret, timestamp), "text", map[string]string{"text": text}}
	}},
}

// signedAddress adds what DingTalk asks for: milliseconds, and HMAC of them and
// the secret by the secret.
func signedAddress(address, secret string, at time.Time) string {
	timestamp := strconv.FormatInt(at.UnixMilli(), 10)
	h := hmac.New(sha256.New, []byte(secret))
	_, _ = h.Write([]byte(timestamp + "\n" + secret))
	u, err := url.Parse(address)
	if err != nil { // checked when it was read
		return address
	}
	q := u.Query()
	q.Set("timestamp", timestamp)
	q.Set("sign", base64.StdEncoding.EncodeToString(h.Sum(nil)))
	u.RawQuery = q.Encode()
	return u.String()
}

// feishuSign gives HMAC of nothing by the seconds and the secret.
func feishuSign(secret, timestamp string) string {
	return base64.StdEncoding.EncodeToString(hmac.New(sha256.New, []byte(timestamp+"\n"+secret)).Sum(nil))
}

// eventWords are the events that a group is told of.
var eventWords = map[string]string{
	"incident.reported": "收到上报", "incident.verified": "已核实", "incident.dispatching": "开始派单", "incident.handling": "开始处置",
	"incident.arrived": "首批人员到场", "incident.resolved": "处置完毕，待核查", "incident.closed": "已办结", "incident.cancelled": "已取消", "incident.reopened": "重新办理",
}

func saidKinds() []string { return slices.Sorted(maps.Keys(eventWords)) }

// groupText says what happened where, by area and type alone: a group is read by
// whoever is in it.
func groupText(m dispatch.Outgoing) string {
	return fmt.Sprintf("【%s】%s %s：%s（编号 %d）", priorityWords[m.Priority], m.AreaName, m.TypeName, eventWords[m.Event.Kind], *m.Event.IncidentID)
}

// Send tells one group of one event. A group that may be told no more just now is
// told later.
func (g Groups) Send(ctx context.Context, m dispatch.Outgoing) (string, error) {
	b, ok := g[m.Target]
	if !ok || m.Event == nil || m.Event.IncidentID == nil {
		return "", unknownTarget()
	}
	now := b.now()
	if until := b.take(now); !until.IsZero() {
		return "", &Failure{Word: dispatch.FailureUnreachable, Until: until, Err: errors.New("the group may be told no more just now")}
	}
	address, message := b.platform.dress(b.url, b.secret, shorten(groupText(m), b.platform.most), now)
	status, said, err := post(ctx, b.client, address, http.Header{}, encode(message))
	if err != nil {
		return "", err
	}
	if err := judge(status); err != nil {
		return "", err
	}
	return "", b.platform.read(said, now)
}

// read looks into an answer, which says 200 whatever happened.
func (p platform) read(said []byte, now time.Time) error {
	var answer struct {
		ErrCode *int `json:"errcode"`
		Code    *int `json:"code"`
	}
	if json.Unmarshal(said, &answer) != nil {
		return &Failure{Word: dispatch.FailureUnreachable, Err: errors.New("its answer is no JSON")}
	}
	code := 0
	for _, c := range []*int{answer.ErrCode, answer.Code} {
		if c != nil {
			code = *c
		}
	}
	cause := fmt.Errorf("its answer says %d", code)
	switch {
	case code == 0:
		return nil
	case slices.Contains(p.busy, code):
		return &Failure{Word: dispatch.FailureUnreachable, Until: now.Add(time.Minute), Err: cause}
	}
	return &Failure{Word: dispatch.FailureRefused, Final: true, Err: cause}
}

// take counts a message, or gives when the next one may be sent.
func (b *Bot) take(now time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = slices.DeleteFunc(b.calls, func(t time.Time) bool { return !t.After(now.Add(-time.Minute)) })
	n := len(b.calls)
	if p := b.platform; p.minute > 0 && n >= p.minute {
		return b.calls[n-p.minute].Add(time.Minute)
	} else if p.second > 0 && n >= p.second && b.calls[n-p.second].After(now.Add(-time.Second)) {
		return b.calls[n-p.second].Add(time.Second)
	}
	b.calls = append(b.calls, now)
	return time.Time{}
}

// shorten cuts a text to so many bytes, between letters.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[:most]
	for len(text) > 0 && !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text
}
