package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

// Personal is what the handlers read of people's own data and of the registers
// about it.
type Personal interface {
	ConsentTexts(ctx context.Context) ([]dispatch.ConsentText, error)
	ConsentState(ctx context.Context, responderID int64, purpose string) (dispatch.ConsentState, error)
	RetentionRules(ctx context.Context) ([]dispatch.RetentionRule, error)
	DestroyedRecords(ctx context.Context, beforeID int64, limit int) ([]dispatch.Destroyed, error)
	IncidentRetention(ctx context.Context, i dispatch.Incident) (dispatch.IncidentRetention, error)
	Purpose(ctx context.Context, id int64) (dispatch.Purpose, error)
	Purposes(ctx context.Context, retired bool, afterID int64, limit int) ([]dispatch.Purpose, error)
	Shares(ctx context.Context, beforeID int64, limit int) ([]dispatch.Share, error)
	RecordShare(ctx context.Context, s dispatch.Share) error
	PersonalData(ctx context.Context, responderID int64) (dispatch.PersonalData, error)
	// OwnTrack gives all that is kept of where a person went on tasks.
	OwnTrack(ctx context.Context, responderID int64) ([]dispatch.TrackPoint, error)
	// FindPhone gives what is kept under a telephone number within areas, nil for
	// everywhere.
	FindPhone(ctx context.Context, phone string, areaIDs []int64) (dispatch.PhoneFinding, error)
	// EachCare opens the care records of areas one by one, for an export that is
	// on record.
	EachCare(ctx context.Context, areaIDs []int64, each func(dispatch.CarePerson) error) error
}

// PageInput asks for a page of a register.
type PageInput struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"64"`
}

// reasonBody is why somebody's data is looked at or erased.
type reasonBody struct {
	Reason string `json:"reason" maxLength:"500" doc:"At least four characters, kept in the audit trail."`
}

// everyPage calls a reader of pages until one is not full, for exports.
func everyPage[T any](ctx context.Context, read func(ctx context.Context, cursor int64, limit int) ([]T, error), id func(T) int64, each func(T) error) error {
	const page = 500
	cursor := int64(0)
	for {
		list, err := read(ctx, cursor, page)
		if err != nil {
			return err
		}
		for _, v := range list {
			if err := each(v); err != nil {
				return err
			}
		}
		if len(list) < page {
			return nil
		}
		cursor = id(list[len(list)-1])
	}
}

// writeList answers with a workbook, or CSV where that is asked for.
func (a *api) writeList(w http.ResponseWriter, r *http.Request, name, title string, columns []sheet.Column, fill func(sheet.Writer) error) {
	kind, ending, begin := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", func() (sheet.Writer, error) { return sheet.Workbook(w, title, columns) }
	if r.URL.Query().Get("format") == "csv" {
		kind, ending, begin = "text/csv; charset=utf-8", ".csv", func() (sheet.Writer, error) { return sheet.CSV(w, columns) }
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", "attachment; filename="+name+ending+"; filename*=UTF-8''"+url.PathEscape(title+ending))
	t, err := begin()
	if err == nil {
		err = fill(t)
	}
	if err == nil {
		err = t.Close()
	}
	if err != nil { // the answer has perhaps begun: it is cut off, so that nobody takes it for whole
		a.Log.Error().Err(err).Str("list", name).Msg("a table could not be written")
		panic(http.ErrAbortHandler)
	}
}

// titled makes columns of the titles that the message files give to keys.
func titled(language, list string, keys ...string) []sheet.Column {
	columns := make([]sheet.Column, len(keys))
	for i, key := range keys {
		columns[i] = sheet.Column{Title: languages[language].Titles[list+"."+key], Width: 24}
	}
	return columns
}

// told writes a time for a table, in China's time.
func told(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.In(time.FixedZone("Asia/Shanghai", 8*60*60)).Format(time.DateTime)
}
