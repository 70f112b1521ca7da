package reconcile_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"ringroster/sync"
	"ringroster/sync/fingerprint"
	"ringroster/sync/plan"
)

// bigWorld has n people, one login each, in 40 groups of 4 sub-accounts, all with
// an extension, which some find by their e-mail alone.
func bigWorld(n int) *world {
	w := newWorld()
	for i := range n {
		place := fmt.Sprintf("%d/%d", 1+i%4, 10+i%40)
		name := fmt.Sprintf("First%d Last%d", i, i)
		rcID := fmt.Sprint(700000000 + i)
		linked := rc(rcID)
		if i%20 == 7 {
			linked = rc("")
		}
		w.agent(place, fmt.Sprint(500000+i), name, linked, userName("user"+rcID), under(fmt.Sprint(500000+i%40)))
		w.extension(rcID, name, number(fmt.Sprint(i)), department("Sales", "Agent"), site("Main"))
	}
	return w
}

func BenchmarkMakePlan(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		w := bigWorld(n)
		w.State.LastSeen = time.Time{} // the first run: nothing limits who comes in (R35)
		b.Run(fmt.Sprintf("first/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if plan := w.plan(b); plan.Summary.Onboard != n {
					b.Fatalf("%+v", plan.Summary)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/person")
		})
		w.sync(b)
		b.Run(fmt.Sprintf("unchanged/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if plan := w.plan(b); plan.Summary.Unchanged != n || len(plan.Marks) > 0 {
					b.Fatalf("%+v", plan.Summary)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/person")
		})
		rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { w.members[i], w.members[j] = w.members[j], w.members[i] })
		seals := make([]sync.Sealed, n) // members hardly stand in the order of the lists
		for i, m := range w.members {
			if seals[i] = (sync.Sealed{ID: m.ID, Text: fingerprint.Seal(m)}); seals[i].Text == "" {
				b.Fatalf("not sealed: %+v", m)
			}
		}
		b.Run(fmt.Sprintf("sealed/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				in := w.input()
				in.Members = func(known sync.Known) iter.Seq[*sync.Member] {
					return func(yield func(*sync.Member) bool) {
						for i, s := range seals {
							if !known(s) && !yield(w.members[i]) {
								return
							}
						}
					}
				}
				if plan, err := plan.Make(in); err != nil || plan.Summary.Unchanged != n || len(plan.Marks) > 0 {
					b.Fatalf("%+v, %v", plan, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/person")
		})
	}
}

// BenchmarkAllLost plans on the day on which every list is empty, for companies of two
// sizes: the time for a person stays the same, since nothing is looked for among all others.
func BenchmarkAllLost(b *testing.B) {
	for _, people := range []int{2000, 20000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			w := newWorld()
			w.Policy.Limits.Onboardings.Floor = people + 1
			for i := range people {
				id := fmt.Sprintf("%06d", i)
				w.agent(fmt.Sprintf("1/%d", 10+i/25), "5"+id, "P"+id+" Roy", rc("7"+id))
			}
			w.sync(b)
			w.clear()
			w.admin("1", "Ann Lee")
			b.ReportAllocs()
			for b.Loop() {
				if plan := w.plan(b); plan.Summary.Held != people {
					b.Fatalf("%+v", plan.Summary)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*people), "ns/person")
		})
	}
}
