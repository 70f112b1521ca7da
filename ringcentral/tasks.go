package ringcentral

import (
	"context"

	"golang.org/x/sync/errgroup"

	"ringroster/sync"
)

// tasks run what is read side by side: the first error ends the rest. A panic in
// one is such an error, so that it fails this account and not the program.
type tasks struct{ errors *errgroup.Group }

func newTasks(ctx context.Context) (tasks, context.Context) {
	g, ctx := errgroup.WithContext(ctx)
	return tasks{g}, ctx
}

func (t tasks) Go(f func() error) { t.errors.Go(func() error { return sync.Contain(f) }) }
func (t tasks) SetLimit(n int)    { t.errors.SetLimit(n) }
func (t tasks) Wait() error       { return t.errors.Wait() }
