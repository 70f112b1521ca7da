package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ringroster/ringcentral/simulator"
)

// TestTwoSyncsAtOnce: one works, another says who does, a third waits for it
// (R27).
func TestTwoSyncsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, t.TempDir(), 30)
	s.run(t, exitDone, "sync")
	name := s.change(t)
	release := s.hold()
	defer release()
	first, firstOut := s.command(t.Context(), "sync")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	s.waitForRun(t, first.Process.Pid)
	was := people(t, s.path())
	holder := fmt.Sprintf("process %d on ", first.Process.Pid)
	for _, args := range [][]string{{"sync"}, {"sync", "--wait", "50ms"}} {
		if out := s.run(t, exitFailed, args...); !strings.Contains(out, holder) {
			t.Errorf("%v does not name the holder (%s):\n%s", args, holder, out)
		}
	}
	if is := people(t, s.path()); is != was {
		t.Fatal("a refused sync changed the roster")
	}
	waiting, waitingOut := s.command(t.Context(), "sync", "--wait", "1m")
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	release()
	if err := first.Wait(); err != nil {
		t.Fatalf("the first sync: %v\n%s", err, firstOut)
	}
	if err := waiting.Wait(); err != nil {
		t.Fatalf("the waiting sync: %v\n%s", err, waitingOut)
	}
	s.settled(t, name)
}

// TestHolderKilled: the lock of a holder that was killed is free at once, and
// its run is marked (R27).
func TestHolderKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, t.TempDir(), 30)
	s.run(t, exitDone, "sync")
	name := s.change(t)
	release := s.hold()
	defer release()
	first, _ := s.command(t.Context(), "sync")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	s.waitForRun(t, first.Process.Pid)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // it was killed
	release()
	s.run(t, exitDone, "sync")
	s.settled(t, name)
	if got := one(t, s.path(), `SELECT status || ' ' || error FROM runs WHERE run_id = 2`); got != "failed interrupted" {
		t.Errorf("the killed run is recorded as %q", got)
	}
}

// waitForRun waits until a process holds the lock and its run is recorded.
func (s *site) waitForRun(t *testing.T, pid int) {
	t.Helper()
	for t.Context().Err() == nil {
		if one(t, s.path(), `SELECT coalesce(max(pid), 0) FROM lock_holder, runs WHERE status = 'running'`) == fmt.Sprint(pid) {
			return
		}
	}
}

// TestBrokenFile: whatever is wrong with the file, the operator is told, and
// what is there stays as it is.
func TestBrokenFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, path string, data []byte)
		want  string
	}{
		{"not a database", func(t *testing.T, path string, _ []byte) {
			write(t, path, []byte(strings.Repeat("Dear diary, today I wrote no database.\n", 200)))
		}, "not a SQLite database"},
		{"a short text", func(t *testing.T, path string, _ []byte) { write(t, path, []byte("hello")) }, "not a SQLite database"},
		{"a folder", func(t *testing.T, path string, _ []byte) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "it is not a regular file"},
		{"cut off", func(t *testing.T, path string, data []byte) { write(t, path, data[:len(data)*6/10]) }, "damaged or cut off"},
		{"cut off within the first page", func(t *testing.T, path string, data []byte) { write(t, path, data[:3000]) }, "damaged or cut off"},
		{"corrupt in the middle", func(t *testing.T, path string, data []byte) {
			for i := len(data) / 4; i < len(data)*3/4; i++ {
				data[i] = byte(i * 7)
			}
			write(t, path, data)
		}, "damaged or cut off"},
		{"of another program", func(t *testing.T, path string, _ []byte) {
			if _, err := openFile(t, path).ExecContext(t.Context(), `CREATE TABLE songs (title)`); err != nil {
				t.Fatal(err)
			}
		}, "of another program"},
		{"of a newer ringroster", func(t *testing.T, path string, data []byte) {
			write(t, path, data)
			db := openFile(t, path)
			if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}, "use the newer ringroster"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, t.TempDir(), 30)
			s.run(t, exitDone, "sync")
			data := s.takeAway(t)
			test.spoil(t, s.path(), data)
			was := contents(t, s.path())
			for _, args := range [][]string{{"sync"}, {"roster", "list"}} {
				if out := s.run(t, exitFailed, args...); !strings.Contains(out, test.want) || !strings.Contains(out, "roster.db") {
					t.Errorf("%v does not say %q about the file:\n%s", args, test.want, out)
				}
			}
			if contents(t, s.path()) != was {
				t.Error("the file was overwritten")
			}
		})
	}
}

// takeAway removes the database and gives what was in it.
func (s *site) takeAway(t *testing.T) (data []byte) {
	t.Helper()
	if _, err := openFile(t, s.path()).ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.path())
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.path() + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// contents are the file's bytes; a folder has none.
func contents(t *testing.T, path string) string {
	t.Helper()
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestLockedByAnotherProgram: an SQL client that keeps a transaction open is
// waited for a little, then named.
func TestLockedByAnotherProgram(t *testing.T) {
	t.Parallel()
	s := newSite(t, t.TempDir(), 30)
	s.run(t, exitDone, "sync")
	name := s.change(t)
	was := people(t, s.path())
	conn, err := openFile(t, s.path()).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	if out := s.run(t, exitFailed, "sync"); !strings.Contains(out, "another program keeps it locked") {
		t.Errorf("sync does not say who is in the way:\n%s", out)
	}
	s.run(t, exitDone, "roster", "list") // reading goes on
	if _, err := conn.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if people(t, s.path()) != was {
		t.Error("the refused sync changed the roster")
	}
	s.run(t, exitDone, "sync")
	s.settled(t, name)
}

// mount gives a small file system of its own to break.
func mount(t *testing.T, size string) (dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system to fill up")
	}
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// TestDiskFull: when the disk fills up in the middle of the commit, the roster
// is as it was; with room again, the next run completes it.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 8, 40, 120, 300} { // KiB
		t.Run(fmt.Sprintf("%d KiB left", room), func(t *testing.T) {
			t.Parallel()
			dir := mount(t, "8m")
			s := newSite(t, dir, 60)
			s.run(t, exitDone, "sync")
			s.hireMany(t, 500)
			name := s.change(t)
			was := people(t, s.path())
			s.fillUp(t, room)
			out := s.run(t, exitFailed, "sync")
			if !strings.Contains(out, "the disk is full; nothing was changed") && !strings.Contains(out, "the disk or file system failed") {
				t.Errorf("sync does not say that the disk is full:\n%s", out)
			}
			if err := os.Remove(filepath.Join(dir, "ballast")); err != nil { // even reading needs a little room
				t.Fatal(err)
			}
			if is := people(t, s.path()); is != was {
				t.Fatal("the roster changed although the disk was full")
			}
			s.run(t, exitDone, "sync")
			s.settled(t, name)
		})
	}
}

func (s *site) hireMany(t *testing.T, many int) {
	t.Helper()
	s.server.Change(func(w *simulator.World) {
		for i := range many {
			email := fmt.Sprintf("many%d@example.com", i)
			if err := w.Accounts[0].Join(simulator.Newcomer{FirstName: "Many", LastName: "People", Email: email}); err != nil {
				t.Error(err)
			}
		}
	})
}

// fillUp leaves so much room on the file system, in KiB.
func (s *site) fillUp(t *testing.T, room int) {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &fs); err != nil {
		t.Fatal(err)
	}
	free := int(fs.Bavail)*int(fs.Bsize) - room*1024
	if err := os.WriteFile(filepath.Join(s.dir, "ballast"), make([]byte, free), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReadOnly: a database that cannot be written is not, and can be read.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	dir := mount(t, "16m")
	s := newSite(t, dir, 30)
	s.run(t, exitDone, "sync")
	s.change(t)
	was := contents(t, s.path())
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("no file system can be made read-only here: %v", err)
	}
	if out := s.run(t, exitFailed, "sync"); !strings.Contains(out, "check the owner and mode") && !strings.Contains(out, "cannot be written") && !strings.Contains(out, "read-only file system") {
		t.Errorf("sync does not say what to do:\n%s", out)
	}
	s.run(t, exitDone, "roster", "list")
	if contents(t, s.path()) != was {
		t.Error("the file was written")
	}
}

// TestStoppedWhileItWaits: Ctrl-C ends a sync that waits for RingCentral, or for
// the lock, at once, and the roster stays as it was.
func TestStoppedWhileItWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t, t.TempDir(), 30)
	s.run(t, exitDone, "sync")
	name := s.change(t)
	was := people(t, s.path())
	release := s.hold()
	defer release()
	reading, readingOut := s.command(context.Background(), "sync")
	if err := reading.Start(); err != nil {
		t.Fatal(err)
	}
	s.waitForRun(t, reading.Process.Pid)
	if err := reading.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code, _ := exitOfProcess(reading.Wait()); code != exitFailed {
		t.Errorf("the stopped sync ended with code %d:\n%s", code, readingOut)
	}
	if is := people(t, s.path()); is != was {
		t.Fatal("the stopped sync changed the roster")
	}
	release()
	s.run(t, exitDone, "sync")
	s.settled(t, name)
}
