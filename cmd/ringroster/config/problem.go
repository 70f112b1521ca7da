package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problems is every error of this package: all that is wrong with the settings
// at once, sorted by file and line. A program that meets it has been set up
// wrongly: exit code 2.
type Problems struct{ List []Problem }

// Problem is one thing to put right.
type Problem struct {
	File    string // as it was given; "" when no file was found
	Line    int    // from 1; 0 when the whole file is meant
	Key     string // such as accounts[0].client_id; "" when the whole file is meant
	Message string // what is wrong and what to do; never a value that may be secret
}

func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Message
}

// Outdated are the settings that work for this version only, as lines.
func (s *Settings) Outdated() []string {
	lines := make([]string, len(s.Warnings))
	for i, warning := range s.Warnings {
		lines[i] = warning.String()
	}
	return lines
}

// Error gives one line for each problem.
func (p *Problems) Error() string {
	lines := make([]string, len(p.List))
	for i, problem := range p.List {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Permanent says that waiting changes nothing: somebody has to put it right.
func (p *Problems) Permanent() bool { return true }

// fileProblem is the only problem of a file that could not be looked into.
func fileProblem(file, format string, args ...any) *Problems {
	return &Problems{[]Problem{{File: file, Message: fmt.Sprintf(format, args...)}}}
}

// report collects problems while settings are read and judged.
type report struct {
	file  string
	lines map[string]int // key, lower-cased -> line in the file
	list  []Problem

	warnings []Problem // what is wrong with nothing, and should be changed
}

// at records a problem on a line.
func (r *report) at(line int, key, format string, args ...any) {
	r.list = append(r.list, Problem{r.file, max(line, 1), key, fmt.Sprintf(format, args...)})
}

// add records a problem with the value of a key. A key that already has one, or
// stands inside something that has, says nothing more: its value was not used.
func (r *report) add(key, format string, args ...any) {
	if !r.reported(key) {
		r.at(r.line(key), key, format, args...)
	}
}

// reported says whether a key, or something around it, has a problem.
func (r *report) reported(key string) bool {
	for ; key != ""; key = parent(key) {
		if slices.ContainsFunc(r.list, func(p Problem) bool { return p.Key == key }) {
			return true
		}
	}
	return false
}

// line is where a key stands in the file, or where the nearest key around it does.
func (r *report) line(key string) int {
	for k := key; k != ""; k = parent(k) {
		if line, ok := r.lines[k]; ok {
			return line
		}
	}
	return 1
}

// join puts a name after the key that it stands under.
func join(key, name string) string { return strings.TrimPrefix(key+"."+name, ".") }

// parent cuts the last step off a key: accounts[0].name, accounts[0], accounts, "".
func parent(key string) string { return key[:max(strings.LastIndexAny(key, ".["), 0)] }

// err is nil when there is nothing to put right.
func (r *report) err() error {
	if len(r.list) == 0 {
		return nil
	}
	slices.SortStableFunc(r.list, func(a, b Problem) int { return a.Line - b.Line })
	return &Problems{r.list}
}
