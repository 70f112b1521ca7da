package plan

import (
	"cmp"
	"fmt"
	"slices"

	"ringroster/sync"
)

// newcomer is a person who belongs and whom no member matches by id.
type newcomer struct {
	person  *Person
	verdict verdict
}

// emailHolders are those of the roster who have an e-mail that a newcomer has,
// as their e-mails are after this plan's own updates (R12).
type emailHolders struct {
	present    []int64        // reported by RingCentral as somebody else
	leaving    []*sync.Member // active, and nothing that is listed of them grants access
	unlinked   []*sync.Member // without RingCentral identity
	resting    []*sync.Member // inactive
	candidates []*sync.Member // who could be the newcomer

	same map[*Person]*sync.Member // of the leaving the one who alone has a newcomer's name, which nobody else has
}

// settleNewcomers decides about everybody whom no member matched by id: by
// e-mail where R12 allows it, else they are new. On the first day that is the
// whole company; on any other, verdicts are made again when it is their turn.
func (p *planner) settleNewcomers() {
	byEmail := map[string]emailGroup{}
	var emails []string // in retrieval order
	var alone []*Person
	for _, person := range p.people.all {
		if person.outcome.decision != undecided {
			continue
		}
		v, ok := p.admit(person)
		if !ok {
			continue
		}
		if p.members == 0 { // there is nobody whom an e-mail could mean
			p.welcomeAs(&newcomer{person, v}, sync.ReasonNew, nobodyLikeThem)
			continue
		}
		email := sync.FoldEmail(v.Profile[sync.Email])
		switch group := byEmail[email]; {
		case email == "":
			alone = append(alone, person)
			continue
		case group.first == nil:
			emails = append(emails, email)
			group.first = person
			byEmail[email] = group
		default:
			group.others = append(group.others, person)
			byEmail[email] = group
		}
	}
	holders := p.holders(byEmail)
	for _, email := range emails {
		p.settleEmail(byEmail[email], holders[email])
	}
	for _, person := range alone {
		p.settleEmail(emailGroup{first: person}, nil)
	}
	p.people.all = slices.DeleteFunc(p.people.all, func(person *Person) bool { return person.outcome.decision == hidden && !person.ghost })
}

// emailGroup are the newcomers of one e-mail, in retrieval order: hardly ever more
// than one.
type emailGroup struct {
	first  *Person
	others []*Person
}

// lacksID says whether a newcomer of the group has no rcUserId.
func (g emailGroup) lacksID() bool {
	return g.first.RCUserID == "" || slices.ContainsFunc(g.others, func(person *Person) bool { return person.RCUserID == "" })
}

// judgeNewcomer is the verdict that admit came to, once more, without a word to
// the trace.
func (p *planner) judgeNewcomer(person *Person) verdict {
	trace := p.in.Trace
	p.in.Trace = nil
	defer func() { p.in.Trace = trace }()
	v := p.judge(person, nil)
	p.assessRegional(&v, person, nil)
	return v
}

// admit judges somebody without a member: faulty, not belonging, or a newcomer,
// whose verdict it returns.
func (p *planner) admit(person *Person) (v verdict, ok bool) {
	v = p.judge(person, nil)
	person.doubt = cmp.Or(v.Doubt, p.unsureRule(person))
	p.assessRegional(&v, person, nil)
	p.tracePerson(person, nil, &v)
	p.judged(person, &v)
	switch {
	case person.ghost:
		person.outcome.decision = hidden
	case person.faulty() != "":
		p.conflictFaulty(person, nil)
	case !v.Belongs:
		p.skip(person, nil, skipReason(v.Why), sync.LeaverDetail(v.Why))
	case person.RCUserID != "" && person.Ext == nil && p.extensionsDoubtful():
		p.skip(person, nil, sync.NoteUnproved, "the extension list lacks who authenticated, and theirs: whether it is disabled, nobody knows (R8, R22)")
	default:
		return v, true
	}
	return v, false
}

// extensionsDoubtful says whether the extension list lacks somebody who must be
// on it: whoever authenticated (R22).
func (p *planner) extensionsDoubtful() bool {
	owner := p.in.Snapshot.Identity.OwnerID
	return owner != "" && p.people.extension(owner) == nil
}

// holders finds who of the roster has the newcomers' e-mails.
func (p *planner) holders(wanted map[string]emailGroup) map[string]*emailHolders {
	holders := map[string]*emailHolders{}
	of := func(email string) *emailHolders {
		if holders[email] == nil {
			holders[email] = &emailHolders{}
		}
		return holders[email]
	}
	if len(wanted) == 0 {
		return holders
	}
	hashes := make(map[uint64]string, len(wanted))
	for email := range wanted {
		hashes[sync.HashText(email)] = email
	}
	for _, person := range p.people.all {
		email, ok := hashes[person.outcome.email]
		switch o := &person.outcome; {
		case !ok || o.email == 0:
		case o.decision == skipped && !o.belongs && (!person.isDisabled() || !wanted[email].lacksID()):
			// What is listed of them grants nothing. Where RingEX says that they are gone, a
			// record without an rcUserId would join them in the next run (R5), and go as well.
			h := of(email)
			h.leaving = append(h.leaving, p.leaverOf(o.found))
		default:
			of(email).present = append(of(email).present, o.found)
		}
	}
	for _, h := range holders {
		slices.Sort(h.present)
		slices.SortFunc(h.leaving, func(a, b *sync.Member) int { return cmp.Compare(a.ID, b.ID) })
	}
	slices.SortFunc(p.unmatched, func(a, b *sync.Member) int { return cmp.Compare(a.ID, b.ID) })
	for _, m := range p.unmatched {
		e := sync.FoldEmail(m.Profile[sync.Email])
		if wanted[e].first == nil {
			continue
		}
		switch h := of(e); {
		case p.conflicted[m.ID]:
			h.present = append(h.present, m.ID)
		case !m.Linked:
			h.unlinked = append(h.unlinked, m)
		case m.Status == sync.Inactive:
			h.resting = append(h.resting, m)
		default:
			h.leaving = append(h.leaving, m)
		}
	}
	return holders
}

// leaverOf is the active member who is about to leave, found for somebody who does not
// belong.
func (p *planner) leaverOf(member int64) *sync.Member {
	i := slices.IndexFunc(p.leavers, func(l leaver) bool { return l.member.ID == member })
	return p.leavers[i].member
}

// settleEmail decides about the newcomers of one e-mail (R12).
func (p *planner) settleEmail(people emailGroup, h *emailHolders) {
	if h == nil {
		h = &emailHolders{}
	}
	group := append(p.group[:0], newcomer{people.first, p.judgeNewcomer(people.first)})
	for _, person := range people.others {
		group = append(group, newcomer{person, p.judgeNewcomer(person)})
	}
	p.group = group
	h.findNamesakes(group)
	switch others := len(group) - len(h.same); {
	case others > 1:
		p.findRivals(group, h)
	case others == 1:
		at := slices.IndexFunc(group, func(n newcomer) bool { return h.same[n.person] == nil })
		p.findSame(&group[at], h)
	}
	for i := range group {
		p.settleNewcomer(&group[i], group, h)
	}
}

// findNamesakes tells apart who shares a mailbox: a newcomer and an active member without a record
// who alone have one name are the same human, whoever else has the e-mail.
func (h *emailHolders) findNamesakes(group []newcomer) {
	h.same = map[*Person]*sync.Member{}
	for i := range group {
		name := group[i].name()
		isNamed := func(m *sync.Member) bool {
			return foldName(m.Synced.Profile[sync.FirstName], m.Synced.Profile[sync.LastName]) == name
		}
		at := slices.IndexFunc(h.leaving, isNamed)
		rivals := slices.ContainsFunc(group, func(n newcomer) bool { return n.person != group[i].person && n.name() == name })
		if name != "" && at >= 0 && !rivals && !slices.ContainsFunc(h.leaving[at+1:], isNamed) {
			h.same[group[i].person] = h.leaving[at]
		}
	}
	for _, m := range h.same {
		h.leaving = slices.DeleteFunc(h.leaving, func(l *sync.Member) bool { return l == m })
		h.present = append(h.present, m.ID)
	}
	slices.Sort(h.present)
}

// name is the newcomer's, folded; "": they have none.
func (n *newcomer) name() string {
	return foldName(n.verdict.Profile[sync.FirstName], n.verdict.Profile[sync.LastName])
}

// findSame finds the unlinked, and those with the newcomer's name: a re-hire, or
// the same human under a new id, whatever is still listed of the old ones; of these a
// name is enough that is not another. An inactive one
// who is found without a new id must be nobody else, or the next plan could not tell the
// two apart.
func (p *planner) findSame(n *newcomer, h *emailHolders) {
	first, last := n.verdict.Profile[sync.FirstName], n.verdict.Profile[sync.LastName]
	for _, m := range slices.Concat(h.unlinked, h.resting) {
		switch {
		case m.Linked && !sameName(m, first, last):
		case n.person.RCUserID == "" && p.isSomebody(m):
			h.present = append(h.present, m.ID)
		default:
			h.candidates = append(h.candidates, m)
		}
	}
	h.leaving = slices.DeleteFunc(h.leaving, func(m *sync.Member) bool {
		same := mayBeNamed(m, first, last)
		if same {
			h.candidates = append(h.candidates, m)
		}
		return same
	})
}

// isSomebody says whether an id of the member finds a person, who does not belong.
func (p *planner) isSomebody(m *sync.Member) bool {
	return m.RCUserID != "" && p.people.byRC[m.RCUserID] != nil ||
		slices.ContainsFunc(p.foundByLogin(m), func(person *Person) bool { return person.outcome.found == m.ID })
}

// findRivals finds whoever several newcomers with one e-mail could be: then the
// e-mail cannot say which of them is whom.
func (p *planner) findRivals(group []newcomer, h *emailHolders) {
	h.candidates, h.leaving = slices.Concat(h.unlinked, h.leaving), nil
	for _, m := range h.resting {
		if slices.ContainsFunc(group, func(n newcomer) bool {
			return sameName(m, n.verdict.Profile[sync.FirstName], n.verdict.Profile[sync.LastName])
		}) {
			h.candidates = append(h.candidates, m)
		}
	}
}

// conflictAmbiguous keeps all who could be meant from leaving until an operator
// has said who is who (R16).
func (p *planner) conflictAmbiguous(n *newcomer, group []newcomer, h *emailHolders) {
	for _, m := range h.candidates {
		p.conflicted[m.ID] = true
	}
	p.conflict(n.person, nil, sync.ConflictAmbiguousLink,
		fmt.Sprintf("%d people and %d members share the e-mail %s", len(group), len(h.candidates), n.verdict.Profile[sync.Email]),
		fmt.Sprintf("ringroster roster link MEMBER %s, with the member they are: %s", n.person.Key(), memberIDs(h.candidates)))
}

func (p *planner) conflictEmailInUse(n *newcomer, _ []newcomer, h *emailHolders) {
	email := n.verdict.Profile[sync.Email]
	if len(h.present) > 0 {
		for _, id := range h.present {
			p.mayMean[id] = p.mayMean[id] || p.isPartlyNamed(n, id)
		}
		p.conflict(n.person, nil, sync.ConflictEmailInUse,
			fmt.Sprintf("member %d, whom RingCentral reports as somebody else, has the e-mail %s", h.present[0], email),
			fmt.Sprintf("give one of the two another e-mail in RingCentral; the same human: ringroster roster link %d %s", h.present[0], n.person.Key()))
		return
	}
	p.conflict(n.person, nil, sync.ConflictEmailInUse,
		fmt.Sprintf("member %d is leaving and has the e-mail %s until it is inactive", h.leaving[0].ID, email),
		fmt.Sprintf("nothing, when member %d leaves; the same human: ringroster roster link %d %s", h.leaving[0].ID, h.leaving[0].ID, n.person.Key()))
}

// emailRow is a row of R12's table: what becomes of a newcomer whose e-mail somebody on
// the roster has. The first row that fits decides. RULES.md has the same rows, in the same
// words and order.
type emailRow struct {
	holder   string // who has the e-mail
	sameName string // whether holder and newcomer have one name
	then     string // the word for what happens
	fits     func(n *newcomer, h *emailHolders, newcomers int) bool
	settle   func(*planner, *newcomer, []newcomer, *emailHolders)
}

const (
	holderPresent  = "a member matched to another person who belongs"
	holderLeaving  = "an active member for whom no record grants access any more"
	holderUnlinked = "a member never linked"
	holderInactive = "an inactive member"
)

var emailRows = []emailRow{
	{holderLeaving + ", who alone has the name, as the newcomer has", "yes", "recreated", func(n *newcomer, h *emailHolders, _ int) bool { return h.same[n.person] != nil }, (*planner).takeOver},
	{holderPresent, "any", "email_in_use", func(_ *newcomer, h *emailHolders, _ int) bool { return len(h.present) > 0 }, (*planner).conflictEmailInUse},
	{holderLeaving, "no", "email_in_use", func(_ *newcomer, h *emailHolders, _ int) bool { return len(h.leaving) > 0 }, (*planner).conflictEmailInUse},
	{"several members of the rows below, or one whom several newcomers could be", "any", "ambiguous_link", func(_ *newcomer, h *emailHolders, newcomers int) bool {
		return len(h.candidates) > 1 || len(h.candidates) == 1 && newcomers > 1
	}, (*planner).conflictAmbiguous},
	{holderLeaving, "yes", "recreated", func(_ *newcomer, h *emailHolders, _ int) bool { return h.found(true, sync.Active) }, (*planner).takeOver},
	{holderUnlinked, "any", "link", func(_ *newcomer, h *emailHolders, _ int) bool { return h.found(false, "") }, (*planner).takeOver},
	{holderInactive, "yes", "rehired", func(_ *newcomer, h *emailHolders, _ int) bool { return h.found(true, sync.Inactive) }, (*planner).takeOver},
	{holderInactive, "no", "recycled_email", func(_ *newcomer, h *emailHolders, _ int) bool { return len(h.resting) > 0 }, (*planner).recycle},
	{"nobody", "any", "onboard", func(*newcomer, *emailHolders, int) bool { return true }, (*planner).welcomeNew},
}

// found says whether the newcomer could be exactly one member, and that it is as given; of
// one that was never linked the status does not matter.
func (h *emailHolders) found(linked bool, status sync.Status) bool {
	return len(h.candidates) == 1 && h.candidates[0].Linked == linked && (!linked || h.candidates[0].Status == status)
}

// settleNewcomer goes through the rows of R12. Members whom R5 told apart from the person are
// no holders: whose those are is known.
func (p *planner) settleNewcomer(n *newcomer, group []newcomer, all *emailHolders) {
	if n.person.outcome.decision == hidden { // the extension of somebody settled before them
		return
	}
	h := all
	if apart := p.parted[n.person]; apart != nil {
		others := *all
		h = &others
		h.present = slices.DeleteFunc(slices.Clone(all.present), func(id int64) bool { return slices.Contains(apart, id) })
	}
	for i := range emailRows {
		if row := &emailRows[i]; row.fits(n, h, len(group)-len(all.same)) {
			if p.in.Trace != nil {
				p.trace(n.person, nil, "R12", "plan", "the e-mail is that of %s, same name: %s: %s", row.holder, row.sameName, row.then)
			}
			row.settle(p, n, group, h)
			return
		}
	}
}

// takeOver makes the newcomer the member that alone could be the same human.
func (p *planner) takeOver(n *newcomer, _ []newcomer, h *emailHolders) {
	m := h.same[n.person]
	if m == nil {
		m = h.candidates[0]
	}
	p.taken[m.ID] = true
	for i := range p.leavers { // what is still listed of the old ids is theirs by name or e-mail, or nobody's any more
		if l := &p.leavers[i]; l.member.ID == m.ID {
			if l.person != n.person && l.person.isActive() && p.people.areOf(l.person, m, []*Person{n.person, l.person}) {
				p.people.join(n.person, l.person)
				l.person.outcome.decision = hidden
			}
			o := &l.person.outcome
			o.found, o.active, o.email = 0, false, 0
			if o.rest != nil && o.rest.note != nil {
				o.rest.note.Member = 0
			}
		}
	}
	p.decide(n.person, m, byEmail)
}

func (p *planner) recycle(n *newcomer, _ []newcomer, h *emailHolders) {
	p.welcomeAs(n, sync.ReasonRecycledEmail, fmt.Sprintf("the e-mail %s belonged to the inactive member %d of another name: a recycled address",
		n.verdict.Profile[sync.Email], h.resting[0].ID))
}

func (p *planner) welcomeNew(n *newcomer, _ []newcomer, _ *emailHolders) {
	p.welcomeAs(n, sync.ReasonNew, nobodyLikeThem)
}
