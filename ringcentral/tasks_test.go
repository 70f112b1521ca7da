package ringcentral

import (
	"errors"
	"testing"

	"ringroster/sync"
)

// TestAPanicBesideOthersIsAnError: it ends the others, and not the program.
func TestAPanicBesideOthersIsAnError(t *testing.T) {
	g, ctx := newTasks(t.Context())
	g.Go(func() error { panic("a fault of ours") })
	g.Go(func() error { <-ctx.Done(); return ctx.Err() })
	if _, ok := errors.AsType[*sync.PanicError](g.Wait()); !ok {
		t.Error("it is no error")
	}
}
