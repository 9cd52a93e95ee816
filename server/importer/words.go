package importer

import (
	"embed"
	"encoding/json"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Languages are those of the message files, the first being the default.
var Languages = []string{"zh", "en"}

//go:embed messages/*.json
var messageFiles embed.FS

var messages = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, language := range Languages {
		raw, err := messageFiles.ReadFile("messages/" + language + ".json")
		if err != nil {
			panic(err) // embedded: a fault of the build
		}
		all[language] = map[string]string{}
		if err := json.Unmarshal(raw, ptr(all[language])); err != nil {
			panic(err)
		}
	}
	return all
})

func ptr[T any](v T) *T { return &v }

// word gives a message of the files, "" where there is none.
func word(language, key string) string {
	if all, ok := messages()[language]; ok {
		return all[key]
	}
	return messages()[Languages[0]][key]
}

// NounTitle gives a noun's name for people.
func NounTitle(language string, n *Noun) string { return word(language, "noun."+n.Name) }

// Title gives a column's title: that of the noun, else the common one.
func Title(language string, n *Noun, field string) string {
	if key, ok := strings.CutPrefix(field, "attributes."); ok {
		if title := word(language, "attribute."+key); title != "" {
			return title
		}
		return key
	}
	if title := word(language, "field."+n.Name+"."+field); title != "" {
		return title
	}
	return word(language, "field."+field)
}

// plain gives a text as it is compared: one width, one case, no spaces, no
// marks of a required column, no brackets around a unit.
func plain(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(norm.NFKC.String(text)) {
		if unicode.IsSpace(r) || strings.ContainsRune("*:_-\u200b\ufeff\"'", r) {
			continue
		}
		b.WriteRune(r)
	}
	out := b.String()
	for _, mark := range []string{"(必填)", "(选填)", "(可选)", "(required)", "(optional)"} {
		out = strings.TrimSuffix(out, mark)
	}
	return out
}
