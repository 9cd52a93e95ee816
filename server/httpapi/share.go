package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

type sharesView struct {
	Shares     []dispatch.Share `json:"shares" nullable:"false"`
	NextCursor string           `json:"next_cursor,omitempty"`
}

func (a *api) shares() {
	read := Access(dispatch.ActionRecords)
	operation(a, "GET", "/api/v1/shares", "list-shares", "The register of what went outside (对外提供), the newest first", read, 200, func(ctx context.Context, in *PageInput) (*body[sharesView], error) {
		before, err := readCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		list, err := a.Personal.Shares(ctx, before, in.Limit)
		view := sharesView{Shares: list}
		if len(list) == in.Limit {
			view.NextCursor = writeCursor(list[len(list)-1].ID)
		}
		return answer(view, err)
	})
	a.raw("GET", "/api/v1/shares/export", read, func(w http.ResponseWriter, r *http.Request) {
		language := languageOf(r.Context())
		columns := titled(language, "share", "id", "at", "recipient", "channel", "what", "records", "basis", "by")
		a.writeList(w, r, "shares", languages[language].Titles["share.title"], columns, func(t sheet.Writer) error {
			return everyPage(r.Context(), a.Personal.Shares, func(s dispatch.Share) int64 { return s.ID }, func(s dispatch.Share) error {
				return t.Write([]string{strconv.FormatInt(s.ID, 10), told(&s.At), s.Recipient, languages[language].Titles["channel."+string(s.Channel)], s.What,
					strconv.FormatInt(s.Records, 10), s.Basis, s.By})
			})
		})
	})
}
