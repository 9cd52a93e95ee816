package importer

import (
	"encoding/json"
	"slices"
	"strings"

	"yiping/server/sheet"
)

// widths of columns in characters, where the usual one does not do.
var widths = map[string]int{"name": 28, "address": 32, "aliases": 20, "external_id": 24, "boundary": 20, "affiliations": 20, "skills": 24, "party_organisation": 28, "area": 22,
	"starts_at": 18, "ends_at": 18}

// TableColumns gives the columns of a noun's table as it is written out: those
// of its template, with the keys of attributes given.
func TableColumns(language string, n *Noun, attributes []string) ([]sheet.Column, []string) {
	var columns []sheet.Column
	var fields []string
	put := func(c Column, field string) {
		out := sheet.Column{Title: Title(language, n, field), Width: widths[field], Note: Note(language, c),
			Number: c.Kind == Integer || c.Kind == Number || c.Kind == Degrees}
		if c.Kind == Choice || c.Kind == Choices {
			for _, v := range ChoiceValues(c.Choices) {
				out.Choices = append(out.Choices, ChoiceTitle(language, c.Choices, v))
			}
		}
		columns, fields = append(columns, out), append(fields, field)
	}
	for _, c := range n.Columns {
		switch {
		case c.Hidden:
		case c.Kind == Attributes:
			for _, key := range attributes {
				put(Column{Kind: Text}, "attributes."+key)
			}
		default:
			put(c, c.Field)
		}
	}
	return columns, fields
}

// Note says to people how a column is filled in.
func Note(language string, c Column) string {
	var parts []string
	say := func(key string) { parts = append(parts, word(language, "note."+key)) }
	if c.Required {
		say("required")
	}
	if c.Kind == Choice || c.Kind == Choices {
		var names []string
		for _, v := range ChoiceValues(c.Choices) {
			names = append(names, ChoiceTitle(language, c.Choices, v))
		}
		parts = append(parts, strings.ReplaceAll(word(language, "note.choices"), "{list}", strings.Join(names, word(language, "comma"))))
	}
	switch {
	case c.Kind == Choices || c.Kind == List:
		say("several")
	case c.Kind == Degrees:
		say("degrees")
	case c.Kind == Moment:
		say("moment")
	case c.Kind == Phone:
		say("phone")
	case c.Kind == Shape:
		say("shape")
	case c.Of == "area":
		say("area")
	case c.Field == "external_id":
		say("id")
	}
	return strings.Join(parts, " ")
}

// TemplateAttributes are the attributes that a template offers.
func TemplateAttributes(n *Noun) []string {
	switch n.Name {
	case "facilities":
		return []string{"capacity", "hours", "contact", "phone", "placement"}
	case "devices":
		return []string{"model", "serial"}
	}
	return nil
}

// AttributeTitles gives the words for the attributes that are known.
func AttributeTitles(language string) map[string]string {
	titles := map[string]string{}
	for key := range attributeNames {
		titles[key] = word(language, "attribute."+key)
	}
	return titles
}

// Shown gives the texts of a row as people read and write them. values are by
// the noun's columns that are not hidden, attributes as a JSON object.
func Shown(language string, n *Noun, fields []string, values map[string]string) []string {
	var attributes map[string]string
	out := make([]string, len(fields))
	for i, field := range fields {
		if key, ok := strings.CutPrefix(field, "attributes."); ok {
			if attributes == nil {
				attributes = map[string]string{}
				_ = json.Unmarshal([]byte(values["attributes"]), &attributes) // as the store wrote it
			}
			out[i] = attributes[key]
			continue
		}
		c, _ := n.Column(field)
		out[i] = ShownValue(language, c, values[field])
	}
	return out
}

// Written gives the texts of a row as programs read and write them: the values
// of lists, not the words for them.
func Written(fields []string, values map[string]string) []string {
	var attributes map[string]string
	out := make([]string, len(fields))
	for i, field := range fields {
		key, ok := strings.CutPrefix(field, "attributes.")
		if !ok {
			out[i] = values[field]
			continue
		}
		if attributes == nil {
			attributes = map[string]string{}
			_ = json.Unmarshal([]byte(values["attributes"]), &attributes) // as the store wrote it
		}
		out[i] = attributes[key]
	}
	return out
}

// ShownValue gives the word for a value that is chosen from a list, any other
// as it is.
func ShownValue(language string, c Column, value string) string {
	switch c.Kind {
	case Choice:
		if title := ChoiceTitle(language, c.Choices, value); title != "" {
			return title
		}
	case Choices:
		parts := splitList(value)
		for i, p := range parts {
			if title := ChoiceTitle(language, c.Choices, p); title != "" {
				parts[i] = title
			}
		}
		return strings.Join(parts, "、")
	}
	return value
}

// Report writes problems as a table.
type Report struct {
	language string
	noun     *Noun
	w        sheet.Writer
}

// ReportColumns are the columns of the table of an import's problems.
func ReportColumns(language string) []sheet.Column {
	return []sheet.Column{{Title: word(language, "table.line"), Width: 8, Number: true}, {Title: word(language, "table.severity"), Width: 10},
		{Title: word(language, "table.field"), Width: 16}, {Title: word(language, "table.value"), Width: 30}, {Title: word(language, "table.reason"), Width: 60}}
}

// NewReport writes the problems of an import to a table.
func NewReport(language string, n *Noun, w sheet.Writer) *Report { return &Report{language, n, w} }

// Add writes problems.
func (r *Report) Add(problems []RowProblem) error {
	for _, p := range problems {
		severity := word(r.language, "table.refused")
		if p.Warning {
			severity = word(r.language, "table.warning")
		}
		if err := r.w.Write([]string{itoa(p.Line), severity, Title(r.language, r.noun, p.Field), p.Value, p.Say(r.language)}); err != nil {
			return err
		}
	}
	return nil
}

// Close completes the table.
func (r *Report) Close() error { return r.w.Close() }

// In gives the result with its problems in words.
func (r Result) In(language string) Result {
	for _, list := range []*[]RowProblem{&r.Problems, &r.Notes} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i].Message = (*list)[i].Say(language)
		}
	}
	return r
}
