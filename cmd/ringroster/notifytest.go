package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/notify"
	"ringroster/cmd/ringroster/observe"
)

func notifyCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "notify", Short: "The destinations of notices: mail and webhooks",
		Long: `Notices tell people of failures, of changes that wait for a decision, and more; see
notify in the settings.`,
	}
	c.AddCommand(notifyTestCommand(a))
	return c
}

func notifyTestCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "test [NAME]", Short: "Send a test to one destination, or to all of them", Args: cobra.MaximumNArgs(1),
		Long: `Sends a test at once, to each recipient, and says what the other end answered. It needs
no roster and changes nothing. The exit code is 0 when everybody took it.`,
		RunE: func(c *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return a.notifyTest(c.Context(), name)
		},
	}
	a.addOutput(c)
	return c
}

// tried is a line of `notify test`.
type tried struct {
	Destination string `json:"destination"`
	Recipient   string `json:"recipient"` // "": a webhook
	Result      string `json:"result"`    // delivered, refused or failed
	Answer      string `json:"answer"`    // of the other end, or the error
}

func (a *app) notifyTest(ctx context.Context, name string) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if len(s.Notify) == 0 {
		return usagef("nobody is told anything: there is no notify in %s", s.File)
	}
	reports := courier(s, nil, func(observe.Delivery) {}).Test(ctx, name)
	if len(reports) == 0 {
		var there []string
		for i := range s.Notify {
			there = append(there, s.Notify[i].Name)
		}
		return usagef("the settings have no destination %q under notify; they have %s", name, strings.Join(there, ", "))
	}
	var rows []tried
	failed := false
	for i := range reports {
		r := &reports[i]
		row := tried{r.Destination, r.Recipient, string(r.Outcome), r.Answer}
		if r.Err != nil {
			row.Answer, failed = r.Err.Error(), true
			if r.Outcome != notify.Refused {
				row.Result = "failed"
			}
		}
		rows = append(rows, row)
	}
	if err := a.printTried(rows); err != nil {
		return err
	}
	if failed {
		return &exitError{code: exitFailed}
	}
	return nil
}

func (a *app) printTried(rows []tried) error {
	if a.output != formatTable {
		list := &listing[tried]{
			key: "tests", columns: []string{"destination", "recipient", "result", "answer"}, rows: each(rows),
			cells: func(r tried) []string { return []string{r.Destination, r.Recipient, r.Result, r.Answer} },
		}
		return list.print(a.stdout, a.output)
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(a.stdout, "%s%s: %s: %s\n", r.Destination, prefixed(", ", clean(r.Recipient)), r.Result, clean(r.Answer)); err != nil {
			return err
		}
	}
	return nil
}
