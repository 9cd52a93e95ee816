package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"yiping/geo"
	"yiping/server/dispatch"
	"yiping/server/tile"
)

type cellsInput struct {
	Measure     string    `query:"measure" required:"true" enum:"incidents,responders,cameras,facilities"`
	Resolution  int       `query:"resolution" default:"8" minimum:"5" maximum:"9"`
	At          time.Time `query:"at" doc:"Of incidents: those that were open then. The others are counted as they are now."`
	IfNoneMatch string    `header:"If-None-Match"`
}

type cellsView struct {
	Resolution int            `json:"resolution"`
	Cells      map[string]int `json:"cells" nullable:"false"`
}

// cellsOutput is an answer that is left out where the asker holds it.
type cellsOutput struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         *cellsView
}

var seeFigures = dispatch.See(dispatch.FieldFigure)

func (a *api) cells() {
	operation(a, "GET", "/api/v1/cells", "cells", "A measure counted by cell", sees(dispatch.FieldFigure), 200, func(ctx context.Context, in *cellsInput) (*cellsOutput, error) {
		var at *time.Time
		if !in.At.IsZero() {
			at = &in.At
		}
		counts, version, err := a.countCells(ctx, in.Measure, in.Resolution, at)
		if err != nil {
			return nil, err
		}
		out := &cellsOutput{Status: http.StatusOK, CacheControl: cachePeople}
		if version != "" {
			out.CacheControl, out.ETag = cacheAsked, tileTag(fmt.Sprint("cells/", in.Measure, in.Resolution, a.audience(ctx, seeFigures)), version)
			if holdsETag(in.IfNoneMatch, out.ETag) {
				out.Status = http.StatusNotModified
				return out, nil
			}
		}
		out.Body = &cellsView{in.Resolution, make(map[string]int, len(counts))}
		for cell, n := range counts {
			out.Body.Cells[cell.String()] = n
		}
		return out, nil
	})
}

// countCells counts a measure by cell in the areas whose figures the asker sees.
// What events tell of has a version.
func (a *api) countCells(ctx context.Context, measure string, resolution int, at *time.Time) (counts map[geo.Cell]int, version string, err error) {
	if at != nil && measure != "incidents" {
		return nil, "", dispatch.Refuse(dispatch.CodeInvalid, "at")
	}
	areas := func() ([]int64, error) { return a.scope(ctx, seeFigures, 0) }
	if measure == tile.Cameras || measure == tile.Facilities {
		counts, n, err := a.Points.Cells(measure, resolution, a.audience(ctx, seeFigures), areas)
		return counts, strconv.FormatUint(n, 36), err
	}
	seen, err := areas()
	if err != nil {
		return nil, "", err
	}
	switch measure {
	case "incidents":
		counts, err = a.Reader.IncidentCells(ctx, resolution, seen, at)
	case "responders":
		counts, err = a.Service.ForcesByCell(resolution, seen)
	default:
		return nil, "", dispatch.Refuse(dispatch.CodeNotFound, "measure")
	}
	return counts, "", err
}

// cellTile serves a measure by cell as a tile with the cells' outlines.
func (a *api) cellTile(w http.ResponseWriter, r *http.Request) {
	caching := cachePeople
	measure := r.PathValue("measure")
	if measure == tile.Cameras || measure == tile.Facilities {
		caching = cacheAsked
	}
	a.serveTile(caching, func(ctx context.Context, at tile.Address) (cachedTile, error) {
		counts, version, err := a.countCells(ctx, measure, tile.CellsAt(at.Z), nil)
		if err != nil {
			return cachedTile{}, err
		}
		if version == "" {
			content, err := tile.AppendCells(nil, at, counts)
			return cachedTile{content: content}, err
		}
		key := fmt.Sprintf("cells/%s/%s/%d/%d/%d", measure, a.audience(ctx, seeFigures), at.Z, at.X, at.Y)
		return a.keptTile(key, version, func() ([]byte, error) { return tile.AppendCells(nil, at, counts) })
	})(w, r)
}
