package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"ringroster/store"
	"ringroster/sync"
)

// fates say what was decided about somebody of a held set who does not wait.
var fates = map[string]string{
	"approved": "approved already", "rejected": "rejected already", "open": "no longer held by a later run",
}

// standsNow says how the roster has a member, or a contact, now; there is false
// for one who is inactive, or removed.
func standsNow(ctx context.Context, st *store.Store, m *store.HeldMember) (now string, there bool, err error) {
	if m.ContactID != 0 {
		_, err := st.Contact(ctx, m.ContactID)
		if _, gone := errors.AsType[*store.NoContactError](err); gone {
			return "removed", false, nil
		}
		return "still a contact", true, err
	}
	row, err := memberRow(ctx, st, m.MemberID)
	switch {
	case err != nil:
		return "", false, err
	case row.Status == sync.Active:
		return "active", true, nil
	}
	return "inactive" + prefixed(" since ", text(row.DeactivatedAt)) + prefixed(", reason ", row.DeactivationReason), false, nil
}

// approved tells of those who were released and did not go, and of those who wait
// on: nothing but a rejection keeps them for good. That nobody went is an error,
// since nothing came of the approval.
func (a *app) approved(ctx context.Context, st *store.Store, id sync.RunID, sets []chosenSet) error {
	went, failed, err := wentIn(ctx, st, id, sets[0].Job)
	if err != nil {
		return err
	}
	for i := range sets {
		set := &sets[i]
		if failed[set.Account] {
			continue // that was told
		}
		if err := a.stayed(ctx, st, set, went); err != nil {
			return err
		}
		if !set.whole {
			_, _ = fmt.Fprintf(a.aside(), "\nThe others of run %d wait on: a later run may let them go when nothing holds them any more; `ringroster reject %d` keeps them.\n", set.RunID, set.RunID)
		}
	}
	if len(went) == 0 && len(failed) == 0 {
		return errors.New("nobody went: nothing came of the approval")
	}
	return nil
}

// stayed tells of those of a set who were released and did not go.
func (a *app) stayed(ctx context.Context, st *store.Store, set *chosenSet, went map[int64]bool) error {
	for _, m := range set.Shown() {
		if _, released := set.chosen[m.ID()]; !released || went[m.ID()] {
			continue
		}
		now, there, err := standsNow(ctx, st, &m)
		if err != nil {
			return err
		}
		why := ""
		switch {
		case there && m.ContactID != 0:
			why = ": RingCentral lists it again"
		case there:
			why = fmt.Sprintf(": what was shown does not make them leave any more; `ringroster explain %d` says how they stand", m.MemberID)
		}
		_, _ = fmt.Fprintf(a.aside(), "%s did not go, %s%s\n", heldText(&m), now, why)
	}
	return nil
}

// wentIn are the members that a run made inactive, or the contacts that it let
// go, and the accounts of it that failed.
func wentIn(ctx context.Context, st *store.Store, id sync.RunID, job string) (went map[int64]bool, failed map[string]bool, err error) {
	went, failed = map[int64]bool{}, map[string]bool{}
	rows, err := st.Run(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	for i := range rows {
		if rows[i].Status == sync.Failed {
			failed[rows[i].Account] = true
		}
	}
	if job == sync.JobContacts {
		for c, err := range st.ContactChanges(ctx, id) {
			if err != nil {
				return nil, nil, err
			}
			went[c.ContactID] = true
		}
		return went, failed, nil
	}
	for c, err := range st.Changes(ctx, id) {
		if err != nil {
			return nil, nil, err
		}
		if c.Kind == sync.Deactivate {
			went[c.MemberID] = true
		}
	}
	return went, failed, nil
}

// kept says what became of those whom a run rejected, and how many of them are
// there.
func (a *app) kept(ctx context.Context, st *store.Store, id sync.RunID, set *chosenSet) (here int, err error) {
	for _, m := range set.Shown() {
		if _, chosen := set.chosen[m.ID()]; !chosen {
			continue
		}
		now, there, err := standsNow(ctx, st, &m)
		switch {
		case err != nil:
			return here, err
		case there:
			here++
		default:
			_, _ = fmt.Fprintf(a.stdout, "%s is gone already: %s\n", heldText(&m), now)
		}
	}
	if set.Job == sync.JobContacts {
		_, err = fmt.Fprintf(a.stdout, "Run %d: %s of %s kept.\n", id, counted(here, "contact", "contacts"), set.Account)
	} else {
		_, err = fmt.Fprintf(a.stdout, "Run %d: %s of %s kept active.\n", id, counted(here, "member", "members"), set.Account)
	}
	return here, err
}

// aside is where words for people go: among them, or beside a document that
// programs read.
func (a *app) aside() io.Writer {
	if a.output == formatTable {
		return a.stdout
	}
	return a.stderr
}
