package ringcentral

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	stdsync "sync"
	"time"

	"ringroster/sync"
)

const (
	// entriesPerPage is the most that the directory grants (API.md 2.4).
	entriesPerPage = 2000
	// entriesAtOnce bounds the memory of pages that are being read. Of the 40
	// calls a minute that are allowed, four at a time use all.
	entriesAtOnce = 4
)

// listEntries lists the company directory: users and what else can be called
// (listDirectoryEntries, API.md 2.4). No permission is documented for it; its
// search asks for this one.
var listEntries = &operation{
	name: "directory", groups: []string{medium}, bearer: true, policy: apiPolicy,
	permission: "ReadExtensions",
}

// Contacts reads the company directory and proves it as Snapshot does its lists
// (R1): *Error, or the context's.
func (d *Directory) Contacts(ctx context.Context, report func(sync.Progress)) (_ *sync.ContactList, err error) {
	defer d.c.tellSilence(ctx, &err)
	report, stop := d.c.listen(report)
	defer stop()
	list := &sync.ContactList{Account: d.c.Account, Faulty: map[string]string{}}
	if list.Identity.OwnerID, err = d.c.tokens.ownerID(ctx); err != nil {
		return nil, err
	}
	var pages []*page[entry]
	g, gctx := newTasks(ctx)
	g.Go(func() error {
		account, err := d.c.ringEXAccount(gctx)
		list.Identity.RingEXAccountID = string(account.ID)
		return err
	})
	g.Go(func() (err error) {
		pages, err = d.c.entries(gctx, report)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, d.c.secrets.finish(err)
	}
	list.Total, list.TakenAt = pages[0].total, time.Now()
	count := 0
	for _, p := range pages {
		count += len(p.records)
	}
	list.Contacts = make([]sync.Entry, 0, count)
	for _, p := range pages {
		for i := range p.records {
			p.records[i].into(list, p.faults[i])
		}
	}
	return list, nil
}

// entry is one record of the directory, and whose it is.
type entry struct {
	sync.Entry
	account string // "": not told, so the session's own
}

// into puts an entry where it belongs. Those of federated accounts, which we do
// not ask for, are not this company's.
func (e *entry) into(list *sync.ContactList, fault string) {
	switch {
	case e.account != "" && e.account != list.Identity.RingEXAccountID:
	case e.RCID == "":
		list.Nameless++
	case fault != "":
		list.Faulty[e.RCID] = fault
	default:
		list.Contacts = append(list.Contacts, e.Entry)
	}
}

// entries reads the directory until it is proved whole.
func (c *client) entries(ctx context.Context, report func(sync.Progress)) ([]*page[entry], error) {
	const what = "directory entries"
	return proved(ctx, func(ctx context.Context) ([]*page[entry], error) {
		r := &entryReading{progress: sync.Progress{Account: c.Account, Step: what}, report: report}
		pages, err := readPagesOf(ctx, what, entriesPerPage, entriesAtOnce, func(ctx context.Context, number, size int) (*page[entry], error) {
			req := &request{op: listEntries, what: what, url: c.at(ringEX, "/restapi/v1.0/account/~/directory/entries") + entryQuery(number, size)}
			wire, err := call(ctx, c, req, decodePage[wireEntry])
			if err != nil {
				return nil, err
			}
			return r.page(wire), nil
		})
		if err != nil {
			return nil, err
		}
		return pages, provePages(what, pages, func(e *entry) string { return e.RCID })
	})
}

// entryQuery asks for the own account's entries, whatever sites the token's owner
// works for: the answer lacks the others silently.
func entryQuery(number, size int) string {
	return "?" + url.Values{
		"page": {strconv.Itoa(number)}, "perPage": {strconv.Itoa(size)},
		"showFederated": {"false"}, "accessibleSitesOnly": {"false"},
	}.Encode()
}

// wireEntry is ContactResource, as far as it is used.
type wireEntry struct {
	ID         code   `json:"id"` // external contacts need have no number
	Type       string `json:"type"`
	Status     string `json:"status"`
	FirstName  string `json:"firstName"`
	LastName   string `json:"lastName"`
	Name       string `json:"name"`
	Email      string `json:"email"`
	Number     string `json:"extensionNumber"`
	Department string `json:"department"`
	JobTitle   string `json:"jobTitle"`
	Account    struct {
		ID code `json:"id"`
	} `json:"account"`
	Site struct {
		Name string `json:"name"`
	} `json:"site"`
	Phones rows[wirePhone] `json:"phoneNumbers"`
}

type wirePhone struct {
	Number    string `json:"phoneNumber"`
	E164      string `json:"e164"`
	Formatted string `json:"formattedPhoneNumber"`
	Type      string `json:"type"`
	Usage     string `json:"usageType"`
	Label     string `json:"label"`
	Primary   bool   `json:"primary"`
	Hidden    bool   `json:"hidden"`
}

func (w *wireEntry) tidy(fault string) string {
	fault = tidy(fault, field{"type", &w.Type}, field{"status", &w.Status}, field{"firstName", &w.FirstName}, field{"lastName", &w.LastName},
		field{"name", &w.Name}, field{"email", &w.Email}, field{"extensionNumber", &w.Number},
		field{"department", &w.Department}, field{"jobTitle", &w.JobTitle}, field{"site", &w.Site.Name})
	for i := range w.Phones.list {
		n := &w.Phones.list[i]
		fault = tidy(fault, field{"phoneNumber", &n.Number}, field{"e164", &n.E164}, field{"formattedPhoneNumber", &n.Formatted},
			field{"type", &n.Type}, field{"usageType", &n.Usage}, field{"label", &n.Label})
	}
	return fault
}

// entryReading turns pages of the wire into entries, in their places, as they
// arrive: 100,000 of them never stand in memory twice.
type entryReading struct {
	mu       stdsync.Mutex
	progress sync.Progress
	report   func(sync.Progress)
}

func (r *entryReading) page(wire *page[wireEntry]) *page[entry] {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &page[entry]{
		records: make([]entry, len(wire.records)), faults: wire.faults,
		number: wire.number, size: wire.size, pages: wire.pages, total: wire.total, walks: wire.walks, next: wire.next,
	}
	for i := range wire.records {
		fault := wire.records[i].tidy(p.faults[i])
		if fault != "" && p.faults == nil {
			p.faults = map[int]string{}
		}
		if fault != "" {
			p.faults[i] = fault
		}
		p.records[i] = wire.records[i].entry()
	}
	r.progress.Done++
	r.progress.Of = wire.last()
	r.progress.People += len(p.records)
	if r.report != nil {
		r.report(r.progress)
	}
	return p
}

// entry is what is used of a record, once its texts are tidy.
func (w *wireEntry) entry() entry {
	phones := make([]sync.Phone, 0, len(w.Phones.list))
	for _, n := range w.Phones.list {
		if number := cmp.Or(n.E164, n.Number, n.Formatted); number != "" {
			phones = append(phones, sync.Phone{Number: number, Type: n.Type, Usage: n.Usage, Label: n.Label, Primary: n.Primary, Hidden: n.Hidden})
		}
	}
	fields := sync.ContactFields{
		sync.ContactType: w.Type, sync.ContactStatus: w.Status, sync.ContactFirstName: w.FirstName, sync.ContactLastName: w.LastName,
		sync.ContactName: w.Name, sync.ContactEmail: w.Email, sync.ContactExtension: w.Number, sync.ContactPhones: sync.PhonesJSON(phones),
		sync.ContactDepartment: w.Department, sync.ContactJobTitle: w.JobTitle, sync.ContactSite: w.Site.Name,
	}
	return entry{sync.NewEntry(string(w.ID), &fields), string(w.Account.ID)}
}
