package sync

import (
	"encoding/json"
	"slices"
)

// EndedLogins are the active logins of a history's value that are not active in a later
// one, where no login was gained in their stead: whoever moved has lost none (R22).
func EndedLogins(before, after string) []Login {
	c := compareActive(before, after)
	if c.gained {
		return nil
	}
	return c.ended
}

// MovedLogins are all active logins of a history's value, if in a later one any of them is in
// another group, or has ended while another was gained; else none.
func MovedLogins(before, after string) (active []Login) {
	if c := compareActive(before, after); !c.moved && (!c.gained || len(c.ended) == 0) {
		return nil
	}
	return noLongerActive(before, "[]")
}

// noLongerActive are the logins of a history's value that a later one has not active, in any
// group.
func noLongerActive(before, after string) []Login { return compareActive(before, after).ended }

// activeChange is what a change of logins does to those that are active.
type activeChange struct {
	ended  []Login // not active any more, in any group
	moved  bool    // one is in another group: a record that somebody had before is not gained (R22)
	gained bool    // one is active that was not
}

func compareActive(before, after string) (c activeChange) {
	var was, is []Login
	if json.Unmarshal([]byte(before), &was) != nil || json.Unmarshal([]byte(after), &is) != nil {
		return c
	}
	find := func(all []Login, l *Login) int {
		return slices.IndexFunc(all, func(x Login) bool { return x.Active && x.key() == l.key() })
	}
	for i := range is {
		c.gained = c.gained || is[i].Active && find(was, &is[i]) < 0
	}
	for i := range was {
		if !was[i].Active {
			continue
		}
		if at := find(is, &was[i]); at < 0 {
			c.ended = append(c.ended, was[i])
		} else {
			c.moved = c.moved || is[at].AgentGroupID != was[i].AgentGroupID
		}
	}
	return c
}

// withhold gives the logins that a member has while those that would end wait: these stay as
// they were, but for those that passed to somebody else, and all else is applied. What was gained is the member's from then on: once it was
// seen for days it is no excuse for a list that loses them (R22).
func withhold(was, want, passed []Login) []Login {
	rest := slices.Clone(want)
	for i := range rest {
		at := slices.IndexFunc(was, rest[i].isSame)
		if at >= 0 && was[at].Active && !rest[i].Active && !slices.ContainsFunc(passed, rest[i].isSame) {
			rest[i] = was[at]
		}
	}
	return rest
}
