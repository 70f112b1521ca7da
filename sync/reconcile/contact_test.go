package reconcile_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
	"ringroster/sync/contacts"
	"ringroster/sync/guard"
)

// book is a company directory, the contacts held, and the settings: all that a
// contact plan depends on.
type book struct {
	contacts.Input

	held   []*sync.Contact
	lastID int64
}

// newBook lists the owner, and holds the same.
func newBook() *book {
	b := &book{}
	b.List = &sync.ContactList{Account: "acme", Identity: sync.Identity{RingEXAccountID: "8", OwnerID: "900"}, Faulty: map[string]string{}, Total: 1}
	b.Policy = sync.ContactPolicy{DeleteRemaining: true, Limit: sync.Limit{Percent: 100, Floor: 50}, Deciding: []sync.Setting{{Key: "base_url", Value: `"x"`, Default: `""`}}}
	b.list("900", "Otto Owner")
	b.hold("900", "Otto Owner")
	b.State.Accepted = guard.Accepted(contacts.Settings(&b.Policy, b.List)).Settings
	return b
}

// entryOf is an entry of type User, with fields changed as edit says.
func entryOf(id, name string, edit ...func(*sync.ContactFields)) *sync.Contact {
	first, last, _ := strings.Cut(name, " ")
	c := &sync.Contact{RCID: id, Fields: sync.ContactFields{
		sync.ContactType: "User", sync.ContactStatus: "Enabled", sync.ContactFirstName: first, sync.ContactLastName: last,
		sync.ContactEmail: strings.ToLower(first) + "@example.com", sync.ContactPhones: "[]",
	}}
	for _, e := range edit {
		e(&c.Fields)
	}
	return c
}

func set(f sync.ContactField, value string) func(*sync.ContactFields) {
	return func(fields *sync.ContactFields) { fields[f] = value }
}

func (b *book) list(id, name string, edit ...func(*sync.ContactFields)) {
	b.List.Contacts = append(b.List.Contacts, sync.NewEntry(id, &entryOf(id, name, edit...).Fields))
}

func (b *book) hold(id, name string, edit ...func(*sync.ContactFields)) *sync.Contact {
	b.lastID++
	c := entryOf(id, name, edit...)
	c.ID = b.lastID
	b.held = append(b.held, c)
	return c
}

// crowd holds so many contacts, of which the last some are no longer listed.
func (b *book) crowd(all, gone int, edit ...func(*sync.ContactFields)) {
	b.crowdFrom(0, all, gone, edit...)
}

func (b *book) crowdFrom(first, all, gone int, edit ...func(*sync.ContactFields)) {
	for i := first; i < first+all; i++ {
		id, name := fmt.Sprintf("c%03d", i), fmt.Sprintf("Crowd%03d Person", i)
		b.hold(id, name, edit...)
		if i < first+all-gone {
			b.list(id, name, edit...)
		}
	}
}

// rejected notes that an operator refused that a contact goes.
func (b *book) rejected(c *sync.Contact) {
	b.State.Open = append(b.State.Open, sync.HeldChange{ID: c.ID, Run: 1, State: sync.Rejected, Kind: "remove", Member: c.ID, Field: sync.StatusField, Name: c.Label()})
}

func (b *book) plan() *sync.ContactPlan {
	b.Now = noon
	b.Contacts = func(yield func(*sync.Contact) bool) {
		for _, c := range b.held {
			copied := *c
			if !yield(&copied) {
				return
			}
		}
	}
	return contacts.Plan(b.Input)
}

// contactLines are a plan in words.
func contactLines(p *sync.ContactPlan) (all []string) {
	tell := func(prefix string, changes []sync.ContactChange) {
		for _, c := range changes {
			line := fmt.Sprintf("%s%s %s %s", prefix, c.Kind, c.Contact.Label(), c.Reason)
			for _, f := range c.Fields {
				line += fmt.Sprintf(" %s:%s>%s", f.Field, f.Before, f.After)
			}
			all = append(all, line)
		}
	}
	tell("", p.Changes)
	if p.Held != nil {
		for _, r := range p.Held.Reasons {
			all = append(all, "because "+string(r.Reason))
		}
		tell("held ", p.Held.Changes)
	}
	for _, n := range p.Notes {
		all = append(all, fmt.Sprintf("note %s %s", n.Name, n.Reason))
	}
	for _, c := range p.Marks {
		all = append(all, "mark of "+c.Label())
	}
	for i := range p.Open {
		all = append(all, fmt.Sprintf("open %s %s", p.Open[i].State, p.Open[i].Name))
	}
	return all
}

// TestContactDecisionTable has the rows of the table above contacts.Plan, in its
// order.
func TestContactDecisionTable(t *testing.T) {
	for _, c := range []struct {
		name  string
		given func(*book)
		want  []string
	}{
		{"R19 cannot be read, held", func(b *book) {
			b.hold("1", "Ada Byron")
			b.List.Faulty["1"] = "status: of the wrong type"
		}, []string{"note Ada Byron faulty_record"}},
		{"R19 cannot be read, not held", func(b *book) { b.List.Faulty["1"] = "status: of the wrong type" }, []string{"note 1 faulty_record"}},
		{"listed, none held", func(b *book) { b.list("1", "Ada Byron") }, []string{"add Ada Byron new"}},
		{"listed, marked", func(b *book) {
			b.list("1", "Ada Byron")
			b.hold("1", "Ada Byron", set(sync.ContactStatus, sync.StatusRemoved))
		}, []string{"return Ada Byron returned status:Removed>Enabled"}},
		{"listed, differs", func(b *book) {
			b.list("1", "Ada Lovelace", set(sync.ContactDepartment, "Sales"))
			b.hold("1", "Ada Byron")
		}, []string{"update Ada Lovelace source_changed last_name:Byron>Lovelace department:>Sales"}},
		{"listed, the same", func(b *book) {
			b.list("1", "Ada Byron")
			b.hold("1", "Ada Byron")
		}, nil},
		{"R26 listed again after a rejection", func(b *book) {
			b.list("1", "Ada Byron")
			b.rejected(b.hold("1", "Ada Byron"))
		}, []string{"open rejected Ada Byron"}},
		{"R26 not listed, rejected", func(b *book) { b.rejected(b.hold("1", "Ada Byron")) }, []string{"note Ada Byron rejected", "mark of Ada Byron", "open rejected Ada Byron"}},
		{"R21 listed again", func(b *book) {
			b.list("1", "Ada Byron")
			b.hold("1", "Ada Byron").LeavingSince = noon
		}, []string{"mark of Ada Byron"}},
		{"not listed, delete_remaining", func(b *book) { b.hold("1", "Ada Byron") }, []string{"remove Ada Byron removed"}},
		{
			"not listed, marked before delete_remaining", func(b *book) { b.hold("1", "Ada Byron", set(sync.ContactStatus, sync.StatusRemoved)) },
			[]string{"remove Ada Byron removed"},
		},
		{"not listed, marked", func(b *book) {
			b.Policy.DeleteRemaining = false
			b.hold("1", "Ada Byron", set(sync.ContactStatus, sync.StatusRemoved))
		}, nil},
		{"not listed, kept", func(b *book) {
			b.Policy.DeleteRemaining = false
			b.hold("1", "Ada Byron")
		}, []string{"mark Ada Byron removed status:Enabled>Removed"}},
		{"an entry that is no user", func(b *book) {
			b.List.Contacts = append(b.List.Contacts, sync.NewEntry("7", &sync.ContactFields{sync.ContactType: "Department", sync.ContactName: "Support Queue"}))
		}, []string{"add Support Queue new"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			c.given(b)
			if diff := cmp.Diff(c.want, contactLines(b.plan())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestContactGuard has the reasons of R21 to R23 for which contacts are held.
func TestContactGuard(t *testing.T) {
	for _, c := range []struct {
		name  string
		given func(*book)
		want  []sync.Reason // nil: nothing is held
	}{
		{"R21 below the floor", func(b *book) {
			b.Policy.Limit = sync.Limit{Percent: 10, Floor: 5}
			b.crowd(12, 4)
		}, nil},
		{"R21 above percent and floor", func(b *book) {
			b.Policy.Limit = sync.Limit{Percent: 10, Floor: 5}
			b.crowd(40, 5)
		}, []sync.Reason{sync.ReasonLimit}},
		{"R21 as many as percent allows", func(b *book) {
			b.Policy.Limit = sync.Limit{Percent: 10, Floor: 5}
			b.crowd(59, 6)
		}, nil},
		{"R21 the last day counts", func(b *book) {
			b.Policy.Limit = sync.Limit{Percent: 10, Floor: 5}
			b.State.Recent[0].Deactivated = 4
			b.crowd(40, 1)
		}, []sync.Reason{sync.ReasonLimit}},
		{"R21 all of two", func(b *book) {
			b.List.Contacts, b.held = nil, nil
			b.crowd(2, 2)
			b.list("1", "New Comer")
		}, []sync.Reason{sync.ReasonLimit, sync.ReasonListEmptied}},
		{"R21 marks count as well", func(b *book) {
			b.Policy.DeleteRemaining = false
			b.Policy.Limit = sync.Limit{Percent: 10, Floor: 5}
			b.crowd(40, 5)
		}, []sync.Reason{sync.ReasonLimit}},
		{"R22 a list as long as a cap that claims no total", func(b *book) {
			b.List.Total = -1
			b.crowd(999, 1) // and the owner, and somebody new
		}, []sync.Reason{sync.ReasonListCap}},
		{"R22 a total proves that nothing was cut", func(b *book) {
			b.List.Total = 1000
			b.crowd(999, 1)
		}, nil},
		{"R22 a site without anybody", func(b *book) {
			b.crowd(3, 0)
			b.crowdFrom(10, 3, 3, set(sync.ContactSite, "Dallas"))
		}, []sync.Reason{sync.ReasonListEmptied}},
		{"R22 a type without any", func(b *book) {
			b.crowd(3, 0)
			b.crowdFrom(10, 3, 3, set(sync.ContactType, "Department"))
		}, []sync.Reason{sync.ReasonListEmptied}},
		{"R22 half of the directory", func(b *book) { b.crowd(9, 5) }, []sync.Reason{sync.ReasonListShrunk}},
		{"R22 the owner is gone", func(b *book) {
			b.List.Contacts = b.List.Contacts[:0]
			b.list("1", "Ada Byron")
			b.hold("1", "Ada Byron")
		}, []sync.Reason{sync.ReasonOwnerMissing}},
		{"R22 an owner who was never listed", func(b *book) {
			b.List.Contacts, b.held = nil, nil
			b.crowd(3, 1)
		}, nil},
		{"R19 entries without an id", func(b *book) {
			b.List.Nameless = 1
			b.crowd(3, 1)
		}, []sync.Reason{sync.ConflictFaulty}},
		{"R23 another address", func(b *book) {
			b.State.Accepted = maps.Clone(b.State.Accepted)
			b.State.Accepted["base_url"] = `"y"`
			b.crowd(3, 1)
		}, []sync.Reason{sync.ReasonSettings}},
		{"R23 another owner of the token", func(b *book) {
			b.List.Identity.OwnerID = "901"
			b.crowd(3, 1)
		}, []sync.Reason{sync.ReasonSettings}},
		{"R23 nothing accepted yet", func(b *book) {
			b.State.Accepted = nil
			b.crowd(3, 1)
		}, []sync.Reason{sync.ReasonSettings}},
		{"R23 other settings and nobody gone", func(b *book) { b.State.Accepted = nil }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			c.given(b)
			b.list("new", "Somebody New")
			plan := b.plan()
			var got []sync.Reason
			if plan.Held != nil {
				for _, r := range plan.Held.Reasons {
					if r.Detail == "" {
						t.Errorf("%s has no detail", r.Reason)
					}
					got = append(got, r.Reason)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if plan.Summary.Added == 0 {
				t.Error("what is not held was not applied")
			}
		})
	}
}

func TestR25ApprovedContactsAloneGo(t *testing.T) {
	b := newBook()
	b.State.Accepted = nil
	b.list("1", "Ada Byron")
	gone, other := b.hold("2", "Bea Ng"), b.hold("3", "Cem Oz")
	b.hold("4", "Dan Po")
	b.list("4", "Dan Changed")
	b.State.Open = []sync.HeldChange{
		{ID: 8, Run: 1, State: sync.Waiting, Kind: "remove", Member: gone.ID, Field: sync.StatusField, Before: gone.Fields[sync.ContactStatus], After: sync.StatusRemoved, Why: []sync.HoldReason{{Reason: sync.ReasonSettings, Detail: "x"}}},
		{ID: 9, Run: 1, State: sync.Rejected, Kind: "remove", Member: other.ID, Field: sync.StatusField},
	}
	b.Approved = []int64{8, 9}
	want := []string{"remove Bea Ng removed"}
	if diff := cmp.Diff(want, contactLines(b.plan())); diff != "" {
		t.Error(diff)
	}
}

// What was shown was a mark: the settings say by now that contacts are deleted (R25).
func TestR25AnApprovedMarkDeletesNothing(t *testing.T) {
	for kind, want := range map[sync.ContactKind][]string{sync.MarkContact: nil, sync.RemoveContact: {"remove Bea Ng removed"}} {
		b := newBook()
		gone := b.hold("2", "Bea Ng")
		b.State.Open = []sync.HeldChange{{ID: 8, Run: 1, State: sync.Waiting, Kind: sync.Kind(kind), Member: gone.ID, Field: sync.StatusField, Before: gone.Fields[sync.ContactStatus], After: sync.StatusRemoved, Why: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "x"}}}}
		b.Approved = []int64{8}
		if diff := cmp.Diff(want, contactLines(b.plan())); diff != "" {
			t.Errorf("shown was %s: %s", kind, diff)
		}
	}
}

func TestPhonesHaveOneForm(t *testing.T) {
	a := []sync.Phone{{Number: "+2", Type: "VoiceFax"}, {Number: "+1"}, {Number: "+3", Primary: true}}
	b := []sync.Phone{{Number: "+3", Primary: true}, {Number: "+1"}, {Number: "+2", Type: "VoiceFax"}}
	if x, y := sync.PhonesJSON(a), sync.PhonesJSON(b); x != y || x != `[{"number":"+3","primary":true},{"number":"+1"},{"number":"+2","type":"VoiceFax"}]` {
		t.Errorf("%s and %s", x, y)
	}
	if got := sync.PhonesJSON(nil); got != "[]" {
		t.Errorf("no numbers are %s", got)
	}
	if got := sync.ParsePhones(sync.PhonesJSON(a)); len(got) != 3 {
		t.Errorf("got %v", got)
	}
}

// A rejected removal says that the directory is wrong: it goes on counting (R21, R22).
func TestR26RejectedContactsCount(t *testing.T) {
	b := newBook()
	b.Policy.Limit = sync.Limit{Percent: 10, Floor: 5}
	b.crowd(60, 8)
	for _, c := range b.held[len(b.held)-8 : len(b.held)-2] { // six of the eight were rejected
		b.rejected(c)
	}
	if plan := b.plan(); plan.Held == nil || len(plan.Held.Changes) != 2 || plan.Summary.Removed != 0 {
		t.Errorf("%v", contactLines(plan))
	}
}
