package ringcentral

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestCitedSectionsExist: each section of API.md that the repository cites is there.
func TestCitedSectionsExist(t *testing.T) {
	page, err := os.ReadFile("API.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#{2,4} ([0-9]+(?:\.[0-9]+)?[a-e]?)\.? `).FindAllStringSubmatch(string(page), -1) {
		if sections[heading[1]] {
			t.Errorf("API.md has two sections %s", heading[1])
		}
		sections[heading[1]] = true
	}
	found := 0
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "cache"}, d.Name()) {
			return filepath.SkipDir // nobody's writing
		}
		if err != nil || !d.Type().IsRegular() || !slices.Contains([]string{".go", ".md", ".sql"}, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		for _, section := range citedSections(string(text)) {
			found++
			if !sections[section] {
				t.Errorf("%s cites API.md %s, which is not there", path, section)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 80 {
		t.Errorf("only %d citations were found: is the repository here?", found)
	}
}

func TestCitedSectionsAreRead(t *testing.T) {
	text := "// (API.md 1.6, 4 and 5.4). As API.md\n\t// 2.3 says; ringcentral/API.md 5.1 to 5.3, API.md 6.4d: 7 rows; `API.md 2`, 3 more"
	want := []string{"1.6", "4", "5.4", "2.3", "5.1", "5.3", "6.4d", "2"}
	if got := citedSections(text); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

var (
	commentBreak = regexp.MustCompile(`\n[ \t]*//`)
	citation     = regexp.MustCompile(`API\.md((?:(?:,| and| to)? [0-9]+(?:\.[0-9]+)?[a-e]?)+)`)
	sectionName  = regexp.MustCompile(`[0-9]+(?:\.[0-9]+)?[a-e]?`)
)

// citedSections lists the sections that a text cites, in comments of several
// lines too.
func citedSections(text string) (sections []string) {
	for _, c := range citation.FindAllStringSubmatch(commentBreak.ReplaceAllString(text, ""), -1) {
		sections = append(sections, sectionName.FindAllString(c[1], -1)...)
	}
	return sections
}
