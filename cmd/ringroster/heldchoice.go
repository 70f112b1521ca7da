package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ringroster/store"
	"ringroster/sync"
)

// chosenSet is a held set and the members an operator decides about.
type chosenSet struct {
	store.HeldSet
	chosen  map[int64]sync.Reason
	whole   bool               // everybody who is still undecided
	settled []store.HeldMember // asked for by name, and not undecided any more
}

// openSets finds the open sets of a run with somebody to decide about. A
// superseded one is refused, naming the set that took its place (R25).
func (a *app) openSets(ctx context.Context, st *store.Store, run string, d decision) ([]chosenSet, error) {
	id, err := strconv.ParseInt(run, 10, 64)
	if err != nil {
		return nil, usagef("%q is no run number; `ringroster held` shows them", run)
	}
	sets, err := st.HeldByRun(ctx, sync.RunID(id))
	if err != nil {
		return nil, err
	}
	if sets, err = d.considered(id, sets); err != nil {
		return nil, err
	}
	var open []chosenSet
	var gone []string
	spared := false
	for i := range sets {
		set := &sets[i]
		if set.State == "superseded" && set.SupersededBy != nil {
			return nil, fmt.Errorf("the held set of run %d (%s) was superseded by run %d, which shows other members: look at `ringroster held`, then decide about run %d",
				id, set.Account, *set.SupersededBy, *set.SupersededBy)
		}
		c := d.choose(set)
		for i := range c.settled {
			now, _, err := standsNow(ctx, st, &c.settled[i])
			if err != nil {
				return nil, err
			}
			gone = append(gone, fmt.Sprintf("%s: %s, and %s", heldText(&c.settled[i]), fates[c.settled[i].State], now))
		}
		if len(c.chosen) > 0 {
			open = append(open, c)
		}
		spared = spared || !c.whole
	}
	switch {
	case len(open) == 0 && len(gone) > 0:
		return nil, fmt.Errorf("nobody of them waits in the held set of run %d:\n  %s", id, strings.Join(gone, "\n  "))
	case len(open) == 0 && spared:
		return nil, usagef("--except leaves nobody of the held set of run %d to decide about", id)
	case len(open) == 0:
		return nil, noOpenSet(ctx, st, sync.RunID(id), sets)
	}
	for _, text := range gone {
		_, _ = fmt.Fprintf(a.stderr, "  not again: %s\n", clean(text))
	}
	return open, nil
}

// considered are the sets that --account, --only and --except are about. What
// they name must be there.
func (d *decision) considered(run int64, sets []store.HeldSet) ([]store.HeldSet, error) {
	if d.account != "" && len(sets) > 0 {
		all := sets
		sets = slices.DeleteFunc(slices.Clone(all), func(s store.HeldSet) bool { return s.Account != d.account })
		if len(sets) == 0 {
			names := make([]store.Name, len(all))
			for i := range all {
				names[i] = store.Name{Text: all[i].Account}
			}
			return nil, fmt.Errorf("the held sets of run %d: %w", run, refuseUnnamed("account", d.account, true, names))
		}
	}
	for _, who := range slices.Concat(d.only, d.except) {
		if len(sets) > 0 && !slices.ContainsFunc(sets, func(set store.HeldSet) bool {
			return slices.ContainsFunc(set.Shown(), func(m store.HeldMember) bool { return means(who, &m) })
		}) {
			return nil, usagef("the held set of run %d has nobody called %q", run, who)
		}
	}
	return sets, nil
}

// choose applies --only and --except to a set.
func (d *decision) choose(set *store.HeldSet) chosenSet {
	c := chosenSet{HeldSet: *set, chosen: map[int64]sync.Reason{}, whole: true}
	named := slices.Concat(d.only, d.except)
	for _, m := range set.Shown() {
		isNamed := slices.ContainsFunc(named, func(who string) bool { return means(who, &m) })
		waits := set.State == "open" && m.State == "open"
		switch {
		case !waits && isNamed && len(d.only) > 0:
			c.settled = append(c.settled, m)
		case !waits:
		case len(named) > 0 && isNamed != (len(d.only) > 0):
			c.whole = false
		default:
			c.chosen[m.ID()] = m.Reason
		}
	}
	return c
}

func means(who string, m *store.HeldMember) bool {
	return who == fmt.Sprint(m.ID()) || m.Email != "" && sync.FoldEmail(who) == sync.FoldEmail(m.Email) || sync.SameText(who, heldName(m))
}

// noOpenSet says what became of what a run held, and where else it may wait: a
// set keeps the number of the run that first showed it (R25).
func noOpenSet(ctx context.Context, st *store.Store, id sync.RunID, sets []store.HeldSet) error {
	rows, err := st.Run(ctx, id)
	if err != nil {
		return err
	}
	open, err := st.Held(ctx)
	if err != nil {
		return err
	}
	for _, set := range open {
		for _, row := range rows {
			if row.Account == set.Account && row.Job == set.Job && row.Held > 0 && set.RunID < id {
				return fmt.Errorf("what run %d held waits under run %d, which showed the same members first: decide about run %d", id, set.RunID, set.RunID)
			}
		}
	}
	counts := map[string]int{}
	for i := range sets {
		for _, m := range sets[i].Shown() {
			counts[fates[m.State]]++
		}
	}
	var parts []string
	for _, fate := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[fate], fate))
	}
	switch {
	case len(rows) == 0:
		return fmt.Errorf("there was no run %d; `ringroster held` shows what is held", id)
	case len(parts) > 0:
		return fmt.Errorf("run %d holds nobody to decide about any more: %s; `ringroster held` shows who is held", id, strings.Join(parts, ", "))
	}
	return fmt.Errorf("run %d holds nothing; `ringroster held` shows what does", id)
}
