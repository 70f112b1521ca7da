package daemon

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestDeliveryDelaysNothing: an end that does not answer holds up neither ticks nor runs,
// and no second delivery begins meanwhile; a stop ends it.
func TestDeliveryDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		began, ended := 0, error(nil)
		m.deliver = func(ctx context.Context) error {
			began++
			<-ctx.Done()
			ended = context.Cause(ctx)
			return ctx.Err()
		}
		m.on()
		time.Sleep(50 * time.Hour)
		synctest.Wait()
		if got := len(m.runs()); got < 2 {
			t.Errorf("%d runs were made in two days", got)
		}
		if began != 1 {
			t.Errorf("%d deliveries began", began)
		}
		m.off()
		if !errors.Is(ended, errStopped) {
			t.Errorf("the delivery ended with %v", ended)
		}
		if got := m.told("trouble deliver notices"); got != 0 {
			t.Errorf("it was told as trouble: %q", m.story())
		}
	})
}

// TestDeliveriesDoNotWaitForOneAnother: what hangs holds up no other.
func TestDeliveriesDoNotWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.deliver = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		began := 0
		m.other = func(context.Context) error {
			began++
			return nil
		}
		m.on()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		m.off()
		if began < 9 {
			t.Errorf("%d other deliveries began in ten minutes", began)
		}
	})
}

// TestDeliveriesFollowOneAnother: each tick begins one where none is under way, and what goes
// wrong, a panic included, is told once.
func TestDeliveriesFollowOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		began := 0
		m.deliver = func(context.Context) error {
			if began++; began > 3 {
				panic("a fault")
			}
			return errors.New("the roster cannot be read")
		}
		m.on()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		m.off()
		if began < 9 {
			t.Errorf("%d deliveries began in ten minutes", began)
		}
		if got := m.told("trouble deliver notices"); got != 2 {
			t.Errorf("the story has it %d times: %q", got, m.story())
		}
	})
}
