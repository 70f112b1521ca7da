package reconcile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

// forgettable is a world whose first member has something personal everywhere.
func forgettable(t *testing.T) *world {
	w := newWorld()
	w.agent("1/10", "501", "Zeno Quill", rc("701"), userName("zeno.user"))
	w.agent("1/10", "502", "Bob Ray", rc("702"))
	w.admin("301", "Zeno Quill", userName("zeno.admin"))
	w.extension("701", "Zeno Quill", number("4711"), department("Secrets", "Keeper"), site("Zurich"), costCenter("Vault"))
	w.extension("702", "Bob Ray")
	w.regional(denver, "701", tokyo, "702", paris)
	w.sync(t)
	w.edit(t, edit.PinField(1, sync.Pin{Field: sync.JobTitle, Value: "Zookeeper", Reason: "he asked", By: "chief"}))
	return w
}

// words are what must be nowhere afterwards.
var words = []string{"zeno", "quill", "4711", "secrets", "keeper", "zurich", "vault", "he asked", "tokyo", "ja-jp", "701:"}

func mustNotSay(t *testing.T, what string, text []byte) {
	t.Helper()
	for _, word := range words {
		if bytes.Contains(bytes.ToLower(text), []byte(word)) {
			t.Errorf("%s still says %q: %s", what, word, text)
		}
	}
}

// What a field says is personal unless its row of the table says otherwise: a new field
// does not survive. Those that do are listed here by hand.
func TestForgetBlanksEveryFieldThatIsNotImpersonal(t *testing.T) {
	stay := map[sync.Field]bool{sync.Role: true, sync.DataSource: true}
	w := forgettable(t)
	m := w.member(1)
	for _, f := range sync.Fields() {
		m.Profile[f], m.Synced.Profile[f] = "said "+f.String(), "synced "+f.String()
	}
	plan, err := w.tryEdit(edit.Forget(1))
	if err != nil {
		t.Fatal(err)
	}
	row := plan.Changes[0].Next()
	for _, f := range sync.Fields() {
		if stays := row.Profile[f] != "" && row.Synced.Profile[f] != ""; stays != stay[f] {
			t.Errorf("%s is %q and %q", f, row.Profile[f], row.Synced.Profile[f])
		}
		text, err := edit.ForgetText(f.String(), "said")
		if stays := text != ""; stays != stay[f] || err != nil {
			t.Errorf("the history of %s says %q, %v", f, text, err)
		}
	}
}

func TestForgetBlanksTheMember(t *testing.T) {
	w := forgettable(t)
	plan, err := w.tryEdit(edit.Forget(1))
	if err != nil {
		t.Fatal(err)
	}
	row, _ := json.Marshal(*plan.Changes[0].Next())
	kept, _ := json.Marshal(plan.Changes[0].Next().Synced)
	change, _ := json.Marshal(plan)
	for what, text := range map[string][]byte{"the row": row, "what is synced": kept, "the change": change} {
		mustNotSay(t, what, text)
	}
	if len(plan.Forget) != 1 || plan.Forget[0].Profile[sync.FirstName] != "Zeno" {
		t.Errorf("the roster is told to forget %+v", plan.Forget)
	}
	w.members = apply(plan, w.members, &w.lastID)
	t.Run("nobody onboards them again, and no name is noted", func(t *testing.T) {
		next := w.plan(t)
		same(t, lines(next), []string{"note 1 rc:701 declined"})
		if next.Notes[0].Name != "" {
			t.Errorf("the note says %q", next.Notes[0].Name)
		}
	})
	t.Run("it does not happen twice", func(t *testing.T) {
		if _, err := w.tryEdit(edit.Forget(1)); err == nil || !strings.Contains(err.Error(), "forgotten already") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nothing personal is written about them again", func(t *testing.T) {
		detached := *w.member(1)
		detached.Managed = false
		for _, edit := range []sync.Edit{edit.PinField(1, until("")), edit.SetFields(1, map[string]string{"site": "Bern"})} {
			for _, m := range []*sync.Member{w.member(1), &detached} {
				_, _, err := edit(w.State, slices.Values([]*sync.Member{m}))
				if err == nil || !strings.Contains(err.Error(), "member 1 was forgotten") {
					t.Errorf("got %v", err)
				}
			}
		}
	})
	t.Run("R29: undoing what a run did before does not bring it back", func(t *testing.T) {
		undo := edit.Undo([]sync.Done{{Member: 1, Kind: sync.Update, Field: "first_name", Before: "", After: "", Reason: sync.ReasonSource}}, nil, true)
		plan, err := w.tryEdit(undo)
		if err != nil || len(plan.Changes) > 0 || len(plan.Notes) != 1 {
			t.Errorf("got %+v, %v", plan, err)
		}
	})
	t.Run("once RingCentral does not list them either, nothing is left to say", func(t *testing.T) {
		w.clear()
		w.agent("1/10", "502", "Bob Ray", rc("702"))
		w.Snapshot.Extensions = append(w.Snapshot.Extensions[:1], w.Snapshot.Extensions[2:]...)
		same(t, lines(w.plan(t)), nil)
	})
}

func TestForgetTextOfTheHistory(t *testing.T) {
	w := forgettable(t)
	m := w.member(1)
	profile, err := json.Marshal(m.Profile)
	if err != nil {
		t.Fatal(err)
	}
	row := fmt.Sprintf(`{"status":"active","managed":1,"username":%q,"rc_user_id":%q,%s,"teams":[],"permissions":{},"pins":%s,"logins":%s}`,
		m.Username, m.RCUserID, profile[1:len(profile)-1], sync.PinsJSON(m.Pins), sync.LoginsJSON(m.Logins))
	for _, c := range []struct{ field, value, want string }{
		{"last_name", "Quill", ""},
		{"username", "zeno", ""},
		{"role", "Agent", "Agent"},
		{"status", "active", "active"},
		{"rc_user_id", "701", "701"},
		{"teams", `["a"]`, `["a"]`},
		{"pins", sync.PinsJSON(m.Pins), "[]"},
		{"logins", `[{"agent_id":"501","user_name":"zeno"}]`, `[{"sub_account_id":"","sub_account":"","agent_group_id":"","agent_group":"","agent_id":"501","agent_type":"","user_name":"","data_source":"","active":false}]`},
	} {
		got, err := edit.ForgetText(c.field, c.value)
		if err != nil || got != c.want {
			t.Errorf("%s %s: %s, %v; want %s", c.field, c.value, got, err, c.want)
		}
	}
	got, err := edit.ForgetText("", row)
	if err != nil || !strings.Contains(got, `"agent_id":"501"`) || !strings.Contains(got, `"status":"active"`) {
		t.Errorf("the onboarding is %s, %v", got, err)
	}
	mustNotSay(t, "the onboarding", []byte(got))
	if _, err := edit.ForgetText("logins", "nonsense"); err == nil {
		t.Error("nonsense was read")
	}
}

// What a run kept still gives the same plan for everybody else.
func TestForgetKept(t *testing.T) {
	w := forgettable(t)
	w.member(2).Profile[sync.Site] = "Bern"
	in := w.input()
	in.State.Open = []sync.HeldChange{
		{ID: 1, Run: 1, State: sync.Waiting, Kind: sync.Deactivate, Field: "status", Member: 1, Before: "active", After: "inactive", Name: "Zeno Quill", Email: "zeno@example.com"},
		{ID: 2, Run: 1, State: sync.Rejected, Kind: sync.Update, Field: "last_name", Member: 1, Before: "Quill", After: "Quill-Roe", Name: "Zeno Quill"},
		{ID: 3, Run: 1, State: sync.Rejected, Kind: sync.Onboard, IDs: []string{"rc:701"}, Name: "Zeno Quill"},
		{ID: 4, Run: 1, State: sync.Rejected, Kind: sync.Deactivate, Field: "status", Member: 2, Detail: "gone" + sync.LeavesBehind + "supervises Zeno Quill"},
	}
	in.State.Gone = map[int64][]sync.Login{1: {{SubAccountID: "1", AgentID: "509", UserName: "zeno.former"}}}
	in.State.Moved = map[int64][][]sync.Login{1: {{{SubAccountID: "1", AgentID: "508", UserName: "zeno.moved"}}}}
	plan, kept := keepWhile(t, in, 1)
	pieces, err := archive.ForgetKept(kept, w.member(1))
	blanked := keptData((&sync.Keep{Pieces: pieces}))
	if err != nil {
		t.Fatal(err)
	}
	_, plans, err := pasts(blanked, nil)
	if err != nil || len(plans) != 1 {
		t.Fatal(plans, err)
	}
	for _, p := range plans {
		var about2 []sync.Change
		for _, c := range p.Changes {
			if c.Member == 2 {
				about2 = append(about2, c)
			}
		}
		same(t, fields(&sync.Plan{Changes: about2}), fields(plan))
	}
	r, err := gzip.NewReader(bytes.NewReader(blanked))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	mustNotSay(t, "what the run kept", text)
	if _, err := archive.ForgetKept(kept[:len(kept)/2], w.member(1)); err == nil {
		t.Error("half of it was read")
	}
}

// Somebody who was forgotten and brought back is a member like any other: undo
// must not call them forgotten again while RingCentral's values are in the row
// and in the history.
func TestUndoOfWhatCameAfterForgetting(t *testing.T) {
	w := forgettable(t)
	pick := func() *sync.Plan {
		w.Picks = &plan.Picks{Who: []string{"rc:701"}}
		defer func() { w.Picks = nil }()
		return w.sync(t)
	}
	forgetting, err := w.tryEdit(edit.Forget(1))
	if err != nil {
		t.Fatal(err)
	}
	w.members = apply(forgetting, w.members, &w.lastID)
	w.edit(t, edit.Undo(doneBy(pick(), w.members), map[int64]sync.Reason{1: sync.ReasonForgotten}, false))
	if m := w.member(1); m.Status != sync.Inactive || m.DeactivationReason != sync.ReasonUndone {
		t.Fatalf("the import was undone, and the member is %s, %s", m.Status, m.DeactivationReason)
	}
	t.Run("no sync brings them back", func(t *testing.T) {
		same(t, lines(w.plan(t)), []string{"note 1 rc:701 declined"})
	})
	t.Run("R13: nothing is left that could say they are another human", func(t *testing.T) {
		same(t, lines(pick()), []string{"reactivate 1 rc:701 returned"})
	})
	t.Run("the erasure itself is not undone, even when they left again", func(t *testing.T) {
		w.member(1).Status, w.member(1).DeactivationReason = sync.Inactive, sync.ReasonRemoved
		plan, err := w.tryEdit(edit.Undo(doneBy(forgetting, w.members), nil, true))
		if err != nil || len(plan.Changes) > 0 {
			t.Errorf("got %+v, %v", plan.Changes, err)
		}
	})
	t.Run("they can be forgotten again", func(t *testing.T) {
		w.edit(t, edit.Forget(1))
	})
}

// An extension that only an e-mail ties to somebody is theirs also after they got
// another address, or another id.
func TestForgetKeptUnderEarlierNames(t *testing.T) {
	for _, c := range []struct {
		name  string
		agent []option
		since func(*world)
	}{
		{"another e-mail since", nil, func(w *world) { w.agent("1/10", "501", "Zeno Quill", email("z@example.com")) }},
		{"another id and e-mail since", []option{rc("701")}, func(w *world) {
			w.agent("1/10", "501", "Zeno Quill", rc("709"), email("z@example.com"))
			w.extension("709", "Zeno Quill", email("z@example.com"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.admin("1", "Otto Owner")
			w.agent("1/10", "501", "Zeno Quill", c.agent...)
			w.extension("701", "Zeno Quill", number("4711"))
			w.sync(t)
			_, kept := keepWhile(t, w.input(), 1)
			w.clearAll()
			w.admin("1", "Otto Owner")
			c.since(w)
			w.sync(t)
			at := slices.IndexFunc(w.members, func(m *sync.Member) bool { return m.Profile[sync.LastName] == "Quill" })
			pieces, err := archive.ForgetKept(kept, w.members[at])
			blanked := keptData((&sync.Keep{Pieces: pieces}))
			if err != nil {
				t.Fatal(err)
			}
			r, err := gzip.NewReader(bytes.NewReader(blanked))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			mustNotSay(t, "what the run kept", text)
		})
	}
}

// Whoever was known by a seal gets a row of their own, with what was true of them
// then; everybody else is still known.
func TestForgetWhomASealMadeKnown(t *testing.T) {
	w := forgettable(t)
	w.agent("1/10", "503", "Cy Dahl") // without rcUserId
	w.sync(t)
	in, passed := w.input(), 0
	in.Members = w.sealed(&passed)
	want, kept := keepWhile(t, in, 1)
	if passed == 0 || len(want.Changes) > 0 {
		t.Fatal(passed, lines(want))
	}
	for _, m := range w.members {
		pieces, err := archive.ForgetKept(kept, m)
		if err != nil {
			t.Fatal(err)
		}
		blanked := keptData((&sync.Keep{Pieces: pieces}))
		_, plans, err := pasts(blanked, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range plans[0].Changes {
			if c.Member != 0 && c.Member != m.ID {
				t.Errorf("without member %d: %v", m.ID, lines(plans[0]))
			}
		}
		r, err := gzip.NewReader(bytes.NewReader(blanked))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if name := m.Profile[sync.FirstName]; name != "" && bytes.Contains(text, []byte(name)) {
			t.Errorf("%s is still there: %s", name, text)
		}
	}
}
