package sync

import (
	"fmt"
	"slices"
	"strings"
)

// guard holds removals, and marks, that look like a mistake: by the rules for
// members as far as they concern a directory. It sees counts and facts about the
// list, never people (R21 to R23).
func (p *contactPlanner) guard() {
	reasons := p.holdReasons()
	for _, c := range p.leave {
		if len(reasons) == 0 || p.in.Approved[c.Contact.ID] == c.Reason {
			p.plan.Changes = append(p.plan.Changes, c)
			continue
		}
		if p.plan.Held == nil {
			p.plan.Held = &HeldContacts{Reasons: reasons}
		}
		p.plan.Held.Changes = append(p.plan.Held.Changes, c)
	}
}

func (p *contactPlanner) holdReasons() (reasons []HoldReason) {
	if len(p.leave) == 0 {
		return nil
	}
	for _, c := range p.leave {
		p.eachCrowd(c.Contact, func(t *listTally) { t.leaving++ })
	}
	for _, check := range []func() (Reason, string){
		p.overLimit, p.cappedList, p.emptiedCrowds, p.missingOwner, p.namelessEntries, p.changedSettings,
	} {
		if reason, detail := check(); detail != "" {
			reasons = append(reasons, HoldReason{reason, detail})
		}
	}
	return reasons
}

// crowdKey names what a directory can lose as a whole: the entries of a type, or those
// of a site.
type crowdKey struct {
	field ContactField
	value string
}

// eachCrowd visits those that a contact is in; no change of a leaver moves it.
func (p *contactPlanner) eachCrowd(c *Contact, visit func(*listTally)) {
	for _, f := range []ContactField{ContactType, ContactSite} {
		if c.Fields[f] == "" {
			continue
		}
		key := crowdKey{f, c.Fields[f]}
		t := p.crowds[key]
		if t == nil {
			t = &listTally{}
			p.crowds[key] = t
		}
		visit(t)
	}
}

// overLimit is R21.
func (p *contactPlanner) overLimit() (Reason, string) {
	return ReasonLimit, tooMany(len(p.leave), p.in.State.RecentLeavers, p.held, p.in.Policy.LimitPercent, p.in.Policy.LimitFloor,
		"contacts would go", "went")
}

// cappedList, emptiedCrowds and missingOwner are R22. A directory that claims a
// total was proved by it, so that no cap can have cut it.
func (p *contactPlanner) cappedList() (Reason, string) {
	l := p.in.List
	n := len(l.Contacts) + len(l.Faulty) + l.Nameless
	if l.Total >= 0 || !slices.Contains(capLengths, n) {
		return "", ""
	}
	return ReasonListCap, fmt.Sprintf("the directory claims no total and is exactly as long as a server's cap: %d", n)
}

func (p *contactPlanner) emptiedCrowds() (Reason, string) {
	var emptied []string
	for key, t := range p.crowds {
		if t.active >= max(p.in.Policy.LimitFloor, 1) && t.leaving == t.active {
			emptied = append(emptied, fmt.Sprintf("%s %s (%d)", key.field, key.value, t.active))
		}
	}
	slices.Sort(emptied)
	if emptied == nil {
		return "", ""
	}
	return ReasonListEmptied, "would lose all contacts: " + strings.Join(emptied, ", ")
}

// missingOwner: whoever authenticated is there. An owner whom the directory never
// listed, as hidden ones are not, says nothing.
func (p *contactPlanner) missingOwner() (Reason, string) {
	owner := p.in.List.Identity.OwnerID
	for _, c := range p.leave {
		if c.Contact.RCID == owner {
			return ReasonOwnerMissing, fmt.Sprintf("the directory no longer lists %s, who authenticated", owner)
		}
	}
	return "", ""
}

func (p *contactPlanner) namelessEntries() (Reason, string) {
	if n := p.in.List.Nameless; n > 0 {
		return ConflictFaulty, fmt.Sprintf("%d entries have no id that can be read: they may be those that seem to be missing", n)
	}
	return "", ""
}

// changedSettings is R23.
func (p *contactPlanner) changedSettings() (Reason, string) {
	return ReasonSettings, movedSettings(p.in.State.Accepted, contactSettings(&p.in.Policy, p.in.List), "contacts")
}

func contactSettings(policy *ContactPolicy, l *ContactList) []Setting {
	return withOwner(policy.Deciding, l.Identity.OwnerID)
}

// acceptContacts is what the next run is compared with, once this one is
// accepted.
func acceptContacts(policy *ContactPolicy, l *ContactList) *Accepted {
	a := &Accepted{Settings: map[string]string{}}
	for _, s := range contactSettings(policy, l) {
		a.Settings[s.Key] = s.Value
	}
	return a
}
