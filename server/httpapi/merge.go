package httpapi

import (
	"context"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// likelyInput is a body, not a query: a number and a place are kept out of
// addresses, which are logged.
type likelyInput struct {
	Body struct {
		TypeCode    string  `json:"type_code" minLength:"1" maxLength:"64"`
		Lon         float64 `json:"lon"`
		Lat         float64 `json:"lat"`
		CallerPhone string  `json:"caller_phone,omitempty" maxLength:"32"`
	}
}

type likelyView struct {
	Likely []dispatch.Duplicate `json:"likely" nullable:"false" doc:"The likeliest first, at most five."`
}

type linkInput struct {
	CommandInput
	IDInput
	Body struct {
		TypeCode    string  `json:"type_code" minLength:"1" maxLength:"64" doc:"As which it was told."`
		Lon         float64 `json:"lon"`
		Lat         float64 `json:"lat"`
		Place       string  `json:"place,omitempty" maxLength:"200"`
		Summary     string  `json:"summary,omitempty" maxLength:"2000"`
		CallerPhone string  `json:"caller_phone,omitempty" maxLength:"32"`
	}
}

type mergeInput struct {
	CommandInput
	IDInput
	Body struct {
		Version     int    `json:"version" minimum:"1" doc:"The version that was seen."`
		IntoID      int64  `json:"into_id" minimum:"1" doc:"The incident that stands for both."`
		IntoVersion int    `json:"into_version" minimum:"1" doc:"The version of it that was seen."`
		Reason      string `json:"reason" maxLength:"500"`
	}
}

func (a *api) merges() {
	can := Access(dispatch.ActionDispatch)
	operation(a, "POST", "/api/v1/incidents/likely", "likely-duplicates", "Which open incidents a report may be of, while it is taken down", can, 200,
		func(ctx context.Context, in *likelyInput) (*body[likelyView], error) {
			list, err := a.Service.Likely(ctx, actorOf(ctx), in.Body.TypeCode, orb.Point{in.Body.Lon, in.Body.Lat}, in.Body.CallerPhone)
			return answer(likelyView{list}, err)
		})
	operation(a, "GET", "/api/v1/incidents/{id}/likely", "likely-same", "Which open incidents an incident may be the same as", can, 200,
		func(ctx context.Context, in *IDInput) (*body[likelyView], error) {
			list, err := a.Service.LikelyOf(ctx, actorOf(ctx), in.ID)
			return answer(likelyView{list}, err)
		})
	operation(a, "POST", "/api/v1/incidents/{id}/reports", "link-report", "Add a report to it instead of opening another", can, 200,
		func(ctx context.Context, in *linkInput) (*body[dispatch.Incident], error) {
			return a.changed(ctx)(a.Service.Link(ctx, a.command(ctx, in.Key, "incident.link", in), in.ID, dispatch.Intake{
				TypeCode: in.Body.TypeCode, Point: orb.Point{in.Body.Lon, in.Body.Lat}, Place: in.Body.Place, Words: in.Body.Summary,
				Phone: in.Body.CallerPhone, Channel: dispatch.ChannelDispatcher}))
		})
	operation(a, "POST", "/api/v1/incidents/{id}/merge", "merge-incident", "Merge it into another: reports, words, pictures and people go over", can, 200,
		func(ctx context.Context, in *mergeInput) (*body[dispatch.Incident], error) {
			return a.changed(ctx)(a.Service.Merge(ctx, a.command(ctx, in.Key, "incident.merge", in), in.ID, in.Body.Version, in.Body.IntoID, in.Body.IntoVersion, in.Body.Reason))
		})
	a.step("unmerge", "Take it out of the one it was merged into", can, a.Service.Unmerge)
}
