package report

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"time"

	"ringroster/store/heldrows"
	"ringroster/sync"
	"ringroster/sync/archive"
)

// set is what waits in one account for one job.
type set struct {
	Account, Job string
	Run          sync.RunID // the last that showed something of it: its number decides about all
	Reasons      []sync.HoldReason
	kinds        map[sync.Kind]int
	p            *page
}

// readSets counts what waits.
func (p *page) readSets() error {
	for h, err := range p.st.HeldRows(p.ctx, heldrows.Filter{Account: p.Account, States: []string{string(sync.Waiting)}}) {
		if err != nil {
			return err
		}
		if n := len(p.Sets); n == 0 || p.Sets[n-1].Account != h.Account || p.Sets[n-1].Job != h.Job {
			p.Sets = append(p.Sets, set{Account: h.Account, Job: h.Job, kinds: map[sync.Kind]int{}, p: p})
		}
		s := &p.Sets[len(p.Sets)-1]
		s.Run = max(s.Run, h.RunID)
		s.kinds[h.Kind]++
		for _, r := range h.Why {
			if len(s.Reasons) < mostReasons && !slices.Contains(s.Reasons, r) {
				s.Reasons = append(s.Reasons, r)
			}
		}
	}
	return nil
}

// mostReasons is how many reasons of one set are told: some name the list that they are about.
const mostReasons = 20

// Kinds says how much waits.
func (s *set) Kinds() string { return sync.KindsText(s.kinds) }

// Only narrows a command to the account of the set, where several have something that waits.
func (s *set) Only() string {
	if slices.ContainsFunc(s.p.Sets, func(other set) bool { return other.Account != s.Account }) {
		return " --account " + s.Account
	}
	return ""
}

// held is a change that waits.
type held struct {
	*heldrows.Row
	Who  string
	What string
	By   string // who did it at RingCentral; "": nobody knows
}

// by says who did at RingCentral what something follows that stands under a time.
func by(a *sync.Attribution, under string) string {
	if a == nil {
		return ""
	}
	on, _ := time.Parse(time.RFC3339, under) // else the day is named
	return a.Text(on)
}

// Rows are the changes that wait.
func (s *set) Rows() iter.Seq[held] {
	filter := heldrows.Filter{Account: s.Account, Job: s.Job, States: []string{string(sync.Waiting)}}
	return rows(s.p, s.p.st.HeldRows(s.p.ctx, filter), func(h *heldrows.Row) (held, bool) {
		return held{h, subject(h), what(h), by(h.Source, h.HeldSince)}, true
	})
}

// subject is the number or key of whom a held change is about.
func subject(h *heldrows.Row) string {
	switch {
	case h.MemberID != nil:
		return fmt.Sprintf("member %d", *h.MemberID)
	case h.ContactID != nil:
		return fmt.Sprintf("contact %d", *h.ContactID)
	}
	return h.Person
}

// what says what would happen.
func what(h *heldrows.Row) string {
	switch {
	case h.Kind == sync.Update && h.Field == "logins":
		return fmt.Sprintf("logins: %s → %s", sync.LoginsText(h.Before), sync.LoginsText(h.After))
	case h.Kind == sync.Update && h.Job == sync.JobMembers:
		return fmt.Sprintf("%s: %q → %q", h.Field, h.Before, h.After)
	case h.Detail != "":
		return fmt.Sprintf("%s: %s", words(h.Reason), h.Detail)
	}
	return words(h.Reason)
}

// conflicts are those that the last good run of an account found.
type conflicts struct {
	Account string
	Run     sync.RunID
	N       int
	List    []sync.Conflict // nil: what the run decided from is not kept, not understood, or too much
}

// mostReplayed is of how many people a run is decided again: that takes a snapshot of all of
// them in memory, as nothing else here does.
const mostReplayed = 20_000

// readConflicts decides again what the last good run of an account decided, where it found
// a conflict: the roster keeps no more of them than their number.
func (p *page) readConflicts() error {
	for i := range p.Accounts {
		last := p.Accounts[i].LastSuccess
		if last == nil || last.Conflicts == 0 {
			continue
		}
		c := conflicts{Account: last.Account, Run: last.RunID, N: last.Conflicts}
		if last.People <= mostReplayed {
			kept, err := p.st.Kept(p.ctx, last.RunID)
			if err != nil {
				return err
			}
			for _, row := range kept {
				if row.Account == last.Account {
					c.List = decidedAgain(row.Data)
				}
			}
		}
		p.Unruly = append(p.Unruly, c)
	}
	return nil
}

// decidedAgain are the conflicts of a run; nil: an earlier version kept it in a way that
// this one does not understand.
func decidedAgain(data []byte) []sync.Conflict {
	for past, err := range archive.ReadPasts(bytes.NewReader(data)) {
		if err != nil {
			return nil
		}
		plan, err := past.Plan("", nil)
		if err != nil {
			return nil
		}
		return slices.Clone(plan.Conflicts)
	}
	return nil
}
