package dbfile

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// identity tells one file from another, whatever they are called.
type identity struct{ dev, ino uint64 }

func identityOf(info fs.FileInfo) identity {
	st := info.Sys().(*syscall.Stat_t)
	return identity{uint64(st.Dev), st.Ino} //nolint:unconvert // not 64 bits wide everywhere
}

// at says whether this file is what stands at a name.
func (id identity) at(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && identityOf(info) == id
}

// MovedError is returned when an open database, or a lock that is held beside it, is
// no longer what stands at its name (R27).
type MovedError struct{ Path string }

func (e *MovedError) Error() string {
	return fmt.Sprintf("%s is no longer the file that was opened: it was moved, removed or replaced. Nothing is written to it any more; put the file back, or restart to work with what is there now", e.Path)
}

// InPlace says whether the database that is open, and the locks that are held, are
// still what stands at their names: else two programs could write two rosters, each
// certain to be alone. It only looks at names, see CheckFile.
func (d *File) InPlace() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, id := range d.open {
		if !id.at(name) {
			return &MovedError{name}
		}
	}
	return nil
}

// Note remembers which file is open, or held, under a name.
func (d *File) Note(name string) error {
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[name] = identityOf(info)
	return nil
}

// Forget is for what is not open, or held, any more under a name.
func (d *File) Forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, name)
}
