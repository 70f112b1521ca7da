package plan

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/synctest"
)

func TestR12TheTableIsTheCode(t *testing.T) {
	var want, got [][]string
	for i, r := range synctest.RuleTable(t, "R12", 1) {
		want = append(want, r[:2])
		if i < len(emailRows) && !strings.Contains(r[2], "`"+emailRows[i].then+"`") {
			t.Errorf("row %d says %q, the code %s", i+1, r[2], emailRows[i].then)
		}
	}
	for _, r := range emailRows {
		got = append(got, []string{r.holder, r.sameName})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the code has %q, the table %q", got, want)
	}
}

func TestR16TheTableIsTheCode(t *testing.T) {
	var got []string
	for _, r := range ladder {
		got = append(got, string(r.step))
	}
	got = append(got, OutcomeHeld, string(sync.Deactivate))
	if want := synctest.CodeWords(synctest.RuleTable(t, "R16", 1), 1); !slices.Equal(got, want) {
		t.Errorf("the code has %q, the table %q", got, want)
	}
}
