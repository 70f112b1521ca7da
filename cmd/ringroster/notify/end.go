package notify

import (
	"context"
	"errors"
	"fmt"

	"ringroster/ringcentral"
	"ringroster/sync"
)

// An end takes notices for the recipients of one destination.
type end interface {
	// send delivers one notice, and gives what the other end answered. Errors hold no
	// secret. *RefusedError is final; after any other it is worth another try.
	send(ctx context.Context, n *sync.Notice, recipient string) (answer string, err error)
	// check goes as far as it can without delivering anything.
	check(ctx context.Context) (found string, err error)
}

// RefusedError says that the other end will never take a notice: about this recipient, or
// this text, it has made up its mind. What new settings would mend is tried again instead.
type RefusedError struct{ Answer string }

func (e *RefusedError) Error() string { return "refused: " + e.Answer }

// cleaned is an error whose text holds none of the secrets, on one line.
func cleaned(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	hide := ringcentral.Cleaner(secrets...)
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return &RefusedError{hide(refused.Answer)}
	}
	return &endError{hide(err.Error()), err}
}

// endError is an error with a text that is fit to be shown.
type endError struct {
	text  string
	cause error
}

func (e *endError) Error() string { return e.text }

// Unwrap is for questions about the kind of an error; its texts are not shown.
func (e *endError) Unwrap() error { return e.cause }

func endErrorf(cause error, format string, args ...any) error {
	return &endError{fmt.Sprintf(format, args...), cause}
}
