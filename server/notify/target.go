package notify

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yiping/server/dispatch"
)

// The kinds of targets.
const (
	kindWeCom    = "wecom"
	kindDingTalk = "dingtalk"
	kindFeishu   = "feishu"
	kindWebhook  = "webhook"
)

// Entry is one group or system of others, as the installation's file names it.
type Entry struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`
	URL    string   `json:"url"` // of a bot, with the key that the platform gave
	Secret string   `json:"secret"`
	Area   string   `json:"area"`   // code; "" for the whole district
	Events []string `json:"events"` // kinds; without any, what a group is told by itself
}

// ReadEntries reads a file's entries and refuses, with a sentence, what cannot work.
func ReadEntries(content []byte) ([]Entry, error) {
	var list []Entry
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, errors.New("it is no JSON list of {name, kind, url, secret, area, events}") // the cause may quote a secret
	}
	names := map[string]bool{}
	for n := range list {
		e := &list[n]
		if e.Name == "" || names[e.Name] {
			return nil, fmt.Errorf("entry %d has no name of its own", n+1)
		}
		names[e.Name] = true
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("%q %w", e.Name, err)
		}
	}
	return list, nil
}

func (e *Entry) check() error {
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return errors.New("has no address such as https://host/path")
	}
	switch e.Kind {
	case kindWeCom:
	case kindDingTalk, kindFeishu:
		if e.Secret == "" {
			return errors.New("has no secret: let the platform sign (加签, 签名校验)")
		}
	case kindWebhook:
		if _, err := NewSigner([]byte(e.Secret)); err != nil {
			return fmt.Errorf("has no secret for webhooks: %w", err)
		}
	default:
		return fmt.Errorf("is of no kind that there is: %s, %s, %s or %s", kindWeCom, kindDingTalk, kindFeishu, kindWebhook)
	}
	if len(e.Events) == 0 {
		e.Events = []string{"incident.verified", "incident.resolved", "incident.closed", "incident.cancelled", "incident.reopened"}
	}
	for _, kind := range e.Events {
		_, said := eventWords[kind]
		switch {
		case e.Kind != kindWebhook && !said:
			return fmt.Errorf("cannot be told of %q: a group is told of %s", kind, strings.Join(saidKinds(), ", "))
		case !strings.HasPrefix(kind, "incident.") && !strings.HasPrefix(kind, "assignment."):
			return fmt.Errorf("cannot be told of %q: incident.* and assignment.* go outside, who was asked and answered does not", kind)
		}
	}
	return nil
}

func (e Entry) way() dispatch.Way {
	if e.Kind == kindWebhook {
		return dispatch.WayWebhook
	}
	return dispatch.WayGroup
}

// Target gives what the queue keeps of it: no address and no secret.
func (e Entry) Target() dispatch.Target {
	return dispatch.Target{Name: e.Name, Channel: e.way(), AreaCode: e.Area, Kinds: slices.Clone(e.Events), Stamp: sha256.Sum256(encode(e))}
}

// Targets are the channels of groups and systems, made of entries.
type Targets struct {
	Groups   Groups
	Webhooks Webhooks
}

// NewTargets makes them.
func NewTargets(entries []Entry, client *http.Client, now func() time.Time) (Targets, error) {
	t := Targets{Groups{}, Webhooks{}}
	for _, e := range entries {
		switch e.Kind {
		case kindWebhook:
			signer, err := NewSigner([]byte(e.Secret))
			if err != nil {
				return Targets{}, fmt.Errorf("%q: %w", e.Name, err)
			}
			t.Webhooks[e.Name] = &Webhook{url: e.URL, signer: signer, client: client, now: now}
		default:
			t.Groups[e.Name] = &Bot{platform: platforms[e.Kind], url: e.URL, secret: e.Secret, client: client, now: now}
		}
	}
	return t, nil
}

// unknownTarget is a message for one that is no longer in the file.
func unknownTarget() error {
	return &Failure{Word: dispatch.FailureRefused, Final: true, Err: errors.New("the target is not in the file any more")}
}
