package publish

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/cmd/ringroster/config"
)

// says writes a text.
func says(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// listed are the files of a folder with what stands in them.
func listed(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

func TestAFileAppearsWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	f := &folder{&config.PublishTo{Dir: dir, File: "a.csv", Mode: "0644"}}
	if err := f.put(t.Context(), "a.csv", says("one")); err != nil {
		t.Fatal(err)
	}
	lost := errors.New("the roster cannot be read")
	err := f.put(t.Context(), "a.csv", func(w io.Writer) error {
		if err := says("half")(w); err != nil {
			return err
		}
		if diff := cmp.Diff("one", listed(t, dir)["a.csv"]); diff != "" {
			t.Error(diff)
		}
		return lost
	})
	if !errors.Is(err, lost) {
		t.Errorf("it ended with %v", err)
	}
	if diff := cmp.Diff(map[string]string{"a.csv": "one"}, listed(t, dir)); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(filepath.Join(dir, "a.csv"))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}

// What a delivery that was killed left goes with a later one; what another one writes now
// stays.
func TestAbandonedFilesGo(t *testing.T) {
	dir := t.TempDir()
	f := &folder{&config.PublishTo{Dir: dir, File: "a.csv", Mode: "0600"}}
	for name, age := range map[string]time.Duration{".a.csv.ringroster-1": 2 * time.Hour, ".a.csv.ringroster-2": time.Minute, ".b.csv.ringroster-3": 2 * time.Hour} {
		path := filepath.Join(dir, name)
		at := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, []byte("half"), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.put(t.Context(), "a.csv", says("one")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a.csv": "one", ".a.csv.ringroster-2": "half", ".b.csv.ringroster-3": "half"}, listed(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// Only files that the destination wrote itself, by their names, ever go.
func TestTheLastDaysAreKept(t *testing.T) {
	dir := t.TempDir()
	f := &folder{&config.PublishTo{Dir: dir, File: "a-{date}.csv", Mode: "0600", Keep: 2}}
	for _, name := range []string{"a-2026-11-01.csv", "a-2026-11-02.csv", "a-2026-11-03.csv", "a-2026-13-01.csv", "a-latest.csv", "b-2026-11-01.csv", "a-2026-11-01.csv.gpg"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.put(t.Context(), "a-2026-11-04.csv", says("")); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a-2026-11-03.csv": "", "a-2026-11-04.csv": "", "a-2026-13-01.csv": "", "a-latest.csv": "", "b-2026-11-01.csv": "", "a-2026-11-01.csv.gpg": ""}
	if diff := cmp.Diff(want, listed(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestAFolderThatIsNotThereIsNamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	f := &folder{&config.PublishTo{Dir: dir, File: "a.csv", Mode: "0600"}}
	want := fmt.Sprintf("write %s/a.csv: no such file or directory", dir)
	if err := f.put(t.Context(), "a.csv", says("one")); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := f.check(t.Context()); err == nil || err.Error() != want {
		t.Errorf("check says %v, want %s", err, want)
	}
}

// TestAFolderThatCannotBeWritten: the error says what lets the service write there, as do check
// and a delivery: the sandbox of the unit has a folder read-only unless it is told otherwise.
func TestAFolderThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	f := &folder{&config.PublishTo{Dir: dir, File: "a.csv", Mode: "0600"}}
	for cause, remedy := range map[error]string{
		syscall.EROFS:  "; under systemd, put ReadWritePaths=" + dir + " into a drop-in of the unit (systemctl edit ringroster), then systemctl restart ringroster",
		syscall.EACCES: "; let the service's user write there; its unit hides /home and /root",
	} {
		got := f.fault("a.csv", &os.PathError{Op: "open", Path: dir + "/.a.csv.ringroster-1", Err: cause})
		if want := fmt.Sprintf("write %s/a.csv: %v%s", dir, cause, remedy); got.Error() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("needs a file system of its own: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	if err := f.put(t.Context(), "a.csv", says("one")); !errors.Is(err, syscall.EROFS) {
		t.Errorf("a delivery ended with %v", err)
	}
	if _, err := f.check(t.Context()); !errors.Is(err, syscall.EROFS) {
		t.Errorf("check says %v", err)
	}
}

// TestDiskFull: on a file system without room the file before stays, and nothing else.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("needs a file system of its own: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	f := &folder{&config.PublishTo{Dir: dir, File: "a.csv", Mode: "0600"}}
	if err := f.put(t.Context(), "a.csv", says("one")); err != nil {
		t.Fatal(err)
	}
	err := f.put(t.Context(), "a.csv", says(strings.Repeat("x", 200<<10)))
	if want := fmt.Sprintf("write %s/a.csv: no space left on device", dir); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if diff := cmp.Diff(map[string]string{"a.csv": "one"}, listed(t, dir)); diff != "" {
		t.Error(diff)
	}
}
