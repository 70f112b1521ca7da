package reconcile_test

import (
	"testing"

	"ringroster/sync"
)

// The unique index of the roster compares usernames byte by byte: whatever it takes for
// the same, so does the plan.
func TestR33UsernamesAreToldApart(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"), userName("O'Hara"))
	w.sync(t)
	w.agent("1/10", "502", "Bob Roy", rc("702"), userName("\uff2f\u2019HARA "))
	w.extension("702", "Bob Roy")
	w.sync(t)
	if got := w.member(2).Username; got != "\uff2f\u2019HARA .2" {
		t.Errorf("the second username is %q", got)
	}
}

// Whoever comes back is who they were, however RingCentral spells them now (R12).
func TestR33ReturnersAreRehired(t *testing.T) {
	for _, name := range [][2]string{
		{"Jose\u0301 Mari\u0301a", "O\u2019Hara"},
		{"Jos\u00e9  Mar\u00eda", "O'Hara"},
		{"Jos\u00e9\u00a0Mar\u00eda", "O'HARA"},
		{"Jos\u00e9\u200b Mar\u00eda", "\u202aO'Hara\u202c"},
	} {
		w := newWorld()
		w.agent("1/10", "501", "", rc("701"), named("Jos\u00e9 Mar\u00eda", "O'Hara"), email("jose@example.com"))
		w.admin("301", "Otto Owner")
		w.sync(t)
		w.group("1/10").Agents = nil
		w.sync(t)
		w.agent("1/10", "502", "", rc("702"), named(name[0], name[1]), email("Jose@Example.com\u200b"))
		w.extension("702", "", noContact)
		same(t, lines(w.plan(t)), []string{"reactivate 2 rc:702 rehired"})
	}
}

func TestR33ProtectedHoweverItIsSpelt(t *testing.T) {
	w := newWorld()
	w.Policy.Protect = []sync.Match{{Department: "Gesch\u00e4ftsf\u00fchrung"}}
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron", department("Gescha\u0308ftsfu\u0308hrung", ""))
	w.admin("301", "Otto Owner")
	w.sync(t)
	w.group("1/10").Agents, w.Snapshot.Extensions = nil, nil
	same(t, lines(w.plan(t)), []string{"note 2 protected"})
}
