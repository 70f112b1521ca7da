package reconcile_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/guard"
)

// books are what a roster keeps about one account besides its members: what is open, what
// runs did when, which settings were accepted. It is written from the rules, in memory, as
// the store does it in tables.
type books struct {
	state    sync.State
	lastHeld int64
	settings map[sync.RunID]map[string]string // of runs that hold somebody because of them (R23)
	approved []sync.HeldChange                // as they were
	lapsed   map[sync.RunID]bool              // of which something ended by itself that waited because of them
	done     []booking
	fulls    []full // in their order
}

// full is a full run.
type full struct {
	run sync.RunID
	at  time.Time
}

// booking is one thing that a run did.
type booking struct {
	run     sync.RunID
	at      time.Time
	full    bool
	trigger sync.Trigger
	member  int64
	kind    sync.Kind
	field   string
	before  string
	after   string
	reason  sync.Reason
	logins  []sync.Login // of a leaver
	ended   []sync.Login // of a change of logins
}

// at is the state as a plan sees it that begins at now.
func (b *books) at(now time.Time, members []*sync.Member) sync.State {
	s := b.state
	s.Open = byNumber(s.Open)
	status := map[int64]sync.Status{}
	for _, m := range members {
		status[m.ID] = m.Status
	}
	for i, w := range guard.Windows {
		s.Recent[i] = b.recent(now.Add(-w.Span), status)
	}
	s.Gone, s.Moved = b.gone(status)
	s.GoneAdmins = b.goneAdmins()
	return s
}

func byNumber(open []sync.HeldChange) []sync.HeldChange {
	return slices.SortedFunc(slices.Values(open), func(a, b sync.HeldChange) int { return cmp.Compare(a.ID, b.ID) })
}

func byOperator(t sync.Trigger) bool {
	return slices.Contains([]sync.Trigger{sync.Approve, sync.Undoing, sync.ByHand, sync.Importing, sync.Reject}, t)
}

func (b *books) recent(since time.Time, status map[int64]sync.Status) sync.Recent {
	r := sync.Recent{Updated: map[string]int{}}
	deactivated, onboarded, administrators := map[int64]bool{}, map[int64]bool{}, map[int64]bool{} // each member once
	updated := map[string]map[int64]bool{}
	for _, d := range b.done {
		if !d.at.After(since) {
			continue
		}
		switch {
		case d.field == sync.StatusField && d.after == string(sync.Inactive): // also of whom an operator forgot
			if d.trigger != sync.Approve && d.trigger != sync.Undoing && status[d.member] == sync.Inactive {
				deactivated[d.member] = true
			}
			continue
		case byOperator(d.trigger):
			continue
		case len(b.fulls) == 0 || d.run <= b.fulls[0].run:
			continue
		case d.kind == sync.Onboard:
			onboarded[d.member] = true
			if d.after == sync.RoleAdministrator {
				administrators[d.member] = true
			}
			continue
		}
		if d.field == sync.Role.String() && d.after == sync.RoleAdministrator {
			administrators[d.member] = true
		}
		if d.kind == sync.Update && guard.BySource(d.reason) && d.before != "" &&
			(d.field != sync.LoginsField || len(d.ended) > 0) {
			if updated[d.field] == nil {
				updated[d.field] = map[int64]bool{}
			}
			updated[d.field][d.member] = true
		}
	}
	for field, members := range updated {
		r.Updated[field] = len(members)
	}
	r.Deactivated, r.Onboarded, r.Administrators = len(deactivated), len(onboarded), len(administrators)
	return r
}

func (b *books) gone(status map[int64]sync.Status) (gone map[int64][]sync.Login, moved map[int64][][]sync.Login) {
	if len(b.fulls) == 0 {
		return nil, nil
	}
	first := b.lookedAt()
	gone, moved = map[int64][]sync.Login{}, map[int64][][]sync.Login{}
	for _, d := range b.done {
		switch {
		case byOperator(d.trigger) || d.run <= first:
		case d.kind == sync.Deactivate && status[d.member] == sync.Inactive:
			gone[d.member] = append(gone[d.member], d.logins...) // with none: of an administrator
		case d.field == sync.LoginsField:
			if len(d.ended) > 0 {
				gone[d.member] = append(gone[d.member], d.ended...)
			}
			if then := sync.MovedLogins(d.before, d.after); then != nil {
				moved[d.member] = append(moved[d.member], then)
			}
		}
	}
	return gone, moved
}

// lookedAt is the first full run of the 20 hours before the last one.
func (b *books) lookedAt() sync.RunID {
	last := b.fulls[len(b.fulls)-1].at
	return b.fulls[slices.IndexFunc(b.fulls, func(f full) bool { return !f.at.Before(last.Add(-20 * time.Hour)) })].run
}

// goneAdmins are who lost the role of an administrator since the first run of those 20 hours.
func (b *books) goneAdmins() map[int64]bool {
	if len(b.fulls) == 0 {
		return nil
	}
	first := b.lookedAt()
	gone := map[int64]bool{}
	for _, d := range b.done {
		if !byOperator(d.trigger) && d.run > first && d.field == sync.Role.String() && d.before == sync.RoleAdministrator {
			gone[d.member] = true
		}
	}
	return gone
}

// book writes down what a commit did; ids are those that its newcomers got.
func (b *books) book(c *sync.Commit, trigger sync.Trigger, at time.Time, ids map[string]int64) {
	b.state.Version++
	if c.Plan != nil {
		for i := range c.Plan.Changes {
			b.change(&c.Plan.Changes[i], c.Run, c.Full, trigger, at, ids)
		}
		for _, m := range c.Plan.Forget {
			b.forget(m)
		}
	}
	b.settle(c)
	open, held := b.openOf(c)
	if c.Full {
		if c.Plan != nil {
			b.fulls = append(b.fulls, full{c.Run, at})
			b.state.LastSeen = c.TakenAt
			b.state.Lengths, b.state.Ended = c.Plan.Lengths, c.Plan.Ended
		}
		b.state.Bound = c.Identity
		b.reconcile(c, open)
	}
	if held != nil {
		for _, h := range b.state.Open {
			if h.State == sync.Waiting {
				*held = max(*held, h.Run)
			}
		}
	}
}

// forget leaves nothing of a member that names them, or whom others leave behind.
func (b *books) forget(m *sync.Member) {
	keys := m.Keys()
	b.state.Open = slices.DeleteFunc(slices.Clone(b.state.Open), func(h sync.HeldChange) bool {
		return h.Member == m.ID || slices.ContainsFunc(h.IDs, func(id string) bool { return slices.Contains(keys, id) })
	})
	for i := range b.state.Open {
		h := &b.state.Open[i]
		h.Detail, _, _ = strings.Cut(h.Detail, sync.LeavesBehind)
	}
	for i := range b.done {
		if d := &b.done[i]; d.member == m.ID {
			d.logins = sync.ImpersonalLogins(d.logins)
			if d.kind != sync.Onboard { // of that the books have the role alone
				d.before, _ = edit.ForgetText(d.field, d.before) // of what a run wrote
				d.after, _ = edit.ForgetText(d.field, d.after)
				d.ended = sync.ImpersonalLogins(d.ended)
			}
		}
	}
}

func (b *books) openOf(c *sync.Commit) (open []sync.HeldChange, held *sync.RunID) {
	switch {
	case c.Plan != nil && c.Plan.Held != nil:
		return c.Plan.Open, &c.Plan.Held.Run
	case c.Plan != nil:
		return c.Plan.Open, nil
	case c.Contacts != nil && c.Contacts.Held != nil:
		return c.Contacts.Open, &c.Contacts.Held.Run
	case c.Contacts != nil:
		return c.Contacts.Open, nil
	}
	return nil, nil
}

func (b *books) change(c *sync.Change, run sync.RunID, full bool, trigger sync.Trigger, at time.Time, ids map[string]int64) {
	next := c.Next()
	d := booking{run: run, at: at, full: full, trigger: trigger, member: c.Member, kind: c.Kind, reason: c.Reason}
	if c.Kind == sync.Onboard {
		d.member, d.after = ids[c.Person], next.Profile[sync.Role]
		b.done = append(b.done, d)
		return
	}
	if c.Kind == sync.Deactivate {
		for _, l := range next.Logins {
			if l.Active {
				d.logins = append(d.logins, l)
			}
		}
	}
	for _, f := range c.Fields {
		d.field, d.before, d.after, d.reason, d.ended = f.Field, f.Before, f.After, f.Reason, nil
		if f.Field == sync.LoginsField {
			d.ended = sync.EndedLogins(f.Before, f.After)
		}
		b.done = append(b.done, d)
	}
}

// reconcile makes a full run's open set the account's, and accepts its settings (R23, R25).
func (b *books) reconcile(c *sync.Commit, open []sync.HeldChange) {
	moved := false
	rejected := map[int64]bool{}
	for i := range b.state.Open {
		rejected[b.state.Open[i].ID] = b.state.Open[i].State == sync.Rejected
	}
	for i := range open {
		h := &open[i]
		if h.ID == 0 || rejected[h.ID] && h.State != sync.Rejected { // the rejection stays history
			b.lastHeld++
			h.ID = b.lastHeld
		}
		if h.Run == 0 {
			h.Run = c.Run
		}
		if h.State == sync.Waiting && heldForSettings(h) {
			moved = true
		}
	}
	for i := range b.state.Open {
		h := &b.state.Open[i]
		if ends := !slices.ContainsFunc(open, func(o sync.HeldChange) bool { return o.ID == h.ID }); ends {
			b.lapse(h)
		}
	}
	b.state.Open = open
	if c.Settings == nil {
		return
	}
	if !moved {
		if !b.refused() {
			b.accept(c.Run, c.Settings.Settings)
		}
		return
	}
	b.await(c.Run, c.Settings.Settings)
}

// await keeps the settings of a run until what it shows because of them is decided about; nil:
// it is an approval, whose number accepts none.
func (b *books) await(run sync.RunID, settings map[string]string) {
	if b.settings == nil {
		b.settings = map[sync.RunID]map[string]string{}
	}
	b.settings[run] = settings
}

// lapse notes that something ended which nobody approved or rejected.
func (b *books) lapse(h *sync.HeldChange) {
	if b.lapsed == nil {
		b.lapsed = map[sync.RunID]bool{}
	}
	b.lapsed[h.Run] = b.lapsed[h.Run] || heldForSettings(h)
}

func heldForSettings(h *sync.HeldChange) bool {
	return slices.ContainsFunc(h.Why, func(r sync.HoldReason) bool { return r.Reason == sync.ReasonSettings })
}

// settle is what an operator decided.
func (b *books) settle(c *sync.Commit) {
	if c.Settled == nil {
		return
	}
	for _, h := range c.Settled.New {
		b.lastHeld++
		h.ID, h.Run = b.lastHeld, c.Run
		if h.Since.IsZero() {
			h.Since = c.FinishedAt
		}
		b.state.Open = slices.DeleteFunc(b.state.Open, func(o sync.HeldChange) bool {
			same := o.Member == h.Member && o.Field == h.Field
			if same {
				b.lapse(&o)
			}
			return same
		})
		b.state.Open = append(b.state.Open, h)
	}
	decided := map[sync.RunID]bool{}
	b.state.Open = slices.Clone(b.state.Open)
	for _, h := range c.Settled.Renewed {
		h.Run = c.Run
		b.state.Open[slices.IndexFunc(b.state.Open, func(o sync.HeldChange) bool { return o.ID == h.ID })] = h
		if heldForSettings(&h) {
			b.await(c.Run, nil)
		}
	}
	b.state.Open = slices.DeleteFunc(b.state.Open, func(h sync.HeldChange) bool {
		if !slices.Contains(c.Settled.Held, h.ID) {
			return false
		}
		decided[h.Run] = decided[h.Run] || heldForSettings(&h) && c.Settled.Decision != sync.Clear
		if c.Settled.Decision == sync.Approve {
			b.approved = append(b.approved, h)
		}
		return c.Settled.Decision == sync.Approve
	})
	b.state.Open = byNumber(b.state.Open)
	var again []sync.HeldChange // in place of a rejection, which stays history
	b.state.Open = slices.DeleteFunc(b.state.Open, func(h sync.HeldChange) bool {
		if c.Settled.Decision != sync.Clear || !slices.Contains(c.Settled.Held, h.ID) {
			return false
		}
		b.lapse(&h)
		b.lastHeld++
		h.ID, h.Run, h.State, h.PresentDays, h.PresentOn = b.lastHeld, c.Run, sync.Suspect, 0, ""
		again = append(again, h)
		return true
	})
	b.state.Open = append(b.state.Open, again...)
	for i := range b.state.Open {
		h := &b.state.Open[i]
		if c.Settled.Decision != sync.Clear && slices.Contains(c.Settled.Held, h.ID) {
			h.State = sync.Rejected
		}
	}
	if c.Settled.Decision != sync.Approve || c.Settings == nil {
		return
	}
	for run := range decided {
		waits := slices.ContainsFunc(b.state.Open, func(h sync.HeldChange) bool { return h.State == sync.Waiting && h.Run == run && heldForSettings(&h) })
		if now := b.settings[run]; decided[run] && !waits && !b.lapsed[run] && maps.Equal(now, c.Settings.Settings) && !b.refused() {
			b.accept(run, maps.Clone(now))
		}
	}
}

func (b *books) accept(run sync.RunID, settings map[string]string) {
	b.state.Accepted = settings
	maps.DeleteFunc(b.settings, func(r sync.RunID, _ map[string]string) bool { return r <= run })
}

// refused says whether all that a run held for its settings was rejected, or all of one reason
// (R23).
func (b *books) refused() bool {
	refused := func(of *sync.HeldChange) bool {
		return slices.ContainsFunc(b.state.Open, func(h sync.HeldChange) bool {
			return h.State == sync.Rejected && h.Member == of.Member && h.Field == of.Field
		})
	}
	return slices.ContainsFunc(b.state.Open, func(h sync.HeldChange) bool {
		_, awaited := b.settings[h.Run]
		return h.State == sync.Rejected && heldForSettings(&h) && awaited && !slices.ContainsFunc(b.approved, func(a sync.HeldChange) bool {
			return a.Run == h.Run && (a.Reason == h.Reason || h.Reason == sync.ReasonRemoved) && !refused(&a)
		})
	})
}
