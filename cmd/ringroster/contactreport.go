package main

import (
	"errors"
	"fmt"

	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/render"
	"ringroster/store/contactrows"
	"ringroster/store/heldrows"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// contactDocument is the JSON of `contacts sync`, a contract with scripts.
type contactDocument struct {
	Version  int              `json:"version"`
	RunID    *sync.RunID      `json:"run_id"` // nil: a dry run
	Accounts []contactAccount `json:"accounts"`
}

type contactAccount struct {
	Account string         `json:"account"`
	Status  sync.RunStatus `json:"status"`
	sync.ContactSummary
	APICalls int     `json:"api_calls"`
	Error    *string `json:"error"`
}

func contactRows(results []reconcile.Result) []contactAccount {
	rows := []contactAccount{}
	for i := range results {
		r := &results[i]
		row := contactAccount{Account: r.Account, Status: r.Status, APICalls: r.APICalls}
		if r.Err != nil {
			row.Error = new(r.Err.Error())
		}
		if r.Contacts != nil {
			row.ContactSummary = r.Contacts.Summary
		}
		rows = append(rows, row)
	}
	return rows
}

// contactResults is how a run ended that another process made.
func contactResults(rows []views.RunRow) (results []reconcile.Result) {
	for _, row := range rows {
		r := reconcile.Result{Account: row.Account, Status: row.Status, APICalls: row.APICalls, Contacts: &sync.ContactPlan{
			Account: row.Account, Summary: sync.ContactSummary{Removed: row.Deactivated},
		}}
		if row.Error != "" {
			r.Contacts, r.Err = nil, errors.New(row.Error)
		}
		results = append(results, r)
	}
	return results
}

// reportContacts prints how a contact run ended and gives its exit code.
func (a *app) reportContacts(id sync.RunID, results []reconcile.Result) error {
	if a.output == formatTable {
		_, _ = fmt.Fprintf(a.stdout, "Run %d\n", id)
	}
	a.tellFailed(results)
	err := a.contactReport(&id, results)
	if a.output == formatTable {
		for i := range results {
			a.adviseContacts(&results[i])
		}
	}
	return errors.Join(err, exitOf(results))
}

// reportPreview prints what a contact run would do. Held contacts are no failure
// of it, as in `plan`.
func (a *app) reportPreview(results []reconcile.Result) error {
	err := a.contactReport(nil, results)
	for i := range results {
		r := &results[i]
		switch {
		case a.output != formatTable:
		case r.Err != nil:
			_, _ = fmt.Fprintf(a.stdout, "\n%s: no plan: %s\n", r.Account, clean(r.Err.Error()))
		default:
			a.tellContactPlan(r.Contacts)
		}
	}
	return errors.Join(err, planExit(results, false))
}

func (a *app) contactReport(id *sync.RunID, results []reconcile.Result) error {
	rows := contactRows(results)
	switch a.output {
	case formatJSON:
		return printDocument(a.stdout, contactDocument{1, id, rows})
	case formatCSV:
		return contactRunListing(rows).print(a.stdout, formatCSV)
	}
	for i := range results {
		a.tellResult(&results[i], prefixed(": ", contactSummaryText(&rows[i].ContactSummary, id != nil)))
	}
	return nil
}

func contactRunListing(rows []contactAccount) *listing[contactAccount] {
	return &listing[contactAccount]{
		key: "accounts", rows: each(rows),
		columns: []string{"account", "status", "listed", "added", "returned", "updated", "marked", "removed", "held", "faulty", "unchanged", "api_calls", "error"},
		cells: func(r contactAccount) []string {
			cells := []string{r.Account, string(r.Status)}
			for _, n := range []int{r.Listed, r.Added, r.Returned, r.Updated, r.Marked, r.Removed, r.Held, r.Faulty, r.Unchanged, r.APICalls} {
				cells = append(cells, fmt.Sprint(n))
			}
			return append(cells, text(r.Error))
		},
	}
}

// adviseContacts says what needs a human after a contact run.
func (a *app) adviseContacts(r *reconcile.Result) {
	switch {
	case r.Err != nil:
		_, _ = fmt.Fprintf(a.stdout, "\n%s failed, its contacts are untouched: %s\n", r.Account, clean(r.Err.Error()))
		return
	case r.Contacts.Held == nil:
		return
	}
	h := r.Contacts.Held
	_, _ = fmt.Fprintf(a.stdout, "\n%s: %s held, everything else was applied.\n", r.Account, counted(len(h.Changes), "contact is", "contacts are"))
	_, _ = fmt.Fprintf(a.stdout, "%s  %s\n", whyText("  ", h.Reasons), observe.Decide(h.Run))
}

// contactSigns mark the kinds of changes at the start of a line.
var contactSigns = map[sync.ContactKind]string{
	sync.AddContact: "+", sync.ReturnContact: "^", sync.UpdateContact: "~", sync.MarkContact: "-", sync.RemoveContact: "-",
}

// tellContactPlan prints one account's plan for people.
func (a *app) tellContactPlan(p *sync.ContactPlan) {
	out := func(format string, args ...any) { _, _ = fmt.Fprintf(a.stdout, format, args...) }
	tell := func(changes []sync.ContactChange) {
		for i := range changes {
			c := &changes[i]
			out("  %s %s %s, %s %s (%s)\n", contactSigns[c.Kind], c.Kind, clean(c.Contact.Label()), clean(c.Contact.Fields[sync.ContactType]), c.Contact.RCID, c.Reason)
			for _, f := range c.Fields {
				out("      %s: %s -> %s\n", f.Field, quoted(f.Before), quoted(f.After))
			}
		}
	}
	out("\n%s:\n", p.Account)
	tell(p.Changes)
	if p.Held != nil {
		out("\n  %s be held:\n", counted(len(p.Held.Changes), "contact would", "contacts would"))
		out("%s", whyText("    ", p.Held.Reasons))
		tell(p.Held.Changes)
	}
	for _, n := range p.Notes {
		out("  . %s (%s: %s)\n", clean(n.Name), n.Reason, clean(n.Detail))
	}
}

// oneContactRun prints a contact run with its changes.
func (a *app) oneContactRun(head string, changes *listing[contactrows.ChangeRow], held []heldrows.Row, pruned bool) error {
	switch a.output {
	case formatCSV:
		return changes.print(a.stdout, formatCSV)
	case formatJSON:
		heldJSON, err := render.JSON(append([]heldrows.Row{}, held...))
		if err != nil {
			return err
		}
		changes.head = head + fmt.Sprintf(`"held":%s,"pruned":%v,`, heldJSON, pruned)
		return changes.print(a.stdout, formatJSON)
	}
	if pruned {
		_, _ = fmt.Fprintln(a.stdout, "The history is kept short (history.keep_days): changes of this run are gone.")
	}
	for row, err := range changes.rows {
		if err != nil {
			return err
		}
		what := string(row.Kind)
		if row.Field != nil {
			what += fmt.Sprintf(" %s: %s -> %s", *row.Field, quoted(text(row.Before)), quoted(text(row.After)))
		}
		_, _ = fmt.Fprintf(a.stdout, "%s  contact %d  %s  %s (%s)\n", text(row.At), row.ContactID, clean(row.Name), clean(what), row.Reason)
	}
	return a.tellHeld(held)
}

func (a *app) tellContactRun(r *views.RunRow) {
	_, _ = fmt.Fprintf(a.stdout, "Run %d of account %s, contacts: %s, started %s by %s (%s), %d listed, %d API calls\n",
		r.RunID, r.Account, r.Status, r.StartedAt, clean(r.Actor), r.Trigger, r.People, r.APICalls)
	_, _ = fmt.Fprintf(a.stdout, "  added %d, returned %d, updated %d, removed or marked %d, held %d, faulty %d, unchanged %d\n",
		r.Onboarded, r.Reactivated, r.Updated, r.Deactivated, r.Held, r.Conflicts, r.Unchanged)
	if r.Error != "" {
		_, _ = fmt.Fprintf(a.stdout, "  error: %s\n", clean(r.Error))
	}
	a.tellHeldReasons(r)
}

func contactChangeListing(rows rowsOf[contactrows.ChangeRow]) *listing[contactrows.ChangeRow] {
	return &listing[contactrows.ChangeRow]{
		key: "changes", rows: rows,
		columns: []string{"at", "run_id", "contact_id", "rc_id", "name", "kind", "field", "before", "after", "reason", "actor", "on_behalf_of", "note"},
		cells: func(r contactrows.ChangeRow) []string {
			return []string{
				text(r.At), fmt.Sprint(r.RunID), fmt.Sprint(r.ContactID), r.RCID, r.Name, string(r.Kind), text(r.Field),
				text(r.Before), text(r.After), string(r.Reason), text(r.Actor), text(r.OnBehalfOf), text(r.Note),
			}
		},
	}
}
