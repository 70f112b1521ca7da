package observe

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../../.."

// TestDocumentationNamesEventsThatThereAre, wherever it tells to look for one.
func TestDocumentationNamesEventsThatThereAre(t *testing.T) {
	events, told := logged(t), 0
	for _, pattern := range []string{"README.md", "deploy/*.md", "deploy/ringroster.8", "deploy/alerts/*", ".ci/systemd/test"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			for _, found := range regexp.MustCompile(`EVENT=([a-z_]+)`).FindAllStringSubmatch(read(t, file), -1) {
				told++
				if !slices.Contains(events, found[1]) {
					t.Errorf("%s: there is no event %s", file, found[1])
				}
			}
		}
	}
	if told < 5 {
		t.Errorf("only %d events were found", told)
	}
}

// logged are the events of this package: its constants called event…, and the
// tables by kind.
func logged(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	events := slices.AppendSeq(slices.Collect(maps.Values(memberEvents)), maps.Values(contactEvents))
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "event") || len(spec.Values) != 1 {
				return true
			}
			if text, ok := spec.Values[0].(*ast.BasicLit); ok {
				name, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				events = append(events, name)
			}
			return true
		})
	}
	slices.Sort(events)
	return events
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
