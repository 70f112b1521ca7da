package ringcentral

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

// company has so many directory entries.
func company(entries int) *simulator.World {
	w := simulator.GenerateWith(simulator.GenerateOptions{People: 1, Seed: 1})
	a := acme(w)
	a.Contacts = nil
	a.Extensions = slices.DeleteFunc(a.Extensions, func(e *simulator.Extension) bool { return e.ID != simulator.DemoOwnerID })
	for i := 1; i < entries; i++ {
		a.Extensions = append(a.Extensions, &simulator.Extension{ID: int64(800_000_000 + i), FirstName: fmt.Sprint("First", i), LastName: "Last"})
	}
	return w
}

func contactsOf(l *sync.ContactList) (all []*sync.Contact) {
	for _, e := range l.Contacts {
		all = append(all, e.Contact())
	}
	return all
}

// TestTheDirectoryIsReadWhole: in pages of 2000 of the own account, all its sites,
// in one session of RingEX alone that ends.
func TestTheDirectoryIsReadWhole(t *testing.T) {
	world := company(4500)
	a := acme(world)
	a.Extensions = append(a.Extensions, &simulator.Extension{ID: 1, Type: "Department", Name: "Support Queue", Number: "900", Site: "801"})
	a.Contacts = []*simulator.Contact{{
		ID: "ext-1", FirstName: " Ada ", LastName: "Example", Email: "ada@example.com", Department: "Partner", JobTitle: "Buyer",
		Phones: []string{"+442079460000", "+12055559902"},
	}}
	var mu stdsync.Mutex
	var asked []url.Values
	s := simulator.New(world, simulator.Options{OnRequest: func(r *http.Request, _ []byte) {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(r.URL.Path, "/directory/") {
			asked = append(asked, r.URL.Query())
		}
	}})
	d := mustNew(t, demoConfig(s))
	var last sync.Progress
	list, err := d.Contacts(t.Context(), func(p sync.Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	d.Close(t.Context())
	want := map[simulator.Operation]int{simulator.OpToken: 1, simulator.OpAccount: 1, simulator.OpDirectory: 3, simulator.OpRevoke: 1}
	if diff := cmp.Diff(want, s.Calls()); diff != "" || d.Calls() != 6 {
		t.Errorf("%d calls: %s", d.Calls(), diff)
	}
	for _, q := range asked {
		if q.Get("perPage") != "2000" || q.Get("showFederated") != "false" || q.Get("accessibleSitesOnly") != "false" {
			t.Errorf("asked for %v", q)
		}
	}
	if last != (sync.Progress{Account: "acme", Step: "directory entries", Done: 3, Of: 3, People: 4502}) {
		t.Errorf("progress ends at %+v", last)
	}
	if list.Identity != (sync.Identity{RingEXAccountID: "400100001", OwnerID: "700000001"}) || list.Total != 4502 || list.TakenAt.IsZero() {
		t.Errorf("got %+v", list.Identity)
	}
	all := contactsOf(list)
	if len(all) != 4502 || all[1].RCID != "800000001" || all[4499].RCID != "800004499" {
		t.Fatalf("%d contacts", len(all))
	}
	if diff := cmp.Diff([]*sync.Contact{
		{RCID: "1", Fields: sync.ContactFields{"Department", "Enabled", "", "", "Support Queue", "", "900", "[]", "", "", "Site 2 - Manila"}},
		{RCID: "ext-1", Fields: sync.ContactFields{
			"External", "Enabled", "Ada", "Example", "", "ada@example.com", "",
			`[{"number":"+442079460000","type":"VoiceFax","usage":"DirectNumber","primary":true},{"number":"+12055559902","type":"VoiceFax","usage":"DirectNumber"}]`,
			"Partner", "Buyer", "",
		}},
	}, all[4500:]); diff != "" {
		t.Error(diff)
	}
}

// TestADirectoryIsProvedOrRefused: what contradicts itself is read again, and what
// stays so is no directory (R1).
func TestADirectoryIsProvedOrRefused(t *testing.T) {
	for _, row := range []struct {
		kind  string
		times int
		fails string // "": it is read in the end
	}{
		{"cut", 2, ""},
		{"cut_json", 1, ""},
		{"short_body", 1, ""},
		{"token_lost", 1, ""},
		{"duplicate", 1, ""},
		{"totals_change", 1, ""},
		{"page_twice", 1, ""},
		{"page_missing", 1, ""},
		{"cut", 0, "directory entries"},
		{"cut_json", 0, "directory entries"},
		{"html", 0, "web page"},
		{"null", 0, "directory entries"},
		{"duplicate", 0, "came twice"},
		{"totals_change", 0, "the total changed"},
		{"page_twice", 0, "came twice"},
		{"page_missing", 0, "records came of"},
		{"wrong_types", 0, "of the wrong type"},
	} {
		t.Run(fmt.Sprintf("%s %d", row.kind, row.times), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := company(90)
				world.Faults = []*simulator.Fault{{Kind: "per_page_lowered", Op: simulator.OpDirectory, N: 30}, on(simulator.OpDirectory, row.kind, row.times)}
				s := simulator.New(world, simulator.Options{})
				d := mustNew(t, demoConfig(s))
				list, err := d.Contacts(t.Context(), nil)
				d.Close(t.Context())
				switch {
				case row.fails == "" && (err != nil || len(list.Contacts) != 90):
					t.Errorf("got %v", err)
				case row.fails != "" && (err == nil || !strings.Contains(err.Error(), row.fails)):
					t.Errorf("got %v, want %q", err, row.fails)
				}
			})
		})
	}
}

// TestADirectoryNobodyMayRead says what to do about it.
func TestADirectoryNobodyMayRead(t *testing.T) {
	world := company(3)
	world.Faults = []*simulator.Fault{{Kind: "status", Op: simulator.OpDirectory, Status: 403, Code: "CMN-408"}}
	d := mustNew(t, demoConfig(simulator.New(world, simulator.Options{})))
	defer d.Close(t.Context())
	if _, err := d.Contacts(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "ReadExtensions") {
		t.Errorf("got %v", err)
	}
}

// TestOneFaultyEntrySpoilsNoOther (R19): what is known of it is that it is there.
func TestOneFaultyEntrySpoilsNoOther(t *testing.T) {
	const entries = `{"records":[
		{"id":"1","type":"User","status":"Enabled","firstName":"Ann","unknown":{"x":1},"hidden":true,
		 "phoneNumbers":[{"phoneNumber":"+1205","e164":"+12055550101","type":"VoiceFax","label":" Desk ","hidden":true},{"type":"VoiceFax"}]},
		{"id":2,"type":"User","firstName":"Bea","email":null},
		{"id":"3","type":"User","firstName":["Cem"]},
		{"id":{},"type":"User"},
		{"type":"User","firstName":"Nobody"},
		{"id":"6","type":"User","account":{"id":"999"}},
		{"id":"7","type":"Room","name":"Boardroom","account":{"id":"400100001"}}
	],"paging":{"page":1,"perPage":2000,"totalPages":1,"totalElements":7}}`
	cfg := demoConfig(simulator.New(company(1), simulator.Options{}))
	inner := cfg.Transport
	cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "/directory/") {
			return answer(200, entries), nil
		}
		return inner.RoundTrip(r)
	})
	d := mustNew(t, cfg)
	defer d.Close(t.Context())
	list, err := d.Contacts(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []*sync.Contact{
		{RCID: "1", Fields: sync.ContactFields{
			sync.ContactType: "User", sync.ContactStatus: "Enabled", sync.ContactFirstName: "Ann",
			sync.ContactPhones: `[{"number":"+12055550101","type":"VoiceFax","label":"Desk","hidden":true}]`,
		}},
		{RCID: "2", Fields: sync.ContactFields{sync.ContactType: "User", sync.ContactFirstName: "Bea", sync.ContactPhones: "[]"}},
		{RCID: "7", Fields: sync.ContactFields{sync.ContactType: "Room", sync.ContactName: "Boardroom", sync.ContactPhones: "[]"}},
	}
	if diff := cmp.Diff(want, contactsOf(list)); diff != "" {
		t.Error(diff)
	}
	if len(list.Faulty) != 1 || list.Faulty["3"] != "firstName: of the wrong type" || list.Nameless != 2 {
		t.Errorf("faulty %v, nameless %d", list.Faulty, list.Nameless)
	}
}

// TestADirectoryWithoutTotalsIsReadToItsEnd, and says that it claimed none.
func TestADirectoryWithoutTotalsIsReadToItsEnd(t *testing.T) {
	pages := map[string]string{"1": `{"id":"1"},{"id":"2"}`, "2": `{"id":"3"}`}
	cfg := demoConfig(simulator.New(company(1), simulator.Options{}))
	inner := cfg.Transport
	cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "/directory/") {
			return answer(200, fmt.Sprintf(`{"records":[%s],"paging":{"perPage":2}}`, pages[r.URL.Query().Get("page")])), nil
		}
		return inner.RoundTrip(r)
	})
	d := mustNew(t, cfg)
	defer d.Close(t.Context())
	list, err := d.Contacts(t.Context(), nil)
	if err != nil || len(list.Contacts) != 3 || list.Total != -1 {
		t.Errorf("got %+v, %v", list, err)
	}
}

// TestTheDirectoryKeepsToTheLimits: 100,000 entries under RingCentral's own
// limits, without one refusal, in no more time than they take.
func TestTheDirectoryKeepsToTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := company(100_000)
		world.Limits = &simulator.Limits{}
		world.Latency = simulator.Duration(latency)
		s := simulator.New(world, simulator.Options{})
		d := mustNew(t, demoConfig(s))
		defer d.Close(t.Context())
		began := time.Now()
		list, err := d.Contacts(t.Context(), nil)
		if err != nil || len(list.Contacts) != 100_000 {
			t.Fatal(err)
		}
		// 50 pages at 40 a minute: the last ones wait for the first ones' minute.
		if took := time.Since(began); took > 70*time.Second || s.TooManyRequests() > 0 {
			t.Errorf("took %s, with %d refusals", took, s.TooManyRequests())
		}
	})
}
