package sync

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// AgentRecord is one agent record with the place where it was found.
type AgentRecord struct {
	*Agent
	Sub   *SubAccount
	Group *Group
}

// Agents yields every agent record of a snapshot in retrieval order.
func (s *Snapshot) Agents(yield func(AgentRecord) bool) {
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		for j := range sub.Groups {
			group := &sub.Groups[j]
			for k := range group.Agents {
				if !yield(AgentRecord{&group.Agents[k], sub, group}) {
					return
				}
			}
		}
	}
}

// Key names the login among those of its account.
func (l *Login) Key() string { return LoginKey(l.SubAccountID, l.AgentID) }

// IsSame says whether two rows are of one agent record.
func (l *Login) IsSame(other Login) bool {
	return l.SubAccountID == other.SubAccountID && l.AgentID == other.AgentID
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

// LoginsFingerprint condenses logins to tell later whether somebody edited them.
func LoginsFingerprint(logins []Login) string {
	if len(logins) == 0 {
		return ""
	}
	d := NewDigest()
	for i := range logins {
		l := &logins[i]
		d.Add(l.SubAccountID)
		d.Add(l.SubAccount)
		d.Add(l.AgentGroupID)
		d.Add(l.AgentGroup)
		d.Add(l.AgentID)
		d.Add(l.AgentType)
		d.Add(l.UserName)
		d.Add(l.DataSource)
		d.Add(strconv.FormatBool(l.Active))
		if l.Supervisors != "" { // which came when there were digests already
			d.Add(string(l.Supervisors))
		}
	}
	return d.String()
}

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

// LoginKey is the key of an agent record within its account.
func LoginKey(subAccount, agent string) string { return subAccount + "/" + agent }

// AdminKey is the key of an administrator record.
func AdminKey(id string) string { return "admin:" + id }

// AgentKey and AdminKey are the keys of a person without rcUserId who has that
// record (R6).
func AgentKey(login string) string { return "agent:" + login }

// CompareLooseKeys orders the keys a person without rcUserId could have, who gets the
// first: agent records before administrators, shorter numbers first, whatever the
// retrieval order.
func CompareLooseKeys(a, b string) int {
	agents := AgentKey("")
	if aAgent := strings.HasPrefix(a, agents); aAgent != strings.HasPrefix(b, agents) {
		if aAgent {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// Keys are those that the person of a member would have by what the roster holds.
func (m *Member) Keys() []string {
	var keys []string
	if m.RCUserID != "" {
		keys = append(keys, "rc:"+m.RCUserID)
	}
	for i := range m.Logins {
		keys = append(keys, AgentKey(m.Logins[i].Key()))
	}
	for _, id := range m.AdminIDs {
		keys = append(keys, AdminKey(id))
	}
	return keys
}

// PersonKey is the key by which RingCentral's records name the member today; "": by
// none, as of somebody who was brought in from a file or parted from an rc user id.
func (m *Member) PersonKey() string {
	if m.RCUserID != "" && !strings.HasPrefix(m.RCUserID, FormerID) {
		return "rc:" + m.RCUserID
	}
	for i := range m.Logins {
		if l := &m.Logins[i]; l.Active {
			return AgentKey(l.Key())
		}
	}
	if len(m.AdminIDs) > 0 {
		return AdminKey(m.AdminIDs[0])
	}
	return ""
}

// CompareLogins is the order of logins.
func CompareLogins(a, b Login) int {
	if c := strings.Compare(a.SubAccountID, b.SubAccountID); c != 0 {
		return c
	}
	return strings.Compare(a.AgentID, b.AgentID)
}

// LoginsField is the field of a change of logins.
const LoginsField = "logins"

// HeldID says whether the member held the login, or the administrator id, at the
// last sync.
func (m *Member) HeldID(id string) bool {
	return m.EverHeld(id) && !slices.ContainsFunc(m.Logins, func(l Login) bool { return !l.Active && l.Key() == id })
}

// EverHeld says the same of any time: login rows are never removed (R8).
func (m *Member) EverHeld(id string) bool {
	return slices.Contains(m.AdminIDs, id) || slices.ContainsFunc(m.Logins, func(l Login) bool { return l.Key() == id })
}

// digest condenses a row of values (FNV-1a). The roster stores digests: the
// values of a row give the same one for ever.
type digest uint64

// NewDigest is the digest of nothing.
func NewDigest() digest { return 14695981039346656037 }

// Add takes a value in.
func (d *digest) Add(value string) {
	h := uint64(*d)
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * 1099511628211
	}
	*d = digest(h * 1099511628211) // a zero byte: where one value ends
}

func (d digest) String() string { return strconv.FormatUint(uint64(d), 16) }

// HashText condenses one value.
func HashText(s string) uint64 {
	d := NewDigest()
	d.Add(s)
	return uint64(d)
}

// EndedLogins are the active logins of a history's value that are not active in a later
// one, where no login was gained in their stead: whoever moved has lost none (R22).
func EndedLogins(before, after string) []Login {
	c := CompareActive(before, after)
	if c.gained {
		return nil
	}
	return c.Ended
}

// MovedLogins are all active logins of a history's value, if in a later one any of them is in
// another group, or has ended while another was gained; else none.
func MovedLogins(before, after string) (active []Login) {
	if c := CompareActive(before, after); !c.moved && (!c.gained || len(c.Ended) == 0) {
		return nil
	}
	return NoLongerActive(before, "[]")
}

// NoLongerActive are the logins of a history's value that a later one has not active, in any
// group.
func NoLongerActive(before, after string) []Login { return CompareActive(before, after).Ended }

// activeChange is what a change of logins does to those that are active.
type activeChange struct {
	Ended  []Login // not active any more, in any group
	moved  bool    // one is in another group: a record that somebody had before is not gained (R22)
	gained bool    // one is active that was not
}

func CompareActive(before, after string) (c activeChange) {
	var was, is []Login
	if json.Unmarshal([]byte(before), &was) != nil || json.Unmarshal([]byte(after), &is) != nil {
		return c
	}
	find := func(all []Login, l *Login) int {
		return slices.IndexFunc(all, func(x Login) bool { return x.Active && x.Key() == l.Key() })
	}
	for i := range is {
		c.gained = c.gained || is[i].Active && find(was, &is[i]) < 0
	}
	for i := range was {
		if !was[i].Active {
			continue
		}
		if at := find(is, &was[i]); at < 0 {
			c.Ended = append(c.Ended, was[i])
		} else {
			c.moved = c.moved || is[at].AgentGroupID != was[i].AgentGroupID
		}
	}
	return c
}

// Withhold gives the logins that a member has while those that would end wait: these stay as
// they were, but for those that passed to somebody else, and all else is applied. What was gained is the member's from then on: once it was
// seen for days it is no excuse for a list that loses them (R22).
func Withhold(was, want, passed []Login) []Login {
	rest := slices.Clone(want)
	for i := range rest {
		at := slices.IndexFunc(was, rest[i].IsSame)
		if at >= 0 && was[at].Active && !rest[i].Active && !slices.ContainsFunc(passed, rest[i].IsSame) {
			rest[i] = was[at]
		}
	}
	return rest
}
