package httpapi

import (
	"strconv"
	"strings"

	"yiping/server/dispatch"
)

type boxInput struct {
	BBox  string `query:"bbox" required:"true" maxLength:"120" doc:"West,south,east,north in degrees."`
	Kind  string `query:"kind" maxLength:"64"`
	Limit int    `query:"limit" default:"500" minimum:"1" maximum:"2000"`
}

// parseBox reads "west,south,east,north".
func parseBox(text string) (dispatch.Box, error) {
	parts := strings.Split(text, ",")
	var v [4]float64
	if len(parts) != 4 {
		return dispatch.Box{}, dispatch.Refuse(dispatch.CodeInvalid, "bbox")
	}
	for k, part := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || n != n || n < -180 || n > 180 {
			return dispatch.Box{}, dispatch.Refuse(dispatch.CodeInvalid, "bbox")
		}
		v[k] = n
	}
	b := dispatch.Box{West: v[0], South: v[1], East: v[2], North: v[3]}
	if b.West >= b.East || b.South >= b.North || b.South < -90 || b.North > 90 {
		return b, dispatch.Refuse(dispatch.CodeInvalid, "bbox")
	}
	return b, nil
}
