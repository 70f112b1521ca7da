package guard

import (
	"slices"
	"testing"

	"ringroster/sync/synctest"
)

func TestR22TheTableIsTheCode(t *testing.T) {
	var got []string
	for _, d := range doubts {
		got = append(got, string(d.reason))
	}
	if want := synctest.CodeWords(synctest.RuleTable(t, "R22", 1), 0); !slices.Equal(got, want) {
		t.Errorf("the code has %q, the table %q", got, want)
	}
}

func TestR24TheTableIsTheCode(t *testing.T) {
	var got []string
	for _, c := range checks {
		got = append(got, string(c.reason))
	}
	if want := synctest.CodeWords(synctest.RuleTable(t, "R24", 1), 0); !slices.Equal(got, want) {
		t.Errorf("the code has %q, the table %q", got, want)
	}
}
