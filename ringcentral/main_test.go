package ringcentral

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // answers are small and many: a quarter of the time was the collector's
	goleak.VerifyTestMain(m)
}
