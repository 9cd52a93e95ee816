// Package dispatch is the domain: the nouns of the mission, their rules and
// state machines, and the commands that change them. It knows no SQL, no HTTP
// and no sockets; what it needs of the world it asks for through small ports.
//
// A change goes one way: an adapter calls a method of Service, which in one
// transaction locks and loads the noun's row, decides with a pure function,
// and writes the rows, the event and the idempotency key. Only the commit
// acknowledges.
package dispatch
