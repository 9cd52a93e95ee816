package main

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"yiping/server/httpapi"
)

// feedDocument is the document of the live feed and its schema of what a frame is,
// which here allows nothing that the document does not name.
var feedDocument = sync.OnceValues(func() (object, *jsonschema.Schema) {
	raw, err := httpapi.AsyncAPI(version)
	if err != nil {
		panic(err)
	}
	var document object
	if err := json.Unmarshal(raw, &document); err != nil {
		panic(err)
	}
	for _, s := range document["components"].(object)["schemas"].(object) {
		sealed(s.(object))
	}
	return document, schemaOf(document, "/components/schemas/Frame")
})

// sealed refuses members that a schema does not name.
func sealed(schema object) {
	properties, ok := schema["properties"].(object)
	if _, open := schema["additionalProperties"]; ok && !open {
		schema["additionalProperties"] = false
	}
	for _, p := range properties {
		sealed(p.(object))
	}
}

func schemaOf(document object, at string) *jsonschema.Schema {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("asyncapi.json", document); err != nil {
		panic(err)
	}
	return c.MustCompile("asyncapi.json#" + at)
}

// conforms holds a frame of a real socket against the document.
func (r *running) conforms(frame object) {
	r.t.Helper()
	if _, schema := feedDocument(); schema.Validate(frame) != nil {
		r.t.Errorf("not as the document says: %v\n%v", schema.Validate(frame), frame)
	}
}

// TestTheFeedsDocumentIsUpToDate: the pages' types are made from it.
func TestTheFeedsDocumentIsUpToDate(t *testing.T) {
	document, err := httpapi.AsyncAPI(version)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../web/asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(kept), bytes.TrimSpace(document)) {
		t.Fatal("web/asyncapi.json is old: yiping asyncapi > web/asyncapi.json, then npm run types")
	}
}

// TestTheFeedsDocumentHolds: every example is as its schema says, and the schemas
// refuse what is not.
func TestTheFeedsDocumentHolds(t *testing.T) {
	document, frame := feedDocument()
	seen := 0
	for name, m := range document["components"].(object)["messages"].(object) {
		schema := schemaOf(document, "/components/messages/"+name+"/payload")
		for _, e := range m.(object)["examples"].([]any) {
			seen++
			if err := schema.Validate(e.(object)["payload"]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d examples", seen)
	}
	for _, wrong := range []object{{}, {"type": "weather"}, {"type": "positions", "p": []any{[]any{1.0, 2.0}}}, {"type": "positions", "p": []any{}, "more": 1.0},
		{"type": "heartbeat", "offset": 1.0, "server_time": "noon", "layers": object{}}, {"type": "resumed", "epoch": "e", "server_time": "2026-11-23T08:00:00Z"}} {
		if frame.Validate(wrong) == nil {
			t.Errorf("%v passes for a frame", wrong)
		}
	}
}
