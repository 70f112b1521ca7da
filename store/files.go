package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	stdsync "sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Files beside the database, by what is appended to its path. SQLite makes -wal, -shm
// and -journal; the others are ours.
const (
	lockSuffix    = ".lock"    // whose lock is the lock of the roster (R27)
	serviceSuffix = ".service" // whose lock says that a service is at work
	madeSuffix    = ".made"    // that there was a roster, and its last run
)

// companions are all files that belong to a database, and itself.
var companions = []string{"", "-wal", "-shm", "-journal", lockSuffix, serviceSuffix, madeSuffix}

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

// dbFile is the file of a database, and those beside it.
type dbFile struct {
	path     string // with every symbolic link followed
	dangling bool   // a link led to path, where nothing was
	mode     fs.FileMode

	mu   stdsync.Mutex
	open map[string]identity // the database, and the locks held beside it, by name
}

// newFile is the file at a path, whether it is there or not; mode 0 means 0600.
func newFile(path string, mode fs.FileMode) (*dbFile, error) {
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
	return &dbFile{path: full, dangling: dangling, mode: mode, open: map[string]identity{}}, nil
}

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

// checkFile refuses what cannot be the database. It looks at the name alone: the
// first descriptor of the file that is closed drops every lock that SQLite has on it.
func (d *dbFile) checkFile() (fs.FileInfo, error) {
	info, err := os.Lstat(d.path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file; check database.path")
	case isMountPoint(d.path):
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
func (d *dbFile) openBeside(suffix string) (*os.File, error) {
	name := d.path + suffix
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

// owner is to whom root gives what it makes beside the database: its owner, or while
// there is no database the folder's. ok is false for those who cannot give files away.
func (d *dbFile) owner() (uid, gid int, ok bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	info, err := os.Lstat(d.path)
	if err != nil {
		info, err = os.Stat(filepath.Dir(d.path))
	}
	if err != nil {
		return 0, 0, false
	}
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid), true
}

// give gives a new file to the owner of the database.
func (d *dbFile) give(f *os.File) error {
	if uid, gid, ok := d.owner(); ok && uid != 0 {
		return f.Chown(uid, gid)
	}
	return nil
}

// tend gives the database and the files beside it the mode that the settings ask for
// now, and what root left behind the owner of the database.
func (d *dbFile) tend() error {
	for _, suffix := range companions {
		if err := d.tendFile(d.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// tendFile is tend for one file. A descriptor with O_PATH names a file for certain and
// drops no locks when it is closed.
func (d *dbFile) tendFile(name string) error {
	fd, err := unix.Open(name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err == nil {
		err = plain(name, info)
	}
	if err != nil {
		return err
	}
	uid, gid, root := d.owner()
	if st := info.Sys().(*syscall.Stat_t); root && uid != 0 && int(st.Uid) != uid {
		if err := unix.Fchownat(fd, "", uid, gid, unix.AT_EMPTY_PATH); err != nil {
			return &fs.PathError{Op: "chown", Path: name, Err: err}
		}
	}
	if info.Mode().Perm() == d.mode {
		return nil
	}
	if err := os.Chmod("/proc/self/fd/"+strconv.Itoa(fd), d.mode); err != nil {
		return &fs.PathError{Op: "chmod", Path: name, Err: errors.Unwrap(err)}
	}
	return nil
}
