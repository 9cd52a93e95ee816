package httpapi

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2/validation"

	"yiping/server/dispatch"
)

// domainCodes reads the constants of type Code from the domain's source, so
// that a new one cannot be forgotten here.
func domainCodes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../dispatch/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, code)
		}
		return true
	})
	if len(codes) < 20 {
		t.Fatalf("only %d codes found", len(codes))
	}
	return codes
}

// TestEveryCodeHasTexts in both languages, with the same values named, and a status.
func TestEveryCodeHasTexts(t *testing.T) {
	for _, code := range append(domainCodes(t), string(codeTooLarge), string(codeCrossOrigin), string(codeNotSecure), string(codeMethodNotAllowed)) {
		for lang := range languages {
			if languages[lang].Codes[code] == "" {
				t.Errorf("%s has no text in %s", code, lang)
			}
		}
		if _, ok := statuses[dispatch.Code(code)]; !ok {
			t.Errorf("%s has no status", code)
		}
	}
	zh, en := languages["zh"].Codes, languages["en"].Codes
	names := func(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
	if !slices.Equal(names(zh), names(en)) {
		t.Errorf("the languages differ: %v, %v", names(zh), names(en))
	}
	value := regexp.MustCompile(`\{\w+\}`)
	chinese := regexp.MustCompile(`\p{Han}`)
	for code := range zh {
		if a, b := value.FindAllString(zh[code], -1), value.FindAllString(en[code], -1); !slices.Equal(a, b) {
			t.Errorf("%s names %v and %v", code, a, b)
		}
		if !chinese.MatchString(zh[code]) || chinese.MatchString(en[code]) {
			t.Errorf("%s: %q, %q", code, zh[code], en[code])
		}
	}
}

// TestStatesHaveNames: a refused step says the state in words.
func TestStatesHaveNames(t *testing.T) {
	e := &dispatch.Error{Code: dispatch.CodeIllegalTransition, Values: map[string]string{"state": string(dispatch.IncidentResolved)}}
	if p := refusal("zh", e); p.Detail != "当前状态为“处置完毕”，不能办理此步骤。" || p.Status != 409 {
		t.Errorf("got %+v", p)
	}
	if p := refusal("en", e); !strings.Contains(p.Detail, "“resolved”") {
		t.Errorf("got %+v", p)
	}
}

// TestEveryReasonIsTranslated: what the schema checker may say is said in Chinese.
func TestEveryReasonIsTranslated(t *testing.T) {
	said := []string{validation.MsgUnexpectedProperty, validation.MsgExpectedRFC3339DateTime, validation.MsgExpectedRFC1123DateTime,
		validation.MsgExpectedRFC3339Date, validation.MsgExpectedRFC3339Time, validation.MsgExpectedRFC5322Email, validation.MsgExpectedRFC5890Hostname,
		validation.MsgExpectedRFC2673IPv4, validation.MsgExpectedRFC2373IPv6, validation.MsgExpectedRFCIPAddr, validation.MsgExpectedRFC3986URI,
		validation.MsgExpectedRFC4122UUID, validation.MsgExpectedRFC6570URITemplate, validation.MsgExpectedRFC6901JSONPointer,
		validation.MsgExpectedRFC6901RelativeJSONPointer, validation.MsgExpectedRegexp, validation.MsgExpectedMatchAtLeastOneSchema,
		validation.MsgExpectedMatchExactlyOneSchema, validation.MsgExpectedNotMatchSchema, validation.MsgExpectedPropertyNameInObject,
		validation.MsgExpectedBoolean, validation.MsgExpectedDuration, validation.MsgExpectedNumber, validation.MsgExpectedInteger,
		validation.MsgExpectedString, validation.MsgExpectedBase64String, validation.MsgExpectedArray, validation.MsgExpectedObject,
		validation.MsgExpectedArrayItemsUnique, validation.MsgExpectedOneOf, validation.MsgExpectedMinimumNumber, validation.MsgExpectedExclusiveMinimumNumber,
		validation.MsgExpectedMaximumNumber, validation.MsgExpectedExclusiveMaximumNumber, validation.MsgExpectedNumberBeMultipleOf,
		validation.MsgExpectedMinLength, validation.MsgExpectedMaxLength, validation.MsgExpectedBePattern, validation.MsgExpectedMatchPattern,
		validation.MsgExpectedMinItems, validation.MsgExpectedMaxItems, validation.MsgExpectedMinProperties, validation.MsgExpectedMaxProperties,
		validation.MsgExpectedRequiredProperty, validation.MsgExpectedDependentRequiredProperty,
		"required query parameter is missing", "required path parameter is missing", "expected at most one value, but received multiple values",
		"invalid integer", "invalid float", "invalid floating value", "invalid boolean", "invalid date/time for format", "unparsable value",
		"request body is required", "request body is too large limit=1 bytes", "request body read timeout", "cannot read request body",
		"cannot read multipart form: EOF", "File required", "Multiple files received but only one was expected", "validation failed",
		"unknown content type", "unexpected end of JSON input", "invalid character 'x' looking for beginning of value", "unknown query parameter"}
	english := regexp.MustCompile(`[a-z]{4,}`)
	for _, text := range said {
		got := reason("zh", text)
		got = strings.NewReplacer("true", "", "false", "").Replace(got)
		if english.MatchString(got) || got == "" {
			t.Errorf("%q is said as %q", text, got)
		}
		if reason("en", text) != text {
			t.Errorf("%q is changed in English", text)
		}
	}
}

func TestValidationNamesFieldAndReason(t *testing.T) {
	u := newUnder(t)
	tests := []struct {
		name, path, body, lang string
		status                 int
		errors                 []FieldProblem
	}{
		{"a member is missing", "/api/v1/incidents", `{"type_code":"x","lon":1}`, "", 422, []FieldProblem{{"body", "必填：lat"}}},
		{"a text for a number", "/api/v1/incidents", `{"type_code":"x","lon":"1","lat":2}`, "zh-CN", 422, []FieldProblem{{"lon", "应为数字"}}},
		{"in English", "/api/v1/incidents", `{"type_code":"x","lon":"1","lat":2}`, "en-GB", 422, []FieldProblem{{"lon", "expected number"}}},
		{"a word not in the list", "/api/v1/incidents", `{"type_code":"x","lon":1,"lat":2,"priority":"now"}`, "", 422,
			[]FieldProblem{{"priority", `只能是以下之一："critical, urgent, normal, low"`}}},
		{"deeper", "/api/v1/incidents/7/edit", `{"version":1,"fields":{"place":5}}`, "", 422, []FieldProblem{{"fields.place", "应为文字"}}},
		{"an unknown member", "/api/v1/incidents/7/close", `{"version":1,"x":1}`, "", 422, []FieldProblem{{"x", "没有这一项"}}},
		{"a version below 1", "/api/v1/incidents/7/close", `{"version":0}`, "", 422, []FieldProblem{{"version", "不得小于 1"}}},
		{"a path that is no number", "/api/v1/incidents/seven/close", `{"version":1}`, "", 422, []FieldProblem{{"path.id", "应为整数"}}},
		{"no JSON", "/api/v1/incidents/7/close", `{`, "", 400, []FieldProblem{{"body", "JSON 不完整"}}},
		{"nothing", "/api/v1/incidents/7/close", ``, "", 400, []FieldProblem{{"body", "缺少请求内容"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := u.do("POST", tt.path, "commander", tt.body, "Idempotency-Key", "k", "Accept-Language", tt.lang)
			p := u.problem(w, tt.status, "invalid")
			if !slices.Equal(p.Errors, tt.errors) {
				t.Errorf("got %+v, want %+v", p.Errors, tt.errors)
			}
		})
	}
	if len(u.store.commands) > 0 {
		t.Errorf("%d commands were carried out", len(u.store.commands))
	}
}

func TestLanguageFrom(t *testing.T) {
	for header, want := range map[string]string{"": "zh", "zh-CN,zh;q=0.9,en;q=0.8": "zh", "en": "en", "en-US,en;q=0.5": "en",
		"en;q=0.3, zh;q=0.9": "zh", "fr": "zh", "fr, en;q=0.2": "en", "zh;q=0, en;q=0.1": "en", "en;q=bad": "zh", "*": "zh", "EN-us": "en"} {
		if got := languageFrom(header); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

// TestWhatLiesBeneathIsNotTold: a failure is logged and its text stays here.
func TestWhatLiesBeneathIsNotTold(t *testing.T) {
	u := newUnder(t)
	u.reader.err = errors.New("relation incident does not exist")
	w := u.do("GET", "/api/v1/incidents", "commander", "")
	u.problem(w, 500, "internal")
	if strings.Contains(w.Body.String(), "relation") || !strings.Contains(u.log.String(), "relation incident does not exist") {
		t.Errorf("said %s, logged %s", w.Body, u.log)
	}
}

// TestGoneClientIsNoFailure: nothing is logged as failed for who has left.
func TestGoneClientIsNoFailure(t *testing.T) {
	u := newUnder(t)
	a := newAPI(u.deps)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p := a.problem(ctx, ctx.Err()); p.GetStatus() != 503 || u.log.Len() > 0 {
		t.Errorf("got %v, logged %s", p, u.log)
	}
	late, cancelLate := context.WithTimeout(t.Context(), 0)
	defer cancelLate()
	<-late.Done()
	if p := a.problem(late, late.Err()); p.GetStatus() != 503 || u.log.Len() == 0 {
		t.Errorf("got %v, and a request that took too long is not logged", p)
	}
}
