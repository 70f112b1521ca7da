package simulator

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// entry is a directory entry encoded both ways: with and without the account, and what filters look at.
type entry struct {
	kind, site    string
	with, without json.RawMessage
}

// entryWire is the schema ContactResource.
type entryWire struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Status     string          `json:"status"`
	FirstName  string          `json:"firstName,omitempty"`
	LastName   string          `json:"lastName,omitempty"`
	Name       string          `json:"name,omitempty"`
	Email      string          `json:"email,omitempty"`
	Number     string          `json:"extensionNumber,omitempty"`
	JobTitle   string          `json:"jobTitle,omitempty"`
	Department string          `json:"department,omitempty"`
	Account    *accountRefWire `json:"account,omitempty"`
	Site       *siteWire       `json:"site,omitempty"`
	Phones     []phoneWire     `json:"phoneNumbers,omitempty"`
	Hidden     bool            `json:"hidden,omitempty"`
}

type phoneWire struct {
	PhoneNumber string `json:"phoneNumber"`
	Formatted   string `json:"formattedPhoneNumber"`
	Type        string `json:"type"`
	UsageType   string `json:"usageType"`
	Primary     bool   `json:"primary"`
}

// encodeEntries derives the directory from the extensions, other contacts after them. People of four types
// are all "User"; applications and what is neither Enabled, Disabled nor NotActivated are left out (ringcentral/API.md 2.4).
func (v *view) encodeEntries() []entry {
	var list []entry
	for _, e := range v.account.Extensions {
		if e.Type == "ApplicationExtension" || !slices.Contains([]string{"Enabled", "Disabled", "NotActivated"}, e.status()) {
			continue
		}
		list = append(list, v.entry(extensionEntry(e), e.Site, e.Phones))
	}
	for _, c := range v.account.Contacts {
		w := entryWire{
			ID: c.ID, Type: cmp.Or(c.Type, "External"), Status: cmp.Or(c.Status, "Enabled"), FirstName: c.FirstName, LastName: c.LastName,
			Name: c.Name, Email: c.Email, Number: c.Number, JobTitle: c.JobTitle, Department: c.Department,
		}
		list = append(list, v.entry(w, c.Site, c.Phones))
	}
	return list
}

func extensionEntry(e *Extension) entryWire {
	w := entryWire{
		ID: number(e.ID), Type: cmp.Or(e.Type, "User"), Status: e.status(), Email: e.Email, Number: e.Number,
		JobTitle: e.JobTitle, Department: e.Department, Hidden: e.Hidden,
	}
	if slices.Contains([]string{"User", "DigitalUser", "VirtualUser", "FaxUser", "FlexibleUser"}, w.Type) {
		w.Type, w.FirstName, w.LastName = "User", e.FirstName, e.LastName
	} else {
		w.Name = e.fullName()
	}
	return w
}

func (v *view) entry(w entryWire, site string, phones []string) entry {
	w.Site = v.site(site)
	for i, p := range phones {
		w.Phones = append(w.Phones, phoneWire{p, formatted(p), "VoiceFax", "DirectNumber", i == 0})
	}
	e := entry{kind: w.Type, site: site, without: encode(w)}
	w.Account = &accountRefWire{ID: number(v.account.ID)}
	e.with = encode(w)
	return e
}

// formatted writes a North American number the way the samples do.
func formatted(phone string) string {
	if len(phone) != 12 || !strings.HasPrefix(phone, "+1") {
		return phone
	}
	return "+1 (" + phone[2:5] + ") " + phone[5:]
}

// searchableTypes is the schema ADGSearchableExtensionTypesEnum.
var searchableTypes = []string{
	"User", "Department", "Announcement", "Voicemail", "SharedLinesGroup", "PagingOnly", "IvrMenu", "ParkLocation",
	"Limited", "External", "DelegatedLinesGroup", "TieLine",
}

// directory filters the entries; it names the parameter whose value is impossible.
func (v *view) directory(query url.Values, federated bool) (records []json.RawMessage, unknown string) {
	kind, group, site := query.Get("type"), query.Get("typeGroup"), query.Get("siteId")
	switch {
	case kind != "" && !slices.Contains(searchableTypes, kind):
		return nil, "type"
	case group != "" && group != "User" && group != "NonUser":
		return nil, "typeGroup"
	}
	for _, e := range v.entries() {
		if kind != "" && e.kind != kind || site != "" && e.site != site || group != "" && (group == "User") != (e.kind == "User") {
			continue
		}
		if federated {
			records = append(records, e.with)
		} else {
			records = append(records, e.without)
		}
	}
	return records, ""
}
