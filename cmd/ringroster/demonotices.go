package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	stdsync "sync"
)

// demoInbox is where the demo's notices go: a webhook's other end on this machine.
type demoInbox struct {
	mu   stdsync.Mutex
	last string // subject and text of the newest notice
}

func (b *demoInbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var notice struct{ Subject, Text string }
	if json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&notice) == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.last = "Subject: " + notice.Subject + "\n\n" + notice.Text
	}
}

// demoNotices is the setting that sends notices there.
func demoNotices(address string) string {
	return fmt.Sprintf("notify: [{name: operators, on: [held, decided], names: true, webhook: {url: \"http://%s/\"}}]\n", address)
}

// notice shows the newest notice as its readers get it.
func (s *stage) notice() {
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	for line := range strings.SplitSeq(strings.TrimRight(s.inbox.last, "\n"), "\n") {
		_, _ = fmt.Fprintln(s.out, strings.TrimRight("| "+line, " "))
	}
}
