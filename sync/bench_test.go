package sync

import (
	"fmt"
	"testing"
)

// bigWorld has n people, one login each, in 40 groups of 4 sub-accounts, all with
// an extension.
func bigWorld(n int) *world {
	w := newWorld()
	for i := range n {
		place := fmt.Sprintf("%d/%d", 1+i%4, 10+i%40)
		name := fmt.Sprintf("First%d Last%d", i, i)
		rcID := fmt.Sprint(700000000 + i)
		w.agent(place, fmt.Sprint(500000+i), name, rc(rcID), userName("user"+rcID))
		w.extension(rcID, name, number(fmt.Sprint(i)), department("Sales", "Agent"), site("Main"))
	}
	return w
}

func BenchmarkMakePlan(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		w := bigWorld(n)
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
	}
}
