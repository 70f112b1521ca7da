package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// app is what every command shares: the streams and the global flags.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	errors         io.Writer // stderr, also where -q drops the rest
	quiet          bool
	config         string
	output         string
	started        bool   // a command began: before that, every error is one of usage
	running        string // that command
	wait           time.Duration
	completing     bool // a shell asks what could come next
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "ringroster",
		Short: "Keeps a roster of contact-centre people in step with the RingCentral directory",
		Long: `ringroster reads who works in a RingCentral account (RingEX and RingCX),
compares that with a local SQLite roster, and onboards, updates, deactivates and
reactivates its members. Nobody is ever deleted, and every change says why.`,
		SilenceUsage: true, SilenceErrors: true, Version: version,
	}
	root.SetVersionTemplate("ringroster {{.Version}}\n") // as versionCommand has it
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.PersistentFlags().StringVar(&a.config, "config", "", "settings file (else $RINGROSTER_CONFIG, ./config.yaml, /etc/ringroster/config.yaml)")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "print nothing but errors; the exit code tells the rest")
	root.AddCommand(
		runCommand(a), syncCommand(a), planCommand(a), explainCommand(a), directoryCommand(a), importCommand(a),
		heldCommand(a), approveCommand(a), rejectCommand(a), undoCommand(a), limitsCommand(a), rulesCommand(a),
		statusCommand(a), checkCommand(a), runsCommand(a), historyCommand(a), rosterCommand(a), contactsCommand(a), accountCommand(a),
		reportCommand(a), backupCommand(a), restoreCommand(a), takeoverCommand(a), notifyCommand(a), publishCommand(a),
		simulateCommand(a), demoCommand(a), versionCommand(a), whoTopic(),
	)
	root.InitDefaultCompletionCmd()
	root.SetFlagErrorFunc(flagError)
	a.harden(root)
	return root
}

// harden makes a group of commands refuse a name it does not know, with which
// cobra itself exits 0, and notes when a command begins.
func (a *app) harden(c *cobra.Command) {
	if c.HasSubCommands() && c.Run == nil && c.RunE == nil {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, given []string) error {
			if len(given) > 0 {
				return unknownCommand(c, given[0])
			}
			if c.HasParent() {
				return usagef("%s needs one of its commands: %s", c.CommandPath(), strings.Join(names(c), ", "))
			}
			return c.Help()
		}
	}
	if c.Flags().Lookup("actor") != nil { // what an operator writes, a run of its own (R31)
		a.addWait(c)
	}
	if c.Args == nil {
		c.Args = cobra.NoArgs
	}
	if wanted := c.Args; wanted != nil {
		c.Args = func(c *cobra.Command, given []string) error {
			if wanted(c, given) != nil {
				return wrongCount(c, wanted, given)
			}
			return nil
		}
	}
	if !c.HasSubCommands() && c.RunE != nil && c.Parent() != nil && c.Parent().Name() != "completion" {
		a.addCompletion(c)
	}
	if work := c.RunE; work != nil {
		c.RunE = func(c *cobra.Command, given []string) error {
			if err := cmp.Or(refuseEmpty(c, given), refuseControl(c)); err != nil {
				return err
			}
			if a.wait < 0 {
				return usagef("--wait %s: give how long to wait, such as 5m", a.wait)
			}
			if a.quiet {
				a.beQuiet()
			}
			a.started, a.running = true, c.CommandPath()
			return work(c, given)
		}
	}
	for _, sub := range c.Commands() {
		a.harden(sub)
	}
}

// names lists the commands of a group.
func names(group *cobra.Command) (names []string) {
	for _, c := range group.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// flagError says of a flag that cannot be read what it takes, and where that stands.
func flagError(c *cobra.Command, err error) error {
	hint := fmt.Sprintf("; see %s --help", c.CommandPath())
	bad, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return fmt.Errorf("%w%s", err, hint)
	}
	if _, isNumber := errors.AsType[*strconv.NumError](bad); isNumber {
		return fmt.Errorf("--%s takes a number, not %q%s", bad.GetFlag().Name, bad.GetValue(), hint)
	}
	return fmt.Errorf("--%s %s: %w%s", bad.GetFlag().Name, bad.GetValue(), errors.Unwrap(bad), hint)
}

// refuseEmpty refuses a flag or an argument that was given without a value, as
// scripts do whose variable is not set: it must not mean "everything".
func refuseEmpty(c *cobra.Command, given []string) (err error) {
	if slices.ContainsFunc(given, func(arg string) bool { return strings.TrimSpace(arg) == "" }) {
		err = usagef("an argument is empty; usage: %s", c.UseLine())
	}
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.String() == "" || f.Value.String() == "[]" {
			err = usagef("--%s was given without a value", f.Name)
		}
	})
	return err
}

// addOutput gives a command the flag --output.
func (a *app) addOutput(c *cobra.Command) {
	c.Flags().VarP(&choice{value: &a.output, options: []string{formatTable, formatJSON, formatCSV}, name: "format"}, "output", "o", "table, json or csv")
	a.output = formatTable
}

// addWait gives a command that writes the flag --wait.
func (a *app) addWait(c *cobra.Command) {
	c.Flags().DurationVar(&a.wait, "wait", 0, "wait this long for another run to end, such as 5m; else fail at once")
}

// choice is a flag with a closed set of values.
type choice struct {
	value   *string
	options []string
	name    string
}

func (c *choice) String() string { return *c.value }
func (c *choice) Type() string   { return c.name }
func (c *choice) Set(s string) error {
	if !slices.Contains(c.options, s) {
		return fmt.Errorf("give one of %s", strings.Join(c.options, ", "))
	}
	*c.value = s
	return nil
}

func versionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.stdout, "ringroster", version)
			return err
		},
	}
}
