package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var modelLong = flag.Bool("model.long", false, "kill the program often, and run each command of a script as a process")

// runWithCommands runs the tests with more commands on the PATH, each of them this program
// under another name.
func runWithCommands(m *testing.M, names []string) (code int, err error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "commands")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, name := range names {
		if err := os.Symlink(exe, filepath.Join(dir, name)); err != nil {
			return 0, err
		}
	}
	if err := os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// programCommand runs the program, which must succeed:
//
//	ringroster ARGS…
//
// It runs in the process of the test, since most of what a command takes is the start of
// a process, and the scripts have a thousand; `make model` runs them all as processes.
// `exec ringroster` is one always.
func programCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("use exit CODE ringroster")
	}
	if code := program(ts, args); code != exitDone {
		ts.Fatalf("exit code %d", code)
	}
}

// inPlace is held while the folder and the environment of this process are a script's.
var inPlace stdsync.Mutex

// setByScripts are the variables that the scripts set for the commands they run here.
var setByScripts = []string{"RINGROSTER_NOTIFY_HOOK_URL", "RINGROSTER_PUBLISH_BUS_URL"}

// environmentKey finds the names of the variables that a script began with.
type environmentKey struct{}

// program runs the program with a script's folder, environment and output.
func program(ts *testscript.TestScript, args []string) (code int) {
	if *modelLong {
		err := ts.Exec("ringroster", args...)
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode()
		}
		ts.Check(err)
		return exitDone
	}
	inPlace.Lock()
	defer inPlace.Unlock()
	here, err := os.Getwd()
	ts.Check(err)
	was := os.Environ()
	defer func() {
		os.Clearenv()
		for _, variable := range was {
			name, value, _ := strings.Cut(variable, "=")
			err = errors.Join(err, os.Setenv(name, value))
		}
		ts.Check(errors.Join(err, os.Chdir(here)))
	}()
	os.Clearenv()
	for _, name := range append(ts.Value(environmentKey{}).([]string), setByScripts...) {
		if value := ts.Getenv(name); value != "" {
			ts.Check(os.Setenv(name, value))
		}
	}
	ts.Check(os.Chdir(ts.MkAbs(".")))
	return run(context.Background(), args, strings.NewReader(""), ts.Stdout(), ts.Stderr())
}
