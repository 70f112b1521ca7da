package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/sync"
)

func TestEntriesComeBackWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var fields sync.ContactFields
		for f := range fields {
			fields[f] = rapid.String().Draw(t, sync.ContactField(f).String())
		}
		fields[sync.ContactJobTitle] += strings.Repeat("x", rapid.IntRange(0, 70_000).Draw(t, "more"))
		if got := sync.NewEntry("1", &fields).Contact(); got.Fields != fields || got.RCID != "1" {
			t.Fatalf("%q comes back as %q", fields, got.Fields)
		}
	})
}

// TestContactLaws: of any directory and any contacts, the sums agree, nothing is
// touched twice, a plan does not depend on an order, and once all of it is applied
// a second one finds nothing to do.
func TestContactLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := arbitraryBook(t)
		plan := b.plan()
		s := plan.Summary
		if sum := s.Added + s.Returned + s.Updated + s.Unchanged + s.Faulty; s.Listed != sum {
			t.Fatalf("R32: %d listed, but the parts come to %d: %+v", s.Listed, sum, s)
		}
		touched := map[string]bool{}
		all := plan.Changes
		if plan.Held != nil {
			all = slices.Concat(all, plan.Held.Changes)
		}
		for _, c := range all {
			if touched[c.Contact.RCID] {
				t.Fatalf("%s is in two changes", c.Contact.RCID)
			}
			touched[c.Contact.RCID] = true
			if c.Kind == sync.RemoveContact && slices.ContainsFunc(b.List.Contacts, func(l sync.Entry) bool { return l.RCID == c.Contact.RCID }) {
				t.Fatalf("%s is listed and would go", c.Contact.RCID)
			}
		}
		want := contactLines(plan)
		slices.Reverse(b.held)
		slices.Reverse(b.List.Contacts)
		if diff := cmp.Diff(want, contactLines(b.plan())); diff != "" {
			t.Fatalf("another order, another plan: %s", diff)
		}
		b.held = applyContacts(plan, b.held, &b.lastID)
		b.State.Open = plan.Open
		if again := b.plan(); plan.Held == nil && len(again.Changes)+len(again.Marks) > 0 {
			t.Fatalf("a second run does %v", contactLines(again))
		}
	})
}

func arbitraryBook(t *rapid.T) *book {
	b := newBook()
	b.Policy.DeleteRemaining = rapid.Bool().Draw(t, "delete_remaining")
	b.Policy.Limit.Percent, b.Policy.Limit.Floor = rapid.IntRange(0, 100).Draw(t, "percent"), rapid.IntRange(0, 6).Draw(t, "floor")
	b.List.Nameless = rapid.IntRange(0, 1).Draw(t, "nameless")
	name := rapid.SampledFrom([]string{"Ada Byron", "Bea Ng", "Éva Kiss"})
	for i := range rapid.IntRange(0, 12).Draw(t, "entries") {
		id := fmt.Sprint(i)
		if rapid.Bool().Draw(t, "held") {
			c := b.hold(id, name.Draw(t, "held name"), set(sync.ContactStatus, rapid.SampledFrom([]string{"Enabled", "Disabled", sync.StatusRemoved}).Draw(t, "status")))
			if rapid.IntRange(0, 3).Draw(t, "rejected") == 0 {
				b.rejected(c)
			}
		}
		switch rapid.IntRange(0, 3).Draw(t, "listed") {
		case 0:
		case 1:
			b.List.Faulty[id] = "type: of the wrong type"
		default:
			b.list(id, name.Draw(t, "name"), set(sync.ContactSite, rapid.SampledFrom([]string{"", "Dallas"}).Draw(t, "site")))
		}
	}
	return b
}

// applyContacts writes a plan as the store does.
func applyContacts(plan *sync.ContactPlan, held []*sync.Contact, lastID *int64) []*sync.Contact {
	held = slices.Clone(held)
	for _, c := range plan.Changes {
		i := slices.IndexFunc(held, func(h *sync.Contact) bool { return h.ID == c.Contact.ID })
		next := *c.Contact
		switch c.Kind {
		case sync.AddContact:
			*lastID++
			next.ID = *lastID
			held = append(held, &next)
		case sync.RemoveContact:
			held = slices.Delete(held, i, i+1)
		default:
			next.LeavingSince = time.Time{}
			held[i] = &next
		}
	}
	for _, m := range plan.Marks {
		held[slices.IndexFunc(held, func(h *sync.Contact) bool { return h.ID == m.ID })] = m
	}
	return held
}
