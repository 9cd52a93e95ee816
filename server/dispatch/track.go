package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// TaskTracks is where those went who worked on an incident, on tasks that have ended,
// as far as they agreed to its being kept and it still is.
type TaskTracks struct {
	Tracks  []TaskTrack `json:"tracks" nullable:"false" doc:"In the order in which the tasks were accepted."`
	Without int         `json:"without" doc:"Tasks of which there is none: not agreed to, destroyed since, or nothing was sent."`
	Days    int         `json:"days" doc:"For how many days tracks are kept."`
}

// TaskTrack is where somebody went on a task.
type TaskTrack struct {
	AssignmentID int64           `json:"assignment_id"`
	ResponderID  int64           `json:"responder_id"`
	Name         string          `json:"name"`
	State        AssignmentState `json:"state" enum:"done,released"`
	AcceptedAt   time.Time       `json:"accepted_at"`
	OnSceneAt    *time.Time      `json:"on_scene_at,omitempty"`
	EndedAt      time.Time       `json:"ended_at"`
	Points       []TrackPoint    `json:"points" nullable:"false" doc:"By time, where the phone was sure within 100 m; of those that stay within ten metres one a minute."`
}

// TrackPoint is where somebody was at a time.
type TrackPoint struct {
	Lon            float64   `json:"lon" doc:"Degrees, WGS-84."`
	Lat            float64   `json:"lat"`
	At             time.Time `json:"at"`
	AccuracyMeters *float64  `json:"accuracy_meters,omitempty"`
}

// What a track is thinned by where it is shown.
const (
	thinMeters   = 10 // nobody sees more on a street map
	thinTime     = time.Minute
	unsureMeters = 100 // beyond it a point is no way that somebody went
)

// ThinTrack leaves out points that tell nothing: those off by more than 100 m, and
// those within ten metres and a minute of the one before that is left. Of the others
// the first and the last stay.
func ThinTrack(points []TrackPoint) []TrackPoint {
	sure := slices.DeleteFunc(slices.Clone(points), func(p TrackPoint) bool { return deref(p.AccuracyMeters) > unsureMeters })
	thin := sure[:0:0]
	for k, p := range sure {
		if n := len(thin); n > 0 && k < len(sure)-1 && p.At.Sub(thin[n-1].At) < thinTime &&
			geo.Distance(orb.Point{p.Lon, p.Lat}, orb.Point{thin[n-1].Lon, thin[n-1].Lat}) < thinMeters {
			continue
		}
		thin = append(thin, p)
	}
	return thin
}

// Tracks gives where those went who worked on an incident: to who looks back at it,
// for a reason, once the record of it is written, for each of them.
func (s *Service) Tracks(ctx context.Context, a Actor, incidentID int64, reason string) (out TaskTracks, err error) {
	e := a.Entry(ctx, AuditView, "incident.tracks")
	e.Noun, e.NounID, e.Reason = NounIncident, incidentID, strings.TrimSpace(reason)
	defer func() { s.auditRefused(ctx, e, err) }()
	if err := needsReason(reason); err != nil {
		return TaskTracks{}, err
	}
	i, _, err := s.store.IncidentPlan(ctx, incidentID)
	if err != nil {
		return TaskTracks{}, err
	}
	e.AreaID = i.AreaID
	if err := s.allow(a, ActionTracks, i.AreaID); err != nil {
		return TaskTracks{}, err
	}
	return s.store.Tracks(ctx, incidentID, mostReveals[RevealTracks], e)
}
