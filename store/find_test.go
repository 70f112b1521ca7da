package store

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
)

// One member is meant, of the accounts that are named: a member id before any other number,
// and whom several are called is told with what names each exactly.
func TestFindOne(t *testing.T) {
	s := newTestStore(t)
	ann, bob := person("acme", "Ann", "Lee"), person("acme", "Bob", "Ray")
	bob.Profile[sync.Email], bob.AdminIDs = "ann@example.com", []string{"1"} // the number of member 1
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann), onboard(bob)))
	other := person("beta", "Ann", "Lee")
	other.RCUserID = "rc-other"
	apply(t, s, monday, planOf(t, s, "beta", onboard(other)))
	for _, c := range []struct {
		who      string
		accounts []string
		want     int64 // 0: nobody
	}{
		{"1", nil, 1},
		{"1", []string{"acme"}, 1},
		{"ann lee", []string{"beta"}, 3},
		{"ann lee", []string{"acme"}, 1},
		{"rc:rc-other", []string{"acme"}, 0},
		{"nobody", nil, 0},
	} {
		row, err := s.FindOne(t.Context(), c.who, c.accounts...)
		if _, unknown := errors.AsType[*sync.UnknownError](err); c.want == 0 && unknown {
			continue
		}
		if err != nil || row.MemberID != c.want {
			t.Errorf("%q of %v: %+v, %v", c.who, c.accounts, row, err)
		}
	}
	_, err := s.FindOne(t.Context(), "ann lee", "acme", "beta")
	several, ambiguous := errors.AsType[*sync.AmbiguousError](err)
	if !ambiguous || len(several.Candidates) != 2 || !slices.ContainsFunc(several.Candidates, func(c string) bool {
		return strings.HasPrefix(c, "3 (account beta, Ann Lee, ") && strings.HasSuffix(c, "rc:rc-other)")
	}) {
		t.Errorf("two of one name: %v", err)
	}
}
