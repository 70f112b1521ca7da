package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"ringroster/sync"
)

func TestRulesFitATerminal(t *testing.T) {
	for _, r := range sync.RunRules() {
		text := wrapText(r.Text)
		for line := range strings.SplitSeq(text, "\n") {
			if utf8.RuneCountInString(line) > textWidth || strings.HasPrefix(line, "|") {
				t.Errorf("%s: the line %q is too long, or Markdown", r.Name(), line)
			}
		}
		if got, want := strings.Count(text, "`"), strings.Count(r.Text, "`"); got != want {
			t.Errorf("%s: %d backquotes of %d are printed", r.Name(), got, want)
		}
	}
}

func TestWrapText(t *testing.T) {
	long := strings.Repeat("word ", 20)
	for name, c := range map[string]struct{ in, want string }{
		"paragraphs":      {"a\n\nb *c* `d*e*f` **g**", "a\n\nb c `d*e*f` g\n"},
		"a long line":     {long, strings.TrimSuffix(strings.Repeat("word ", 16), " ") + "\n" + "word word word word\n"},
		"a list":          {"- " + long + "\n- b", "- " + strings.Repeat("word ", 14) + "word\n  word word word word word\n- b\n"},
		"a word too long": {"a " + strings.Repeat("x", 90) + " b", "a\n" + strings.Repeat("x", 90) + "\nb\n"},
		"a narrow table":  {"| one | two |\n|---|---|\n| é | b |\n| cc | |", "ONE  TWO\né    b\ncc\n"},
		"a table with a long cell": {
			"| k | v |\n|---|---|\n| a | " + long + "|\n| b | c |",
			"K  V\na  " + strings.Repeat("word ", 14) + "word\n   word word word word word\n\nb  c\n",
		},
	} {
		if got := wrapText(c.in); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
