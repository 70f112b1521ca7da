package dbfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Reserve makes an empty file beside dst: VACUUM INTO accepts one, and would
// create its own readable for everybody. In the folder of the roster it belongs to
// whoever the roster belongs to.
func (d *File) Reserve(dst string) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(dst), filepath.Base(dst)+".*.tmp")
	if err != nil {
		return "", err
	}
	err = f.Chmod(d.mode)
	if filepath.Dir(dst) == filepath.Dir(d.Path) {
		err = errors.Join(err, d.give(f))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// RemoveHalves removes what backups to dst left behind that were killed. It is for who
// knows that nobody is writing one. What stays behind nevertheless does no harm.
func RemoveHalves(dst string) {
	entries, _ := os.ReadDir(filepath.Dir(dst))
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e.Name(), filepath.Base(dst)+"."); ok && strings.Contains(name, ".tmp") && !e.IsDir() {
			_ = os.Remove(filepath.Join(filepath.Dir(dst), e.Name()))
		}
	}
}

// Publish makes temp durable under its final name.
func Publish(temp, dst string) error {
	if err := syncFile(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, dst); err != nil {
		return err
	}
	return syncFile(filepath.Dir(dst))
}

// syncFile makes a file, or the names in a folder, survive a loss of power.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
