package sync

import (
	"context"
	"errors"
	"time"
)

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

// stopped is what failed because the context is done; another error stays as it is.
func stopped(ctx context.Context, err error) error {
	if _, already := errors.AsType[*StoppedError](err); err == nil || already || ctx.Err() == nil {
		return err
	}
	return &StoppedError{Why: context.Cause(ctx), Err: err}
}
