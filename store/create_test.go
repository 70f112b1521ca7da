package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/store/schema"
	"ringroster/sync"
)

// A roster that was there and is not, or is empty, is no first start (R27).
func TestR27AGoneRosterIsNoFirstStart(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, path string){
		"removed": func(t *testing.T, path string) {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				remove(t, path+suffix)
			}
		},
		"removed, but for its WAL": func(t *testing.T, path string) {
			remove(t, path)
			remove(t, path+dbfile.MadeSuffix)
			writeFile(t, path+"-wal", []byte("members"))
		},
		"removed with all beside it: a file system that is not mounted": func(t *testing.T, path string) {
			for _, suffix := range []string{"", "-wal", "-shm", dbfile.MadeSuffix} {
				remove(t, path+suffix)
			}
		},
		"empty": func(t *testing.T, path string) { writeFile(t, path, nil) },
		"empty, and without its WAL": func(t *testing.T, path string) {
			writeFile(t, path, nil)
			remove(t, path+"-wal")
			remove(t, path+"-shm")
		},
		"a database without a table": func(t *testing.T, path string) {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				remove(t, path+suffix)
			}
			execute(t, path, `CREATE TABLE gone (a); DROP TABLE gone; VACUUM`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := rosterFile(t)
			lose(t, path)
			was := listing(t, filepath.Dir(path))
			_, err := Open(t.Context(), path, Options{})
			if !isError[*database.MissingError](err) || !strings.Contains(err.Error(), "--new") || !strings.Contains(err.Error(), "restore") {
				t.Errorf("open: %v", err)
			}
			if _, err := OpenRead(t.Context(), path); !isError[*database.MissingError](err) && !isError[*schema.OlderError](err) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("read: %v", err)
			}
			if is := listing(t, filepath.Dir(path)); name != "a database without a table" && is != was {
				t.Errorf("the folder was %s and is %s", was, is)
			}

			s, err := Open(t.Context(), path, Options{New: true})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if got := usernames(t, s); got != "" {
				t.Errorf("the new roster has %s", got)
			}
			checkWhole(t, s)
			if name == "removed" {
				if run := beginRun(t, s, monday, "acme", sync.Manual); run != 2 {
					t.Errorf("its first run is %d: the number of one in the old roster", run)
				}
			}
		})
	}
}

// listing is what stands in a folder, but for what opening for reading makes.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s (%d)", e.Name(), info.Size()))
	}
	return strings.Join(all, ", ")
}

// A roster of before has no PATH.made: the next opening for writing makes one.
func TestR27AnOldRosterIsRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	writeFile(t, path, readFile(t, filepath.Join("testdata", "v9.sqlite")))
	if err := openAndClose(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if text := string(readFile(t, path+dbfile.MadeSuffix)); !strings.HasPrefix(text, "11 ") {
		t.Errorf("%s says %q", dbfile.MadeSuffix, text)
	}
	remove(t, path)
	if _, err := Open(t.Context(), path, Options{}); !isError[*database.MissingError](err) {
		t.Errorf("got %v", err)
	}
}

// On a full disk a first start leaves nothing, and the next one begins anew.
func TestFirstStartOnAFullDisk(t *testing.T) {
	failed := 0
	for _, room := range []int{0, 40, 160, 320, 480, 640, 680, 700, 720, 740, 760, 800, 900} { // KiB
		dir := smallDisk(t)
		path := filepath.Join(dir, "roster.db")
		synctest.Test(t, func(t *testing.T) { // the migrations are tried for seconds
			ballast := fillDisk(t, dir, room)
			err := openAndClose(t.Context(), path)
			remove(t, ballast)
			if err != nil {
				failed++
				if !strings.Contains(err.Error(), "disk") && !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("%d KiB: %v", room, err)
				}
			}
		})
		wholeOrNothing(t, path)
		s, err := Open(t.Context(), path, Options{New: true})
		if err != nil {
			t.Fatalf("%d KiB, with room again: %v", room, err)
		}
		checkWhole(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		backups, err := filepath.Glob(path + ".backup-*")
		temps, err2 := filepath.Glob(path + ".*.tmp*")
		if errors.Join(err, err2) != nil || len(backups)+len(temps) > 0 {
			t.Errorf("%d KiB: left behind: %v %v", room, backups, temps)
		}
	}
	if failed < 6 || failed == 13 {
		t.Errorf("%d of 13 starts failed, which shows too little", failed)
	}
}

// wholeOrNothing sees that a database has the whole schema, or is not there.
func wholeOrNothing(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return
	}
	s, err := OpenRead(t.Context(), path)
	if err != nil {
		t.Errorf("what a first start left cannot be read: %v", err)
		return
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// A first start that is killed leaves the whole schema or nothing.
func TestFirstStartKilled(t *testing.T) {
	kills := 4
	if *long {
		kills = 100
	}
	rng := rand.New(rand.NewPCG(1, 1))
	path := filepath.Join(t.TempDir(), "roster.db")
	began := time.Now()
	if out, err := helperCommand(t, "write", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := time.Since(began)
	for range kills {
		path := filepath.Join(t.TempDir(), "roster.db")
		cmd := helperCommand(t, "write", path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(rng.Int64N(int64(whole))))
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		wholeOrNothing(t, path)
		if err := openAndClose(t.Context(), path); err != nil {
			t.Errorf("the next start: %v", err)
		}
		if temps, err := filepath.Glob(path + ".*.tmp*"); err != nil || len(temps) > 1 {
			t.Errorf("left behind: %v, %v", temps, err)
		}
	}
}

// Whatever looks at the roster beside its connections must not open and close the file
// by itself: that drops SQLite's locks, as POSIX has it, and a second writer gets in.
func TestR27NothingDropsSQLitesLocks(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	copied := filepath.Join(t.TempDir(), "copy.db")
	tx, err := s.db.Writes.BeginTx(t.Context(), nil) // immediate: it holds the lock for writing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for what, look := range map[string]func() error{
		"in place": s.InPlace,
		"modes":    s.db.File.Tend,
		"holder":   func() error { _, _, err := s.Holder(t.Context()); return err },
		"service":  func() error { _, _, err := s.Service(); return err },
		"strays":   func() error { _, err := dbfile.Strays(s.Path()); return err },
		"made":     func() error { _, _, err := s.db.File.LastMade(); return err },
		"back up":  func() error { return s.Backup(t.Context(), copied) },
		"read":     func() error { return readAll(t.Context(), s.Path()) },
		"back up onto itself": func() error {
			if s.Backup(t.Context(), s.Path()) == nil || s.Backup(t.Context(), s.Path()+"-shm") == nil {
				return errors.New("it was done")
			}
			return nil
		},
		"restore from itself": func() error {
			if _, err := Restore(t.Context(), s.Path(), s.Path(), Options{}); !errors.Is(err, ErrNoBackup) {
				return fmt.Errorf("it was done: %w", err)
			}
			return nil
		},
	} {
		if err := look(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		out, err := helperCommand(t, "locks", s.Path()).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "[db db-shm]" {
			t.Fatalf("after %q another process sees locks on %s, %v", what, out, err)
		}
	}
}
