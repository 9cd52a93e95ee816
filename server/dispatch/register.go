package dispatch

import "time"

// RegisterFilter narrows a list of a register. AreaIDs nil means everywhere.
type RegisterFilter struct {
	AreaIDs []int64
	IDs     []int64           // these alone; nil for all
	Query   string            // what its name, aliases, address or code holds
	Where   map[string]string // field to value, of fields that are chosen from a list
	Retired bool              // the retired ones instead
	Limit   int
	AfterID int64
	// ByNumber lets the query be a person's whole telephone number, InFull gives
	// numbers unmasked: for those who may, on record.
	ByNumber bool
	InFull   bool
}

// RegisterRow is a row of a register, its fields as texts that an import would
// read again.
type RegisterRow struct {
	ID        int64             `json:"id"`
	Version   int               `json:"version"`
	AreaID    int64             `json:"area_id,omitempty"`
	AreaName  string            `json:"area_name"`
	Lon       *float64          `json:"lon,omitempty"`
	Lat       *float64          `json:"lat,omitempty"`
	UpdatedAt time.Time         `json:"updated_at"`
	RetiredAt *time.Time        `json:"retired_at,omitempty"`
	Values    map[string]string `json:"values" nullable:"false"`
}

// RegisterPoint is where a row of a register is.
type RegisterPoint struct {
	ID       int64
	Lon, Lat float64
}
