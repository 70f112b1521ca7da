package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// acted is an entry of a log about somebody: "RingCX DELETE Agent 1/501 by alex" at so many
// minutes before noon.
func acted(minutes int, what, id, by string, values ...sync.AuditValue) sync.AuditEntry {
	kind, entity, _ := strings.Cut(what, " ")
	e := sync.AuditEntry{Log: sync.RingCXLog, At: noon.Add(-time.Duration(minutes) * time.Minute), Type: kind, Action: what, ID: id, Values: values}
	if by != "" {
		e.ActorID, e.Actor = "3"+fmt.Sprint(len(by)), by+"@example.com"
	}
	switch entity {
	case "Agent":
		e.Entity = sync.AuditedAgent
		e.SubAccount, e.ID, _ = strings.Cut(id, "/")
	case "User":
		e.Entity = sync.AuditedUser
	default:
		e.Log, e.Entity = sync.RingEXTrail, sync.AuditedExtension
	}
	return e
}

func value(name, after string) sync.AuditValue { return sync.AuditValue{Name: name, After: after} }

func TestR37WhoDidIt(t *testing.T) {
	isAgent := func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) }
	for _, c := range []struct {
		name    string
		before  func(*world)
		now     func(*world)
		entries []sync.AuditEntry
		status  map[string]sync.ExtensionStatus
		want    string // of the one change; "": nobody is named
	}{
		{
			name: "an agent record was removed", before: ada, now: without(),
			entries: []sync.AuditEntry{acted(5, "DELETE Agent", "1/501", "alex")},
			want:    "removed by alex@example.com at 11:55 (RingCX audit log)",
		},
		{
			name: "two did: the last one is named", before: ada, now: without(),
			entries: []sync.AuditEntry{acted(3, "DELETE Agent", "1/501", "bea"), acted(5, "DELETE Agent", "1/501", "alex")},
			want:    "removed by bea@example.com at 11:57 (RingCX audit log)",
		},
		{
			name: "somebody else's record, or another's of the same number elsewhere", before: ada, now: without(),
			entries: []sync.AuditEntry{acted(5, "DELETE Agent", "1/502", "alex"), acted(5, "DELETE Agent", "2/501", "alex"), acted(5, "DELETE User", "501", "alex")},
		},
		{
			name: "the e-mail tells whose it is where no id does", before: ada, now: without(),
			entries: []sync.AuditEntry{{Log: sync.RingCXLog, At: noon, Type: "DELETE", Entity: sync.AuditedAgent, Actor: "alex@example.com", Email: "ADA@example.com"}},
			want:    "removed by alex@example.com at 12:00 (RingCX audit log)",
		},
		{
			name: "before the last run, or after this", before: ada, now: without(),
			entries: []sync.AuditEntry{acted(24*60+20, "DELETE Agent", "1/501", "alex"), acted(-1, "DELETE Agent", "1/501", "alex")},
		},
		{
			name: "the day before: it is named", before: ada, now: without(),
			entries: []sync.AuditEntry{acted(24*60-5, "DELETE Agent", "1/501", "alex")},
			want:    "removed by alex@example.com on 2026-03-01 at 12:05 (RingCX audit log)",
		},
		{
			name: "what was created, or changed otherwise, is no removal", before: ada, now: without(),
			entries: []sync.AuditEntry{acted(5, "CREATE Agent", "1/501", "alex"), acted(5, "UPDATE Agent", "1/501", "alex", value("phone", "1")), acted(5, "UPDATE Agent", "1/501", "alex")},
		},
		{
			name: "the log names nobody", before: ada, now: without(),
			entries: []sync.AuditEntry{acted(5, "DELETE Agent", "1/501", "")},
			want:    "removed at 11:55 (RingCX audit log)",
		},
		{
			name: "an agent was set inactive, and renamed since", before: ada, now: adaIs("Enabled", inactive),
			entries: []sync.AuditEntry{acted(5, "UPDATE Agent", "1/501", "alex", value("isActive", "false")), acted(3, "UPDATE Agent", "1/501", "bea", value("firstName", "Ada"))},
			want:    "deactivated by alex@example.com at 11:55 (RingCX audit log)",
		},
		{
			name: "access was revoked by what the log does not say", before: ada, now: adaIs("Enabled", inactive),
			entries: []sync.AuditEntry{acted(5, "UPDATE Agent", "1/501", "alex")},
			want:    "changed by alex@example.com at 11:55 (RingCX audit log)",
		},
		{
			name: "an extension was disabled", before: ada, now: adaIs("Disabled"),
			entries: []sync.AuditEntry{acted(5, "UPDATE", "701", "alex", value("status", "Disabled")), acted(3, "UPDATE", "701", "bea", value("settingName", "Password"))},
			want:    "disabled by alex@example.com at 11:55 (RingEX audit trail)",
		},
		{
			name: "… with the reason that RingEX has", before: ada, now: adaIs("Disabled"),
			entries: []sync.AuditEntry{acted(5, "UPDATE", "701", "alex", value("status", "Disabled"))},
			status:  map[string]sync.ExtensionStatus{"701": {Reason: "Involuntarily", Comment: "left the company"}},
			want:    "disabled by alex@example.com at 11:55 (RingEX audit trail, involuntarily: left the company)",
		},
		{
			name: "… and nobody is named", before: ada, now: adaIs("Disabled"),
			status: map[string]sync.ExtensionStatus{"701": {Reason: "Voluntarily", Comment: ""}},
			want:   "disabled (RingEX extension, voluntarily)",
		},
		{
			name: "a RingEX user who was deleted is no agent any more", before: ada, now: without(),
			entries: []sync.AuditEntry{acted(5, "DELETE", "701", "alex")},
			want:    "removed by alex@example.com at 11:55 (RingEX audit trail)",
		},
		{
			name: "an administrator is an agent alone now", before: func(w *world) { isAgent(w); w.admin("9001", "Ada Byron", rc("701")); w.admin("9002", "Bea Ng") },
			now:     func(w *world) { isAgent(w); w.admin("9002", "Bea Ng") },
			entries: []sync.AuditEntry{acted(5, "DELETE User", "9001", "alex")},
			want:    "changed by alex@example.com at 11:55 (RingCX audit log)",
		},
		{
			name: "a supervisor is an agent now", before: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("SUPERVISOR")) },
			now:     isAgent,
			entries: []sync.AuditEntry{acted(5, "UPDATE Agent", "1/501", "alex", value("agentType", "AGENT")), acted(3, "UPDATE Agent", "1/501", "bea", value("phone", "1"))},
			want:    "changed by alex@example.com at 11:55 (RingCX audit log)",
		},
		{
			name: "a promotion is nobody's loss", before: isAgent,
			now:     func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("SUPERVISOR")) },
			entries: []sync.AuditEntry{acted(5, "UPDATE Agent", "1/501", "alex", value("agentType", "SUPERVISOR"))},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := attributed(t, c.before)
			s.dayBefore()
			d := s.reports("acme", c.now)
			d.audit = func(sync.AuditQuery) *sync.AuditAnswer {
				return &sync.AuditAnswer{Entries: c.entries, Status: c.status}
			}
			plan := s.sync(t, "acme")[0].Plan
			got := ""
			for i := range plan.Changes {
				if a := plan.Changes[i].Source; a != nil {
					got = a.Text(noon)
				}
			}
			if got != c.want {
				t.Errorf("%v: %q, want %q", lines(plan), got, c.want)
			}
		})
	}
}

// attributed is a site with attribution on.
func attributed(t *testing.T, given func(*world)) *siteUnderTest {
	s := newSite(t, func(w *world) { given(w); relaxed(w) })
	s.Attribution = true
	return s
}

// relaxed lets one leaver of one go.
func relaxed(w *world) { w.Policy.Limits = noLimits }

// dayBefore has the last run a day ago.
func (s *siteUnderTest) dayBefore() { s.roster.books["acme"].state.LastSeen = noon.AddDate(0, 0, -1) }

func TestR37WhatIsAsked(t *testing.T) {
	crowd := func(w *world) {
		for i := range 40 {
			w.agent(fmt.Sprintf("%d/10", 1+i%8), fmt.Sprint(500+i), fmt.Sprintf("Ada%d Byron", i), rc(fmt.Sprint(700+i)))
			w.extension(fmt.Sprint(700+i), fmt.Sprintf("Ada%d Byron", i))
		}
	}
	for _, c := range []struct {
		name        string
		before, now func(*world)
		off         bool
		want        string
		note        string
	}{
		{name: "nobody leaves", before: ada, now: ada},
		{name: "the settings ask for none of it", before: ada, now: without(), off: true},
		{name: "a leaver", before: ada, now: without(), want: "logs of [1]; about [701]; why []"},
		{
			name: "an administrator: wherever that is filed", before: func(w *world) { w.admin("9001", "Ada Byron"); w.agent("1/10", "502", "Bea Ng") },
			now: func(w *world) { w.agent("1/10", "502", "Bea Ng") }, want: "logs of [1 9]; about []; why []",
		},
		{name: "a disabled extension", before: ada, now: adaIs("Disabled"), want: "logs of []; about [701]; why [701]"},
		{
			name: "a crowd", before: crowd, now: func(w *world) {
				for i := range 8 {
					w.group(fmt.Sprintf("%d/10", 1+i))
				}
				w.admin("1", "Otto Owner")
			},
			want: "logs of [1 2 3 4 5]; about 40; why []", note: "3 of 8 sub-accounts concerned were left out",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := attributed(t, c.before)
			s.Attribution = !c.off
			d := s.reports("acme", c.now)
			plan := s.sync(t, "acme")[0].Plan
			got := ""
			for _, q := range d.audits {
				about := fmt.Sprint(q.Extensions)
				if len(q.Extensions) > 3 {
					about = fmt.Sprint(len(q.Extensions))
				}
				accounts := q.SubAccounts
				if q.Main != "" {
					accounts = append(slices.Clip(accounts), q.Main)
				}
				got += fmt.Sprintf("logs of %v; about %s; why %v", accounts, about, q.Disabled)
				if !q.From.Equal(noon.Add(-15*time.Minute)) || !q.To.Equal(noon) {
					t.Errorf("from %s to %s", q.From, q.To)
				}
			}
			if got != c.want {
				t.Errorf("asked %q, want %q", got, c.want)
			}
			if notes := notesOf(plan, reconcile.NoteAttributionUnread); c.note == "" && len(notes) > 0 || !strings.Contains(strings.Join(notes, "\n"), c.note) {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

func notesOf(plan *sync.Plan, reason sync.Reason) (details []string) {
	for _, n := range plan.Notes {
		if n.Reason == reason {
			details = append(details, n.Detail)
		}
	}
	return details
}

func TestR37TroubleCostsANote(t *testing.T) {
	for _, c := range []struct {
		name  string
		audit func(sync.AuditQuery) *sync.AuditAnswer
		note  string
	}{
		{name: "an empty answer", note: "of 1 of 1 changes RingCentral does not tell who did it", audit: func(sync.AuditQuery) *sync.AuditAnswer { return &sync.AuditAnswer{} }},
		{name: "no permission", note: "no permission", audit: func(sync.AuditQuery) *sync.AuditAnswer {
			return &sync.AuditAnswer{Unread: []string{"no permission", "nor here"}}
		}},
		{name: "a panic", note: "oops", audit: func(sync.AuditQuery) *sync.AuditAnswer { panic(errors.New("oops")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := attributed(t, ada)
			s.reports("acme", without()).audit = c.audit
			result := s.sync(t, "acme")[0]
			if !slices.Contains(lines(result.Plan), "deactivate 1 removed") {
				t.Errorf("%v", lines(result.Plan))
			}
			notes := append(notesOf(result.Plan, reconcile.NoteUnattributed), notesOf(result.Plan, reconcile.NoteAttributionUnread)...)
			if len(notes) != 1 || !strings.Contains(notes[0], c.note) {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

// A log that never answers costs a bounded time, less where the run has little left, and the
// run nothing.
func TestR37ASlowLogIsLeft(t *testing.T) {
	for _, c := range []struct{ left, within time.Duration }{{time.Hour, 75 * time.Second}, {time.Minute, 30 * time.Second}} {
		t.Run(c.left.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := attributed(t, ada)
				s.reports("acme", without()).auditHangs = true
				ctx, cancel := context.WithTimeout(t.Context(), c.left)
				defer cancel()
				began := time.Now()
				_, results, err := s.Sync(ctx, reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}, Trigger: sync.Manual}})
				if err != nil || results[0].Status != sync.Succeeded || !slices.Contains(lines(results[0].Plan), "deactivate 1 removed") {
					t.Fatal(err, results)
				}
				if took := time.Since(began); took != c.within {
					t.Errorf("it took %s, want %s", took, c.within)
				}
			})
		})
	}
}

// The order in which logs answer decides nothing.
func TestR37AnyOrderOfEntries(t *testing.T) {
	entries := []sync.AuditEntry{
		acted(5, "DELETE Agent", "1/501", "alex"), acted(3, "DELETE Agent", "1/501", "bea"), acted(3, "DELETE", "701", "carol"),
		acted(4, "UPDATE Agent", "1/501", "dan", value("isActive", "false")), acted(1, "UPDATE Agent", "1/501", "eve", value("phone", "1")),
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := attributed(t, ada)
		s.reports("acme", without()).audit = func(sync.AuditQuery) *sync.AuditAnswer {
			return &sync.AuditAnswer{Entries: rapid.Permutation(entries).Draw(rt, "entries")}
		}
		plan := s.sync(t, "acme")[0].Plan
		for i := range plan.Changes {
			if a := plan.Changes[i].Source; a != nil && a.Actor != "bea@example.com" {
				rt.Errorf("%+v", a)
			}
		}
	})
}

// What was found stays with what waits, and with what was approved of it.
func TestR37AHeldChangeKeepsWhoDidIt(t *testing.T) {
	s := attributed(t, ada)
	gone := func(told ...sync.AuditEntry) *fakeDirectory {
		d := s.reports("acme", without())
		p := s.policies["acme"]
		p.Limits.Deactivations = sync.Limit{Percent: 0, Floor: 0}
		s.policies["acme"] = p
		d.audit = func(sync.AuditQuery) *sync.AuditAnswer { return &sync.AuditAnswer{Entries: told} }
		return d
	}
	at := noon
	s.Now = func() time.Time { return at }
	asks := func(what string, d *fakeDirectory, n int, want string) {
		t.Helper()
		plan := s.sync(t, "acme")[0].Plan
		if len(d.audits) != n || plan.Held == nil {
			t.Fatalf("%s: asked %d times, want %d: %v", what, len(d.audits), n, lines(plan))
		}
		got := ""
		if a := plan.Held.Changes[0].Source; a != nil {
			got = a.Actor
		}
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		if a := plan.Open[0].Source; (a != nil) != (want != "") {
			t.Errorf("%s: the open set has %v", what, a)
		}
	}
	asks("the log tells nothing yet", gone(), 1, "")
	at = at.AddDate(0, 0, 1)
	asks("it tells a day later", gone(acted(5, "DELETE Agent", "1/501", "alex")), 1, "alex@example.com")
	at = at.AddDate(0, 0, 1)
	asks("what is known is not asked again", gone(acted(-100, "DELETE Agent", "1/501", "bea")), 0, "alex@example.com")

	open := s.roster.books["acme"].state.Open
	d := gone()
	_, results, err := s.Sync(t.Context(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}, Trigger: sync.Approve}, Approve: map[string]*sync.Approval{"acme": {Run: 9, Held: []int64{open[0].ID}}}})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results[0].Err)
	}
	if c := results[0].Plan.Changes; len(c) != 1 || c[0].Source == nil || c[0].Source.Actor != "alex@example.com" || len(d.audits) > 0 {
		t.Errorf("approved %+v", c)
	}
}

// The actor is called by their e-mail, where RingCentral reports them.
func TestR37TheActorIsKnown(t *testing.T) {
	s := attributed(t, ada)
	s.reports("acme", func(w *world) { without()(w); w.admin("77", "Alex Kim") }).audit = func(sync.AuditQuery) *sync.AuditAnswer {
		e := acted(5, "DELETE Agent", "1/501", "")
		e.ActorID, e.ActorName = "77", "A. Kim"
		return &sync.AuditAnswer{Entries: []sync.AuditEntry{e}}
	}
	plan := s.sync(t, "acme")[0].Plan
	for i := range plan.Changes {
		if a := plan.Changes[i].Source; a != nil && (a.Actor != "alex@example.com" || a.ActorID != "admin:77" || a.Name != "A. Kim") {
			t.Errorf("%+v", a)
		}
	}
}
