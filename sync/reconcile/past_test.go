package reconcile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// keepWhile plans as a run does that keeps what it decides from.
func keepWhile(t rapid.TB, in plan.Input, run sync.RunID) (*sync.Plan, []byte) {
	t.Helper()
	w := archive.NewWriter(run, "v1", &in)
	in.Members = w.Watch(in.Members)
	plan, err := plan.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	k := w.Keep(1)
	if k.Err != nil {
		t.Fatal(k.Err)
	}
	return plan, keptData(k)
}

// keptData is what a roster gives back that had no piece before.
func keptData(k *sync.Keep) (all []byte) {
	for _, piece := range k.Pieces {
		all = append(all, piece.Data...)
	}
	return all
}

// pasts reads what was kept and plans each again.
func pasts(data []byte, trace *plan.Trace) (runs []sync.RunID, plans []*sync.Plan, err error) {
	for past, err := range archive.ReadPasts(bytes.NewReader(data)) {
		if err != nil {
			return runs, plans, err
		}
		plan, err := past.Plan("", trace)
		if err != nil {
			return runs, plans, err
		}
		runs, plans = append(runs, past.Run), append(plans, plan)
	}
	return runs, plans, nil
}

// Law: what a run kept gives the very plan of that run, whatever it was made
// from.
func TestLawThePastIsPlannedTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		want, data := keepWhile(t, w.input(), 7)
		runs, plans, err := pasts(data, nil)
		if err != nil || !slices.Equal(runs, []sync.RunID{7}) {
			t.Fatalf("runs %v, %v", runs, err)
		}
		if diff := cmp.Diff(want, plans[0], cmpopts.EquateEmpty(), nexts); diff != "" {
			t.Errorf("-then +now:\n%s", diff)
		}
	})
}

func TestThePastIsExplainedAsItWasThen(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	w.clear()
	_, data := keepWhile(t, w.input(), 3)
	trace := &plan.Trace{Who: "ada@example.com"}
	if _, _, err := pasts(data, trace); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.explain(t, "ada@example.com").Facts, trace.Facts); diff != "" {
		t.Errorf("-then +now:\n%s", diff)
	}
}

func TestPastsFollowEachOther(t *testing.T) {
	const crowdOf = 500 + 1 // more than one line of everything
	var all []byte
	for run := range sync.RunID(3) {
		w := newWorld()
		for i := range crowdOf {
			w.agent("1/10", fmt.Sprint(1000+i), fmt.Sprintf("P%d Q", i), rc(fmt.Sprint(5000+i)))
			w.admin(fmt.Sprint(9000+i), fmt.Sprintf("R%d S", i))
			w.extension(fmt.Sprint(5000+i), fmt.Sprintf("P%d Q", i))
		}
		w.sync(t)
		plan, data := keepWhile(t, w.input(), run)
		if plan.Summary.Unchanged != 2*crowdOf {
			t.Fatalf("summary %+v", plan.Summary)
		}
		all = append(all, data...)
	}
	runs, plans, err := pasts(all, nil)
	if err != nil || !slices.Equal(runs, []sync.RunID{0, 1, 2}) {
		t.Fatalf("runs %v, %v", runs, err)
	}
	for _, plan := range plans {
		if plan.Summary.Unchanged != 2*crowdOf || len(plan.Changes) > 0 {
			t.Errorf("summary %+v", plan.Summary)
		}
	}
	t.Run("members that nobody wanted are passed over", func(t *testing.T) {
		n := 0
		for past, err := range archive.ReadPasts(bytes.NewReader(all)) {
			if err != nil || past.Run != sync.RunID(n) {
				t.Fatal(past, err)
			}
			n++
		}
		if n != 3 {
			t.Errorf("%d, want 3", n)
		}
	})
}

func TestWhatIsNoPastIsRefused(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	_, good := keepWhile(t, w.input(), 1)
	plain := func(edit func(string) string) []byte {
		r, err := gzip.NewReader(bytes.NewReader(good))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return zipped(t, edit(string(text)))
	}
	line := func(n int) func(string) string {
		return func(s string) string { return strings.Join(strings.SplitAfter(s, "\n")[:n], "") }
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "it is not compressed as a snapshot is: EOF"},
		{"a text", []byte("accounts: []"), "it is not compressed as a snapshot is: gzip: invalid header"},
		{"nothing, compressed", zipped(t, ""), "it is empty"},
		{"another document", zipped(t, `{"version":1}`), "it does not begin as a snapshot does"},
		{"a list", zipped(t, `[1]`), "it does not begin as a snapshot does"},
		{"no JSON", zipped(t, `accounts: []`), "invalid character 'a' looking for beginning of value"},
		{"another format", plain(func(s string) string {
			return strings.Replace(s, `{"ringroster_snapshot":4,`, `{"ringroster_snapshot":5,"colour":"red",`, 1)
		}), "ringroster v1 wrote it, in another format than this version reads"},
		{"an unknown key in the head", plain(func(s string) string {
			return strings.Replace(s, `{"ringroster_snapshot":4,`, `{"ringroster_snapshot":4,"colour":"red",`, 1)
		}), `json: unknown field "colour"`},
		{"an unknown key of a record", plain(func(s string) string {
			return strings.Replace(s, `"user_name"`, `"nickname"`, 1)
		}), `json: unknown field "nickname"`},
		{"an unknown field", plain(func(s string) string {
			return strings.Replace(s, `"policy":{`, `"policy":{"required_fields":["shoe_size"],`, 1)
		}), `"shoe_size" is no synced field`},
		{"a group without a sub-account", plain(func(s string) string {
			lines := strings.SplitAfter(s, "\n")
			return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, `{"sub_account"`) }), "")
		}), "agent group 10 stands in no sub-account"},
		{"cut after a line", plain(line(1)), "it is cut off"},
		{"cut before its end", plain(func(s string) string { return s[:strings.Index(s, `{"end":true`)] }), "it is cut off"},
		{"cut in the middle", good[:len(good)/2], "it is cut off"},
		{"cut in the first line", good[:20], "it is cut off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := pasts(c.data, nil)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unzipped(t *testing.T, data []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFullRunsKeepWhatTheyDecidedFrom(t *testing.T) {
	crew := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.extension("701", "Ada Byron")
		w.agent("1/10", "502", "Bob Roy", rc("702"))
		w.extension("702", "Bob Roy")
	}
	lessAda := func(w *world) {
		w.agent("1/10", "502", "Bob Roy", rc("702"))
		w.extension("702", "Bob Roy")
	}

	t.Run("a leaver, after the second look", func(t *testing.T) {
		s := newSite(t, crew)
		s.Keep = 3
		s.reports("acme", lessAda)
		results := s.sync(t, "acme")
		kept := s.roster.commits[0].Keep
		if kept == nil || kept.Last != 3 || kept.Err != nil {
			t.Fatalf("kept %+v", kept)
		}
		runs, plans, err := pasts(keptData(kept), nil)
		if err != nil || !slices.Equal(runs, []sync.RunID{2}) {
			t.Fatal(runs, err)
		}
		same(t, lines(plans[0]), lines(results[0].Plan))
		same(t, lines(plans[0]), []string{"deactivate 1 removed"})
	})
	t.Run("a roster that moved is kept as it was planned from at last", func(t *testing.T) {
		s := newSite(t, crew)
		s.Keep, s.roster.moves = 1, 1
		s.roster.beforeCommit = func(*sync.Commit) {
			m := *s.member("acme", 2)
			m.Profile[sync.Site] = "Bern"
			s.roster.members["acme"] = []*sync.Member{s.member("acme", 1), &m}
		}
		s.sync(t, "acme")
		_, plans, err := pasts(keptData(s.roster.commits[0].Keep), nil)
		if err != nil {
			t.Fatal(err)
		}
		same(t, lines(plans[0]), []string{"update 2 rc:702 local_edit_reverted"})
	})
	t.Run("by days alone", func(t *testing.T) {
		s := newSite(t, crew)
		s.KeepDays = 2
		s.sync(t, "acme")
		c := s.roster.commits[0]
		if c.Keep.Last != 0 || !c.Keep.Since.Equal(c.FinishedAt.AddDate(0, 0, -2)) || len(c.Keep.Pieces) == 0 {
			t.Errorf("kept %+v", c.Keep)
		}
	})
	t.Run("with keep 0 nothing is written, and what was kept goes", func(t *testing.T) {
		s := newSite(t, crew)
		s.sync(t, "acme")
		if diff := cmp.Diff(&sync.Keep{}, s.roster.commits[0].Keep); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a run for one person keeps nothing and leaves what is kept (R28)", func(t *testing.T) {
		s := newSite(t, crew)
		s.Keep = 3
		_, _, err := s.Sync(t.Context(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}}, Only: "701"})
		if err != nil || s.roster.commits[0].Keep != nil {
			t.Error(s.roster.commits[0].Keep, err)
		}
	})
	t.Run("a failed account keeps nothing", func(t *testing.T) {
		s := newSite(t, crew)
		s.Keep = 3
		s.directories["acme"].err = errors.New("cut")
		s.sync(t, "acme")
		if s.roster.commits[0].Keep != nil {
			t.Error(s.roster.commits[0].Keep)
		}
	})
}

// BenchmarkKeep is what keeping costs a run of 100,000 people: all records and
// all members, encoded and compressed.
func BenchmarkKeep(b *testing.B) {
	const people = 100_000
	w := newWorld()
	for i := range people {
		name := fmt.Sprintf("First%06d Last%06d", i, i)
		w.agent(fmt.Sprintf("1/%d", i/500), fmt.Sprint(500000+i), name, rc(fmt.Sprint(700000+i)))
		w.extension(fmt.Sprint(700000+i), name, number(fmt.Sprint(i)), department("Sales", "Agent"), site("Dallas"))
	}
	w.sync(b)
	in := w.input()
	b.ReportAllocs()
	for b.Loop() {
		k := archive.NewWriter(1, "v1", &in)
		for range k.Watch(in.Members)(nil) {
		}
		kept := k.Keep(1)
		if kept.Err != nil {
			b.Fatal(kept.Err)
		}
		b.ReportMetric(float64(len(keptData(kept)))/people, "bytes/person")
	}
}

// BenchmarkPast reads that back and plans it again.
func BenchmarkPast(b *testing.B) {
	w := crowd(100_000)
	w.sync(b)
	_, data := keepWhile(b, w.input(), 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, plans, err := pasts(data, nil); err != nil || len(plans[0].Changes) > 0 {
			b.Fatal(plans, err)
		}
	}
}

// What does not fit is an error, never another list.
func TestAnEditMustFitItsList(t *testing.T) {
	head := `{"head":{"ringroster_snapshot":2,"run_id":1,"version":"v1","now":"2026-03-01T03:00:00Z","policy":{},"state":{"accepted":null},"snapshot":{}}}`
	for _, edit := range []string{
		`{"edit":[{"from":0,"to":1}]}`,
		`{"extensions":[{"id":"1"}]}{"edit":[{"from":0,"to":2}]}`,
		`{"extensions":[{"id":"1"}]}{"edit":[{"from":1,"to":0}]}`,
		`{"extensions":[{"id":"1"}]}{"edit":[{"from":-1,"to":0}]}`,
		`{"extensions":[{"id":"1"}]}{"edit":[{"from":0,"to":1}]}{"edit":[{"from":0,"to":1}]}`,
	} {
		var err error
		for _, err = range archive.ReadPasts(bytes.NewReader(zipped(t, head+edit+`{"end":true}`))) {
			if err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%s was read", edit)
		}
	}
}
