package plan

import (
	"slices"
	"strings"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// claims say which open onboarding is whose. It is known by every id of the person, and two
// people may have ids of it by now: it is one's, and the other is a newcomer like any (R35).
type claims struct {
	of  map[*sync.HeldChange]*Person
	row map[*Person]int // place in the open set
}

// claim gives each open onboarding to who has the rcUserId that it knows, else to the first, in
// retrieval order, who has any of its ids; a rejected one to nobody who is somebody else by name
// and e-mail. Of several that are one person's the first stands, by the same order, and a rejected
// one before others.
func (p *planner) claim() *claims {
	if p.claimed != nil {
		return p.claimed
	}
	c := &claims{map[*sync.HeldChange]*Person{}, map[*Person]int{}}
	p.claimed = c
	byKey := map[string][]int{}
	for i := range p.open.All {
		for _, id := range p.open.All[i].IDs {
			byKey[id] = append(byKey[id], i)
		}
	}
	if len(byKey) == 0 {
		return c
	}
	for _, byRC := range []bool{true, false} {
		for _, person := range p.people.all {
			for _, key := range person.keys() {
				if person.ghost || strings.HasPrefix(key, "rc:") != byRC {
					continue
				}
				for _, i := range byKey[key] {
					c.give(person, i, p.open.All)
				}
			}
		}
	}
	return c
}

// give is claim for one onboarding that a person has an id of.
func (c *claims) give(person *Person, i int, open []sync.HeldChange) {
	h := &open[i]
	if c.of[h] != nil || h.State == sync.Rejected && isOfAnother(h, person) {
		return
	}
	c.of[h] = person
	if stands, has := c.row[person]; !has || h.State == sync.Rejected && open[stands].State != sync.Rejected {
		c.row[person] = i
	}
}

// isOfAnother says whether somebody who has an id of an onboarding is another human than it was
// about, by the name and e-mail that were shown: agent ids are given to newcomers again. With
// another rcUserId they bear neither the name, nor a part of it and the e-mail; else no part of the
// name, and another e-mail. What was not said, then or now, tells nobody apart (R5, R13).
func isOfAnother(h *sync.HeldChange, person *Person) bool {
	if slices.ContainsFunc(person.keys(), func(key string) bool {
		return !strings.HasPrefix(key, sync.AgentKey("")) && slices.Contains(h.IDs, key) // these pass to nobody
	}) {
		return false
	}
	first, last := person.name()
	if first+last == "" || h.Name == "" || h.Name == h.Email {
		return false
	}
	was, isNamed := sync.FoldText(h.Name), sync.SameText(h.Name, first+" "+last)
	hasPart := first != "" && strings.HasPrefix(was+" ", sync.FoldText(first)+" ") || last != "" && strings.HasSuffix(" "+was, " "+sync.FoldText(last))
	hasEmail := h.Email == "" || !person.hasOtherEmail(h.Email)
	if person.RCUserID != "" && slices.ContainsFunc(h.IDs, func(id string) bool { return strings.HasPrefix(id, "rc:") }) {
		return !isNamed && (!hasPart || !hasEmail)
	}
	return !hasPart && !hasEmail
}

// hasOtherEmail says whether the person has e-mails, and not this one.
func (p *Person) hasOtherEmail(email string) bool {
	others := slices.Collect(p.recordEmails)
	if p.Ext != nil && p.Ext.Email != "" {
		others = append(others, p.Ext.Email)
	}
	return len(others) > 0 && !slices.ContainsFunc(others, func(e string) bool { return sync.FoldEmail(e) == sync.FoldEmail(email) })
}

// arrival finds the onboarding that is open for a person; nil: there is none.
func (p *planner) arrival(person *Person) *sync.HeldChange {
	if i, has := p.claim().row[person]; has {
		return &p.open.All[i]
	}
	return nil
}

// arrival finds the same for a person of either draft.
func (s *settling) arrival(person *Person) *sync.HeldChange {
	for _, p := range []*planner{s.kept, s.read} {
		if i, has := p.claim().row[person]; has {
			return &s.open.All[i]
		}
	}
	return nil
}

// holdArrivals decides which newcomers wait: who would not be one with lost records put
// back, who was held before, and all of them where there are too many, or too many new
// administrators (R35).
func (s *settling) holdArrivals(admins *sync.HoldReason) {
	p := s.kept
	why := map[*Person][]sync.HoldReason{}
	var rows []*sync.HeldChange
	for _, person := range p.newcomers {
		row := s.arrival(person)
		rows = append(rows, row)
		if row != nil && !p.picked[person] { // of a rejected one nobody comes this far
			why[person] = guard.AsShown(row)
		}
	}
	if limit := s.overArrivals(rows); limit != nil {
		for _, person := range p.newcomers {
			if !p.picked[person] {
				why[person] = []sync.HoldReason{*limit}
			}
		}
	}
	p.newcomers = slices.DeleteFunc(p.newcomers, func(person *Person) bool {
		if admins != nil && s.isNewAdministrator(person) {
			why[person] = guard.WithReasons(why[person], []sync.HoldReason{*admins})
		}
		if len(why[person]) > 0 {
			s.holdArrival(person, why[person])
		}
		return len(why[person]) > 0
	})
	if s.read == s.kept {
		return
	}
	for _, person := range s.read.people.all { // who comes in only because of what is lost
		now := p.people.byName(person.Key())
		if person.outcome.decision == onboarded && (now == nil || now.outcome.decision != onboarded && now.outcome.decision != heldBack) {
			if now != nil {
				now.outcome.decision = heldBack
			}
			s.holdArrival(person, s.listReasons(0))
		}
	}
}

// overArrivals says that more people would come in than the limit allows (R35).
func (s *settling) overArrivals(rows []*sync.HeldChange) *sync.HoldReason {
	p := s.kept
	if p.in.State.LastSeen.IsZero() || p.in.Picks != nil {
		return nil
	}
	for i, w := range guard.Windows {
		if text := guard.Exceeded(p.in.Policy.Limits.Onboardings, s.fresh(rows, w), p.in.State.Recent[i].Onboarded, p.tally.Active, w); text != "" {
			return &sync.HoldReason{Reason: sync.ReasonOnboardLimit, Detail: text + " active members would come in"}
		}
	}
	return nil
}

func (s *settling) holdArrival(person *Person, why []sync.HoldReason) {
	person.outcome.decision = heldBack
	v, d := s.kept.judgeNewcomer(person), person.outcome.details()
	c := sync.Change{Kind: sync.Onboard, Person: person.Key(), Name: v.Profile.Name(), Email: v.Profile[sync.Email]}
	c.Reason, c.Detail = d.welcome()
	guard.ComesAs(&c, v.Profile[sync.Role])
	row := s.arrival(person)
	h := s.row(row, sync.Waiting, c, 0, why)
	h.IDs = slices.Sorted(slices.Values(person.keys()))
	s.hold(c, why)
	s.kept.meant(person, nil)
}

// waitForRecords keeps everybody out whom a lost record would make an agent, and who comes
// in, or back, for want of one (R9).
func (s *settling) waitForRecords() {
	if s.doubtUntil().IsZero() {
		return
	}
	for _, person := range s.kept.people.all {
		if len(person.Agents)+len(person.Admins) > 0 || s.kept.picked[person] || s.arrival(person) != nil {
			continue
		}
		var member *sync.Member
		switch o := &person.outcome; o.decision {
		case onboarded:
		case changed:
			c := o.details().change
			if c.Kind != sync.Reactivate || len(c.Was.Logins) == 0 {
				continue
			}
			member = c.Was
		default:
			continue
		}
		s.kept.skip(person, member, sync.NoteRecordUnproved, "an agent list of the account is not believed, and may lack their record: what it says of them, nobody knows (R9, R22)")
		if was := s.read.people.byName(person.Key()); was != nil {
			was.outcome = person.outcome
		}
	}
}
