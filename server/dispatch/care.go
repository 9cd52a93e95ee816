package dispatch

import (
	"context"
	"slices"

	"github.com/paulmach/orb"
)

// CareCategories are the kinds of people who need care (重点关爱对象).
var CareCategories = []string{"disabled", "elderly_alone", "low_income", "bedridden", "severe_illness", "child_in_need", "other"}

// CareDetails is what of a care record tells who somebody is. It is stored
// sealed, whole.
type CareDetails struct {
	Name    string   `json:"name"`
	Phone   string   `json:"phone"`
	Address string   `json:"address"`
	Needs   string   `json:"needs"`
	Lon     *float64 `json:"lon,omitempty"`
	Lat     *float64 `json:"lat,omitempty"`
}

// CarePerson is somebody who needs care, as shown to those who go.
type CarePerson struct {
	ID             int64    `json:"id"`
	AreaID         int64    `json:"area_id"`
	AreaName       string   `json:"area_name"`
	Categories     []string `json:"categories" nullable:"false" enum:"disabled,elderly_alone,low_income,bedridden,severe_illness,child_in_need,other"`
	DistanceMeters float64  `json:"distance_meters" doc:"From the incident; of the cell's middle where no exact place is known."`
	CareDetails
}

// CareTx is the part of a transaction that care records need.
type CareTx interface {
	// CareAround opens the care records within a distance of a point, the nearest
	// first; areaIDs narrows them to communities, nil for everywhere.
	CareAround(ctx context.Context, p orb.Point, radiusMeters float64, areaIDs []int64) ([]CarePerson, error)
	// DiscloseCare notes that people are about to be shown: whom, to whom, why.
	DiscloseCare(ctx context.Context, a Actor, i Incident, people []CarePerson, reason string) error
	// PublishCare counts who needs care by cell and category and publishes what
	// may be known of it for a day, in place of what was published before.
	PublishCare(ctx context.Context, day string, k int) error
}

// OpenCare gives the people who need care around an open incident, with a
// reason, to those who go there: a responder on its assignment sees everybody
// within the radius, the community's own worker those of their community. That
// each was shown is in the audit trail before anybody is told.
func (s *Service) OpenCare(ctx context.Context, a Actor, incidentID int64, reason string) ([]CarePerson, error) {
	if err := needsReason(reason); err != nil {
		return nil, err
	}
	var people []CarePerson
	err := s.store.Transact(ctx, func(ctx context.Context, tx Tx) error {
		i, _, err := tx.LockIncident(ctx, incidentID) // it stays open until this is on record
		if err != nil {
			return err
		}
		areas, err := s.careAreas(ctx, tx, a, i)
		if err != nil {
			return err
		}
		if people, err = tx.CareAround(ctx, orb.Point{i.Lon, i.Lat}, s.care.RadiusMeters, areas); err != nil {
			return err
		}
		if len(people) == 0 && areas != nil && !s.seesIncident(a, i) { // that it is there is not told by nobody being near
			return Refuse(CodeNotFound, "")
		}
		return tx.DiscloseCare(ctx, a, i, people, reason)
	})
	if err != nil {
		return nil, err
	}
	return people, nil
}

// careAreas says of which communities the actor may see people during an
// incident: nil for all, as a responder who works on it.
func (s *Service) careAreas(ctx context.Context, tx Tx, a Actor, i Incident) ([]int64, error) {
	if a.ResponderID != 0 && a.May(ActionRespond) {
		assignments, err := tx.Assignments(ctx, i.ID)
		if err != nil {
			return nil, err
		}
		if !i.State.Terminal() && slices.ContainsFunc(assignments, func(as Assignment) bool { return as.ResponderID == a.ResponderID && as.State.Active() }) {
			return nil, nil
		}
	}
	if !a.May(ActionCare) || i.State.Terminal() && !s.seesIncident(a, i) {
		return nil, Refuse(CodeNotFound, "")
	}
	areas := s.areasOf(a, ActionCare)
	if areas == nil {
		areas = s.Tree().Below(s.Tree().Root())
	}
	if i.State.Terminal() {
		return nil, Refuse(CodeForbidden, "")
	}
	return areas, nil
}

// seesIncident says whether an incident exists for somebody, by area or by
// taking part.
func (s *Service) seesIncident(a Actor, i Incident) bool {
	return a.Sight(s.Tree()).Incident(i, false).Sees(FieldIncident)
}

// ExportCare notes that the care records of an area leave in clear, before they
// do: each time anew, so it takes no key.
func (s *Service) ExportCare(ctx context.Context, a Actor, areaID int64, records int, reason string) error {
	if err := needsReason(reason); err != nil {
		return err
	}
	if areaID == 0 {
		areaID = s.Tree().Root()
	}
	if !a.MayIn(s.Tree(), ActionPrivacy, areaID) {
		return Refuse(CodeNotFound, "area_id")
	}
	return s.store.Transact(ctx, func(ctx context.Context, tx Tx) error {
		entry := a.Entry(ctx, AuditExport, "care.export")
		entry.Noun, entry.AreaID, entry.Count, entry.Reason = NounCare, areaID, records, reason
		if err := tx.Audit(ctx, entry); err != nil {
			return err
		}
		return tx.RecordShare(ctx, Share{Recipient: a.Name, Channel: ShareExport, What: string(NounCare), Records: int64(records), Basis: reason,
			AreaID: &areaID, AccountID: accountOf(a), At: s.now()})
	})
}

// CareRules are the settings of care records.
type CareRules struct {
	K            int     // fewer than so many are not told
	RadiusMeters float64 // how far around an incident people are shown
}

// DefaultCareRules are used where nothing is set.
var DefaultCareRules = CareRules{K: 5, RadiusMeters: 300}

// SetCareRules replaces the default settings; before anything is served.
func (s *Service) SetCareRules(r CareRules) { s.care = r }
