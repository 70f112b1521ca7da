package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// page is what paging and navigation say.
type page struct {
	Records []struct {
		ID     any
		Status string
	}
	Paging     map[string]int
	Navigation map[string]struct{ URI string }
}

func TestExtensionsArePaged(t *testing.T) {
	c := newCaller(t, Generate(300, 1))
	c.signIn()
	n := len(c.server.world.Accounts[0].Extensions)
	for _, x := range []struct {
		query   string
		records int
		paging  map[string]int
		links   string
	}{
		{"", 100, map[string]int{"page": 1, "perPage": 100, "pageStart": 0, "pageEnd": 99, "totalPages": (n + 99) / 100, "totalElements": n}, "firstPage lastPage nextPage"},
		{"?page=2&perPage=50", 50, map[string]int{"page": 2, "perPage": 50, "pageStart": 50, "pageEnd": 99, "totalPages": (n + 49) / 50, "totalElements": n}, "firstPage lastPage nextPage previousPage"},
		{"?perPage=5000", n, map[string]int{"page": 1, "perPage": 1000, "pageStart": 0, "pageEnd": n - 1, "totalPages": 1, "totalElements": n}, "firstPage lastPage"},
		{"?page=99", 0, map[string]int{"page": 99, "perPage": 100}, "firstPage lastPage previousPage"},
		{"?email=nobody@example.com", 0, map[string]int{"page": 1, "perPage": 100, "totalPages": 0, "totalElements": 0}, "firstPage lastPage"},
	} {
		t.Run(x.query, func(t *testing.T) {
			got := decodeOK[page](t, c.exGet("/extension"+x.query))
			if len(got.Records) != x.records {
				t.Errorf("%d records, want %d", len(got.Records), x.records)
			}
			if diff := cmp.Diff(x.paging, got.Paging); diff != "" {
				t.Errorf("paging (-want +got):\n%s", diff)
			}
			for _, link := range []string{"firstPage", "lastPage", "nextPage", "previousPage"} {
				if got.Navigation[link].URI != "" != strings.Contains(x.links, link) {
					t.Errorf("navigation %v, want %s", got.Navigation, x.links)
				}
			}
		})
	}
}

func TestNavigationLeadsThroughEverythingOnce(t *testing.T) {
	c := newCaller(t, Generate(300, 1))
	c.signIn()
	for _, list := range []string{"/extension?perPage=70&status=Enabled&status=Disabled", "/assigned-role", "/user-role?perPage=2"} {
		t.Run(list, func(t *testing.T) {
			seen, total := map[string]bool{}, 0
			for next := testBase + "/restapi/v1.0/account/~" + list; next != ""; {
				r := c.get(next, c.ex)
				p := decodeOK[page](t, r)
				for _, record := range c.records(r) {
					seen[fmt.Sprint(record["id"], record["extensionId"])] = true
				}
				next, total = p.Navigation["nextPage"].URI, p.Paging["totalElements"]
			}
			if len(seen) != total || total == 0 {
				t.Errorf("saw %d distinct records of %d", len(seen), total)
			}
		})
	}
}

func TestExtensionsAreFiltered(t *testing.T) {
	c := newCaller(t, specWorld())
	c.signIn()
	count := func(query string) int { return len(c.records(c.exGet("/extension?perPage=1000" + query))) }
	want := func(fits func(*Extension) bool) (n int) {
		for _, e := range c.server.world.Accounts[0].Extensions {
			if fits(e) {
				n++
			}
		}
		return n
	}
	for query, fits := range map[string]func(*Extension) bool{
		"":                                   func(*Extension) bool { return true },
		"&status=Unassigned":                 func(e *Extension) bool { return e.Number == "" },
		"&status=Disabled&status=Unassigned": func(e *Extension) bool { return e.Status == "Disabled" || e.Status == "Unassigned" },
		"&type=Department":                   func(e *Extension) bool { return e.Type == "Department" },
		"&type=User&status=NotActivated":     func(e *Extension) bool { return e.Type == "" && e.Status == "NotActivated" },
		"&email=sync.service@example.com":    func(e *Extension) bool { return e.ID == DemoOwnerID },
		"&extensionNumber=101":               func(e *Extension) bool { return e.ID == DemoOwnerID },
	} {
		if got, want := count(query), want(fits); got != want || want == 0 {
			t.Errorf("%q: %d extensions, want %d and some", query, got, want)
		}
	}
}

func TestRingEXRefuses(t *testing.T) {
	for _, x := range []struct {
		name, path string
		edit       func(*Account)
		status     int
		code       string
	}{
		{"page 0", "/~/extension?page=0", nil, 400, "CMN-101"},
		{"a page that is no number", "/~/user-role?page=x", nil, 400, "CMN-101"},
		{"a negative page size", "/~/assigned-role?perPage=-1", nil, 400, "CMN-101"},
		{"a status that does not exist", "/~/extension?status=Happy", nil, 400, "CMN-101"},
		{"a type that does not exist", "/~/extension?type=Happy", nil, 400, "CMN-101"},
		{"another account", "/123/extension", nil, 404, "CMN-102"},
		{"another account's directory", "/123/directory/entries", nil, 404, "ADG-107"},
		{"an extension that does not exist", "/~/extension/5", nil, 404, "CMN-102"},
		{"an extension that is no number", "/~/extension/x", nil, 400, "CMN-101"},
		{"page 0 of the directory", "/~/directory/entries?page=0", nil, 400, "ADG-121"},
		{"a directory type that does not exist", "/~/directory/entries?type=Happy", nil, 400, "ADG-121"},
		{"a path that does not exist", "/~/extensions", nil, 404, "AGW-404"},
		{"a path with a slash too many", "/~//extension", nil, 404, "AGW-404"},
		{"an app without ReadAccounts", "/~/extension", func(a *Account) { a.Scopes = []string{"SMS"} }, 403, "CMN-401"},
		{"an owner without ReadUserRoles", "/~/user-role", func(a *Account) { a.MissingPermissions = []string{"ReadUserRoles"} }, 403, "CMN-408"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newCaller(t, Generate(5, 1))
			c.signIn()
			if x.edit != nil {
				c.server.Change(func(w *World) { x.edit(w.Accounts[0]) })
			}
			c.get("/restapi/v1.0/account"+x.path, c.ex).want(t, x.status, x.code)
		})
	}
}

func TestTheAccountsOwnIDWorksLikeTilde(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	c.signIn()
	c.get("/restapi/v1.0/account/400100001/extension", c.ex).want(t, http.StatusOK, "")
}

func TestDirectory(t *testing.T) {
	c := newCaller(t, specWorld())
	c.signIn()
	all := c.records(c.exGet("/directory/entries?perPage=max"))
	if got := len(c.records(c.exGet("/directory/entries?perPage=ALL"))); got != len(all) {
		t.Errorf("all gives %d entries, max %d", got, len(all))
	}
	users := c.records(c.exGet("/directory/entries?perPage=max&typeGroup=User"))
	others := c.records(c.exGet("/directory/entries?perPage=max&typeGroup=NonUser"))
	if len(users) == 0 || len(others) == 0 || len(users)+len(others) != len(all) {
		t.Errorf("%d users and %d others of %d", len(users), len(others), len(all))
	}
	for _, entry := range all {
		if entry["type"] == "DigitalUser" || entry["type"] == "ApplicationExtension" || entry["status"] == "Unassigned" {
			t.Errorf("not for the directory: %v", entry)
		}
		if _, isText := entry["id"].(string); !isText || entry["account"] == nil {
			t.Errorf("want a text id and an account: %v", entry)
		}
	}
	for _, entry := range c.records(c.exGet("/directory/entries?showFederated=false")) {
		if entry["account"] != nil {
			t.Errorf("account was not asked for: %v", entry)
		}
	}
	if got := c.object(c.exGet("/directory/entries"))["navigation"]; got != nil {
		t.Errorf("the directory has no navigation, got %v", got)
	}
}

func TestUnassignedExtensionsAreBare(t *testing.T) {
	c := newCaller(t, specWorld())
	c.signIn()
	for _, e := range c.records(c.exGet("/extension?status=Unassigned")) {
		if e["contact"] != nil || e["name"] != nil || e["extensionNumber"] != nil {
			t.Errorf("want no contact, name, number: %v", e)
		}
	}
}
