package reconcile_test

import (
	cli "flag"
	"os"
	"runtime/debug"
	"strconv"
	"testing"
)

// shortChecks is how many worlds rapid draws for a law of this package, unless the command
// line says. `make model` draws many more.
const shortChecks = "30"

func TestMain(m *testing.M) {
	cli.Parse()
	debug.SetGCPercent(400) // worlds are small and many: a third of the time was the collector's
	if checks := cli.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set(shortChecks); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// drawAtLeast makes rapid draw more worlds for a law that few of them are about.
func drawAtLeast(t *testing.T, checks int) {
	t.Helper()
	drawn := cli.Lookup("rapid.checks").Value
	was := drawn.String()
	if n, err := strconv.Atoi(was); err != nil || n >= checks {
		return
	}
	if err := drawn.Set(strconv.Itoa(checks)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = drawn.Set(was) }) // it was a number
}
