package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/heldrows"
	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

func approveCommand(a *app) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: "approve RUN", Short: "Let held changes happen", Args: cobra.ExactArgs(1),
		Long: `RUN means what that run, or an earlier one, showed and what still waits. Reads
RingCentral afresh and applies those of these changes that are still planned as they
were shown, and nothing else. What is not applied waits on, and the command says so;
that nothing was applied is an error.`,
		RunE: func(c *cobra.Command, args []string) error { return a.withHeld(c.Context(), args[0], d, a.approve) },
	}
	d.flags(c)
	a.addOutput(c)
	return c
}

func (a *app) approve(ctx context.Context, s *config.Settings, st *store.Store, d decision, shown sync.RunID, sets []chosenSet) error {
	var names []string
	approval := map[string]*sync.Approval{}
	for i := range sets {
		sets[i].shown = shown
		approval[sets[i].account] = &sync.Approval{Run: shown, Held: sets[i].ids()}
		names = append(names, sets[i].account)
	}
	slices.Sort(names)
	accounts, err := chosen(s, names)
	if err != nil {
		return err
	}
	if err := a.losing(ctx, s, st, sets); err != nil {
		return err
	}
	if err := a.confirm(ctx, d.yes, sets, "Apply", "nothing was applied"); err != nil {
		return err
	}
	who := d.run(s, sync.Approve, names...)
	who.Job = sets[0].job // a run has one, and so have all of its sets
	if _, served, err := st.Service(); err != nil || served {
		return orElse(err, func() error { return a.approveThere(ctx, s, st, store.Request{Approval: approval, Run: who}, sets) })
	}
	if err := config.CheckCredentials(accounts...); err != nil {
		return err
	}
	id, results, err := a.runOn(ctx, s, st, reconcile.Request{Run: who, Approve: approval})
	if err != nil {
		return err
	}
	if who.Job == sync.JobContacts {
		err = a.reportContacts(id, results)
	} else {
		err = a.report(id, results)
	}
	err = errors.Join(err, a.tellApproved(ctx, s, st, id, sets))
	a.deliver(ctx, s, st)
	return err
}

// orElse is err, or what f makes when there is none.
func orElse(err error, f func() error) error {
	if err != nil {
		return err
	}
	return f()
}

// tellApproved says what of the approved changes was not applied, and what waits on. That
// nothing was applied is an error, since nothing came of the approval.
func (a *app) tellApproved(ctx context.Context, s *config.Settings, st *store.Store, id sync.RunID, sets []chosenSet) error {
	runs, err := st.Run(ctx, id)
	if err != nil {
		return err
	}
	failed := map[string]bool{}
	for i := range runs {
		failed[runs[i].Account] = runs[i].Status == sync.Failed
	}
	applied, failures, decided := 0, 0, map[string]int{}
	for i := range sets {
		set := &sets[i]
		if failed[set.account] {
			failures++ // that was told
			continue
		}
		n, err := a.tellApplied(ctx, s, st, id, set, decided)
		if err != nil {
			return err
		}
		applied += n
		if set.spared > 0 {
			_, _ = fmt.Fprintf(a.aside(), "\n%s on: `ringroster held` shows %s.\n",
				counted(set.spared, "other change of "+set.account+" waits", "other changes of "+set.account+" wait"), itOrThem(set.spared))
		}
	}
	if applied > 0 || failures > 0 {
		return nil
	}
	if len(decided) > 0 {
		return fmt.Errorf("nothing was applied: it was decided otherwise meanwhile: %s", strings.Join(slices.Sorted(maps.Keys(decided)), "; "))
	}
	return errors.New("nothing was applied: none of the approved changes is planned any more as it was shown")
}

// tellApplied says of one account what was approved and not applied by a run, and counts the
// rest. decided counts what others decided about meanwhile, in words.
func (a *app) tellApplied(ctx context.Context, s *config.Settings, st *store.Store, id sync.RunID, set *chosenSet, decided map[string]int) (applied int, err error) {
	rows, err := st.Held(ctx, heldrows.Filter{Account: set.account, Job: set.job, States: everyState})
	if err != nil {
		return 0, err
	}
	rowNow := map[int64]*heldrows.Row{}
	for i := range rows {
		rowNow[rows[i].HeldID] = &rows[i]
	}
	var o *obstacles // read when first needed
	for i := range set.rows {
		h, state := &set.rows[i], ""
		now := rowNow[h.HeldID]
		if now != nil {
			state = now.State
		}
		text := ""
		switch {
		case now != nil && now.State == heldrows.Approved && now.DecidedRun != nil && *now.DecidedRun == id:
			applied++
			continue
		case state == string(sync.Waiting) && now.RunID > set.shown:
			text = fmt.Sprintf("run %d has shown it anew since, as: %s: %s, held for %s. Decide about that number", now.RunID, subjectText(now), whatHeld(now), reasonWords(now.Why))
		case state == string(sync.Waiting):
			if o == nil {
				if o, err = obstaclesTo(ctx, s, st, set, rows); err != nil {
					return 0, err
				}
			}
			if text = o.atAnEnd(h); text == "" {
				text = o.inTheWay(h) + "; it waits on" + toExplain(h)
			}
		case now != nil && now.DecidedAt != nil:
			text = fateWords(now)
			decided[text]++
		default:
			text = fates[state]
		}
		_, _ = fmt.Fprint(a.aside(), wrapped("", "  ", fmt.Sprintf("not applied: %s: %s: %s.", subjectText(h), whatHeld(h), text)))
	}
	return applied, nil
}

// obstacles are what of an account may keep an approved change from happening, besides what
// RingCentral says.
type obstacles struct {
	policy  sync.Policy
	members map[int64]*sync.Member // who is decided about
	leaving map[int64]bool         // of whom it is open whether they leave
}

// obstaclesTo reads what may stand in the way of the chosen changes of an account; held are its
// held changes as they are now.
func obstaclesTo(ctx context.Context, s *config.Settings, st *store.Store, set *chosenSet, held []heldrows.Row) (*obstacles, error) {
	o := &obstacles{members: map[int64]*sync.Member{}, leaving: map[int64]bool{}}
	if set.job != sync.JobMembers {
		return o, nil
	}
	accounts, err := chosen(s, []string{set.account})
	if err != nil {
		return nil, err
	}
	o.policy = s.Policy(accounts[0])
	for i := range held {
		if h := &held[i]; h.MemberID != nil && h.Kind == sync.Deactivate && (h.State == string(sync.Waiting) || h.State == string(sync.Suspect)) {
			o.leaving[*h.MemberID] = true
		}
	}
	wanted := map[int64]bool{}
	for i := range set.rows {
		if id := set.rows[i].MemberID; id != nil {
			wanted[*id] = true
		}
	}
	for m, err := range st.Members(ctx, set.account, func(m sync.Sealed) bool { return !wanted[m.ID] }) {
		if err != nil {
			return nil, err
		}
		if wanted[m.ID] {
			o.members[m.ID] = m
		}
	}
	return o, nil
}

// atAnEnd says why a change that waits cannot happen any more: the next full run ends it (R25);
// "": it can.
func (o *obstacles) atAnEnd(h *heldrows.Row) string {
	if h.MemberID == nil || o.members[*h.MemberID] == nil {
		return ""
	}
	switch m := o.members[*h.MemberID]; {
	case !m.Managed:
		return "the member is detached from the sync: nothing of this happens, and the next full run ends it"
	case m.Status == sync.Inactive && h.Kind == sync.Deactivate:
		return "the member is inactive already, and the next full run ends it"
	}
	return ""
}

// inTheWay says what keeps a change from happening that waits as it was shown.
func (o *obstacles) inTheWay(h *heldrows.Row) string {
	const notPlanned = "it is not planned now"
	if h.MemberID == nil || o.members[*h.MemberID] == nil {
		return notPlanned
	}
	m := o.members[*h.MemberID]
	switch {
	case h.Kind == sync.Deactivate && !o.policy.Deactivate:
		return "`deactivate: false` in the settings keeps it from happening"
	case h.Kind == sync.Deactivate && plan.Protects(&o.policy, m):
		return "`protect` in the settings keeps it from happening"
	case slices.ContainsFunc(m.Pins, func(p sync.Pin) bool { return p.Field.String() == h.Field }):
		return "a pin keeps it from happening (`ringroster roster unpin`)"
	case h.Kind == sync.Update && o.leaving[m.ID] && (h.Field == sync.Role.String() || h.Field == "logins"):
		return "whether they leave is open: a full run must see them present first (R25)"
	}
	return notPlanned
}

// toExplain names the command that says how somebody stands. Contacts have none.
func toExplain(h *heldrows.Row) string {
	who := h.Person
	switch {
	case h.Job == sync.JobContacts:
		return ""
	case h.MemberID != nil:
		who = strconv.FormatInt(*h.MemberID, 10)
	}
	return fmt.Sprintf(", and `ringroster explain %s` says how they stand", clean(who))
}
