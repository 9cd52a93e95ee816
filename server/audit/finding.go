package audit

import "fmt"

// Finding is something wrong with the trail.
type Finding struct {
	Seq  int64  `json:"seq"`          // the row, or the first of those concerned
	To   int64  `json:"to,omitempty"` // the last of those concerned, where there are several
	Kind string `json:"kind"`         // one of the constants
	Text string `json:"text"`         // a sentence
}

// Kinds of finding.
const (
	Edited            = "edited"             // a row is not what was sealed
	Deleted           = "deleted"            // rows are missing between others
	Inserted          = "inserted"           // a row that was not sealed where it stands
	Reordered         = "reordered"          // a row that was sealed under another number
	Truncated         = "truncated"          // the newest rows are missing
	Dropped           = "dropped"            // the oldest rows are missing without a record of it
	BackDated         = "back_dated"         // a time that cannot be
	Rewritten         = "rewritten"          // rows were changed and the chain made anew
	CheckpointForged  = "checkpoint_forged"  // a checkpoint whose signature is wrong
	CheckpointMissing = "checkpoint_missing" // checkpoints are missing
	WordsEdited       = "words_edited"       // a reason is not what was written
	WordsMissing      = "words_missing"      // a reason is gone without a record of it
)

// String gives the finding as a line.
func (f Finding) String() string {
	if f.To > f.Seq {
		return fmt.Sprintf("rows %d to %d: %s: %s", f.Seq, f.To, f.Kind, f.Text)
	}
	return fmt.Sprintf("row %d: %s: %s", f.Seq, f.Kind, f.Text)
}
