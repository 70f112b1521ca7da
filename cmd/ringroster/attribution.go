package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/plan"
)

// attributionText says who did at RingCentral what something follows that stands under a time, in
// the one wording there is for it; "": nobody knows.
func attributionText(a *sync.Attribution, under string) string {
	if a == nil {
		return ""
	}
	on, _ := time.Parse(time.RFC3339, under) // else the day is named
	return clean(a.Text(on))
}

// sourceCells are the columns source_actor and source_at.
func sourceCells(a *sync.Attribution) []string {
	if a == nil {
		return []string{"", ""}
	}
	at := ""
	if !a.At.IsZero() {
		at = a.At.UTC().Format(time.RFC3339)
	}
	return []string{a.Actor, at}
}

// traceLeft adds to an explanation of somebody who is inactive who did that, as an earlier
// run found out.
func traceLeft(ctx context.Context, st *store.Store, trace *plan.Trace) error {
	about := map[int64]string{}
	for _, fact := range trace.Facts {
		var id int64
		if n, _ := fmt.Sscanf(fact.About, "member %d", &id); n == 1 && about[id] == "" {
			about[id] = fact.About
		}
	}
	for id, name := range about {
		var last *views.ChangeRow
		for c, err := range st.History(ctx, id) {
			if err != nil {
				return err
			}
			if text(c.Field) == "status" {
				last = &c
			}
		}
		if last == nil || last.After != string(sync.Inactive) || last.Source == nil {
			continue
		}
		fact := plan.Fact{About: name, Rule: "R37", Source: string(last.Source.Log), Text: fmt.Sprintf("%s, found by run %d", last.Source.Text(time.Now()), last.RunID)}
		if !slices.ContainsFunc(trace.Facts, func(f plan.Fact) bool { return f.Rule == fact.Rule && strings.HasPrefix(f.Text, last.Source.Did) }) {
			trace.Facts = append(trace.Facts, fact)
		}
	}
	return nil
}
