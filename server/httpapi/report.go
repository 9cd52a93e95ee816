package httpapi

import (
	"context"
	"regexp"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

type reportInput struct {
	CommandInput
	Body struct {
		TypeCode string  `json:"type_code" minLength:"1" maxLength:"64"`
		Lon      float64 `json:"lon"`
		Lat      float64 `json:"lat"`
		Place    string  `json:"place,omitempty" maxLength:"200"`
		Words    string  `json:"words,omitempty" maxLength:"1000"`
		Phone    string  `json:"phone,omitempty" maxLength:"20" pattern:"^[0-9+ -]*$"`
	}
}

type satisfactionInput struct {
	CommandInput
	TrackingInput
	Body struct {
		Answer string `json:"answer" enum:"satisfied,mostly,dissatisfied"`
		Words  string `json:"words,omitempty" maxLength:"200" doc:"Why not, where it is not; with no other answer."`
	}
}

type reportedView struct {
	Tracking   string    `json:"tracking"`
	ReceivedAt time.Time `json:"received_at"`
}

// TrackingInput is the path of one report.
type TrackingInput struct {
	Tracking string `path:"tracking" maxLength:"32"`
}

// uuidForm is the form a resident's key must have: the tracking number follows
// from it, so it must not be guessable.
var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$`)

func (a *api) reports() {
	operation(a, "POST", "/api/v1/reports", "report", "A resident reports; a tracking number comes back", Public, 201, a.report)
	operation(a, "GET", "/api/v1/reports/{tracking}", "track", "What became of a report", Public, 200,
		func(ctx context.Context, in *TrackingInput) (*body[dispatch.Tracking], error) {
			return answer(a.tracking(ctx, in.Tracking))
		})
	operation(a, "POST", "/api/v1/reports/{tracking}/satisfaction", "answer-report", "Say how one's report was handled (满意度), within 15 days of its closing; the last answer counts", Public, 200,
		func(ctx context.Context, in *satisfactionInput) (*body[dispatch.Tracking], error) {
			command := a.command(ctx, in.Key, "report.answer", []any{dispatch.TrackingHash(in.Tracking), in.Body})
			if _, err := a.Service.AnswerReport(ctx, command, in.Tracking, dispatch.Satisfaction(in.Body.Answer), in.Body.Words); err != nil {
				return nil, err
			}
			return answer(a.tracking(ctx, in.Tracking))
		})
}

// tracking gives what the holder of a tracking number is told.
func (a *api) tracking(ctx context.Context, number string) (dispatch.Tracking, error) {
	i, reportID, at, err := a.Reader.Tracking(ctx, dispatch.TrackingHash(number))
	if err != nil {
		return dispatch.Tracking{}, err
	}
	var answered *dispatch.ReportAnswer
	if i.ClosedAt != nil {
		if answered, err = a.Reader.ReportAnswer(ctx, reportID, *i.ClosedAt); err != nil {
			return dispatch.Tracking{}, err
		}
	}
	t := dispatch.Track(i, number, at)
	t.Satisfaction = i.Ask(answered, a.Service.Now())
	return t, nil
}

func (a *api) report(ctx context.Context, in *reportInput) (*body[reportedView], error) {
	if !uuidForm.MatchString(in.Key) {
		return nil, dispatch.Refuse(dispatch.CodeKeyRequired, "Idempotency-Key")
	}
	number := dispatch.TrackingNumber(in.Key)
	_, err := a.Service.TakeIn(ctx, a.command(ctx, in.Key, "report", in.Body), dispatch.Intake{TypeCode: in.Body.TypeCode,
		Point: orb.Point{in.Body.Lon, in.Body.Lat}, Place: in.Body.Place, Words: in.Body.Words, Phone: in.Body.Phone,
		Channel: dispatch.ChannelResident, Tracking: number})
	if err != nil {
		return nil, err
	}
	_, _, at, err := a.Reader.Tracking(ctx, dispatch.TrackingHash(number))
	return answer(reportedView{number, at}, err)
}
