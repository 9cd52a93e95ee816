package httpapi

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb/geojson"

	"yiping/geo"
	"yiping/server/dispatch"
)

type areasInput struct {
	Grids bool `query:"grids" doc:"Grids too."`
}

type areasView struct {
	Areas []dispatch.Area `json:"areas" nullable:"false"`
}

// CommandInput is what every command brings.
type CommandInput struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"Required. The same key with the same request has one effect."`
}

// rawGeometry is a GeoJSON geometry, read by orb.
type rawGeometry struct{ json.RawMessage }

// Schema tells the document that it is an object.
func (rawGeometry) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Description: "A GeoJSON Polygon or MultiPolygon in the datum given.", AdditionalProperties: true}
}

type setAreaInput struct {
	CommandInput
	Body struct {
		ParentID   int64        `json:"parent_id,omitempty"`
		ParentCode string       `json:"parent_code,omitempty" maxLength:"32"`
		Level      string       `json:"level" enum:"district,street,community,grid"`
		Code       string       `json:"code,omitempty" maxLength:"32"`
		Name       string       `json:"name" minLength:"1" maxLength:"100"`
		Aliases    []string     `json:"aliases,omitempty" maxItems:"20"`
		Boundary   *rawGeometry `json:"boundary,omitempty"`
		Minimum    *int         `json:"minimum_strength,omitempty" minimum:"0" maximum:"1000" doc:"How many on duty it keeps back; 0 for no such number, missing leaves it."`
		Datum      string       `json:"datum,omitempty" enum:"wgs84,cgcs2000,gcj02,bd09" default:"wgs84"`
		Source     string       `json:"source,omitempty" maxLength:"64" default:"local"`
		ExternalID string       `json:"external_id" minLength:"1" maxLength:"128" doc:"With the source it tells a repeat from something new."`
	}
}

func (a *api) areas() {
	operation(a, "GET", "/api/v1/areas", "list-areas", "The area tree", sees(dispatch.FieldArea), 200,
		func(ctx context.Context, in *areasInput) (*body[areasView], error) {
			all, err := a.Reader.Areas(ctx)
			if err != nil {
				return nil, err
			}
			list := make([]dispatch.Area, 0, len(all))
			for _, area := range all {
				if in.Grids || area.Level != dispatch.LevelGrid {
					list = append(list, area)
				}
			}
			return answer(areasView{list}, nil)
		})
	operation(a, "POST", "/api/v1/areas", "set-area", "Make or replace an area", Access(dispatch.ActionAdminister), 200, a.setArea)
}

func (a *api) setArea(ctx context.Context, in *setAreaInput) (*body[dispatch.Area], error) {
	datum, err := geo.ParseDatum(in.Body.Datum)
	if err != nil {
		return nil, &dispatch.Error{Code: dispatch.CodeInvalid, Field: "datum", Err: err}
	}
	area := dispatch.AreaInput{ParentID: in.Body.ParentID, ParentCode: in.Body.ParentCode, Level: dispatch.Level(in.Body.Level), Code: in.Body.Code,
		Name: in.Body.Name, Aliases: in.Body.Aliases, Datum: datum, Source: in.Body.Source, ExternalID: in.Body.ExternalID, MinimumStrength: in.Body.Minimum}
	if in.Body.Boundary != nil {
		g, err := geojson.UnmarshalGeometry(in.Body.Boundary.RawMessage)
		if err != nil {
			return nil, &dispatch.Error{Code: dispatch.CodeBadCoordinates, Field: "boundary", Err: err}
		}
		area.Boundary = g.Geometry()
	}
	out, err := a.Service.SetArea(ctx, a.command(ctx, in.Key, "area.set", in.Body), area)
	if err != nil {
		return nil, err
	}
	return answer(a.Reader.Area(ctx, out.ID))
}

// command gives the domain's command for a request.
func (a *api) command(ctx context.Context, key, name string, payload any) dispatch.Command {
	raw, err := json.Marshal(payload)
	if err != nil { // payloads are decoded JSON: cannot be
		raw = []byte(name)
	}
	return dispatch.Command{Actor: actorOf(ctx), Key: key, Name: name, Payload: raw}
}
