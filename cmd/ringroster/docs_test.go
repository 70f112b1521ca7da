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
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := tabledCommands(string(text))
	real := map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if name := strings.TrimPrefix(sub.CommandPath(), "ringroster "); !sub.HasSubCommands() {
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
