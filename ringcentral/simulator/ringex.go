package simulator

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxPerPage is applied to larger wishes (ringcentral/API.md 2.2; 2.4 for the directory).
const (
	maxPerPage          = 1000
	maxDirectoryPerPage = 2000
)

// accountWire is the schema GetAccountInfoResponse, as far as anyone here asks.
type accountWire struct {
	URI              string       `json:"uri"`
	ID               int64        `json:"id"`
	MainNumber       string       `json:"mainNumber,omitempty"`
	Status           string       `json:"status"`
	SetupWizardState string       `json:"setupWizardState"`
	ServiceInfo      serviceWire  `json:"serviceInfo"`
	RegionalSettings regionalWire `json:"regionalSettings"`
	Federated        bool         `json:"federated"`
}

type serviceWire struct {
	URI   string    `json:"uri"`
	Brand brandWire `json:"brand"`
}

type brandWire struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// account tells whose account it is (ringcentral/API.md 2.7).
func (s *Server) account(r *request) answer {
	a := r.account
	uri := r.accountURI()
	return jsonAnswer(http.StatusOK, accountWire{
		URI: uri, ID: a.ID, MainNumber: a.MainNumber, Status: "Confirmed", SetupWizardState: "Completed",
		ServiceInfo:      serviceWire{uri + "/service-info", brandWire{"1210", "RingCentral"}},
		RegionalSettings: regional(r.base, a, "", ""),
	})
}

// regionalSettings are the company's (ringcentral/API.md 2.3).
func (s *Server) regionalSettings(r *request) answer {
	return jsonAnswer(http.StatusOK, regional(r.base, r.account, "", ""))
}

func (r *request) accountURI() string { return accountURI(r.base, r.account) }

// accountURI leads back to the address the client used, as RingCentral's URIs do.
func accountURI(base string, a *Account) string {
	return base + "/restapi/v1.0/account/" + number(a.ID)
}

// extensions is the list of all types and statuses, filtered as asked (ringcentral/API.md 2.2).
func (s *Server) extensions(r *request) answer {
	p, bad := r.page(100, maxPerPage)
	if bad != nil {
		return *bad
	}
	for _, status := range r.query["status"] {
		if status != "" && !slices.Contains(extensionStatuses, status) {
			return invalid("status")
		}
	}
	for _, kind := range r.query["type"] {
		if !slices.Contains(extensionTypes, kind) {
			return invalid("type")
		}
	}
	records := s.view(r).extensions()
	if len(r.query["status"])+len(r.query["type"])+len(r.query["email"])+len(r.query["extensionNumber"]) > 0 {
		all := records
		records = nil
		for i, e := range r.account.Extensions {
			if e.wanted(r.query) {
				records = append(records, all[i])
			}
		}
	}
	return p.answer(records, r.accountURI()+"/extension", r.query)
}

// Enumerations of the schemas ExtensionStatusEnumFull and AllExtensionTypesEnum.
var (
	extensionStatuses = []string{"Enabled", "Disabled", "Frozen", "NotActivated", "Unassigned"}
	extensionTypes    = []string{
		"User", "Department", "Announcement", "Voicemail", "DigitalUser", "VirtualUser", "FaxUser", "PagingOnly",
		"SharedLinesGroup", "DelegatedLinesGroup", "GroupCallPickup", "IvrMenu", "ApplicationExtension", "ProxyAdmin",
		"RoomConnector", "ParkLocation", "Limited", "Bot", "Site", "Room", "FlexibleUser", "TieLine", "Unknown",
	}
)

// wanted applies the filters of the extension list: values of one key are alternatives, keys must all fit.
func (e *Extension) wanted(query map[string][]string) bool {
	fits := func(key, value string) bool {
		want := slices.DeleteFunc(slices.Clone(query[key]), func(v string) bool { return v == "" })
		return len(want) == 0 || slices.Contains(want, value)
	}
	return fits("status", e.status()) && fits("type", cmp.Or(e.Type, "User")) && fits("email", e.Email) && fits("extensionNumber", e.Number)
}

func (e *Extension) status() string { return cmp.Or(e.Status, "Enabled") }

// extension is one extension with its regional settings (ringcentral/API.md 2.3); ~ is the JWT's owner.
func (s *Server) extension(r *request) answer {
	id := r.account.OwnerID
	if text := r.param("extension"); text != "~" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return invalid("extensionId")
		}
		id = n
	}
	v := s.view(r)
	i, ok := v.extensionIndex()[id]
	if !ok {
		return exError(http.StatusNotFound, "CMN-102", "Resource for parameter [extensionId] is not found", "extensionId")
	}
	return jsonAnswer(http.StatusOK, v.wholeExtension(r.account.Extensions[i]))
}

// roles are all of the account, or the custom or the predefined ones (ringcentral/API.md 2.6).
func (s *Server) roles(r *request) answer {
	p, bad := r.page(100, maxPerPage)
	if bad != nil {
		return *bad
	}
	list := r.account.Roles
	switch custom := r.query.Get("custom"); custom {
	case "":
	case "true", "false":
		list = slices.DeleteFunc(slices.Clone(list), func(x *Role) bool { return x.Custom != (custom == "true") })
	default:
		return invalid("custom")
	}
	uri := r.accountURI() + "/user-role"
	return p.answer(encodeAll(list, func(x *Role) any { return roleWire(r.base, uri, x) }), uri, r.query)
}

// assignedRoles pages by navigation; page and perPage are not declared for it and work all the same
// (ringcentral/API.md 2.6).
func (s *Server) assignedRoles(r *request) answer {
	p, bad := r.page(100, maxPerPage)
	if bad != nil {
		return *bad
	}
	return p.answer(s.view(r).assignedRoles(), r.accountURI()+"/assigned-role", r.query)
}

// directory is the company directory: own page size, no navigation, own errors (ringcentral/API.md 2.4).
func (s *Server) directory(r *request) answer {
	most, words := maxDirectoryPerPage, map[string]int{"max": maxDirectoryPerPage, "all": math.MaxInt32}
	perPage, isWord := words[strings.ToLower(r.query.Get("perPage"))]
	if isWord {
		most = perPage
		r.query.Set("perPage", strconv.Itoa(perPage))
	}
	p, bad := r.page(maxPerPage, most)
	if bad != nil {
		return adgInvalid("page")
	}
	if most > maxDirectoryPerPage { // all: the page is as long as the list
		p.perPage = max(1, len(r.account.Extensions)+len(r.account.Contacts))
	}
	federated := r.query.Get("showFederated") != "false"
	records, unknown := s.view(r).directory(r.query, federated)
	if unknown != "" {
		return adgInvalid(unknown)
	}
	return p.bare(records)
}

// adgInvalid is the directory's own word for CMN-101.
func adgInvalid(parameter string) answer {
	return plainError(http.StatusBadRequest, "ADG-121", "Parameter ["+parameter+"] is invalid.", parameter)
}
