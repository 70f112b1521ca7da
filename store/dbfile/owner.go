package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// owner is to whom root gives what it makes beside the database: its owner, or while
// there is no database the folder's. ok is false for those who cannot give files away.
func (d *File) owner() (uid, gid int, ok bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	info, err := os.Lstat(d.Path)
	if err != nil {
		info, err = os.Stat(filepath.Dir(d.Path))
	}
	if err != nil {
		return 0, 0, false
	}
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid), true
}

// give gives a new file to the owner of the database.
func (d *File) give(f *os.File) error {
	if uid, gid, ok := d.owner(); ok && uid != 0 {
		return f.Chown(uid, gid)
	}
	return nil
}

// Tend gives the database and the files beside it the mode that the settings ask for
// now, and what root left behind the owner of the database.
func (d *File) Tend() error {
	for _, suffix := range Companions {
		if err := d.tendFile(d.Path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// tendFile is tend for one file. A descriptor with O_PATH names a file for certain and
// drops no locks when it is closed.
func (d *File) tendFile(name string) error {
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

// Files are the names of the database at path, with every symbolic link followed, and
// of what stands beside it, whether it is there or not.
func Files(path string) ([]string, error) {
	full, _, err := resolve(path)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(Companions))
	for i, suffix := range Companions {
		names[i] = full + suffix
	}
	return names, nil
}

// Stray is a file of the roster that keeps a service, or anybody, from its work.
type Stray struct{ Path, What, Remedy string }

// Strays looks for files beside the database that are no plain files, and for what
// somebody else left there: root, who once ran a command on the roster of a service.
func Strays(path string) (found []Stray, err error) {
	names, err := Files(path)
	if err != nil {
		return nil, err
	}
	owner, err := os.Stat(filepath.Dir(names[0]))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		info, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if name == names[0] {
			// The folder of somebody else's roster may be root's, but not the reverse.
			if userOf(owner) == 0 || userOf(info) != 0 {
				owner = info
			}
		} else if err := plain(name, info); err != nil {
			found = append(found, Stray{name, err.Error(), "rm " + name})
			continue
		}
		if userOf(info) != userOf(owner) {
			found = append(found, Stray{
				name, fmt.Sprintf("%s belongs to %s, the roster to %s", name, userName(info), userName(owner)),
				fmt.Sprintf("chown %s:%d %s", userName(owner), owner.Sys().(*syscall.Stat_t).Gid, name),
			})
		}
	}
	return found, nil
}

func userOf(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

func userName(info fs.FileInfo) string {
	id := strconv.FormatUint(uint64(userOf(info)), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
