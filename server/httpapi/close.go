package httpapi

import "github.com/gorilla/websocket"

// closing is a way the socket of the live feed ends: its close code, its name, and
// what a client does about it. Codes below 4000 are RFC 6455's (7.4.1).
type closing struct {
	Code int    `json:"code"`
	Name string `json:"name"`
	// Next is what a client does: it comes "again" with its offset, must "sign_in"
	// first, or "reload" a program that this server does not speak with.
	Next string `json:"next"`
	// AfterMS bounds the first pause before the next attempt, of which a client
	// waits a random part; each further one in vain doubles it.
	AfterMS int    `json:"after_ms"`
	Says    string `json:"says"`
}

// What a client does after a close.
const (
	comeAgain   = "again"
	signInFirst = "sign_in"
	reloadFirst = "reload"
)

// The ways the socket ends, each once.
var (
	closeProtocol  = closing{4000, "protocol_error", comeAgain, 15_000, "The client said what it must not."}
	closeSignedOut = closing{4001, "signed_out", signInFirst, 0, "The session is over."}
	closeTooSlow   = closing{4002, "too_slow", comeAgain, 0, "The client took too little of what waited for it."}
	closeStopping  = closing{4003, "server_stopping", comeAgain, 1000, "This node stops; another goes on."}
	closeSilent    = closing{4004, "silent", comeAgain, 500, "No subscription in time, or no answer to a ping."}
	closeUnspoken  = closing{4005, "unspoken", reloadFirst, 10_000, "The protocol number is none that this server speaks; the reason says which it does, as unspoken:1,2."}
	closeRights    = closing{4006, "rights_changed", comeAgain, 1000, "The session may not go on by a socket as it is."}
	closeNotText   = closing{websocket.CloseUnsupportedData, "not_text", comeAgain, 15_000, "A message that is no text."}
	closeTooMany   = closing{websocket.ClosePolicyViolation, "too_many", comeAgain, 15_000, "Pings without end."}
	closeTooLarge  = closing{websocket.CloseMessageTooBig, "too_large", comeAgain, 15_000, "A message larger than 64 KiB, inflated."}
	closeBroken    = closing{websocket.CloseProtocolError, "broken_frame", comeAgain, 15_000, "A frame that RFC 6455 does not allow."}
	closeTryLater  = closing{websocket.CloseTryAgainLater, "try_later", comeAgain, 5000, "The subscription could not be made now."}
	// closeLost is never sent: it is what a client sees when the connection breaks.
	closeLost = closing{websocket.CloseAbnormalClosure, "lost", comeAgain, 500, "The connection broke without a word."}
)

// closings lists them for the document.
var closings = []closing{closeBroken, closeNotText, closeLost, closeTooMany, closeTooLarge, closeTryLater,
	closeProtocol, closeSignedOut, closeTooSlow, closeStopping, closeSilent, closeUnspoken, closeRights}
