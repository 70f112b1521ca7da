package reconcile_test

import (
	"fmt"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

// crowd is a world of n agents in group 10 of sub-account 1, members 1 to n, the
// last of whom also administers.
func crowd(n int) *world {
	w := newWorld()
	for i := range n {
		id := fmt.Sprintf("%03d", i+1)
		w.agent("1/10", "5"+id, "P"+id+" Roy", rc("7"+id))
		w.extension("7"+id, "P"+id+" Roy")
	}
	w.admin("301", fmt.Sprintf("P%03d Roy", n), rc(fmt.Sprintf("7%03d", n)))
	return w
}

// lose removes the records of the first n, and their extensions.
func (w *world) lose(n int) {
	g := w.group("1/10")
	g.Agents = g.Agents[n:]
	w.Snapshot.Extensions = append(w.Snapshot.Extensions[:1:1], w.Snapshot.Extensions[1+n:]...)
}

// holds makes the plan and gives why leavers are held; nil: they are not.
func (w *world) holds(t *testing.T) []string {
	t.Helper()
	plan := w.plan(t)
	mustKeepLaws(t, plan, w.members)
	var reasons []string
	if plan.Held != nil {
		for _, r := range plan.Held.Reasons {
			reasons = append(reasons, string(r.Reason))
			if r.Detail == "" {
				t.Errorf("%s without its numbers", r.Reason)
			}
		}
	}
	return reasons
}

func TestR21TheLimit(t *testing.T) {
	for _, c := range []struct {
		name                   string
		members, leave, recent int
		percent, floor         int
		held                   bool
	}{
		{"exactly the percentage", 20, 2, 0, 10, 0, false},
		{"one more", 20, 3, 0, 10, 0, true},
		{"more, but below the floor", 20, 4, 0, 10, 5, false},
		{"more, at the floor", 20, 5, 0, 10, 5, true},
		{"those of the last 24 hours count", 20, 1, 2, 10, 0, true},
		{"… and for the floor", 20, 1, 4, 10, 5, true},
		{"0 %: a single one", 20, 1, 0, 0, 0, true},
		{"100 %: never by number", 20, 9, 0, 100, 0, false},
		{"the only one", 1, 1, 0, 100, 50, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := crowd(c.members)
			w.Snapshot.Admins = nil // else the last administrator is held as well
			w.sync(t)
			w.Policy.Limits.Deactivations = sync.Limit{Percent: c.percent, Floor: c.floor}
			w.State.Recent[0].Deactivated = c.recent
			w.lose(c.leave)
			want := []string(nil)
			if c.held {
				want = []string{"limit"}
			}
			same(t, w.holds(t), want)
		})
	}
	t.Run("all of two or more", func(t *testing.T) {
		w := crowd(2)
		w.Snapshot.Admins = nil
		w.sync(t)
		w.lose(2)
		same(t, w.holds(t), []string{"limit", "list_emptied"})
	})
	t.Run("who is detached, never linked or inactive is no active member", func(t *testing.T) {
		w := crowd(20)
		w.sync(t)
		for id := range int64(10) {
			w.member(id + 10).Managed = false
		}
		w.Policy.Limits.Deactivations = sync.Limit{Percent: 10, Floor: 0}
		w.lose(2)
		same(t, w.holds(t), []string{"limit"})
	})
	t.Run("who the ladder keeps counts", func(t *testing.T) {
		w := crowd(20)
		w.sync(t)
		w.Policy.Limits.Deactivations = sync.Limit{Percent: 10, Floor: 0}
		w.Policy.Protect = []sync.Match{{Email: "p001@*"}}
		w.lose(3)
		same(t, w.holds(t), []string{"limit"})
	})
}

func TestR23ChangedSettings(t *testing.T) {
	setting := func(key, value, def string) []sync.Setting {
		return []sync.Setting{{Key: key, Value: value, Default: def}}
	}
	for _, c := range []struct {
		name     string
		accepted map[string]string
		now      []sync.Setting
		detail   string // "": not held
	}{
		{"the same", map[string]string{"owner_id": `"900"`, "scope": `{}`}, setting("scope", `{}`, `{}`), ""},
		{"another value: key, before and after", map[string]string{"owner_id": `"900"`, "scope": `{}`}, setting("scope", `{"x":1}`, `{}`), `scope was {} and is {"x":1}`},
		{"a key that an older version did not know counts as its default", map[string]string{"owner_id": `"900"`}, setting("new_key", `5`, `5`), ""},
		{"… and differs from it", map[string]string{"owner_id": `"900"`}, setting("new_key", `6`, `5`), `new_key was 5 and is 6`},
		{"the token's owner", map[string]string{"owner_id": `"901"`}, nil, `owner_id was "901" and is "900"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := crowd(3)
			w.sync(t)
			w.lose(1)
			w.State.Accepted, w.Policy.Deciding = c.accepted, c.now
			plan := w.plan(t)
			if c.detail == "" {
				same(t, w.holds(t), nil)
				return
			}
			want := []sync.HoldReason{{Reason: sync.ReasonSettings, Detail: c.detail}}
			if plan.Held == nil {
				t.Fatal("not held")
			}
			same(t, plan.Held.Reasons, want)
		})
	}
	t.Run("nothing accepted yet and members there already", func(t *testing.T) {
		w := crowd(3)
		w.sync(t)
		w.lose(1)
		in := w.input()
		in.State.Accepted = nil
		plan, err := plan.Make(in)
		if err != nil || plan.Held == nil || plan.Held.Reasons[0].Reason != sync.ReasonSettings {
			t.Errorf("plan %v, error %v", lines(plan), err)
		}
	})
}

func TestR24TheLastAdministrator(t *testing.T) {
	admins := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.admin("301", "Bob Roy")
		w.agent("1/10", "503", "Cy Poe", rc("703"))
		w.extension("701", "Ada Byron")
		w.extension("703", "Cy Poe")
	}
	play(t, []scenario{
		{
			name: "is held alone: other leavers go", before: admins,
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.extension("701", "Ada Byron")
			},
			want: []string{"deactivate 3 removed", "hold last_administrator", "held deactivate 1 removed"},
		},
		{
			name: "is not the last when another is made administrator in the same plan", before: admins,
			then: func(w *world) {
				w.Snapshot.Admins = nil
				w.admin("302", "Ada Byron", rc("701"))
			},
			want: []string{"update 2 rc:701 source_changed", "deactivate 1 removed"},
		},
		{
			name: "is, although a pin calls somebody else administrator", before: admins,
			then: func(w *world) {
				w.edit(t, edit.PinField(2, sync.Pin{Field: sync.Role, Value: sync.RoleAdministrator, Reason: "stands in", By: "chief"}))
				w.Snapshot.Admins = nil
			},
			want: []string{"hold last_administrator", "held deactivate 1 removed", "note 2 rc:701 pinned"},
		},
		{
			name: "is, although a pin calls them something else", before: admins,
			then: func(w *world) {
				w.edit(t, edit.PinField(1, sync.Pin{Field: sync.Role, Value: sync.RoleAgent, Reason: "x", By: "chief"}))
				w.Snapshot.Admins = nil
			},
			want: []string{"hold last_administrator", "held deactivate 1 removed"},
		},
		{
			name: "is, although somebody is brought in with the role", before: admins,
			then: func(w *world) {
				w.agent("1/10", "504", "Zoe Fox", rc("704"))
				w.extension("704", "Zoe Fox")
				w.Picks = &plan.Picks{Who: []string{"704"}, Role: sync.RoleAdministrator, By: "chief"}
				w.sync(t)
				w.Picks, w.Snapshot.Admins = nil, nil
			},
			want: []string{"hold last_administrator", "held deactivate 1 removed", "note 4 rc:704 pinned"},
		},
		{
			name: "nor when a new one comes", before: admins,
			then: func(w *world) {
				w.Snapshot.Admins = nil
				w.admin("302", "Zoe Fox")
			},
			want: []string{"onboard admin:302 new", "deactivate 1 removed"},
		},
		{
			name: "nor when one comes back", before: func(w *world) { admins(w); w.admin("302", "Zoe Fox") },
			between: func(w *world) { w.Snapshot.Admins = w.Snapshot.Admins[:1] },
			then: func(w *world) {
				w.Snapshot.Admins = nil
				w.admin("302", "Zoe Fox")
			},
			want: []string{"reactivate 2 admin:302 returned", "deactivate 1 removed"},
		},
		{
			name: "is, when the other one loses the role", before: func(w *world) { admins(w); w.admin("302", "Ada Byron", rc("701")) },
			then: func(w *world) { w.Snapshot.Admins = nil },
			want: []string{"hold list_emptied", "held update 2 rc:701 source_changed", "held deactivate 1 removed"},
		},
	})
}
