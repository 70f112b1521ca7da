package ringcentral

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	stdsync "sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ringroster/sync"
)

// Reasons of the warnings about regional settings. Each comes once in a run.
const (
	WarningRegionalUnread  sync.Reason = "regional_settings_unread"
	WarningUnknownTimeZone sync.Reason = "unknown_time_zone"
	WarningUnknownLanguage sync.Reason = "unknown_language"
)

const (
	// lookupsAtOnce is enough to use the Light limit up within seconds.
	lookupsAtOnce = 8
	// lookupsPatience is after how many failures of RingCentral in a row, none of
	// them an extension's own, the rest is left to later runs: as many as are on
	// their way, so that a few bad extensions are not taken for an outage.
	lookupsPatience = lookupsAtOnce
)

// readExtension: one extension, whose regional settings the list lacks
// (readExtension, API.md 2.3).
var readExtension = &operation{
	name: "extension", groups: []string{light}, bearer: true, policy: apiPolicy,
	permission: "ReadExtensions",
}

// wireRegional is RegionalSettings, as far as it is used.
type wireRegional struct {
	Timezone struct {
		Name string `json:"name"`
	} `json:"timezone"`
	Language struct {
		ID         code   `json:"id"`
		LocaleCode string `json:"localeCode"`
	} `json:"language"`
}

func (w *wireRegional) zone() string { return IANAZone(w.Timezone.Name) }

func (w *wireRegional) tag() string {
	return first(BCP47(w.Language.LocaleCode), languageIDs[w.Language.ID])
}

// wholeExtension is GetExtensionInfoResponse, as far as it is used.
type wholeExtension struct {
	ID       id             `json:"id"`
	Regional wireRegional   `json:"regionalSettings"`
	Custom   jsontext.Value `json:"customFields"`
}

// oneExtension asks for an extension by itself.
func (c *client) oneExtension(extension string) *request {
	return &request{op: readExtension, what: "extension " + clean(extension), url: c.at(ringEX, "/restapi/v1.0/account/~/extension/%s", extension)}
}

// ownRegional reads the regional settings of one extension.
func (c *client) ownRegional(ctx context.Context, extension string) (*wholeExtension, error) {
	return call(ctx, c, c.oneExtension(extension), func(body []byte) (*wholeExtension, error) { return decodeRegional(body, extension) })
}

// decodeRegional reads what an extension says of itself. Settings that are not
// there are nonsense: they default to the company's, and are never absent.
func decodeRegional(body []byte, extension string) (*wholeExtension, error) {
	w, err := decodeObject[wholeExtension](body)
	switch {
	case err != nil:
		return nil, err
	case string(w.ID) != extension:
		return nil, nonsense("the answer is about extension %s", clean(first(string(w.ID), "nobody")))
	case w.Regional.Timezone.Name == "" && w.Regional.Language.LocaleCode == "" && w.Regional.Language.ID == "":
		return nil, nonsense("the answer holds no regional settings")
	}
	return w, nil
}

// regional keeps the account's own regional settings.
func (r *reading) regional(raw jsontext.Value) {
	var w wireRegional
	r.s.Regional = &sync.Regional{CustomField: r.c.EmployeeField, CustomOnly: !r.c.Regional}
	if r.s.Regional.CustomOnly {
		return
	}
	if json.Unmarshal(raw, &w) != nil {
		return
	}
	var strange strangers
	r.s.Regional.Account = strange.region(&w)
	for _, warning := range strange.warnings() {
		r.warn(warning.Reason, "%s", warning.Detail)
	}
}

// Regional looks up the own regional settings of extensions, and the custom field with the
// employee number, as fast as the Light
// limit lets it, within half of the time that ctx has left. An extension that
// cannot be read, or says neither time zone nor language, is left out, and so are
// the rest where RingCentral itself fails. An error is the context's alone.
func (d *Directory) Regional(ctx context.Context, extensions []string, report func(sync.Progress)) (_ map[string]sync.Region, _ []sync.Warning, err error) {
	defer d.c.tellSilence(ctx, &err)
	report, stop := d.c.listen(report)
	defer stop()
	timed := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		timed, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	l := &lookups{c: d.c, of: len(extensions), report: report, own: map[string]sync.Region{}}
	g, inTime := newTasks(timed)
	g.SetLimit(lookupsAtOnce)
	for _, extension := range extensions {
		g.Go(func() error { return l.lookUp(inTime, extension) })
	}
	_ = g.Wait() // an error only ended the lookups
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	warnings := l.warnings()
	d.c.secrets.finishWarnings(warnings)
	return l.own, warnings, nil
}

// lookups is one Regional.
type lookups struct {
	c      *client
	of     int
	report func(sync.Progress)

	mu      stdsync.Mutex
	own     map[string]sync.Region
	done    int
	failed  int
	inARow  int // failures that are no extension's own
	cause   error
	strange strangers
}

// lookUp reads one extension; its error ends the other lookups.
func (l *lookups) lookUp(ctx context.Context, extension string) error {
	if ctx.Err() != nil {
		return nil
	}
	w, err := l.c.ownRegional(ctx, extension)
	if _, read := errors.AsType[*Error](err); err != nil && !read {
		return err // out of time: left over
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	if l.report != nil {
		l.report(sync.Progress{Account: l.c.Account, Step: "regional settings", Done: l.done, Of: l.of, People: l.done})
	}
	if err != nil {
		return l.fail(err)
	}
	l.keep(extension, w)
	return nil
}

func (l *lookups) keep(extension string, w *wholeExtension) {
	l.inARow = 0
	var region sync.Region
	if l.c.Regional {
		region = l.strange.region(&w.Regional)
	}
	if name := l.c.EmployeeField; name != "" {
		region.EmployeeID, region.HasEmployeeID = customField(w.Custom, name)
	}
	if region != (sync.Region{}) || !l.c.Regional { // read, though it says nothing
		l.own[extension] = region
	}
}

// customField is the value of the custom field with a name. It is known where there is a list
// of custom fields, also if that lacks the field: then the field is empty.
func customField(raw jsontext.Value, name string) (value string, known bool) {
	var fields []struct {
		Value string `json:"value"`
		Name  string `json:"displayName"`
	}
	if raw.Kind() != '[' || json.Unmarshal(raw, &fields) != nil {
		return "", false
	}
	for i := range fields {
		if f := &fields[i]; sync.SameText(f.Name, name) {
			known = tidy("", field{"value", &f.Value}) == ""
			return f.Value, known
		}
	}
	return "", true
}

// fail counts a failure, and decides whether it ends the lookups.
func (l *lookups) fail(err error) error {
	l.failed++
	if l.cause == nil {
		l.cause = err
	}
	if itsOwn(err) {
		return nil
	}
	if l.inARow++; l.inARow >= lookupsPatience {
		return err
	}
	return nil
}

// itsOwn says whether a failure tells nothing about other extensions: it is gone
// or hidden, or its answer makes no sense.
func itsOwn(err error) bool {
	return kindOf(err) == kindNonsense || kindOf(err) == kindTooLarge ||
		hasStatus(err, http.StatusNotFound) || hasStatus(err, http.StatusForbidden) || hasStatus(err, http.StatusBadRequest)
}

func (l *lookups) warnings() []sync.Warning {
	all := l.strange.warnings()
	if l.failed > 0 {
		all = append(all, sync.Warning{Reason: WarningRegionalUnread, Detail: fmt.Sprintf(
			"%d of %d regional settings to look up could not be read, and %d were not tried; later runs try again. First: %s",
			l.failed, l.of, l.of-l.done, l.cause)})
	}
	return all
}

// strangers are values that no table knows: they stay unknown, and each kind is
// warned of once, not for each person.
type strangers struct {
	zones, languages map[string]int
}

// region gives what is known of regional settings.
func (s *strangers) region(w *wireRegional) sync.Region {
	region := sync.Region{TimeZone: w.zone(), Language: w.tag()}
	if name := w.Timezone.Name; name != "" && region.TimeZone == "" {
		count(&s.zones, name)
	}
	if name := first(w.Language.LocaleCode, string(w.Language.ID)); name != "" && region.Language == "" {
		count(&s.languages, name)
	}
	return region
}

func count(counts *map[string]int, name string) {
	if *counts == nil {
		*counts = map[string]int{}
	}
	(*counts)[clean(name)]++
}

func (s *strangers) warnings() []sync.Warning {
	var all []sync.Warning
	for _, kind := range []struct {
		reason sync.Reason
		what   string
		counts map[string]int
	}{
		{WarningUnknownTimeZone, "time zones that are not in the tz database", s.zones},
		{WarningUnknownLanguage, "languages without a BCP 47 tag", s.languages},
	} {
		if len(kind.counts) > 0 {
			all = append(all, sync.Warning{Reason: kind.reason, Detail: fmt.Sprintf(
				"RingCentral has %s, which count as unknown: %s", kind.what, mostFrequent(kind.counts))})
		}
	}
	return all
}

// mostFrequent shows a few of the names, the most frequent ones first.
func mostFrequent(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	shown := names[:min(len(names), 5)]
	for i, name := range shown {
		shown[i] = fmt.Sprintf("%q (%d)", name, counts[name])
	}
	return strings.Join(shown, ", ")
}

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
