package notify

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/deliver"
	"ringroster/store/storetest"
	"ringroster/sync"
)

// postbox is an end that notes what it gets, and answers as told.
type postbox struct {
	mu     stdsync.Mutex
	got    []string
	answer func(n *sync.Notice, recipient string) error
}

func (p *postbox) send(_ context.Context, n *sync.Notice, recipient string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, strings.TrimSpace(recipient+" "+n.Error))
	if p.answer == nil {
		return "ok", nil
	}
	return "ok", p.answer(n, recipient)
}

func (p *postbox) check(context.Context) (string, error) { return "", nil }

// round is a courier with a roster, a clock of its own and postboxes.
type round struct {
	*testing.T
	*Courier
	store   *store.Store
	clock   time.Time
	box     *postbox
	reports []string
}

// begin makes an empty roster.
var begin = storetest.Copies(store.Open, store.Options{New: true})

func newRound(t *testing.T, notify string) *round {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.db")
	if err := begin(path); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	r := &round{T: t, store: st, clock: monday, box: &postbox{}}
	r.Courier = r.another(settingsOf(t, notify))
	if err := r.Enroll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// another is a courier for the same roster, with the same clock and postbox.
func (r *round) another(s *config.Settings) *Courier {
	c := New(s, r.store, "wfm1", "1.0", func(report Report) {
		text := fmt.Sprintf("%s %s %s", report.Outcome, report.Recipient, report.Notice.Error)
		if report.Known {
			text += " (known)"
		}
		r.box.mu.Lock()
		defer r.box.mu.Unlock()
		r.reports = append(r.reports, text)
	})
	c.now = func() time.Time { return r.clock }
	for i := range c.destinations {
		c.destinations[i].end = r.box
	}
	return c
}

// tell writes a notice.
func (r *round) tell(what string) {
	r.Helper()
	err := r.store.Tell(r.Context(), &sync.Notice{Kind: sync.NoticeSettings, Error: what}, what, r.clock)
	if err != nil {
		r.Fatal(err)
	}
}

func (r *round) deliver() {
	r.Helper()
	if err := r.Deliver(r.Context()); err != nil {
		r.Fatal(err)
	}
}

const twoPeople = "  - {name: ops, mail: {host: localhost, from: r@example.com, to: [ada@example.com, bob@example.com]}}\n"

func TestEachRecipientHasALifeOfTheirOwn(t *testing.T) {
	r := newRound(t, twoPeople)
	busy := true
	r.box.answer = func(_ *sync.Notice, recipient string) error {
		switch {
		case recipient == "ada@example.com" && busy:
			return errors.New("451 later")
		case recipient == "bob@example.com":
			return &RefusedError{"550 no such user"}
		}
		return nil
	}
	r.tell("one")
	r.tell("two")
	r.deliver()
	r.deliver() // nothing is due
	busy = false
	r.clock = r.clock.Add(deliver.FirstWait)
	r.deliver()
	slices.SortStableFunc(r.reports, func(a, b string) int { return strings.Compare(strings.Fields(a)[1], strings.Fields(b)[1]) })
	if diff := cmp.Diff([]string{
		"postponed ada@example.com one", "delivered ada@example.com one", "delivered ada@example.com two",
		"refused bob@example.com one", "refused bob@example.com two (known)",
	}, r.reports); diff != "" {
		t.Error(diff)
	}
}

// TestWaitsGrowForADay: a notice is tried after a minute, two, four …, an hour at most, and
// given up after a day. Then the next one has its turn.
func TestWaitsGrowForADay(t *testing.T) {
	r := newRound(t, "  - {name: hook, webhook: {url: http://localhost/x}}\n")
	r.tell("one")
	r.clock = r.clock.Add(time.Hour)
	began := r.clock
	down := true
	var tried []string
	r.box.answer = func(n *sync.Notice, _ string) error {
		if !down {
			return nil
		}
		tried = append(tried, fmt.Sprintf("%s after %s", n.Error, r.clock.Sub(began)))
		return errors.New("it is down")
	}
	for r.clock.Sub(began) < 25*time.Hour {
		r.deliver()
		r.clock = r.clock.Add(30 * time.Second)
		if r.clock.Sub(began) == 23*time.Hour {
			r.tell("two")
		}
	}
	if diff := cmp.Diff([]string{
		"one after 0s", "one after 1m0s", "one after 3m0s", "one after 7m0s", "one after 15m0s", "one after 31m0s", "one after 1h3m0s", "one after 2h3m0s",
	}, strings.Split(strings.Join(tried, ","), ",")[:8]); diff != "" {
		t.Error(diff)
	}
	if last := tried[len(tried)-1]; last != "one after 24h3m0s" {
		t.Errorf("the last try was %s", last)
	}
	if last := r.reports[len(r.reports)-1]; last != "given_up  one" {
		t.Errorf("the last report was %q", last)
	}
	down = false
	r.clock = r.clock.Add(time.Hour)
	r.deliver()
	if last := r.reports[len(r.reports)-1]; last != "delivered  two" {
		t.Errorf("then it said %q", last)
	}
}

// A service that was down for days still tries what it finds.
func TestWhatIsOldIsTriedAllTheSame(t *testing.T) {
	r := newRound(t, "  - {name: hook, webhook: {url: http://localhost/x}}\n")
	r.tell("one")
	r.clock = r.clock.Add(72 * time.Hour)
	r.box.answer = func(*sync.Notice, string) error { return errors.New("not yet") }
	r.deliver()
	r.box.answer = nil
	r.clock = r.clock.Add(time.Minute)
	r.deliver()
	if diff := cmp.Diff([]string{"postponed  one", "delivered  one"}, r.reports); diff != "" {
		t.Error(diff)
	}
}

// TestTwoCouriersDeliverOnce: a service and a command, or two commands, at the same time.
func TestTwoCouriersDeliverOnce(t *testing.T) {
	const hook = "  - {name: hook, webhook: {url: http://localhost/x}}\n"
	r := newRound(t, hook)
	couriers := []*Courier{r.Courier, r.another(settingsOf(t, hook)), r.another(settingsOf(t, hook))}
	for i := range 10 {
		r.tell(fmt.Sprint("notice ", i))
	}
	var group stdsync.WaitGroup
	for _, c := range couriers {
		group.Go(func() {
			for range 20 {
				if err := c.Deliver(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	r.deliver()
	if len(r.box.got) != 10 || !slices.IsSorted(r.box.got) {
		t.Errorf("got %q", r.box.got)
	}
}

// Whoever dies in a delivery leaves the recipient to others two minutes later, and what was
// delivered comes once more.
func TestAClaimEnds(t *testing.T) {
	r := newRound(t, "  - {name: hook, webhook: {url: http://localhost/x}}\n")
	r.tell("one")
	rows, err := r.store.Destinations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if mine, err := r.store.Claim(t.Context(), &rows[0], r.clock, lease); err != nil || !mine {
		t.Fatal(mine, err)
	}
	r.deliver()
	if len(r.box.got) > 0 {
		t.Error("somebody else was delivering")
	}
	r.clock = r.clock.Add(lease)
	r.deliver()
	if len(r.box.got) != 1 {
		t.Errorf("got %q", r.box.got)
	}
}

// What stops a delivery is no try of it.
func TestAStoppedDeliveryIsNoTry(t *testing.T) {
	r := newRound(t, "  - {name: hook, webhook: {url: http://localhost/x}}\n")
	r.tell("one")
	ctx, cancel := context.WithCancel(t.Context())
	r.box.answer = func(*sync.Notice, string) error {
		cancel()
		return context.Canceled
	}
	if err := r.Deliver(ctx); !errors.Is(err, context.Canceled) && err != nil {
		t.Fatal(err)
	}
	r.box.answer = nil
	r.deliver()
	if diff := cmp.Diff([]string{"delivered  one"}, r.reports); diff != "" {
		t.Error(diff)
	}
}

// Who comes to the settings later is not told of what was before; who goes from them is
// forgotten.
func TestEnrolling(t *testing.T) {
	r := newRound(t, "  - {name: hook, webhook: {url: http://localhost/x}}\n")
	r.tell("before")
	r.Courier = r.another(settingsOf(t, twoPeople))
	if err := r.Enroll(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.tell("after")
	r.deliver()
	slices.Sort(r.box.got)
	if diff := cmp.Diff([]string{"ada@example.com after", "bob@example.com after"}, r.box.got); diff != "" {
		t.Error(diff)
	}
	rows, err := r.store.Destinations(t.Context())
	if err != nil || len(rows) != 2 {
		t.Errorf("got %+v, %v", rows, err)
	}
}

func TestADestinationIsToldWhatItWants(t *testing.T) {
	r := newRound(t, "  - {name: hook, on: [failed], accounts: [acme], webhook: {url: http://localhost/x}}\n")
	for i, n := range []sync.Notice{
		{Kind: sync.NoticeFailed, Account: "acme", Error: "wanted"},
		{Kind: sync.NoticeFailed, Account: "other", Error: "of another"},
		{Kind: sync.NoticeHeld, Account: "acme", Error: "of another kind"},
		{Kind: sync.NoticeFailed, Error: "of all"},
	} {
		if err := r.store.Tell(t.Context(), &n, fmt.Sprint(i), r.clock); err != nil {
			t.Fatal(err)
		}
		if wanted := r.destinations[0].wanted.Has(&n); wanted != (i == 0 || i == 3) {
			t.Errorf("%s is wanted: %t", n.Error, wanted)
		}
	}
	r.deliver()
	if diff := cmp.Diff([]string{"wanted", "of all"}, r.box.got); diff != "" {
		t.Error(diff)
	}
}
