package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/heldrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// chosenSet is what an operator decides about in one account.
type chosenSet struct {
	account, job string
	rows         []heldrows.Row
	spared       int        // changes that wait under the number and were not chosen
	shown        sync.RunID // that was named to approve
}

func (c *chosenSet) add(rows []heldrows.Row) {
	for _, h := range rows {
		if !slices.Contains(c.ids(), h.HeldID) {
			c.rows = append(c.rows, h)
		}
	}
}

// ids are the roster's numbers of the changes.
func (c *chosenSet) ids() []int64 {
	ids := make([]int64, len(c.rows))
	for i := range c.rows {
		ids[i] = c.rows[i].HeldID
	}
	return ids
}

// everyState are the states that a held change can have.
var everyState = []string{string(sync.Waiting), string(sync.Suspect), string(sync.Rejected), heldrows.Approved, heldrows.Ended}

// withHeld opens the roster and lets decide settle what d chooses of what waits under a run.
func (a *app) withHeld(ctx context.Context, run string, d decision, decide func(ctx context.Context, s *config.Settings, st *store.Store, d decision, shown sync.RunID, sets []chosenSet) error) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		shown, sets, err := a.chooseHeld(ctx, st, run, d)
		if err != nil {
			return err
		}
		return decide(ctx, s, st, d, shown, sets)
	})
}

// chooseHeld finds what waits under the number of a run: what that run or an earlier one
// showed as it is now (R25), of the accounts and the job of the run.
func (a *app) chooseHeld(ctx context.Context, st *store.Store, run string, d decision) (sync.RunID, []chosenSet, error) {
	number, err := strconv.ParseInt(run, 10, 64)
	if err != nil {
		return 0, nil, usagef("%q is no run number; `ringroster held` shows them", run)
	}
	id := sync.RunID(number)
	all, err := heldOfRun(ctx, st, id, d.account)
	if err != nil {
		return 0, nil, err
	}
	shown := slices.DeleteFunc(slices.Clone(all), func(h heldrows.Row) bool { return h.RunID > id })
	waiting := slices.DeleteFunc(slices.Clone(shown), func(h heldrows.Row) bool { return h.State != string(sync.Waiting) })
	wanted, gone, err := d.named(ctx, st, id, waiting, all)
	if err != nil {
		return 0, nil, err
	}
	sets := d.sets(waiting, wanted)
	switch {
	case len(sets) > 0:
		for _, text := range gone {
			_, _ = fmt.Fprintf(a.stderr, "  not again: %s\n", clean(text))
		}
		return id, sets, nil
	case len(gone) > 0:
		return 0, nil, fmt.Errorf("nothing about them waits under run %d:\n  %s", id, strings.Join(gone, "\n  "))
	case len(waiting) > 0:
		return 0, nil, usagef("--except leaves nothing of run %d to decide about", id)
	}
	return 0, nil, nothingWaits(id, shown, all)
}

// heldOfRun is everything that is or was held in the accounts of a run, by its job.
func heldOfRun(ctx context.Context, st *store.Store, id sync.RunID, account string) (all []heldrows.Row, err error) {
	runs, err := st.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, usagef("there was no run %d; `ringroster held` shows what waits, and under which numbers", id)
	}
	names := make([]views.Name, len(runs))
	for i := range runs {
		names[i] = views.Name{Text: runs[i].Account}
	}
	if account != "" {
		if err := refuseUnnamed("account", account, true, names); err != nil {
			return nil, fmt.Errorf("the accounts of run %d: %w", id, err)
		}
	}
	for i := range runs {
		if account != "" && runs[i].Account != account {
			continue
		}
		rows, err := st.Held(ctx, heldrows.Filter{Account: runs[i].Account, Job: runs[i].Job, States: everyState})
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// named finds whom --only and --except mean among those who wait; gone says of others
// what became of what was held about them.
func (d *decision) named(ctx context.Context, st *store.Store, id sync.RunID, waiting, all []heldrows.Row) (wanted map[int64]bool, gone []string, err error) {
	if len(all) == 0 {
		return nil, nil, nil
	}
	wanted = map[int64]bool{}
	for _, who := range slices.Concat(d.only, d.except) {
		found, err := subjectOf(ctx, st, who, waiting)
		if err != nil {
			return nil, nil, err
		}
		for _, h := range found {
			wanted[h.HeldID] = true
		}
		if found != nil {
			continue
		}
		if found, err = subjectOf(ctx, st, who, all); err != nil {
			return nil, nil, err
		}
		if found == nil {
			return nil, nil, usagef("nothing that run %d or an earlier one held is about anybody called %q", id, who)
		}
		for _, h := range latest(found) {
			text, err := fateText(ctx, st, &h)
			if err != nil {
				return nil, nil, err
			}
			gone = append(gone, text)
		}
	}
	return wanted, gone, nil
}

// sets sorts what waits by account, and leaves out what was not chosen.
func (d *decision) sets(waiting []heldrows.Row, named map[int64]bool) (sets []chosenSet) {
	for _, h := range waiting {
		i := slices.IndexFunc(sets, func(c chosenSet) bool { return c.account == h.Account })
		if i < 0 {
			i = len(sets)
			sets = append(sets, chosenSet{account: h.Account, job: h.Job})
		}
		if len(d.only) > 0 && !named[h.HeldID] || len(d.except) > 0 && named[h.HeldID] {
			sets[i].spared++
			continue
		}
		sets[i].rows = append(sets[i].rows, h)
	}
	return slices.DeleteFunc(sets, func(c chosenSet) bool { return len(c.rows) == 0 })
}

// oneSubject finds the rows about the one member, person or contact that who means; nil:
// there are none.
func oneSubject(who string, rows []heldrows.Row) (found []heldrows.Row, err error) {
	var subjects []string
	for i := range rows {
		h := &rows[i]
		if !means(who, h) {
			continue
		}
		if !slices.ContainsFunc(found, func(f heldrows.Row) bool { return sameSubject(&f, h) }) {
			subjects = append(subjects, h.Account+": "+subjectText(h))
		}
		found = append(found, *h)
	}
	if len(subjects) > 1 {
		account := ""
		if slices.ContainsFunc(found, func(f heldrows.Row) bool { return f.Account != found[0].Account }) {
			account = ", or --account"
		}
		return nil, usagef("%q means several: give an id of %s%s", who, strings.Join(subjects, "; "), account)
	}
	return found, nil
}

// subjectOf is oneSubject by all that a member can be called: whom nobody reports has no
// person key in what is held, and the roster knows their other names.
func subjectOf(ctx context.Context, st *store.Store, who string, rows []heldrows.Row) (found []heldrows.Row, err error) {
	if found, err = oneSubject(who, rows); found != nil || err != nil {
		return found, err
	}
	known, err := st.Find(ctx, who)
	if err != nil {
		return nil, err
	}
	ofMembers := slices.DeleteFunc(slices.Clone(rows), func(h heldrows.Row) bool {
		return h.MemberID == nil || !slices.ContainsFunc(known, func(r views.RosterRow) bool { return r.MemberID == *h.MemberID })
	})
	for i := range ofMembers {
		if !sameSubject(&ofMembers[0], &ofMembers[i]) {
			return nil, usagef("%q means several: give a member id, %s or %s", who, subjectText(&ofMembers[0]), subjectText(&ofMembers[i]))
		}
	}
	if len(ofMembers) == 0 {
		return nil, nil
	}
	return ofMembers, nil
}

// latest is the last row of each change: what was held, rejected and cleared left one
// behind each time.
func latest(rows []heldrows.Row) (last []heldrows.Row) {
	for _, h := range rows {
		i := slices.IndexFunc(last, func(l heldrows.Row) bool { return sameSubject(&l, &h) && l.Field == h.Field })
		switch {
		case i < 0:
			last = append(last, h)
		case last[i].HeldID < h.HeldID:
			last[i] = h
		}
	}
	return last
}

func sameSubject(a, b *heldrows.Row) bool {
	return a.Account == b.Account && a.Job == b.Job && numberOf(a) == numberOf(b) && (numberOf(a) != 0 || a.Person == b.Person)
}

// numberOf is the number of the member or contact; 0: somebody who is not on the roster.
func numberOf(h *heldrows.Row) int64 {
	switch {
	case h.MemberID != nil:
		return *h.MemberID
	case h.ContactID != nil:
		return *h.ContactID
	}
	return 0
}

// means says whether an operator's word means whom a held change is about.
func means(who string, h *heldrows.Row) bool {
	if n := numberOf(h); n != 0 && who == fmt.Sprint(n) {
		return true
	}
	if h.Kind == sync.Update && h.Field == sync.Email.String() && sync.FoldEmail(who) == sync.FoldEmail(h.Before) {
		return true // the roster has it still
	}
	return h.Email != "" && sync.FoldEmail(who) == sync.FoldEmail(h.Email) || h.Name != "" && sync.SameText(who, h.Name) ||
		who == h.Person || slices.Contains(h.IDs, who)
}

// nothingWaits says what became of what a run showed, and where else something waits.
func nothingWaits(id sync.RunID, shown, all []heldrows.Row) error {
	var later sync.RunID
	for i := range all {
		if all[i].RunID > id && all[i].State == string(sync.Waiting) {
			later = max(later, all[i].RunID)
		}
	}
	text := fmt.Sprintf("nothing was held by run %d, or before it", id)
	if len(shown) > 0 {
		text = fmt.Sprintf("nothing waits any more of what run %d showed: %s", id, statesText(latest(shown)))
	}
	if later > 0 {
		return fmt.Errorf("%s; what waits was first shown as it is now by run %d: look at `ringroster held`, then decide about that number", text, later)
	}
	return fmt.Errorf("%s; `ringroster held` shows what waits", text)
}

// statesText counts rows by what became of them.
func statesText(rows []heldrows.Row) string {
	var parts []string
	for _, state := range everyState {
		n := 0
		for i := range rows {
			if rows[i].State == state {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, fates[state]))
		}
	}
	return strings.Join(parts, ", ")
}
