// Package notify reaches people where the app does not: one file an outgoing
// channel, and the sender that takes from the durable queue what is due. Outside,
// a message goes out at least once, each time under the same id; inside it has
// one effect. A channel that hangs takes its own places and nobody else's time.
package notify
