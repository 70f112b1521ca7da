package guard

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
)

// PastRun is one run of the history, as far as limits look at it.
type PastRun struct {
	Run     sync.RunID
	Started time.Time
	Trigger sync.Trigger
	First   bool         // the account's first full run, or before it: it loads the roster
	Done    []PastChange // what it changed, in that order
	Held    []PastChange // what it was the first to hold; whether that happened later or not
}

// PastChange is one row of the history with the name that people know.
type PastChange struct {
	sync.Done
	Name string
}

// PastMember is how a member stands today.
type PastMember struct {
	Active, Managed bool
	Role            string
}

// Overrun is a run of which limits would have held changes of one kind.
type Overrun struct {
	Run     sync.RunID `json:"run_id"`
	At      time.Time  `json:"at"`
	Limit   string     `json:"limit"` // deactivations, onboardings, updates or administrators
	Field   string     `json:"field"` // of updates
	Window  string     `json:"window"`
	Now     int        `json:"now"`
	Earlier int        `json:"earlier"` // by runs before, within the window
	Of      int        `json:"of"`
	Allowed int        `json:"allowed"` // the most that would have gone without a question
	Members []Name     `json:"members"` // of this run
}

// Name is a member as people know them.
type Name struct {
	Member int64  `json:"member_id"` // 0: somebody who was never brought in
	Name   string `json:"name"`
}

// TryLimits says of which runs of one account's history the given limits would have held
// something, and whom. It is pure. runs are in their order and today is the roster after
// the last: what was there before each run is had by taking back what the runs did. What
// an operator approved, undid or did by hand counts for nothing, but that they forgot
// somebody, as in the guard (R21, R35); what a run held counts as if it were to happen in
// that run.
func TryLimits(runs []PastRun, today map[int64]PastMember, limits *sync.Limits) (over []Overrun) {
	t := trial{runs: runs, limits: limits, before: countBefore(runs, today)}
	for i := range runs {
		t.counted = append(t.counted, countedIn(&runs[i]))
	}
	for i := range runs {
		for _, kind := range limitedKinds {
			if o := t.overrun(i, kind); o != nil {
				over = append(over, *o)
			}
		}
	}
	return over
}

// trial is one account's history while limits are tried on it.
type trial struct {
	runs    []PastRun
	limits  *sync.Limits
	before  []Tally           // how many there were before each run
	counted [][]countedChange // what of each run counts
}

// overrun says how the ith run would have been over a limit; nil: it would not.
func (t *trial) overrun(i int, kind limitedKind) *Overrun {
	of := t.before[i].Active
	if kind.limit == "administrators" {
		of = t.before[i].Admins
	}
	now := changesOf(t.counted[i], kind)
	if len(now) == 0 || of == 0 {
		return nil
	}
	for _, w := range Windows {
		earlier, gone := t.earlier(i, kind, now, w.Span)
		all := of
		if kind.leavers() {
			all += gone
		}
		l := kind.of(t.limits)
		if Exceeded(l, len(now), earlier, all, w) != "" || kind.leavers() && len(now) >= 2 && len(now) >= of {
			run := &t.runs[i]
			return &Overrun{
				Run: run.Run, At: run.Started, Limit: kind.limit, Field: kind.field, Window: w.name,
				Now: len(now), Earlier: earlier, Of: all, Allowed: allows(l, all, w), Members: now,
			}
		}
	}
	return nil
}

// allows is the most that are not over the limit.
func allows(l sync.Limit, of int, w Window) int {
	return max(l.Floor*w.floor-1, l.Percent*w.percent*of/100, 0)
}

// limitedKind is what one limit counts by itself.
type limitedKind struct {
	limit, field string
	of           func(*sync.Limits) sync.Limit
}

// leavers says whether it counts those who leave, each for as long as they are gone.
func (k *limitedKind) leavers() bool { return k.limit == "deactivations" }

// limitedKinds are in the order in which they are told.
var limitedKinds = func() []limitedKind {
	kinds := []limitedKind{
		{"deactivations", "", func(l *sync.Limits) sync.Limit { return l.Deactivations }},
		{"onboardings", "", func(l *sync.Limits) sync.Limit { return l.Onboardings }},
	}
	for _, field := range LimitedFields {
		kinds = append(kinds, limitedKind{"updates", field, func(l *sync.Limits) sync.Limit { return l.Updates }})
	}
	return append(kinds, limitedKind{"administrators", "", func(l *sync.Limits) sync.Limit { return l.Administrators }})
}()

// countedChange is a change that counts for a limit.
type countedChange struct {
	limit, field string
	held         bool // it waited, or waits still
	Name
}

// countedIn are the changes of a run that count.
func countedIn(r *PastRun) (all []countedChange) {
	if r.Trigger == sync.Approve || r.Trigger == sync.Undoing || r.Trigger == sync.Reject {
		return nil
	}
	byHand := r.Trigger == sync.Importing || r.Trigger == sync.ByHand
	for i, c := range slices.Concat(r.Done, r.Held) {
		add := func(limit, field string) {
			all = append(all, countedChange{limit, field, i >= len(r.Done), Name{c.Member, c.Name}})
		}
		switch {
		case c.Kind == sync.Deactivate && c.Field == sync.StatusField:
			add("deactivations", "")
		case r.First || byHand:
		case c.Kind == sync.Onboard && c.Field == "":
			add("onboardings", "")
		case c.Kind == sync.Update && slices.Contains(LimitedFields, c.Field) && BySource(c.Reason) && c.Before != "":
			if c.Field != sync.LoginsField || len(sync.EndedLogins(c.Before, c.After)) > 0 {
				add("updates", c.Field)
			}
		}
		if !r.First && !byHand && c.makesAdministrator() {
			add("administrators", "")
		}
	}
	return all
}

// makesAdministrator says whether a change gave somebody the role.
func (c *PastChange) makesAdministrator() bool {
	switch {
	case c.Kind == sync.Onboard && c.Field == "":
		return onboardedRole(c.After) == sync.RoleAdministrator
	case c.Kind == sync.Update || c.Kind == sync.Link:
		return c.Field == sync.Role.String() && c.After == sync.RoleAdministrator
	}
	return false
}

// onboardedRole is the role in the row of an onboarding.
func onboardedRole(after string) string {
	var m struct{ Role string }
	if json.Unmarshal([]byte(after), &m) != nil {
		return "" // it was forgotten since
	}
	return m.Role
}

func changesOf(all []countedChange, kind limitedKind) (who []Name) {
	for _, c := range all {
		if c.limit == kind.limit && c.field == kind.field {
			who = append(who, c.Name)
		}
	}
	slices.SortStableFunc(who, func(a, b Name) int { return strings.Compare(a.Name, b.Name) })
	return who
}

// earlier counts whom runs before the ith changed within a span, each once, without leavers
// who have come back until then; whom they held counts only where this run does not change
// them too. gone is how many of these are no more among the active.
func (t *trial) earlier(i int, kind limitedKind, now []Name, span time.Duration) (n, gone int) {
	active := map[int64]bool{} // by the last change of a status
	seen := map[Name]bool{}
	for j := i - 1; j >= 0 && t.runs[j].Started.After(t.runs[i].Started.Add(-span)); j-- {
		for _, c := range slices.Backward(t.runs[j].Done) {
			if _, later := active[c.Member]; !later && c.Field == sync.StatusField {
				active[c.Member] = c.After == string(sync.Active)
			}
		}
		for _, c := range t.counted[j] {
			if c.limit != kind.limit || c.field != kind.field || seen[c.Name] || c.held && slices.Contains(now, c.Name) {
				continue
			}
			is, changed := active[c.Member]
			if kind.leavers() && changed && is {
				continue
			}
			seen[c.Name] = true
			n++
			if changed && !is {
				gone++
			}
		}
	}
	return n, gone
}

// countBefore counts who was active, and an active administrator, before each run.
func countBefore(runs []PastRun, today map[int64]PastMember) []Tally {
	members := map[int64]PastMember{}
	var now Tally
	put := func(m PastMember, n int) {
		if m.Active && m.Managed {
			now.Active += n
			if m.Role == sync.RoleAdministrator {
				now.Admins += n
			}
		}
	}
	for id, m := range today {
		members[id] = m
		put(m, 1)
	}
	counts := make([]Tally, len(runs))
	for i, run := range slices.Backward(runs) {
		for _, c := range slices.Backward(run.Done) {
			m := members[c.Member]
			put(m, -1)
			switch c.Field {
			case "":
				m = PastMember{}
			case sync.StatusField:
				m.Active = c.Before == string(sync.Active)
			case "managed":
				m.Managed = c.Before == sync.FlagText(true)
			case sync.Role.String():
				m.Role = c.Before
			}
			members[c.Member] = m
			put(m, 1)
		}
		counts[i] = now
	}
	return counts
}
