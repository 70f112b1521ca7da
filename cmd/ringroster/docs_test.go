package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestReadmeNamesEveryCommand compares the table of commands in README with the
// commands there are, both ways.
func TestReadmeNamesEveryCommand(t *testing.T) {
	documented := tabledCommands(readPage(t, "README.md"))
	real := map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if name := strings.TrimPrefix(sub.CommandPath(), "ringroster "); (!sub.HasSubCommands() || strings.Contains(sub.Use, " ")) && !sub.IsAdditionalHelpTopicCommand() {
				real[name] = true
			}
			walk(sub)
		}
	}
	walk(newRoot(&app{}))
	for name := range real {
		if !documented[name] && name != "version" && !strings.HasPrefix(name, "completion ") {
			t.Errorf("README's table of commands lacks %q", name)
		}
	}
	for name := range documented {
		if !real[name] {
			t.Errorf("README's table names %q, which is no command", name)
		}
	}
}

// tabledCommands reads the first column of the table: `roster set|link` stands
// for two commands, and capitals and brackets are arguments.
func tabledCommands(page string) map[string]bool {
	_, table, _ := strings.Cut(page, "\n| command |")
	table, _, _ = strings.Cut(table, "\n\n")
	names := map[string]bool{}
	for _, row := range strings.Split(table, "\n")[2:] {
		first := strings.Split(strings.ReplaceAll(row, `\|`, "/"), "|")[1]
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(first, -1) {
			words := strings.Fields(regexp.MustCompile(` ?[[A-Z].*`).ReplaceAllString(code[1], ""))
			group := strings.Join(words[:len(words)-1], " ")
			for name := range strings.SplitSeq(words[len(words)-1], "/") {
				names[strings.TrimSpace(group+" "+name)] = true
			}
		}
	}
	return names
}

// TestEventsAreDocumented compares the table of deploy/events.md with the events
// that package observe declares, both ways, and looks for those that other pages name.
func TestEventsAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for row := range strings.SplitSeq(readPage(t, "deploy", "events.md"), "\n") {
		if cells := strings.Split(row, "|"); len(cells) > 2 && cells[1] != " event " {
			for _, name := range regexp.MustCompile(`[a-z_]{4,}`).FindAllString(cells[1], -1) {
				documented[name] = true
			}
		}
	}
	declared := declaredEvents(t)
	for name := range declared {
		if !documented[name] {
			t.Errorf("deploy/events.md lacks the event %q", name)
		}
	}
	for name := range documented {
		if !declared[name] {
			t.Errorf("deploy/events.md names %q, which is no event", name)
		}
	}
	for _, page := range []string{"README.md", "runbook.md", "events.md", "notify.md", "publish.md"} {
		for _, m := range regexp.MustCompile(`EVENT=(\w+)`).FindAllStringSubmatch(readPage(t, "deploy", page), -1) {
			if !declared[m[1]] {
				t.Errorf("deploy/%s names %q, which is no event", page, m[1])
			}
		}
	}
}

func declaredEvents(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("observe", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of observe: %v", err)
	}
	declared := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:\bevent[A-Z]\w*\s*=|sync\.\w+:)\s*"([a-z]+(?:_[a-z]+)*)"`).FindAllStringSubmatch(string(text), -1) {
			declared[m[1]] = true
		}
	}
	return declared
}

// TestReadmeIsShort: operators read it whole. What is for others has pages of its own.
func TestReadmeIsShort(t *testing.T) {
	if words := len(strings.Fields(readPage(t, "README.md"))); words > 1500 {
		t.Errorf("README has %d words", words)
	}
}

// TestLinksLeadSomewhere: the pages that a page links to are there.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range [][]string{{"README.md"}, {"deploy", "README.md"}, {"deploy", "runbook.md"}, {"deploy", "events.md"}, {"deploy", "notify.md"}, {"deploy", "publish.md"}, {".github", "CONTRIBUTING.md"}} {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(readPage(t, page...), -1) {
			target := filepath.Join("..", "..", filepath.Dir(filepath.Join(page...)), m[1])
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Join(page...), m[1], err)
			}
		}
	}
}

// TestRulesNameWhatThereIs: the rules are printed to operators, who type what they read.
// Every command that RULES.md names is one, and every word of a setting, column or reason
// stands in the code.
func TestRulesNameWhatThereIs(t *testing.T) {
	root := newRoot(&app{})
	source := sourceText(t)
	for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(readPage(t, "sync", "RULES.md"), -1) {
		words := strings.Fields(code[1])
		c, rest, err := root.Find(words)
		if err == nil && c != root && c.HasSubCommands() && len(rest) > 0 {
			t.Errorf("RULES.md names %q; %q has no command %q", code[1], c.CommandPath(), rest[0])
		}
		for _, word := range regexp.MustCompile(`[a-z]+(?:_[a-z]+)+`).FindAllString(code[1], -1) {
			if !regexp.MustCompile(`\b` + word + `\b`).MatchString(source) {
				t.Errorf("RULES.md names %q, which is nowhere in the code", word)
			}
		}
	}
}

// sourceText is all that the program is built from.
func sourceText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{".", "config", "observe", "daemon", "notify", "publish", "render", "../../sync", "../../sync/*", "../../store", "../../ringcentral"} {
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no source in %s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

// readPage reads a page of the repository.
func readPage(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.Join(path...)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
