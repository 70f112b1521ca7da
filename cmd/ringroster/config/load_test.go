package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "rewrite the messages wanted in testdata")

// TestMain takes away what the environment of the tests could say.
func TestMain(m *testing.M) {
	for _, name := range []string{"STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "RINGROSTER_CONFIG"} {
		_ = os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

// planted stands in test files where a secret could be.
const planted = "s3cr3t-planted"

// minimal is the least that is valid.
const minimal = `
accounts:
  - name: acme
    main_account_id: 99990000
    client_id: abc
`

var ignoreOrigin = cmpopts.IgnoreUnexported(Account{}, Notify{}, Publish{})

// write puts a settings file, kept from others, into an empty working directory
// and returns its name.
func write(t *testing.T, text string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	return put(t, "config.yaml", text, 0o600)
}

func put(t *testing.T, file, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
	return file
}

func load(t *testing.T, text string) *Settings {
	t.Helper()
	s, err := Load(write(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInvalidSettingsFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid-*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			golden, _ := filepath.Abs(strings.TrimSuffix(file, ".yaml") + ".want")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Load(write(t, string(text)))
			problems, ok := errors.AsType[*Problems](err)
			if !ok {
				t.Fatalf("got %v, want *Problems", err)
			}
			got := problems.Error() + "\n"
			if strings.Contains(got, planted) {
				t.Error("a secret stands in a message")
			}
			if *update {
				put(t, golden, got, 0o644)
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDefaultsHoldForWhatIsNotSet(t *testing.T) {
	got := load(t, minimal)
	want := Defaults()
	want.File = "config.yaml"
	account := DefaultAccount()
	account.Name, account.MainAccountID, account.ClientID = "acme", "99990000", "abc"
	account.Schedule, account.Contacts = Schedule{"03:00", "24h", true}, ContactTime{"04:00", "24h"}
	want.Accounts = []Account{account}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyGroupsAndListsAreNoneAtAll(t *testing.T) {
	got := load(t, minimal+"    sub_accounts:\nscope:\nprotect:\nlog: {}\nschedule:\nrequired_fields: []\n")
	if diff := cmp.Diff(load(t, minimal), got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
}

func TestEveryKeyIsRead(t *testing.T) {
	got := load(t, `
service_enabled: false
impersonated_user_id: boss
database: {path: /srv/r.db, mode: "0640"}
schedule: {daily_at: "23:59", every: 6h, catch_up: false}
accounts:
  - name: acme
    base_url: http://127.0.0.1:8080/rc//
    ringcx_url: http://[::1]:8080/
    main_account_id: "0123"
    sub_accounts: ["1", 2]
    client_id: abc
    client_secret: one
    jwt: two
    data_source: realtime
    default_activity_id: Site 1
    ca_file: /etc/ca.pem
    schedule: {every: 1h, catch_up: true}
    contacts: {daily_at: "05:30", every: 12h}
  - name: other
    main_account_id: 5
    client_id: abc
    client_secret_file: /run/none.secret
    jwt_file: /run/none.jwt
role_precedence: LEAD
role_map: [{agent_type: SUPERVISOR, role: Lead}]
wem_access: {rule: role_name, role: WFM}
require_ringex: true
scope: {include: [{sub_account: 099}], exclude: [{email: "a*", agent_group: G, department: D, title: T, site: S, role: R}]}
required_fields: [email]
map: [{field: site, from: "HQ*", to: Dallas}]
onboarding:
  mode: manual
  defaults: {activity_id: A, teams: [t], categories: [c], permissions: {agent_login: false, supervisor_access: true, inbound_calls: false, outbound_calls: true}}
  rules: [{name: n, when: {site: S}, set: {teams: [u], permissions: {agent_login: true}}}]
regional_settings: {enabled: true, lookups_per_run: 7}
deactivate: false
limits: {deactivations: {percent: 0, floor: 0}, onboardings: {percent: 1, floor: 2}, updates: {percent: 3, floor: 4}, administrators: {percent: 5, floor: 6}}
deactivation_grace: {days: 3}
protect: [{role: Administrator}]
contacts: {enabled: true, daily_at: "06:00", every: 8h, delete_remaining: false}
snapshots: {keep: 3, keep_days: 4}
notify:
  - {name: ops, on: [held], accounts: [acme], names: true, remind: 6h, mail: {host: mail.example.com, port: 2525, security: tls, from: a@example.com, to: [b@example.com], username: u, password: p, password_file: "", ca_file: /etc/ca.pem}}
  - {name: chat, webhook: {url: "https://hooks.example.com/x", url_file: "", format: slack, secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", secret_file: "", ca_file: /etc/ca.pem}}
publish:
  - {name: drop, what: contacts, accounts: [acme], filter: {status: Enabled, search: desk}, format: ndjson, columns: [{name: Id, from: rc_id}], delimiter: ";", max_shrink: {percent: 1, floor: 2}, to: {dir: /srv/drop, file: "c-{date}.json", mode: "0600", keep: 9}}
  - {name: people, filter: {role: r, sub_account: 099, activity: a, team: t, employee_id: 07}, columns: [{from: teams, join: "|"}], to: {dir: /srv/drop, file: p.csv}}
  - {name: vendor, columns: [{from: email}], to: {sftp: {host: sftp.example.com, port: 2222, user: roster, key: "one\ntwo", key_file: "", known_hosts_file: /etc/known, path: in/a.csv}}}
  - {name: bus, what: changes, to: {webhook: {url: "https://bus.example.com/x", url_file: "", secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", secret_file: "", ca_file: /etc/ca.pem}}}
LOG: {Level: debug, format: json}
`)
	want := &Settings{
		File:               "config.yaml",
		ImpersonatedUserID: "boss",
		Database:           Database{"/srv/r.db", "0640"},
		Schedule:           Schedule{"23:59", "6h", false},
		Accounts: []Account{{
			Name: "acme", BaseURL: "http://127.0.0.1:8080/rc", RingCXURL: "http://[::1]:8080",
			MainAccountID: "0123", SubAccounts: []ID{"1", "2"}, ClientID: "abc", ClientSecret: "one", JWT: "two",
			DataSource: "realtime", DefaultActivityID: "Site 1", CAFile: "/etc/ca.pem",
			Schedule: Schedule{"23:59", "1h", true}, Contacts: ContactTime{"05:30", "12h"},
		}, {
			Name: "other", BaseURL: "https://platform.ringcentral.com", RingCXURL: "https://ringcx.ringcentral.com",
			MainAccountID: "5", SubAccounts: []ID{}, ClientID: "abc",
			ClientSecretFile: "/run/none.secret", JWTFile: "/run/none.jwt", DataSource: "ringcx-realtime",
			Schedule: Schedule{"23:59", "6h", false}, Contacts: ContactTime{"06:00", "8h"},
		}},
		RolePrecedence: "Lead",
		RoleMap:        []RoleMapping{{"SUPERVISOR", "Lead"}},
		WEMAccess:      WEMAccess{Rule: "role_name", Role: "WFM"},
		RequireRingEX:  true,
		Scope: Scope{
			Include: []Match{{SubAccount: "099"}},
			Exclude: []Match{{Email: "a*", AgentGroup: "G", Department: "D", Title: "T", Site: "S", Role: "R"}},
		},
		RequiredFields: []string{"email"},
		Map:            []Mapping{{"site", "HQ*", "Dallas"}},
		Onboarding: Onboarding{
			Mode: "manual",
			Defaults: Given{
				ActivityID: "A", Teams: []string{"t"}, Categories: []string{"c"},
				Permissions: Permissions{AgentLogin: new(false), SupervisorAccess: new(true), InboundCalls: new(false), OutboundCalls: new(true)},
			},
			Rules: []Rule{{Name: "n", When: Match{Site: "S"}, Set: Given{Teams: []string{"u"}, Permissions: Permissions{AgentLogin: new(true)}}}},
		},
		RegionalSettings:  RegionalSettings{true, 7},
		Limits:            Limits{Limit{0, 0}, Limit{1, 2}, Limit{3, 4}, Limit{5, 6}},
		DeactivationGrace: Grace{3},
		Protect:           []Match{{Role: "Administrator"}},
		Contacts:          Contacts{Enabled: true, DailyAt: "06:00", Every: "8h"},
		Snapshots:         Snapshots{3, 4},
		Notify: []Notify{{
			Name: "ops", On: []string{"held"}, Accounts: []string{"acme"}, Names: true, Remind: "6h",
			Mail: &Mail{
				Host: "mail.example.com", Port: 2525, Security: "tls", From: "a@example.com", To: []string{"b@example.com"},
				Username: "u", Password: "p", CAFile: "/etc/ca.pem",
			},
		}, {
			Name: "chat", On: everyKind, Remind: "24h",
			Webhook: &Webhook{
				URL: "https://hooks.example.com/x", Format: "slack",
				Secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", CAFile: "/etc/ca.pem",
			},
		}},
		Publish: []Publish{{
			Name: "drop", What: "contacts", Accounts: []string{"acme"}, Filter: PublishFilter{Status: "Enabled", Search: "desk"}, Format: "ndjson",
			Columns: []Column{{Name: "Id", From: "rc_id"}}, Delimiter: ";", MaxShrink: Limit{1, 2},
			To: PublishTo{Dir: "/srv/drop", File: "c-{date}.json", Mode: "0600", Keep: 9},
		}, {
			Name: "people", What: "roster", Filter: PublishFilter{Role: "r", SubAccount: "099", Activity: "a", Team: "t", EmployeeID: "07"}, Format: "csv",
			Columns: []Column{{"teams", "teams", "|"}}, Delimiter: ",", MaxShrink: Limit{10, 5},
			To: PublishTo{Dir: "/srv/drop", File: "p.csv", Mode: "0640"},
		}, {
			Name: "vendor", What: "roster", Format: "csv", Columns: []Column{{"email", "email", ""}}, Delimiter: ",", MaxShrink: Limit{10, 5},
			To: PublishTo{Mode: "0640", SFTP: &SFTP{Host: "sftp.example.com", Port: 2222, User: "roster", Key: "one\ntwo", KnownHostsFile: "/etc/known", Path: "in/a.csv"}},
		}, {
			Name: "bus", What: "changes", Format: "csv", Delimiter: ",", MaxShrink: Limit{10, 5},
			To: PublishTo{Mode: "0640", Webhook: &PublishWebhook{
				URL: "https://bus.example.com/x", Secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", CAFile: "/etc/ca.pem",
			}},
		}},
		Log: Log{"debug", "json"},
	}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
}

func TestIDsAreKeptAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string][]ID{
		`[99990001, "99990002"]`:    {"99990001", "99990002"},
		`99990001`:                  {"99990001"},
		`0123`:                      {"0123"},
		`0899`:                      {"0899"},
		`"99990001,99990002"`:       {"99990001", "99990002"},
		` 99990001 , 99990002 `:     {"99990001", "99990002"},
		`""`:                        {},
		`[]`:                        {},
		`[98765432109876543210123]`: {"98765432109876543210123"},
	} {
		t.Run(text, func(t *testing.T) {
			got := load(t, minimal+"    sub_accounts: "+text+"\n").Accounts[0].SubAccounts
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAByteOrderMarkIsNoMatter(t *testing.T) {
	load(t, "\ufeff"+strings.TrimPrefix(minimal, "\n"))
	load(t, strings.ReplaceAll(minimal, "\n", "\r\n"))
}

func TestRelativePathsBeginAtTheFile(t *testing.T) {
	file := write(t, minimal+"    client_secret_file: a.secret\n    jwt_file: a.jwt\n    ca_file: ca.pem\n")
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	a := s.Accounts[0]
	got := []string{s.Database.Path, a.ClientSecretFile, a.JWTFile, a.CAFile}
	want := []string{dir + "/roster.db", dir + "/a.secret", dir + "/a.jwt", dir + "/ca.pem"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheDatabaseBeginsAtTheStateDirectory(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "/var/lib/ringroster:/var/lib/other")
	if got := load(t, minimal).Database.Path; got != "/var/lib/ringroster/roster.db" {
		t.Errorf("got %s", got)
	}
	if got := load(t, minimal+"database: {path: /srv/r.db}").Database.Path; got != "/srv/r.db" {
		t.Errorf("got %s", got)
	}
}

func TestFind(t *testing.T) {
	tests := []struct {
		name, flag, env string
		files           []string
		want            string
		problem         string
	}{
		{name: "the flag wins", flag: "a.yaml", env: "b.yaml", files: []string{"a.yaml", "b.yaml", "config.yaml"}, want: "a.yaml"},
		{name: "then the environment", env: "b.yaml", files: []string{"b.yaml", "config.yaml"}, want: "b.yaml"},
		{name: "then here", files: []string{"config.yaml"}, want: "config.yaml"},
		{
			name: "a flag that names nothing", flag: "a.yaml", files: []string{"config.yaml"},
			problem: "a.yaml: the settings file that --config names cannot be read: no such file or directory",
		},
		{
			name: "a variable that names nothing", env: "b.yaml", files: []string{"config.yaml"},
			problem: "b.yaml: the settings file that $RINGROSTER_CONFIG names cannot be read: no such file or directory",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("RINGROSTER_CONFIG", test.env)
			for _, file := range test.files {
				put(t, file, minimal, 0o600)
			}
			got, err := Find(test.flag)
			if test.problem != "" {
				if _, ok := errors.AsType[*Problems](err); !ok || err.Error() != test.problem {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestFindSaysWhereItLooked(t *testing.T) {
	if _, err := os.Stat("/etc/ringroster/config.yaml"); err == nil {
		t.Skip("this machine has settings in /etc/ringroster")
	}
	t.Chdir(t.TempDir())
	t.Setenv("RINGROSTER_CONFIG", "")
	_, err := Find("")
	const want = "no settings file: $RINGROSTER_CONFIG is not set, and there is neither ./config.yaml nor " +
		"/etc/ringroster/config.yaml; name one with --config, or start from config.example.yaml"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestFilesThatAreNoSettings(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "large.yaml", strings.Repeat("#", maxFile+1), 0o600)
	for file, want := range map[string]string{
		"none.yaml":  "none.yaml: the settings cannot be read: no such file or directory",
		".":          ".: the settings cannot be read: it is a directory, not a regular file",
		"/dev/null":  "/dev/null: the settings cannot be read: it is a pipe or a device, not a regular file",
		"large.yaml": "large.yaml: the settings cannot be read: it is larger than 1 MiB",
	} {
		_, err := Load(file)
		if _, ok := errors.AsType[*Problems](err); !ok || err.Error() != want {
			t.Errorf("%s: got %v", file, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/invalid-*.yaml")
	for _, file := range append(files, "../../../config.example.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(minimal))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, r := parse("config.yaml", data)
		last := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
		for _, p := range r.list {
			if p.Line < 1 || p.Line > last || p.Message == "" || p.File == "" {
				t.Errorf("%+v in %d lines", p, last)
			}
			if strings.Contains(p.Message, "cannot be read") {
				t.Errorf("what the tree let through was not read: %s", p)
			}
		}
		if len(r.list) > 0 {
			return
		}
		for i := range s.Accounts {
			s.Policy(&s.Accounts[i])
		}
	})
}
