package importer

import (
	"errors"
	"strings"

	"yiping/server/sheet"
)

// RowProblem says what is wrong with a row, or doubtful about it.
type RowProblem struct {
	Line    int               `json:"line,omitempty"`
	Field   string            `json:"field,omitempty"`
	Code    string            `json:"code"`
	Value   string            `json:"value,omitempty" doc:"The cell as it stands."`
	Values  map[string]string `json:"values,omitempty"`
	Warning bool              `json:"warning"`
	Message string            `json:"message,omitempty" doc:"In the language asked for."`
}

// Say gives the reason in a language.
func (p RowProblem) Say(language string) string {
	text := word(language, "problem."+p.Code)
	if text == "" {
		text = p.Code
	}
	return filled(text, language, p.Values)
}

// filled puts values into a message; a value that is itself a key of the
// files, marked by @, is put in its words.
func filled(text, language string, values map[string]string) string {
	for k, v := range values {
		if key, marked := strings.CutPrefix(v, "@"); marked {
			if known := word(language, key); known != "" {
				v = known
			}
		}
		text = strings.ReplaceAll(text, "{"+k+"}", v)
	}
	return text
}

// FileError says why a file cannot be imported at all.
type FileError struct {
	Code    string
	Values  map[string]string
	Fields  []string     // fields whose columns are missing
	Columns []Recognised // what the file has
	Noun    *Noun
}

// Error gives the reason in English, for the log.
func (e *FileError) Error() string { return e.Say("en") }

// Say gives the reason in a language.
func (e *FileError) Say(language string) string {
	values := map[string]string{}
	for k, v := range e.Values {
		values[k] = v
	}
	if e.Noun != nil {
		var missing, required, seen []string
		for _, f := range e.Fields {
			missing = append(missing, Title(language, e.Noun, f))
		}
		for _, c := range e.Noun.Columns {
			if c.Required {
				required = append(required, Title(language, e.Noun, c.Field))
			}
		}
		for _, c := range e.Columns {
			if c.Title != "" && len(seen) < 12 {
				seen = append(seen, c.Title)
			}
		}
		comma := word(language, "comma")
		values["missing"], values["required"], values["seen"] = strings.Join(missing, comma), strings.Join(required, comma), strings.Join(seen, comma)
	}
	return filled(word(language, "file."+e.Code), language, values)
}

// fileCodes are the messages for what a file turns out to be.
var fileCodes = map[error]string{sheet.ErrEmpty: "empty", sheet.ErrBinary: "binary", sheet.ErrOldExcel: "old_excel", sheet.ErrWebPage: "web_page", sheet.ErrLongRow: "long_row", sheet.ErrBroken: "broken",
	sheet.ErrTooLarge: "unpacked_too_large", sheet.ErrNoGeoJSON: "no_geojson", sheet.ErrQuote: "open_quote", sheet.ErrNoSheet: "no_sheet"}

// AsFileError gives an error of reading a file as one that can be said to
// people, nil for any other error.
func AsFileError(err error) *FileError {
	var own *FileError
	if errors.As(err, &own) {
		return own
	}
	for known, code := range fileCodes {
		if errors.Is(err, known) {
			e := &FileError{Code: code}
			var at *sheet.LineError
			if errors.As(err, &at) {
				e.Code, e.Values = code+"_at", map[string]string{"line": itoa(at.Line)}
			}
			return e
		}
	}
	return nil
}
