package simulator

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// extensionWire is the schema GetExtensionListInfoResponse.
type extensionWire struct {
	URI          string           `json:"uri"`
	ID           any              `json:"id"`
	Number       string           `json:"extensionNumber,omitempty"`
	Contact      *contactWire     `json:"contact,omitempty"`
	Name         string           `json:"name,omitempty"`
	Type         string           `json:"type"`
	Status       string           `json:"status"`
	Permissions  *permissionsWire `json:"permissions,omitempty"`
	ProfileImage *linkWire        `json:"profileImage,omitempty"`
	Hidden       *bool            `json:"hidden,omitempty"`
	Site         *siteWire        `json:"site,omitempty"`
	CostCenter   *costCenterWire  `json:"costCenter,omitempty"`
	References   []referenceWire  `json:"references,omitempty"`
	Roles        []assignedWire   `json:"roles,omitempty"`
	CreationTime string           `json:"creationTime,omitempty"`
	Novelty      string           `json:"loyaltyTier,omitempty"`
}

// wholeExtensionWire is the schema GetExtensionInfoResponse.
type wholeExtensionWire struct {
	extensionWire
	Account          accountRefWire    `json:"account"`
	RegionalSettings *regionalWire     `json:"regionalSettings,omitempty"`
	CustomFields     []customFieldWire `json:"customFields,omitempty"`
	SetupWizardState string            `json:"setupWizardState"`
	StatusInfo       *statusInfoWire   `json:"statusInfo,omitempty"`
}

type accountRefWire struct {
	ID  string `json:"id"`
	URI string `json:"uri,omitempty"`
}

type statusInfoWire struct {
	Reason  string `json:"reason"`
	Comment string `json:"comment,omitempty"`
}

type contactWire struct {
	FirstName        string `json:"firstName,omitempty"`
	LastName         string `json:"lastName,omitempty"`
	Email            string `json:"email,omitempty"`
	JobTitle         string `json:"jobTitle,omitempty"`
	Department       string `json:"department,omitempty"`
	BusinessPhone    string `json:"businessPhone,omitempty"`
	EmailAsLoginName bool   `json:"emailAsLoginName"`
}

type permissionsWire struct {
	Admin                enabledWire `json:"admin"`
	InternationalCalling enabledWire `json:"internationalCalling"`
}

type enabledWire struct {
	Enabled bool `json:"enabled"`
}

type siteWire struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Code string `json:"code,omitempty"`
}

// referenceWire is the schema ReferenceInfo.
type referenceWire struct {
	Ref  string `json:"ref"`
	Type string `json:"type"`
}

// customFieldWire is the schema CustomFieldInfo.
type customFieldWire struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	Name  string `json:"displayName"`
}

// costCenterWire is the schema CostCenterInfo. RingCentral documents no form of the id.
type costCenterWire struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// assignedWire is the schema AssignedRoleResource.
type assignedWire struct {
	URI            string `json:"uri"`
	ID             string `json:"id"`
	AutoAssigned   bool   `json:"autoAssigned"`
	DisplayName    string `json:"displayName"`
	SiteCompatible bool   `json:"siteCompatible"`
	SiteRestricted bool   `json:"siteRestricted"`
}

func (v *view) extensionURI(e *Extension) string {
	return accountURI(v.base, v.account) + "/extension/" + number(e.ID)
}

// extension encodes for the list. An Unassigned one has neither number, name nor contact (ringcentral/API.md 2.2).
func (v *view) extension(e *Extension) extensionWire {
	uri := v.extensionURI(e)
	w := extensionWire{
		URI: uri, ID: e.ID, Type: cmp.Or(e.Type, "User"), Status: e.status(), ProfileImage: &linkWire{uri + "/profile-image"},
	}
	if w.Status == "Unassigned" {
		return w
	}
	w.Number, w.Name, w.Hidden = e.Number, e.fullName(), &e.Hidden
	w.Contact = &contactWire{
		FirstName: e.FirstName, LastName: e.LastName, Email: e.Email, JobTitle: e.JobTitle, Department: e.Department,
		BusinessPhone: strings.Join(e.Phones[:min(1, len(e.Phones))], ""), EmailAsLoginName: e.Email != "",
	}
	if e.isUser() {
		w.Permissions = &permissionsWire{Admin: enabledWire{slices.Contains(e.Roles, superAdmin)}}
	} else {
		w.Contact.FirstName = cmp.Or(e.FirstName, e.Name)
	}
	w.Site = v.site(e.Site)
	if e.CostCenter != "" {
		w.CostCenter = &costCenterWire{"cc-" + e.CostCenter, e.CostCenter}
	}
	for _, kind := range slices.Sorted(maps.Keys(e.References)) {
		w.References = append(w.References, referenceWire{e.References[kind], kind})
	}
	w.Roles = v.assigned(e)
	w.CreationTime = "2024-06-06T07:01:14.123Z"
	if v.vary {
		varyExtension(&w, e)
	}
	return w
}

// wholeExtension encodes for the single read, which alone has regional settings (ringcentral/API.md 2.3).
func (v *view) wholeExtension(e *Extension) wholeExtensionWire {
	w := wholeExtensionWire{
		extensionWire: v.extension(e), SetupWizardState: "Completed",
		Account: accountRefWire{number(v.account.ID), accountURI(v.base, v.account)},
	}
	switch e.status() {
	case "Disabled":
		w.StatusInfo = &statusInfoWire{cmp.Or(e.StatusReason, "Voluntarily"), e.StatusComment}
	case "NotActivated", "Unassigned":
		w.SetupWizardState = "NotStarted"
	}
	for i, name := range slices.Sorted(maps.Keys(e.CustomFields)) {
		w.CustomFields = append(w.CustomFields, customFieldWire{number(int64(i + 1)), e.CustomFields[name], name})
	}
	if e.status() != "Unassigned" {
		w.RegionalSettings = new(regional(v.base, v.account, e.TimeZone, e.Language))
	}
	return w
}

// fullName is the extension's own name, for people first and last name (schema GetExtensionListInfoResponse).
func (e *Extension) fullName() string {
	return cmp.Or(e.Name, strings.TrimSpace(e.FirstName+" "+e.LastName))
}

// isUser tells the types that have user permissions.
func (e *Extension) isUser() bool {
	return slices.Contains([]string{"", "User", "DigitalUser", "VirtualUser", "FlexibleUser", "FaxUser", "Limited"}, e.Type)
}

func (v *view) site(id string) *siteWire {
	i := slices.IndexFunc(v.account.Sites, func(s *Site) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &siteWire{id, v.account.Sites[i].Name, v.account.Sites[i].Code}
}

func (v *view) assigned(e *Extension) []assignedWire {
	var list []assignedWire
	for _, id := range e.Roles {
		w := assignedWire{URI: accountURI(v.base, v.account) + "/user-role/" + id, ID: id}
		if i := slices.IndexFunc(v.account.Roles, func(r *Role) bool { return r.ID == id }); i >= 0 {
			w.DisplayName = v.account.Roles[i].Name
		}
		list = append(list, w)
	}
	return list
}

// assignedRolesWire is the schema ExtensionWithRolesResource.
type assignedRolesWire struct {
	URI         string         `json:"uri"`
	ExtensionID string         `json:"extensionId"`
	Roles       []assignedWire `json:"roles"`
}

// encodeAssignedRoles leaves out who has no role.
func (v *view) encodeAssignedRoles() []json.RawMessage {
	with := slices.DeleteFunc(slices.Clone(v.account.Extensions), func(e *Extension) bool { return len(e.Roles) == 0 })
	return encodeAll(with, func(e *Extension) any {
		return assignedRolesWire{v.extensionURI(e) + "/assigned-role", number(e.ID), v.assigned(e)}
	})
}

// roleResourceWire is the schema RoleResource.
type roleResourceWire struct {
	URI            string             `json:"uri"`
	ID             string             `json:"id"`
	DisplayName    string             `json:"displayName"`
	Description    string             `json:"description"`
	SiteCompatible bool               `json:"siteCompatible"`
	Custom         bool               `json:"custom"`
	Scope          string             `json:"scope"`
	Hidden         bool               `json:"hidden"`
	LastUpdated    string             `json:"lastUpdated"`
	Permissions    []permissionIDWire `json:"permissions"`
}

type permissionIDWire struct {
	URI            string `json:"uri"`
	ID             string `json:"id"`
	SiteCompatible string `json:"siteCompatible"`
	ReadOnly       bool   `json:"readOnly"`
	Assignable     bool   `json:"assignable"`
}

// roleWire encodes a role with its permissions, which the list has as well (schema RolesCollectionResource).
func roleWire(base, list string, x *Role) roleResourceWire {
	w := roleResourceWire{
		URI: list + "/" + x.ID, ID: x.ID, DisplayName: x.Name, Description: x.Description, Custom: x.Custom, Hidden: x.Hidden,
		Scope: "Account", LastUpdated: "2024-01-10T10:00:00Z", Permissions: []permissionIDWire{},
	}
	for _, p := range x.Permissions {
		w.Permissions = append(w.Permissions, permissionIDWire{
			URI: base + "/restapi/v1.0/dictionary/permission/" + url.PathEscape(p), ID: p, SiteCompatible: "Incompatible", Assignable: true,
		})
	}
	return w
}
