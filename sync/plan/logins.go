package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// mergeLogins gives the login rows a member should have: one for every agent
// record of the person, and the rows it had before. A row whose record is gone
// from a sub-account that was read becomes inactive; of a sub-account that was
// not read nothing is known, so nothing changes (R8).
func (p *planner) mergeLogins(held []sync.Login, person *Person) []sync.Login {
	if len(held) == len(person.Agents) && !slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool {
		return !slices.Contains(held, p.login(person, r, held))
	}) {
		return held // nearly always
	}
	want := p.logins(make([]sync.Login, 0, max(len(held), len(person.Agents))), person, held)
	for _, l := range held {
		if slices.ContainsFunc(want, l.IsSame) {
			continue
		}
		if p.read[l.SubAccountID] {
			l.Active = false
		}
		want = append(want, l)
	}
	slices.SortFunc(want, sync.CompareLogins)
	return want
}

// logins appends the rows that stand for the agent records of a person whose member has
// the rows held.
func (p *planner) logins(to []sync.Login, person *Person, held []sync.Login) []sync.Login {
	for _, r := range person.Agents {
		if r.ID != "" {
			to = append(to, p.login(person, r, held))
		}
	}
	if len(to) > 1 {
		slices.SortFunc(to, sync.CompareLogins)
	}
	return to
}

// login keeps the supervisors that the row had where the record tells none (R8), and all of the
// row where a list lost the record (R22).
func (p *planner) login(person *Person, r sync.AgentRecord, held []sync.Login) sync.Login {
	at := slices.IndexFunc(held, func(l sync.Login) bool { return l.SubAccountID == r.Sub.ID && l.AgentID == r.ID })
	if at >= 0 && held[at].Active && slices.Contains(person.restored, r.Agent) {
		return held[at]
	}
	l := sync.Login{
		SubAccountID: r.Sub.ID, SubAccount: r.Sub.Name,
		AgentGroupID: r.Group.ID, AgentGroup: r.Group.Name,
		AgentID: r.ID, AgentType: r.Type, UserName: r.UserName,
		DataSource: p.in.Policy.DataSource, Active: r.Active,
	}
	switch r.Supervisors {
	case sync.NoAgents:
	case "":
		if at >= 0 {
			l.Supervisors = held[at].Supervisors
		}
	default:
		l.Supervisors = r.Supervisors
	}
	return l
}

// onlyDataSource says whether two sets of logins differ in nothing else, which
// is then the settings' doing (R19).
func onlyDataSource(a, b []sync.Login) bool {
	return slices.EqualFunc(a, b, func(x, y sync.Login) bool {
		x.DataSource = y.DataSource
		return x == y
	})
}

// onlyFirstSupervisors says whether logins get supervisors where they had none, and
// nothing else.
func onlyFirstSupervisors(want, held []sync.Login) bool {
	return slices.EqualFunc(want, held, func(w, h sync.Login) bool {
		if h.Supervisors == "" {
			h.Supervisors = w.Supervisors
		}
		return w == h
	})
}

// gained lists the logins and administrator ids of a person that the member did
// not hold at the last sync.
func gained(person *Person, m *sync.Member) []string {
	var ids []string
	for _, r := range person.Agents {
		held := func(l sync.Login) bool {
			return l.SubAccountID == r.Sub.ID && l.AgentID == r.ID && (l.Active || !r.Active)
		}
		if !slices.ContainsFunc(m.Logins, held) {
			ids = append(ids, sync.LoginKey(r.Sub.ID, r.ID))
		}
	}
	for _, a := range person.Admins {
		if !slices.Contains(m.AdminIDs, a.UserID) {
			ids = append(ids, a.UserID)
		}
	}
	return ids
}

// What a record does not say is unknown, and nobody leaves, or loses a role or a login, by it
// (R8). The roster often knows; where it does not, that is a conflict (R19).

// remember fills in what agent records do not say, as the member's logins have it: the type,
// and the names of group and sub-account.
func (p *Person) remember(m *sync.Member) {
	for i := range p.Agents {
		r := &p.Agents[i]
		if r.Type != "" && !isUnnamed(r) {
			continue
		}
		for j := range m.Logins {
			l := &m.Logins[j]
			if l.SubAccountID != r.Sub.ID {
				continue
			}
			if r.Sub.Name == "" && l.SubAccount != "" {
				sub := *r.Sub
				sub.Name, r.Sub = l.SubAccount, &sub
			}
			if r.Group.Name == "" && l.AgentGroupID == r.Group.ID && l.AgentGroup != "" {
				group := *r.Group
				group.Name, r.Group = l.AgentGroup, &group
			}
			if r.Type == "" && l.AgentID == r.ID && l.AgentType != "" {
				agent := *r.Agent
				agent.Type, r.Agent = l.AgentType, &agent
			}
		}
	}
}

// keepRefused leaves a member, of the logins that it should have, those as they are of which an
// operator rejected that they end, unless somebody else has them now. What becomes of its others is
// decided as ever (R26).
func (p *planner) keepRefused(person *Person, m *sync.Member, want []sync.Login) []sync.Login {
	rows := p.open.Kept[m.ID]
	if len(rows) == 0 || m.Status != sync.Active || !m.Linked {
		return want
	}
	read, passed := want, p.passedOn(person, m, want)
	want = slices.Clone(read)
	for _, row := range rows {
		var kept []sync.Login
		for _, l := range sync.CompareActive(row.Before, row.After).Ended {
			was, at := memberLogin(m, &l), slices.IndexFunc(read, l.IsSame) // no row of a login is ever removed (R8)
			if was != nil && was.Active && !read[at].Active && !slices.ContainsFunc(passed, l.IsSame) {
				want[at] = *was
				kept = append(kept, *was)
			}
		}
		if kept != nil {
			p.refusing[row] = sync.Note{
				Member: m.ID, Person: person.Key(), Name: m.Profile.Name(), Reason: sync.NoteRefused,
				Detail: fmt.Sprintf("%s stays: an operator rejected that it ends (R36); `ringroster reject --clear %d` ends that", sync.LoginsText(sync.LoginsJSON(kept)), m.ID),
			}
		}
	}
	return want
}

// passedOn are the logins, of those that a member is to have no more, that somebody else has now.
// Nobody asks of whom nothing is open: their logins end by the ordinary rules.
func (p *planner) passedOn(person *Person, m *sync.Member, want []sync.Login) (passed []sync.Login) {
	if !p.open.About[m.ID] {
		return nil
	}
	for i := range want {
		if was := memberLogin(m, &want[i]); was != nil && was.Active && !want[i].Active && p.isAnothers(was, person, m) {
			passed = append(passed, *was)
		}
	}
	return passed
}

// memberLogin is the member's row of a login; nil: there is none.
func memberLogin(m *sync.Member, l *sync.Login) *sync.Login {
	if at := slices.IndexFunc(m.Logins, l.IsSame); at >= 0 {
		return &m.Logins[at]
	}
	return nil
}

// isAnothers says whether RingCentral lists a member's login, which its person has no more, as that
// of somebody who is another human beyond doubt: with another rcUserId by neither the name nor a
// part of it and the e-mail, else by no part of the name and another e-mail. A record that is
// inactive, or does not say enough, takes nothing from anybody (R5, R13).
func (p *planner) isAnothers(l *sync.Login, person *Person, m *sync.Member) bool {
	holder := p.people.holder(l)
	if holder == nil || holder == person || holder.ghost {
		return false
	}
	at := slices.IndexFunc(holder.Agents, func(r sync.AgentRecord) bool { return r.Sub.ID == l.SubAccountID && r.ID == l.AgentID })
	if at < 0 {
		return false
	}
	r, was := holder.Agents[at], &m.Synced.Profile
	if !r.Active || r.Faulty != "" || r.FirstName+r.LastName == "" || was[sync.FirstName]+was[sync.LastName] == "" {
		return false
	}
	hasPart, hasEmail := memberHasPartOf(m, r.FirstName, r.LastName), hasEmail(m, r.Email)
	if m.RCUserID != "" && !strings.HasPrefix(m.RCUserID, sync.FormerID) && holder.RCUserID != "" {
		return !sameName(m, r.FirstName, r.LastName) && (!hasPart || !hasEmail)
	}
	return !hasPart && !hasEmail && r.Email != "" && was[sync.Email] != ""
}

// keepRefusedLogins has the rejections go on of which something would happen by the reading.
func (s *settling) keepRefusedLogins() {
	for i := range s.open.All {
		h := &s.open.All[i]
		note, refuses := s.read.refusing[h]
		if w := s.read.watched[h.Member]; !refuses || w == nil || !s.isPresent(w) {
			continue
		}
		s.open.Touched[h] = true
		s.rows = append(s.rows, *h)
		s.kept.plan.Notes = append(s.kept.plan.Notes, note)
	}
}

// letPass gives the logins that a change ends although a loss of logins is open, since somebody else
// has them now, and notes that. Where too many members lose a login, it waits (R35), as does what one
// look alone shows (R2); and where several logins of one agent group pass at once: that list is wrong
// sooner than all of them were given away.
func (s *settling) letPass(c *sync.Change, tooMany *sync.HoldReason) []sync.Login {
	if c.Kind != sync.Update || len(c.Passed) == 0 || tooMany != nil || s.kept.oneLookKeeps(c.Member, sync.LoginsField) {
		return nil
	}
	var passed []sync.Login
	for _, l := range c.Passed {
		if s.passing()[groupOf(&l)] > 1 {
			continue
		}
		passed = append(passed, l)
		holder := s.kept.people.holder(&l)
		s.kept.plan.Notes = append(s.kept.plan.Notes, sync.Note{
			Member: c.Member, Person: c.Person, Name: c.Name, Reason: sync.NoteLoginPassed,
			Detail: fmt.Sprintf("%s ends, whatever waits or was rejected about it: RingCentral lists it as that of %s (%s) now (R26)",
				sync.LoginsText(sync.LoginsJSON([]sync.Login{l})), holder.display(), holder.Key()),
		})
	}
	return passed
}

// passing counts, by agent group, the logins of the plan that pass to others.
func (s *settling) passing() map[guard.List]int {
	if s.passes == nil {
		s.passes = map[guard.List]int{}
		for i := range s.kept.plan.Changes {
			for j := range s.kept.plan.Changes[i].Passed {
				s.passes[groupOf(&s.kept.plan.Changes[i].Passed[j])]++
			}
		}
	}
	return s.passes
}

func groupOf(l *sync.Login) guard.List {
	return guard.List{Kind: sync.AgentGroupList, Sub: l.SubAccountID, Group: l.AgentGroupID}
}

// endsOnly says whether a change of logins ends none but these.
func endsOnly(f *sync.FieldChange, logins []sync.Login) bool {
	ended := sync.CompareActive(f.Before, f.After).Ended
	return f.Field == sync.LoginsField && len(ended) > 0 && !slices.ContainsFunc(ended, func(l sync.Login) bool { return !slices.ContainsFunc(logins, l.IsSame) })
}

func isUnnamed(r *sync.AgentRecord) bool { return r.Group.Name == "" || r.Sub.Name == "" }

// unnamed says in words what has no name.
func unnamed(r *sync.AgentRecord) string {
	what := fmt.Sprintf("sub-account %s", r.Sub.ID)
	if r.Group.Name == "" {
		what = fmt.Sprintf("agent group %s of %s", r.Group.ID, what)
	}
	return what + " comes without its name, which the settings ask for"
}

// unsureRule says why nobody knows which onboarding rules match a newcomer; "": everybody does.
func (p *planner) unsureRule(person *Person) string {
	for _, r := range person.Agents {
		if r.Active && isUnnamed(&r) && slices.ContainsFunc(p.in.Policy.Onboarding.Rules, func(rule sync.Rule) bool {
			return matchesRecord(&rule.When, r, true) != matchesRecord(&rule.When, r, false)
		}) {
			return unnamed(&r)
		}
	}
	return ""
}

// unreadExtension says why nobody knows whether a member has an extension who would leave, or
// have another role, for want of one; "": everybody does.
func (p *planner) unreadExtension(person *Person, m *sync.Member, v *verdict) string {
	switch {
	case m.Status != sync.Active || person.Ext != nil || !p.in.Policy.RequireRingEX && p.access == nil:
		return ""
	case v.Belongs && (!v.Known.Has(sync.Role) || v.Profile[sync.Role] == m.Synced.Profile[sync.Role]):
		return ""
	}
	return p.people.unreadOf(person, m)
}

// unreadOf says which extension that cannot be read, and that nobody has by rcUserId or e-mail,
// could be a member's: by its e-mail, else by its number, else by nothing that speaks against
// it; "": none.
func (p *people) unreadOf(person *Person, m *sync.Member) string {
	if len(p.unread) == 0 {
		return ""
	}
	if p.unreadBy == nil {
		p.indexUnread()
	}
	for _, key := range unreadKeys(person, m) {
		if e := p.unreadBy[key]; e != nil {
			return fmt.Sprintf("no extension is theirs that can be read, and extension record %s could be: %s", cmp.Or(e.ID, "without an id"), e.Faulty)
		}
	}
	return ""
}

// unreadKey is what an extension that cannot be read tells of itself; without an e-mail and a
// number, or without an e-mail whatever the number, whether it has an id.
type unreadKey struct {
	email, number string
	says          unreadSays
}

type unreadSays uint8

const (
	saysAddress unreadSays = iota // its e-mail, or without one its number
	saysNeither                   // of the two
	saysNeitherNorID
	saysNoEmail // whatever the number
	saysNoEmailNorID
)

// indexUnread makes the index of unreadOf: of each key the first extension.
func (p *people) indexUnread() {
	p.unreadBy = map[unreadKey]*sync.Extension{}
	for _, e := range slices.Backward(p.unread) {
		keys := []unreadKey{{email: sync.FoldEmail(e.Email)}}
		if e.Email == "" {
			keys = []unreadKey{{number: e.Number}, {says: saysNoEmail}}
			if e.ID == "" {
				keys = append(keys, unreadKey{says: saysNoEmailNorID})
			}
			if e.Number == "" {
				keys[0] = unreadKey{says: saysNeither}
			}
			if e.ID+e.Number == "" {
				keys = append(keys, unreadKey{says: saysNeitherNorID})
			}
		}
		for _, key := range keys {
			p.unreadBy[key] = e
		}
	}
}

// unreadKeys are those of the extensions that could be a member's. One that tells its id alone is
// not theirs who have another.
func unreadKeys(person *Person, m *sync.Member) (keys []unreadKey) {
	emails := []string{m.Profile[sync.Email], m.Synced.Profile[sync.Email]}
	if person != nil {
		emails = slices.AppendSeq(emails, person.recordEmails)
	}
	for _, email := range emails {
		if email != "" {
			keys = append(keys, unreadKey{email: sync.FoldEmail(email)})
		}
	}
	number, rest := m.Synced.Profile[sync.ExtensionNumber], saysNoEmail
	if number != "" {
		keys, rest = append(keys, unreadKey{number: number}), saysNeither
	}
	if m.RCUserID != "" {
		rest++ // …NorID
	}
	return append(keys, unreadKey{says: rest})
}

// isHuman says whether an extension is a human's (R7), as one may be that does not say what it is.
func isHuman(e *sync.Extension) bool { return personTypes[e.Type] || e.Type == "" && e.Faulty != "" }
