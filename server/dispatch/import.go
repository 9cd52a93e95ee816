package dispatch

import (
	"encoding/json"
	"time"
)

// NounImport is what an event is about that many rows of a register were
// changed with at once: by an import, an undo, or an edit of several.
const NounImport Noun = "import"

// ImportState is how far an import is.
type ImportState string

// The states of an import: a file is uploaded, checked (as often as its options
// change), and written. Checking and writing may fail or be cancelled, which
// leaves nothing behind; what was written may be undone.
const (
	ImportUploaded  ImportState = "uploaded"
	ImportChecking  ImportState = "checking"
	ImportChecked   ImportState = "checked"
	ImportWriting   ImportState = "writing"
	ImportDone      ImportState = "done"
	ImportFailed    ImportState = "failed"
	ImportCancelled ImportState = "cancelled"
	ImportUndone    ImportState = "undone"
)

// importSteps says from which states a step may begin.
var importSteps = map[ImportState][]ImportState{
	ImportChecking:  {ImportUploaded, ImportChecked, ImportFailed, ImportCancelled},
	ImportWriting:   {ImportChecked},
	ImportCancelled: {ImportUploaded, ImportChecking, ImportChecked, ImportWriting},
	ImportUndone:    {ImportDone},
}

// ImportSteps gives the states from which a step may begin.
func ImportSteps(to ImportState) []string {
	var out []string
	for _, s := range importSteps[to] {
		out = append(out, string(s))
	}
	return out
}

// Import is a file on its way into a register, or an edit of several rows.
type Import struct {
	ID        int64           `json:"id"`
	Noun      string          `json:"noun"`
	FileName  string          `json:"file_name" doc:"Empty for an edit in a list."`
	State     ImportState     `json:"state" enum:"uploaded,checking,checked,writing,done,failed,cancelled,undone"`
	Options   json.RawMessage `json:"-"`
	Result    json.RawMessage `json:"-"`
	RowsRead  int             `json:"rows_read"`
	RowsTotal *int            `json:"rows_total,omitempty"`
	AccountID *int64          `json:"account_id,omitempty"`
	By        string          `json:"by"`
	Reason    string          `json:"reason,omitempty" doc:"Why it failed."`
	CreatedAt time.Time       `json:"created_at"`
	EndedAt   *time.Time      `json:"ended_at,omitempty"`
	UndoneAt  *time.Time      `json:"undone_at,omitempty"`
}

// Undone says what became of the rows of an import that was taken back.
type Undone struct {
	Restored int `json:"restored" doc:"As before the import."`
	Retired  int `json:"retired" doc:"New with the import."`
	Kept     int `json:"kept" doc:"Changed since, and left as they are."`
}

// CodeUnreadableFile refuses a file that no table can be read from; Values say
// why in the importer's words.
const CodeUnreadableFile Code = "unreadable_file"

// CodeRowInUse refuses to retire what others depend on: an area with areas below
// it, a person on a task.
const CodeRowInUse Code = "row_in_use"
