package main

import (
	"context"
	"slices"
	"strings"

	"ringroster/store"
	"ringroster/store/heldrows"
	"ringroster/sync"
)

// waitingSet is what waits in one account for one job, in numbers.
type waitingSet struct {
	kinds   map[sync.Kind]int
	run     sync.RunID        // the last that showed something of it: its number decides about all
	reasons []sync.HoldReason // each word once
}

// waitingSets counts what waits, by account and job with a space between.
func waitingSets(ctx context.Context, st *store.Store) (map[string]*waitingSet, error) {
	rows, err := st.Held(ctx, heldrows.Filter{States: []string{string(sync.Waiting)}})
	sets := map[string]*waitingSet{}
	for i := range rows {
		h := &rows[i]
		set := sets[h.Account+" "+h.Job]
		if set == nil {
			set = &waitingSet{kinds: map[sync.Kind]int{}, reasons: []sync.HoldReason{}}
			sets[h.Account+" "+h.Job] = set
		}
		set.kinds[h.Kind]++
		set.run = max(set.run, h.RunID)
		for _, r := range h.Why {
			if !slices.ContainsFunc(set.reasons, func(have sync.HoldReason) bool { return have.Reason == r.Reason }) {
				set.reasons = append(set.reasons, r)
			}
		}
	}
	return sets, err
}

// reasonWords are reasons without their numbers.
func reasonWords(reasons []sync.HoldReason) string {
	return strings.Join(sync.ReasonWords(reasons), ", ")
}
