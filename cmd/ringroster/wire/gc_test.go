package wire

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

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
