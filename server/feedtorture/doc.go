// Package feedtorture holds the trials of the live feed: real servers on one
// real database, thousands of screens, and what goes wrong with both. It knows
// the server by its addresses alone. `make test` runs each trial small; `make
// torture` runs them at the size of a district, where a result is a line of JSON:
// times in ms where the name ends so, else in s.
//
// YIPING_STORM_SOCKETS, YIPING_SOAK_PHONES, YIPING_SOAK and YIPING_SOAK_GROWTH (as
// 12m) make those other than 5,000, 10,000, half an hour and three minutes.
package feedtorture
