// Package migrations holds the numbered SQL that makes the database, embedded
// into the binary. A file that has landed is never edited: a change of the
// schema is a new file.
package migrations

import "embed"

// FS holds every migration, named NNNN_what.sql, in goose's format.
//
//go:embed *.sql
var FS embed.FS
