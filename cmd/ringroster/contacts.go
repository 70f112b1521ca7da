package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/contactrows"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// formatVCard is the format of `contacts export` for phones and consoles.
const formatVCard = "vcf"

func contactsCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "contacts", Short: "The corporate contacts: the company directory of each account",
		Long: `Contacts follow RingEX's company directory: people, and everything else in it that
can be called. contacts.enabled in the settings turns them on, and the service keeps
them in step at contacts.daily_at, and each contacts.every after it.`,
	}
	c.AddCommand(contactsSyncCommand(a), contactsListCommand(a), contactsExportCommand(a))
	return c
}

func contactsSyncCommand(a *app) *cobra.Command {
	var accounts []string
	var dryRun, isNew bool
	c := &cobra.Command{
		Use: "sync", Short: "Bring the contacts in step now", Args: cobra.NoArgs,
		Long: `Reads the company directory and applies the difference, in the foreground. Suspicious
removals are held: the run then ends with exit code 3 and ` + "`ringroster held`" + ` shows
which, and why.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.syncContacts(c.Context(), accounts, dryRun, isNew) },
	}
	c.Flags().StringArrayVar(&accounts, "account", nil, "only this account (repeatable)")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print what would change and change nothing")
	a.addWait(c)
	newFlag(c, &isNew)
	c.MarkFlagsMutuallyExclusive("new", "dry-run")
	c.MarkFlagsMutuallyExclusive("dry-run", "wait")
	a.addOutput(c)
	return c
}

func (a *app) syncContacts(ctx context.Context, names []string, dryRun, isNew bool) error {
	s, accounts, err := a.prepare(names, "")
	if err != nil {
		return err
	}
	if !s.Contacts.Enabled {
		return fmt.Errorf("contacts are off, so nothing was done: set contacts.enabled to true in %s", s.File)
	}
	req := reconcile.Request{Run: sync.Run{
		Job: sync.JobContacts, Accounts: namesOf(accounts), Trigger: sync.Manual, Actor: s.ImpersonatedUserID, Version: version,
	}}
	if dryRun {
		return a.previewContacts(ctx, s, req)
	}
	st, err := wire.OpenWrite(ctx, s, isNew)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	id, results, err := a.runOn(ctx, s, st, req)
	if err != nil {
		return err
	}
	err = a.reportContacts(id, results)
	a.deliver(ctx, s, st)
	return err
}

// previewContacts prints what a run would do.
func (a *app) previewContacts(ctx context.Context, s *config.Settings, req reconcile.Request) error {
	roster, closeRoster, err := wire.PreviewRoster(ctx, s.Database.Path)
	if err != nil {
		return err
	}
	defer closeRoster()
	observer, done := a.planner()
	defer done()
	return a.reportPreview(wire.Runner(s, version, roster, observer).Preview(ctx, req))
}

// contactFlags gives a command the filters of the contacts.
func contactFlags(c *cobra.Command, f *contactrows.Filter) {
	c.Flags().StringVar(&f.Account, "account", "", "account")
	c.Flags().StringVar(&f.Status, "status", "", "RingCentral's status, such as Enabled; or Removed: kept, and no longer listed")
	c.Flags().StringVar(&f.Search, "search", "", "part of a name, e-mail, department, extension or phone number")
}

// checkContacts refuses filters that name nothing, and says when nobody keeps the
// contacts in step: an empty list would read as an empty directory.
func (a *app) checkContacts(ctx context.Context, s *config.Settings, st *store.Store, f *contactrows.Filter) error {
	if !s.Contacts.Enabled {
		_, _ = fmt.Fprintf(a.stderr, "Contacts are off (contacts.enabled in %s): this is what was kept while they were on, if they ever were.\n", s.File)
	}
	return refuseUnknown(ctx, st, contactNames(s, f))
}

func contactsListCommand(a *app) *cobra.Command {
	var f contactrows.Filter
	var wide bool
	c := &cobra.Command{
		Use: "list", Short: "List contacts", Args: cobra.NoArgs,
		Long: `--search finds any part, in any case; several words must all be found. A phone number
may be written with or without its punctuation.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withRoster(c.Context(), func(s *config.Settings, st *store.Store) error {
				if err := a.checkContacts(c.Context(), s, st, &f); err != nil {
					return err
				}
				l := contactListing(st.ContactRows(c.Context(), f))
				if a.output == formatTable {
					l.columns, l.cells = shortContactColumns, shortContactCells
					if !wide {
						l.fit("contact_id", "account", "name", "extension", "phone_numbers", "email")
					}
				}
				return l.print(a.stdout, a.output)
			})
		},
	}
	contactFlags(c, &f)
	addWide(c, &wide)
	a.addOutput(c)
	return c
}

func contactsExportCommand(a *app) *cobra.Command {
	var f contactrows.Filter
	format := formatCSV
	c := &cobra.Command{
		Use: "export", Short: "Export the contacts", Args: cobra.NoArgs,
		Long: `Writes the columns of the view contacts, in their order; or with --output vcf cards
(vCard 3.0) for a phone, a mail program or an attendant console. A CSV cell that a
spreadsheet would take for a formula gets a leading apostrophe.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withRoster(c.Context(), func(s *config.Settings, st *store.Store) error {
				if err := a.checkContacts(c.Context(), s, st, &f); err != nil {
					return err
				}
				rows := st.ContactRows(c.Context(), f)
				if format == formatVCard {
					return writeVCards(a.stdout, rows)
				}
				return contactListing(rows).print(a.stdout, format)
			})
		},
	}
	contactFlags(c, &f)
	c.Flags().VarP(&choice{value: &format, options: []string{formatCSV, formatJSON, formatVCard}, name: "format"}, "output", "o", "csv, json or vcf")
	return c
}

var shortContactColumns = []string{"contact_id", "account", "name", "type", "status", "extension", "phone_numbers", "email", "department", "job_title", "site"}

func shortContactCells(r contactrows.Row) []string {
	var numbers []string
	for _, phone := range sync.ParsePhones(string(r.PhoneNumbers)) {
		numbers = append(numbers, phone.Number)
	}
	return []string{
		fmt.Sprint(r.ContactID), r.Account, r.Label(), r.Type, r.Status, r.ExtensionNumber, strings.Join(numbers, " "),
		r.Email, r.Department, r.JobTitle, r.Site,
	}
}

// contactListing is the view contacts with all its columns, in their order.
func contactListing(rows rowsOf[contactrows.Row]) *listing[contactrows.Row] {
	return &listing[contactrows.Row]{
		key: "contacts", rows: rows,
		columns: strings.FieldsFunc(contactrows.Columns, func(r rune) bool { return strings.ContainsRune(", \n\t", r) }),
		cells: func(r contactrows.Row) []string {
			return []string{
				fmt.Sprint(r.ContactID), r.Account, r.RCID, r.Type, r.Status, r.FirstName, r.LastName, r.Name, r.Email,
				r.ExtensionNumber, string(r.PhoneNumbers), r.Department, r.JobTitle, r.Site, r.UpdatedAt,
			}
		},
	}
}
