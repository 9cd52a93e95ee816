package dispatch

import (
	"context"
	"time"
)

// ShareChannel is the way on which data left.
type ShareChannel string

// The channels.
const (
	ShareExport       ShareChannel = "export"       // a file, taken by somebody who is signed in
	SharePerson       ShareChannel = "person"       // a copy to the person it is about, or made for them
	ShareNotification ShareChannel = "notification" // a message to somebody outside
	ShareToken        ShareChannel = "token"        // a way in for another system
	ShareSystem       ShareChannel = "system"       // sent to another system
)

// Share is an entry of the register of what went outside (对外提供): to whom,
// what, how many records, on what basis. Never the data.
type Share struct {
	ID        int64        `json:"id"`
	Recipient string       `json:"recipient"`
	Channel   ShareChannel `json:"channel" enum:"export,person,notification,token,system"`
	What      string       `json:"what" doc:"The noun that left, such as responders."`
	Records   int64        `json:"records"`
	Basis     string       `json:"basis" doc:"Why, in the words of who shared it or by the rule that allows it."`
	NounID    *int64       `json:"noun_id,omitempty"`
	AreaID    *int64       `json:"area_id,omitempty"`
	AccountID *int64       `json:"-"`
	By        string       `json:"by"`
	At        time.Time    `json:"at"`
}

// ShareTx is the part of a transaction that shares need.
type ShareTx interface {
	// RecordShare notes in the register that data leaves with this transaction.
	RecordShare(ctx context.Context, s Share) error
}
