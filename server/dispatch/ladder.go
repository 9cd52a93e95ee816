package dispatch

import (
	"context"
	"time"
)

// Escalation is a rung of the ladder that was climbed: who was told, when, why.
type Escalation struct {
	ID         int64         `json:"id"`
	IncidentID int64         `json:"incident_id"`
	AreaID     int64         `json:"area_id" doc:"Whose desks were told."`
	AreaName   string        `json:"area_name"`
	Level      Level         `json:"level" enum:"community,street,district"`
	State      IncidentState `json:"state" enum:"reported,verified,dispatching,handling,resolved,checked"`
	Why        EscalationWhy `json:"why" enum:"lasts,short,alarm"`
	Accounts   int           `json:"accounts" doc:"How many accounts that dispatch there were told, on their consoles."`
	ToldAt     time.Time     `json:"told_at"`
}

// EscalationWhy is why a level was told.
type EscalationWhy string

// The reasons.
const (
	EscalationLasts EscalationWhy = "lasts" // the state outlasted its rung
	EscalationShort EscalationWhy = "short" // nobody is left to ask
	EscalationAlarm EscalationWhy = "alarm" // somebody may be in danger
)

// LadderTx is the part of a transaction that the ladder needs.
type LadderTx interface {
	// Desks counts the accounts that dispatch in exactly this area.
	Desks(ctx context.Context, areaID int64) (int, error)
	InsertEscalation(ctx context.Context, e *Escalation) error
}

// rungAt gives when the next rung of the present state is climbed, counted from
// the state's own entry, so that an edit never resets it; nil where none is left.
func (p Plan) rungAt(i Incident) *time.Time {
	if i.State.Terminal() || i.LadderRung >= len(p.Ladder) {
		return nil
	}
	at := p.due(i.StateSince, p.Ladder[i.LadderRung].Seconds)
	return &at
}

// climb gives the incident after its next rung, and the level that is told; none
// where the ladder has no other.
func (i Incident) climb(p Plan) (Incident, Level) {
	if i.LadderRung >= len(p.Ladder) {
		i.LadderAt = nil
		return i, ""
	}
	level := p.Ladder[i.LadderRung].Level
	i.LadderRung++
	i.Version++
	if i.ToldLevel == "" || level.Depth() < i.ToldLevel.Depth() {
		i.ToldLevel = level
	}
	i.LadderAt = p.rungAt(i)
	return i, level
}
