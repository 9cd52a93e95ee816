package postgres

import (
	"strings"

	"yiping/server/importer"
)

// register describes to SQL what importer.Noun describes to people: in which
// table a noun's rows are, and for each field its column, how a staged value
// becomes the column's, and how it is shown. All of it is constants.
type register struct {
	noun       *importer.Noun
	table      string
	areaColumn string // parent_id of areas
	point      string // column of the point, "" for none
	cell       string
	kind       string // column that place_name shows as its kind, "" for none
	named      bool   // its rows are found by name
	fields     []registerField
}

// registerField is a field of a register. Expressions speak of t, the row as it
// is (all null for a new one), s, the staged row, and v, what is to be written.
type registerField struct {
	name   string // the importer's
	column string // "" for what is kept in a table of its own
	staged string // type of the staged column
	value  string // expression of the new value
	now    string // expression of the present value, where it is no column
	shown  string // expression of the text in lists and exports

	otherwise string // literal for new rows of a file that does not have the field
}

// text is a column of text that is empty, not null, where nothing is said.
func text(name string) registerField {
	return registerField{name, name, "text", "coalesce(s." + name + ", '')", "", "t." + name, ""}
}

// coded is a column of text that keeps its default where nothing is said.
func coded(name, otherwise string) registerField {
	return registerField{name, name, "text", "coalesce(s." + name + ", '" + otherwise + "')", "", "t." + name, "'" + otherwise + "'"}
}

func number(name, typ string) registerField {
	return registerField{name, name, typ, "s." + name, "", "t." + name + "::text", ""}
}

// measured is a number that keeps a default.
func measured(name, otherwise string) registerField {
	return registerField{name, name, "float8", "coalesce(s." + name + ", " + otherwise + ")::real", "", "t." + name + "::text", ""}
}

// reference is a column that refers to a row of another table, shown by its name
// where that says enough, else by its id.
func reference(name, column, table string) registerField {
	return registerField{name, column, "bigint", "s." + name, "", `(select case when exists (select 1 from ` + table + ` y where y.name = x.name and y.id <> x.id and y.retired_at is null)
		then x.external_id else x.name end from ` + table + ` x where x.id = t.` + column + `)`, ""}
}

func areaReference(name, column string) registerField {
	return registerField{name, column, "bigint", "s." + name, "", areaShown("t." + column), ""}
}

// areaShown shows an area by its name where there is one of it, else with the
// name of what is above.
func areaShown(id string) string {
	return `(select case when exists (select 1 from area y where y.id <> x.id and y.retired_at is null and (y.name = x.name or x.name = any(y.aliases)))
		then coalesce((select p.name || '/' from area p where p.id = x.parent_id), '') || x.name else x.name end from area x where x.id = ` + id + `)`
}

const maskedCell = "\x01" // a staged cell that an export had masked

var (
	fieldAliases  = registerField{"aliases", "aliases", "text[]", "coalesce(s.aliases, '{}')", "", "array_to_string(t.aliases, '、')", ""}
	fieldBoundary = registerField{"boundary", "boundary", "bytea", "coalesce(st_multi((select case when st_isvalid(g) then g else st_collectionextract(st_makevalid(g), 3) end from (select st_geomfromwkb(s.boundary, 4326) as g) q)), t.boundary)", "", "st_astext(t.boundary, 7)", ""}
	fieldWhole    = reference("compound", "compound_id", "compound")
	fieldOwner    = reference("owner_unit", "owner_unit_id", "unit")
	fieldDetails  = registerField{"attributes", "attributes", "jsonb",
		`coalesce((select jsonb_object_agg(e.key, e.value) from jsonb_each_text(coalesce(t.attributes, '{}') || coalesce(s.attributes, '{}')) e where e.value <> ''), '{}')`, "", "t.attributes::text", ""}
)

// registers are the tables that hold registers; the roster, which is duties, is
// apart (see roster_import.go).
var registers = map[string]*register{
	"areas": {table: "area", areaColumn: "parent_id", point: "center", kind: "level", named: true, fields: []registerField{
		coded("level", "community"),
		{"code", "code", "text", "coalesce(s.code, '')", "", "t.code", ""}, text("name"),
		{"parent_code", "", "text", "", "", "(select coalesce(nullif(p.code, ''), p.name) from area p where p.id = t.parent_id)", ""},
		number("minimum_strength", "integer"), fieldAliases, fieldBoundary,
		{"cells", "cells", "bigint[]", "coalesce(s.cells, t.cells, '{}')", "", "", ""},
	}},
	"units": {table: "unit", areaColumn: "area_id", point: "point", cell: "cell", kind: "kind", named: true, fields: []registerField{
		text("name"), coded("kind", "other"), openPhoneField("duty_phone"),
	}},
	"compounds": {table: "compound", areaColumn: "area_id", point: "point", cell: "cell", named: true, fields: []registerField{
		text("name"), fieldAliases, text("address"), reference("property_unit", "property_unit_id", "unit"), fieldBoundary,
	}},
	"buildings": {table: "building", areaColumn: "area_id", point: "point", cell: "cell", kind: "kind", named: true, fields: []registerField{
		text("name"), fieldWhole, text("address"), coded("kind", "residential"), number("floors", "integer"), number("entrances", "integer"), number("households", "integer"), fieldBoundary,
	}},
	"facilities": {table: "facility", areaColumn: "area_id", point: "point", cell: "cell", kind: "kind", named: true, fields: []registerField{
		coded("kind", "other"), text("name"), text("address"), fieldWhole, fieldDetails,
	}},
	"cameras": {table: "camera", areaColumn: "area_id", point: "point", cell: "cell", kind: "place_category", named: true, fields: []registerField{
		text("name"), coded("place_category", "other"), text("filing_number"), fieldOwner,
		measured("bearing_degrees", "0"), measured("view_degrees", "90"), measured("range_meters", "50"), fieldWhole,
	}},
	"sites": {table: "site", areaColumn: "area_id", point: "point", cell: "cell", fields: []registerField{
		text("name"), coded("place_category", "main_road"),
		{"camera", "camera_id", "bigint", "s.camera", "", "(select x.external_id from camera x where x.id = t.camera_id)", ""}, fieldWhole,
	}},
	"devices": {table: "device", areaColumn: "area_id", point: "point", cell: "cell", kind: "kind", named: true, fields: []registerField{
		coded("kind", "other"), text("name"), text("address"), fieldOwner, fieldWhole, fieldDetails,
	}},
	"responders": {table: "responder", areaColumn: "area_id", point: "post", cell: "post_cell", fields: []registerField{
		text("name"), sealedPhone, sealedPhoneDigest,
		children("affiliations", "affiliation"), children("skills", "skill"),
		{"adult", "adult", "text", "coalesce(s.adult = 'yes', false)", "", "case when t.adult then 'yes' else 'no' end", "false"},
		{"insured_until", "insured_until", "timestamptz", "(s.insured_until at time zone 'Asia/Shanghai')::date", "", "t.insured_until::text", ""},
		coded("vehicle", "foot"), areaReference("home_area", "home_area_id"),
		{"party_organisation", "party_organisation_id", "text", "(select o.id from party_organisation o where o.name = s.party_organisation order by o.id limit 1)", "",
			"(select o.name from party_organisation o where o.id = t.party_organisation_id)", ""},
	}},
	"type_codes": {table: "type_code_map", areaColumn: "area_id", fields: []registerField{
		text("name"), text("parent_code"), {"type_code", "type_code", "text", "coalesce(" + typeMeant + ", t.type_code)", "", "t.type_code", ""},
	}},
	// Only to be read: the duties themselves are written by roster_import.go.
	"roster": {table: "duty_register", areaColumn: "area_id", fields: []registerField{
		{name: "responder", shown: `(select case when exists (select 1 from responder y where y.name = x.name and y.id <> x.id and y.retired_at is null) then x.external_id else x.name end from responder x where x.id = t.responder_id)`},
		{name: "kind", column: "kind", shown: "t.kind"},
		{name: "starts_at", shown: "to_char(lower(t.period) at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')"},
		{name: "ends_at", shown: "to_char(upper(t.period) at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')"},
	}},
}

// sameNumber says that the number of a staged row is the one that is there, or
// that it was masked: it stays as it is. The staged digests are those under
// every key, none where it was masked.
const sameNumber = "s.phone_digest = '{}' or t.phone_digest = any(s.phone_digest)"

// A person's telephone number is sealed, and compared by its digest.
var (
	sealedPhone       = registerField{"phone", "phone", "bytea", "case when " + sameNumber + " then t.phone else s.phone end", "", "t.phone", ""}
	sealedPhoneDigest = registerField{"phone_digest", "phone_digest", "bytea[]", "case when " + sameNumber + " then t.phone_digest else s.phone_digest[1] end", "", "", ""}
)

// openPhoneField is the telephone number of an organisation, which is not
// sealed; one that was masked stays as it is.
func openPhoneField(name string) registerField {
	return registerField{name, name, "text", "case when s." + name + " = E'\\x01' then coalesce(t." + name + ", '') else coalesce(s." + name + ", '') end", "", "t." + name, ""}
}

// children is a list of a person's, kept in a table of its own.
func children(name, column string) registerField {
	now := "array(select x." + column + " from responder_" + column + " x where x.responder_id = t.id order by 1)"
	return registerField{name, "", "text[]", "coalesce((select array_agg(e order by e) from unnest(s." + name + ") e), '{}')", now, "array_to_string(" + now + ", '、')", ""}
}

func init() {
	for name, r := range registers {
		r.noun, _ = importer.ByName(name)
	}
}

func (r *register) field(name string) (registerField, bool) {
	for _, f := range r.fields {
		if f.name == name {
			return f, true
		}
	}
	return registerField{}, false
}

// planned gives the fields that a plan brings.
func (r *register) planned(p *importer.Plan) []registerField {
	var out []registerField
	for _, name := range p.Fields {
		if f, ok := r.field(name); ok {
			out = append(out, f)
		}
	}
	for name, with := range map[string]string{"cells": "boundary", "phone_digest": "phone"} { // which no file has
		if f, ok := r.field(name); ok && p.Field(with) >= 0 {
			out = append(out, f)
		}
	}
	return out
}

func list(parts []string) string { return strings.Join(parts, ", ") }
