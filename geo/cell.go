package geo

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// Resolutions in use: people and incidents, and what is fixed (cameras,
// facilities); who is nearest with a skill is looked for in wider cells, since few
// have it.
const (
	ResolutionSearch = 8
	ResolutionPeople = 9
	ResolutionFixed  = 10
)

// Cell is an H3 index. In SQL it is a bigint, on the wire hex text.
type Cell uint64

// ErrCell says that a text or number is no H3 cell.
var ErrCell = errors.New("not an H3 cell")

// CellOf gives the cell of a point (WGS-84, longitude first) at a resolution.
func CellOf(p orb.Point, resolution int) (Cell, error) {
	if err := CheckPoint(p); err != nil {
		return 0, err
	}
	c, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat(), Lng: p.Lon()}, resolution)
	if err != nil {
		return 0, fmt.Errorf("cell of a point: %w", err)
	}
	return Cell(c), nil
}

// ParseCell reads a cell's hex text.
func ParseCell(text string) (Cell, error) {
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil || !h3.Cell(n).IsValid() {
		return 0, fmt.Errorf("%.20q: %w", text, ErrCell) // what a stranger sent may be long
	}
	return Cell(n), nil
}

// CellFromInt64 takes a cell as SQL keeps it.
func CellFromInt64(n int64) Cell { return Cell(n) }

// Int64 gives the cell as SQL keeps it.
func (c Cell) Int64() int64 { return int64(c) }

// String gives the cell's hex text.
func (c Cell) String() string { return strconv.FormatUint(uint64(c), 16) }

// The layout of an H3 index: the resolution in bits 52-55, then fifteen digits
// of three bits; digits finer than the resolution are all ones.
const (
	resolutionShift = 52
	resolutionMask  = uint64(15) << resolutionShift
	finest          = 15
)

// Resolution gives the cell's resolution, 0 to 15.
func (c Cell) Resolution() int { return int(uint64(c) & resolutionMask >> resolutionShift) }

// Parent gives the cell of a coarser resolution that holds this one: the
// resolution is set and the finer digits are filled with ones. Its own
// resolution gives the cell itself; a finer one is refused. It does not ask
// whether c is a cell: what is none gives what is none.
func (c Cell) Parent(resolution int) (Cell, error) {
	own := c.Resolution()
	if resolution < 0 || resolution > own {
		return 0, fmt.Errorf("parent at resolution %d of a cell at %d: %w", resolution, own, ErrCell)
	}
	filled := uint64(1)<<(3*(finest-resolution)) - 1
	return Cell(uint64(c)&^resolutionMask | uint64(resolution)<<resolutionShift | filled), nil
}

// edgeMeters is the longest edge of a resolution, that of a cell in the middle of
// one of the icosahedron's faces: middles are 0.38196601 of the earth's radius
// apart there at resolution 0, a root of 7 less each finer one, and an edge is
// that over the root of 3.
func edgeMeters(resolution int) float64 {
	return 0.38196601 * EarthRadius / math.Sqrt(3) * math.Pow(7, -float64(resolution)/2)
}

// Center gives the middle of the cell.
func (c Cell) Center() (orb.Point, error) {
	if err := c.check(); err != nil {
		return orb.Point{}, err
	}
	at, err := h3.Cell(c).LatLng()
	if err != nil {
		return orb.Point{}, fmt.Errorf("centre of %s: %w", c, err)
	}
	return orb.Point{at.Lng, at.Lat}, nil
}

// Boundary gives the cell's outline as a closed ring. A cell across the 180th
// meridian has corners on both sides of it.
func (c Cell) Boundary() (orb.Polygon, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	corners, err := h3.Cell(c).Boundary()
	if err != nil {
		return nil, fmt.Errorf("boundary of %s: %w", c, err)
	}
	ring := make(orb.Ring, 0, len(corners)+1)
	for _, v := range corners {
		ring = append(ring, orb.Point{v.Lng, v.Lat})
	}
	return orb.Polygon{append(ring, ring[0])}, nil
}

// Disk gives the cells within k steps, the cell itself among them, in no order.
func (c Cell) Disk(k int) ([]Cell, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	disk, err := h3.Cell(c).GridDisk(k)
	if err != nil {
		return nil, fmt.Errorf("disk of %s: %w", c, err)
	}
	return cells(disk), nil
}

// Steps gives how many cells apart two cells of one resolution are; far apart, or
// with a pentagon between, H3 may be unable to say.
func (c Cell) Steps(to Cell) (int, error) {
	if err := errors.Join(c.check(), to.check()); err != nil {
		return 0, err
	}
	n, err := h3.Cell(c).GridDistance(h3.Cell(to))
	if err != nil {
		return 0, fmt.Errorf("steps from %s to %s: %w", c, to, err)
	}
	return n, nil
}

// MarshalText gives the hex text.
func (c Cell) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads hex text.
func (c *Cell) UnmarshalText(text []byte) error {
	parsed, err := ParseCell(string(text))
	if err == nil {
		*c = parsed
	}
	return err
}

// check refuses what is no cell: the library would give 0 a centre and a boundary.
func (c Cell) check() error {
	if !h3.Cell(c).IsValid() {
		return fmt.Errorf("%s: %w", c, ErrCell)
	}
	return nil
}

func cells(list []h3.Cell) []Cell {
	out := make([]Cell, 0, len(list))
	for _, c := range list {
		if c != 0 {
			out = append(out, Cell(c))
		}
	}
	return out
}
