package sync

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// tally counts the roster as it was before the run, for the guard.
type tally struct {
	active int // active, managed, linked
	admins int // active, administrators as RingCentral says
	lists  map[listKey]*listTally
}

// listKey names a sub-account, or an agent group of one.
type listKey struct{ sub, group string }

func (k listKey) String() string {
	if k.group == "" {
		return "sub-account " + k.sub
	}
	return "agent group " + k.group + " of sub-account " + k.sub
}

// listTally is one list's share of the roster.
type listTally struct{ active, leaving int }

func newTally() tally { return tally{lists: map[listKey]*listTally{}} }

func (t *tally) count(m *Member) {
	if m.Status != Active {
		return
	}
	if m.isAdministrator() {
		t.admins++
	}
	if !m.Managed || !m.Linked {
		return
	}
	t.active++
	t.eachList(m, func(l *listTally) { l.active++ })
}

// eachList visits each sub-account and agent group once in which the member has
// an active login.
func (t *tally) eachList(m *Member, visit func(*listTally)) {
	seen := make([]listKey, 0, 8)
	touch := func(key listKey) {
		if slices.Contains(seen, key) {
			return
		}
		seen = append(seen, key)
		l := t.lists[key]
		if l == nil {
			l = &listTally{}
			t.lists[key] = l
		}
		visit(l)
	}
	for i := range m.Logins {
		if l := &m.Logins[i]; l.Active {
			touch(listKey{sub: l.SubAccountID})
			if l.AgentGroupID != "" {
				touch(listKey{l.SubAccountID, l.AgentGroupID})
			}
		}
	}
}

// guard holds leavers that look like a mistake (R21 to R24). It sees what the
// ladder left, and nothing else decides about them: what it does not hold is
// deactivated.
func (p *planner) guard() {
	if len(p.candidates) == 0 {
		return
	}
	reasons := p.holdReasons()
	last := p.lastAdministrators()
	left := p.leavesBehind(last)
	for _, l := range p.candidates {
		c := p.leave(l)
		c.Leaves = left[l.member.ID]
		for _, what := range c.Leaves {
			p.trace(l.person, l.member, "", "RingCX lists", "leaves behind: %s", what.Detail)
		}
		why := reasons
		if last[l.member.ID] {
			why = append(slices.Clip(reasons), HoldReason{ReasonLastAdmin, lastAdministrator})
		}
		if len(why) > 0 && p.in.Approved[l.member.ID] != l.reason {
			p.hold(l, c, why)
			continue
		}
		p.trace(l.person, l.member, "R16", "plan", "is deactivated, reason %s: %s", l.reason, c.Detail)
		p.plan.Changes = append(p.plan.Changes, c)
	}
	if p.plan.Held == nil {
		return
	}
	p.plan.Held.Reasons = reasons
	if len(last) > 0 {
		p.plan.Held.Reasons = append(p.plan.Held.Reasons, HoldReason{ReasonLastAdmin, lastAdministrator})
	}
}

func (p *planner) hold(l leaver, c Change, why []HoldReason) {
	if p.plan.Held == nil {
		p.plan.Held = &Held{}
	}
	p.plan.Held.Changes = append(p.plan.Held.Changes, c)
	p.mark(l.member, p.absent(l))
	for _, r := range why {
		p.trace(l.person, l.member, "R21-R24", "guard", "held: %s, %s", r.Reason, r.Detail)
	}
}

// holdReasons are the reasons that hold all leavers of the account, in the
// order of R24.
func (p *planner) holdReasons() []HoldReason {
	for _, l := range p.candidates {
		p.tally.eachList(l.member, func(t *listTally) { t.leaving++ })
	}
	var reasons []HoldReason
	for _, check := range []func() (Reason, string){
		p.overLimit, p.cappedLists, p.emptiedLists, p.goneSubAccounts, p.missingOwner, p.changedSettings,
	} {
		if reason, detail := check(); detail != "" {
			reasons = append(reasons, HoldReason{reason, detail})
		}
	}
	return reasons
}

// overLimit is R21.
func (p *planner) overLimit() (Reason, string) {
	return ReasonLimit, tooMany(len(p.candidates), p.in.State.RecentLeavers, p.tally.active, p.in.Policy.LimitPercent, p.in.Policy.LimitFloor,
		"active members would leave", "left")
}

// tooMany says whether so many at once are more than deactivation_limit allows
// of so many, those of the last 24 hours counted in, or all of two or more
// (R21). "": they are not.
func tooMany(leaving, recent, of, percent, floor int, would, did string) string {
	all := leaving + recent
	switch {
	case leaving >= 2 && leaving >= of:
		return fmt.Sprintf("all %d %s", of, would)
	case all*100 > percent*of && all >= floor:
		also := ""
		if recent > 0 {
			also = fmt.Sprintf(", with %d who %s in the last 24 hours", recent, did)
		}
		return fmt.Sprintf("%d of %d %s%s: more than the %d %% that deactivation_limit allows", leaving, of, would, also, percent)
	}
	return ""
}

// capLengths are the lengths at which a RingCX list may have been cut by a
// server's cap (API.md 6.4d).
var capLengths = []int{1000, 2000}

// cappedLists, emptiedLists, goneSubAccounts and missingOwner are R22.
func (p *planner) cappedLists() (Reason, string) {
	var capped []string
	for _, l := range p.in.Snapshot.Lists {
		if l.Total < 0 && slices.Contains(capLengths, l.Length) {
			capped = append(capped, fmt.Sprintf("%s (%d)", l.Name, l.Length))
		}
	}
	if capped == nil {
		return "", ""
	}
	return ReasonListCap, "exactly as long as a server's cap: " + strings.Join(capped, ", ")
}

func (p *planner) emptiedLists() (Reason, string) {
	var emptied []string
	for key, l := range p.tally.lists {
		if l.active >= max(p.in.Policy.LimitFloor, 1) && l.leaving == l.active {
			emptied = append(emptied, fmt.Sprintf("%s (%d)", key, l.active))
		}
	}
	slices.Sort(emptied)
	if emptied == nil {
		return "", ""
	}
	return ReasonListEmptied, "would lose all active members: " + strings.Join(emptied, ", ")
}

func (p *planner) goneSubAccounts() (Reason, string) {
	listed := map[string]bool{}
	for _, s := range p.in.Snapshot.SubAccounts {
		listed[s.ID] = s.Active
	}
	var gone []string
	for _, id := range p.in.State.SubAccounts {
		if !listed[id] {
			gone = append(gone, id)
		}
	}
	if gone == nil {
		return "", ""
	}
	return ReasonSubAccountGone, "no longer listed or no longer active: " + strings.Join(gone, ", ")
}

func (p *planner) missingOwner() (Reason, string) {
	owner := p.in.Snapshot.Identity.OwnerID
	if owner == "" {
		return "", ""
	}
	if p.extensionsDoubtful() {
		return ReasonOwnerMissing, fmt.Sprintf("the extension list lacks %s, who authenticated", owner)
	}
	for _, l := range p.candidates {
		if l.member.RCUserID == owner {
			return ReasonOwnerMissing, fmt.Sprintf("member %d (%s) would leave, who authenticated", l.member.ID, owner)
		}
	}
	return "", ""
}

// changedSettings is R23.
func (p *planner) changedSettings() (Reason, string) {
	return ReasonSettings, movedSettings(p.in.State.Accepted, DecidingSettings(&p.in.Policy, p.in.Snapshot), "members")
}

// movedSettings names the deciding settings that are not what was accepted, with
// before and after; whose says what is there already although nothing was.
func movedSettings(accepted map[string]string, now []Setting, whose string) string {
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
func DecidingSettings(policy *Policy, s *Snapshot) []Setting {
	return withOwner(policy.Deciding, s.Identity.OwnerID)
}

func withOwner(deciding []Setting, ownerID string) []Setting {
	owner, err := json.Marshal(ownerID)
	if err != nil {
		panic(err) // strings always marshal
	}
	return append(slices.Clone(deciding), Setting{Key: "owner_id", Value: string(owner), Default: `""`})
}

// Accept is what the next run is compared with, once this one is accepted.
func Accept(policy *Policy, s *Snapshot) *Accepted {
	a := &Accepted{Settings: map[string]string{}, Admins: len(s.Admins)}
	for _, setting := range DecidingSettings(policy, s) {
		a.Settings[setting.Key] = setting.Value
	}
	for _, sub := range s.SubAccounts {
		if sub.Active && sub.Read {
			a.SubAccounts = append(a.SubAccounts, sub.ID)
		}
	}
	slices.Sort(a.SubAccounts)
	return a
}

// lastAdministrators are the leavers without whom nobody active would be an
// administrator in RingCentral; they alone are held for it (R24).
func (p *planner) lastAdministrators() map[int64]bool {
	last := map[int64]bool{}
	for _, l := range p.candidates {
		if l.member.isAdministrator() {
			last[l.member.ID] = true
		}
	}
	left := p.tally.admins - len(last)
	for _, person := range p.people.all {
		next := p.next(person)
		if next == nil {
			continue
		}
		if person.outcome.wasAdmin {
			left--
		}
		if next.isAdministrator() {
			left++
		}
	}
	if left > 0 {
		return nil
	}
	return last
}

// isAdministrator says whether RingCentral made somebody active an administrator
// when it was last asked: a pin, an edit by hand or a member that nobody was ever
// matched to makes none.
func (m *Member) isAdministrator() bool {
	return m.Status == Active && m.Linked && m.Synced.Profile[Role] == RoleAdministrator
}
