package ringcentral

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

// lists are the lists that a snapshot is made of, by the end of their paths.
var lists = []string{"/users/99990000", "/subaccounts", "/agentGroups", "/agents", "/extension", "/user-role", "/assigned-role", "/account/~"}

// spoilt reads the simulator with answers to one path spoilt.
func spoilt(t *testing.T, path string, spoil func(*http.Response, []byte) []byte) (*sync.Snapshot, error) {
	t.Helper()
	s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
	cfg := demoConfig(s)
	cfg.Roles = true
	cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := s.Transport().RoundTrip(r)
		if err != nil || !strings.HasSuffix(r.URL.Path, path) {
			return resp, err
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		body = spoil(resp, body)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return resp, err
	})
	d := mustNew(t, cfg)
	defer d.Close(t.Context())
	return d.Snapshot(t.Context(), nil)
}

// R1: a body that looks like the whole list, under any other 2xx than 200, is no
// answer. The error says what came.
func TestOnlyStatus200IsAnAnswer(t *testing.T) {
	for _, status := range []int{201, 202, 203, 204, 205, 206, 207, 208, 226, 299} {
		for _, path := range lists {
			t.Run(fmt.Sprint(status, path), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					snapshot, err := spoilt(t, path, func(r *http.Response, body []byte) []byte {
						r.StatusCode = status
						r.Header.Set("Content-Range", "items 0-18/20")
						return body
					})
					if snapshot != nil || err == nil || !strings.Contains(err.Error(), fmt.Sprintf(" answered %d: ", status)) {
						t.Errorf("%v", err)
					}
				})
			})
		}
	}
}

// R1: bytes that are not UTF-8 come of a list in another encoding, and a name that
// comes twice leaves open which value is meant.
func TestDamagedBodiesAreNoLists(t *testing.T) {
	for name, c := range map[string]struct {
		says  string
		spoil func(body string) string
	}{
		"Latin-1":     {"not UTF-8", func(b string) string { return strings.Replace(b, `"id":"`, "\"x\":\"Jos\xe9\",\"id\":\"", 1) }},
		"null":        {"not the JSON", func(string) string { return "null" }},
		"cut":         {"EOF", func(b string) string { return b[:len(b)-1] }},
		"name twice":  {"duplicate", func(b string) string { return strings.Replace(b, "{", `{"x":1,"x":1,`, 1) }},
		"two bodies":  {"after top-level value", func(b string) string { return b + b }},
		"not JSON":    {"", func(b string) string { return strings.Replace(b, ":", "=", 1) }},
		"a BOM":       {"not the JSON", func(b string) string { return "\ufeff" + b }},
		"in UTF-16":   {"", func(b string) string { return "\xff\xfe" + strings.Join(strings.Split(b, ""), "\x00") }},
		"a bare byte": {"not UTF-8", func(b string) string { return strings.Replace(b, `":"`, "\":\"\xff", 1) }},
	} {
		for _, path := range lists {
			t.Run(name+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var changed atomic.Bool
					snapshot, err := spoilt(t, path, func(_ *http.Response, body []byte) []byte {
						spoilt := c.spoil(string(body))
						if spoilt != string(body) {
							changed.Store(true)
						}
						return []byte(spoilt)
					})
					if changed.Load() && (snapshot != nil || kindOf(err) != kindNonsense || !strings.Contains(err.Error(), c.says)) {
						t.Errorf("%v", err)
					}
				})
			})
		}
	}
}

// R19: a lone surrogate, a wrong type or a text of absurd size concern one record.
func TestADamagedRecordIsOneFaultyRecord(t *testing.T) {
	const good = `{"agentId":1,"isActive":true,"email":"ada@example.com"}`
	long := strings.Repeat("x", longestField+1)
	for name, c := range map[string]struct {
		fields string
		fault  string
	}{
		"a lone surrogate":     {`"firstName":"Jos\ud800"`, "firstName: not text"},
		"half a pair reversed": {`"lastName":"\udc00\ud800"`, "lastName: not text"},
		"a wrong type":         {`"firstName":{"x":[]}`, "firstName: of the wrong type"},
		"both":                 {`"firstName":"\ud800","lastName":7`, "firstName: not text, lastName: of the wrong type"},
		"a text too long":      {`"firstName":"` + long + `"`, "firstName: longer than 1000 characters"},
		"a text of 1 MB":       {`"email":"` + strings.Repeat("x", 1<<20) + `"`, "email: longer than 1000 characters"},
		"as long as allowed":   {`"firstName":"` + strings.Repeat("é", longestField) + `"`, ""},
		"in an unknown field":  {`"nickname":"\ud800"`, ""},
		"in an unknown name":   {`"\ud800":7`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			record := `{"agentId":2,"isActive":true,"userName":"bea",` + c.fields + `}`
			agents, err := decodeAgents([]byte("["+good+","+record+"]"), "agents", "1")
			if err != nil {
				t.Fatal(err)
			}
			if agents[0].Faulty != "" || agents[1].Faulty != c.fault || agents[1].ID != "2" || !agents[1].Active || agents[1].UserName != "bea" {
				t.Errorf("%+v", agents)
			}
			admins, err := decodeAdmins([]byte(`[{"userId":1,"email":"ada@example.com"},{"userId":2,` + c.fields + "}]"))
			if err != nil || admins[0].Faulty != "" || admins[1].Faulty != c.fault || admins[1].UserID != "2" {
				t.Errorf("%+v, %v", admins, err)
			}
			contact := `{"records":[{"id":1,"type":"User","status":"Enabled"},{"id":2,"type":"User","status":"Disabled","contact":{` + c.fields + `}}]}`
			p, err := decodeExtensions([]byte(contact), "")
			if err != nil || (p.records[1].Faulty == "") != (c.fault == "" && !strings.Contains(c.fields, "ud800")) || p.records[1].ID != "2" || p.records[1].Status != "Disabled" || p.records[0].Faulty != "" {
				t.Errorf("%+v, %v", p, err)
			}
			entries, err := decodePage[wireEntry]([]byte(`{"records":[{"id":1},{"id":2,` + c.fields + `}]}`))
			if err != nil {
				t.Fatal(err)
			}
			read := (&entryReading{}).page(entries)
			if read.faults[0] != "" || read.faults[1] != c.fault || read.records[1].RCID != "2" {
				t.Errorf("%+v", read)
			}
		})
	}
}

// R33: what is stored is what RingCentral says, in NFC, without control characters
// and invisible ones.
func TestTextsAreStoredPlain(t *testing.T) {
	for text, want := range map[string]string{
		"Ada":                           "Ada",
		" Ada \t":                       "Ada",
		"Jose\u0301":                    "José",
		"Geschäftsführung":              "Geschäftsführung",
		"A\u0085B":                      "A B",
		"A\tB\nC":                       "A B C",
		"A\x00B\x1f\x7f\u009fC":         "ABC",
		"\u202eevE\u202c \u2066x\u2069": "evE x",
		"A\u200bd\u00ada\ufeff":         "Ada",
		"\u200fעדה":                     "עדה",
		"می\u200cخواهم":                 "می\u200cخواهم",
		"A\u00a0B":                      "A\u00a0B",
		"O\u2019Hara":                   "O\u2019Hara",
		"\u0085":                        "",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		if got := plain(want); got != want {
			t.Errorf("%q does not stay: %q", want, got)
		}
	}
	const raw = "\u202eA\u0301da\u0085" // NFD, a mark of direction, a control character
	const stored = "Áda"
	field := func(names ...string) string {
		for i, name := range names {
			names[i] = fmt.Sprintf("%q:%s", name, strconv.QuoteToASCII(raw))
		}
		return strings.Join(names, ",")
	}
	agents, err := decodeAgents([]byte(`[{"agentId":1,"isActive":true,`+field("firstName", "lastName", "email", "userName", "agentType")+"}]"), "agents", "1")
	if diff := cmp.Diff([]sync.Agent{{ID: "1", Active: true, FirstName: stored, LastName: stored, Email: stored, UserName: stored, Type: stored}}, agents); err != nil || diff != "" {
		t.Error(err, diff)
	}
	admins, err := decodeAdmins([]byte(`[{"userId":1,` + field("firstName", "lastName", "email", "userName") + "}]"))
	if diff := cmp.Diff([]sync.Admin{{UserID: "1", FirstName: stored, LastName: stored, Email: stored, UserName: stored}}, admins); err != nil || diff != "" {
		t.Error(err, diff)
	}
	subs, err := decodeSubAccounts([]byte(`[{"subAccountId":1,"isActive":true,` + field("subAccountName") + "}]"))
	if err != nil || subs[0].Name != stored {
		t.Error(err, subs)
	}
	groups, err := decodeGroups([]byte(`[{"agentGroupId":1,` + field("groupName") + "}]"))
	if err != nil || groups[0].Name != stored {
		t.Error(err, groups)
	}
	p, err := decodeExtensions([]byte(`{"records":[{"id":1,"type":"User","status":"Enabled",`+field("extensionNumber")+`,"site":{`+field("name")+`},"costCenter":{`+field("name")+`},"contact":{`+field("firstName", "lastName", "email", "department", "jobTitle")+"}}]}"), "")
	want := sync.Extension{ID: "1", Type: "User", Status: "Enabled", Number: stored, Site: stored, CostCenter: stored, FirstName: stored, LastName: stored, Email: stored, Department: stored, JobTitle: stored, HasContact: true}
	if err != nil || p.records[0] != want {
		t.Error(err, p)
	}
	entries, err := decodePage[wireEntry]([]byte(`{"records":[{"id":1,` + field("type", "status", "firstName", "lastName", "name", "email", "extensionNumber", "department", "jobTitle") +
		`,"site":{` + field("name") + `},"phoneNumbers":[{` + field("phoneNumber", "type", "usageType", "label") + "}]}]}"))
	if err != nil {
		t.Fatal(err)
	}
	contact := (&entryReading{}).page(entries).records[0].Contact()
	for i, text := range contact.Fields {
		if strings.ContainsAny(text, "\u202e\u0085\u0301") || !strings.Contains(text, stored) {
			t.Errorf("%s: %q", sync.ContactField(i), text)
		}
	}
}

// spends gives the bytes that f allocates.
func spends(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// R1: what an answer costs is bounded by the bytes that came. Each megabyte of empty records
// once took 170.
func TestEmptyRecordsDoNotFillTheMemory(t *testing.T) {
	const size = 1 << 20
	fill := func(record string) string { return strings.Repeat(record+",", size/(len(record)+1)) + record }
	for _, record := range []string{"{}", "0", `""`, "null", "[]", `{"id":1}`, `{"x":{}}`, `{"email":7}`, `{"agentId":{}}`} {
		t.Run(record, func(t *testing.T) {
			list, page := []byte("["+fill(record)+"]"), []byte(`{"records":[`+fill(record)+"]}")
			for name, read := range map[string]func() error{
				"agents":         func() error { _, err := decodeAgents(list, "agents", "1"); return err },
				"administrators": func() error { _, err := decodeAdmins(list); return err },
				"groups":         func() error { _, err := decodeGroups(list); return err },
				"sub-accounts":   func() error { _, err := decodeSubAccounts(list); return err },
				"extensions":     func() error { _, err := decodeExtensions(page, ""); return err },
				"roles":          func() error { _, err := decodePage[wireRole](page); return err },
				"assigned":       func() error { _, err := decodePage[wireAssigned](page); return err },
				"entries":        func() error { _, err := decodePage[wireEntry](page); return err },
				"phones": func() error {
					_, err := decodePage[wireEntry]([]byte(`{"records":[{"id":1,"phoneNumbers":[` + fill(record) + "]}]}"))
					return err
				},
				"supervisors": func() error {
					_, err := decodeAgents([]byte(`[{"agentId":1,"isActive":true,"supervisorAgentIds":[`+fill(record)+"]}]"), "agents", "1")
					return err
				},
			} {
				var err error
				cost := spends(func() { err = read() })
				emptyShelves()
				t.Logf("%-14s %4d MB  %v", name, cost>>20, err)
				if cost > 30*size {
					t.Errorf("%s: %d MB for 1 MB of %s", name, cost>>20, record)
				}
			}
		})
	}
}

// R1: nothing is allocated because the server claims a size.
func TestClaimsOfSizeCostNothing(t *testing.T) {
	for name, paging := range map[string]string{
		"elements":   `{"page":1,"perPage":1000,"totalElements":40000000}`,
		"pages":      `{"page":1,"perPage":1000,"totalPages":40000000}`,
		"both":       `{"page":1,"perPage":40000000,"totalPages":1,"totalElements":40000000}`,
		"believable": `{"page":1,"perPage":1000,"totalPages":200,"totalElements":200000}`,
	} {
		t.Run(name, func(t *testing.T) {
			body := []byte(`{"records":[{"id":1}],"paging":` + paging + `}`)
			cost := spends(func() {
				synctest.Test(t, func(t *testing.T) {
					if snapshot, err := spoilt(t, "/extension", func(*http.Response, []byte) []byte { return body }); err == nil {
						t.Errorf("%+v", snapshot)
					}
				})
			})
			if cost > 32<<20 {
				t.Errorf("%d MB", cost>>20)
			}
		})
	}
	t.Run("Content-Length", func(t *testing.T) {
		cost := spends(func() {
			_, err := readBody(&http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("[]")), ContentLength: mostBody}, nil)
			if err == nil {
				t.Error("taken for whole")
			}
		})
		if cost > 1<<16 {
			t.Errorf("%d bytes", cost)
		}
	})
}
