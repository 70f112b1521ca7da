package reconcile_test

import (
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// until is a pin of Ada's department, as an operator makes it.
func until(day string) sync.Pin {
	return sync.Pin{Field: sync.Department, Value: "Projects", Until: day, Reason: "on loan", By: "chief"}
}

func TestPinsHoldAgainstTheSync(t *testing.T) {
	ada := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.extension("701", "Ada Byron", department("Sales", ""))
	}
	pin := func(day string) func(*world) {
		return func(w *world) {
			ada(w)
			w.Now = noon.AddDate(0, 0, -3)
			w.sync(t)
			w.edit(t, edit.PinField(1, until(day)))
		}
	}
	moved := func(w *world) { w.Snapshot.Extensions[1].Department = "Support" }
	play(t, []scenario{
		{
			name: "the value stays, whatever RingCentral reports", before: ada,
			then: func(w *world) { w.edit(t, edit.PinField(1, until(""))); moved(w) },
			want: []string{"note 1 rc:701 pinned"}, fields: []string{},
		},
		{
			name: "an edit by hand is reverted to the pin's value", before: ada,
			then: func(w *world) { w.edit(t, edit.PinField(1, until(""))); w.member(1).Profile[sync.Department] = "Typo" },
			want: []string{"update 1 rc:701 local_edit_reverted", "note 1 rc:701 pinned"},
			fields: []string{
				"department: Typo -> Projects, local_edit_reverted",
			},
		},
		{
			name: "it holds through its last day", before: ada,
			then: func(w *world) { w.edit(t, edit.PinField(1, until("2026-03-02"))) },
			want: []string{"note 1 rc:701 pinned"},
		},
		{
			name: "it ends by itself, and RingCentral's value comes back", before: ada,
			then: func(w *world) { w.edit(t, edit.PinField(1, until("2026-03-01"))) },
			want: []string{"update 1 rc:701 pin_ended"},
			fields: []string{
				"department: Projects -> Sales, pin_ended",
				`pins: [{"field":"department","value":"Projects","until":"2026-03-01","reason":"on loan","by":"chief"}] -> [], pin_ended`,
			},
		},
		{
			name: "it ends although RingCentral does not report the field", before: ada,
			then: func(w *world) {
				w.edit(t, edit.PinField(1, until("2026-03-01")))
				w.Snapshot.Extensions = w.Snapshot.Extensions[:1]
			},
			want: []string{"update 1 rc:701 pin_ended", "note 1 rc:701 extension_missing"},
			fields: []string{
				"department: Projects -> Sales, pin_ended",
				`pins: [{"field":"department","value":"Projects","until":"2026-03-01","reason":"on loan","by":"chief"}] -> [], pin_ended`,
			},
		},
		{
			name:   "what RingCentral last said comes back, not what it said when the pin began",
			before: pin("2026-03-01"), between: moved,
			then: func(w *world) { w.Now = noon },
			fields: []string{
				"department: Projects -> Support, pin_ended",
				`pins: [{"field":"department","value":"Projects","until":"2026-03-01","reason":"on loan","by":"chief"}] -> [], pin_ended`,
			},
			want: []string{"update 1 rc:701 pin_ended"},
		},
		{
			name: "a leaver leaves all the same", before: pin(""),
			then: func(w *world) { w.clearAll(); w.admin("1", "Otto Owner") },
			want: []string{"onboard admin:1 new", "deactivate 1 removed"},
		},
	})
}

func TestPinEdits(t *testing.T) {
	synced := func(t *testing.T) *world {
		w := newWorld()
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.extension("701", "Ada Byron", department("Sales", ""))
		w.sync(t)
		return w
	}
	t.Run("unpin gives RingCentral's last value back at once", func(t *testing.T) {
		w := synced(t)
		w.edit(t, edit.PinField(1, until("")))
		if got := w.member(1).Profile[sync.Department]; got != "Projects" {
			t.Errorf("pinned: %q", got)
		}
		w.Snapshot.Extensions[1].Department = "Support"
		w.sync(t)
		w.edit(t, edit.Unpin(1, sync.Department))
		if m := w.member(1); m.Profile[sync.Department] != "Support" || len(m.Pins) > 0 {
			t.Errorf("unpinned: %q, %v", m.Profile[sync.Department], m.Pins)
		}
		same(t, lines(w.plan(t)), nil)
	})
	t.Run("a field has one pin", func(t *testing.T) {
		w := synced(t)
		w.edit(t, edit.PinField(1, until("")))
		w.edit(t, edit.PinField(1, sync.Pin{Field: sync.Department, Value: "Labs", By: "chief"}))
		w.edit(t, edit.PinField(1, sync.Pin{Field: sync.FirstName, Value: "Augusta", By: "chief"}))
		same(t, w.member(1).Pins, []sync.Pin{{Field: sync.FirstName, Value: "Augusta", By: "chief"}, {Field: sync.Department, Value: "Labs", By: "chief"}})
	})
	for _, refused := range []struct {
		name string
		edit sync.Edit
		with func(*sync.Member)
		want string
	}{
		{"of a detached member", edit.PinField(1, until("")), func(m *sync.Member) { m.Managed = false }, "roster set 1 department=VALUE"},
		{"with a line break in it", edit.PinField(1, sync.Pin{Field: sync.Department, Value: "a\nb"}), nil, "one line of text"},
		{"that is there already", edit.PinField(1, until("")), func(m *sync.Member) { m.Pins = []sync.Pin{until("")}; m.Profile[sync.Department] = "Projects" }, "has this pin already"},
		{"taken out that is not there", edit.Unpin(1, sync.Site), nil, "site of member 1 is not pinned"},
		{"set instead of pinned", edit.SetFields(1, map[string]string{"site": "Bern"}), nil, "`ringroster roster pin 1 site=VALUE`"},
	} {
		t.Run("refused: "+refused.name, func(t *testing.T) {
			w := synced(t)
			if refused.with != nil {
				refused.with(w.member(1))
			}
			_, err := w.tryEdit(refused.edit)
			if err == nil || !strings.Contains(err.Error(), refused.want) {
				t.Errorf("got %v, want %s", err, refused.want)
			}
		})
	}
}

// R29: a pin that is undone leaves nothing behind.
func TestR29UndoOfAPin(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron", department("Sales", ""))
	w.sync(t)
	before := *w.member(1)
	plan, err := w.tryEdit(edit.PinField(1, until("")))
	if err != nil {
		t.Fatal(err)
	}
	var done []sync.Done
	for _, f := range plan.Changes[0].Fields {
		done = append(done, sync.Done{Member: 1, Kind: sync.EditMember, Field: f.Field, Before: f.Before, After: f.After, Reason: f.Reason})
	}
	w.members = apply(plan, w.members, &w.lastID)
	w.edit(t, edit.Undo(done, nil, false))
	same(t, []sync.Member{*w.member(1)}, []sync.Member{before})
}
