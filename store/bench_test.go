package store

import (
	"fmt"
	"testing"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

const crowd = 100_000

func crowdPlan() *sync.Plan {
	p := &sync.Plan{Account: "acme", Changes: make([]sync.Change, crowd)}
	for i := range p.Changes {
		m := person("acme", fmt.Sprintf("First%06d", i), "Lastname")
		m.Profile[sync.Department], m.Profile[sync.JobTitle], m.Profile[sync.Site] = "Support", "Senior agent", "Dallas, TX"
		synced(m)
		p.Changes[i] = onboard(m)
	}
	return p
}

// BenchmarkOnboard applies 100,000 onboardings in one commit: member, login and
// history rows.
func BenchmarkOnboard(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s, p := newTestStore(b), crowdPlan()
		b.StartTimer()
		apply(b, s, monday, p)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/crowd, "µs/member")
}

// BenchmarkMembers streams 100,000 members with their logins.
func BenchmarkMembers(b *testing.B) {
	s := newTestStore(b)
	apply(b, s, monday, crowdPlan())
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range s.Members(b.Context(), "acme", nil) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != crowd {
			b.Fatalf("%d members, want %d", n, crowd)
		}
	}
}

// BenchmarkSearch looks for one of 100,000 members by a part of the e-mail.
func BenchmarkSearch(b *testing.B) {
	s := newTestStore(b)
	apply(b, s, monday, crowdPlan())
	for b.Loop() {
		rows, err := sqlrows.Collect(s.Roster(b.Context(), views.Filter{Search: "FIRST012345@"}))
		if err != nil || len(rows) != 1 {
			b.Fatalf("%d rows, %v", len(rows), err)
		}
	}
}
