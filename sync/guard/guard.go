// Package guard decides which changes wait for an operator (R21 to R26): Check judges the
// facts about one account's members, or about its contacts, and the lists that lost them.
package guard

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
)

// Facts are all that the guard decides from (R21 to R24): about the members of one
// account, or about its contacts.
type Facts struct {
	Noun    string    // whom it is about: "active members", "contacts"
	Now     time.Time // start of this plan
	Limit   sync.Limit
	Active  int         // active, managed and linked before this run; of contacts: all that could go
	Leavers []time.Time // since when each would leave; zero: since now
	Recent  [2]int      // who was made inactive by earlier runs, by window
	Rolls   []Roll      // in the order of their lists
	// Each of these is a fact in words; "" where there is none.
	OwnerMissing    string
	SettingsChanged string
	Unreadable      string
}

// Findings are what the guard says.
type Findings struct {
	All   []sync.HoldReason          // hold every leaver of the account
	Lists map[List][]sync.HoldReason // the lists that are not believed: what hangs on them is held
}

// Window is a span in which changes share a limit (R21).
type Window struct {
	name           string
	Span           time.Duration
	percent, floor int // factors
}

// Windows are R21's.
var Windows = [2]Window{
	{"23 hours", sync.DayWindow, 1, 1},
	{"7 days", sync.WeekWindow, 3, 2},
}

// check is one reason for holding every leaver of an account.
type check struct {
	reason sync.Reason
	find   func(*Facts) string // the fact in words; "": it does not hold anybody
}

// checks are the reasons for holding every leaver, in the order in which they are given.
// RULES.md has the same table (R24).
var checks = []check{
	{sync.ReasonLimit, overLimit},
	{sync.ReasonOwnerMissing, func(f *Facts) string { return f.OwnerMissing }},
	{sync.ReasonSettings, func(f *Facts) string { return f.SettingsChanged }},
	{sync.ConflictFaulty, func(f *Facts) string { return f.Unreadable }},
}

// doubt is one reason for not believing a list that lost people.
type doubt struct {
	reason sync.Reason
	fits   func(*Roll) bool
}

// doubts are the reasons for not believing a list (R22): the first that fits is given. Their
// numbers are fixed. RULES.md has the same table.
var doubts = []doubt{
	{sync.ReasonSubAccountGone, func(r *Roll) bool { return r.list.Kind == sync.SubAccountList && r.Gone && r.Lost >= 1 }},
	{sync.ReasonGroupGone, func(r *Roll) bool {
		return r.list.Kind == sync.AgentGroupList && r.Gone && (r.Lost >= 2 && !r.isDissolved() || r.sparseEmptied())
	}},
	{sync.ReasonListEmptied, func(r *Roll) bool { return r.Lost >= 2 && r.left() == 0 && !r.isDissolved() || r.sparseEmptied() }},
	{sync.ReasonListShrunk, func(r *Roll) bool {
		return r.Lost >= 3 && r.left() <= r.Lost && !r.isDissolved() || r.sparseShrunk() ||
			r.list.Kind == sync.Administrators && r.Lost >= 2 && r.Lost*10 >= r.Was
	}},
	{sync.ReasonListCap, seemsCut},
}

// ReasonOrder are the reasons of the guard in the order in which they are given.
func ReasonOrder() []sync.Reason {
	order := []sync.Reason{sync.ReasonLimit}
	for _, c := range checks {
		order = append(order, c.reason)
	}
	for _, d := range doubts {
		order = append(order, d.reason)
	}
	return order
}

// Check decides which leavers of an account wait for an operator, and which lists are
// not believed. It is pure.
func Check(f *Facts) Findings {
	found := Findings{Lists: map[List][]sync.HoldReason{}}
	if len(f.Leavers) > 0 {
		for _, c := range checks {
			if detail := c.find(f); detail != "" {
				found.All = append(found.All, sync.HoldReason{Reason: c.reason, Detail: detail})
			}
		}
	}
	for i := range f.Rolls {
		r := &f.Rolls[i]
		for _, d := range doubts {
			if d.fits(r) {
				found.Lists[r.list] = []sync.HoldReason{{Reason: d.reason, Detail: r.losses()}}
				break
			}
		}
	}
	found.narrow()
	for _, r := range vanished(f.Rolls) {
		if found.Lists[r.list] == nil {
			reason := map[bool]sync.Reason{true: sync.ReasonGroupGone, false: sync.ReasonListEmptied}[r.Gone]
			found.Lists[r.list] = []sync.HoldReason{{Reason: reason, Detail: fmt.Sprintf("%s; several agent groups that had members answer nothing", r.losses())}}
		}
	}
	for _, r := range cutAlike(f.Rolls) {
		if found.Lists[r.list] == nil {
			found.Lists[r.list] = []sync.HoldReason{{Reason: sync.ReasonListCap, Detail: fmt.Sprintf("%s; no agent list is longer than %d, and several of exactly that length lost people", r.losses(), r.Length)}}
		}
	}
	return found
}

// narrow drops what is said of contacts by type and site where the whole directory is not
// believed.
func (f *Findings) narrow() {
	if f.Lists[List{Kind: sync.DirectoryList}] != nil {
		maps.DeleteFunc(f.Lists, func(list List, _ []sync.HoldReason) bool { return list.Kind == sync.CrowdList })
	}
}

// Believe takes doubts from another look at the same lists in (R2): a list that one look
// gives no reason to believe is not believed, as far as it lost anybody.
func (f *Findings) Believe(rolls Rolls, more []sync.Doubt) {
	for _, d := range more {
		if roll := rolls[ListOf(&d)]; roll != nil && roll.Lost > 0 && f.Lists[roll.list] == nil {
			f.Lists[roll.list] = []sync.HoldReason{{Reason: d.Reason, Detail: d.Detail}}
		}
	}
}

// capLengths are the lengths at which a server may have cut a list without a total: the
// first two by RingCentral's known caps (API.md 6.4d), the others where people are lost.
var capLengths, roundLengths = []int{1000, 2000}, []int{50, 100, 200, 250, 500, 1000, 2000, 5000}

// seemsCut says whether a list without a total looks as if a server had cut it.
func seemsCut(r *Roll) bool {
	if r.Total || r.Gone || r.Lost == 0 || r.list.Kind == sync.CrowdList {
		return false
	}
	return slices.Contains(capLengths, r.Length) ||
		r.list.Kind != sync.SubAccountList && r.Lost >= 2 && slices.Contains(roundLengths, r.Length)
}

// vanished finds agent groups that are no longer listed, or have no active record, and lost
// one of their people each: two or more from all of them together are as many as from one.
func vanished(rolls []Roll) (gone []*Roll) {
	lost := 0
	for i := range rolls {
		r := &rolls[i]
		if r.list.Kind != sync.AgentGroupList || r.Lost == 0 || !r.Gone && r.Records > 0 {
			continue
		}
		if lost += r.Lost; r.isDissolved() {
			lost -= r.Proved
		}
		gone = append(gone, r)
	}
	if lost < 2 {
		return nil
	}
	return gone
}

// cutAlike finds agent lists that were all cut at one length: none is longer, and two of
// that length had more active records of members, or lost two people. How many records
// there were besides is not known.
func cutAlike(rolls []Roll) (cut []*Roll) {
	longest := 0
	for i := range rolls {
		if rolls[i].list.Kind == sync.AgentGroupList {
			longest = max(longest, rolls[i].Length)
		}
	}
	for i := range rolls {
		r := &rolls[i]
		if r.list.Kind == sync.AgentGroupList && longest > 0 && r.Length == longest && (r.Lost >= 2 || r.Lost == 1 && r.Was > longest) {
			cut = append(cut, r)
		}
	}
	if len(cut) < 2 {
		return nil
	}
	return cut
}

// overLimit is R21.
func overLimit(f *Facts) string {
	for i, w := range Windows {
		since := f.Now.Add(-w.Span)
		fresh := 0
		for _, t := range f.Leavers {
			if t.IsZero() || t.After(since) {
				fresh++
			}
		}
		if text := Exceeded(f.Limit, fresh, f.Recent[i], f.Active+f.Recent[i], w); text != "" {
			return fmt.Sprintf("%s %s would leave", text, f.Noun)
		}
		if i == 0 && fresh >= 2 && fresh >= f.Active {
			return fmt.Sprintf("all %d %s would leave", f.Active, f.Noun)
		}
	}
	return ""
}

// Exceeded says in words that so many now, with those of earlier runs of the window, are
// over the limit; "": they are not.
func Exceeded(l sync.Limit, now, earlier, of int, w Window) string {
	all, percent := now+earlier, l.Percent*w.percent
	if now == 0 || all*100 <= percent*of || all < l.Floor*w.floor {
		return ""
	}
	also := ""
	if earlier > 0 {
		also = fmt.Sprintf(" (%d now, %d by earlier runs)", now, earlier)
	}
	return fmt.Sprintf("within %s, more than the limit of %d %% allows: %d%s of %d", w.name, percent, all, also, of)
}

// ListOf is the list that is not believed.
func ListOf(d *sync.Doubt) List { return List{d.Kind, d.Sub, d.Group} }

// Doubts lists what is not believed, in the order of the lists.
func (f *Findings) Doubts() (all []sync.Doubt) {
	for list, why := range f.Lists {
		all = append(all, sync.Doubt{Kind: list.Kind, Sub: list.Sub, Group: list.Group, Reason: why[0].Reason, Detail: why[0].Detail})
	}
	slices.SortFunc(all, func(a, b sync.Doubt) int {
		return cmp.Or(CompareLists(ListOf(&a), ListOf(&b)), strings.Compare(string(a.Reason), string(b.Reason)))
	})
	return all
}

// MovedSettings names the deciding settings that are not what was accepted, with
// before and after; whose says what is there already although nothing was.
func MovedSettings(accepted map[string]string, now []sync.Setting, whose string) string {
	if accepted == nil {
		return "no settings were accepted yet, and " + whose + " are there already"
	}
	var moved []string
	for _, s := range now {
		before, known := accepted[s.Key]
		if !known {
			before = s.Default
		}
		if before != s.Value {
			moved = append(moved, fmt.Sprintf("%s was %s and is %s", s.Key, before, s.Value))
		}
	}
	return strings.Join(moved, "; ")
}

// DecidingSettings are the settings whose change holds leavers, with the token's
// owner among them (R23).
func DecidingSettings(policy *sync.Policy, s *sync.Snapshot) []sync.Setting {
	return WithOwner(policy.Deciding, s.Identity.OwnerID)
}

// WithOwner adds the owner of the token to the deciding settings.
func WithOwner(deciding []sync.Setting, ownerID string) []sync.Setting {
	owner, err := json.Marshal(ownerID)
	if err != nil {
		panic(err) // strings always marshal
	}
	return append(slices.Clone(deciding), sync.Setting{Key: "owner_id", Value: string(owner), Default: `""`})
}

// Accept is what the next run is compared with, once this one is accepted.
func Accept(policy *sync.Policy, s *sync.Snapshot) *sync.Accepted {
	return Accepted(DecidingSettings(policy, s))
}

// Accepted are these settings, as the next run is compared with them.
func Accepted(settings []sync.Setting) *sync.Accepted {
	a := &sync.Accepted{Settings: map[string]string{}}
	for _, s := range settings {
		a.Settings[s.Key] = s.Value
	}
	return a
}

// LimitedFields are those of which too many changes at once are held (R35).
var LimitedFields = []string{sync.FirstName.String(), sync.LastName.String(), sync.Email.String(), sync.Role.String(), sync.LoginsField}

// BySource says whether a field has another value because RingCentral reports one: by now, or
// since a pin that hid it has ended.
func BySource(r sync.Reason) bool { return r == sync.ReasonSource || r == sync.ReasonPinEnded }
