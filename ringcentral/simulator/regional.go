package simulator

import (
	"cmp"
	"slices"
	"strings"
)

// zone is an entry of RingCentral's time zone dictionary; the bias is minutes east of UTC in winter
// (ringcentral/API.md 2.3). Only 58 is known to be RingCentral's own id.
type zone struct{ id, name, description, bias string }

var zones = []zone{
	{"58", "US/Pacific", "Pacific Time (US & Canada)", "-480"},
	{"59", "US/Mountain", "Mountain Time (US & Canada)", "-420"},
	{"60", "US/Central", "Central Time (US & Canada)", "-360"},
	{"61", "US/Eastern", "Eastern Time (US & Canada)", "-300"},
	{"62", "America/Sao_Paulo", "Brasilia", "-180"},
	{"63", "GMT", "Greenwich Mean Time", "0"},
	{"64", "Europe/London", "London", "0"},
	{"65", "Europe/Paris", "Paris", "60"},
	{"66", "Europe/Athens", "Athens", "120"},
	{"67", "Asia/Kolkata", "Mumbai", "330"},
	{"68", "Asia/Manila", "Manila", "480"},
	{"69", "Asia/Tokyo", "Tokyo", "540"},
}

func zoneNames() string {
	var names []string
	for _, z := range zones {
		names = append(names, z.name)
	}
	return strings.Join(names, ", ")
}

type timezoneWire struct {
	URI         string `json:"uri"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Bias        string `json:"bias"`
}

type languageWire struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	LocaleCode string `json:"localeCode"`
}

type countryWire struct {
	URI         string `json:"uri"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	ISOCode     string `json:"isoCode"`
	CallingCode string `json:"callingCode"`
}

// regionalWire is the schema RegionalSettings.
type regionalWire struct {
	Timezone         timezoneWire `json:"timezone"`
	HomeCountry      countryWire  `json:"homeCountry"`
	Language         languageWire `json:"language"`
	GreetingLanguage languageWire `json:"greetingLanguage"`
	FormattingLocale languageWire `json:"formattingLocale"`
	TimeFormat       string       `json:"timeFormat"`
}

var languages = []languageWire{
	{"1033", "English (United States)", "en-US"},
	{"2057", "English (United Kingdom)", "en-GB"},
	{"1036", "French (France)", "fr-FR"},
	{"1031", "German (Germany)", "de-DE"},
	{"3082", "Spanish (Spain)", "es-ES"},
	{"1041", "Japanese (Japan)", "ja-JP"},
	{"1046", "Portuguese (Brazil)", "pt-BR"},
}

// regional gives the settings of a zone and a language, the company's where a person has none (ringcentral/API.md 2.3).
func regional(base string, a *Account, timeZone, language string) regionalWire {
	name := cmp.Or(timeZone, a.TimeZone, zones[0].name)
	z := zones[max(0, slices.IndexFunc(zones, func(z zone) bool { return z.name == name }))]
	locale := cmp.Or(language, a.Language, languages[0].LocaleCode)
	l := languageWire{"0", locale, locale}
	if i := slices.IndexFunc(languages, func(l languageWire) bool { return l.LocaleCode == locale }); i >= 0 {
		l = languages[i]
	}
	return regionalWire{
		Timezone:    timezoneWire{base + "/restapi/v1.0/dictionary/timezone/" + z.id, z.id, z.name, z.description, z.bias},
		HomeCountry: countryWire{base + "/restapi/v1.0/dictionary/country/1", "1", "United States", "US", "1"},
		Language:    l, GreetingLanguage: l, FormattingLocale: l,
		TimeFormat: "12h",
	}
}
