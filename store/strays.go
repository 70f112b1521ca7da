package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Files are the names of the database at path, with every symbolic link followed, and
// of what stands beside it, whether it is there or not.
func Files(path string) ([]string, error) {
	full, _, err := resolve(path)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(companions))
	for i, suffix := range companions {
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
