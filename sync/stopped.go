package sync

import (
	"context"
	"errors"
)

// StoppedError says that reading or planning was told to stop, and that nothing was
// applied.
type StoppedError struct {
	Why error // who told it
	Err error // what failed by that
}

func (e *StoppedError) Error() string {
	text := "stopped before anything was applied: "
	switch {
	case errors.Is(e.Why, context.DeadlineExceeded):
		return text + "it took longer than a run may take"
	case e.Why == context.Canceled: //nolint:errorlint // a reason that wraps it says more
		return text + "it was interrupted"
	}
	return text + e.Why.Error()
}

func (e *StoppedError) Unwrap() []error { return []error{e.Why, e.Err} }

// stopped is what failed because the context is done; another error stays as it is.
func stopped(ctx context.Context, err error) error {
	if _, already := errors.AsType[*StoppedError](err); err == nil || already || ctx.Err() == nil {
		return err
	}
	return &StoppedError{Why: context.Cause(ctx), Err: err}
}
