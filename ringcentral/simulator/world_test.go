package simulator

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const smallWorld = `accounts:
  - client_id: a
    client_secret: b
    jwt: c
    owner_id: 1
    id: 5
    main_account_id: "9"
    extensions: [{id: 1, first_name: Bea}]
`

func TestParseReadsWhatDocSays(t *testing.T) {
	w, err := Parse([]byte(exampleInDoc(t)))
	if err != nil {
		t.Fatal(err)
	}
	if w.Limits == nil || w.Latency != Duration(20*time.Millisecond) || !w.Variations || len(w.Faults) != 2 ||
		len(w.Accounts[0].Contacts) != 1 || w.Accounts[0].SubAccounts[0].Groups[0].Agents[1].Supervisors[0] != 1386703 {
		t.Errorf("got %+v", w)
	}
}

// exampleInDoc takes the YAML out of the package comment, so that it cannot rot.
func exampleInDoc(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	inside := false
	for line := range strings.Lines(string(text)) {
		inside = inside && strings.HasPrefix(line, "//\t") || strings.HasPrefix(line, "//\taccounts:")
		if inside {
			example.WriteString(strings.TrimPrefix(line, "//\t"))
		}
	}
	return example.String()
}

func TestParseNamesEveryProblem(t *testing.T) {
	for _, x := range []struct{ name, text, want string }{
		{"empty", "", "the file is empty: give at least one account"},
		{"no account", "latency: 1s", "accounts: give at least one"},
		{"unknown key", smallWorld + "latenzy: 1s\nfoo: 1\n", "line 9: key latenzy not found\nline 10: key foo not found"},
		{"unknown key deep inside", strings.ReplaceAll(smallWorld, "first_name", "firstname"), "line 8: key firstname not found"},
		{"duplicate key", smallWorld + "latency: 1s\nlatency: 2s\n", `line 10: mapping key "latency" already defined at line 9`},
		{"wrong type", strings.ReplaceAll(smallWorld, "id: 5", "id: five"), "line 6: cannot unmarshal !!str `five` into int64"},
		{"wrong duration", smallWorld + "latency: soon\n", `"soon" is not a duration such as 250ms or 5m`},
		{"two documents", smallWorld + "---\n" + smallWorld, "more than one YAML document: put everything into one"},
		{"nothing in an account", "accounts: [{}]", "accounts[0].client_id: is missing\naccounts[0].client_secret: is missing\naccounts[0].jwt: is missing\n" +
			"accounts[0].main_account_id: is missing\naccounts[0].id: give the RingEX account id, a positive number\naccounts[0].owner_id: no extension has the id 0; whoever owns the JWT has one"},
		{"empty items", "accounts: [~]\nfaults: [~]", "accounts[0]: is empty\nfaults[0]: is empty"},
		{
			"references", smallWorld + "    administrators: [{id: 7}, {id: 7}]\n    sub_accounts: [{groups: [~]}]\n    time_zone: Mars\n" +
				"    contacts: [{name: X}]\n    roles: [{name: X}]\n    sites: [{name: X}]\n",
			"accounts[0].time_zone: \"Mars\" is not one the simulator knows (" + zoneNames() + ")\naccounts[0].roles[0].id: is missing\naccounts[0].sites[0].id: is missing\n" +
				"accounts[0].contacts[0].id: is missing\naccounts[0].administrators[1].id: 7 is given twice\naccounts[0].sub_accounts[0].id: is missing\naccounts[0].sub_accounts[0].groups[0]: is empty",
		},
		{
			"extensions", strings.ReplaceAll(smallWorld, "first_name: Bea", "site: x, roles: [y], time_zone: z"),
			"accounts[0].extensions[0].time_zone: \"z\" is not one the simulator knows (" + zoneNames() + ")\naccounts[0].extensions[0].site: no site has the id \"x\"\naccounts[0].extensions[0].roles: no role has the id \"y\"",
		},
		{
			"faults", smallWorld + "faults: [{kind: explode}, {kind: status}, {kind: gone, op: agent}, {kind: 'null', probability: 2, path: '['}, {kind: status, status: 99, shape: round, skip: -1}]\n",
			"faults[0]: kind \"explode\" is not one of " + strings.Join(FaultKinds(), ", ") + "\nfaults[1]: kind status needs status\n" +
				"faults[2]: kind gone needs id\nop \"agent\" is not one of [token revoke account extensions own_regional_settings roles assigned_roles directory regional_settings audit_trail exchange refresh administrators sub_accounts groups agents audit_log unknown]\n" +
				"faults[3]: path \"[\": syntax error in pattern\nprobability and share: give 0 to 1\nfaults[4]: status 99: give 200 to 599\n" +
				"shape \"round\" is not one of adg, empty, gateway, html, oauth, oauth_bare, ringcx, ringex, ringex_plain, text\nlook, skip, count, n, retry_after and delay must not be negative",
		},
		{"negative", smallWorld + "latency: -1s\nlimits: {light: -1}\n", "limits: numbers must not be negative; leave one out for RingCentral's own\nlatency, audit_delay and lifetimes must not be negative"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := Parse([]byte(x.text))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(x.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAWorldSurvivesJSON(t *testing.T) {
	w := Generate(60, 3)
	w.Limits, w.Latency = &Limits{Medium: 3}, Duration(time.Second)
	w.Faults = []*Fault{{Kind: "status", Status: 503, Op: OpAgents}}
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, got, cmpopts.IgnoreUnexported(Fault{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
