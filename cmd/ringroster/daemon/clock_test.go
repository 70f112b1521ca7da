package daemon

import (
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// sawTheClockAhead is now, as a clock would have shown it that was ahead by d and
// has been set right since: the wall time differs, the monotonic reading does not.
func sawTheClockAhead(t *testing.T, d time.Duration) time.Time {
	t.Helper()
	now := time.Now()
	then := now
	*(*uint64)(unsafe.Pointer(&then)) += uint64(d/time.Second) << 30 // seconds, in the wall part
	if ahead, since := then.Round(0).Sub(now.Round(0)), then.Sub(now); ahead != d || since != 0 {
		t.Fatalf("time.Time has another layout by now: %s ahead, %s apart", ahead, since)
	}
	return then
}

// TestR30TheClockSetBackStopsNoTick: gocron's clock goes on from where it was. (In
// a synctest bubble times have no monotonic reading: this one is real.)
func TestR30TheClockSetBackStopsNoTick(t *testing.T) {
	began := sawTheClockAhead(t, 2*time.Hour)
	clock := newSteadyClock()
	clock.began = began
	first := clock.Now().Round(0)
	if went := first.Sub(began.Round(0)); went < 0 || went > time.Hour {
		t.Errorf("set back two hours, the clock that gocron ticks by went on by %s", went)
	}
	if second := clock.Now().Round(0); second.Before(first) {
		t.Errorf("it went back from %s to %s", first, second)
	}
}

// TestR30AScheduleCountsFromNoFuture: the clock was two days ahead when the
// settings were reloaded. The slots of those two days are kept.
func TestR30AScheduleCountsFromNoFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		until(2000, 1, 5, 2, 0)
		m.on()
		m.daemon.mu.Lock()
		m.daemon.jobs[0].From = time.Now().Add(48 * time.Hour)
		m.daemon.mu.Unlock()
		until(2000, 1, 6, 4, 0)
		got := m.runs()
		m.off()
		want := []string{"acme catch_up succeeded", "acme schedule succeeded", "acme schedule succeeded"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
