package sync

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// PanicError is a fault of the program itself, met while it worked on one account:
// it fails that account, and the others go on.
type PanicError struct {
	Value any    // what was panicked with
	Stack []byte // of the goroutine that did
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("the program failed here, which is a fault of its own (panic): %v; please report it with the stack that was logged", e.Value)
}

// Contain calls f and gives its error, or *PanicError when it panics. A panic in a
// goroutine that f starts goes past it: such a goroutine needs a Contain of its own.
func Contain(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{p, debug.Stack()}
		}
	}()
	return f()
}

// StoppedError says that reading or planning was told to stop, and that nothing was
// applied.
type StoppedError struct {
	Why error // who told it
	Err error // what failed by that
}

func (e *StoppedError) Error() string {
	why := e.Why.Error()
	switch {
	case errors.Is(e.Why, context.DeadlineExceeded):
		why = "it took longer than a run may take"
	case e.Why == context.Canceled: //nolint:errorlint // a reason that wraps it says more
		why = "it was interrupted"
	}
	if silent, ok := errors.AsType[*SilentError](e.Err); ok {
		why += " " + silent.Error()
	}
	return "stopped before anything was applied: " + why
}

func (e *StoppedError) Unwrap() []error { return []error{e.Why, e.Err} }

// SilentError says that a call was told to stop while RingCentral did not answer.
type SilentError struct {
	For time.Duration // since when nothing was answered
	Why string        // why the last try got no answer; "": it was still going on
	Err error         // what failed by that
}

func (e *SilentError) Error() string {
	text := "while waiting for RingCentral, which had not answered"
	if e.For >= time.Second {
		text += " for " + e.For.Round(time.Second).String()
	}
	if e.Why != "" {
		text += " (" + e.Why + ")"
	}
	return text
}

func (e *SilentError) Unwrap() error { return e.Err }

// Stopped is what failed because the context is done; another error stays as it is.
func Stopped(ctx context.Context, err error) error {
	if _, already := errors.AsType[*StoppedError](err); err == nil || already || ctx.Err() == nil {
		return err
	}
	return &StoppedError{Why: context.Cause(ctx), Err: err}
}

// Whom is how a person or a member is called, wherever a command asks for one:
// README explains it. What several are called is an *AmbiguousError, what nobody
// is called an *UnknownError.
const Whom = "a member id, an rc user id, a person key (rc:ID, agent:SUB/ID or admin:ID), an employee number (employee:NUMBER), an e-mail, a username, an agent or administrator id, or a whole name"

// UnknownError says that nobody is called Who.
type UnknownError struct {
	Who     string
	Account string // where they were looked for; "": on the roster
	Where   string // more about that, such as " at run 5"
	// Reported: RingCentral alone was asked, not the roster.
	Reported bool
	// NoKey: Who is the id of a member for whom RingCentral has no id.
	NoKey bool
}

func (e *UnknownError) Error() string {
	text, find := "the roster has nobody", "`ringroster roster list --search` and `ringroster directory --search` find a part of one"
	switch {
	case e.Reported:
		text, find = "RingCentral reports nobody", "`ringroster directory` shows whom it reports"
	case e.Account != "":
		text = "RingCentral reports nobody, and the roster has nobody,"
	}
	if e.Account != "" {
		text = "account " + e.Account + ": " + text
	}
	text = fmt.Sprintf("%s called %q%s; %s", text, e.Who, e.Where, find)
	if e.NoKey {
		text += fmt.Sprintf("; member %s has no id of RingCentral by which it could be asked", e.Who)
	}
	if hint := mangled(strings.TrimPrefix(e.Who, "rc:")); hint != "" {
		text += ". It is no id: " + hint
	}
	return text + ". Give " + Whom
}

// AmbiguousError says that several are called Who.
type AmbiguousError struct {
	Who        string
	Account    string // "": on the roster
	What       string // "people" or "members"
	Candidates []string
}

func (e *AmbiguousError) Error() string {
	of := "on the roster"
	if e.Account != "" {
		of = "of account " + e.Account
	}
	return fmt.Sprintf("%q means %d %s %s: name one of them by what stands first: %s",
		e.Who, len(e.Candidates), e.What, of, strings.Join(e.Candidates, "; "))
}

// NotOne says whether an error is that a command's word for somebody means nobody,
// or several.
func NotOne(err error) bool {
	_, unknown := errors.AsType[*UnknownError](err)
	_, ambiguous := errors.AsType[*AmbiguousError](err)
	return unknown || ambiguous
}

// ElsewhereError says that the account that answered has another name in the roster
// (R4).
type ElsewhereError struct{ Account, MainAccount, Other string }

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("RingCX main account %s belongs to account %s here: if the settings now call it %s, run `ringroster account rename %s %s` first (R4)",
		e.MainAccount, e.Other, e.Account, e.Other, e.Account)
}

// Permanent says that trying again is useless until somebody puts it right.
func (e *ElsewhereError) Permanent() bool { return true }

// IdentityError says that somebody else's account answered (R4).
type IdentityError struct{ Account, What, Bound, Now string }

func (e *IdentityError) Error() string {
	return fmt.Sprintf("account %s is bound to %s %s, but %s answered: correct the settings, or run `ringroster account rebind %s` if that is meant (R4)",
		e.Account, e.What, e.Bound, e.Now, e.Account)
}

// Permanent says that trying again is useless until somebody puts it right.
func (e *IdentityError) Permanent() bool { return true }
