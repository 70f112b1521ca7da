package sync

import (
	"fmt"
	"runtime/debug"
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
