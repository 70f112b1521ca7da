package ringcentral

import (
	"context"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ringroster/sync"
)

var (
	// readAccount: whose account this is (readAccountInfo, API.md 2.7).
	readAccount = &operation{
		name: "account", groups: []string{light}, bearer: true, policy: apiPolicy,
		permission: "ReadCompanyInfo",
	}
	// listExtensions lists extensions of every type and status (API.md 2.2).
	listExtensions = &operation{
		name: "extensions", groups: []string{medium}, bearer: true, policy: apiPolicy,
		permission: "ReadExtensions",
	}
	// listRoles lists RingEX roles with their permissions (listUserRoles,
	// API.md 2.6).
	listRoles = &operation{
		name: "roles", groups: []string{medium}, bearer: true, policy: apiPolicy,
		permission: "ReadUserRoles",
	}
	// listAssigned lists who has which role, account-wide (listAssignedRoles,
	// API.md 2.6).
	listAssigned = &operation{
		name: "assigned-roles", groups: []string{medium}, bearer: true, policy: apiPolicy,
		permission: "ReadAssignedRoles",
	}
)

// ringEXAccount tells whose session this is.
func (c *client) ringEXAccount(ctx context.Context) (wireAccount, error) {
	r := &request{op: readAccount, what: "the RingEX account", url: c.at(ringEX, "/restapi/v1.0/account/~")}
	return call(ctx, c, r, decodeAccount)
}

// wireAccount is AccountInfo, as far as it is used. Its regional settings decide
// nothing that a run depends on: where they cannot be read they are empty.
type wireAccount struct {
	ID       id             `json:"id"`
	Regional jsontext.Value `json:"regionalSettings"`
}

func decodeAccount(body []byte) (wireAccount, error) {
	account, err := decodeObject[wireAccount](body)
	if err != nil {
		return wireAccount{}, err
	}
	if account.ID == "" {
		return wireAccount{}, nonsense("the answer holds no account id")
	}
	return *account, nil
}

// wireExtension is GetExtensionListInfoResponse, as far as it is used.
type wireExtension struct {
	ID      id           `json:"id"`
	Number  string       `json:"extensionNumber"`
	Type    string       `json:"type"`
	Status  string       `json:"status"`
	Contact *wireContact `json:"contact"`
	Site    struct {
		Name string `json:"name"`
	} `json:"site"`
	References jsontext.Value `json:"references"` // of no type that could make the record faulty
	CostCenter struct {
		Name string `json:"name"`
	} `json:"costCenter"`
}

// wireContact is ContactInfo, as far as it is used.
type wireContact struct {
	FirstName  string `json:"firstName"`
	LastName   string `json:"lastName"`
	Email      string `json:"email"`
	Department string `json:"department"`
	JobTitle   string `json:"jobTitle"`
}

// extension keeps what is certain in x: of a faulty record id, type, status, and by what else
// it is told whose it is, number and e-mail, at most. Type and status mean something only as
// they are, so they stay so.
func (w *wireExtension) extension(x *sync.Extension, fault, reference string, texts *texts) {
	contact := w.Contact
	if contact == nil {
		contact = &wireContact{}
	}
	fields := [...]struct {
		field
		into   *string
		shared bool // many extensions have the same
	}{
		{field{"extensionNumber", &w.Number}, &x.Number, false},
		{field{"site", &w.Site.Name}, &x.Site, true},
		{field{"costCenter", &w.CostCenter.Name}, &x.CostCenter, true},
		{field{"firstName", &contact.FirstName}, &x.FirstName, true},
		{field{"lastName", &contact.LastName}, &x.LastName, true},
		{field{"email", &contact.Email}, &x.Email, false},
		{field{"department", &contact.Department}, &x.Department, true},
		{field{"jobTitle", &contact.JobTitle}, &x.JobTitle, true},
	}
	if fault == "" {
		fault = w.lacks()
	}
	fault = capped(fault, field{"type", &w.Type}, field{"status", &w.Status})
	for i := range fields {
		fault = tidy(fault, fields[i].field)
	}
	*x = sync.Extension{ID: texts.own(string(w.ID)), Type: texts.shared(w.Type), Status: texts.shared(w.Status), Faulty: fault}
	if fault != "" {
		x.Number, x.Email = texts.own(w.Number), texts.own(contact.Email)
		return
	}
	x.HasContact = *contact != wireContact{} // an empty one says nothing of anybody
	for i := range fields {
		if f := &fields[i]; f.shared {
			*f.into = texts.shared(*f.value)
		} else {
			*f.into = texts.own(*f.value)
		}
	}
	if reference != "" {
		x.EmployeeID, x.HasReferences = referenceOf(w.References, reference)
	}
}

// lacks says which field is missing without which nobody knows whose an extension is, or whether
// they are there; "": none.
func (w *wireExtension) lacks() string {
	switch {
	case w.ID == "":
		return "it has no id"
	case w.Type == "":
		return "it has no type"
	case w.Status == "":
		return "it has no status"
	}
	return ""
}

// referenceOf is the id in another system, of one type. It is known where there is a list of
// such ids, also if that lacks the type: then there is none.
func referenceOf(raw jsontext.Value, kind string) (value string, known bool) {
	var references []struct {
		Ref  string `json:"ref"`
		Type string `json:"type"`
	}
	if raw.Kind() != '[' || json.Unmarshal(raw, &references) != nil {
		return "", false
	}
	for i := range references {
		if r := &references[i]; r.Type == kind {
			known = tidy("", field{"ref", &r.Ref}) == ""
			return r.Ref, known
		}
	}
	return "", true
}

var extensionRoom shelf[wireExtension]

// decodeExtensions reads a page of extensions. The records as they came are let go
// at once: an account has a hundred thousand of them.
func decodeExtensions(body []byte, reference string) (*page[sync.Extension], error) {
	w, err := decodePageInto(body, extensionRoom.take())
	if err != nil {
		return nil, err
	}
	p := &page[sync.Extension]{
		records: make([]sync.Extension, len(w.records)), faults: map[int]string{},
		number: w.number, size: w.size, pages: w.pages, total: w.total, walks: w.walks, next: w.next,
	}
	texts := newTexts(len(w.records))
	for i := range w.records {
		x := &p.records[i]
		w.records[i].extension(x, w.faults[i], reference, texts)
		if x.Faulty != "" {
			p.faults[i] = x.Faulty
		}
	}
	extensionRoom.put(w.records)
	return p, nil
}

// extensionPages reads the extension list once, unproved.
func (c *client) extensionPages(ctx context.Context, progress func(of, records int)) ([]*page[sync.Extension], error) {
	return readPages(ctx, "extensions", func(ctx context.Context, number, size int) (*page[sync.Extension], error) {
		r := &request{op: listExtensions, what: "extensions", url: c.at(ringEX, "/restapi/v1.0/account/~/extension") + pageQuery(number, size)}
		p, err := call(ctx, c, r, func(body []byte) (*page[sync.Extension], error) { return decodeExtensions(body, c.EmployeeReference) })
		if err == nil {
			progress(p.last(), len(p.records))
		}
		return p, err
	})
}

// wireRole is RoleResource.
type wireRole struct {
	ID          code   `json:"id"`
	Name        string `json:"displayName"`
	Permissions []struct {
		ID code `json:"id"`
	} `json:"permissions"`
}

// role is what is used of it. No list of permissions is not an empty one (R8).
func (w *wireRole) role(fault string) sync.RingEXRole {
	fault = tidy(fault, field{"displayName", &w.Name})
	role := sync.RingEXRole{ID: string(w.ID), Name: w.Name}
	unread := w.Permissions == nil
	for _, p := range w.Permissions {
		if unread = unread || p.ID == ""; p.ID != "" {
			role.Permissions = append(role.Permissions, string(p.ID))
		}
	}
	if fault == "" && unread {
		fault = "it does not say which permissions it has"
	}
	role.Faulty = fault
	return role
}

func (c *client) rolePages(ctx context.Context) ([]*page[wireRole], error) {
	return readPages(ctx, "roles", func(ctx context.Context, number, size int) (*page[wireRole], error) {
		r := &request{op: listRoles, what: "roles", url: c.at(ringEX, "/restapi/v1.0/account/~/user-role") + pageQuery(number, size)}
		return call(ctx, c, r, decodePage[wireRole])
	})
}

// wireAssigned is ExtensionWithRolesResource.
type wireAssigned struct {
	ExtensionID id `json:"extensionId"`
	Roles       []struct {
		ID code `json:"id"`
	} `json:"roles"`
}

// fault is what is wrong with a record; "": nothing. Who has no roles has an empty list: a
// record without one says nothing (R8).
func (w *wireAssigned) fault(fault string) string {
	switch {
	case fault != "":
		return fault
	case w.ExtensionID == "":
		return "it has no extensionId"
	case w.Roles == nil:
		return "it has no list of roles"
	}
	for _, role := range w.Roles {
		if role.ID == "" {
			return "one of its roles has no id"
		}
	}
	return ""
}

// assignedPages follows nextPage, since the operation declares no parameters
// for pages. An address on another host is refused, never asked.
func (c *client) assignedPages(ctx context.Context) ([]*page[wireAssigned], error) {
	const what = "assigned roles"
	next := c.at(ringEX, "/restapi/v1.0/account/~/assigned-role")
	var pages []*page[wireAssigned]
	for seen := map[string]bool{}; next != ""; {
		if seen[next] || len(pages) == mostPages {
			return nil, moved(what, "its pages lead in circles")
		}
		seen[next] = true
		r := &request{op: listAssigned, what: what, url: next}
		p, err := call(ctx, c, r, decodePage[wireAssigned])
		if err != nil {
			return nil, err
		}
		pages = append(pages, p)
		if next, err = c.sameHost(p.next); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// sameHost accepts an address that RingEX gives only where RingEX is.
func (c *client) sameHost(address string) (string, error) {
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	base := c.base[ringEX]
	if err != nil || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil {
		return "", &Error{
			Op: "assigned roles", kind: kindRedirect, Message: "the next page is said to be on another host",
			Advice: "credentials are never sent to another host: check base_url",
		}
	}
	return address, nil
}
