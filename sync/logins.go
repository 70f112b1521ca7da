package sync

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mergeLogins gives the login rows a member should have: one for every agent
// record of the person, and the rows it had before. A row whose record is gone
// from a sub-account that was read becomes inactive; of a sub-account that was
// not read nothing is known, so nothing changes (R8).
func (p *planner) mergeLogins(held []Login, person *Person) []Login {
	if len(held) == len(person.Agents) && !slices.ContainsFunc(person.Agents, func(r AgentRecord) bool {
		return !slices.Contains(held, p.login(person, r, held))
	}) {
		return held // nearly always
	}
	want := p.logins(make([]Login, 0, max(len(held), len(person.Agents))), person, held)
	for _, l := range held {
		if slices.ContainsFunc(want, l.isSame) {
			continue
		}
		if p.read[l.SubAccountID] {
			l.Active = false
		}
		want = append(want, l)
	}
	slices.SortFunc(want, compareLogins)
	return want
}

// logins appends the rows that stand for the agent records of a person whose member has
// the rows held.
func (p *planner) logins(to []Login, person *Person, held []Login) []Login {
	for _, r := range person.Agents {
		if r.ID != "" {
			to = append(to, p.login(person, r, held))
		}
	}
	if len(to) > 1 {
		slices.SortFunc(to, compareLogins)
	}
	return to
}

// login keeps the supervisors that the row had where the record tells none (R8), and all of the
// row where a list lost the record (R22).
func (p *planner) login(person *Person, r AgentRecord, held []Login) Login {
	at := slices.IndexFunc(held, func(l Login) bool { return l.SubAccountID == r.Sub.ID && l.AgentID == r.ID })
	if at >= 0 && held[at].Active && slices.Contains(person.restored, r.Agent) {
		return held[at]
	}
	l := Login{
		SubAccountID: r.Sub.ID, SubAccount: r.Sub.Name,
		AgentGroupID: r.Group.ID, AgentGroup: r.Group.Name,
		AgentID: r.ID, AgentType: r.Type, UserName: r.UserName,
		DataSource: p.in.Policy.DataSource, Active: r.Active,
	}
	switch r.Supervisors {
	case noAgents:
	case "":
		if at >= 0 {
			l.Supervisors = held[at].Supervisors
		}
	default:
		l.Supervisors = r.Supervisors
	}
	return l
}

// isSame says whether two rows are of one agent record.
func (l *Login) isSame(other Login) bool {
	return l.SubAccountID == other.SubAccountID && l.AgentID == other.AgentID
}

// compareLogins is the order of logins.
func compareLogins(a, b Login) int {
	if c := strings.Compare(a.SubAccountID, b.SubAccountID); c != 0 {
		return c
	}
	return strings.Compare(a.AgentID, b.AgentID)
}

// fingerprint condenses logins to tell later whether somebody edited them.
func fingerprint(logins []Login) string {
	if len(logins) == 0 {
		return ""
	}
	d := newDigest()
	for i := range logins {
		l := &logins[i]
		d.add(l.SubAccountID)
		d.add(l.SubAccount)
		d.add(l.AgentGroupID)
		d.add(l.AgentGroup)
		d.add(l.AgentID)
		d.add(l.AgentType)
		d.add(l.UserName)
		d.add(l.DataSource)
		d.add(strconv.FormatBool(l.Active))
		if l.Supervisors != "" { // which came when there were digests already
			d.add(string(l.Supervisors))
		}
	}
	return d.String()
}

// digest condenses a row of values (FNV-1a). The roster stores digests: the
// values of a row give the same one for ever.
type digest uint64

// newDigest is the digest of nothing.
func newDigest() digest { return 14695981039346656037 }

// add takes a value in.
func (d *digest) add(value string) {
	h := uint64(*d)
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * 1099511628211
	}
	*d = digest(h * 1099511628211) // a zero byte: where one value ends
}

func (d digest) String() string { return strconv.FormatUint(uint64(d), 16) }

// hashOf condenses one value.
func hashOf(s string) uint64 {
	d := newDigest()
	d.add(s)
	return uint64(d)
}

// LoginsJSON is how logins stand in a field change.
func LoginsJSON(logins []Login) string {
	return string(appendLogins(make([]byte, 0, 256*len(logins)+2), logins))
}

// appendLogins appends logins as json.Marshal writes them, which is what history
// and plans always held: <, > and & are escaped.
func appendLogins(b []byte, logins []Login) []byte {
	b = append(b, '[')
	for i := range logins {
		l := &logins[i]
		if i > 0 {
			b = append(b, ',')
		}
		for j, value := range [...]string{l.SubAccountID, l.SubAccount, l.AgentGroupID, l.AgentGroup, l.AgentID, l.AgentType, l.UserName, l.DataSource} {
			b = append(b, loginKeys[j]...)
			if strings.ContainsAny(value, "<>&") {
				text, _ := json.Marshal(value) // a string always marshals
				b = append(b, text...)
			} else {
				b = AppendText(b, value)
			}
		}
		b = strconv.AppendBool(append(b, `,"active":`...), l.Active)
		if l.Supervisors != "" {
			b = append(append(b, `,"supervisor_agent_ids":`...), l.Supervisors...)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

var loginKeys = [...]string{
	`{"sub_account_id":`, `,"sub_account":`, `,"agent_group_id":`, `,"agent_group":`,
	`,"agent_id":`, `,"agent_type":`, `,"user_name":`, `,"data_source":`,
}

// onlyDataSource says whether two sets of logins differ in nothing else, which
// is then the settings' doing (R19).
func onlyDataSource(a, b []Login) bool {
	return slices.EqualFunc(a, b, func(x, y Login) bool {
		x.DataSource = y.DataSource
		return x == y
	})
}

// onlyFirstSupervisors says whether logins get supervisors where they had none, and
// nothing else.
func onlyFirstSupervisors(want, held []Login) bool {
	return slices.EqualFunc(want, held, func(w, h Login) bool {
		if h.Supervisors == "" {
			h.Supervisors = w.Supervisors
		}
		return w == h
	})
}

// gained lists the logins and administrator ids of a person that the member did
// not hold at the last sync.
func gained(person *Person, m *Member) []string {
	var ids []string
	for _, r := range person.Agents {
		held := func(l Login) bool {
			return l.SubAccountID == r.Sub.ID && l.AgentID == r.ID && (l.Active || !r.Active)
		}
		if !slices.ContainsFunc(m.Logins, held) {
			ids = append(ids, loginKey(r.Sub.ID, r.ID))
		}
	}
	for _, a := range person.Admins {
		if !slices.Contains(m.AdminIDs, a.UserID) {
			ids = append(ids, a.UserID)
		}
	}
	return ids
}

// heldID says whether the member held the login, or the administrator id, at the
// last sync.
func (m *Member) heldID(id string) bool {
	return m.everHeld(id) && !slices.ContainsFunc(m.Logins, func(l Login) bool { return !l.Active && l.key() == id })
}

// everHeld says the same of any time: login rows are never removed (R8).
func (m *Member) everHeld(id string) bool {
	return slices.Contains(m.AdminIDs, id) || slices.ContainsFunc(m.Logins, func(l Login) bool { return l.key() == id })
}

// key names the login among those of its account.
func (l *Login) key() string { return loginKey(l.SubAccountID, l.AgentID) }

// LoginsText shortens the JSON of logins to what a person looks for.
func LoginsText(text string) string {
	var logins []Login
	if err := json.Unmarshal([]byte(text), &logins); err != nil {
		return text
	}
	parts := make([]string, len(logins))
	for i, l := range logins {
		parts[i] = fmt.Sprintf("%s in %s", l.AgentID, cmp.Or(l.AgentGroup, l.AgentGroupID, l.SubAccountID))
		if under := l.Supervisors.List(); under != nil {
			parts[i] += " under " + strings.Join(under, " and ")
		}
		if !l.Active {
			parts[i] += " (inactive)"
		}
	}
	return strings.Join(parts, ", ")
}
