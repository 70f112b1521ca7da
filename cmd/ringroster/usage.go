package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
)

// The manners of the command line: what is wrong with what was typed, said the same
// everywhere, and -q.

// unknownCommand refuses a name that a group of commands does not have, with the one
// that was meant, as far as that can be told.
func unknownCommand(c *cobra.Command, name string) error {
	meant := commandsCalled(c.Root(), name)
	if len(meant) == 0 {
		if near := config.Nearest(name, names(c)); near != "" {
			meant = []string{c.CommandPath() + " " + near}
		}
	}
	hint := "see " + c.CommandPath() + " --help"
	if len(meant) > 0 {
		hint = "did you mean `" + strings.Join(meant, "` or `") + "`?"
	}
	return usagef("%s has no command %q; %s", c.CommandPath(), name, hint)
}

// commandsCalled finds commands of that name in any group.
func commandsCalled(c *cobra.Command, name string) (paths []string) {
	for _, sub := range c.Commands() {
		if sub.Name() == name && sub.IsAvailableCommand() {
			paths = append(paths, sub.CommandPath())
		}
		paths = append(paths, commandsCalled(sub, name)...)
	}
	return paths
}

// wrongCount says what is wrong with the number of arguments: cobra counts them, which
// says neither which one is meant nor what belongs there.
func wrongCount(c *cobra.Command, wanted cobra.PositionalArgs, given []string) error {
	for n, last := range slices.Backward(given) {
		if wanted(c, given[:n]) == nil {
			return usagef("%q is one argument too many; usage: %s", last, c.UseLine())
		}
	}
	return usagef("an argument is missing; usage: %s", c.UseLine())
}

var (
	exclusiveFlags = regexp.MustCompile(`^if any flags in the group \[.*\] are set none of the others can be; \[(.*)\] were all set$`)
	requiredFlags  = regexp.MustCompile(`^required flag\(s\) (.*) not set$`)
)

// plainUsage says in our words what cobra says about flags.
func plainUsage(err error) error {
	if m := exclusiveFlags.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("--%s cannot be given together", strings.Join(strings.Fields(m[1]), " and --"))
	}
	if m := requiredFlags.FindStringSubmatch(err.Error()); m != nil {
		names := strings.Split(strings.ReplaceAll(m[1], `"`, ""), ", ")
		return fmt.Errorf("--%s must be given", strings.Join(names, " and --"))
	}
	return err
}

// oneLiners are the flags whose text goes into the history as it is.
var oneLiners = []string{"actor", "note", "reason"}

// refuseControl refuses a text for the history that would break tables and logs.
func refuseControl(c *cobra.Command) error {
	for _, name := range oneLiners {
		if f := c.Flags().Lookup(name); f != nil {
			if err := sync.CheckText("--"+name, f.Value.String()); err != nil {
				return &usageError{err}
			}
		}
	}
	return nil
}

// beQuiet drops everything but errors, for -q.
func (a *app) beQuiet() {
	a.stdout, a.stderr = io.Discard, io.Discard
}
