package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringroster/store/database"
	"ringroster/store/schema"
)

func TestOpenCreatesPrivateFiles(t *testing.T) {
	for name, tc := range map[string]struct{ mode, want fs.FileMode }{
		"private by default":       {0, 0o600},
		"readable by the group":    {0o640, 0o640},
		"readable by everybody":    {0o644, 0o644},
		"a mode the umask narrows": {0o660, 0o660},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "odd ?#% name.db")
			s, err := Open(t.Context(), path, Options{Mode: tc.mode, New: true})
			if err != nil {
				t.Fatal(err)
			}
			release, err := s.Lock(t.Context(), holder)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(release(), s.Close()); err != nil {
				t.Fatal(err)
			}
			// -wal and -shm stay, so that a group reader finds them.
			for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
				info, err := os.Stat(path + suffix)
				if err != nil {
					t.Fatal(err)
				}
				if got := info.Mode().Perm(); got != tc.want {
					t.Errorf("%q has mode %o, want %o", suffix, got, tc.want)
				}
			}
		})
	}
}

func TestNewDatabaseHasOurPagesAndWAL(t *testing.T) {
	got := rowsAs(t, newTestStore(t), `SELECT page_size || ' ' || journal_mode FROM pragma_page_size, pragma_journal_mode ORDER BY 1`)
	if want := fmt.Sprintf("%d wal", database.PageSize); got[0] != want {
		t.Errorf("%s, want %s", got[0], want)
	}
}

func TestOpenFollowsAChangedMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o600} {
		s, err := Open(t.Context(), path, Options{Mode: mode, New: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			info, err := os.Stat(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != mode {
				t.Errorf("%q has mode %o, want %o", suffix, got, mode)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A file that cannot be a roster is refused and stays, byte by byte.
func TestOpenRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  string
	}{
		"not a database": {
			func(t *testing.T, path string) { writeFile(t, path, []byte(strings.Repeat("member,name\n", 500))) },
			"it is not a SQLite database and was left as it is",
		},
		"a short text": {
			func(t *testing.T, path string) { writeFile(t, path, []byte("hello")) },
			"it is not a SQLite database and was left as it is",
		},
		"cut off": {
			func(t *testing.T, path string) {
				writeFile(t, path, readFile(t, rosterFile(t))[:3*4096+100])
			},
			"it is damaged or cut off and was left as it is",
		},
		"damaged": {
			func(t *testing.T, path string) {
				data := readFile(t, rosterFile(t))
				copy(data[100:], bytes.Repeat([]byte{0xff}, 3000)) // the schema's first page
				writeFile(t, path, data)
			},
			"it is damaged or cut off and was left as it is",
		},
		"from a newer version": {
			func(t *testing.T, path string) {
				writeFile(t, path, readFile(t, rosterFile(t)))
				execute(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
			},
			fmt.Sprintf("its schema has version 99, this ringroster knows %d: use the newer ringroster", today(t)),
		},
		"another program's": {
			func(t *testing.T, path string) { execute(t, path, `CREATE TABLE bookmarks (url TEXT)`) },
			"it is a SQLite database of another program",
		},
		"a folder": {
			func(t *testing.T, path string) {
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			},
			"it is not a regular file",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "roster.db")
			tc.spoil(t, path)
			before := readFile(t, path)
			for verb, open := range map[string]func() (*Store, error){
				"open": func() (*Store, error) { return Open(t.Context(), path, Options{New: true}) },
				"read": func() (*Store, error) { return OpenRead(t.Context(), path) },
			} {
				_, err := open()
				if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("%s: error %v, want one with %q and the path", verb, err, tc.want)
				}
			}
			if !bytes.Equal(before, readFile(t, path)) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestOpenTypedErrors(t *testing.T) {
	newer := rosterFile(t)
	execute(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	if _, err := Open(t.Context(), newer, Options{New: true}); !isError[*schema.NewerError](err) {
		t.Errorf("newer: %v", err)
	}
	foreign := filepath.Join(t.TempDir(), "other.db")
	execute(t, foreign, `CREATE TABLE bookmarks (url TEXT)`)
	if _, err := Open(t.Context(), foreign, Options{New: true}); !errors.Is(err, schema.ErrForeign) {
		t.Errorf("foreign: %v", err)
	}
	older := filepath.Join(t.TempDir(), "older.db")
	writeFile(t, older, nil)
	_, err := OpenRead(t.Context(), older)
	if !isError[*schema.OlderError](err) || !strings.Contains(err.Error(), "ringroster sync") {
		t.Errorf("older: %v", err)
	}
}

func TestOpenReadNeverCreates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	if _, err := OpenRead(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(path, "no", "such", "folder.db"), Options{New: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v, want fs.ErrNotExist", err)
	}
}

func TestOpenReadRefusesToWrite(t *testing.T) {
	s, err := OpenRead(t.Context(), rosterFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Lock(t.Context(), holder); !errors.Is(err, database.ErrReadOnly) {
		t.Errorf("lock: %v", err)
	}
	if _, err := s.db.Reads.ExecContext(t.Context(), `DELETE FROM members`); err == nil {
		t.Error("a reading connection could write")
	}
}

// Whoever may read the file can read the roster, while a writer runs and after.
func TestReaderWithoutWriteRights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	s, err := Open(t.Context(), path, Options{Mode: 0o644, New: true})
	if err != nil {
		t.Fatal(err)
	}
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	read := func(when string) {
		cmd := helperCommand(t, "read", path)
		asReader(t, cmd, path, path+"-wal", path+"-shm")
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != "members: 1\n" {
			t.Errorf("%s: %v, %s", when, err, out)
		}
	}
	read("with a writer")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	read("without a writer")
}

func TestOpenReadOnlyFile(t *testing.T) {
	path := rosterFile(t)
	before := readFile(t, path)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	cmd := helperCommand(t, "write", path)
	asReader(t, cmd, path)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "check the owner and mode") {
		t.Errorf("error %v, output %s", err, out)
	}
	if !bytes.Equal(before, readFile(t, path)) {
		t.Error("the file was changed")
	}
}

// rosterFile is a closed database with one member.
func rosterFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.db")
	mustBegin(t, path)
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func execute(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !strings.Contains(err.Error(), "is a directory") {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func isError[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
