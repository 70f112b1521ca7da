package config

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Settings of the version before go on: what has another name now is a warning that
// names it, with its line.
func TestASettingsFileOfYesterdayGoesOn(t *testing.T) {
	text, err := os.ReadFile("testdata/yesterday.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got := load(t, filled(string(text)))
	want := load(t, minimal)
	want.Limits.Deactivations = Limit{Percent: 10, Floor: 5}
	want.Warnings = []Problem{{"config.yaml", 129, "deactivation_limit", "is called limits.deactivations now: the old name works for this version only, so rename it"}}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
}

func TestTheOldNameOfALimitLiesBesideTheOtherLimits(t *testing.T) {
	for name, text := range map[string]string{
		"before":     "deactivation_limit: {percent: 7}\nlimits: {updates: {percent: 8}}\n",
		"after":      "LIMITS: {updates: {percent: 8}}\nDeactivation_Limit: {percent: 7}\n",
		"null group": "limits:\ndeactivation_limit: {percent: 7}\n",
	} {
		t.Run(name, func(t *testing.T) {
			want := Defaults().Limits
			want.Deactivations.Percent = 7
			if name != "null group" {
				want.Updates.Percent = 8
			}
			got := load(t, minimal+text)
			if diff := cmp.Diff(want, got.Limits); diff != "" || len(got.Warnings) != 1 {
				t.Error(diff, got.Warnings)
			}
		})
	}
}
