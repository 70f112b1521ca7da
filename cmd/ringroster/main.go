// Command ringroster keeps a roster of contact-centre people in step with the
// RingCentral directory.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
	"ringroster/sync/edit"
)

// version is set by the linker.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	keepRunningUnread()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// keepRunningUnread makes a write to a closed pipe an error. Otherwise Go ends the
// program with SIGPIPE when the reader of its output goes away: in the middle of a
// run, and as a service in a way that systemd takes for a clean exit.
func keepRunningUnread() { signal.Ignore(syscall.SIGPIPE) }

// Exit codes, a contract with scripts.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitHeld    = 3
	exitPartial = 4
	exitChanges = 5
	// exitUnread is what a shell reports of a program that SIGPIPE ended.
	exitUnread = 141
)

// exitError carries an exit code. Its text may be empty when everything was said
// already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// run is the whole program: it parses, runs the command, says what went wrong
// once, and gives the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &watchedWriter{Writer: stdout}
	a := &app{stdin: stdin, stdout: out, stderr: stderr, errors: stderr, completing: asksCompletion(args)}
	root := newRoot(a) //nolint:contextcheck // commands get theirs from ExecuteContext
	root.SetArgs(args)
	err := sync.Contain(func() error { return root.ExecuteContext(ctx) })
	a.fault(err)
	if err != nil && !a.started {
		err = &usageError{plainUsage(err)}
	}
	if errors.Is(out.err, syscall.EPIPE) {
		// The reader has seen enough, as in `| head`: that is not worth a word, and
		// not the outcome where there is another.
		if err = without(err, out.err); err == nil {
			return exitUnread
		}
	} else if out.err != nil && !errors.Is(err, out.err) {
		err = errors.Join(err, fmt.Errorf("what was printed is not whole: %w", out.err))
	}
	code := exitCode(err)
	if text := message(err, a.running, out.wrote); text != "" {
		_, _ = fmt.Fprintln(stderr, text)
	}
	return code
}

// watchedWriter remembers that something could not be written, and writes nothing
// after it: what prints for people does not look, and half a plan must not end
// with 0.
type watchedWriter struct {
	io.Writer
	wrote bool
	err   error
}

func (w *watchedWriter) Write(text []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.Writer.Write(text)
	w.wrote, w.err = true, err
	return n, err
}

// without is an error without one of those that were joined in it; nil if it was
// the only one.
func without(err, part error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if errors.Is(err, part) {
			return nil
		}
		return err
	}
	var left []error
	for _, e := range joined.Unwrap() {
		left = append(left, without(e, part))
	}
	return errors.Join(left...)
}

// fault shows where the program itself failed, when that is the error.
func (a *app) fault(err error) {
	if fault, ok := errors.AsType[*sync.PanicError](err); ok {
		a.started = true // not wrong usage
		_, _ = fmt.Fprintf(a.errors, "%s\n", fault.Stack)
	}
}

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	if nothingToDo(err) {
		return exitDone
	}
	if _, ok := errors.AsType[*config.Problems](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*usageError](err); ok || sync.NotOne(err) {
		return exitUsage
	}
	return exitFailed
}

// nothingToDo says whether an error is nothing but a *edit.NothingToDoError: joined with
// another it is no success.
func nothingToDo(err error) bool {
	switch e := err.(type) { //nolint:errorlint // looks at each step itself
	case *edit.NothingToDoError:
		return true
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(part error) bool { return !nothingToDo(part) })
	}
	return false
}

// usageError is a command line that cannot be carried out.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// message is what the operator reads about an error of a command, which may have
// printed something before.
func message(err error, command string, printed bool) string {
	if err == nil {
		return ""
	}
	if errors.Is(err, context.Canceled) {
		text := "ringroster: `" + command + "` was interrupted"
		if silent, ok := errors.AsType[*sync.SilentError](err); ok {
			text += " " + clean(silent.Error())
		}
		text += ": nothing was applied"
		if printed {
			text += ", except for what is said above"
		}
		return text
	}
	var lines []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line != "" { // an exitError has nothing to add
			lines = append(lines, "ringroster: "+clean(line))
		}
	}
	return strings.Join(lines, "\n")
}
