package dispatch

import (
	"context"
	"strings"
)

// Reveal is a way in which somebody is given what lists mask.
type Reveal string

// The ways.
const (
	RevealNumber Reveal = "unmask" // one number in full
	RevealFind   Reveal = "find"   // whose a number is
	RevealExport Reveal = "export" // a list with numbers in full
	RevealTracks Reveal = "tracks" // where those went who worked on an incident
)

// mostReveals is how often an account may within an hour: enough for a bad
// night, too little to copy a roster or to try numbers out.
var mostReveals = map[Reveal]int{RevealNumber: 60, RevealFind: 60, RevealExport: 3, RevealTracks: 30}

// UnmaskReasons are reasons that are given with one touch, as keys of the
// message files; others may be written.
var UnmaskReasons = []string{"contact", "verify", "coordinate", "correct"}

// RevealStore keeps how often and writes the record.
type RevealStore interface {
	// Disclose refuses (CodeTooMany) who has asked for it as often as most within
	// the last hour, and writes the record.
	Disclose(ctx context.Context, how Reveal, most int, e AuditEntry) error
	// Unmask gives the number of a responder or of who reported, and writes the
	// record in the same transaction, bounded like Disclose.
	Unmask(ctx context.Context, noun Noun, id int64, most int, e AuditEntry) (phone string, err error)
	// Tracks gives where those went who worked on an incident, and writes the
	// records in the same transaction, bounded like Disclose.
	Tracks(ctx context.Context, incidentID int64, most int, e AuditEntry) (TaskTracks, error)
	// ReportIncident gives the incident that a report belongs to.
	ReportIncident(ctx context.Context, reportID int64) (incidentID int64, err error)
}

// Unmask gives one telephone number in full, of a responder or of who reported:
// to who may call them, for a reason, once the record of it is written.
func (s *Service) Unmask(ctx context.Context, a Actor, noun Noun, id int64, reason string) (phone string, err error) {
	e := a.Entry(ctx, AuditUnmask, string(noun)+".unmask")
	e.Noun, e.NounID, e.Reason = noun, id, strings.TrimSpace(reason)
	defer func() { s.auditRefused(ctx, e, err) }()
	if err := needsReason(reason); err != nil {
		return "", err
	}
	switch noun {
	case NounResponder:
		e.SubjectID = id
		e.AreaID, err = s.mayCallResponder(ctx, a, id)
	case NounReport:
		e.AreaID, err = s.mayCallReporter(ctx, a, id)
	default:
		err = Refuse(CodeNotFound, "")
	}
	if err != nil {
		return "", err
	}
	return s.store.Unmask(ctx, noun, id, mostReveals[RevealNumber], e)
}

// Disclose lets somebody find a person by a number, or take a list with numbers
// in full, of so many rows: within the bound of an hour, with a record.
func (s *Service) Disclose(ctx context.Context, a Actor, how Reveal, noun Noun, reason string) (err error) {
	kind := AuditView
	if how == RevealExport {
		kind = AuditExport
	}
	e := a.Entry(ctx, kind, string(noun)+"."+string(how))
	e.Noun, e.Reason = noun, strings.TrimSpace(reason)
	defer func() { s.auditRefused(ctx, e, err) }()
	if how == RevealExport {
		if err := needsReason(reason); err != nil {
			return err
		}
	}
	return s.store.Disclose(ctx, how, mostReveals[how], e)
}

// auditRefused notes a refusal of what is no command.
func (s *Service) auditRefused(ctx context.Context, e AuditEntry, refused error) {
	code := CodeOf(refused)
	if !Audited(code) || ctx.Err() != nil || RequestOf(ctx).RefusalAudited() {
		return
	}
	e.Kind, e.Result, e.Reason = AuditRefused, string(code), ""
	if err := s.store.Audit(ctx, e); err != nil {
		s.log.Error().Err(err).Str("action", e.Action).Msg("a refusal is missing in the audit trail")
	}
}

// mayCallResponder refuses who may not call a person: one of the areas of their
// role, or one on a task of an incident in which such an area takes part.
func (s *Service) mayCallResponder(ctx context.Context, a Actor, id int64) (areaID int64, err error) {
	list, err := s.store.Dispatchable(ctx, s.now(), id)
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return 0, Refuse(CodeNotFound, "")
	}
	r := list[0]
	refused := s.allow(a, ActionSeePhones, r.AreaID)
	if refused == nil || r.Task == nil {
		return r.AreaID, refused
	}
	i, _, err := s.store.IncidentPlan(ctx, r.Task.IncidentID)
	if err != nil {
		return r.AreaID, err
	}
	if s.callsFor(a, i) {
		return r.AreaID, nil
	}
	return r.AreaID, refused
}

func (s *Service) mayCallReporter(ctx context.Context, a Actor, reportID int64) (areaID int64, err error) {
	incidentID, err := s.store.ReportIncident(ctx, reportID)
	if err != nil {
		return 0, err
	}
	i, _, err := s.store.IncidentPlan(ctx, incidentID)
	if err != nil {
		return 0, err
	}
	if s.callsFor(a, i) {
		return i.AreaID, nil
	}
	return i.AreaID, s.allow(a, ActionSeePhones, i.AreaID)
}

// callsFor says whether somebody may call people about an incident: it is in an
// area of their role, or such an area takes part until it is over.
func (s *Service) callsFor(a Actor, i Incident) bool {
	tree := s.Tree()
	if a.MayIn(tree, ActionSeePhones, i.AreaID) {
		return true
	}
	for _, p := range i.Parties {
		for _, root := range a.PartyRoots(ActionSeePhones) {
			if p.Until == nil && tree.Within(p.AreaID, root) {
				return true
			}
		}
	}
	return false
}
