package publish

import (
	"context"
	"io"
)

// stopping is an end during whose delivery the service stops.
type stopping struct {
	end
	stop func()
}

func (s *stopping) put(ctx context.Context, name string, write func(io.Writer) error) error {
	return s.end.put(ctx, name, func(w io.Writer) error {
		if err := write(w); err != nil {
			return err
		}
		s.stop()
		return ctx.Err()
	})
}
