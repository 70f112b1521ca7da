package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ringroster/store/deliver"
)

const busKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

// receiver is the other end of a bus. It notes the numbers of the changes that it was told,
// and answers as told.
type receiver struct {
	mu     stdsync.Mutex
	told   []string // numbers, in the order of their coming
	source map[string]bool
	types  map[string]string // by number
	calls  []string          // ids
	answer func(call int) int
	faults []error
}

func (b *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	var events []event
	b.faults = append(b.faults, err, json.Unmarshal(body, &events), b.verify(r, body))
	b.calls = append(b.calls, r.Header.Get("Webhook-Id"))
	if b.answer != nil {
		if code := b.answer(len(b.calls)); code != http.StatusOK {
			w.WriteHeader(code)
			return
		}
	}
	for i := range events {
		e := &events[i]
		b.told = append(b.told, e.ID)
		b.source[e.Source] = true
		b.types[e.ID] = e.Type
		if e.SpecVersion != "1.0" || e.ID != fmt.Sprint(e.Data.ChangeID) || e.Subject != fmt.Sprintf("members/%d", e.Data.MemberID) {
			b.faults = append(b.faults, fmt.Errorf("an event is %+v", e))
		}
	}
}

func (b *receiver) verify(r *http.Request, body []byte) error {
	if r.Header.Get("Content-Type") != "application/cloudevents-batch+json" {
		return errors.New("the call is of type " + r.Header.Get("Content-Type"))
	}
	hook, err := standardwebhooks.NewWebhook(busKey)
	if err != nil {
		return err
	}
	return hook.Verify(body, r.Header)
}

// newBus has a destination of changes, and whoever listens there.
func newBus(t *testing.T, more string) (*drop, *receiver) {
	t.Helper()
	b := &receiver{source: map[string]bool{}, types: map[string]string{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	d := newDrop(t, "  - {name: bus, what: changes, to: {webhook: {url: \""+server.URL+"/token-planted\", secret: "+busKey+"}}}\n"+more)
	d.sql(`INSERT INTO runs (run_id, account, trigger, status, started_at, finished_at, actor) VALUES (1, 'acme', 'manual', 'succeeded', '2026-11-30T01:00:00Z', '2026-11-30T01:00:05Z', 'wfm-sync')`)
	return d, b
}

// change writes changes as runs do.
func (d *drop) change(n int, kind, reason string) {
	d.Helper()
	d.sql(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO changes (run_id, member_id, kind, field, before, after, reason) SELECT 1, 1 + i % 10, ?, 'status', 'a', 'b', ? FROM n`, n, kind, reason)
}

func (b *receiver) check(t *testing.T, want int) {
	t.Helper()
	if err := errors.Join(b.faults...); err != nil {
		t.Error(err)
	}
	for i, id := range b.told {
		if id != fmt.Sprint(i+1) {
			t.Fatalf("event %d has the id %s", i+1, id)
		}
	}
	if len(b.told) != want {
		t.Errorf("it was told %d changes, want %d", len(b.told), want)
	}
}

// TestEventsInOrder: in batches, each once where nothing fails, signed, none left out.
func TestEventsInOrder(t *testing.T) {
	d, b := newBus(t, "")
	d.want(d.after(0), "")
	d.change(1203, "update", "source_changed")
	d.change(1, "edit", "forgotten")
	d.want(d.after(time.Minute), "bus delivered 500: 0 new, 0 changed, 0 gone; bus delivered 500: 0 new, 0 changed, 0 gone; bus delivered 204: 0 new, 0 changed, 0 gone")
	b.check(t, 1204)
	d.want(d.after(48*time.Hour), "")
	if b.types["1"] != "ringroster.member.update" || b.types["1204"] != erased || len(b.source) != 1 {
		t.Errorf("the types are %s and %s, the sources %v", b.types["1"], b.types["1204"], b.source)
	}
}

// TestEventsAreNeverSkipped: whatever the other end answers, and for as long as it does, the
// same changes come again, under the same ids.
func TestEventsAreNeverSkipped(t *testing.T) {
	d, b := newBus(t, "")
	d.after(0)
	d.change(3, "update", "source_changed")
	answers := []int{http.StatusInternalServerError, http.StatusBadRequest, http.StatusGone}
	b.answer = func(call int) int {
		if call <= len(answers) {
			return answers[call-1]
		}
		return http.StatusOK
	}
	for range answers {
		if got := d.after(time.Hour); !strings.HasPrefix(got, "bus failed: ") || strings.Contains(got, "planted") {
			t.Errorf("got %q", got)
		}
	}
	d.want(d.after(time.Hour), "bus delivered 3: 0 new, 0 changed, 0 gone")
	b.check(t, 3)
	if len(slices.Compact(b.calls)) != 1 {
		t.Errorf("the calls had the ids %v", b.calls)
	}
}

// TestEventsOfSomeAccounts: others are passed over, and not met again.
func TestEventsOfSomeAccounts(t *testing.T) {
	d, b := newBus(t, "")
	d.Publisher.destinations[0].Accounts = []string{"other"}
	d.after(0)
	d.change(700, "update", "source_changed")
	d.want(d.after(time.Minute), "")
	rows, err := d.store.Publications(t.Context())
	if err != nil || rows[0].Cursor != 700 || len(b.calls) != 0 {
		t.Errorf("it stands at %+v, %v, after %d calls", rows, err, len(b.calls))
	}
}

// A roster that was copied tells again what it does not know to be told, as another source.
func TestACopyHasAnotherEpoch(t *testing.T) {
	d, b := newBus(t, "")
	d.after(0)
	d.change(2, "update", "source_changed")
	d.after(time.Minute)
	d.sql(`UPDATE numbering SET place = 'elsewhere'`)
	d.sql(`UPDATE destinations SET cursor = 1`)
	d.after(time.Minute)
	if !slices.Equal(b.told, []string{"1", "2", "2"}) || len(b.source) != 2 {
		t.Errorf("it was told %v by %v", b.told, b.source)
	}
}

// TestPruningWaitsForThoseWhoWereNotTold for thirty days, and says whom it passes then.
func TestPruningWaitsForThoseWhoWereNotTold(t *testing.T) {
	d, _ := newBus(t, "")
	d.after(0)
	d.change(1, "update", "source_changed")
	made := time.Date(2026, 11, 30, 1, 0, 5, 0, time.UTC)
	until := func(names []string, before time.Time) (time.Time, error) {
		return d.store.PruneFor(t.Context(), names, before)
	}
	if got, err := until([]string{"bus"}, made.Add(-time.Hour)); err != nil || !got.Equal(made.Add(-time.Hour)) {
		t.Errorf("what is older may go: %v, %v", got, err)
	}
	if got, err := until([]string{"bus"}, made.AddDate(0, 0, 20)); err != nil || !got.Equal(made) {
		t.Errorf("after 20 days: %v, %v", got, err)
	}
	if got, err := until(nil, made.AddDate(0, 0, 20)); err != nil || !got.Equal(made.AddDate(0, 0, 20)) {
		t.Errorf("not in the settings any more: %v, %v", got, err)
	}
	got, err := until([]string{"bus"}, made.AddDate(0, 0, 31))
	untold, ok := errors.AsType[*deliver.UntoldError](err)
	if !got.Equal(made.AddDate(0, 0, 31)) || !ok || untold.Destination != "bus" {
		t.Errorf("after 31 days: %v, %v", got, err)
	}
	d.after(time.Minute)
	if got, err := until([]string{"bus"}, made.AddDate(0, 0, 31)); err != nil || !got.Equal(made.AddDate(0, 0, 31)) {
		t.Errorf("when it was told: %v, %v", got, err)
	}
}
