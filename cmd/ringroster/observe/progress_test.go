package observe

import (
	"strings"
	"testing"
	"time"

	"ringroster/sync"
)

func TestTheTerminalShowsWhyItWaits(t *testing.T) {
	var out strings.Builder
	term := NewTerminal(&out, nil, func(s string) string { return s })
	term.Progress(sync.Progress{Account: "acme", Step: "agents", SubAccount: "Example", Done: 1, Of: 2, People: 7})
	term.Progress(sync.Progress{Account: "acme", Step: "agents", Waiting: "RingCentral does not answer", Wait: 8123 * time.Millisecond})
	term.Progress(sync.Progress{Step: "lock", Waiting: "another run holds the roster's lock: process 7", Wait: time.Second})
	for _, want := range []string{"\ranother run holds the roster's lock: process 7, trying again in 1s", "acme: agents of Example, 1 of 2, 7 people so far", "acme: RingCentral does not answer, trying again in 8s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
}
