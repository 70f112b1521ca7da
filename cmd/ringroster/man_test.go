package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The man pages: what of them the help and config.example.yaml say stands between these
// two lines. UPDATE=1 go test ./cmd/ringroster -run TestManPages writes it.
const (
	generatedFrom = `.\" What follows is generated from `
	generatedEnd  = `.\" End of what is generated.`
)

// TestManPagesAreCurrent compares ringroster(8) with the help of every command, and
// ringroster.yaml(5) with config.example.yaml.
func TestManPagesAreCurrent(t *testing.T) {
	for page, body := range map[string]string{
		"ringroster.8":      commandsPage(newRoot(&app{})),
		"ringroster.yaml.5": settingsPage(readPage(t, "config.example.yaml")),
	} {
		is := readPage(t, "deploy", page)
		head, rest, ok := strings.Cut(is, generatedFrom)
		from, rest, ok2 := strings.Cut(rest, "\n")
		_, tail, ok3 := strings.Cut(rest, generatedEnd)
		if !ok || !ok2 || !ok3 {
			t.Fatalf("deploy/%s has no part between %q and %q", page, generatedFrom, generatedEnd)
		}
		want := head + generatedFrom + from + "\n" + body + generatedEnd + tail
		if is == want {
			continue
		}
		if os.Getenv("UPDATE") == "" {
			t.Errorf("deploy/%s is not what it is generated from, %s: UPDATE=1 go test ./cmd/ringroster -run TestManPages", page, strings.TrimSuffix(from, "."))
			continue
		}
		if err := os.WriteFile(filepath.Join("..", "..", "deploy", page), []byte(want), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// roff is text as a man page has it.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// commandsPage explains every command in the words of its help.
func commandsPage(root *cobra.Command) string {
	var b, topics strings.Builder
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			switch {
			case sub.IsAdditionalHelpTopicCommand() && !sub.HasSubCommands():
				fmt.Fprintf(&topics, ".SH \"%s\"\n.nf\n%s\n.fi\n", strings.ToUpper(roff(sub.Short)), roff(sub.Long))
			case sub.Name() == "help" || sub.Name() == "completion":
			case sub.HasSubCommands():
				walk(sub)
			default:
				writeCommand(&b, sub)
			}
		}
	}
	walk(root)
	return ".SH COMMANDS\n" + b.String() + ".SH OPTIONS OF ALL COMMANDS\n" + flagsText(root.PersistentFlags()) + topics.String()
}

func writeCommand(b *strings.Builder, c *cobra.Command) {
	name := strings.TrimPrefix(c.CommandPath(), "ringroster ")
	_, arguments, _ := strings.Cut(c.Use, " ")
	fmt.Fprintf(b, ".SS \"%s\"\n%s.\n", strings.TrimSpace(roff(name+" "+arguments)), roff(c.Short))
	if c.Long != "" {
		fmt.Fprintf(b, ".PP\n%s\n", strings.ReplaceAll(roff(strings.TrimSpace(c.Long)), "\n\n", "\n.PP\n"))
	}
	b.WriteString(flagsText(c.LocalFlags()))
}

func flagsText(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", strings.TrimSpace(roff(name+" "+value)), roff(usage))
	})
	return b.String()
}

// settingsPage is the commented example: its comments as text, what stands between them
// as it is.
func settingsPage(example string) string {
	var b strings.Builder
	b.WriteString(".SH SETTINGS\n")
	for block := range strings.SplitSeq(strings.TrimSpace(example), "\n\n") {
		var comment, settings []string
		for line := range strings.SplitSeq(block, "\n") {
			if text, ok := strings.CutPrefix(line, "# "); ok && settings == nil || line == "#" {
				comment = append(comment, text)
			} else {
				settings = append(settings, line)
			}
		}
		fmt.Fprintf(&b, ".PP\n%s\n", strings.ReplaceAll(roff(strings.Join(comment, "\n")), "\n\n", "\n.PP\n"))
		if settings != nil {
			fmt.Fprintf(&b, ".PP\n.nf\n.RS 4\n%s\n.RE\n.fi\n", roff(strings.Join(settings, "\n")))
		}
	}
	return b.String()
}
