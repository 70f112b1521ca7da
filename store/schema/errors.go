package schema

import (
	"errors"
	"fmt"
)

// ErrForeign is returned when the file is a SQLite database of another program.
var ErrForeign = errors.New("it is a SQLite database of another program; give the roster a file of its own (database.path)")

// NewerError is returned for a database that a later ringroster has migrated.
type NewerError struct{ Have, Want int64 }

func (e *NewerError) Error() string {
	return fmt.Sprintf("its schema has version %d, this ringroster knows %d: use the newer ringroster, or restore the backup made before the upgrade", e.Have, e.Want)
}

// OlderError is returned by OpenRead for a database that waits for a migration.
type OlderError struct{ Have, Want int64 }

func (e *OlderError) Error() string {
	if e.Have == 0 {
		return "it is an empty file: `ringroster sync` makes a roster of it"
	}
	return fmt.Sprintf("its schema has version %d, this ringroster needs %d: run `ringroster sync` once to migrate it", e.Have, e.Want)
}
