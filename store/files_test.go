package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/sync"
)

// One file has one lock, whatever links lead to it (R27).
func TestR27ALinkLeadsToTheSameLock(t *testing.T) {
	for name, link := range map[string]func(t *testing.T, dir string) (path string){
		"to the file": func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "other.db")
			symlink(t, filepath.Join("real", "roster.db"), path)
			return path
		},
		"to its folder": func(t *testing.T, dir string) string {
			symlink(t, "real", filepath.Join(dir, "linked"))
			return filepath.Join(dir, "linked", "roster.db")
		},
		"to a folder above, and from there to the file": func(t *testing.T, dir string) string {
			symlink(t, dir, filepath.Join(dir, "real", "up"))
			symlink(t, "roster.db", filepath.Join(dir, "real", "second.db"))
			return filepath.Join(dir, "real", "up", "real", "second.db")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
				t.Fatal(err)
			}
			s := newTestStoreAt(t, filepath.Join(dir, "real", "roster.db"))
			other := openTestStore(t, link(t, dir))
			if other.Path() != s.Path() {
				t.Errorf("opened as %s", other.Path())
			}
			release, err := s.Lock(t.Context(), holder)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.Lock(t.Context(), holder); !isBusy(err) {
				t.Errorf("a second writer: %v", err)
			}
			if err := release(); err != nil {
				t.Error(err)
			}
			checkOneRoster(t, dir)
		})
	}
}

// checkOneRoster sees that no file of a roster was made under a name that is a link.
func checkOneRoster(t *testing.T, dir string) {
	t.Helper()
	for _, suffix := range dbfile.Companions[1:] {
		for _, name := range []string{"other.db", "real/second.db"} {
			if _, err := os.Lstat(filepath.Join(dir, name+suffix)); err == nil {
				t.Errorf("%s was made", name+suffix)
			}
		}
	}
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// A link to where nothing is may lead to a file system that is not mounted.
func TestR27ADanglingLinkIsNoFirstStart(t *testing.T) {
	dir := t.TempDir()
	path, target := filepath.Join(dir, "roster.db"), filepath.Join(dir, "elsewhere.db")
	symlink(t, "elsewhere.db", path)
	for _, open := range []func() (*Store, error){
		func() (*Store, error) { return Open(t.Context(), path, Options{}) },
		func() (*Store, error) { return OpenRead(t.Context(), path) },
	} {
		if _, err := open(); !isError[*database.MissingError](err) || !strings.Contains(err.Error(), target) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
	s, err := Open(t.Context(), path, Options{New: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil || s.Path() != target {
		t.Errorf("made %s, %v", s.Path(), err)
	}
}

// A file that is mounted by itself has its lock and its WAL in another folder there
// than here.
func TestR27ALoneBindMountIsRefused(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	dir := t.TempDir()
	path := filepath.Join(dir, "roster with a space.db")
	writeFile(t, path, nil)
	bindMount(t, s.Path(), path)
	for _, open := range []func() (*Store, error){
		func() (*Store, error) { return Open(t.Context(), path, Options{New: true}) },
		func() (*Store, error) { return OpenRead(t.Context(), path) },
	} {
		if _, err := open(); err == nil || !strings.Contains(err.Error(), "mount the folder it is in") {
			t.Errorf("got %v", err)
		}
	}
	folder := t.TempDir()
	bindMount(t, filepath.Dir(s.Path()), folder)
	other := openTestStore(t, filepath.Join(folder, filepath.Base(s.Path())))
	release, err := s.Lock(t.Context(), holder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lock(t.Context(), holder); !isBusy(err) {
		t.Errorf("its folder may be mounted, and the lock is the same: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

func ownerOf(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

func bindMount(t *testing.T, from, to string) {
	t.Helper()
	if err := syscall.Mount(from, to, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(to, syscall.MNT_DETACH) })
}

func TestR27AHardLinkIsRefused(t *testing.T) {
	path := rosterFile(t)
	if err := os.Link(path, path+".second"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{New: true}); err == nil || !strings.Contains(err.Error(), "second name") {
		t.Errorf("got %v", err)
	}
}

// Whoever may write into the folder could lead root to any file with a link.
func TestR27LinksBesideTheRosterAreNotFollowed(t *testing.T) {
	uses := map[string]func(t *testing.T, path string) error{
		dbfile.LockSuffix: func(t *testing.T, path string) error {
			s, err := Open(t.Context(), path, Options{Mode: 0o640, New: true})
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			_, err = s.Lock(t.Context(), holder)
			return err
		},
		dbfile.ServiceSuffix: func(t *testing.T, path string) error {
			s, err := Open(t.Context(), path, Options{Mode: 0o640, New: true})
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			_, err = s.BeService(t.Context(), holder)
			return err
		},
		dbfile.MadeSuffix: func(t *testing.T, path string) error { return openAndClose(t.Context(), path) },
		"-wal":            func(t *testing.T, path string) error { return openAndClose(t.Context(), path) },
		"-shm":            func(t *testing.T, path string) error { return openAndClose(t.Context(), path) },
	}
	for suffix, use := range uses {
		for _, exists := range []bool{true, false} {
			path := rosterFile(t)
			target := filepath.Join(t.TempDir(), "target")
			if exists {
				writeFile(t, target, []byte("somebody else's"))
			}
			_ = os.Remove(path + suffix)
			symlink(t, target, path+suffix)
			if err := use(t, path); err == nil {
				t.Errorf("%s, whose target exists: %v: it was used", suffix, exists)
			} else if suffix[0] == '.' && !strings.Contains(err.Error(), "symbolic link") {
				t.Errorf("%s, whose target exists: %v: %v", suffix, exists, err)
			}
			info, err := os.Stat(target)
			if (err == nil) != exists {
				t.Errorf("%s: target made: %v", suffix, err)
			}
			if exists && (info.Mode().Perm() != 0o600 || string(readFile(t, target)) != "somebody else's") {
				t.Errorf("%s: the target is %v, %q now", suffix, info.Mode(), readFile(t, target))
			}
		}
	}
}

// Nor are other files that somebody put there.
func TestOnlyPlainFilesStandBesideTheRoster(t *testing.T) {
	for _, suffix := range []string{dbfile.LockSuffix, dbfile.ServiceSuffix, dbfile.MadeSuffix} {
		path := rosterFile(t)
		_ = os.Remove(path + suffix)
		if err := syscall.Mkfifo(path+suffix, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := openAndClose(t.Context(), path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", suffix, err)
		}
	}
}

// What is not a regular file is refused at once: a FIFO has nobody at its other end.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	live := newTestStore(t)
	apply(t, live, monday, planOf(t, live, "acme", onboard(person("acme", "Ann", "Lee"))))
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fifo, "/dev/null", "/dev/zero", t.TempDir()} {
		for verb, use := range map[string]func() error{
			"open":      func() error { return openAndClose(t.Context(), name) },
			"read":      func() error { _, err := OpenRead(t.Context(), name); return err },
			"back up":   func() error { return live.Backup(t.Context(), name) },
			"restore":   func() error { _, err := Restore(t.Context(), name, live.Path(), Options{}); return err },
			"restore 2": func() error { _, err := Restore(t.Context(), live.Path(), name, Options{}); return err },
		} {
			if err := use(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
				t.Errorf("%s %s: %v", verb, name, err)
			}
		}
	}
	if got := usernames(t, live); got != "acme/Ann.Lee" {
		t.Errorf("the roster is now %q", got)
	}
}

// What root makes on somebody's roster is that user's, or the next start fails.
func TestR27RootLeavesNothingBehind(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can leave files of root behind")
	}
	const user = 65534
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, user, user); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "roster.db")
	allOurs := func(when string) {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) < 5 {
			t.Fatal(entries, err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || ownerOf(info) != user {
				t.Errorf("%s: %s belongs to %d, %v", when, e.Name(), ownerOf(info), err)
			}
		}
	}
	use := func() {
		t.Helper()
		s, err := Open(t.Context(), path, Options{New: true})
		if err != nil {
			t.Fatal(err)
		}
		apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
		release, err := s.Lock(t.Context(), holder)
		service, err2 := s.BeService(t.Context(), holder)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		err = errors.Join(s.Backup(t.Context(), path+".copy"), release(), service(), s.Close())
		if err != nil {
			t.Fatal(err)
		}
	}
	use()
	allOurs("made by root")
	if _, err := Restore(t.Context(), path+".copy", path, Options{}); err != nil {
		t.Fatal(err)
	}
	allOurs("restored by root")

	// What an older version left there is found, and mended by root's next command.
	for _, suffix := range []string{"-wal", dbfile.LockSuffix, dbfile.ServiceSuffix} {
		if err := os.Chown(path+suffix, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	found, err := dbfile.Strays(path)
	if err != nil || len(found) != 3 || found[1].Path != path+dbfile.LockSuffix || !strings.HasPrefix(found[1].Remedy, "chown ") || !strings.HasSuffix(found[1].Remedy, found[1].Path) {
		t.Errorf("found %+v, %v", found, err)
	}
	if err := openAndClose(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	allOurs("mended")
	if found, err := dbfile.Strays(path); err != nil || len(found) != 0 {
		t.Errorf("found %+v, %v", found, err)
	}
	if err := os.Chown(path, 0, 0); err != nil {
		t.Fatal(err)
	}
	if found, err := dbfile.Strays(path); err != nil || len(found) != 1 || found[0].Path != path {
		t.Errorf("the roster itself is root's: found %+v, %v", found, err)
	}
}

func TestStraysFindsLinks(t *testing.T) {
	path := rosterFile(t)
	symlink(t, "/dev/null", path+dbfile.LockSuffix)
	found, err := dbfile.Strays(path)
	if err != nil || len(found) != 1 || !strings.Contains(found[0].What, "symbolic link") || found[0].Remedy != "rm "+path+dbfile.LockSuffix {
		t.Errorf("found %+v, %v", found, err)
	}
}

// There is one service on a roster, and everybody can see which.
func TestTwoServicesRefuseEachOther(t *testing.T) {
	s := newTestStore(t)
	other := openTestStore(t, s.Path())
	if h, runs, err := s.Service(); runs || err != nil {
		t.Fatal(h, runs, err)
	}
	first := sync.Holder{PID: 4711, Host: "here", Since: monday}
	release, err := s.BeService(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.BeService(t.Context(), sync.Holder{PID: 4712, Host: "here", Since: monday.Add(time.Hour)})
	served, ok := errors.AsType[*database.ServedError](err)
	if !ok || served.Holder != first || !strings.Contains(err.Error(), "process 4711 on here since 2026-11-23T03:00:00Z") {
		t.Errorf("a second service: %v", err)
	}
	for _, looker := range []*Store{s, other} {
		if h, runs, err := looker.Service(); !runs || err != nil || h != first {
			t.Error(h, runs, err)
		}
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, runs, err := s.Service(); runs || err != nil {
		t.Error(runs, err)
	}
	again, err := other.BeService(t.Context(), holder)
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
