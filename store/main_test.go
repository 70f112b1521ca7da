package store

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"ringroster/sync"
)

// The laws of this package make a database for each check, and its kill tests start a
// process each. `make model` makes many more.
var long = flag.Bool("model.long", false, "check laws and kill processes long")

const shortChecks, longChecks = "8", "500"

// setChecks says how many worlds rapid draws, unless the command line does.
func setChecks() error {
	checks := flag.Lookup("rapid.checks")
	switch {
	case checks.Value.String() != checks.DefValue:
		return nil
	case *long:
		return checks.Value.Set(longChecks)
	}
	return checks.Value.Set(shortChecks)
}

// helperEnv makes the test binary play another process instead of testing.
const helperEnv = "RINGROSTER_STORE_HELPER"

var helpers = map[string]func(ctx context.Context, path string) error{
	"locks":     locks,
	"carry-out": carryOut,
	"hold-lock": holdLock,
	"rename":    renameForever,
	"read":      readAll,
	"restore": func(ctx context.Context, path string) error {
		_, err := Restore(ctx, os.Getenv("BACKUP"), path, Options{})
		return err
	},
	"write": func(ctx context.Context, path string) error { return openAndClose(ctx, path) },
}

func TestMain(m *testing.M) {
	helper, ok := helpers[os.Getenv(helperEnv)]
	if !ok {
		flag.Parse()
		if err := setChecks(); err != nil {
			panic(err)
		}
		os.Exit(m.Run())
	}
	if err := helper(context.Background(), os.Args[1]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// helperCommand runs a helper on the database at path as another process.
func helperCommand(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, path)
	cmd.Env = append(os.Environ(), helperEnv+"="+name)
	return cmd
}

// asReader makes the command run with the right to read the database and no
// more. Root may do everything, so under root it runs as nobody.
func asReader(t *testing.T, cmd *exec.Cmd, files ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		for _, name := range files {
			if err := os.Chmod(name, 0o400); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir), filepath.Dir(files[0])} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	exe, err := os.ReadFile(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = filepath.Join(dir, "helper")
	if err := os.WriteFile(cmd.Path, exe, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

// start starts a helper and returns its output, line by line.
func start(t *testing.T, cmd *exec.Cmd) *bufio.Scanner {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if cmd.Stdin, err = silence(t); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return bufio.NewScanner(out)
}

// silence is an input that stays open as long as the test runs.
func silence(t *testing.T) (*os.File, error) {
	r, w, err := os.Pipe()
	if err == nil {
		t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	}
	return r, err
}

func openAndClose(ctx context.Context, path string) error {
	s, err := Open(ctx, path, Options{New: true})
	if err != nil {
		return err
	}
	return s.Close()
}

// locks prints which of a database's files another process has locks on.
func locks(_ context.Context, path string) error {
	var locked []string
	for _, suffix := range []string{"", "-shm"} {
		f, err := os.Open(path + suffix)
		if err != nil {
			return err
		}
		lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
		if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
			return err
		}
		if lock.Type != syscall.F_UNLCK {
			locked = append(locked, "db"+suffix)
		}
	}
	fmt.Println(locked)
	return nil
}

func holdLock(ctx context.Context, path string) error {
	s, err := Open(ctx, path, Options{New: true})
	if err != nil {
		return err
	}
	if _, err := s.Lock(ctx, sync.Holder{PID: os.Getpid(), Host: "helper", Since: monday}); err != nil {
		return err
	}
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// readAll prints how many members it can see.
func readAll(ctx context.Context, path string) error {
	s, err := OpenRead(ctx, path)
	if err != nil {
		return err
	}
	n := 0
	for _, err := range s.Members(ctx, "acme", nil) {
		if err != nil {
			return err
		}
		n++
	}
	fmt.Println("members:", n)
	return s.Close()
}

// renameForever commits one generation of names after the other, and prints
// each when it is committed.
func renameForever(ctx context.Context, path string) error {
	s, err := Open(ctx, path, Options{New: true})
	if err != nil {
		return err
	}
	for {
		state, err := s.State(ctx, "acme", monday)
		if err != nil {
			return err
		}
		generation := fmt.Sprint(state.Version)
		p := &sync.Plan{Account: "acme", Version: state.Version}
		for m, err := range s.Members(ctx, "acme", nil) {
			if err != nil {
				return err
			}
			p.Changes = append(p.Changes, rename(m, generation))
		}
		run, err := s.Begin(ctx, sync.Run{Accounts: []string{"acme"}, Trigger: sync.Manual, StartedAt: monday})
		if err != nil {
			return err
		}
		err = s.Commit(ctx, &sync.Commit{
			Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: p, Full: true, TakenAt: monday,
		})
		if err != nil {
			return err
		}
		fmt.Println(generation)
	}
}

func rename(m *sync.Member, last string) sync.Change {
	before := m.Profile[sync.LastName]
	m.Profile[sync.LastName] = last
	synced(m)
	return sync.Change{
		Kind: sync.Update, Member: m.ID, Name: m.Profile.Name(), Reason: sync.ReasonSource, Next: func() *sync.Member { return m },
		Fields: []sync.FieldChange{{Field: "last_name", Before: before, After: last, Reason: sync.ReasonSource}},
	}
}
