package reconcile_test

import (
	"fmt"
	"testing"

	"ringroster/sync"
)

// keys are everybody a snapshot shows, with where.
func keys(s *sync.Snapshot) []string {
	var all []string
	for _, a := range s.Admins {
		all = append(all, "admin "+a.UserID+" "+a.LastName)
	}
	for r := range s.Agents {
		all = append(all, fmt.Sprintf("agent %s/%s/%s %s", r.Sub.ID, r.Group.ID, r.ID, r.LastName))
	}
	return all
}

func TestR2WhoeverOneLookShowsIsThere(t *testing.T) {
	for _, tt := range []struct {
		name          string
		first, second func(*world)
		want          []string
	}{
		{
			name:   "the same twice",
			first:  func(w *world) { w.admin("1", "Ann Lee"); w.agent("1/10", "701", "Ada Byron") },
			second: func(w *world) { w.admin("1", "Ann Lee"); w.agent("1/10", "701", "Ada Byron") },
			want:   []string{"admin 1 Lee", "agent 1/10/701 Byron"},
		},
		{
			name:   "missing at first",
			first:  func(w *world) { w.group("1/10") },
			second: func(w *world) { w.agent("1/10", "701", "Ada Byron") },
			want:   []string{"agent 1/10/701 Byron"},
		},
		{
			name:   "missing at the second look, group and all",
			first:  func(w *world) { w.agent("1/10", "701", "Ada Byron"); w.agent("1/11", "702", "Bea Ng") },
			second: func(w *world) { w.agent("1/10", "701", "Ada Byron") },
			want:   []string{"agent 1/10/701 Byron", "agent 1/11/702 Ng"},
		},
		{
			name:   "moved to another group in between: the later place counts",
			first:  func(w *world) { w.agent("1/10", "701", "Ada Byron"); w.group("1/11") },
			second: func(w *world) { w.group("1/10"); w.agent("1/11", "701", "Ada Byron") },
			want:   []string{"agent 1/11/701 Byron"},
		},
		{
			name:   "renamed in between: the later name counts",
			first:  func(w *world) { w.agent("1/10", "701", "Ada Byron") },
			second: func(w *world) { w.agent("1/10", "701", "Ada King") },
			want:   []string{"agent 1/10/701 King"},
		},
		{
			name:   "a sub-account missing at the second look",
			first:  func(w *world) { w.agent("1/10", "701", "Ada Byron"); w.agent("2/20", "801", "Cal Fox") },
			second: func(w *world) { w.agent("1/10", "701", "Ada Byron") },
			want:   []string{"agent 1/10/701 Byron", "agent 2/20/801 Fox"},
		},
		{
			name:   "administrators of either look",
			first:  func(w *world) { w.admin("1", "Ann Lee"); w.admin("2", "Ben Ray") },
			second: func(w *world) { w.admin("2", "Ben Ray"); w.admin("3", "Cal Fox") },
			want:   []string{"admin 1 Lee", "admin 2 Ray", "admin 3 Fox"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, second := newWorld(), newWorld()
			tt.first(first)
			tt.second(second)
			same(t, keys(first.Snapshot.WithSecondLook(second.Snapshot, &sync.Look{RingCX: true})), tt.want)
		})
	}
}

// A list blinks while another record of the same human is still there: the first
// look alone would take their place away.
func TestR2OneOfTwoRecordsMissing(t *testing.T) {
	both := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"), inactive)
		w.agent("1/11", "502", "Ada Byron", rc("701"))
		w.agent("1/11", "503", "Bea Ng")
		w.extension("701", "Ada Byron")
	}
	s := newSite(t, both)
	d := s.reports("acme", func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"), inactive)
		w.agent("1/11", "503", "Bea Ng")
		w.extension("701", "Ada Byron")
	})
	d.second = s.worldOf(both)
	result := s.sync(t, "acme")[0]
	if d.looks != 1 {
		t.Errorf("%d second looks", d.looks)
	}
	same(t, lines(result.Plan), nil)
}
