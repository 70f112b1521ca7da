package main

import (
	"strings"
	"time"

	"ringroster/sync"
)

// tryAudit asks each of RingCentral's logs for as little as can be.
func tryAudit(s *sync.Snapshot) sync.AuditQuery {
	now := time.Now()
	q := sync.AuditQuery{From: now.Add(-time.Minute), To: now, Extensions: []string{s.Identity.OwnerID}}
	for i := range s.SubAccounts {
		if s.SubAccounts[i].Read {
			q.SubAccounts = []string{s.SubAccounts[i].ID}
			break
		}
	}
	return q
}

// audit says whether the logs can be read that tell who did something.
func (f *findings) audit(account string, found *sync.AuditAnswer, steps *progress) {
	for _, log := range []struct {
		op   string
		name sync.AuditLog
	}{{"audit-log", sync.RingCXLog}, {"audit-trail", sync.RingEXTrail}} {
		if steps.reached[log.op] {
			f.ok(account, "attribution", "the %s can be read", log.name)
		}
	}
	for _, unread := range found.Unread {
		detail, remedy, _ := strings.Cut(unread, "; ")
		f.warn(account, "attribution", detail+": nobody is named by it", remedy)
	}
}
