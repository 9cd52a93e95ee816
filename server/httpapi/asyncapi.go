package httpapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yiping/server/dispatch"
	"yiping/server/live"
)

// node is a part of the document.
type node = map[string]any

func ref(to string) node { return node{"$ref": "#/" + to} }

// AsyncAPI gives the document of the live feed, made from the types that it is
// written with and read into.
func AsyncAPI(version string) ([]byte, error) {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	frames := frameKinds(schemas)
	says := remarks(schemas)
	own := schemas.Map()
	for _, s := range own {
		settle(s)
	}
	all := node{"Frames": node{"type": "array", "description": "Frames in the order in which they are to be taken in.", "items": ref("components/schemas/Frame")},
		"Frame": node{"oneOf": frames.refs, "discriminator": "type"}}
	for name, s := range own {
		all[name] = s
	}
	messages := node{"frames": node{"title": "Frames of the feed", "contentType": "application/json", "payload": ref("components/schemas/Frames"), "examples": frames.examples,
		"summary": "One message holds what waited: one frame or many. A client passes over frames and members that it does not know."}}
	hears, tells := node{}, []node{}
	for name, m := range says {
		messages[name] = m
		hears[name] = ref("components/messages/" + name)
	}
	for _, name := range slices.Sorted(maps.Keys(says)) {
		tells = append(tells, ref("channels/live/messages/"+name))
	}
	hears["frames"] = ref("components/messages/frames")
	document := node{
		"asyncapi": "3.0.0",
		"info": node{"title": "Yiping 一屏: the live feed", "version": version,
			"description": "What changes, as it changes. The client opens the socket with its session, says what it wants, and is sent a snapshot and then changes; with the epoch and offset of what it has it goes on there, " +
				"on whichever node, without a gap or a duplicate. It hears a heartbeat each two seconds; who hears nothing for four comes back. Times are RFC 3339; coordinates WGS-84, longitude first."},
		"defaultContentType": "application/json",
		"servers": node{"node": node{"host": "{host}", "pathname": "/api/v1", "protocol": "wss", "variables": node{"host": node{"default": "localhost:8080"}},
			"security": []node{ref("components/securitySchemes/session"), ref("components/securitySchemes/token")}}},
		"channels": node{"live": node{"address": "/live", "title": "The live feed",
			"description": "x-close-codes says for each close code what a client does next: come again with its offset, sign_in first, or reload itself. Before it comes again it waits a random part of after_ms, doubled with each attempt in vain.",
			"messages":    hears, "bindings": node{"ws": node{"method": "GET"}},
			"x-protocols": spoken, "x-close-codes": closings}},
		"operations": node{
			"send":    node{"action": "send", "channel": ref("channels/live"), "summary": "What the server tells.", "messages": []node{ref("channels/live/messages/frames")}},
			"receive": node{"action": "receive", "channel": ref("channels/live"), "summary": "What a client says: subscribe first, once, then what it likes.", "messages": tells},
		},
		"components": node{"schemas": all, "messages": messages, "securitySchemes": node{
			"session": node{"type": "httpApiKey", "in": "cookie", "name": CookieName, "description": "Over TLS " + SecureCookieName + "."},
			"token":   node{"type": "http", "scheme": "bearer"},
		}},
	}
	return json.MarshalIndent(document, "", " ")
}

type framesOfDocument struct {
	refs     []node
	examples []node
}

// frameKinds puts the frames' types into the registry.
func frameKinds(schemas huma.Registry) (out framesOfDocument) {
	for _, k := range append(live.FrameKinds(), live.FrameKind{Name: "kept", Says: "Answers positions of the own phone: what it says is kept is committed.",
		Example: keptFrame{Type: "kept", ID: 17, Accepted: 1, Refused: []refusedPositionView{}}}) {
		out.examples = append(out.examples, node{"name": k.Name, "summary": k.Says, "payload": []any{k.Example}})
		s := typed(schemas, reflect.TypeOf(k.Example), k.Name)
		if r := (node{"$ref": s.Ref}); !slices.ContainsFunc(out.refs, func(n node) bool { return n["$ref"] == r["$ref"] }) {
			out.refs = append(out.refs, r)
			schemas.SchemaFromRef(s.Ref).Description = k.Says
		}
	}
	return out
}

// remarks gives what a client may say, by type.
func remarks(schemas huma.Registry) node {
	view := &[4]float64{122.58, 38.18, 122.63, 38.22}
	incident := int64(812)
	out := node{}
	for _, m := range []struct {
		name, says string
		examples   []any
	}{
		{"subscribe", "The first message of a client.", []any{
			hello{Type: "subscribe", Protocol: 1, Layers: []string{"incidents", "responders"}, Area: 4, Filter: &filter{States: []string{"reported", "verified"}, Priorities: []string{"critical", "urgent"}}, View: view},
			hello{Type: "subscribe", Protocol: 1, Since: &offsetSince{"5b0e", 90411}}}},
		{"view", "Another part of the map is looked at: its people follow.", []any{looking{Type: "view", View: view}}},
		{"watching", "An incident is open on the page, or none any more.", []any{watching{Type: "watching", Incident: &incident}, watching{Type: "watching"}}},
		{"positions", "Where the own phone was, on duty or on a task only. The answer is a frame, kept.", []any{
			moving{Type: "positions", ID: 17, Positions: []dispatch.Position{{Lon: 122.60112, Lat: 38.20031, At: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}}}}},
	} {
		s := typed(schemas, reflect.TypeOf(m.examples[0]), m.name)
		var examples []node
		for _, e := range m.examples {
			examples = append(examples, node{"payload": e})
		}
		out[m.name] = node{"summary": m.says, "payload": node{"$ref": s.Ref}, "examples": examples}
	}
	return out
}

// typed gives the schema of a message whose member type has one value.
func typed(schemas huma.Registry, t reflect.Type, name string) *huma.Schema {
	s := schemas.Schema(t, true, strings.ToUpper(name[:1])+name[1:])
	schemas.SchemaFromRef(s.Ref).Properties["type"].Enum = []any{name}
	return s
}

// settle allows members that are not known, and takes an array of a fixed length
// for one that is there.
func settle(s *huma.Schema) {
	if s == nil {
		return
	}
	if closed, ok := s.AdditionalProperties.(bool); ok && !closed {
		s.AdditionalProperties = nil
	}
	if s.MinItems != nil && s.MaxItems != nil && *s.MinItems == *s.MaxItems {
		s.Nullable = false
	}
	settle(s.Items)
	for _, p := range s.Properties {
		settle(p)
	}
}

// feedDocument serves the document of the live feed.
func (a *api) feedDocument() {
	document := sync.OnceValues(func() ([]byte, error) { return AsyncAPI(a.Version) })
	a.raw("GET", "/asyncapi.json", Public, func(w http.ResponseWriter, r *http.Request) {
		raw, err := document()
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.aai.asyncapi+json;version=3.0.0")
		_, _ = w.Write(raw)
	})
}
