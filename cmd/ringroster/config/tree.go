package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parseTree reads data as one YAML document and checks its shape against the
// keys and types of t. What does not fit is reported and taken out, so that the
// rest can still be judged; where every key stands is noted in r.lines. A file
// that is no such document at all gives nil and one problem.
func (r *report) parseTree(data []byte, t reflect.Type) *yaml.Node {
	root := &yaml.Node{Kind: yaml.MappingNode, Line: 1}
	var doc, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	err := decoder.Decode(&doc)
	if err == nil {
		root = doc.Content[0]
		if err = decoder.Decode(&second); err == nil {
			r.at(second.Line, "", "a second document starts here (---): settings are one document")
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.syntaxError(data, err)
		return nil
	}
	empty := isNull(root)
	r.moveRenamed(root)
	r.fit(root, t, "")
	if isNull(root) && !empty {
		return nil
	}
	return root
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxError turns a parser's error into a line and a message. The parser has
// no typed errors. Of its messages one quotes the file, and might quote a secret
// that begins with an asterisk: that one is replaced.
func (r *report) syntaxError(data []byte, err error) {
	lines := bytes.Split(data, []byte("\n"))
	for i, text := range lines {
		indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
		switch {
		case !utf8.Valid(text):
			r.at(i+1, "", "is not UTF-8 text")
			return
		case bytes.ContainsRune(indent, '\t') && len(bytes.TrimSpace(text)) > 0:
			r.at(i+1, "", "is indented with a tab: YAML takes spaces only")
			return
		}
	}
	line, message := 1, err.Error()
	if m := yamlError.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	if _, name, ok := strings.Cut(message, "unknown anchor '"); ok {
		name, _, _ = strings.Cut(name, "'")
		before, _, _ := bytes.Cut(data, []byte("*"+name))
		r.at(1+bytes.Count(before, []byte("\n")), "", "%s", plainOnly)
		return
	}
	// The line is where the parser began to wonder, at times one too early.
	message = "is not valid YAML here or further down: " + message
	if strings.HasSuffix(message, "alphabetic or numeric character") {
		message = plainOnly // such as {email: *@example.com}
	}
	r.at(min(line, len(lines)), "", "%s", message)
}

const plainOnly = "anchors, aliases and tags (&, *, !) are not used in settings: put a value that begins with one in quotes"

// fit checks one node against the type of its setting.
func (r *report) fit(n *yaml.Node, t reflect.Type, key string) {
	if key != "" {
		if _, ok := r.lines[key]; !ok {
			r.lines[key] = n.Line
		}
	}
	wrong := func(message string) {
		r.at(r.line(key), key, "%s", message)
		*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line}
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0:
		wrong(plainOnly)
	case t.Kind() == reflect.Struct:
		r.fitStruct(n, t, key, wrong)
	case t.Kind() == reflect.Slice:
		r.fitList(n, t, key, wrong)
	case n.Kind != yaml.ScalarNode:
		wrong("must be a single value")
	case isNull(n):
		wrong("has no value: give one, or take the key out to have the default")
	case t == reflect.TypeFor[ID]() && digits.MatchString(n.Value):
		n.Tag = "!!str" // 0123 stays 0123
	case t.Kind() == reflect.String && n.Tag != "!!str":
		wrong("must be text: write it in quotes")
	case t.Kind() == reflect.String && t != reflect.TypeFor[Secret]() && strings.ContainsFunc(n.Value, unicode.IsControl):
		wrong("must be one line of text") // it will stand in logs and tables
	case t.Kind() == reflect.Bool && n.Tag != "!!bool":
		wrong("must be true or false")
	case t.Kind() == reflect.Int && !isInt(n):
		wrong("must be a whole number such as 10")
	}
}

var digits = regexp.MustCompile(`^[0-9]+$`)

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// isInt accepts a number only as people write it: 010 would be eight.
func isInt(n *yaml.Node) bool {
	value, err := strconv.Atoi(n.Value)
	return n.Tag == "!!int" && err == nil && strconv.Itoa(value) == n.Value
}

// fitStruct checks a group of keys. A key matches in any case, as viper reads
// it; an empty group is the same as none.
func (r *report) fitStruct(n *yaml.Node, t reflect.Type, key string, wrong func(string)) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		wrong("must be a group of keys")
		return
	}
	known, first := keysOf(t), map[string]int{}
	var kept []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		name.Value = strings.ToLower(name.Value)
		child := join(key, name.Value)
		switch line, twice := first[name.Value]; {
		case name.Tag == "!!merge" || name.Anchor != "" || name.Style&yaml.TaggedStyle != 0:
			r.at(name.Line, join(key, "?"), "%s", plainOnly)
		case name.Kind != yaml.ScalarNode || !printableKey.MatchString(name.Value):
			r.at(name.Line, join(key, "?"), "is not a key: a key is a word and a colon")
		case known[name.Value] == nil:
			r.at(name.Line, child, "%s", unknownKey(name.Value, known))
		case twice:
			r.at(name.Line, child, "is set twice, first in line %d", line)
		default:
			first[name.Value] = name.Line
			r.lines[child] = name.Line
			r.fit(value, known[name.Value], child)
			kept = append(kept, name, value)
		}
	}
	n.Content = kept
}

// printableKey is what may be repeated in a message. Anything else in the place
// of a key may be a secret that lost its colon.
var printableKey = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)

func unknownKey(name string, known map[string]reflect.Type) string {
	names := slices.Sorted(maps.Keys(known))
	if meant := Nearest(name, names); meant != "" {
		return "unknown key: did you mean " + meant + "?"
	}
	return "unknown key; known here: " + strings.Join(names, ", ")
}

// Nearest is the candidate that a mistyped word is most like; "": none is within two
// letters of it.
func Nearest(word string, candidates []string) string {
	nearest, least := "", 3
	for _, candidate := range candidates {
		if d := distance(word, candidate); d < least {
			nearest, least = candidate, d
		}
	}
	return nearest
}

// distance counts the letters to change, add or leave out between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// fitList checks a list. Ids may also stand in one string with commas between.
func (r *report) fitList(n *yaml.Node, t reflect.Type, key string, wrong func(string)) {
	if isNull(n) {
		return
	}
	if n.Kind == yaml.ScalarNode && t.Elem() == reflect.TypeFor[ID]() {
		splitIDs(n)
	}
	if n.Kind != yaml.SequenceNode {
		wrong("must be a list")
		return
	}
	for i, item := range n.Content {
		r.fit(item, t.Elem(), fmt.Sprintf("%s[%d]", key, i))
	}
}

// splitIDs turns "1, 2" into a list; an empty string is an empty list.
func splitIDs(n *yaml.Node) {
	var items []*yaml.Node
	if strings.TrimSpace(n.Value) != "" {
		for part := range strings.SplitSeq(n.Value, ",") {
			items = append(items, &yaml.Node{
				Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle,
				Value: strings.TrimSpace(part), Line: n.Line,
			})
		}
	}
	*n = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: n.Line, Content: items}
}

// keysOf lists the keys of a struct with their types.
func keysOf(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for field := range t.Fields() {
		if name := field.Tag.Get("mapstructure"); name != "" && name != "-" {
			keys[name] = field.Type
		}
	}
	return keys
}
