package httpapi

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yiping/server/dispatch"
)

//go:embed messages/*.json
var messageFiles embed.FS

// texts is the message files by language: codes to sentences, the titles and
// words of lists that are written as files, and the beginnings of the schema
// checker's English reasons to sentences.
type texts struct {
	Codes   map[string]string `json:"codes"`
	Titles  map[string]string `json:"titles"`
	Reasons [][2]string       `json:"reasons"`
}

const langDefault = "zh"

var languages = map[string]texts{"zh": readTexts("zh"), "en": readTexts("en")}

func readTexts(lang string) texts {
	raw, err := messageFiles.ReadFile("messages/" + lang + ".json")
	if err != nil {
		return texts{}
	}
	var t texts
	if json.Unmarshal(raw, &t) != nil {
		return texts{}
	}
	return t
}

// Problem is an error as it is answered (RFC 9457).
type Problem struct {
	Type    string         `json:"type" doc:"about:blank; the code tells the kind."`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail" doc:"A sentence in the language asked for."`
	Code    string         `json:"code" doc:"The kind of error, for machines."`
	Errors  []FieldProblem `json:"errors,omitempty"`
	Current any            `json:"current,omitempty" doc:"With version_conflict: the thing as it is now."`
}

// FieldProblem names a field and what is wrong with it.
type FieldProblem struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error says the code.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Refusals that only HTTP knows.
const (
	codeTooLarge         dispatch.Code = "too_large"
	codeCrossOrigin      dispatch.Code = "cross_origin"
	codeNotSecure        dispatch.Code = "not_secure"
	codeBadSignature     dispatch.Code = "bad_signature"
	codeMethodNotAllowed dispatch.Code = "method_not_allowed"
)

// statuses maps codes to HTTP statuses; what is not here is a bad request.
var statuses = map[dispatch.Code]int{
	dispatch.CodeInvalid: 422, dispatch.CodeRequired: 422, dispatch.CodeKeyReused: 422, dispatch.CodeReasonRequired: 422,
	dispatch.CodeOutsideDistrict: 422, dispatch.CodeBadPosition: 422, dispatch.CodeBadCoordinates: 422, dispatch.CodeUnknownType: 422, dispatch.CodeUnreadableImage: 422,
	dispatch.CodeInFlight: 409, dispatch.CodeVersionConflict: 409, dispatch.CodeIllegalTransition: 409, dispatch.CodeSameHandler: 409,
	dispatch.CodeNotDispatchable: 409, dispatch.CodeHazardBars: 409, dispatch.CodeAlreadyOffered: 409, dispatch.CodeAlreadyAssigned: 409, dispatch.CodeHasActive: 409,
	dispatch.CodeHasOpenOrders: 409, dispatch.CodeAlreadyOrdered: 409, dispatch.CodeOwnRequest: 409, dispatch.CodeUnready: 409,
	dispatch.CodeNotOnDuty: 409, dispatch.CodeConsentRequired: 409, dispatch.CodeDestroyed: 409, dispatch.CodeDutyOverlap: 409, dispatch.CodeInUse: 409, dispatch.CodeTaken: 409, dispatch.CodeOutsideArea: 422, dispatch.CodeRowInUse: 409, dispatch.CodeUnreadableFile: 422,
	dispatch.CodeSignedOut: 401, dispatch.CodeBadCredentials: 401, dispatch.CodeLocked: 403, dispatch.CodeForbidden: 403, dispatch.CodeNotFound: 404,
	dispatch.CodeOwnRights: 403, dispatch.CodeDutiesApart: 409, dispatch.CodeNotAtRoot: 422,
	dispatch.CodeStepRequired: 403, dispatch.CodeSessionLocked: 423, dispatch.CodeBadCode: 401, dispatch.CodeWeakPassword: 422, dispatch.CodeNoPassword: 409,
	dispatch.CodeTooWide: 422, dispatch.CodeEnrolmentOver: 403, dispatch.CodeFactorRequired: 409,
	dispatch.CodeProviderRefused: 401, dispatch.CodeProviderOver: 401, dispatch.CodeProviderGrants: 409, dispatch.CodeNotMapped: 403, dispatch.CodeNobody: 409,
	dispatch.CodeTypePlanned: 409, dispatch.CodeTypeParent: 409, dispatch.CodeTypeLoop: 409, dispatch.CodeTypeRetired: 409, dispatch.CodeTypeFamily: 409,
	dispatch.CodeNotGraded: 422, dispatch.CodeClocksCrossed: 422, dispatch.CodeUnchanged: 422, dispatch.CodeHoursOverlap: 422, dispatch.CodePeriodTooLong: 422,
	dispatch.CodeAlone: 409, dispatch.CodeNoWaves: 409, dispatch.CodeTooMany: 429, dispatch.CodeUnavailable: 503, dispatch.CodeMoved: 503, dispatch.CodeDiskFull: 503, dispatch.CodeInternal: 500,
	dispatch.CodeEnough: 409, dispatch.CodeSatisfactionOver: 409, dispatch.CodeAlreadyAsked: 409,
	dispatch.CodeKeyRequired: 400, codeTooLarge: 413, codeCrossOrigin: 403, codeNotSecure: 403, codeBadSignature: 401, codeMethodNotAllowed: 405,
}

// problem turns an error into an answer; what is no refusal is logged once, here.
func (a *api) problem(ctx context.Context, err error) huma.StatusError {
	var status huma.StatusError
	var refused *dispatch.Error
	if !errors.As(err, &refused) && errors.As(err, &status) {
		return status
	}
	if refused == nil {
		if ctx.Err() != nil {
			refused = &dispatch.Error{Code: dispatch.CodeUnavailable, Err: err}
		} else {
			refused = &dispatch.Error{Code: dispatch.CodeInternal, Err: err}
		}
	}
	attemptOf(ctx).code = refused.Code
	// Who asked has gone: nobody is waiting and nothing is wrong.
	if code := statusOf(refused.Code); code >= 500 && !errors.Is(ctx.Err(), context.Canceled) {
		id, _ := ctx.Value(keyRequestID).(string)
		a.Log.Error().Err(refused.Err).Str("code", string(refused.Code)).Str("request", id).Msg("request failed")
	}
	return refusal(languageOf(ctx), refused)
}

func statusOf(code dispatch.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusBadRequest
}

func refusal(lang string, e *dispatch.Error) *Problem {
	status := statusOf(e.Code)
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: string(e.Code), Current: e.Current,
		Detail: sentence(lang, string(e.Code), e.Values)}
	if e.Field != "" {
		p.Errors = []FieldProblem{{Location: e.Field, Message: p.Detail}}
	}
	return p
}

// sentence gives a code's text with its values filled in.
func sentence(lang, code string, values map[string]string) string {
	text, ok := languages[lang].Codes[code]
	if !ok {
		return code
	}
	for name, value := range values {
		if translated, ok := languages[lang].Codes[name+"."+value]; ok {
			value = translated
		}
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// problemFor turns the schema checker's findings into an answer that names each
// field and the reason, in the language.
func problemFor(lang string, status int, message string, errs ...error) *Problem {
	for _, err := range errs {
		var refused *dispatch.Error
		if errors.As(err, &refused) {
			return refusal(lang, refused)
		}
		var done *Problem
		if errors.As(err, &done) {
			return done
		}
	}
	code := dispatch.CodeInvalid
	switch {
	case status == http.StatusRequestEntityTooLarge || tooLarge(errs):
		return refusal(lang, dispatch.Refuse(codeTooLarge, ""))
	case message == "cannot read request body": // cut off, or no body by the rules of HTTP: not ours
		status = http.StatusBadRequest
	case status >= 500:
		code = dispatch.CodeInternal
	}
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: string(code), Detail: sentence(lang, string(code), nil)}
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			p.Errors = append(p.Errors, FieldProblem{Location: strings.TrimPrefix(detail.Location, "body."), Message: reason(lang, detail.Message)})
		}
	}
	if len(p.Errors) == 0 && status < 500 && message != "" {
		p.Errors = []FieldProblem{{Location: "body", Message: reason(lang, message)}}
	}
	return p
}

// tooLarge says whether a body was cut off. The checker passes the error of a
// form on as text alone.
func tooLarge(errs []error) bool {
	const cutOff = "http: request body too large" // http.MaxBytesError's
	return slices.ContainsFunc(errs, func(err error) bool { return strings.Contains(err.Error(), cutOff) })
}

// reason translates one of the checker's English sentences by its beginning;
// what follows the beginning (a bound, a list) is kept.
func reason(lang, english string) string {
	for _, r := range languages[lang].Reasons {
		if rest, ok := strings.CutPrefix(english, r[0]); ok {
			return strings.TrimSpace(strings.ReplaceAll(r[1], "{rest}", strings.TrimSpace(strings.TrimSuffix(rest, " to be present"))))
		}
	}
	return english
}

// languageOf gives the request's language.
func languageOf(ctx context.Context) string {
	if lang, ok := ctx.Value(keyLanguage).(string); ok {
		return lang
	}
	return langDefault
}

// languageAsked gives what a request says about its language: a link to a file
// has no headers of its own and says it in its address.
func languageAsked(r *http.Request) string {
	if lang := r.URL.Query().Get("lang"); lang != "" {
		return lang
	}
	return r.Header.Get("Accept-Language")
}

// languageFrom reads Accept-Language (RFC 9110, 12.5.4): the language of ours
// that is liked most, the earlier of equals.
func languageFrom(header string) string {
	chosen, most := langDefault, 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, weight, _ := strings.Cut(part, ";")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.TrimSpace(weight), "q="); ok {
			q, _ = strconv.ParseFloat(text, 64) // what cannot be read is not wanted: 0
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if _, ours := languages[primary]; ours && q > most {
			chosen, most = primary, q
		}
	}
	return chosen
}

// writeProblem answers with a problem outside of the operations.
func (a *api) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	var refused *dispatch.Error
	if errors.As(err, &refused) && refused.Code == dispatch.CodeTooMany {
		w.Header().Set("Retry-After", waiting(refused).Get("Retry-After"))
	}
	encodeProblem(w, a.problem(r.Context(), err))
}

func encodeProblem(w http.ResponseWriter, p huma.StatusError) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.GetStatus())
	_ = json.NewEncoder(w).Encode(p)
}
