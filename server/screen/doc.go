// Package screen is a page that follows the live feed, without a page: it
// connects, subscribes, folds what comes as web/src/state/feed.ts does, comes
// back as web/src/api/live.ts does, and keeps count of what must not happen. It
// knows nothing of the server but the protocol, so that trials hold the server to it.
package screen
