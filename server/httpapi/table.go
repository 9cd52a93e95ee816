package httpapi

import (
	"net/http"

	"yiping/server/sheet"
)

// sendTable answers with a table: a workbook, or CSV where that is asked for.
// name is the file's in ASCII, title what people read.
func (a *api) sendTable(w http.ResponseWriter, r *http.Request, name, title string, columns []sheet.Column, fill func(sheet.Writer) error) {
	if r.URL.Query().Get("format") == "csv" {
		a.sendFile(w, name, title, ".csv", "text/csv; charset=utf-8", func() (sheet.Writer, error) { return sheet.CSV(w, columns) }, fill)
		return
	}
	a.sendFile(w, name, title, ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", func() (sheet.Writer, error) { return sheet.Workbook(w, title, columns) }, fill)
}

// sendFile answers with a file that is written as it is sent.
func (a *api) sendFile(w http.ResponseWriter, name, title, ending, kind string, begin func() (sheet.Writer, error), fill func(sheet.Writer) error) {
	w.Header().Set("Content-Type", kind)
	attachment(w.Header(), name+ending, title+ending)
	t, err := begin()
	if err == nil {
		err = fill(t)
	}
	if err == nil {
		err = t.Close()
	}
	if err != nil { // the answer has perhaps begun: it is cut off, so that nobody takes it for whole
		a.Log.Error().Err(err).Str("table", name).Msg("a table could not be written")
		panic(http.ErrAbortHandler)
	}
}
