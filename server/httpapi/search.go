package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type searchInput struct {
	Query string `query:"q" required:"true" minLength:"1" maxLength:"64" doc:"Name, alias, address, pinyin or initials."`
	Limit int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

type searchView struct {
	Results []dispatch.FoundPlace `json:"results" nullable:"false"`
}

func (a *api) searches() {
	operation(a, "GET", "/api/v1/search", "search", "Find places by name", sees(dispatch.FieldPlace), 200,
		func(ctx context.Context, in *searchInput) (*body[searchView], error) {
			areas, err := a.scope(ctx, dispatch.See(dispatch.FieldPlace), 0)
			if err != nil {
				return nil, err
			}
			found, err := a.Reader.Search(ctx, in.Query, areas, in.Limit)
			return answer(searchView{found}, err)
		})
}
