package main

import (
	"context"
	"fmt"

	"ringroster/store"
	"ringroster/store/contactrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// contactStatus is how the contacts of one account stand, in `status`.
type contactStatus struct {
	contactrows.Count
	HeldRun     *sync.RunID       `json:"held_run"` // the last whose number decides about what waits
	HeldReasons []sync.HoldReason `json:"held_reasons"`
	LastRun     *views.RunRow     `json:"last_run"` // nil: none is over yet
	LastSuccess *views.RunRow     `json:"last_success"`
	RunningRun  *views.RunRow     `json:"running_run"`
	NextRun     *nextRun          `json:"next_run"` // nil: none is planned
}

// contacts fills in how the contacts stand, where they are on or there are any.
func (d *statusDocument) contacts(ctx context.Context, st *store.Store, locked bool) error {
	counts, err := st.ContactCounts(ctx)
	if err != nil {
		return err
	}
	sets, err := waitingSets(ctx, st)
	if err != nil {
		return err
	}
	for i := range d.Accounts {
		a := &d.Accounts[i]
		for _, c := range counts {
			if c.Account == a.Account {
				if a.Contacts == nil {
					a.Contacts = &contactStatus{}
				}
				a.Contacts.Count = c
			}
		}
		if a.Contacts == nil {
			continue
		}
		a.Contacts.HeldReasons = []sync.HoldReason{}
		if set := sets[a.Account+" "+sync.JobContacts]; set != nil {
			a.Contacts.HeldRun, a.Contacts.HeldReasons = new(set.run), set.reasons
		}
		latest, err := st.Latest(ctx, a.Account, sync.JobContacts)
		if err != nil {
			return err
		}
		a.Contacts.LastRun, a.Contacts.LastSuccess = latest.Ended, latest.Success
		if latest.Try != nil && latest.Try.Status == sync.Running && locked {
			a.Contacts.RunningRun = latest.Try
		}
	}
	return nil
}

// remarks say how the contacts stand, and what of it needs a look.
func (c *contactStatus) remarks() (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	last, next := "never imported", ""
	if c.LastSuccess != nil {
		last = "in step since " + text(c.LastSuccess.FinishedAt)
	}
	if c.NextRun != nil {
		next = ", next " + c.NextRun.At
	}
	say("%s, %s%s", counted(c.Contacts, "contact", "contacts"), last, next)
	if r := c.LastRun; r != nil && r.Status == sync.Failed {
		say("run %d for the contacts failed: %s", r.RunID, r.Error)
	}
	if c.Held > 0 && c.HeldRun != nil {
		say("%s for a decision, shown by run %d (%s): ringroster held",
			counted(c.Held, "contact waits", "contacts wait"), *c.HeldRun, reasonWords(c.HeldReasons))
	}
	if c.Rejected > 0 {
		say("%s although RingCentral no longer lists them, as their removal was rejected: ringroster reject --clear-contact CONTACT ends that",
			counted(c.Rejected, "contact stays", "contacts stay"))
	}
	return lines
}
