package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/contactrows"
	"ringroster/store/deliver"
	"ringroster/store/views"
)

func TestAPublishedFileNeedsFewKeys(t *testing.T) {
	s := load(t, minimal+`
publish:
  - {name: drop, to: {dir: drop, file: roster.csv}}
  - {name: dated, format: ndjson, delimiter: tab, columns: [{from: email}, {name: Teams, from: teams, join: "|"}], to: {dir: /srv/drop, file: "r-{date}.ndjson", mode: "0600", keep: 7}}
`)
	drop, dated := &s.Publish[0], &s.Publish[1]
	if drop.What != PublishedRoster || drop.Format != CSV || drop.Comma() != ',' || drop.To.FileMode() != 0o640 || drop.MaxShrink != (Limit{10, 5}) {
		t.Errorf("got %+v", drop)
	}
	if drop.To.Dir != "drop" { // beside the settings, which stand here
		t.Errorf("the folder is %s", drop.To.Dir)
	}
	names := make([]string, len(drop.Columns))
	for i, c := range drop.Columns {
		names[i] = c.Name
	}
	if len(names) != len(publishedColumns[PublishedRoster])-len(unpublished) || slices.Contains(names, "last_seen_at") || slices.Contains(names, "absent_days") {
		t.Errorf("the columns are %v", names)
	}
	if diff := cmp.Diff([]Column{{"email", "email", ""}, {"Teams", "teams", "|"}}, dated.Columns); diff != "" {
		t.Error(diff)
	}
	if dated.Comma() != '\t' || dated.To.FileMode() != 0o600 || dated.To.Keep != 7 {
		t.Errorf("got %+v", dated)
	}
}

// The settings know what can be published without knowing the roster.
func TestThePublishedColumnsAreThoseOfTheViews(t *testing.T) {
	var contacts []string
	for f := range reflect.TypeFor[contactrows.Row]().Fields() {
		contacts = append(contacts, f.Tag.Get("json"))
	}
	for what, want := range map[string][]string{PublishedRoster: views.RosterColumns(), PublishedContacts: contacts} {
		if diff := cmp.Diff(want, publishedColumns[what]); diff != "" {
			t.Errorf("%s (-view +settings):\n%s", what, diff)
		}
	}
	if deliver.OfRoster != PublishedRoster || deliver.OfContacts != PublishedContacts {
		t.Error("settings and roster have different words for what is published")
	}
}

// A destination by the name of a command of `publish` could not be named.
func TestTheCommandsOfPublishAreNoNames(t *testing.T) {
	var commands []string
	for _, file := range []string{"publishstatus.go", "publishapprove.go", "publishverify.go"} {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`Use: "(\w+)`).FindAllStringSubmatch(string(text), -1) {
			commands = append(commands, m[1])
		}
	}
	slices.Sort(commands)
	if want := slices.Sorted(slices.Values(publishCommands)); !slices.Equal(commands, want) {
		t.Errorf("publish has %s, the settings refuse %s", strings.Join(commands, ", "), strings.Join(want, ", "))
	}
}

// A private key has several lines; it and the others come from one place each.
func TestPlacesOfTheSecretsOfWhatIsPublished(t *testing.T) {
	const destinations = minimal + `
publish:
  - {name: far, to: {sftp: {host: sftp.example.com, user: roster, known_hosts_file: known, path: a.csv}}}
  - {name: hr-bus, what: changes, to: {webhook: {}}}
`
	dir := t.TempDir()
	put(t, filepath.Join(dir, "publish.far.key"), "-----BEGIN KEY-----\nplanted\n-----END KEY-----\n", 0o400)
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	t.Setenv("RINGROSTER_PUBLISH_HR_BUS_URL", "https://bus.example.com/planted")
	s := load(t, destinations)
	far, err := s.Publish[0].Credentials()
	if err != nil || string(far.Private) != "-----BEGIN KEY-----\nplanted\n-----END KEY-----\n" {
		t.Errorf("the key is %q, %v", string(far.Private), err)
	}
	bus, err := s.Publish[1].Credentials()
	if err != nil || string(bus.URL) != "https://bus.example.com/planted" || len(bus.Key) != 0 {
		t.Errorf("the address is %q, %v", string(bus.URL), err)
	}
	t.Setenv("RINGROSTER_PUBLISH_FAR_KEY", "another")
	_, err = s.Publish[0].Credentials()
	if err == nil || !strings.Contains(err.Error(), "is given in 2 places") || strings.Contains(err.Error(), "planted") {
		t.Errorf("given twice it says %v", err)
	}
	t.Setenv("RINGROSTER_PUBLISH_HR_BUS_URL", "")
	_, err = s.Publish[1].Credentials()
	if err == nil || !strings.Contains(err.Error(), "set url_file, the systemd credential publish.hr-bus.url") {
		t.Errorf("given nowhere it says %v", err)
	}
}
