package dispatch

import (
	"context"
	"strings"
	"time"
)

// ErasedName stands for a person whose data was erased.
const ErasedName = "已删除人员"

// PersonalData is everything that is kept about one person: what they may see,
// copy and take with them.
type PersonalData struct {
	AsOf          time.Time            `json:"as_of"`
	Person        PersonalRecord       `json:"person"`
	Account       *PersonalAccount     `json:"account,omitempty"`
	Consents      []Consent            `json:"consents" nullable:"false"`
	Position      *PersonalPosition    `json:"position,omitempty" doc:"The one that is kept now."`
	TrackPoints   int                  `json:"track_points" doc:"How many points are kept of where they went on tasks; they see them at my-track."`
	Duties        []PersonalDuty       `json:"duties" nullable:"false"`
	DutyChanges   []PersonalDutyChange `json:"duty_changes" nullable:"false"`
	Offers        []PersonalOffer      `json:"offers" nullable:"false"`
	Assignments   []PersonalAssignment `json:"assignments" nullable:"false"`
	CallUps       []PersonalCallUp     `json:"call_ups" nullable:"false"`
	Words         []PersonalWords      `json:"words" nullable:"false" doc:"What they wrote about incidents, while it is kept."`
	Disclosures   []PersonalDisclosure `json:"disclosures" nullable:"false" doc:"Who saw their data in clear, when and why."`
	RetentionDays int                  `json:"retention_days" doc:"For how many days after retirement it is kept."`
}

// PersonalRecord is a person's entry in the roster.
type PersonalRecord struct {
	ID                int64                 `json:"id"`
	Name              string                `json:"name"`
	Phone             string                `json:"phone"`
	Area              string                `json:"area"`
	HomeArea          string                `json:"home_area"`
	PartyOrganisation string                `json:"party_organisation"`
	Vehicle           string                `json:"vehicle"`
	PostLon           *float64              `json:"post_lon,omitempty"`
	PostLat           *float64              `json:"post_lat,omitempty"`
	Affiliations      []PersonalAffiliation `json:"affiliations" nullable:"false"`
	Skills            []PersonalSkill       `json:"skills" nullable:"false"`
	Teams             []string              `json:"teams" nullable:"false"`
	Adult             bool                  `json:"adult" doc:"Of age, as seen by whoever registered them."`
	InsuredUntil      *string               `json:"insured_until,omitempty" format:"date"`
	Source            string                `json:"source"`
	ExternalID        string                `json:"external_id"`
	CreatedAt         time.Time             `json:"created_at"`
	UpdatedAt         time.Time             `json:"updated_at"`
	RetiredAt         *time.Time            `json:"retired_at,omitempty"`
	ErasedAt          *time.Time            `json:"erased_at,omitempty"`
}

// PersonalAffiliation is a belonging, and to which unit.
type PersonalAffiliation struct {
	Affiliation string  `json:"affiliation"`
	Unit        *string `json:"unit,omitempty"`
	Since       *string `json:"since,omitempty"`
}

// PersonalSkill is a skill and until when its proof is valid.
type PersonalSkill struct {
	Skill      string  `json:"skill"`
	ValidUntil *string `json:"valid_until,omitempty"`
}

// PersonalAccount is with what a person signs in.
type PersonalAccount struct {
	ID          int64     `json:"id"`
	Username    string    `json:"username"`
	DisplayName string    `json:"display_name"`
	CreatedAt   time.Time `json:"created_at"`
	Sessions    int       `json:"sessions" doc:"How many are kept, ended ones too."`
}

// PersonalPosition is the live position.
type PersonalPosition struct {
	Lon            float64   `json:"lon"`
	Lat            float64   `json:"lat"`
	AccuracyMeters *float64  `json:"accuracy_meters,omitempty"`
	At             time.Time `json:"at"`
}

// PersonalDuty is a stretch of duty.
type PersonalDuty struct {
	ID       int64      `json:"id"`
	Kind     DutyState  `json:"kind" enum:"on_duty,on_call"`
	Origin   string     `json:"origin" enum:"roster,self"`
	StartsAt time.Time  `json:"starts_at"`
	EndsAt   *time.Time `json:"ends_at,omitempty"`
}

// PersonalDutyChange is what was done to one of their duties by hand.
type PersonalDutyChange struct {
	Step   string    `json:"step" enum:"set,hand_over,swap,withdraw"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// PersonalOffer is how they were asked, and what they answered.
type PersonalOffer struct {
	ID           int64      `json:"id"`
	IncidentID   int64      `json:"incident_id"`
	State        OfferState `json:"state"`
	OfferedAt    time.Time  `json:"offered_at"`
	AnsweredAt   *time.Time `json:"answered_at,omitempty"`
	AnswerReason string     `json:"answer_reason"`
}

// PersonalAssignment is what they worked on.
type PersonalAssignment struct {
	ID         int64           `json:"id"`
	IncidentID int64           `json:"incident_id"`
	TypeCode   string          `json:"type_code"`
	State      AssignmentState `json:"state"`
	AcceptedAt time.Time       `json:"accepted_at"`
	OnSceneAt  *time.Time      `json:"on_scene_at,omitempty"`
	DoneAt     *time.Time      `json:"done_at,omitempty"`
	ReleasedAt *time.Time      `json:"released_at,omitempty"`
}

// PersonalCallUp is how they were called up, and how long they served.
type PersonalCallUp struct {
	ID          int64       `json:"id"`
	CallUpID    int64       `json:"call_up_id"`
	State       MemberState `json:"state"`
	AskedAt     *time.Time  `json:"asked_at,omitempty"`
	SeenAt      *time.Time  `json:"seen_at,omitempty"`
	AnsweredAt  *time.Time  `json:"answered_at,omitempty"`
	ArrivedAt   *time.Time  `json:"arrived_at,omitempty"`
	LeftAt      *time.Time  `json:"left_at,omitempty"`
	StoodDownAt *time.Time  `json:"stood_down_at,omitempty"`
	Minutes     *int        `json:"minutes,omitempty"`
}

// PersonalWords is what somebody wrote about an incident.
type PersonalWords struct {
	IncidentID int64     `json:"incident_id"`
	Kind       string    `json:"kind"`
	Words      string    `json:"words"`
	At         time.Time `json:"at"`
}

// PersonalDisclosure is one time that somebody saw a person's data in clear.
type PersonalDisclosure struct {
	At     time.Time `json:"at"`
	Action string    `json:"action"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// PhoneFinding is what is kept under a telephone number.
type PhoneFinding struct {
	Reports    []FoundReport `json:"reports" nullable:"false" doc:"Reports that name it as the caller's."`
	Care       []FoundCare   `json:"care_records" nullable:"false" doc:"People who need care, without who they are."`
	Responders []FoundPerson `json:"responders" nullable:"false" doc:"People of the roster; erased one by one."`
}

// FoundReport is a report by its number.
type FoundReport struct {
	ID         int64     `json:"id"`
	IncidentID int64     `json:"incident_id"`
	TypeCode   string    `json:"type_code"`
	AreaID     int64     `json:"area_id"`
	ReceivedAt time.Time `json:"received_at"`
}

// FoundCare is a care record by its number.
type FoundCare struct {
	ID         int64    `json:"id"`
	AreaID     int64    `json:"area_id"`
	Categories []string `json:"categories" nullable:"false"`
}

// FoundPerson is a person of the roster, by number and masked name.
type FoundPerson struct {
	ID     int64  `json:"id"`
	AreaID int64  `json:"area_id"`
	Name   string `json:"name"`
}

// ErasureTx is the part of a transaction that erasing needs.
type ErasureTx interface {
	// ErasePerson empties everything that tells who a person is, wherever it is
	// kept, and ends what they could still do. Ids stay. It gives the reason
	// without the person's name and number, and says whether there was anything to
	// erase. The entry is left with what is destroyed of the audit trail's reasons.
	ErasePerson(ctx context.Context, id int64, reason string, at time.Time, by *int64, e AuditEntry) (said string, erased bool, err error)
	// EraseReporter empties who gave reports under a number, and the care records
	// under it, within areas (nil for everywhere), and says how many.
	EraseReporter(ctx context.Context, phone string, areaIDs []int64, at time.Time, by *int64) (reports, care int64, err error)
}

// LeastReason is how many characters say why somebody's data is looked at.
const LeastReason = 4

// needsReason refuses a reason that says nothing.
func needsReason(reason string) error {
	if len([]rune(strings.TrimSpace(reason))) < LeastReason {
		return Refuse(CodeReasonRequired, "reason")
	}
	return nil
}

// ErasePerson erases what tells who somebody is: name, telephone number, post,
// home, skills, consents' details, account, and what imports and texts still
// hold of it. Their ids stay, so that incidents, figures and the audit trail
// stay whole. Somebody on a task must be done or released first. Erasing again
// changes nothing.
func (s *Service) ErasePerson(ctx context.Context, c Command, id int64, reason string) (Outcome, error) {
	if err := needsReason(reason); err != nil {
		return Outcome{}, err
	}
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		r, err := tx.LockResponder(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if !c.Actor.MayIn(s.Tree(), ActionPrivacy, r.AreaID) {
			return Outcome{}, Refuse(CodeNotFound, "")
		}
		return s.erase(ctx, tx, r, c.Actor, reason)
	})
}

// erase erases a person under their lock and tells the log that they changed.
func (s *Service) erase(ctx context.Context, tx Tx, r Responder, a Actor, reason string) (Outcome, error) {
	if r.Task != nil {
		return Outcome{}, Refuse(CodeHasActive, "")
	}
	now := s.now()
	offers, err := tx.OpenOffers(ctx, 0, r.ID)
	if err != nil {
		return Outcome{}, err
	}
	if err := withdraw(ctx, tx, offers, EndedByHand, a, now); err != nil {
		return Outcome{}, err
	}
	said, erased, err := tx.ErasePerson(ctx, r.ID, reason, now, accountOf(a), a.Entry(ctx, AuditDestroy, AuditErase))
	if err != nil || !erased {
		return Outcome{Noun: NounResponder, ID: r.ID, Version: r.Version}, err
	}
	entry := a.Entry(ctx, AuditDestroy, "responder.erased")
	entry.Noun, entry.NounID, entry.AreaID, entry.SubjectID, entry.Reason = NounResponder, r.ID, r.AreaID, r.ID, said
	if err := tx.Audit(ctx, entry); err != nil {
		return Outcome{}, err
	}
	return Outcome{Noun: NounResponder, ID: r.ID, Version: r.Version + 1}, tx.Emit(ctx, Event{Kind: "responder.erased", At: now,
		Noun: NounResponder, NounID: r.ID, NounVersion: r.Version + 1, AreaID: r.AreaID, ResponderID: &r.ID, AccountID: accountOf(a)})
}

// ExportPerson notes that a person's data is given out, before it is: each time
// anew, so it takes no key.
func (s *Service) ExportPerson(ctx context.Context, a Actor, id int64, reason string) error {
	if err := needsReason(reason); err != nil {
		return err
	}
	return s.store.Transact(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.LockResponder(ctx, id)
		if err != nil {
			return err
		}
		if !a.MayIn(s.Tree(), ActionPrivacy, r.AreaID) {
			return Refuse(CodeNotFound, "")
		}
		entry := a.Entry(ctx, AuditExport, "responder.personal_data")
		entry.Noun, entry.NounID, entry.AreaID, entry.SubjectID, entry.Reason = NounResponder, id, r.AreaID, id, reason
		if err := tx.Audit(ctx, entry); err != nil {
			return err
		}
		return tx.RecordShare(ctx, Share{Recipient: "本人（由安全管理员办理）", Channel: SharePerson, What: string(NounResponder), Records: 1, Basis: "个人信息保护法第四十五条",
			NounID: &id, AreaID: &r.AreaID, AccountID: accountOf(a), At: s.now()})
	})
}

// LookForPhone notes that somebody looks for what is kept under a number, before
// they are told. The number is not noted.
func (s *Service) LookForPhone(ctx context.Context, a Actor, reason string) error {
	if err := needsReason(reason); err != nil {
		return err
	}
	if !a.May(ActionPrivacy) {
		return Refuse(CodeForbidden, "")
	}
	entry := a.Entry(ctx, AuditView, "personal_data.find")
	entry.Reason = reason
	return s.Audit(ctx, entry)
}

// EraseReporter erases who gave the reports under a number, and the care
// records under it, within the actor's areas.
func (s *Service) EraseReporter(ctx context.Context, c Command, phone, reason string) (Outcome, error) {
	if err := needsReason(reason); err != nil {
		return Outcome{}, err
	}
	if !c.Actor.May(ActionPrivacy) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	areas := s.areasOf(c.Actor, ActionPrivacy)
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		reports, care, err := tx.EraseReporter(ctx, phone, areas, s.now(), accountOf(c.Actor))
		if err != nil {
			return Outcome{}, err
		}
		entry := c.Actor.Entry(ctx, AuditDestroy, "reporter.erased")
		entry.Noun, entry.Count, entry.Reason = NounReport, int(reports+care), reason
		err = tx.Audit(ctx, entry)
		return Outcome{Noun: NounReport, ID: reports, Version: int(care)}, err
	})
}

// areasOf gives the areas in which the actor may do something, nil for all.
func (s *Service) areasOf(a Actor, action Action) []int64 {
	tree := s.Tree()
	roots := a.Roots(action)
	for _, root := range roots {
		if root == tree.Root() {
			return nil
		}
	}
	if ids := tree.Below(roots...); ids != nil {
		return ids
	}
	return []int64{}
}
