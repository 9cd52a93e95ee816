package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"yiping/server/dispatch"
)

// Line of a mapping: who has a value in a claim has a role in an area.
type Line struct {
	Claim string        `json:"claim"` // by its name, or by names with dots between for one inside others
	Value string        `json:"value"` // of the claim, or one of its list
	Role  dispatch.Role `json:"role"`
	Area  string        `json:"area"` // an area's code, "" for the whole district
}

// mostMapping bounds the lines of a mapping.
const mostMapping = 1000

// ReadMapping reads a JSON list of lines, and refuses what could give nothing to
// anybody, or something to everybody.
func ReadMapping(content []byte) ([]Line, error) {
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	var lines []Line
	if err := d.Decode(&lines); err != nil {
		return nil, fmt.Errorf("is no JSON list of {claim, value, role, area}: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("goes on after its list")
	}
	if len(lines) == 0 || len(lines) > mostMapping {
		return nil, fmt.Errorf("must have 1 to %d lines", mostMapping)
	}
	for n, l := range lines {
		switch {
		case l.Claim == "" || l.Value == "":
			return nil, fmt.Errorf("line %d names no claim or no value", n+1)
		case !slices.Contains(dispatch.Roles, l.Role):
			return nil, fmt.Errorf("line %d: there is no role %q", n+1, l.Role)
		case l.Role == dispatch.RoleResponder || l.Role == dispatch.RoleIntegration:
			return nil, fmt.Errorf("line %d: a provider gives nobody the role %s, which belongs to an enrolled phone or another system", n+1, l.Role)
		case l.Role.Administrator() && l.Area != "":
			return nil, fmt.Errorf("line %d: %s is for the whole district: leave area empty", n+1, l.Role)
		}
	}
	return lines, nil
}

// grants gives what a mapping says of somebody's claims.
func grants(mapping []Line, claims map[string]any) []dispatch.VouchedGrant {
	var list []dispatch.VouchedGrant
	for _, l := range mapping {
		g := dispatch.VouchedGrant{Role: l.Role, AreaCode: l.Area}
		if has(claim(claims, l.Claim), l.Value) && !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

// claim finds a claim by its whole name (they may be addresses, with dots), else
// step by step.
func claim(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	first, rest, more := strings.Cut(name, ".")
	inner, ok := claims[first].(map[string]any)
	if !more || !ok {
		return nil
	}
	return claim(inner, rest)
}

// has says whether a claim is a value, or a list with it.
func has(claim any, value string) bool {
	switch c := claim.(type) {
	case string:
		return c == value
	case bool, float64:
		return fmt.Sprint(c) == value
	case []any:
		return slices.ContainsFunc(c, func(one any) bool { return has(one, value) })
	}
	return false
}
