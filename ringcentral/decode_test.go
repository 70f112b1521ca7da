package ringcentral

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

func TestIDsComeInManyForms(t *testing.T) {
	tests := []struct {
		json string
		want id
		bad  bool
	}{
		{`1009`, "1009", false},
		{`"1009"`, "1009", false},
		{`" 1009 "`, "1009", false},
		{`"main-site"`, "", true},
		{`"700999999x"`, "", true},
		{`"7 00"`, "", true},
		{`"-1"`, "", true},
		{`9223372036854775807`, "9223372036854775807", false},
		{`null`, "", false},
		{`""`, "", false},
		{`0`, "", false},
		{`"0"`, "", false},
		{`9223372036854775808`, "", true},
		{`-1`, "", true},
		{`1.5`, "", true},
		{`1e3`, "", true},
		{`true`, "", true},
		{`{}`, "", true},
		{`[1]`, "", true},
		{`"a\u0000b"`, "", true},
	}
	for _, test := range tests {
		var got id
		value, err := decodeObject[struct {
			ID id `json:"id"`
		}]([]byte(`{"id":` + test.json + `}`))
		if err == nil {
			got = value.ID
		}
		if (err != nil) != test.bad || got != test.want {
			t.Errorf("%s: %q, %v", test.json, got, err)
		}
	}
}

// A permission's id is a word.
func TestCodesMayBeWords(t *testing.T) {
	for text, want := range map[string]code{`"WEMAccess"`: "WEMAccess", `" 5 "`: "5", `5`: "5", `0`: "", `null`: "", `-1`: "?", `{}`: "?", `"a\u0000b"`: "?"} {
		value, err := decodeObject[struct {
			ID code `json:"id"`
		}]([]byte(`{"id":` + text + `}`))
		if bad := want == "?"; (err != nil) != bad || !bad && value.ID != want {
			t.Errorf("%s: %v, %v", text, value, err)
		}
	}
}

// R19: one faulty record is a matter of its own.
func TestOneFaultyRecordDoesNotSpoilTheList(t *testing.T) {
	const good = `{"rcUserId":700000101,"agentId":1386703,"agentGroupId":1009,"firstName":" Bea ","lastName":"Ng","email":" bea.ng@example.com ","userName":"bea","agentType":"AGENT","isActive":true,"envID":"eo1"}`
	bea := sync.Agent{ID: "1386703", RCUserID: "700000101", FirstName: "Bea", LastName: "Ng", Email: "bea.ng@example.com", UserName: "bea", Type: "AGENT", Active: true}
	tests := []struct {
		name, record string
		want         sync.Agent
	}{
		{
			"nulls where there may be", `{"agentId":"7","rcUserId":null,"agentGroupId":null,"lastName":null,"email":"x@example.com","agentType":"ROBOT","isActive":false}`,
			sync.Agent{ID: "7", Email: "x@example.com", Type: "ROBOT"},
		},
		{
			"a name that is a number", `{"agentId":7,"firstName":12,"email":"x@example.com","isActive":true}`,
			sync.Agent{ID: "7", Email: "x@example.com", Active: true, Faulty: "firstName: of the wrong type"},
		},
		{
			"no agentId", `{"rcUserId":9,"email":"x@example.com","isActive":true}`,
			sync.Agent{RCUserID: "9", Email: "x@example.com", Active: true, Faulty: "it has no agentId"},
		},
		{
			"an agentId that is none", `{"agentId":{"id":7},"email":"x@example.com","isActive":true}`,
			sync.Agent{Email: "x@example.com", Active: true, Faulty: "agentId: of the wrong type"},
		},
		{
			"an rcUserId that is a word", `{"agentId":7,"rcUserId":"abc","email":"x@example.com","isActive":true}`,
			sync.Agent{ID: "7", Email: "x@example.com", Active: true, Faulty: "rcUserId: " + errNoID.Error()},
		},
		{
			"an agentId that is a word", `{"agentId":"7x","rcUserId":9,"isActive":true}`,
			sync.Agent{RCUserID: "9", Active: true, Faulty: "agentId: " + errNoID.Error()},
		},
		{
			"supervisors, which make no record faulty", `{"agentId":7,"isActive":true,"supervisorAgentIds":[1386605,"1386600",null,0,-1,{"id":5},"",1.5]}`,
			sync.Agent{ID: "7", Active: true, Supervisors: `["1386600","1386605"]`},
		},
		{"a lone supervisor", `{"agentId":7,"isActive":true,"supervisorAgentIds":"1386605"}`, sync.Agent{ID: "7", Active: true, Supervisors: `["1386605"]`}},
		{"no supervisors", `{"agentId":7,"isActive":true,"supervisorAgentIds":[]}`, sync.Agent{ID: "7", Active: true, Supervisors: `[]`}},
		{"supervisors of whom nothing is said", `{"agentId":7,"isActive":true,"supervisorAgentIds":null}`, sync.Agent{ID: "7", Active: true}},
		{"supervisors who cannot be read", `{"agentId":7,"isActive":true,"supervisorAgentIds":[{"agentId":5}]}`, sync.Agent{ID: "7", Active: true}},
		{"supervisors that are none", `{"agentId":7,"isActive":true,"supervisorAgentIds":{"agentId":5}}`, sync.Agent{ID: "7", Active: true}},
		{"no isActive", `{"agentId":7}`, sync.Agent{ID: "7", Faulty: "it has no isActive"}},
		{"isActive that is a word", `{"agentId":7,"isActive":"yes"}`, sync.Agent{ID: "7", Faulty: "isActive: of the wrong type"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := decodeAgents([]byte("["+good+","+test.record+"]"), "agents", "1009")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]sync.Agent{bea, test.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// R33: an administrator's ids are as strict.
func TestAnAdministratorsIDsAreDigits(t *testing.T) {
	const email = "x@example.com"
	for record, want := range map[string]sync.Admin{
		`{"userId":"abc","rcUserId":"9"}`: {RCUserID: "9", Faulty: "userId: " + errNoID.Error()},
		`{"userId":"7","rcUserId":"abc"}`: {UserID: "7", Faulty: "rcUserId: " + errNoID.Error()},
	} {
		want.Email = email
		got, err := decodeAdmins([]byte(`[{"userId":1},` + strings.Replace(record, "}", `,"email":"`+email+`"}]`, 1)))
		if err != nil || got[1] != want {
			t.Errorf("%s: %+v, %v", record, got, err)
		}
	}
}

// R1: a record that names nobody might be anybody, so the list is no fact.
func TestARecordThatNamesNobodySpoilsTheList(t *testing.T) {
	for _, record := range []string{`null`, `{}`, `42`, `"x"`, `[]`, `{"agentId":{},"rcUserId":0,"email":""}`} {
		if agents, err := decodeAgents([]byte("["+record+"]"), "agents", "1009"); kindOf(err) != kindNonsense {
			t.Errorf("agents %s: %v, %v", record, agents, err)
		}
		if admins, err := decodeAdmins([]byte("[" + record + "]")); kindOf(err) != kindNonsense {
			t.Errorf("administrators %s: %v, %v", record, admins, err)
		}
	}
}

func TestNonsenseIsNeverAnEmptyList(t *testing.T) {
	for _, body := range []string{``, ` `, `null`, `{}`, `{"records":null}`, `"[]"`, `0`, `true`, `[`, `[{}`, `[] []`, `[]x`, `<html>`, "\xef\xbb\xbf[]", `[{"agentId":1,"isActive":true}`} {
		if _, err := decodeAgents([]byte(body), "agents", "1009"); kindOf(err) != kindNonsense {
			t.Errorf("agents %q: %v", body, err)
		}
		if _, err := decodeGroups([]byte(body)); kindOf(err) != kindNonsense {
			t.Errorf("groups %q: %v", body, err)
		}
		if _, err := decodeSubAccounts([]byte(body)); kindOf(err) != kindNonsense {
			t.Errorf("sub-accounts %q: %v", body, err)
		}
		if _, err := decodeExtensions([]byte(body), ""); kindOf(err) != kindNonsense {
			t.Errorf("extensions %q: %v", body, err)
		}
		if _, err := decodeAccount([]byte(body)); kindOf(err) != kindNonsense {
			t.Errorf("account %q: %v", body, err)
		}
		if _, err := decodeRegional([]byte(body), "701"); kindOf(err) != kindNonsense {
			t.Errorf("regional settings %q: %v", body, err)
		}
		if _, err := decodeToken([]byte(body)); kindOf(err) != kindNonsense {
			t.Errorf("token %q: %v", body, err)
		}
	}
}

func TestStructureIsNotSalvaged(t *testing.T) {
	for _, record := range []string{`{}`, `{"subAccountId":"1"}`, `{"subAccountId":"1","isActive":"yes"}`, `{"isActive":true}`} {
		if subs, err := decodeSubAccounts([]byte("[" + record + "]")); kindOf(err) != kindNonsense {
			t.Errorf("%s: %v, %v", record, subs, err)
		}
	}
	for _, record := range []string{`{}`, `null`, `{"groupName":"Team"}`, `{"agentGroupId":1,"groupName":2}`} {
		if groups, err := decodeGroups([]byte("[" + record + "]")); kindOf(err) != kindNonsense {
			t.Errorf("%s: %v, %v", record, groups, err)
		}
	}
}

// R19: one faulty record spoils nothing else; where most are faulty, it is not
// the records that are wrong.
func TestMostlyFaultyListsAreNoLists(t *testing.T) {
	const good, bad = `{"agentId":1,"isActive":true,"email":"bea.ng@example.com"}`, `{"agentId":2,"isActive":"yes","email":"joe.d@example.com"}`
	for _, tt := range []struct {
		name, list string
		fine       bool
	}{
		{"one of one", bad, true},
		{"one of two", good + "," + bad, true},
		{"two of two", bad + "," + bad, false},
		{"two of four", bad + "," + good + "," + bad + "," + good, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := decodeList[wireAgent]([]byte("["+tt.list+"]"), nil)
			if (err == nil) != tt.fine {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestExtensionsKeepWhatIsCertain(t *testing.T) {
	p, err := decodeExtensions([]byte(`{"records":[
		{"id":1,"extensionNumber":"102","type":"User","status":"Enabled","contact":{"firstName":" Bea ","email":"bea.ng@example.com"},"site":{"name":"Main Site"},"costCenter":{"id":"c1","name":" 4100 "}},
		{"id":"2","type":"User","status":"Unassigned"},
		{"id":3,"status":"Disabled","contact":{"firstName":7,"lastName":"Ng"}},
		{"id":4,"type":"Hologram","status":"Dreaming","contact":{}},
		{"id":"x","extensionNumber":"105","type":"User","status":"Enabled","contact":{"firstName":"Joe","email":"joe.d@example.com"}},
		{"id":6,"extensionNumber":106,"type":null,"status":"Enabled","contact":{"email":"kim@example.com"},"site":{"name":"Main Site"}},
		{"extensionNumber":"107","type":"User","status":"Enabled"},
		{"id":8,"status":"Enabled"},
		{"id":9,"type":"User","status":null}],"paging":{"perPage":1000}}`), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []sync.Extension{
		{ID: "1", Number: "102", Type: "User", Status: "Enabled", FirstName: "Bea", Email: "bea.ng@example.com", Site: "Main Site", CostCenter: "4100", HasContact: true},
		{ID: "2", Type: "User", Status: "Unassigned"},
		{ID: "3", Status: "Disabled", Faulty: "contact: of the wrong type"},
		{ID: "4", Type: "Hologram", Status: "Dreaming"},
		{Number: "105", Type: "User", Status: "Enabled", Email: "joe.d@example.com", Faulty: "id: " + errNoID.Error()},
		{ID: "6", Status: "Enabled", Email: "kim@example.com", Faulty: "extensionNumber: of the wrong type"},
		{Number: "107", Type: "User", Status: "Enabled", Faulty: "it has no id"},
		{ID: "8", Status: "Enabled", Faulty: "it has no type"},
		{ID: "9", Type: "User", Faulty: "it has no status"},
	}
	if diff := cmp.Diff(want, p.records); diff != "" {
		t.Error(diff)
	}
}

func TestEmployeeNumbers(t *testing.T) {
	for _, c := range []struct {
		name, references string
		want             string
		known            bool
	}{
		{"the type asked for", `[{"ref":"P1","type":"PartnerId"},{"ref":" E7 ","type":"CustomerDirectoryId"}]`, "E7", true},
		{"another type alone", `[{"ref":"P1","type":"PartnerId"}]`, "", true},
		{"none", `[]`, "", true},
		{"null", `null`, "", false},
		{"nonsense faults no record", `{"ref":7}`, "", false},
		{"a number for a text", `[{"ref":7,"type":"CustomerDirectoryId"}]`, "", false},
		{"too long", `[{"ref":"` + strings.Repeat("7", longestField+1) + `","type":"CustomerDirectoryId"}]`, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := []byte(`{"records":[{"id":1,"type":"User","status":"Enabled","contact":{},"references":` + c.references + `},{"id":2,"type":"User","status":"Enabled","contact":{}}]}`)
			p, err := decodeExtensions(body, "CustomerDirectoryId")
			if err != nil || len(p.faults) > 0 {
				t.Fatal(err, p.faults)
			}
			if x := p.records[0]; x.EmployeeID != c.want || x.HasReferences != c.known {
				t.Errorf("%q, known %t", x.EmployeeID, x.HasReferences)
			}
			if x := p.records[1]; x.EmployeeID != "" || x.HasReferences {
				t.Errorf("a record without references has %q, known %t", x.EmployeeID, x.HasReferences)
			}
			if p, err := decodeExtensions(body, ""); err != nil || p.records[0] != (sync.Extension{ID: "1", Type: "User", Status: "Enabled"}) {
				t.Errorf("nobody asked, and there is %+v, %v", p.records[0], err)
			}
		})
	}
	for _, c := range []struct {
		fields, want string
		known        bool
	}{
		{`[{"id":"1","value":"x","displayName":"Badge"},{"id":"2","value":" E7","displayName":"employee  NUMBER"}]`, "E7", true},
		{`[{"id":"1","value":"x","displayName":"Badge"}]`, "", true},
		{`[{"id":"2","displayName":"Employee number"}]`, "", true},
		{`[]`, "", true},
		{`null`, "", false},
		{``, "", false},
		{`[{"value":7}]`, "", false},
	} {
		if value, known := customField(jsontext.Value(c.fields), "Employee number"); value != c.want || known != c.known {
			t.Errorf("%s: %q, known %t", c.fields, value, known)
		}
	}
}

func TestBodiesAreReadWholeOrNotAtAll(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("["), repeat("1,"))
	tests := []struct {
		name   string
		body   io.Reader
		length int64
		status int
		kind   kind // -1: some other error; kindAnswer: none
	}{
		{"as announced", strings.NewReader("[]"), 2, 200, kindAnswer},
		{"not announced", strings.NewReader("[]"), -1, 200, kindAnswer},
		{"shorter", strings.NewReader("["), 2, 200, -1},
		{"announced too large", strings.NewReader("[]"), mostBody + 1, 200, kindTooLarge},
		{"endless", endless, -1, 200, kindTooLarge},
		{"endless, of an error", repeat("x"), -1, 500, kindAnswer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readBody(&http.Response{StatusCode: test.status, Body: io.NopCloser(test.body), ContentLength: test.length}, nil)
			switch test.kind {
			case kindAnswer:
				if err != nil {
					t.Error(err)
				}
			case -1:
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Error(err)
				}
			default:
				if kindOf(err) != test.kind {
					t.Error(err)
				}
			}
		})
	}
}

// repeat is a text without end.
type repeat string

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r[i%len(r)]
	}
	return len(p), nil
}
