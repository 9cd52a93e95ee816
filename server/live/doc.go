// Package live is the hub of the live feed: who is subscribed, who may see what,
// what each is sent. It knows no websocket.
//
// A new subscriber is handed over without a gap: it is registered first and
// everything published is kept for it; then its snapshot, or what it missed, is
// read from the source; then what was kept and is not contained is sent; then it
// is live. A subscriber that cannot take more is closed and told so; it comes
// back with its offset and misses nothing.
//
// What a subscriber may see is decided for each event exactly, by its roles'
// areas and by what it takes part in; frames are encoded once for each way of
// seeing and shared by all who see that way.
package live
