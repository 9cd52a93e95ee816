package dispatch

import (
	"context"
	"strings"
	"time"
)

// Way is a channel over which people, groups or systems are reached.
type Way string

// The ways: the app on the live feed, text messages, calls that read out and
// take a key, bots of chat groups, and systems of others.
const (
	WayInApp   Way = "in_app"
	WaySMS     Way = "sms"
	WayVoice   Way = "voice"
	WayGroup   Way = "group"
	WayWebhook Way = "webhook"
)

// MessagePurpose is what a message is about.
type MessagePurpose string

// The purposes.
const (
	PurposeOffer    MessagePurpose = "offer"    // somebody is asked
	PurposeAnswered MessagePurpose = "answered" // what became of an answer that came by message
	PurposeOver     MessagePurpose = "over"     // an offer is withdrawn, with thanks
	PurposeEvent    MessagePurpose = "event"    // what happened, to a group or a system
)

// MessageState is how far a message has come.
type MessageState string

// The states. Sent means that it has left, delivered and read that the other side
// says so; given up, that it was no longer wanted.
const (
	MessageQueued    MessageState = "queued"
	MessageSent      MessageState = "sent"
	MessageDelivered MessageState = "delivered"
	MessageRead      MessageState = "read"
	MessageFailed    MessageState = "failed"
	MessageGivenUp   MessageState = "given_up"
)

// messageRank orders what receipts say: one that comes late or twice changes
// nothing. What was given up may have left before.
var messageRank = map[MessageState]int{MessageQueued: 0, MessageGivenUp: 0, MessageSent: 1, MessageFailed: 2, MessageDelivered: 3, MessageRead: 4}

// After says whether a message in this state may go on to another one.
func (s MessageState) After(receipt MessageState) bool { return messageRank[receipt] > messageRank[s] }

// Message is one attempt to reach somebody over one channel.
type Message struct {
	ID          int64          `json:"id"`
	OfferID     int64          `json:"offer_id"`
	Channel     Way            `json:"channel" enum:"in_app,sms,voice,group,webhook"`
	Purpose     MessagePurpose `json:"purpose" enum:"offer,answered,over,event"`
	State       MessageState   `json:"state" enum:"queued,sent,delivered,read,failed,given_up"`
	Attempts    int            `json:"attempts"`
	NextAt      *time.Time     `json:"next_at,omitempty" doc:"When it is sent, or sent again."`
	Failure     string         `json:"failure" doc:"Why it did not go out: no_number, refused, unreachable, rejected, gone."`
	Reply       string         `json:"reply" enum:",accept,decline" doc:"What came back over this channel."`
	SentAt      *time.Time     `json:"sent_at,omitempty"`
	DeliveredAt *time.Time     `json:"delivered_at,omitempty"`
	ReadAt      *time.Time     `json:"read_at,omitempty"`
}

// Notice is what a decision says to one responder. Over which channels, and when,
// is for the incident's plan to say, or else the rule of its priority.
type Notice struct {
	Purpose     MessagePurpose
	IncidentID  int64
	OfferID     int64
	ResponderID int64
	At          time.Time

	// With an answer:
	Channel Way    // it came by
	Step    string // accept or decline
	Back    bool   // the person is told what became of it
}

// MessageTx is the part of a transaction that tells people.
type MessageTx interface {
	// Tell writes what is to be sent, which stands or falls with the transaction.
	Tell(ctx context.Context, n Notice) error
}

// MessageBatch are the arguments of the durable job that is the net beneath the
// messages of one decision.
type MessageBatch struct {
	IncidentID int64 `json:"incident_id"`
}

// Kind names the job.
func (MessageBatch) Kind() string { return "messages" }

// Outgoing is a message with what it takes to send it.
type Outgoing struct {
	ID         int64
	Key        string // the same however often it is sent
	Channel    Way
	Purpose    MessagePurpose
	Attempts   int    // this one included
	Phone      string // never logged
	TypeName   string
	AreaName   string
	Priority   Priority
	Place      string
	Distance   *float64 // meters
	ExpiresAt  time.Time
	OfferState OfferState
	Task       TaskKind // that the offer is of; "" without one
	Target     string
	Event      *Event
}

// Target is a group or a system of others that is told what happens.
type Target struct {
	Name     string
	Channel  Way
	AreaCode string   // what happens there and below; "" for the whole district
	Kinds    []string // of events; one that ends with a star stands for all that begin so
	Stamp    [32]byte // of all that it is made of: another one begins anew
}

// Failures that messages record, all words of this program.
const (
	FailureNoNumber    = "no_number"
	FailureUnreachable = "unreachable" // no answer, or one that says to come again
	FailureRefused     = "refused"     // the other side does not take it
	FailureRejected    = "rejected"    // taken, and reported later as not delivered
	FailureGone        = "gone"        // the other side asks to be called no more
)

// How long after an attempt that failed the next one follows. Offers are short:
// whoever is not reached by then is not asked any more. Systems of others may be
// away for days (Standard Webhooks: ten attempts within some 75 hours).
var messageRetries = map[Way][]time.Duration{
	WaySMS:     {2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute},
	WayVoice:   {5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute},
	WayGroup:   {5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute},
	WayWebhook: {5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour},
}

// RetryAt gives when a message is sent again after so many attempts, false for
// not at all.
func RetryAt(c Way, attempts int, now time.Time) (time.Time, bool) {
	waits := messageRetries[c]
	if attempts < 1 || attempts > len(waits) {
		return time.Time{}, false
	}
	return now.Add(waits[attempts-1]), true
}

// Receipt is what a gateway says became of a message.
type Receipt struct {
	Key        string // ours
	ProviderID string // theirs, where they do not give ours back
	State      MessageState
	At         time.Time
}

// MessageReply is what somebody answered to a gateway.
type MessageReply struct {
	ID    string // theirs: a repeat has no second effect
	Key   string // ours, of the message it answers, where they know
	Phone string // else whose it is; never logged
	Step  string // accept or decline
	At    time.Time
	By    Way
}

// MessageStore keeps what gateways say.
type MessageStore interface {
	// MessageReceipt notes what became of a message; one that comes late or
	// twice, or of a message nobody knows, changes nothing.
	MessageReceipt(ctx context.Context, r Receipt) error
	// MessageAsked gives the notice that a reply answers, CodeNotFound for none.
	MessageAsked(ctx context.Context, r MessageReply) (Notice, error)
}

// replyWords are what people write who do not write a number.
var replyWords = map[string]string{"1": "accept", "接单": "accept", "接": "accept", "2": "decline", "谢绝": "decline", "拒绝": "decline"}

// ReadReply understands what somebody wrote, or pressed, on being asked: 1 or 2,
// wide digits and marks around them included. What is not clear is nothing.
func ReadReply(text string) (step string, ok bool) {
	text = strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, text)
	text = strings.Trim(text, " \t\r\n.,!#*。，！、“”\"'【】[]（）()")
	step, ok = replyWords[text]
	return step, ok
}
