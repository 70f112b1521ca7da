package ringcentral

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"
	"testing"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

// book is a list that is served page by page.
type book struct {
	ids     int
	size    int  // what the service grants
	silent  bool // it claims no total
	walks   bool // it has navigation
	mu      stdsync.Mutex
	fetched []int
}

func (b *book) fetch(_ context.Context, number, size int) (*page[int], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fetched = append(b.fetched, number)
	size = min(size, b.size)
	p := &page[int]{number: number, size: size, total: b.ids, pages: (b.ids + size - 1) / size, walks: b.walks}
	if b.silent {
		p.total, p.pages = -1, 0
	}
	for i := (number - 1) * size; i < min(number*size, b.ids); i++ {
		p.records = append(p.records, i+1)
	}
	if b.walks && number*size < b.ids {
		p.next = "https://platform.example.com/next"
	}
	return p, nil
}

func TestPagesAreReadToTheEnd(t *testing.T) {
	tests := []struct {
		name  string
		book  *book
		pages int
	}{
		{"nothing", &book{size: 1000}, 1},
		{"one page", &book{ids: 7, size: 1000}, 1},
		{"exactly one page", &book{ids: 1000, size: 1000}, 1},
		{"three pages", &book{ids: 2001, size: 1000}, 3},
		{"smaller pages than asked for", &book{ids: 250, size: 100}, 3},
		{"no total, with navigation", &book{ids: 250, size: 100, silent: true, walks: true}, 3},
		{"no total, with navigation, full last page", &book{ids: 200, size: 100, silent: true, walks: true}, 2},
		{"no total, no navigation: until an empty page", &book{ids: 250, size: 100, silent: true}, 4},
		{"nothing, and no total", &book{size: 100, silent: true}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := test.book
			pages, err := readPages(t.Context(), "numbers", b.fetch)
			if err != nil {
				t.Fatal(err)
			}
			if err := provePages("numbers", pages, func(n *int) string { return fmt.Sprint(*n) }); err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, p := range pages {
				got += len(p.records)
			}
			if got != b.ids || len(b.fetched) != test.pages {
				t.Errorf("%d of %d records in %d pages, want %d", got, b.ids, len(b.fetched), test.pages)
			}
		})
	}
}

func TestPagesProveTheListWhole(t *testing.T) {
	whole := func() []*page[int] {
		return []*page[int]{
			{number: 1, total: 4, records: []int{1, 2}},
			{number: 2, total: 4, records: []int{3, 4}},
		}
	}
	tests := map[string]func([]*page[int]){
		"":                                    func([]*page[int]) {},
		"came of 4":                           func(p []*page[int]) { p[1].records = []int{3} },
		"came twice":                          func(p []*page[int]) { p[1].records = []int{2, 3} },
		"total changed":                       func(p []*page[int]) { p[1].total = 5 },
		"instead of page 2":                   func(p []*page[int]) { p[1].number = 1 },
		"number of pages changed from 2 to 3": func(p []*page[int]) { p[0].pages, p[1].pages = 2, 3 },
		"2 pages came of 3":                   func(p []*page[int]) { p[0].pages, p[1].pages = 3, 3 },
		"2 pages came of 1":                   func(p []*page[int]) { p[0].pages, p[1].pages = 1, 1 },
		"names a next one":                    func(p []*page[int]) { p[1].next = "https://platform.example.com/next" },
	}
	for says, spoil := range tests {
		pages := whole()
		spoil(pages)
		err := provePages("numbers", pages, func(n *int) string { return fmt.Sprint(*n) })
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}

// R1: a page that claims a second one, without a total and without a next page, is
// not the whole list.
func TestAPageThatClaimsASecondOneIsNotTheList(t *testing.T) {
	for _, navigation := range []string{"", `,"navigation":{}`, `,"navigation":null`} {
		body := `{"records":[{"id":1}],"paging":{"page":1,"perPage":1000,"totalPages":2}` + navigation + `}`
		pages, err := readPages(t.Context(), "extensions", func(_ context.Context, number, _ int) (*page[sync.Extension], error) {
			if number > 1 {
				return &page[sync.Extension]{number: number, total: -1, pages: 2}, nil
			}
			return decodeExtensions([]byte(body), "")
		})
		if err == nil {
			err = provePages("extensions", pages, func(x *sync.Extension) string { return x.ID })
		}
		if len(pages) == 1 && !isMoved(err) {
			t.Errorf("%q: %v", navigation, err)
		}
	}
}

func TestAClaimOfEndlessPagesIsRefused(t *testing.T) {
	_, err := readPages(t.Context(), "numbers", func(context.Context, int, int) (*page[int], error) {
		return &page[int]{number: 1, size: 1, total: mostPages + 1, records: []int{1}}, nil
	})
	if !isMoved(err) {
		t.Errorf("got %v", err)
	}
	_, err = readPages(t.Context(), "numbers", func(_ context.Context, number, _ int) (*page[int], error) {
		return &page[int]{number: number, total: -1, walks: true, next: "x", records: []int{number}}, nil
	})
	if !isMoved(err) {
		t.Errorf("got %v", err)
	}
}

// serve answers RingEX's assigned roles with the bodies, one after the other,
// and everything else as the simulator does.
func serveAssigned(t *testing.T, bodies ...string) (Config, *[]string) {
	t.Helper()
	s := simulator.New(simulator.Generate(20, 1), simulator.Options{})
	cfg := demoConfig(s)
	cfg.Roles = true
	var mu stdsync.Mutex
	var hosts []string
	cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(hosts, r.URL.Host) {
			hosts = append(hosts, r.URL.Host)
		}
		if !strings.HasSuffix(r.URL.Path, "/assigned-role") {
			return s.Transport().RoundTrip(r)
		}
		body := bodies[0]
		if len(bodies) > 1 {
			bodies = bodies[1:]
		}
		return answer(http.StatusOK, body), nil
	})
	return cfg, &hosts
}

// R8: no list of permissions is not an empty one. Whether anything hangs on it, the plan says.
func TestRolesOfWhichThePermissionsAreUnknown(t *testing.T) {
	const unread = "it does not say which permissions it has"
	p, err := decodePage[wireRole]([]byte(`{"records":[
		{"id":"1","displayName":"A","permissions":[{"id":"WEMAccess"}]},
		{"id":"2","displayName":"B","permissions":[]},
		{"id":"3","displayName":"C","permissions":null},
		{"id":"4","displayName":"D"},
		{"id":"5","displayName":"E","permissions":[{},{"id":"WEMAccess"}]},
		{"id":"6","displayName":"F","permissions":7},
		{"id":"7","permissions":[]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []sync.RingEXRole
	for i := range p.records {
		got = append(got, p.records[i].role(p.faults[i]))
	}
	has := []string{"WEMAccess"}
	if diff := cmp.Diff([]sync.RingEXRole{
		{ID: "1", Name: "A", Permissions: has},
		{ID: "2", Name: "B"},
		{ID: "3", Name: "C", Faulty: unread},
		{ID: "4", Name: "D", Faulty: unread},
		{ID: "5", Name: "E", Permissions: has, Faulty: unread},
		{ID: "6", Name: "F", Faulty: "permissions: of the wrong type"},
		{ID: "7"},
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAssignedRolesFollowTheNextPageOnTheSameHostAlone(t *testing.T) {
	const page = `{"records":[{"extensionId":"%d","roles":[{"id":"%d"}]}],"navigation":{%s}}`
	tests := []struct {
		name   string
		bodies []string
		says   string
	}{
		{"two pages", []string{
			fmt.Sprintf(page, 1, 3, `"nextPage":{"uri":"https://platform.example.com/restapi/v1.0/account/1/assigned-role?page=2"}`),
			fmt.Sprintf(page, 2, 4, ``),
		}, ""},
		{"another host", []string{fmt.Sprintf(page, 1, 3, `"nextPage":{"uri":"https://elsewhere.example.net/restapi/v1.0/account/1/assigned-role?page=2"}`)}, "another host"},
		{"another scheme", []string{fmt.Sprintf(page, 1, 3, `"nextPage":{"uri":"http://platform.example.com/assigned-role?page=2"}`)}, "another host"},
		{"in circles", []string{fmt.Sprintf(page, 1, 3, `"nextPage":{"uri":"https://platform.example.com/assigned-role?page=2"}`)}, "circles"},
		{"a record that names nobody", []string{`{"records":[{"roles":[]}]}`}, "cannot be read"},
		{"records of another type", []string{`{"records":[7]}`}, "cannot be read"},
		{"roles that are null", []string{`{"records":[{"extensionId":"7","roles":null}]}`}, "extension 7 cannot be read, it has no list of roles"},
		{"no roles", []string{`{"records":[{"extensionId":"7"}]}`}, "it has no list of roles"},
		{"a role without an id", []string{`{"records":[{"extensionId":"7","roles":[{"id":"3"},{}]}]}`}, "one of its roles has no id"},
		{"an extension's id that is a word", []string{`{"records":[{"extensionId":"abc","roles":[]}]}`}, "cannot be read, extensionId: no id"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg, hosts := serveAssigned(t, test.bodies...)
			d := mustNew(t, cfg)
			snapshot, err := d.Snapshot(t.Context(), nil)
			d.Close(t.Context())
			if slices.Contains(*hosts, "elsewhere.example.net") {
				t.Error("another host was asked")
			}
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string][]string{"1": {"3"}, "2": {"4"}}, snapshot.Assigned); diff != "" {
				t.Error(diff)
			}
			if len(snapshot.Roles) == 0 || len(snapshot.Roles[0].Permissions) == 0 {
				t.Errorf("roles: %v", snapshot.Roles)
			}
		})
	}
}
