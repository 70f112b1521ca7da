package store

import "testing"

// R7: an extension that a member kept is remembered until the member is forgotten, whatever
// else the row holds as it was synced.
func TestR7AKeptExtensionIsRemembered(t *testing.T) {
	s := newTestStore(t)
	ann := person("acme", "Ann", "Lee")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann)))
	c := rename(ann, "King")
	ann.Synced.Extension = "701:1f:2e"
	apply(t, s, monday, planOf(t, s, "acme", c))
	if got := members(t, s, "acme")[0].Synced; got != ann.Synced {
		t.Errorf("kept %+v, want %+v", got, ann.Synced)
	}
	apply(t, s, monday, forgetting(t, s, "acme", 1))
	if got := members(t, s, "acme")[0].Synced.Extension; got != "" {
		t.Errorf("still there: %q", got)
	}
}
