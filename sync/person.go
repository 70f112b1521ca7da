package sync

import (
	"cmp"
	"strconv"
	"strings"
)

// Person is one human whom RingCentral reports: every record of theirs in one
// account, joined (R6), with the RingEX extension attached (R7).
type Person struct {
	RCUserID string
	Admins   []*Admin
	Agents   []AgentRecord // in retrieval order
	Ext      *Extension
	ExtByID  bool // attached by rcUserId; else by e-mail
	ExtKept  bool // by neither: it was theirs

	// putBack says that the person has a record that a list lost which is not believed, and
	// ghost that they have no other (restore.go); admitted that they lost a RingEX role so.
	putBack, ghost, admitted bool
	restored                 []*Agent // of the agent records those that were put back

	doubt    string  // what is not known of them and decides, once they were judged (unsaid.go)
	looseKey string  // of somebody without rcUserId
	outcome  outcome // how the plan decides: gone once it has
}

// Key names a person in output (R6): rc:ID, agent:SUB/ID, admin:ID.
func (p *Person) Key() string {
	if p.looseKey != "" {
		return p.looseKey
	}
	return "rc:" + p.RCUserID
}

// keys are the person's key, and those that each of their records alone would give
// them.
func (p *Person) keys() []string {
	keys := []string{p.Key()}
	for _, r := range p.Agents {
		keys = append(keys, agentKey(loginKey(r.Sub.ID, r.ID)))
	}
	for _, a := range p.Admins {
		keys = append(keys, adminKey(a.UserID))
	}
	return keys
}

// isDisabled says whether RingEX says that the person is gone (R7).
func (p *Person) isDisabled() bool { return p.ExtByID && p.Ext.Status == "Disabled" }

// Keys are those that the person of a member would have by what the roster holds.
func (m *Member) Keys() []string {
	var keys []string
	if m.RCUserID != "" {
		keys = append(keys, "rc:"+m.RCUserID)
	}
	for i := range m.Logins {
		keys = append(keys, agentKey(m.Logins[i].key()))
	}
	for _, id := range m.AdminIDs {
		keys = append(keys, adminKey(id))
	}
	return keys
}

// PersonKey is the key by which RingCentral's records name the member today; "": by
// none, as of somebody who was brought in from a file or parted from an rc user id.
func (m *Member) PersonKey() string {
	if m.RCUserID != "" && !strings.HasPrefix(m.RCUserID, formerID) {
		return "rc:" + m.RCUserID
	}
	for i := range m.Logins {
		if l := &m.Logins[i]; l.Active {
			return agentKey(l.key())
		}
	}
	if len(m.AdminIDs) > 0 {
		return adminKey(m.AdminIDs[0])
	}
	return ""
}

// compareKeys orders people by their keys.
func compareKeys(a, b *Person) int {
	if a.looseKey+b.looseKey == "" { // nearly always: no need to make the keys
		return strings.Compare(a.RCUserID, b.RCUserID)
	}
	return strings.Compare(a.Key(), b.Key())
}

// AgentRecord is one agent record with the place where it was found.
type AgentRecord struct {
	*Agent
	Sub   *SubAccount
	Group *Group
}

// loginKey is the key of an agent record within its account.
func loginKey(subAccount, agent string) string { return subAccount + "/" + agent }

// agentKey and adminKey are the keys of a person without rcUserId who has that
// record (R6).
func agentKey(login string) string { return "agent:" + login }

// adminKey is the key of an administrator record.
func adminKey(id string) string { return "admin:" + id }

// compareLooseKeys orders the keys a person without rcUserId could have, who gets the
// first: agent records before administrators, shorter numbers first, whatever the
// retrieval order.
func compareLooseKeys(a, b string) int {
	agents := agentKey("")
	if aAgent := strings.HasPrefix(a, agents); aAgent != strings.HasPrefix(b, agents) {
		if aAgent {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// nameless stands in for the id that a faulty record lacks.
func nameless(id string, position int) string {
	if id == "" {
		return "?" + strconv.Itoa(position)
	}
	return id
}

// recordEmails yields the e-mails of the person's RingCX records.
func (p *Person) recordEmails(yield func(string) bool) {
	for _, r := range p.Agents {
		if r.Email != "" && !yield(r.Email) {
			return
		}
	}
	for _, a := range p.Admins {
		if a.Email != "" && !yield(a.Email) {
			return
		}
	}
}
