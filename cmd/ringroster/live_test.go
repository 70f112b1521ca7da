package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestClockIsAheadOrBehind(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		server time.Time
		want   string
	}{
		{now.Add(-10 * time.Minute), "this machine's clock is 10m0s ahead of RingCentral's"},
		{now.Add(2 * time.Minute), "this machine's clock is 2m0s behind RingCentral's"},
		{now, "agrees with RingCentral's to the second"},
	} {
		f := &findings{app: &app{}} // which prints nothing yet
		f.clock("acme", c.server.Add(-time.Second/2), now)
		if got := fmt.Sprint(f.all); !strings.Contains(got, c.want) {
			t.Errorf("%s, want %q", got, c.want)
		}
	}
}
