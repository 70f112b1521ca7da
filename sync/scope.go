package sync

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Glob reports whether value matches pattern, both folded (R33): * stands for any
// run of characters, ? for one. Folding makes two characters of a few, such as ß: they
// are one for ? all the same.
func Glob(pattern, value string) bool {
	return matches(FoldText(pattern), FoldText(value)) ||
		strings.Contains(pattern, "?") && matches(strings.ToLower(pattern), strings.ToLower(value))
}

func matches(p, v string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(v) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && p[i] == '?':
			i++
			j += runeAt(v, j)
		case i < len(p) && p[i] == v[j]:
			i++
			j++
		case star >= 0:
			mark += runeAt(v, mark)
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// runeAt is how long the character at i is.
func runeAt(s string, i int) int {
	_, size := utf8.DecodeRuneInString(s[i:])
	return size
}

// aboutAgents says whether the entry looks at agent records at all.
func (m *Match) aboutAgents() bool { return m.SubAccount != "" || m.AgentGroup != "" }

// matchesPerson compares the keys that describe a person.
func (m *Match) matchesPerson(p *Profile) bool {
	for _, key := range []struct{ pattern, value string }{
		{m.Email, p[Email]},
		{m.Department, p[Department]},
		{m.Title, p[JobTitle]},
		{m.Site, p[Site]},
		{m.Role, p[Role]},
		{m.EmployeeID, p[EmployeeID]},
	} {
		if key.pattern != "" && !Glob(key.pattern, key.value) {
			return false
		}
	}
	return true
}

// readsExtensions says whether the scope hangs on what RingEX alone reports (R8).
func (s *Scope) readsExtensions() bool {
	return slices.ContainsFunc(slices.Concat(s.Include, s.Exclude), func(m Match) bool {
		return m.Department != "" || m.Title != "" || m.Site != "" || m.EmployeeID != ""
	})
}

// matchesRecord compares the keys that describe an agent record. A name that nobody knows
// fits if unknown says so.
func (m *Match) matchesRecord(r AgentRecord, unknown bool) bool {
	fits := func(key, id, name string) bool {
		return key == "" || Glob(key, id) || Glob(key, name) || name == "" && unknown
	}
	return fits(m.SubAccount, r.Sub.ID, r.Sub.Name) && fits(m.AgentGroup, r.Group.ID, r.Group.Name)
}

// matchesLogins compares the keys that describe agent records with what the
// roster holds of them.
func (m *Match) matchesLogins(logins []Login) bool {
	if !m.aboutAgents() {
		return true
	}
	for _, l := range logins {
		if (m.SubAccount == "" || Glob(m.SubAccount, l.SubAccountID) || Glob(m.SubAccount, l.SubAccount)) &&
			(m.AgentGroup == "" || Glob(m.AgentGroup, l.AgentGroupID) || Glob(m.AgentGroup, l.AgentGroup)) {
			return true
		}
	}
	return false
}

// unnumbered is scope for somebody without an employee number, or of whom it is not known:
// no entry that names one leaves them out (R11).
func (s *Scope) unnumbered() *Scope {
	left := &Scope{Include: slices.Clone(s.Include), Exclude: slices.Clone(s.Exclude)}
	for i := range left.Include {
		left.Include[i].EmployeeID = ""
	}
	left.Exclude = slices.DeleteFunc(left.Exclude, func(m Match) bool { return m.EmployeeID != "" })
	return left
}

// admitsAgent says whether scope leaves one agent record of somebody (R11).
// Any entry is enough, all keys of an entry must match, exclude wins. kindly says whether
// names that nobody knows are taken for those that would admit it.
func (s *Scope) admitsAgent(p *Profile, r AgentRecord, kindly bool) bool {
	for i := range s.Exclude {
		if m := &s.Exclude[i]; m.matchesPerson(p) && m.matchesRecord(r, !kindly) {
			return false
		}
	}
	for i := range s.Include {
		if m := &s.Include[i]; m.matchesPerson(p) && m.matchesRecord(r, kindly) {
			return true
		}
	}
	return len(s.Include) == 0
}

// admitsPerson says whether scope leaves somebody apart from their agent
// records: entries that look at agent records do not concern it (R11).
func (s *Scope) admitsPerson(p *Profile) bool {
	for i := range s.Exclude {
		if m := &s.Exclude[i]; !m.aboutAgents() && m.matchesPerson(p) {
			return false
		}
	}
	asked := false
	for i := range s.Include {
		if m := &s.Include[i]; !m.aboutAgents() {
			if m.matchesPerson(p) {
				return true
			}
			asked = true
		}
	}
	return !asked
}
