package reconcile_test

import (
	"testing"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// An approval that waits for its turn means what its run showed, and not what the same change
// has become since (R25).
func TestR25AnApprovalMeansWhatItsRunShowed(t *testing.T) {
	company := func(then func(*world)) func(*world) {
		return func(w *world) {
			staff(w)
			w.boss(1, 2, 3, 4, 5)
			w.group("1/10").Agents[1].Type = "SUPERVISOR"
			then(w)
		}
	}
	s := newSite(t, company(func(*world) {}))
	oneIsLeft := func(w *world) { w.Snapshot.Admins = w.Snapshot.Admins[:1] }
	s.reports("acme", company(oneIsLeft))
	shown := s.sync(t, "acme")[0].Plan
	ids := []int64{}
	for _, h := range shown.Open {
		ids = append(ids, h.ID)
	}
	if len(ids) != 4 {
		t.Fatalf("held: %v", lines(shown))
	}
	s.reports("acme", company(func(w *world) { oneIsLeft(w); w.group("1/10").Agents[1].Type = "AGENT" }))
	s.sync(t, "acme") // meanwhile
	_, results, err := s.Sync(t.Context(), reconcile.Request{
		Run: sync.Run{Accounts: []string{"acme"}, Trigger: sync.Approve}, Approve: map[string]*sync.Approval{"acme": {Run: shown.Held.Run, Held: ids}},
	})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results[0].Err)
	}
	for id, want := range map[int64]string{2: sync.RoleAdministrator, 3: sync.RoleAgent} {
		if got := s.member("acme", id).Profile[sync.Role]; got != want {
			t.Errorf("member %d: %s, want %s", id, got, want)
		}
	}
}
