// Package dbfile is the file of a database, and those beside it. It tells whether what
// was opened still stands at its name, makes files with the mode and the owner of the
// database, takes locks of the operating system, and puts a file in the place of another.
// It reads nothing of the database, and never opens it: the first descriptor of the file
// that is closed drops every lock that SQLite has on it.
package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// File is the file of a database, and those beside it.
type File struct {
	Path     string // with every symbolic link followed
	Dangling bool   // a link led to path, where nothing was
	mode     fs.FileMode

	mu   stdsync.Mutex
	open map[string]identity // the database, and the locks held beside it, by name
}

// New is the file at a path, whether it is there or not; mode 0 means 0600.
func New(path string, mode fs.FileMode) (*File, error) {
	if path == "" {
		return nil, errors.New("no path was given")
	}
	full, dangling, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if mode == 0 {
		mode = 0o600
	}
	return &File{Path: full, Dangling: dangling, mode: mode, open: map[string]identity{}}, nil
}

// Files beside the database, by what is appended to its path. SQLite makes -wal, -shm
// and -journal; the others are ours.
const (
	LockSuffix    = ".lock"    // whose lock is the lock of the roster (R27)
	ServiceSuffix = ".service" // whose lock says that a service is at work
	MadeSuffix    = ".made"    // that there was a roster, and its last run
)

// Companions are all files that belong to a database, and itself.
var Companions = []string{"", "-wal", "-shm", "-journal", LockSuffix, ServiceSuffix, MadeSuffix}

// resolve follows every symbolic link in path: two names of one file must lead to one
// lock. The file itself may be missing. dangling is true when its name is a link to
// where nothing is.
func resolve(path string) (full string, dangling bool, err error) {
	if full, err = filepath.Abs(path); err != nil {
		return "", false, err
	}
	target, err := filepath.EvalSymlinks(full)
	if !errors.Is(err, fs.ErrNotExist) {
		return target, false, err
	}
	if target, err = os.Readlink(full); err == nil {
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(full), target)
		}
		full, _, err = resolve(target)
		return full, true, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(full))
	if errors.Is(err, fs.ErrNotExist) {
		return full, false, nil // whoever opens it says so
	}
	return filepath.Join(dir, filepath.Base(full)), false, err
}

// CheckFile refuses what cannot be the database. It looks at the name alone: the
// first descriptor of the file that is closed drops every lock that SQLite has on it.
func (d *File) CheckFile() (fs.FileInfo, error) {
	info, err := os.Lstat(d.Path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file; check database.path")
	case isMountPoint(d.Path):
		return nil, errors.New("it is mounted by itself, so that its lock and its WAL stand in other folders for other programs: mount the folder it is in")
	case info.Sys().(*syscall.Stat_t).Nlink > 1:
		return nil, errors.New("it has a second name (a hard link), under which other programs would use another lock and another WAL: remove that name, or make it a copy")
	}
	return info, nil
}

// isMountPoint says whether a file is mounted by itself.
func isMountPoint(name string) bool {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_INO, &st)
	if err == nil && st.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
	}
	text, _ := os.ReadFile("/proc/self/mountinfo") // before Linux 5.8
	return listsMount(string(text), name)
}

// listsMount looks for a mount point in /proc/self/mountinfo, where it is the fifth
// field and its spaces are \040.
func listsMount(mountinfo, name string) bool {
	escaped := strings.NewReplacer(`\`, `\134`, " ", `\040`, "\t", `\011`, "\n", `\012`).Replace(name)
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == escaped {
			return true
		}
	}
	return false
}

// openBeside opens a file beside the database, which it makes like the database
// itself: with the same mode, and the same owner when root happens to be first.
func (d *File) openBeside(suffix string) (*os.File, error) {
	name := d.Path + suffix
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, d.mode) // O_EXCL follows no link
	if errors.Is(err, fs.ErrExist) {
		return openPlain(name, os.O_RDWR)
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Chmod(d.mode), d.give(f)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// openPlain opens a file that is there. It follows no symbolic link, with which
// whoever may write into the folder could lead root elsewhere, and does not wait for
// the other end of a FIFO.
func openPlain(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(name, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, syscall.ELOOP):
		return nil, notPlain(name, "is a symbolic link, which is not followed")
	case errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.EISDIR):
		return nil, notPlain(name, "is not a regular file")
	case err != nil:
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = plain(name, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// plain refuses a file beside the database that somebody else put there.
func plain(name string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return notPlain(name, "is a symbolic link, which is not followed")
	case !info.Mode().IsRegular():
		return notPlain(name, "is not a regular file")
	case info.Sys().(*syscall.Stat_t).Nlink > 1:
		return notPlain(name, "has a second name (a hard link)")
	}
	return nil
}

func notPlain(name, what string) error {
	return fmt.Errorf("%s %s: find out who put it there, then remove it", name, what)
}
