package main

import (
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// A small heap is not looked at: most commands end before the first collection, but for
// one that may begin before the program does. Whoever sets GOGC has it their way.
func TestGarbageWaitsForTheFloor(t *testing.T) {
	for gogc, collects := range map[string]bool{"": false, "1": true} {
		c := exec.Command("ringroster", "simulate", "--help")
		c.Env = append(os.Environ(), "GODEBUG=gctrace=1", "GOGC="+gogc, "GOMEMLIMIT=")
		text, err := c.CombinedOutput()
		if err != nil || strings.Contains(string(text), "gc 3 @") != collects {
			t.Errorf("GOGC=%q: %v\n%s", gogc, err, text)
		}
	}
}

// Above the floor garbage grows with what is in use, and no longer once that is small
// again, as a service's is between two runs.
func TestCollectorFollowsWhatIsInUse(t *testing.T) {
	t.Cleanup(func() {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(math.MaxInt64)
	})
	collectNext()
	held := make([]byte, gcFloor)
	for _, unlimited := range []bool{true, false} {
		for deadline := time.Now().Add(20 * time.Second); (debug.SetMemoryLimit(-1) == math.MaxInt64) != unlimited; {
			if time.Now().After(deadline) {
				t.Fatalf("with %d MiB held: no limit is %v", len(held)>>20, !unlimited)
			}
			runtime.GC()
			runtime.Gosched()
		}
		runtime.KeepAlive(held)
		held = nil
	}
}
