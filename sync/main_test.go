package sync

import (
	cli "flag"
	"os"
	"testing"
)

// ShortChecks is how many worlds rapid draws for a law of this package, unless the command
// line says. `make model` draws many more.
const ShortChecks = "30"

func TestMain(m *testing.M) {
	cli.Parse()
	if checks := cli.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set(ShortChecks); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
