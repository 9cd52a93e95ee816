package dispatch

import "time"

// Account is who may sign in.
type Account struct {
	ID          int64      `json:"id"`
	Username    string     `json:"username"`
	DisplayName string     `json:"display_name"`
	ResponderID *int64     `json:"responder_id,omitempty"`
	Roles       []Grant    `json:"roles" nullable:"false"`
	DisabledAt  *time.Time `json:"disabled_at,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	Version     int        `json:"version"`
}
