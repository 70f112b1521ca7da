package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/deliver"
)

func publishStatusCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "Say what every destination has, and what waits", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withRoster(c.Context(), func(s *config.Settings, st *store.Store) error {
				rows, err := publishStatus(c.Context(), s, st)
				if err != nil {
					return err
				}
				if a.output != formatTable {
					return publishListing(rows).print(a.stdout, a.output)
				}
				if len(rows) == 0 {
					_, err = fmt.Fprintf(a.stdout, "Nothing is published: there is no publish in %s.\n", clean(s.File))
				}
				for i := range rows {
					_, err = fmt.Fprint(a.stdout, rows[i].block())
				}
				return err
			})
		},
	}
	a.addOutput(c)
	return c
}

// publicationStatus is how a destination stands, in `status` and `publish status`.
type publicationStatus struct {
	Destination string  `json:"destination"`
	What        string  `json:"what"`
	InSettings  bool    `json:"in_settings"` // false: `publish forget` ends it
	To          string  `json:"to"`
	Rows        int     `json:"rows"`         // that it has; 0: it is told changes
	Untold      int     `json:"untold"`       // changes that it is still to be told
	DeliveredAt *string `json:"delivered_at"` // nil: nothing yet
	WaitsSince  *string `json:"waits_since"`  // nil: nothing waits for an approval
	Reason      string  `json:"reason"`       // why it waits
	Leaving     int     `json:"leaving"`      // rows that what waits would lack
	ApprovedBy  string  `json:"approved_by"`
	NextTry     *string `json:"next_try"` // nil: when something is new
	Tries       int     `json:"tries"`
	Error       string  `json:"error"` // of the last try; "": it went well
}

// publishStatus says of every destination how it stands: those of the settings, and those
// that they had.
func publishStatus(ctx context.Context, s *config.Settings, st *store.Store) ([]publicationStatus, error) {
	known, err := st.Publications(ctx)
	if err != nil {
		return nil, err
	}
	all := []publicationStatus{}
	for i := range s.Publish {
		p := &s.Publish[i]
		row := publicationStatus{Destination: p.Name, What: p.What, InSettings: true, To: whereTo(p)}
		at := slices.IndexFunc(known, func(k deliver.Publication) bool { return k.Name == p.Name && k.Kind == p.What })
		if at >= 0 {
			row.fill(&known[at])
			if p.What == config.PublishedChanges {
				if row.Untold, err = st.Untold(ctx, known[at].Cursor); err != nil {
					return nil, err
				}
			}
			known = slices.Delete(known, at, at+1)
		}
		all = append(all, row)
	}
	for i := range known {
		row := publicationStatus{Destination: known[i].Name, What: known[i].Kind}
		row.fill(&known[i])
		all = append(all, row)
	}
	return all, nil
}

// whereTo is where something is published to. The address of a webhook or a database is a
// secret.
func whereTo(p *config.Publish) string {
	switch {
	case p.To.Webhook != nil:
		return "webhook"
	case p.To.Postgres != nil:
		return "postgres " + p.To.Target()
	case p.To.SFTP != nil:
		return p.To.SFTP.Host + ":" + p.To.SFTP.Path
	}
	return filepath.Join(p.To.Dir, p.To.File)
}

func (r *publicationStatus) fill(p *deliver.Publication) {
	r.Rows, r.DeliveredAt, r.Tries, r.Error = p.Rows, stampOf(p.DeliveredAt), p.Tries, p.Error
	r.WaitsSince, r.Reason, r.Leaving, r.ApprovedBy = stampOf(p.Held.Since), p.Held.Reason, p.Held.Leaving, p.Held.ApprovedBy
	if p.Tries > 0 {
		r.NextTry = stampOf(p.NextTry)
	}
}

// block is how one destination stands, in lines of a terminal's width, and an empty one.
func (r *publicationStatus) block() string {
	var b strings.Builder
	fmt.Fprintln(&b, clean(r.Destination))
	to := r.To
	if !r.InSettings {
		to = "(not in the settings)"
	}
	b.WriteString(blockLine(r.What, to))
	switch {
	case r.DeliveredAt == nil:
		b.WriteString(blockLine("delivered", "nothing yet"))
	case r.What == config.PublishedChanges:
		b.WriteString(blockLine("delivered", "at "+*r.DeliveredAt))
	default:
		b.WriteString(blockLine("delivered", fmt.Sprintf("%s at %s", counted(r.Rows, "row", "rows"), *r.DeliveredAt)))
	}
	if r.Untold > 0 {
		b.WriteString(blockLine("not told yet", counted(r.Untold, "change", "changes")))
	}
	if remark := r.remark(); remark != "" {
		b.WriteString(wrapped("  ", "      ", clean(remark)))
	}
	return b.String() + "\n"
}

// publishListing is `publish status` as CSV and JSON.
func publishListing(rows []publicationStatus) *listing[publicationStatus] {
	return &listing[publicationStatus]{
		key: "publish", rows: each(rows),
		columns: []string{"destination", "what", "to", "rows", "untold", "delivered_at", "waits_since", "reason", "leaving", "next_try", "error"},
		cells: func(r publicationStatus) []string {
			to := r.To
			if !r.InSettings {
				to = "(not in the settings)"
			}
			return []string{
				r.Destination, r.What, to, fmt.Sprint(r.Rows), fmt.Sprint(r.Untold), text(r.DeliveredAt), text(r.WaitsSince), r.Reason, fmt.Sprint(r.Leaving), text(r.NextTry), r.Error,
			}
		},
	}
}

// remark is what needs a look; "": nothing.
func (r *publicationStatus) remark() string {
	switch {
	case !r.InSettings:
		return fmt.Sprintf("%s is not in the settings any more: ringroster publish forget %s ends what is known of it", r.Destination, r.Destination)
	case r.Error != "":
		return fmt.Sprintf("%s was not delivered (%s); tried again at %s: ringroster publish %s", r.Destination, r.Error, text(r.NextTry), r.Destination)
	case r.WaitsSince != nil && r.ApprovedBy == "":
		return fmt.Sprintf("%s waits for an approval since %s (%s): ringroster publish %s --dry-run", r.Destination, *r.WaitsSince, r.Reason, r.Destination)
	}
	return ""
}

func publishForgetCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "forget NAME", Short: "Forget a destination that the settings have no more", Args: cobra.ExactArgs(1),
		Long: `Forgets what a destination had, which is kept when it is taken out of the settings. What
stands at the other end stays there.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withWriter(c.Context(), func(s *config.Settings, st *store.Store) error {
				return a.forgetPublication(c.Context(), s, st, args[0])
			})
		},
	}
	return c
}

func (a *app) forgetPublication(ctx context.Context, s *config.Settings, st *store.Store, name string) error {
	rows, err := publishStatus(ctx, s, st)
	if err != nil {
		return err
	}
	isName := func(r publicationStatus) bool { return r.Destination == name }
	if slices.ContainsFunc(s.Publish, func(p config.Publish) bool { return p.Name == name }) {
		return fmt.Errorf("the settings have %s: take it out of publish in %s first, and reload the service", name, s.File)
	}
	if !slices.ContainsFunc(rows, isName) {
		return usagef("no destination %q is known; `ringroster publish status` has them", name)
	}
	if err := st.Unpublish(ctx, name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s is forgotten. What was delivered to it stays there.\n", clean(name))
	return err
}

// publications checks where the roster is published to, and whether it got there.
func (f *findings) publications(ctx context.Context, s *config.Settings) {
	f.reached("publish to ", "ringroster publish ", wire.Publisher(s, version, nil, unheard).Check(ctx))
	st, err := wire.OpenRead(ctx, s)
	if err != nil {
		return // the check of the database says so
	}
	defer func() { _ = st.Close() }()
	rows, err := publishStatus(ctx, s, st)
	if err != nil {
		f.failErr("", "publish", err)
	}
	for i := range rows {
		if remark := rows[i].remark(); remark != "" {
			said, remedy, _ := cutLast(remark, ": ")
			f.warn("", "publish to "+rows[i].Destination, said, remedy)
		}
	}
}

// cutLast cuts around the last separator.
func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

// publishFacts is what the metrics tell of what is published.
func publishFacts(ctx context.Context, s *config.Settings, st *store.Store) (all []observe.PublishFacts, err error) {
	rows, err := publishStatus(ctx, s, st)
	for i := range rows {
		r := &rows[i]
		if !r.InSettings {
			continue
		}
		all = append(all, observe.PublishFacts{
			Destination: r.Destination, DeliveredAt: timeOf(r.DeliveredAt), Waiting: r.WaitsSince != nil, Failing: r.Error != "",
			Rows: r.Rows, Untold: r.Untold, Log: r.What == config.PublishedChanges,
		})
	}
	return all, err
}

// toldOfChanges are the destinations that are told of each change.
func toldOfChanges(s *config.Settings) (names []string) {
	for i := range s.Publish {
		if s.Publish[i].What == config.PublishedChanges {
			names = append(names, s.Publish[i].Name)
		}
	}
	return names
}
