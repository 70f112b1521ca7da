package simulator

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// schemas is one of RingCentral's published OpenAPI files, cut to the operations used.
type schemas struct {
	file       string
	root       map[string]any
	nullAnyway bool // RingCX sends null where its schemas say integer (ringcentral/API.md 9)
}

func loadSchemas(t *testing.T, file string) *schemas {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	s := &schemas{file: file, nullAnyway: strings.HasPrefix(file, "ringcx")}
	if err := json.Unmarshal(data, &s.root); err != nil {
		t.Fatal(err)
	}
	return s
}

// dig follows keys through objects; a $ref on the way is followed too.
func (s *schemas) dig(from map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		next, _ := from[key].(map[string]any)
		from = s.resolve(next)
	}
	return from
}

func (s *schemas) resolve(schema map[string]any) map[string]any {
	ref, ok := schema["$ref"].(string)
	if !ok {
		return schema
	}
	return s.dig(s.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// answer is the schema of an operation's answer.
func (s *schemas) answer(t *testing.T, path, method, status string) map[string]any {
	t.Helper()
	schema := s.dig(s.root, "paths", path, method, "responses", status, "content", "application/json", "schema")
	if schema == nil {
		t.Fatalf("%s has no schema for %s %s %s", s.file, method, path, status)
	}
	return schema
}

// check reports where a value does not fit. Formats, patterns and bounds are not looked at: RingCentral's
// own answers break them (ringcentral/API.md 2.4).
func (s *schemas) check(schema map[string]any, at string, value any) []string {
	schema = s.resolve(schema)
	if value == nil && (schema["nullable"] == true || s.nullAnyway) {
		return nil
	}
	var bad []string
	for _, part := range schemaList(schema["allOf"]) {
		bad = append(bad, s.check(part, at, value)...)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if options := schemaList(schema[key]); len(options) > 0 && !slices.ContainsFunc(options, func(o map[string]any) bool { return s.check(o, at, value) == nil }) {
			bad = append(bad, fmt.Sprintf("%s: %v fits no option of %s", at, value, key))
		}
	}
	if allowed, ok := schema["enum"].([]any); ok && !adgDump(allowed) && !slices.Contains(allowed, value) {
		bad = append(bad, fmt.Sprintf("%s: %v is not one of %v", at, value, allowed))
	}
	return append(bad, s.checkType(schema, at, value)...)
}

// adgDump recognises the enum of ADGError, which the spec gives as the text of Java objects.
func adgDump(allowed []any) bool {
	text, _ := allowed[0].(string)
	return strings.HasPrefix(text, "ErrorCode{")
}

func (s *schemas) checkType(schema map[string]any, at string, value any) []string {
	wrong := []string{fmt.Sprintf("%s: %v is no %v", at, value, schema["type"])}
	switch schema["type"] {
	case "string":
		if _, ok := value.(string); !ok {
			return wrong
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return wrong
		}
	case "integer", "number":
		if n, ok := value.(float64); !ok || schema["type"] == "integer" && n != float64(int64(n)) {
			return wrong
		}
	case "array":
		items, ok := value.([]any)
		if !ok {
			return wrong
		}
		return s.checkItems(schema, at, items)
	case "object":
		fields, ok := value.(map[string]any)
		if !ok {
			return wrong
		}
		return s.checkFields(schema, at, fields)
	}
	return nil
}

func (s *schemas) checkItems(schema map[string]any, at string, items []any) (bad []string) {
	of, _ := schema["items"].(map[string]any)
	for i, item := range items {
		bad = append(bad, s.check(of, fmt.Sprintf("%s[%d]", at, i), item)...)
	}
	return bad
}

func (s *schemas) checkFields(schema map[string]any, at string, fields map[string]any) (bad []string) {
	required, _ := schema["required"].([]any)
	for _, key := range required {
		if _, ok := fields[key.(string)]; !ok {
			bad = append(bad, fmt.Sprintf("%s: %v is missing", at, key))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for key, value := range fields {
		of, known := properties[key].(map[string]any)
		if known {
			bad = append(bad, s.check(of, at+"."+key, value)...)
		} else if schema["additionalProperties"] == false {
			bad = append(bad, fmt.Sprintf("%s: %s is not allowed", at, key))
		}
	}
	return bad
}

func schemaList(v any) (out []map[string]any) {
	items, _ := v.([]any)
	for _, item := range items {
		if schema, ok := item.(map[string]any); ok {
			out = append(out, schema)
		}
	}
	return out
}

func (s *schemas) checkBody(t *testing.T, schema map[string]any, body string) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	for i, line := range s.check(schema, "$", value) {
		if i == 10 {
			t.Fatal("and more")
		}
		t.Error(line)
	}
}
