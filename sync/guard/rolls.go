package guard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
)

// List names a list.
type List struct {
	Kind       sync.ListKind
	Sub, Group string // of contacts: the field, and its value
}

func (k List) String() string {
	switch k.Kind {
	case sync.Administrators:
		return "the administrators list"
	case sync.SubAccountList:
		return "sub-account " + k.Sub
	case sync.AgentGroupList:
		return "agent group " + k.Group + " of sub-account " + k.Sub
	case sync.ExtensionList:
		return "the extension list"
	case sync.RoleList:
		return "the RingEX roles"
	case sync.DirectoryList:
		return "the company directory"
	}
	return k.Sub + " " + k.Group
}

// CompareLists orders lists by kind, sub-account and group.
func CompareLists(a, b List) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Sub, b.Sub), strings.Compare(a.Group, b.Group))
}

// Roll is what one list that decides lost (R22): a fact for the guard.
type Roll struct {
	list    List
	Was     int  // who was on it and has not moved to another list since
	Lost    int  // of these, who is not on it now
	Proved  int  // of the lost, of whom RingEX says that they have gone
	Moved   int  // who was on it and has moved: in neither of the two
	Length  int  // how many records it has now
	Before  int  // how many active records it had, where the roster has few of its people; else 0
	Records int  // how many it has now; of a sub-account 0
	Total   bool // the server says how many it has, so that nothing can have cut it
	Gone    bool // the list itself is no longer there, or no longer active
}

// isDissolved says whether more than two thirds of those who were on a list gained another
// place, and RingEX proves of the few who are lost, but for one, that they have gone: an
// outage of RingCX gives nobody a place, and ends no extension (R22). Of whom RingEX knows
// nothing it proves nothing.
func (r *Roll) isDissolved() bool { return r.Lost*3 < r.Was+r.Moved && r.Lost-r.Proved < 2 }

// HangsOnProofs says whether a list is believed for what RingEX proves, and for nothing else.
func (r *Roll) HangsOnProofs() bool {
	unproved := *r
	unproved.Proved = 0
	fits := func(r *Roll) bool { return slices.ContainsFunc(doubts, func(d doubt) bool { return d.fits(r) }) }
	return !fits(r) && fits(&unproved)
}

// left is how many of those who were on the list are on it now.
func (r *Roll) left() int { return r.Was - r.Lost }

// Rolls are the rolls of all lists.
type Rolls map[List]*Roll

// Of finds the roll of a list.
func (r *Rolls) Of(list List) *Roll {
	if *r == nil {
		*r = Rolls{}
	}
	if (*r)[list] == nil {
		(*r)[list] = &Roll{list: list}
	}
	return (*r)[list]
}

// Sorted gives all rolls in the order of their lists.
func (r Rolls) Sorted() []Roll {
	all := make([]Roll, 0, len(r))
	for _, roll := range r {
		all = append(all, *roll)
	}
	slices.SortFunc(all, func(a, b Roll) int { return CompareLists(a.list, b.list) })
	return all
}

// losses says in words what a list lost.
func (r *Roll) losses() string {
	text := fmt.Sprintf("%s: %d of %d are not on it any more", r.list, r.Lost, r.Was)
	if r.Before > 0 {
		text += fmt.Sprintf(", and %d of its %d active records are left", r.Records, r.Before)
	}
	return text
}

// IsSparse says of a list with so many active records whether the roster has so few of its
// people that it does not tell what the list loses.
func IsSparse(records, onRoster int) bool { return records >= 2 && records >= 2*onRoster }

// lacksAll says of a sparse list that none of its records is left.
func (r *Roll) lacksAll() bool { return r.Before >= 2 && r.Records == 0 }

// LacksMany says likewise that no more of them are left than are gone.
func (r *Roll) LacksMany() bool {
	return r.Before-r.Records >= 3 && r.Records <= r.Before-r.Records || r.lacksAll()
}

// sparseEmptied says of a sparse list that lost somebody that none of its records is left: the
// roster does not know the others.
func (r *Roll) sparseEmptied() bool { return r.Lost > 0 && r.lacksAll() }

// sparseShrunk says likewise that no more of them are left than are gone.
func (r *Roll) sparseShrunk() bool { return r.Lost > 0 && r.LacksMany() }

// Name is how a list is called where its length is kept.
func (k List) Name() string {
	switch k.Kind {
	case sync.Administrators:
		return "administrators"
	case sync.ExtensionList:
		return "extensions"
	case sync.RoleList:
		return "roles"
	}
	return k.Sub + "/" + k.Group
}

// Has says whether a login is on an agent list.
func (k List) Has(l *sync.Login) bool {
	return l.SubAccountID == k.Sub && (k.Kind == sync.SubAccountList || l.AgentGroupID == k.Group)
}

// Tally counts the roster as it was before the run, for the guard.
type Tally struct {
	Active int // active, managed, linked
	Admins int // active, administrators as RingCentral says
}

// Count adds a member.
func (t *Tally) Count(m *sync.Member) {
	if m.IsAdministrator() {
		t.Admins++
	}
	if m.Status == sync.Active && m.Managed && m.Linked {
		t.Active++
	}
}
