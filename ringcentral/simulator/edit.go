package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The edits below are a day in the life of an account, for use inside Server.Change. People are known by
// e-mail, in any case; several records of one person change together.

// Newcomer is a person to Join.
type Newcomer struct {
	FirstName     string `json:"first_name"`
	LastName      string `json:"last_name"`
	Email         string `json:"email"`
	AgentType     string `json:"agent_type"`    // AGENT
	SubAccount    string `json:"sub_account"`   // id; empty: the first
	Group         int64  `json:"group"`         // id; 0: the sub-account's first
	Administrator bool   `json:"administrator"` // an administrator instead of an agent
	Unlinked      bool   `json:"unlinked"`      // no extension, no rcUserId
}

// Join adds a person with an extension and an agent or administrator record.
func (a *Account) Join(p Newcomer) error {
	if p.Email == "" {
		return errors.New("the newcomer needs an email")
	}
	var group *Group
	if !p.Administrator {
		var err error
		if group, err = a.group(p.SubAccount, p.Group); err != nil {
			return err
		}
	}
	var id int64
	if !p.Unlinked {
		id = 1 + a.highest(func(e *Extension) int64 { return e.ID })
		number := number(1 + a.highest((*Extension).numeral))
		e := &Extension{ID: id, Number: number, FirstName: p.FirstName, LastName: p.LastName, Email: p.Email}
		a.Extensions = append(a.Extensions, e)
		a.noteExtension("CREATE", "CREATE_USER", e, nil)
	}
	if p.Administrator {
		m := &Administrator{ID: a.nextAdministrator(), RCUserID: id, FirstName: p.FirstName, LastName: p.LastName, Email: p.Email}
		a.Administrators = append(a.Administrators, m)
		a.noteUser("CREATE", m)
		return nil
	}
	m := &Agent{ID: a.nextAgent(), RCUserID: id, FirstName: p.FirstName, LastName: p.LastName, Email: p.Email, Type: p.AgentType}
	group.Agents = append(group.Agents, m)
	a.noteAgent("CREATE", a.subAccountOf(group), m)
	return nil
}

// subAccountOf is the sub-account with a group.
func (a *Account) subAccountOf(group *Group) *SubAccount {
	i := slices.IndexFunc(a.SubAccounts, func(s *SubAccount) bool { return slices.Contains(s.Groups, group) })
	return a.SubAccounts[i]
}

// Leave removes every record of a person and tells how many there were.
func (a *Account) Leave(email string) (records int) {
	gone := func(address string) bool { return strings.EqualFold(address, email) }
	for sub, m := range a.agents() {
		if gone(m.Email) {
			records++
			a.noteAgent("DELETE", sub, m)
		}
	}
	for _, m := range a.Administrators {
		if gone(m.Email) {
			records++
			a.noteUser("DELETE", m)
		}
	}
	for _, e := range a.Extensions {
		if gone(e.Email) {
			records++
			a.noteExtension("DELETE", "DELETE_USER", e, nil)
		}
	}
	a.Extensions = slices.DeleteFunc(a.Extensions, func(e *Extension) bool { return gone(e.Email) })
	a.Administrators = slices.DeleteFunc(a.Administrators, func(m *Administrator) bool { return gone(m.Email) })
	for _, sub := range a.SubAccounts {
		for _, g := range sub.Groups {
			g.Agents = slices.DeleteFunc(g.Agents, func(m *Agent) bool { return gone(m.Email) })
		}
	}
	return records
}

// Disable disables a person's extensions and tells how many there were.
func (a *Account) Disable(email, reason, comment string) (records int) {
	for _, e := range a.Extensions {
		if strings.EqualFold(e.Email, email) {
			records++
			e.Status, e.StatusReason, e.StatusComment = "Disabled", reason, comment
			a.noteExtension("UPDATE", "CHANGE_USER_INFO", e, map[string]string{"status": "Disabled"})
		}
	}
	return records
}

// Suspend makes a person's agent records inactive and tells how many there were.
func (a *Account) Suspend(email string) (records int) {
	for sub, m := range a.agents() {
		if strings.EqualFold(m.Email, email) {
			records++
			m.Inactive = true
			a.noteAgent("UPDATE", sub, m, "isActive", "true", "false")
		}
	}
	return records
}

// Retype gives a person's agent records another type and tells how many there were.
func (a *Account) Retype(email, agentType string) (records int) {
	for sub, m := range a.agents() {
		if strings.EqualFold(m.Email, email) {
			records++
			a.noteAgent("UPDATE", sub, m, "agentType", cmp.Or(m.Type, "AGENT"), agentType)
			m.Type = agentType
		}
	}
	return records
}

// Rename gives a person another name and tells in how many records.
func (a *Account) Rename(email, first, last string) (records int) {
	return a.eachIdentity(email, func(f, l, _ *string) { *f, *l = first, last })
}

// ChangeEmail gives a person another e-mail address and tells in how many records.
func (a *Account) ChangeEmail(email, to string) (records int) {
	return a.eachIdentity(email, func(_, _, address *string) { *address = to })
}

func (a *Account) eachIdentity(email string, edit func(first, last, email *string)) (records int) {
	apply := func(first, last, address *string) {
		if strings.EqualFold(*address, email) {
			records++
			edit(first, last, address)
		}
	}
	for _, e := range a.Extensions {
		if strings.EqualFold(e.Email, email) {
			a.noteExtension("UPDATE", "CHANGE_USER_INFO", e, map[string]string{"contact": ""})
		}
		apply(&e.FirstName, &e.LastName, &e.Email)
	}
	for _, m := range a.Administrators {
		if strings.EqualFold(m.Email, email) {
			a.noteUser("UPDATE", m, "contact", "", "")
		}
		apply(&m.FirstName, &m.LastName, &m.Email)
	}
	for sub, m := range a.agents() {
		if strings.EqualFold(m.Email, email) {
			a.noteAgent("UPDATE", sub, m, "contact", "", "")
		}
		apply(&m.FirstName, &m.LastName, &m.Email)
	}
	return records
}

// Move puts a person's agent record of a sub-account into another group there.
func (a *Account) Move(email, subAccount string, group int64) error {
	to, err := a.group(subAccount, group)
	if err != nil {
		return err
	}
	from := a.subAccount(subAccount)
	if from == nil {
		return fmt.Errorf("give the sub_account in which %s is an agent", email)
	}
	for _, g := range from.Groups {
		if i := slices.IndexFunc(g.Agents, func(m *Agent) bool { return strings.EqualFold(m.Email, email) }); i >= 0 {
			m := g.Agents[i]
			g.Agents = slices.Delete(g.Agents, i, i+1)
			to.Agents = append(to.Agents, m)
			a.noteAgent("UPDATE", from, m, "agentGroupId", number(g.ID), number(to.ID))
			return nil
		}
	}
	return fmt.Errorf("nobody with the email %s is an agent of sub-account %s", email, subAccount)
}

// Supervise puts each agent record of a person under the supervisor's records of the same sub-account, or
// under nobody, and tells how many there were.
func (a *Account) Supervise(email, supervisor string) (records int) {
	bosses := map[*SubAccount][]int64{}
	for sub, m := range a.agents() {
		if supervisor != "" && strings.EqualFold(m.Email, supervisor) {
			bosses[sub] = append(bosses[sub], m.ID)
		}
	}
	for sub, m := range a.agents() {
		if strings.EqualFold(m.Email, email) {
			m.Supervisors = bosses[sub]
			records++
		}
	}
	return records
}

// group finds a group; empty means the first there is.
func (a *Account) group(subAccount string, group int64) (*Group, error) {
	if subAccount == "" && len(a.SubAccounts) > 0 {
		subAccount = a.SubAccounts[0].ID
	}
	sub := a.subAccount(subAccount)
	if sub == nil {
		return nil, fmt.Errorf("no sub-account has the id %q", subAccount)
	}
	i := slices.IndexFunc(sub.Groups, func(g *Group) bool { return group == 0 || g.ID == group })
	if i < 0 {
		return nil, fmt.Errorf("sub-account %s has no group %d", subAccount, group)
	}
	return sub.Groups[i], nil
}

func (a *Account) highest(of func(*Extension) int64) (n int64) {
	for _, e := range a.Extensions {
		n = max(n, of(e))
	}
	return n
}

// numeral is the extension number as a number; 0 when it is none.
func (e *Extension) numeral() (n int64) {
	_, _ = fmt.Sscan(cmp.Or(e.Number, "0"), &n)
	return n
}

func (a *Account) nextAdministrator() (n int64) {
	for _, m := range a.Administrators {
		n = max(n, m.ID)
	}
	return n + 1
}

func (a *Account) nextAgent() (n int64) {
	for _, m := range a.agents() {
		n = max(n, m.ID)
	}
	return n + 1
}
