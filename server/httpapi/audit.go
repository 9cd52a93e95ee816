package httpapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yiping/server/dispatch"
)

// AuditReader reads the audit trail, what is sealed of it.
type AuditReader interface {
	// AuditRecords gives entries, the newest first.
	AuditRecords(ctx context.Context, f dispatch.AuditFilter) ([]dispatch.AuditRecord, error)
	EachAuditRecord(ctx context.Context, f dispatch.AuditFilter, each func(dispatch.AuditRecord) error) error
	AuditState(ctx context.Context) (dispatch.AuditState, error)
	// Disclosures gives when somebody saw a person's data, the newest first.
	Disclosures(ctx context.Context, responderID int64, before dispatch.AuditCursor, limit int) ([]dispatch.Disclosure, error)
}

// AuditQuery narrows the trail; exported, or its fields would not be read.
type AuditQuery struct {
	From      time.Time `query:"from" doc:"When it happened: from this moment."`
	To        time.Time `query:"to" doc:"And before this one."`
	AccountID int64     `query:"account_id" minimum:"0"`
	SubjectID int64     `query:"subject_id" minimum:"0" doc:"The responder whose personal data it is about."`
	Kind      string    `query:"kind" enum:"command,refused,sign_in,sign_out,view,unmask,export,share,configuration,grant,destroy"`
	Action    string    `query:"action" maxLength:"128"`
	Noun      string    `query:"noun" maxLength:"64"`
	NounID    int64     `query:"noun_id" minimum:"0"`
	Result    string    `query:"result" maxLength:"64" doc:"done, the code of a refusal, or refused for whatever refusal."`
}

type auditInput struct {
	AuditQuery
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"500"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type auditView struct {
	Entries    []dispatch.AuditRecord `json:"entries" nullable:"false"`
	NextCursor string                 `json:"next_cursor,omitempty"`
}

type disclosuresInput struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type disclosuresView struct {
	Disclosures []dispatch.Disclosure `json:"disclosures" nullable:"false"`
	NextCursor  string                `json:"next_cursor,omitempty"`
}

func (a *api) audits() {
	can := Access(dispatch.ActionAudit)
	operation(a, "GET", "/api/v1/audit", "list-audit", "The audit trail, the newest first; searching it leaves an entry itself", can, 200, a.listAudit)
	operation(a, "GET", "/api/v1/audit/state", "audit-state", "How far the audit trail goes, and when it was last verified", can, 200,
		func(ctx context.Context, _ *none) (*body[dispatch.AuditState], error) {
			return answer(a.Reader.AuditState(ctx))
		})
	a.raw("GET", "/api/v1/audit/export", can, a.exportAudit)
	operation(a, "GET", "/api/v1/me/disclosures", "my-disclosures", "Who saw one's own personal data, when and why", SignedIn, 200, a.myDisclosures)
}

// auditFilter gives a filter within the areas of the actor.
func (a *api) auditFilter(ctx context.Context, q AuditQuery) (dispatch.AuditFilter, error) {
	areas, err := a.scope(ctx, dispatch.ActionAudit, 0)
	return dispatch.AuditFilter{AreaIDs: areas, From: q.From, To: q.To, AccountID: q.AccountID, SubjectID: q.SubjectID, Kind: dispatch.AuditKind(q.Kind),
		Action: q.Action, Noun: dispatch.Noun(q.Noun), NounID: q.NounID, Result: q.Result}, err
}

// words say a filter, for the entry that its use leaves.
func (q AuditQuery) words() string {
	var list []string
	add := func(name, value string) {
		if value != "" && value != "0" {
			list = append(list, name+"="+value)
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	add("from", at(q.From))
	add("to", at(q.To))
	add("account_id", strconv.FormatInt(q.AccountID, 10))
	add("subject_id", strconv.FormatInt(q.SubjectID, 10))
	add("kind", q.Kind)
	add("action", q.Action)
	add("noun", q.Noun)
	add("noun_id", strconv.FormatInt(q.NounID, 10))
	add("result", q.Result)
	return strings.Join(list, " ")
}

func (a *api) listAudit(ctx context.Context, in *auditInput) (*body[auditView], error) {
	f, err := a.auditFilter(ctx, in.AuditQuery)
	if err != nil {
		return nil, err
	}
	if f.Before, err = readAuditCursor(in.Cursor); err != nil {
		return nil, err
	}
	if in.Cursor == "" { // the first page stands for the search
		e := actorOf(ctx).Entry(ctx, dispatch.AuditView, "audit.search")
		e.SubjectID, e.Reason = in.SubjectID, in.words()
		if err := a.Service.Audit(ctx, e); err != nil {
			return nil, err
		}
	}
	f.Limit = in.Limit
	list, err := a.Reader.AuditRecords(ctx, f)
	view := auditView{Entries: list}
	if len(list) == in.Limit {
		view.NextCursor = writeAuditCursor(list[len(list)-1].Cursor())
	}
	return answer(view, err)
}

// myDisclosures tells a person who saw their data; one who is no responder has
// none here.
func (a *api) myDisclosures(ctx context.Context, in *disclosuresInput) (*body[disclosuresView], error) {
	before, err := readAuditCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	view := disclosuresView{Disclosures: []dispatch.Disclosure{}}
	own := actorOf(ctx).ResponderID
	if own == 0 {
		return answer(view, nil)
	}
	if view.Disclosures, err = a.Reader.Disclosures(ctx, own, before, in.Limit); err != nil {
		return nil, err
	}
	if len(view.Disclosures) == in.Limit {
		view.NextCursor = writeAuditCursor(view.Disclosures[in.Limit-1].Cursor())
	}
	return answer(view, nil)
}

func writeAuditCursor(c dispatch.AuditCursor) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", c.At.UnixMicro(), c.Seq))
}

func readAuditCursor(cursor string) (dispatch.AuditCursor, error) {
	if cursor == "" {
		return dispatch.AuditCursor{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	at, seq, cut := strings.Cut(string(raw), ".")
	micro, badTime := strconv.ParseInt(at, 10, 64)
	number, badNumber := strconv.ParseInt(seq, 10, 64)
	if err != nil || !cut || badTime != nil || badNumber != nil || number <= 0 {
		return dispatch.AuditCursor{}, dispatch.Refuse(dispatch.CodeInvalid, "cursor")
	}
	return dispatch.AuditCursor{At: time.UnixMicro(micro).UTC(), Seq: number}, nil
}
