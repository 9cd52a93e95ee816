// Package live is the hub of the live feed: who is subscribed, who may see what,
// what each is sent. It knows no websocket.
//
// A new subscriber is handed over without a gap: it is registered first and
// everything published is kept for it; then its snapshot, or what it missed, is
// read from the source; then what was kept and is not contained is sent; then it
// is live. A subscriber that cannot take more is closed and told so; it comes
// back with its offset and misses nothing.
//
// What may be seen is decided exactly, for each event and each position, by roles'
// areas and by what one takes part in, never by where a cell's edge lies. Those who
// see alike are one audience: a frame is encoded once for it. What part of the map
// is looked at is only a wish, so there cells decide: a view is widened to whole
// quads (geo.View), and all of an audience that look at the same quads are one
// channel, which is sent one message, encoded and deflated once. Exact views would
// be as many messages as there are screens, and one message a cell would be too
// short to deflate, and many to a screen.
//
// Positions of a tick go out together, the last one of each responder. Who has not
// taken those of the tick before is sent no more of them, but all merged once it
// takes what waits; after a second of that it is told that it is slow. What waits
// is bounded: beyond that it is closed.
package live
