package main

import (
	"errors"
	"fmt"
	"io/fs"

	"yiping/server/postgres"
	"yiping/server/seal"
)

// openKeys loads the key file of the data folder. The first run makes it; beside
// a database that is sealed already it has to be the one that belongs to it.
func (a *app) openKeys(url string) (*seal.Keyring, error) {
	keys, err := seal.Load(a.folder, a.now)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	sealed, err := postgres.IsSealed(a.ctx, url)
	if err != nil {
		return nil, err
	}
	if sealed {
		return nil, fmt.Errorf("the database is sealed, and there is no %s in %s: copy it from the server that has it, or from its backup; all servers of one database use the same",
			seal.FileName, a.folder)
	}
	return seal.Create(a.folder, a.now)
}
