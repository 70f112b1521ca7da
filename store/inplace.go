package store

import (
	"fmt"
	"os"
)

// MovedError is returned when an open database, or a lock that is held beside it, is
// no longer what stands at its name (R27).
type MovedError struct{ Path string }

func (e *MovedError) Error() string {
	return fmt.Sprintf("%s is no longer the file that was opened: it was moved, removed or replaced. Nothing is written to it any more; put the file back, or restart to work with what is there now", e.Path)
}

// InPlace says whether the database that is open, and the locks that are held, are
// still what stands at their names: else two programs could write two rosters, each
// certain to be alone. It only looks at names, see checkFile.
func (d *dbFile) InPlace() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, id := range d.open {
		if !id.at(name) {
			return &MovedError{name}
		}
	}
	return nil
}

// note remembers which file is open, or held, under a name.
func (d *dbFile) note(name string) error {
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[name] = identityOf(info)
	return nil
}

// forget is for what is not open, or held, any more under a name.
func (d *dbFile) forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, name)
}
