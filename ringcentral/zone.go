package ringcentral

import (
	_ "embed"
	"regexp"
	"strings"
	stdsync "sync"
)

//go:embed zones.txt
var zonesText string

// zoneNames leads from every name of the tz database, in lower case, to the one
// that is in use. The program brings its own list, since not every machine it
// runs on has the database.
var zoneNames = stdsync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for line := range strings.Lines(zonesText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		all := strings.Fields(line)
		for _, name := range all {
			names[strings.ToLower(name)] = all[0]
		}
	}
	return names
})

// IANAZone gives the IANA name of a time zone as RingCentral writes it (API.md
// 2.3), often a legacy one: America/Los_Angeles for US/Pacific. "": no such zone.
func IANAZone(name string) string { return zoneNames()[strings.ToLower(strings.TrimSpace(name))] }

// languageIDs are the tags of RingCentral's language ids, which are Windows' own
// (LCID), for answers without a locale code.
var languageIDs = map[code]string{
	"1028": "zh-TW", "1031": "de-DE", "1033": "en-US", "1035": "fi-FI", "1036": "fr-FR", "1040": "it-IT",
	"1041": "ja-JP", "1042": "ko-KR", "1043": "nl-NL", "1046": "pt-BR", "2052": "zh-CN", "2057": "en-GB",
	"2058": "es-MX", "2070": "pt-PT", "3076": "zh-HK", "3081": "en-AU", "3082": "es-ES", "3084": "fr-CA",
}

// languageTag is a language, perhaps with script and region (RFC 5646, 2.1).
var languageTag = regexp.MustCompile(`^([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?$`)

// BCP47 gives the BCP 47 tag of a locale code, with its usual capitals: en-US for
// en_US. "": it is none.
func BCP47(code string) string {
	parts := languageTag.FindStringSubmatch(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(code)), "_", "-"))
	if parts == nil {
		return ""
	}
	tag := parts[1]
	if script := parts[2]; script != "" {
		tag += "-" + strings.ToUpper(script[:1]) + script[1:]
	}
	if region := parts[3]; region != "" {
		tag += "-" + strings.ToUpper(region)
	}
	return tag
}
