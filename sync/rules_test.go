package sync

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestParseRules(t *testing.T) {
	page := "# Page\n\nNot R1.\n\n## Part\n\n### R1 First thing\n\nOne.\n\n| a | b |\n|---|---|\n\n- R9 is cited here\n\n### R2 Second\nTwo.\n## Other\n\nR3 is no rule.\n\n### Rest\n\nNor is this.\n"
	want := []RunRule{
		{1, "First thing", "One.\n\n| a | b |\n|---|---|\n\n- R9 is cited here"},
		{2, "Second", "Two."},
	}
	if got := parseRules(page); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestRulesAreNumberedWithoutGaps: messages of older versions cite rules too,
// so that no number may vanish.
func TestRulesAreNumberedWithoutGaps(t *testing.T) {
	rules := RunRules()
	if len(rules) < 37 {
		t.Errorf("%d rules, there were 37", len(rules))
	}
	for i, r := range rules {
		if r.Number != i+1 || r.Title == "" || r.Text == "" {
			t.Errorf("rule %d is %+v", i+1, r)
		}
	}
}

func TestFindRunRule(t *testing.T) {
	for _, name := range []string{"R12", "r12", "12"} {
		if r, ok := FindRunRule(name); !ok || r.Number != 12 || r.Title != "E-mail as identity" {
			t.Errorf("%q found %v %+v", name, ok, r)
		}
	}
	for _, name := range []string{"", "R", "R" + "0", "R" + "999", "RR1", "R1 ", "+1", "01"} {
		if r, ok := FindRunRule(name); ok {
			t.Errorf("%q found %s", name, r.Name())
		}
	}
}

// TestRuleTables: the tables that tests compare with tables in code have rows
// that can be told apart.
func TestRuleTables(t *testing.T) {
	for name, columns := range map[string][]int{"R12": {3}, "R14": {2}, "R16": {3}, "R22": {2, 2}, "R24": {2}, "R32": {3}, "R35": {3}} {
		r, _ := FindRunRule(name)
		var got []int
		for block := range strings.SplitSeq(r.Text, "\n\n") {
			if !strings.HasPrefix(block, "|") {
				continue
			}
			rows := strings.Split(block, "\n")
			width := strings.Count(rows[0], "|") - 1
			got = append(got, width)
			for _, row := range rows {
				if strings.Count(row, "|")-1 != width || !strings.HasSuffix(row, "|") {
					t.Errorf("%s: the row %q has not %d cells", name, row, width)
				}
			}
		}
		if !slices.Equal(got, columns) {
			t.Errorf("%s has tables of %v columns, want %v", name, got, columns)
		}
	}
}

// TestCitedRulesExist: each rule that a comment, message, test or page of the
// repository cites is in RULES.md.
func TestCitedRulesExist(t *testing.T) {
	known := map[string]bool{}
	for _, r := range RunRules() {
		known[r.Name()] = true
	}
	cited := regexp.MustCompile(`\bR([0-9]{1,3})\b`)
	found := 0
	for path, text := range repositoryTexts(t) {
		for i, line := range strings.Split(text, "\n") {
			for _, name := range cited.FindAllString(line, -1) {
				found++
				if !known[name] {
					t.Errorf("%s:%d cites %s, which is not in RULES.md", path, i+1, name)
				}
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d citations were found: is the repository here?", found)
	}
}

// TestNothingRefersToPagesElsewhere: what explains the repository is in it.
func TestNothingRefersToPagesElsewhere(t *testing.T) {
	elsewhere := []string{"design" + ".md", "/rules" + ".md", "`rules" + ".md", "field" + ".md", "house" + ".md", "style" + ".md", "api-" + "facts", "shared" + "/"}
	for path, text := range repositoryTexts(t) {
		for _, page := range elsewhere {
			if strings.Contains(text, page) {
				t.Errorf("%s refers to %s", path, page)
			}
		}
	}
}

// repositoryTexts reads what people write in this repository, by path.
func repositoryTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	kinds := []string{".go", ".md", ".sql", ".txtar", ".yaml", ".yml", ".8", ".service", ""}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "fuzz", "cache", "rapid"}, name):
			return filepath.SkipDir
		case d.Type().IsRegular() && slices.Contains(kinds, filepath.Ext(name)) && name != ".git":
			text, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("reading the repository: %w", err)
			}
			texts[path] = string(text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// TestGlossary: the words of the rules are explained where RULES.md says so.
func TestGlossary(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{
		"account", "sub-account", "snapshot", "person", "member", "login", "roster", "plan", "change", "run", "held",
		"conflict", "suspect", "distrusted list", "open set", "managed", "linked", "pin",
	} {
		if !strings.Contains(string(text), fmt.Sprintf("\n//\t%-15s ", word)) {
			t.Errorf("the glossary lacks %q", word)
		}
	}
}
