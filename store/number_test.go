package store

import (
	"bytes"
	"errors"
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

func TestR25LeapsAreToFullTenThousands(t *testing.T) {
	for _, tc := range []struct {
		last sync.RunID
		age  time.Duration
		want sync.RunID
	}{
		{0, 0, 10_000},
		{412, time.Hour, 10_000},
		{9_000, time.Hour, 10_000},
		{9_001, time.Hour, 20_000},
		{10_412, -time.Hour, 20_000},
		{412, 30 * 24 * time.Hour, 50_000}, // 43,200 minutes
	} {
		if got := leap(tc.last, monday.Add(-tc.age), monday); got != tc.want {
			t.Errorf("from %d, %s ago: to %d, want %d", tc.last, tc.age, got, tc.want)
		}
	}
	if got := leap(0, time.Time{}, monday); got != 10_000 {
		t.Errorf("without a run: to %d", got)
	}
}

// A number that was given out never names another run, however the roster came back.
func TestR25NumbersAreNeverUsedAgain(t *testing.T) {
	type world struct{ path, backup string }
	next := func(t *testing.T, path string) sync.RunID {
		t.Helper()
		s, err := Open(t.Context(), path, Options{New: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		return beginRun(t, s, time.Now(), "acme", sync.Manual)
	}
	restore := func(t *testing.T, from, to string) {
		t.Helper()
		if _, err := Restore(t.Context(), from, to, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	removeAll := func(t *testing.T, path string) {
		t.Helper()
		for _, suffix := range []string{"", "-wal", "-shm"} {
			remove(t, path+suffix)
		}
	}
	for name, tc := range map[string]struct {
		back func(t *testing.T, w world) (path string)
		want sync.RunID
	}{
		"nothing happened": {func(_ *testing.T, w world) string { return w.path }, 6},
		"restored":         {func(t *testing.T, w world) string { restore(t, w.backup, w.path); return w.path }, 6},
		"restored, and the memory lost": {func(t *testing.T, w world) string {
			restore(t, w.backup, w.path)
			remove(t, w.path+dbfile.MadeSuffix)
			return w.path
		}, 6},
		"restored where the memory was lost": {func(t *testing.T, w world) string {
			remove(t, w.path+dbfile.MadeSuffix)
			restore(t, w.backup, w.path)
			return w.path
		}, 6},
		"restored twice": {func(t *testing.T, w world) string {
			restore(t, w.backup, w.path)
			restore(t, w.backup, w.path)
			return w.path
		}, 6},
		"restored where the roster is gone": {func(t *testing.T, w world) string {
			removeAll(t, w.path)
			restore(t, w.backup, w.path)
			return w.path
		}, 6},
		"restored where the roster is damaged": {func(t *testing.T, w world) string {
			writeFile(t, w.path, bytes.Repeat([]byte("no database\n"), 5000))
			restore(t, w.backup, w.path)
			return w.path
		}, 6},
		"copied back by hand": {func(t *testing.T, w world) string {
			removeAll(t, w.path)
			writeFile(t, w.path, readFile(t, w.backup))
			return w.path
		}, 6},
		"begun anew": {func(t *testing.T, w world) string { removeAll(t, w.path); return w.path }, 6},
		"moved with all that belongs to it": {func(t *testing.T, w world) string {
			moveAll(t, w.path, w.path+"2")
			return w.path + "2"
		}, 6},
		"taken over by restore": {func(t *testing.T, w world) string {
			path := filepath.Join(t.TempDir(), "roster.db")
			restore(t, w.backup, path)
			return path
		}, 10_001},
		"taken over by copying": {func(t *testing.T, w world) string {
			path := filepath.Join(t.TempDir(), "roster.db")
			writeFile(t, path, readFile(t, w.backup))
			return path
		}, 10_001},
		"taken over, then restored": {func(t *testing.T, w world) string {
			path := filepath.Join(t.TempDir(), "roster.db")
			restore(t, w.backup, path)
			next(t, path)
			next(t, path)
			restore(t, w.backup, path)
			return path
		}, 10_003},
		"an old roster, restored where nothing is": {func(t *testing.T, w world) string {
			path := filepath.Join(t.TempDir(), "roster.db")
			restore(t, filepath.Join("testdata", "v9.sqlite"), path)
			return path
		}, 10_001},
	} {
		t.Run(name, func(t *testing.T) {
			w := world{filepath.Join(t.TempDir(), "roster.db"), filepath.Join(t.TempDir(), "backup.db")}
			mustBegin(t, w.path)
			s, err := Open(t.Context(), w.path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				if i == 2 {
					if err := s.Backup(t.Context(), w.backup); err != nil {
						t.Fatal(err)
					}
				}
				beginRun(t, s, time.Now(), "acme", sync.Manual)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got := next(t, tc.back(t, w)); got != tc.want {
				t.Errorf("the next run is %d, want %d", got, tc.want)
			}
		})
	}
}

// A damaged roster is replaced, and kept as it was.
func TestRestoreReplacesADamagedRoster(t *testing.T) {
	for name, spoil := range map[string]func(data []byte) []byte{
		"overwritten":    func([]byte) []byte { return []byte("hello") },
		"the first page": func(data []byte) []byte { copy(data[100:], bytes.Repeat([]byte{0xff}, 3000)); return data },
		"cut off":        func(data []byte) []byte { return data[:len(data)/2] },
		"its header":     func(data []byte) []byte { copy(data, "no SQLite database"); return data },
		"pages in the middle": func(data []byte) []byte {
			copy(data[len(data)/3:], bytes.Repeat([]byte{0xa5}, len(data)/3))
			return data
		},
		"of a newer version":   nil,
		"only its WAL is left": func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			path, backup := rosterFile(t), filepath.Join(t.TempDir(), "backup.db")
			good := rosterFile(t)
			moveFile(t, good, backup)
			var spoilt []byte
			if spoil == nil {
				execute(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
			} else {
				execute(t, path, `PRAGMA wal_checkpoint(TRUNCATE)`)
				spoilt = spoil(readFile(t, path))
				for _, suffix := range []string{"", "-wal", "-shm"} {
					_ = os.Remove(path + suffix)
				}
				writeFile(t, path, spoilt)
			}
			writeFile(t, path+"-wal", []byte("of the old database"))
			before, err := Restore(t.Context(), backup, path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if spoilt != nil && !bytes.Equal(readFile(t, before), spoilt) {
				t.Errorf("what was there is not in %s", before)
			}
			if len(spoilt) > 0 && !strings.Contains(before, ".damaged-") || spoil == nil && !strings.Contains(before, ".before-restore-") {
				t.Errorf("it is kept as %s", before)
			}
			s := openTestStore(t, path)
			if got := usernames(t, s); got != "acme/Ann.Lee" {
				t.Errorf("restored: %s", got)
			}
			checkWhole(t, s)
		})
	}
}

// What is no database may be anybody's file, unless a roster stood there.
func TestRestoreLeavesOtherFilesAlone(t *testing.T) {
	for name, content := range map[string]func(t *testing.T, path string){
		"a text":                     func(t *testing.T, path string) { writeFile(t, path, []byte("Dear diary")) },
		"a database of another kind": func(t *testing.T, path string) { execute(t, path, `CREATE TABLE songs (title)`) },
	} {
		path := filepath.Join(t.TempDir(), "diary")
		content(t, path)
		was := readFile(t, path)
		if _, err := Restore(t.Context(), rosterFile(t), path, Options{}); err == nil || !strings.Contains(err.Error(), "nothing was restored") {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(readFile(t, path), was) {
			t.Errorf("%s was changed", name)
		}
	}
}

// A restore that fails leaves nothing where nothing stood, and the roster where one did.
func TestRestoreIsAllOrNothing(t *testing.T) {
	whole := readFile(t, rosterFile(t))
	dir := t.TempDir()
	sources := map[string]string{}
	for name, content := range map[string][]byte{"text": []byte("Dear diary"), "empty": nil, "cut off": whole[:len(whole)/2]} {
		sources[name] = filepath.Join(dir, name)
		writeFile(t, sources[name], content)
	}
	sources["foreign"] = filepath.Join(dir, "foreign")
	execute(t, sources["foreign"], `CREATE TABLE songs (title)`)
	for name, src := range sources {
		path := filepath.Join(t.TempDir(), "roster.db")
		_, err := Restore(t.Context(), src, path, Options{})
		if err == nil || strings.Contains(err.Error(), "database.path") || !strings.Contains(err.Error(), "nothing was restored") || !strings.Contains(err.Error(), src) {
			t.Errorf("%s: %v", name, err)
		}
		if left := listing(t, filepath.Dir(path)); left != "" {
			t.Errorf("%s: left behind: %s", name, left)
		}
	}
}

func TestRestoreOnAFullDisk(t *testing.T) {
	failed := 0
	for _, room := range []int{0, 40, 200, 400, 600, 800, 1000, 1500, 2500} { // KiB
		for _, stood := range []bool{true, false} {
			dir := smallDisk(t)
			path := filepath.Join(dir, "roster.db")
			if stood {
				mustBegin(t, path)
				s, err := Open(t.Context(), path, Options{})
				if err != nil {
					t.Fatal(err)
				}
				apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ben", "Ray"))))
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			ballast := fillDisk(t, dir, room)
			_, err := Restore(t.Context(), rosterFile(t), path, Options{})
			remove(t, ballast)
			want := "acme/Ann.Lee"
			if err != nil {
				failed++
				if want = ""; stood {
					want = "acme/Ben.Ray"
				}
			}
			s, err2 := Open(t.Context(), path, Options{New: true})
			if err2 != nil {
				t.Fatalf("%d KiB, a roster stood there: %v: %v; then %v", room, stood, err, err2)
			}
			if got := usernames(t, s); got != want {
				t.Errorf("%d KiB, a roster stood there: %v: %v; it holds %q, want %q", room, stood, err, got, want)
			}
			checkWhole(t, s)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if failed < 5 || failed == 18 {
		t.Errorf("%d of 18 restores failed, which shows too little", failed)
	}
}

// fillDisk leaves so much room, in KiB.
func fillDisk(t *testing.T, dir string, room int) (ballast string) {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	ballast = filepath.Join(dir, "ballast")
	err := os.WriteFile(ballast, make([]byte, int(disk.Bavail)*int(disk.Bsize)-room<<10), 0o600)
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return ballast
}

// A restore that is killed leaves the roster of before, or the restored one, or says that
// there was one; done again, it succeeds.
func TestRestoreKilled(t *testing.T) {
	kills := 6
	if *long {
		kills = 90
	}
	backup := rosterFile(t)
	whole := time.Duration(0)
	counts := map[string]int{}
	for i := range kills {
		path := filepath.Join(t.TempDir(), "roster.db")
		kind := []string{"healthy", "damaged", "none"}[i%3]
		if kind != "none" {
			mustBegin(t, path)
			s, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ben", "Ray"))))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if kind == "damaged" {
			writeFile(t, path, []byte("damaged"))
		}
		cmd := helperCommand(t, "restore", path)
		cmd.Env = append(cmd.Env, "BACKUP="+backup)
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if i < 3 { // how long a whole one takes
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
			whole = max(whole, time.Since(began))
		} else {
			<-time.After(whole * time.Duration(i) / time.Duration(kills))
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()
		}
		s, err := Open(t.Context(), path, Options{})
		switch {
		case err == nil:
			got := usernames(t, s)
			counts[kind+": "+got]++
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if got != "acme/Ann.Lee" && (kind != "healthy" || got != "acme/Ben.Ray") {
				t.Errorf("%s: the roster is %q", kind, got)
			}
		case kind == "damaged": // as it was, or set aside and remembered
			counts["damaged: refused"]++
		case kind == "none" && isError[*database.MissingError](err): // nothing was put there
			counts["none: refused"]++
		default:
			t.Errorf("%s: %v", kind, err)
		}
		if _, err := Restore(t.Context(), backup, path, Options{}); err != nil {
			t.Errorf("%s, again: %v", kind, err)
		}
		s = openTestStore(t, path)
		if got := usernames(t, s); got != "acme/Ann.Lee" {
			t.Errorf("%s, again: %s", kind, got)
		}
		checkWhole(t, s)
	}
	t.Log(counts)
}
