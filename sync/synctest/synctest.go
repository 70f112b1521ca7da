// Package synctest reads the tables of RULES.md for tests that compare them with the code.
package synctest

import (
	"regexp"
	"strings"
	"testing"

	"ringroster/sync"
)

// RuleTable reads a table of a rule: its rows without the head, of each the cells, without
// marks of Markdown.
func RuleTable(t *testing.T, rule string, number int) (rows [][]string) {
	t.Helper()
	r, ok := sync.FindRunRule(rule)
	if !ok {
		t.Fatalf("RULES.md has no %s", rule)
	}
	for block := range strings.SplitSeq(r.Text, "\n\n") {
		if !strings.HasPrefix(block, "|") {
			continue
		}
		if number--; number > 0 {
			continue
		}
		for _, line := range strings.Split(block, "\n")[2:] {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
		return rows
	}
	t.Fatalf("%s has no such table", rule)
	return nil
}

// CodeWords are those that a column sets in code: the first of each cell.
func CodeWords(rows [][]string, column int) (words []string) {
	code := regexp.MustCompile("`([^`]+)`")
	for _, r := range rows {
		if m := code.FindStringSubmatch(r[column]); m != nil {
			words = append(words, m[1])
		}
	}
	return words
}
