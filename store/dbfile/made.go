package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"ringroster/sync"
)

// madeText follows the number in PATH.made.
const madeText = "is the number of the last run of the roster beside this file. Where this\n" +
	"file is and the roster is not, ringroster does not begin a new one by itself.\n"

// LastMade is the number in PATH.made; ok is false when there is no such file.
func (d *File) LastMade() (last sync.RunID, ok bool, err error) {
	f, err := openPlain(d.Path+MadeSuffix, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = f.Close() }()
	text := make([]byte, 20)
	n, _ := f.ReadAt(text, 0)
	number, _ := strconv.ParseInt(strings.TrimSpace(string(text[:n])), 10, 64) // 0: not to be read
	return sync.RunID(number), true, nil
}

// SetMade writes PATH.made. The number has a fixed width and is written in place: it
// needs no room on a full disk, and is old or new after a loss of power.
func (d *File) SetMade(last sync.RunID) error {
	f, err := d.openBeside(MadeSuffix)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "%-20d\n%s", last, madeText), 0)
	return errors.Join(err, f.Sync(), f.Close())
}

// Place says which file this is. A copy has another place.
func (d *File) Place() (string, error) {
	info, err := os.Lstat(d.Path)
	if err != nil {
		return "", err
	}
	return PlaceOf(info), nil
}

// PlaceOf is place for a file that was looked at.
func PlaceOf(info fs.FileInfo) string {
	id := identityOf(info)
	return fmt.Sprintf("%d %d", id.dev, id.ino)
}
