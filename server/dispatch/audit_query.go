package dispatch

import "time"

// AuditFilter narrows a list of entries of the audit trail. Zero values do not
// narrow; AreaIDs nil means everywhere.
type AuditFilter struct {
	AreaIDs   []int64
	From, To  time.Time // when it happened: from, and before
	AccountID int64
	SubjectID int64
	Kind      AuditKind
	Action    string
	Noun      Noun
	NounID    int64
	Result    string      // AuditDone, a code, or AuditNotDone for whatever refusal
	Before    AuditCursor // zero: from the newest
	Limit     int
}

// AuditCursor is the entry before which a list goes on.
type AuditCursor struct {
	At  time.Time
	Seq int64
}

// AuditNotDone asks for entries of whatever refusal.
const AuditNotDone = "refused"

// AuditRecord is an entry of the trail as it is read, with the names of today.
type AuditRecord struct {
	Seq         int64      `json:"seq"`
	At          time.Time  `json:"at"`
	Kind        AuditKind  `json:"kind" enum:"command,refused,sign_in,sign_out,view,unmask,export,share,configuration,grant,destroy"`
	Action      string     `json:"action" doc:"Such as incident.verify; of a refused request, its method and route."`
	Result      string     `json:"result" doc:"done, or the code of the refusal."`
	Actor       AuditActor `json:"actor" enum:"account,system,resident,operator"`
	AccountID   int64      `json:"account_id,omitempty"`
	Username    string     `json:"username,omitempty"`
	AccountName string     `json:"account_name,omitempty"`
	SessionID   int64      `json:"session_id,omitempty"`
	ResponderID int64      `json:"responder_id,omitempty" doc:"Whose phone it was."`
	Noun        Noun       `json:"noun,omitempty"`
	NounID      int64      `json:"noun_id,omitempty"`
	AreaID      int64      `json:"area_id,omitempty"`
	AreaName    string     `json:"area_name,omitempty"`
	SubjectID   int64      `json:"subject_id,omitempty" doc:"The responder whose personal data it is about."`
	Reason      string     `json:"reason,omitempty"`
	Destroyed   bool       `json:"reason_destroyed,omitempty" doc:"There was a reason, and it was destroyed."`
	RequestID   string     `json:"request_id,omitempty"`
	Network     string     `json:"network,omitempty" doc:"From where, to 24 bits of IPv4 or 48 of IPv6."`
	Count       int64      `json:"count" doc:"How many attempts or rows it stands for."`
	SealedAt    time.Time  `json:"sealed_at"`
}

// Cursor gives the place of the entry in a list.
func (r AuditRecord) Cursor() AuditCursor { return AuditCursor{At: r.At, Seq: r.Seq} }

// Disclosure is one time that somebody saw a person's data, as the person is told.
type Disclosure struct {
	Seq         int64     `json:"seq"`
	At          time.Time `json:"at"`
	Kind        AuditKind `json:"kind" enum:"view,unmask,export,share"`
	Action      string    `json:"action"`
	AccountName string    `json:"account_name" doc:"Who saw it."`
	Noun        Noun      `json:"noun,omitempty" doc:"With noun_id: what it was for."`
	NounID      int64     `json:"noun_id,omitempty"`
	Reason      string    `json:"reason"`
	Count       int64     `json:"count"`
}

// Cursor gives the place of the entry in a list.
func (d Disclosure) Cursor() AuditCursor { return AuditCursor{At: d.At, Seq: d.Seq} }

// AuditState says how far the trail goes.
type AuditState struct {
	Seq        int64      `json:"seq" doc:"The last entry that is sealed."`
	SealedAt   time.Time  `json:"sealed_at"`
	Unsealed   int64      `json:"unsealed" doc:"Entries that wait to be sealed: a second, no longer."`
	First      int64      `json:"first" doc:"The oldest entry that is kept."`
	FirstAt    *time.Time `json:"first_at,omitempty"`
	VerifiedAt *time.Time `json:"verified_at,omitempty" doc:"When yiping audit verify last ran."`
	Verified   string     `json:"verified,omitempty" doc:"What came of it: done, or broken."`
	Findings   int64      `json:"findings" doc:"How many faults it found."`
}

// AuditVerify is the action of the entry that a verification leaves; AuditBroken
// its result where it found something, with the number of findings.
const (
	AuditVerify = "audit.verify"
	AuditBroken = "broken"
)

// AuditErase is the action of the entry that goes with destroying reasons; its
// count says how many.
const AuditErase = "audit.erase"
