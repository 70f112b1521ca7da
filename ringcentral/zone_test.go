package ringcentral

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // to hold zones.txt against
)

func TestTimeZonesAreGivenTheirIANANames(t *testing.T) {
	for name, want := range map[string]string{
		"America/Los_Angeles":  "America/Los_Angeles",
		"US/Pacific":           "America/Los_Angeles",
		" us/pacific ":         "America/Los_Angeles",
		"US/East-Indiana":      "America/Indiana/Indianapolis",
		"Canada/Saskatchewan":  "America/Regina",
		"America/Buenos_Aires": "America/Argentina/Buenos_Aires",
		"Asia/Calcutta":        "Asia/Kolkata",
		"Asia/Saigon":          "Asia/Ho_Chi_Minh",
		"Europe/Kiev":          "Europe/Kyiv",
		"Iceland":              "Atlantic/Reykjavik",
		"GMT":                  "Etc/GMT",
		"UTC":                  "Etc/UTC",
		"EST5EDT":              "America/New_York",
		"Etc/GMT+5":            "Etc/GMT+5",
		"Europe/Amsterdam":     "Europe/Amsterdam", // a name in use, whatever zone it shares the rules with
		"Mars/Base":            "",
		"Pacific Time":         "",
		"#":                    "",
		"Local":                "",
		"":                     "",
	} {
		if got := IANAZone(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// Every name is one of the tz database, and a legacy one keeps the same time as
// the name it leads to.
func TestTheListOfZonesIsTheDatabases(t *testing.T) {
	names := zoneNames()
	if len(names) < 580 {
		t.Errorf("%d names are too few", len(names))
	}
	for line := range strings.Lines(zonesText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		all := strings.Fields(line)
		inUse := location(t, all[0])
		for _, name := range all {
			if names[strings.ToLower(name)] != all[0] {
				t.Errorf("%s stands twice", name)
			}
			if !sameTime(location(t, name), inUse) {
				t.Errorf("%s does not keep the time of %s", name, all[0])
			}
		}
	}
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	switch name {
	case "US/Pacific-New", "Canada/East-Saskatchewan": // left the database in 2020 and 2017
		name = strings.NewReplacer("-New", "", "East-", "").Replace(name)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// sameTime compares a year of today's, hour by hour would find no more.
func sameTime(a, b *time.Location) bool {
	for day := range 366 {
		at := time.Date(2025, 1, 1+day, 12, 0, 0, 0, time.UTC)
		_, x := at.In(a).Zone()
		_, y := at.In(b).Zone()
		if x != y {
			return false
		}
	}
	return true
}

func TestLanguagesAreGivenTheirTags(t *testing.T) {
	for _, c := range []struct{ code, id, want string }{
		{"en-US", "1033", "en-US"},
		{"en_US", "", "en-US"},
		{" EN_us ", "", "en-US"},
		{"es-419", "", "es-419"},
		{"zh_hant_tw", "", "zh-Hant-TW"},
		{"de", "", "de"},
		{"fil-PH", "", "fil-PH"},
		{"", "1036", "fr-FR"},
		{"??", "1041", "ja-JP"},
		{"", "99999", ""},
		{"English (United States)", "", ""},
		{"en-US-x-private", "", ""},
		{"", "", ""},
	} {
		w := wireRegional{}
		w.Language.LocaleCode, w.Language.ID = c.code, code(c.id)
		if got := w.tag(); got != c.want {
			t.Errorf("%q, id %q: %q, want %q", c.code, c.id, got, c.want)
		}
	}
}
