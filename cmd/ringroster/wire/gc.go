package wire

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	stdsync "sync"
)

// A run reads a whole company into memory and holds it to its end. To collect
// garbage again and again while the heap grows from nothing finds little, and took
// a tenth of the time of a run that changes nothing. So from the first connection on
// nothing is collected until the program has gcFloor. Once two thirds of that are in
// use, garbage may grow to a quarter of what is: little is made of a large company once
// it was read. Whoever sets GOGC or GOMEMLIMIT has it their way.
const (
	gcFloor   = 104 << 20
	gcPercent = 25
	// gcRarely leaves it to the floor. It is not off: every two minutes Go looks at what
	// a waiting service has made.
	gcRarely = 10_000
)

var tuned stdsync.Once

func tuneCollector() {
	tuned.Do(func() {
		if os.Getenv("GOGC")+os.Getenv("GOMEMLIMIT") == "" {
			collectNext()
		}
	})
}

// collectNext says when garbage is collected next, by what the last collection left.
// It comes again after each one, as the cleanup of something that nobody holds.
func collectNext() {
	left := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(left)
	if left[0].Value.Uint64() < gcFloor*2/3 {
		debug.SetMemoryLimit(gcFloor)
		debug.SetGCPercent(gcRarely)
	} else {
		debug.SetGCPercent(gcPercent)
		debug.SetMemoryLimit(math.MaxInt64)
	}
	runtime.AddCleanup(new([16]byte), func(int) { collectNext() }, 0)
}
