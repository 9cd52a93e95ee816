// Package web holds the built pages: the console, the wall, the phone and the
// residents' form.
package web

import "embed"

// Dist is the built pages, below dist.
//
//go:embed all:dist
var Dist embed.FS
