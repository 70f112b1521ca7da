package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/deliver"
	"ringroster/sync"
)

// everything is a destination that is told all.
var everything = deliver.Wanted{Kinds: sync.NoticeKinds}

// enrolled is a heldFixture whose notices go to somebody.
func enrolled(t *testing.T, names ...string) *heldFixture {
	t.Helper()
	f := newHeldFixture(t)
	f.enroll(names...)
	return f
}

func (f *heldFixture) enroll(names ...string) {
	f.Helper()
	recipients := map[string][]string{}
	for _, name := range names {
		recipients[name] = []string{""}
	}
	if err := f.s.SetDestinations(f.Context(), recipients, f.day); err != nil {
		f.Fatal(err)
	}
}

// noticed are all notices that a destination was told of, as it is told them, in a few
// words: the conversation, kind and event, numbers and people.
func (f *heldFixture) noticed() (lines []string) {
	f.Helper()
	threads := map[string]int{}
	d := &deliver.Destination{Name: "ops"}
	for {
		n, seq, err := f.s.NextNotice(f.Context(), d, everything)
		if err != nil {
			f.Fatal(err)
		}
		if n == nil {
			return lines
		}
		d.Cursor = seq
		if threads[n.Thread] == 0 {
			threads[n.Thread] = len(threads) + 1
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d: %s", threads[n.Thread], inWords(n))))
	}
}

func inWords(n *sync.Notice) string {
	words := []string{string(n.Kind)}
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if n.Event != "" {
		add("%s", n.Event)
	}
	if n.Decision != "" {
		add("%s by %s", n.Decision, n.By)
	}
	if len(n.Counts) > 0 {
		add("%s", sync.KindsText(n.Counts))
	}
	for _, p := range n.People {
		first, _, _ := strings.Cut(p.Name, " ")
		add("%s", first)
	}
	if len(n.Waiting) > 0 {
		add("(%s wait, decide by %d)", sync.KindsText(n.Waiting), n.Run)
	}
	if n.Error != "" {
		add("%q", n.Error)
	}
	return strings.Join(words, " ")
}

func (f *heldFixture) noticedAre(want ...string) {
	f.Helper()
	if diff := cmp.Diff(want, f.noticed()); diff != "" {
		f.Error(diff)
	}
}

// TestNoticesOfHeldChanges: a held set, what comes to it, what is decided and its end are
// one conversation; the next held set begins another.
func TestNoticesOfHeldChanges(t *testing.T) {
	for name, story := range map[string]struct {
		steps []string
		want  []string
	}{
		"nothing is held": {[]string{"day a:", "day a:"}, nil},
		"it is said once": {
			[]string{"day a: Ann Bob", "day a:"},
			[]string{"1: held 2 deactivations Ann Bob (2 deactivations wait, decide by 2)"},
		},
		"more is held": {
			[]string{"day a: Ann", "day a: Bob", "day a:"},
			[]string{
				"1: held 1 deactivation Ann (1 deactivation wait, decide by 2)",
				"1: held more 1 deactivation Bob (2 deactivations wait, decide by 3)",
			},
		},
		"all is decided, then more is held": {
			[]string{"day a: Ann Bob", "approve Ann", "reject Bob", "day a: Cy"},
			[]string{
				"1: held 2 deactivations Ann Bob (2 deactivations wait, decide by 2)",
				"1: decided approve by chief 1 deactivation Ann (1 deactivation wait, decide by 3)",
				"1: decided reject by chief 1 deactivation Bob",
				"2: held 1 deactivation Cy (1 deactivation wait, decide by 5)",
			},
		},
		"it is needed no more": {
			[]string{"day a: Ann Bob", "day a: -Ann", "day a: -Bob", "day a:"},
			[]string{
				"1: held 2 deactivations Ann Bob (2 deactivations wait, decide by 2)",
				"1: held ended",
			},
		},
		"a rejection is cleared": {
			[]string{"day a: Ann", "reject Ann", "clear Ann"},
			[]string{
				"1: held 1 deactivation Ann (1 deactivation wait, decide by 2)",
				"1: decided reject by chief 1 deactivation Ann",
				"2: decided clear by chief 1 deactivation Ann",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := enrolled(t, "ops")
			for _, step := range story.steps {
				f.step(step)
			}
			f.noticedAre(story.want...)
		})
	}
}

// Who comes to the settings while something waits is told of it by the next run.
func TestNoticesOfWhatWasHeldBefore(t *testing.T) {
	f := newHeldFixture(t)
	f.step("day a: Ann")
	f.enroll("ops")
	f.noticedAre()
	f.step("day a: Bob")
	f.noticedAre("1: held 2 deactivations Ann Bob (2 deactivations wait, decide by 3)")
}

// commitFailure records that a run of the trigger failed.
func (f *heldFixture) commitFailure(trigger sync.Trigger, cause error) {
	f.Helper()
	f.day = f.day.Add(time.Hour)
	c := &sync.Commit{Run: f.begin(trigger), Account: "acme", FinishedAt: f.day, Status: sync.Failed, Err: cause}
	if err := f.s.Commit(f.Context(), c); err != nil || c.Untold != nil {
		f.Fatal(err, c.Untold)
	}
}

func TestNoticesOfFailures(t *testing.T) {
	f := enrolled(t, "ops")
	f.commitFailure(sync.Scheduled, &sync.StoppedError{Why: context.Canceled, Err: context.Canceled}) // a restart of the service
	f.commitFailure(sync.ByHand, errors.New("no member 7"))                                           // the operator was told
	f.noticedAre()
	f.commitFailure(sync.Scheduled, errors.New("agents: HTTP 503"))
	f.commitFailure(sync.Retry, errors.New("agents: HTTP 500"))
	if err := f.settle(sync.Approve); err != nil { // no run of the whole account
		t.Fatal(err)
	}
	f.step("day a:")
	f.step("day a:")
	f.commitFailure(sync.Scheduled, &sync.StoppedError{Why: context.DeadlineExceeded, Err: context.DeadlineExceeded})
	f.noticedAre(
		`1: failed "agents: HTTP 503"`,
		`1: recovered`,
		`2: failed "stopped before anything was applied: it took longer than a run may take"`,
	)
}

func TestNoticesOfConflicts(t *testing.T) {
	f := enrolled(t, "ops")
	ann := sync.Conflict{Person: "rc:1", Name: "Ann Lee", Reason: sync.ConflictFaulty, Remedy: "correct it"}
	bob := sync.Conflict{Person: "rc:2", Member: f.who["Bob"].ID, Name: "Bob Lee", Reason: sync.ConflictReused, Remedy: "link"}
	for _, conflicts := range [][]sync.Conflict{{ann}, {ann}, {ann, bob}, {bob}, {ann, bob}} {
		p := planOf(t, f.s, "acme")
		p.Conflicts = conflicts
		apply(t, f.s, f.day, p)
	}
	f.noticedAre("1: conflicts Ann", "2: conflicts Bob", "3: conflicts Ann")
}

// A notice names a few people, and counts the others.
func TestNoticesNameAFew(t *testing.T) {
	f := enrolled(t, "ops")
	var open []sync.HeldChange
	for i := range sync.MostNamed + 5 {
		h := f.arrival(fmt.Sprintf("rc:%03d", i))
		open = append(open, h)
	}
	f.whole(open...)
	n, _, err := f.s.NextNotice(t.Context(), &deliver.Destination{}, everything)
	if err != nil || len(n.People) != sync.MostNamed || n.Total != sync.MostNamed+5 || n.Counts[sync.Onboard] != n.Total {
		t.Errorf("got %+v, %v", n, err)
	}
}

// Without a destination nothing is written, and nothing is kept.
func TestNoticesForNobody(t *testing.T) {
	f := enrolled(t)
	f.step("day a: Ann")
	f.commitFailure(sync.Scheduled, errors.New("no"))
	f.noticedAre()
}

// TestNoticesThatCannotBeWritten cost no commit.
func TestNoticesThatCannotBeWritten(t *testing.T) {
	f := enrolled(t, "ops")
	if _, err := f.s.db.Writes.ExecContext(t.Context(), `DROP TABLE notices`); err != nil {
		t.Fatal(err)
	}
	p := planOf(t, f.s, "acme", onboard(person("acme", "Dee", "Lee")))
	c := &sync.Commit{Run: beginRun(t, f.s, f.day, "acme", sync.Scheduled), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded, Plan: p, Full: true, TakenAt: f.day}
	if err := f.s.Commit(t.Context(), c); err != nil || c.Untold == nil {
		t.Errorf("got %v, untold %v", err, c.Untold)
	}
	if len(members(t, f.s, "acme")) != 4 {
		t.Error("the plan was not applied")
	}
}

func TestForgettingReachesNotices(t *testing.T) {
	f := enrolled(t, "ops")
	bob := f.leaver("Bob")
	bob.Detail += sync.LeavesBehind + "supervises Ann Lee"
	p := planOf(t, f.s, "acme")
	p.Conflicts = []sync.Conflict{{Member: f.who["Ann"].ID, Name: "Ann Lee", Reason: sync.ConflictFaulty, Detail: "Ann Lee has no name"}}
	apply(t, f.s, f.day, p)
	f.whole(f.leaver("Ann"), bob, f.update("Ann", "last_name", "Young"), f.arrival("agent:99990001/a-Ann", "rc:rc-Ann"))
	f.commitFailure(sync.Scheduled, errors.New("the record of Ann Lee cannot be read"))
	before := strings.Join(f.noticed(), "\n")
	if !strings.Contains(before, "Ann") {
		t.Fatal("nobody is named")
	}
	err := f.s.Commit(t.Context(), &sync.Commit{
		Run: f.begin(sync.ByHand), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded, Plan: forgetting(t, f.s, "acme", f.who["Ann"].ID),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range append(rowsAs(t, f.s, `SELECT * FROM notices ORDER BY seq`), rowsAs(t, f.s, `SELECT * FROM told_conflicts ORDER BY 1`)...) {
		for _, word := range []string{"Ann", "Young", "a-Ann"} {
			if strings.Contains(row, word) {
				t.Errorf("it still says %s", row)
			}
		}
	}
	if after := strings.Join(f.noticed(), "\n"); !strings.Contains(after, "Bob") {
		t.Errorf("of others it says nothing any more: %s", after)
	}
}
