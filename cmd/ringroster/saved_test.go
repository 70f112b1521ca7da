package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A saved plan that names no account, or no list of changes, must not turn into
// a sync of everything.
func TestASavedPlanWithoutChangesIsRefused(t *testing.T) {
	for name, accounts := range map[string]string{
		"no accounts":        `[]`,
		"null":               `null`,
		"no changes":         `[{"account":"acme"}]`,
		"null changes":       `[{"account":"acme","changes":null}]`,
		"an account twice":   `[{"account":"acme","changes":[]},{"account":"acme","changes":[]}]`,
		"an unnamed account": `[{"changes":[]}]`,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "plan.json")
			text := fmt.Sprintf(`{"version":1,"digest":%q,"accounts":%s}`, digest([]byte(accounts)), accounts)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			names, _, err := loadPlan(file)
			if err == nil || !strings.Contains(err.Error(), "is no plan") {
				t.Errorf("accounts %q, error %v", names, err)
			}
		})
	}
}

// A plan that found nothing to do is a plan: it applies nothing.
func TestASavedPlanMayBeEmpty(t *testing.T) {
	const accounts = `[{"account":"acme","changes":[]}]`
	file := filepath.Join(t.TempDir(), "plan.json")
	text := fmt.Sprintf(`{"version":1,"digest":%q,"accounts":%s}`, digest([]byte(accounts)), accounts)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, reviewed, err := loadPlan(file)
	if err != nil || reviewed["acme"] == nil {
		t.Errorf("%v, %v", reviewed, err)
	}
}
