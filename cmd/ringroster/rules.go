package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/sync"
)

func rulesCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "rules [RULE]", Short: "Print the rules of a run, or one of them", Args: cobra.MaximumNArgs(1),
		Long: `Without RULE it lists the rules by which a run reads RingCentral, decides about
people and changes the roster. With RULE, such as R12 or R21-R24, it prints that rule, or these.`,
		Example: "  ringroster rules\n  ringroster rules R22",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.printRules(sync.RunRules())
			}
			rules := sync.FindRunRules(args[0])
			if rules == nil {
				return usagef("no rule %q; the rules are R1 to R%d: `ringroster rules` lists them", args[0], len(sync.RunRules()))
			}
			if a.output != formatTable {
				return a.printRules(rules)
			}
			for i, rule := range rules {
				if i > 0 {
					_, _ = fmt.Fprintln(a.stdout)
				}
				_, _ = fmt.Fprintf(a.stdout, "%s %s\n\n%s", rule.Name(), rule.Title, wrapText(rule.Text))
			}
			return nil
		},
	}
	a.addOutput(c)
	return c
}

func (a *app) printRules(rules []sync.RunRule) error {
	l := &listing[sync.RunRule]{
		key: "rules", columns: []string{"rule", "title", "text"}, rows: each(rules),
		cells: func(r sync.RunRule) []string { return []string{r.Name(), r.Title, r.Text} },
	}
	if a.output == formatTable {
		l.columns = l.columns[:2]
		l.cells = func(r sync.RunRule) []string { return []string{r.Name(), r.Title} }
	}
	return l.print(a.stdout, a.output)
}

// sayWhereRulesAre ends output that cites rules.
func (a *app) sayWhereRulesAre(cited ...string) {
	also := ""
	if len(cited) > 1 {
		also = "; here " + strings.Join(cited, ", ") + " apply"
	}
	_, _ = fmt.Fprintf(a.stdout, "`ringroster rules %s` explains a rule%s.\n", cited[0], also)
}
