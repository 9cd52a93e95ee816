// Package feedtorture holds the trials of the live feed: real servers on one
// real database, thousands of screens, and what goes wrong with both. It knows
// the server by its addresses alone. `make test` runs each trial small; `make
// torture` runs them at the size of a district.
package feedtorture
