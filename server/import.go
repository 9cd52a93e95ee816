package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/paulmach/orb/geojson"

	"yiping/geo"
	"yiping/server/dispatch"
	"yiping/server/postgres"
)

type importCmd struct {
	Areas importAreasCmd `cmd:"" help:"Import areas from a GeoJSON file."`
}

// importAreasCmd reads areas; the properties code, name, level, parent_code and
// aliases of each feature are taken, what is missing from the flags.
type importAreasCmd struct {
	File       string `arg:"" type:"existingfile" help:"GeoJSON: a FeatureCollection, a Feature or a bare geometry."`
	Datum      string `default:"wgs84" enum:"wgs84,cgcs2000,gcj02,bd09" help:"Datum of the coordinates: wgs84, cgcs2000, gcj02 or bd09."`
	Source     string `default:"import" help:"Where the data comes from; with the code it tells a repeat from something new."`
	Level      string `enum:",district,street,community,grid" default:"" help:"Level of features that do not say."`
	Name       string `help:"Name, for a file with one feature."`
	Code       string `help:"Statistics code, for a file with one feature."`
	ParentCode string `help:"Code of the parent, for features that do not say."`
	DryRun     bool   `help:"Check everything, write nothing."`
	JSON       bool   `help:"Print the result as JSON."`
}

// importProblem is a feature that could not go in, and why.
type importProblem struct {
	Feature int    `json:"feature"` // from 1
	Field   string `json:"field"`
	Reason  string `json:"reason"`
}

type importResult struct {
	Imported int             `json:"imported"`
	Problems []importProblem `json:"problems"`
}

// Run imports the areas; bad features are reported and the good ones go in.
func (c importAreasCmd) Run(a *app) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	features, err := readFeatures(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	datum, err := geo.ParseDatum(c.Datum)
	if err != nil {
		return err
	}
	result := importResult{Problems: []importProblem{}}
	err = a.withStore(func(ctx context.Context, store *postgres.Store) error {
		svc := dispatch.NewService(store, a.now, a.log)
		for k, f := range features {
			if err := ctx.Err(); err != nil {
				return err
			}
			in, err := c.area(f, datum)
			if err == nil && !c.DryRun {
				_, err = svc.SetArea(ctx, dispatch.Command{Actor: dispatch.Actor{System: true}, Name: "area.import"}, in)
			}
			var refused *dispatch.Error
			switch {
			case errors.As(err, &refused):
				result.Problems = append(result.Problems, importProblem{k + 1, refused.Field, refused.Error()})
			case err != nil:
				return err
			default:
				result.Imported++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.report(a, result)
}

func (c importAreasCmd) report(a *app, r importResult) error {
	if c.JSON {
		if err := json.NewEncoder(a.out).Encode(r); err != nil {
			return err
		}
	} else {
		for _, p := range r.Problems {
			fmt.Fprintf(a.out, "feature %d: %s\n", p.Feature, p.Reason)
		}
		fmt.Fprintf(a.out, "%d imported, %d refused\n", r.Imported, len(r.Problems))
	}
	if len(r.Problems) > 0 {
		return exitError(3)
	}
	return nil
}

// readFeatures takes the three shapes a GeoJSON file may have.
func readFeatures(raw []byte) ([]*geojson.Feature, error) {
	var kind struct{ Type string }
	if err := json.Unmarshal(raw, &kind); err != nil {
		return nil, errors.New("the file is not JSON")
	}
	switch kind.Type {
	case "FeatureCollection":
		collection, err := geojson.UnmarshalFeatureCollection(raw)
		if err != nil {
			return nil, err
		}
		return collection.Features, nil
	case "Feature":
		f, err := geojson.UnmarshalFeature(raw)
		return []*geojson.Feature{f}, err
	case "Polygon", "MultiPolygon":
		g, err := geojson.UnmarshalGeometry(raw)
		if err != nil {
			return nil, err
		}
		return []*geojson.Feature{geojson.NewFeature(g.Geometry())}, nil
	}
	return nil, fmt.Errorf("a GeoJSON of type %q holds no areas", kind.Type)
}

func (c importAreasCmd) area(f *geojson.Feature, datum geo.Datum) (dispatch.AreaInput, error) {
	text := func(property, otherwise string) string {
		switch v := f.Properties[property].(type) {
		case string:
			return v
		case float64:
			return fmt.Sprintf("%.0f", v)
		}
		return otherwise
	}
	in := dispatch.AreaInput{Level: dispatch.Level(text("level", c.Level)), Code: text("code", c.Code), Name: text("name", c.Name),
		ParentCode: text("parent_code", c.ParentCode), Boundary: f.Geometry, Datum: datum, Source: c.Source}
	if list, ok := f.Properties["aliases"].([]any); ok {
		for _, alias := range list {
			if s, ok := alias.(string); ok {
				in.Aliases = append(in.Aliases, s)
			}
		}
	}
	in.ExternalID = in.Code
	if in.ExternalID == "" {
		sum := sha256.Sum256([]byte(string(in.Level) + "\n" + in.ParentCode + "\n" + in.Name))
		in.ExternalID = hex.EncodeToString(sum[:8])
	}
	switch {
	case in.Name == "":
		return in, dispatch.Refuse(dispatch.CodeRequired, "name")
	case in.Level.Depth() < 0:
		return in, dispatch.Refuse(dispatch.CodeInvalid, "level")
	}
	return in, nil
}
