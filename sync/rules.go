package sync

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed RULES.md
var rulesPage string

// RunRule is one of the numbered rules of a run, as RULES.md states it.
type RunRule struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
	Text   string `json:"text"` // Markdown: paragraphs, lists and tables, separated by empty lines
}

// Name is how messages and comments cite the rule: R12.
func (r *RunRule) Name() string { return fmt.Sprintf("R%d", r.Number) }

// RunRules returns all rules in the order of their numbers.
func RunRules() []RunRule { return parseRules(rulesPage) }

// parseRules reads the page: a heading "### R12 Title" begins a rule, and any
// other heading ends one.
func parseRules(page string) (rules []RunRule) {
	inside := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			var r RunRule
			if r, inside = parseHeading(line); inside {
				rules = append(rules, r)
			}
		} else if inside {
			rules[len(rules)-1].Text += line
		}
	}
	for i := range rules {
		rules[i].Text = strings.TrimSpace(rules[i].Text)
	}
	return rules
}

func parseHeading(line string) (r RunRule, ok bool) {
	name, title, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "### "), " ")
	digits, ok := strings.CutPrefix(name, "R")
	n, err := strconv.Atoi(digits)
	return RunRule{Number: n, Title: title}, ok && err == nil
}

// FindRunRules returns the rules that are meant by R12, r12 or 12, or by R21-R24; nil:
// none is called so.
func FindRunRules(name string) []RunRule {
	from, to, several := strings.Cut(name, "-")
	if !several {
		to = from
	}
	first, ok := FindRunRule(strings.TrimSpace(from))
	last, ok2 := FindRunRule(strings.TrimSpace(to))
	if !ok || !ok2 || last.Number < first.Number {
		return nil
	}
	return slices.DeleteFunc(RunRules(), func(r RunRule) bool { return r.Number < first.Number || r.Number > last.Number })
}

// FindRunRule returns the rule that is called R12, r12 or 12.
func FindRunRule(name string) (r RunRule, ok bool) {
	for _, r := range RunRules() {
		if strings.EqualFold(name, r.Name()) || name == strconv.Itoa(r.Number) {
			return r, true
		}
	}
	return RunRule{}, false
}
