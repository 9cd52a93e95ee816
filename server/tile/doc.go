// Package tile makes vector tiles of points and of cells from memory. The points
// of each layer are read from the database at start and again when an event says
// that they have changed; a tile is encoded by hand for the few schemas there
// are, which is what makes it cheap. Who may see which areas is told by the
// caller, tile by tile.
package tile
