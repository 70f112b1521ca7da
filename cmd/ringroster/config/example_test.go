package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheExampleAsksForWhatMustBeSetAndNothingElse(t *testing.T) {
	_, err := Load(write(t, example(t)))
	got := regexp.MustCompile(`(?m)^config.yaml:\d+: `).ReplaceAllString(err.Error(), "")
	if got != "accounts[0].main_account_id: must be set\naccounts[0].client_id: must be set" {
		t.Errorf("got %v", err)
	}
}

func TestTheExampleShowsTheDefaults(t *testing.T) {
	got := load(t, filled(example(t)))
	want := load(t, minimal)
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
}

func filled(text string) string {
	return strings.NewReplacer(`main_account_id: ""`, `main_account_id: "99990000"`, `client_id: ""`, `client_id: abc`).Replace(text)
}

func TestTheExampleHasEveryKey(t *testing.T) {
	text := example(t)
	// What a filter or a mapping can have is shown in its commented examples.
	samples := map[string]bool{"role_map": true, "wem_access": true, "scope": true, "protect": true, "onboarding": true, "map": true, "notify": true, "publish": true}
	var walk func(of reflect.Type, comments bool)
	walk = func(of reflect.Type, comments bool) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct {
			return
		}
		for name, field := range keysOf(of) {
			pattern := `(?m)^[ -]*` + name + `:`
			if comments {
				pattern = `(?m)^[ #-]*([^#]*[{ ])?` + name + `:`
			}
			if !regexp.MustCompile(pattern).MatchString(text) {
				t.Errorf("%s of %s is not in config.example.yaml", name, of.Name())
			}
			walk(field, comments || samples[name])
		}
	}
	walk(reflect.TypeFor[Settings](), false)
}

func TestTheExamplesInTheExampleAreValid(t *testing.T) {
	commented := regexp.MustCompile(`(?m)^#( +- \{)`)
	text := filled(example(t))
	active := text
	for _, list := range []string{"notify", "publish"} {
		before, section, _ := strings.Cut(active, "\n"+list+": []\n")
		section, after, _ := strings.Cut(section, "\n\n")
		active = before + "\n" + list + ":\n" + regexp.MustCompile(`(?m)^#`).ReplaceAllString(section, " ") + "\n\n" + after
	}
	active = commented.ReplaceAllString(active, " $1")
	for _, list := range []string{"role_map", "exclude", "protect", "rules", "map"} {
		active = strings.Replace(active, list+": []", list+":", 1)
	}
	if active == text {
		t.Fatal("there are no examples")
	}
	s := load(t, active)
	if len(s.RoleMap) != 1 || len(s.Scope.Exclude) != 3 || len(s.Protect) != 2 || len(s.Onboarding.Rules) != 2 || len(s.Map) != 2 ||
		len(s.Notify) != 2 || s.Notify[0].Mail == nil || s.Notify[1].Webhook.Format != Slack ||
		len(s.Publish) != 4 || s.Publish[3].To.Postgres.Schema != "ringroster" || s.Publish[1].To.SFTP == nil || s.Publish[2].To.Webhook == nil || len(s.Publish[0].Columns) != 3 || s.Publish[0].Columns[2].Join != "|" {
		t.Errorf("got %+v", s)
	}
}
