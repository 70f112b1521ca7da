package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/daemon"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/publish"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
)

// publishing are the deliveries of a service, to each destination by itself.
func publishing(s *config.Settings, st *store.Store, told func(observe.Publication)) (all []daemon.Delivery) {
	p := wire.Publisher(s, version, st, told)
	for i := range s.Publish {
		name := s.Publish[i].Name
		all = append(all, daemon.Delivery{Name: "what is published to " + name, Pass: func(ctx context.Context) error { return p.Deliver(ctx, name) }})
	}
	return all
}

// unheard is for a publisher that delivers nothing.
func unheard(observe.Publication) {}

func publishCommand(a *app) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use: "publish [NAME]", Short: "Deliver the roster to where it is used", Args: cobra.MaximumNArgs(1),
		Long: `Delivers the roster, as it is committed, to the destinations of publish in the settings, or
to one of them, whether anything has changed or not. A delivery that lacks too many rows
waits for ` + "`ringroster publish approve`" + ` instead: the exit code is then 3. It is 4 when some
failed, and 1 when all did. Nobody needs it day by day: the service, and where none runs
each sync, delivers what is new.`,
		RunE: func(c *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			if dryRun {
				return a.previewPublish(c.Context(), name)
			}
			return a.publish(c.Context(), name)
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "show the first rows and what changed since the last delivery, and deliver nothing")
	a.addOutput(c)
	c.AddCommand(publishStatusCommand(a), publishApproveCommand(a), publishForgetCommand(a), publishVerifyCommand(a))
	return c
}

// publishes refuses where nothing is to be published, or not by that name.
func publishes(s *config.Settings, name string) error {
	if len(s.Publish) == 0 {
		return usagef("nothing is published: there is no publish in %s", s.File)
	}
	for i := range s.Publish {
		if name == "" || s.Publish[i].Name == name {
			return nil
		}
	}
	return usagef("the settings have no destination %q under publish", name)
}

func (a *app) publish(ctx context.Context, name string) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if err := publishes(s, name); err != nil {
		return err
	}
	st, err := wire.OpenWrite(ctx, s, false)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	return a.publishOn(ctx, s, st, name)
}

// publishOn delivers and says what came of it.
func (a *app) publishOn(ctx context.Context, s *config.Settings, st *store.Store, name string) error {
	reports, err := wire.Publisher(s, version, st, unheard).Now(ctx, name)
	if err != nil {
		return err
	}
	rows := make([]publishedRow, len(reports))
	for i := range reports {
		rows[i] = rowOfReport(&reports[i])
	}
	if err := a.printPublished(rows); err != nil {
		return err
	}
	return exitOfReports(reports)
}

// exitOfReports gives the exit code of deliveries.
func exitOfReports(reports []publish.Report) error {
	failed, waiting := 0, 0
	for i := range reports {
		switch reports[i].Outcome {
		case publish.Failed:
			failed++
		case publish.Waiting:
			waiting++
		}
	}
	switch {
	case failed > 0 && failed == len(reports):
		return &exitError{code: exitFailed}
	case failed > 0:
		return &exitError{code: exitPartial}
	case waiting > 0:
		return &exitError{code: exitHeld}
	}
	return nil
}

// publishedRow is a delivery, or what would be one, in the output of `publish`.
type publishedRow struct {
	Destination string   `json:"destination"`
	Outcome     string   `json:"outcome"` // delivered, waiting, failed; with --dry-run: would_deliver, would_wait
	File        string   `json:"file"`
	Rows        int      `json:"rows"`
	Added       int      `json:"added"` // this and what follows: since the last delivery
	Changed     int      `json:"changed"`
	Removed     int      `json:"removed"`
	Reason      string   `json:"reason"`     // why it waits
	Error       string   `json:"error"`      // why it failed
	FirstRows   []string `json:"first_rows"` // of --dry-run
	detail      string
	what        string
}

func rowOfReport(r *publish.Report) publishedRow {
	row := publishedRow{
		Destination: r.Destination, Outcome: string(r.Outcome), File: r.File, Rows: r.Rows,
		Added: r.Added, Changed: r.Changed, Removed: r.Removed, Reason: string(r.Reason), FirstRows: []string{}, detail: r.Why(), what: r.What,
	}
	if r.Err != nil {
		row.Error = r.Err.Error()
	}
	return row
}

func (a *app) printPublished(rows []publishedRow) error {
	if a.output != formatTable {
		list := &listing[publishedRow]{
			key: "publish", rows: each(rows),
			columns: []string{"destination", "outcome", "file", "rows", "added", "changed", "removed", "reason", "error"},
			cells: func(r publishedRow) []string {
				return []string{
					r.Destination, r.Outcome, r.File, fmt.Sprint(r.Rows), fmt.Sprint(r.Added), fmt.Sprint(r.Changed), fmt.Sprint(r.Removed), r.Reason, r.Error,
				}
			},
		}
		return list.print(a.stdout, a.output)
	}
	for i := range rows {
		for _, line := range rows[i].FirstRows {
			_, _ = fmt.Fprintln(a.stdout, clean(line))
		}
		if _, err := fmt.Fprint(a.stdout, wrapped("", "  ", clean(rows[i].text()))); err != nil {
			return err
		}
		if rows[i].Outcome == string(publish.Waiting) { // a command is not broken: it is copied
			_, _ = fmt.Fprintf(a.stdout, "  deliver it all the same: ringroster publish approve %s\n", rows[i].Destination)
		}
	}
	return nil
}

// text is a delivery in a sentence.
func (r *publishedRow) text() string {
	if r.Outcome == string(publish.Failed) {
		return fmt.Sprintf("%s: failed: %s", r.Destination, r.Error)
	}
	if r.what == config.PublishedChanges {
		verb := map[string]string{string(publish.Delivered): "told", wouldDeliver: "would tell"}[r.Outcome]
		return fmt.Sprintf("%s: %s %s", r.Destination, verb, counted(r.Rows, "change", "changes"))
	}
	rows := fmt.Sprintf("%s (%d new, %d changed, %d gone)", counted(r.Rows, "row", "rows"), r.Added, r.Changed, r.Removed)
	verb := map[string]string{
		string(publish.Delivered): "delivered", wouldDeliver: "would deliver", string(publish.Waiting): "waits", wouldWait: "would wait",
	}[r.Outcome]
	if r.detail != "" {
		return fmt.Sprintf("%s: %s, with %s, for an approval: %s", r.Destination, verb, rows, r.detail)
	}
	return fmt.Sprintf("%s: %s %s: %s", r.Destination, verb, r.File, rows)
}

// The outcomes of --dry-run.
const (
	wouldDeliver = "would_deliver"
	wouldWait    = "would_wait"
)

func (a *app) previewPublish(ctx context.Context, name string) error {
	return a.withRoster(ctx, func(s *config.Settings, st *store.Store) error {
		if err := publishes(s, name); err != nil {
			return err
		}
		var rows []publishedRow
		for i := range s.Publish {
			if name != "" && s.Publish[i].Name != name {
				continue
			}
			pre, err := wire.Publisher(s, version, st, unheard).Preview(ctx, s.Publish[i].Name)
			if err != nil {
				return err
			}
			row := rowOfReport(&pre.Report)
			row.FirstRows = pre.First
			row.Outcome = map[bool]string{true: wouldDeliver, false: wouldWait}[pre.Reason == ""]
			rows = append(rows, row)
		}
		return a.printPublished(rows)
	})
}

// publishNew delivers at the end of a command what is new. What fails is left to the service
// or the next command.
func (a *app) publishNew(ctx context.Context, s *config.Settings, st *store.Store, observer watcher) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if err := wire.Publisher(s, version, st, observer.Published).Deliver(ctx, ""); err != nil && ctx.Err() == nil {
		observer.Unpublished(err)
	}
}

// publishTimeout bounds how long a command delivers at its end.
const publishTimeout = 10 * time.Minute
