package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

// mostAuditRows is what a sheet of a workbook holds, and so a file.
const mostAuditRows = 1_000_000

// auditColumns are the columns of an exported trail, by the names of the texts.
var auditColumns = []string{"seq", "at", "kind", "action", "result", "actor", "username", "account_name", "noun", "noun_id", "area", "subject_id", "reason", "count", "network",
	"session_id", "responder_id", "request_id", "sealed_at"}

// exportAudit writes the entries of a filter as a table. That it was asked for is
// in the trail before the first row leaves.
func (a *api) exportAudit(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	q, err := readAuditQuery(r.URL.Query())
	var f dispatch.AuditFilter
	if err == nil {
		f, err = a.auditFilter(ctx, q)
	}
	if err == nil {
		e := actorOf(ctx).Entry(ctx, dispatch.AuditExport, "audit.export")
		e.SubjectID, e.Reason = q.SubjectID, q.words()
		err = a.Service.Audit(ctx, e)
	}
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	f.Limit = mostAuditRows
	language := languageOf(ctx)
	columns := make([]sheet.Column, len(auditColumns))
	for i, name := range auditColumns {
		columns[i] = sheet.Column{Title: sentence(language, "audit."+name, nil), Number: name == "seq" || name == "count"}
	}
	a.sendTable(w, r, "audit", sentence(language, "audit.title", nil), columns, func(t sheet.Writer) error {
		return a.Reader.EachAuditRecord(ctx, f, func(e dispatch.AuditRecord) error { return t.Write(auditCells(language, e)) })
	})
}

// auditCells gives an entry in the order of auditColumns.
func auditCells(language string, e dispatch.AuditRecord) []string {
	id := func(n int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	at := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000") }
	result := e.Result
	if result == dispatch.AuditDone {
		result = sentence(language, "audit.done", nil)
	}
	reason := e.Reason
	if e.Destroyed {
		reason = sentence(language, "audit.destroyed", nil)
	}
	return []string{id(e.Seq), at(e.At), sentence(language, "audit.kind."+string(e.Kind), nil), e.Action, result, sentence(language, "audit.actor."+string(e.Actor), nil),
		e.Username, e.AccountName, string(e.Noun), id(e.NounID), e.AreaName, id(e.SubjectID), reason, id(e.Count), e.Network,
		id(e.SessionID), id(e.ResponderID), e.RequestID, at(e.SealedAt)}
}

// readAuditQuery reads a filter from a link, which has no schema.
func readAuditQuery(v url.Values) (AuditQuery, error) {
	q := AuditQuery{Kind: v.Get("kind"), Action: v.Get("action"), Noun: v.Get("noun"), Result: v.Get("result")}
	for name, to := range map[string]*int64{"account_id": &q.AccountID, "subject_id": &q.SubjectID, "noun_id": &q.NounID} {
		if text := v.Get(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return q, dispatch.Refuse(dispatch.CodeInvalid, name)
			}
			*to = n
		}
	}
	for name, to := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if text := v.Get(name); text != "" {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return q, dispatch.Refuse(dispatch.CodeInvalid, name)
			}
			*to = t
		}
	}
	return q, nil
}
