package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"ringroster/sync"
)

// schemaFile is the JSON Schema of the settings, for editors. It is made from the types
// of the settings, their defaults and the comments of config.example.yaml; -update
// writes it.
const schemaFile = "../../../deploy/config.schema.json"

// object is a JSON object.
type object = map[string]any

// narrower says of a key more than its type does. A schema that refuses what the
// program takes would be worse than none, so that what depends on other keys is not here.
var narrower = map[string]object{
	"accounts":                          {"minItems": 1},
	"accounts.name":                     {"pattern": accountName.String()},
	"accounts.client_id":                {"pattern": `\S`},
	"accounts.main_account_id":          {"pattern": digits.String()},
	"accounts.base_url":                 {"pattern": "^https?://"},
	"accounts.ringcx_url":               {"pattern": "^https?://"},
	"database.mode":                     {"enum": []string{"0600", "0640"}},
	"database.path":                     {"pattern": `\S`},
	"impersonated_user_id":              {"pattern": `\S`},
	"schedule.daily_at":                 timeOfDayPattern,
	"contacts.daily_at":                 timeOfDayPattern,
	"accounts.schedule.daily_at":        timeOfDayPattern,
	"accounts.contacts.daily_at":        timeOfDayPattern,
	"onboarding.mode":                   {"enum": []string{Automatic, Manual}},
	"onboarding.rules.name":             {"pattern": `\S`},
	"wem_access.rule":                   {"enum": []string{"listed", "role_permission", "role_name"}},
	"required_fields":                   {"items": object{"enum": []string{"email", "extension_number", "first_name", "last_name"}}, "uniqueItems": true},
	"employee_id.reference":             {"enum": []string{"", "CustomerDirectoryId", "PartnerId"}},
	"log.level":                         {"enum": []string{"debug", "info", "warn", "error"}},
	"log.format":                        {"enum": []string{"json", "journal", "console", "auto"}},
	"limits.deactivations.percent":      percent,
	"limits.onboardings.percent":        percent,
	"limits.updates.percent":            percent,
	"limits.administrators.percent":     percent,
	"deactivation_grace.days":           {"minimum": 0},
	"snapshots.keep":                    {"minimum": 0},
	"history.keep_days":                 {"minimum": 0, "maximum": mostKeepDays},
	"regional_settings.lookups_per_run": {"minimum": 1},
	"notify.name":                       {"pattern": accountName.String()},
	"notify.on":                         {"items": object{"enum": sync.NoticeKinds}, "minItems": 1},
	"notify.mail.security":              {"enum": []string{StartTLS, TLS, NoSecurity}},
	"notify.mail.port":                  {"minimum": 1, "maximum": 65535},
	"notify.mail.to":                    {"minItems": 1},
	"notify.webhook.format":             {"enum": []string{JSON, Slack}},
	"publish.name":                      {"pattern": accountName.String()},
	"publish.what":                      {"enum": []string{PublishedRoster, PublishedContacts, PublishedChanges, PublishedMirror}},
	"publish.format":                    {"enum": []string{CSV, NDJSON}},
	"publish.max_shrink.percent":        percent,
	"publish.max_shrink.floor":          {"minimum": 0},
	"publish.to.mode":                   {"pattern": "^06[0246][04]$"},
	"publish.to.keep":                   {"minimum": 0},
	"publish.to.postgres.schema":        {"pattern": plainSchema.String()},
	"publish.to.sftp.port":              {"minimum": 1, "maximum": 65535},
}

var (
	timeOfDayPattern = object{"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
	percent          = object{"minimum": 0, "maximum": 100}
)

// schemaOf describes the setting key, of type t; key is without the numbers of lists.
func schemaOf(t reflect.Type, key string, comments map[string]string) object {
	s := shapeOf(t, key, comments)
	maps.Copy(s, narrower[key])
	if comment := comments[key]; comment != "" {
		s["description"] = comment
	}
	return s
}

// shapeOf is what the type alone says. An empty group or list is the same as none.
func shapeOf(t reflect.Type, key string, comments map[string]string) object {
	switch {
	case t.Kind() == reflect.Pointer:
		return shapeOf(t.Elem(), key, comments)
	case t.Kind() == reflect.Struct:
		properties := object{}
		for name, field := range keysOf(t) {
			properties[name] = schemaOf(field, join(key, name), comments)
		}
		return object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
	case t == reflect.TypeFor[[]ID](): // also one string with commas
		return object{"type": []string{"array", "string", "integer", "null"}, "items": shapeOf(t.Elem(), key, comments)}
	case t.Kind() == reflect.Slice:
		return object{"type": []string{"array", "null"}, "items": shapeOf(t.Elem(), key, comments)}
	case t == reflect.TypeFor[ID]():
		return object{"type": []string{"string", "integer"}}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Int:
		return object{"type": "integer"}
	default:
		return object{"type": "string"}
	}
}

// commentsOf gives what the example says of each key.
func commentsOf(n *yaml.Node, key string, into map[string]string) {
	switch n.Kind {
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, item := range n.Content {
			commentsOf(item, key, into)
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			child := join(key, name.Value)
			text := strings.TrimSpace(name.HeadComment + "\n" + value.LineComment)
			paragraphs := strings.Split(text, "\n\n") // the last is the key's own
			into[child] = strings.Join(strings.Fields(strings.ReplaceAll(paragraphs[len(paragraphs)-1], "#", "")), " ")
			commentsOf(value, child, into)
		}
	}
}

func madeSchema(t *testing.T) []byte {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(example(t)), &doc); err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	commentsOf(&doc, "", comments)
	s := schemaOf(reflect.TypeFor[Settings](), "", comments)
	for key := range narrower {
		if _, known := comments[key]; !known && !strings.HasPrefix(key, "onboarding.rules.") && !strings.HasPrefix(key, "notify.") && !strings.HasPrefix(key, "publish.") && !strings.HasPrefix(key, "accounts.schedule.") && !strings.HasPrefix(key, "accounts.contacts.") {
			t.Errorf("narrower has %s, which is no key of the example", key)
		}
	}
	s["$schema"], s["title"] = "https://json-schema.org/draft/2020-12/schema", "Settings of ringroster"
	s["type"], s["required"] = "object", []string{"accounts"}
	properties := s["properties"].(object)
	account := properties["accounts"].(object)["items"].(object)
	account["type"], account["required"] = "object", []string{"name", "main_account_id", "client_id"}
	for _, old := range renamed {
		properties[old.old] = object{"deprecated": true, "description": "The old name of " + join(old.group, old.name) + "."}
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func TestTheSchemaIsThatOfTheSettings(t *testing.T) {
	made := madeSchema(t)
	if *update {
		put(t, schemaFile, string(made), 0o644)
	}
	kept, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(kept, made) {
		t.Errorf("deploy/config.schema.json is not what the settings are (%v): go test ./cmd/ringroster/config -run Schema -update", err)
	}
}

// judge says what the schema finds wrong with a text.
func judge(t *testing.T, text string) error {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(madeSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("settings", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("settings")
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return fmt.Errorf("no YAML: %w", err)
	}
	return compiled.Validate(value)
}

func TestTheSchemaTakesWhatTheProgramTakes(t *testing.T) {
	yesterday, err := os.ReadFile("testdata/yesterday.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"the least":       minimal,
		"the example":     filled(example(t)),
		"yesterday's":     filled(string(yesterday)),
		"empty groups":    minimal + "log:\nscope:\nprotect:\n",
		"ids in a string": minimal + "    sub_accounts: 99990001, 99990002\n",
	} {
		if _, err := Load(write2(t, text)); err != nil {
			t.Errorf("%s: the program refuses it: %v", name, err)
		}
		if err := judge(t, text); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
	}
}

// write2 is write without leaving the folder, in which the example is found.
func write2(t *testing.T, text string) string {
	t.Helper()
	return put(t, filepath.Join(t.TempDir(), "config.yaml"), text, 0o600)
}

func TestTheSchemaRefusesWhatTheProgramRefuses(t *testing.T) {
	// What depends on other keys, or on how the YAML is written, only the program sees.
	programOnly := map[string]bool{
		"invalid-addresses.yaml": true, "invalid-documents.yaml": true,
	}
	files, _ := filepath.Glob("testdata/invalid-*.yaml")
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if refused := judge(t, string(text)) != nil; refused == programOnly[name] {
			t.Errorf("%s: refused by the schema: %v", name, refused)
		}
	}
}
