package daemon

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ringroster/sync"
)

// TestTheHeartbeatNeedsEveryAccount: one that failed silences it, whoever else
// succeeded since; held leavers do not.
func TestTheHeartbeatNeedsEveryAccount(t *testing.T) {
	jobs := []sync.Job{{Account: "acme", Name: sync.JobMembers}, {Account: "beta", Name: sync.JobMembers}}
	attempt := func(run sync.RunID, account string, status sync.RunStatus) sync.Attempt {
		return sync.Attempt{Run: run, Account: account, Job: sync.JobMembers, Status: status}
	}
	tests := map[string]struct {
		past []sync.Attempt
		want bool
	}{
		"nothing yet":            {nil, false},
		"one of two":             {[]sync.Attempt{attempt(1, "acme", sync.Succeeded)}, false},
		"both":                   {[]sync.Attempt{attempt(1, "acme", sync.Succeeded), attempt(1, "beta", sync.Succeeded)}, true},
		"held":                   {[]sync.Attempt{attempt(1, "acme", sync.HeldRun), attempt(1, "beta", sync.Succeeded)}, true},
		"one failed":             {[]sync.Attempt{attempt(2, "acme", sync.Succeeded), attempt(1, "beta", sync.Failed)}, false},
		"failed, then succeeded": {[]sync.Attempt{attempt(1, "acme", sync.Succeeded), attempt(2, "beta", sync.Succeeded), attempt(1, "beta", sync.Failed)}, true},
		"succeeded, then failed": {[]sync.Attempt{attempt(1, "acme", sync.Succeeded), attempt(1, "beta", sync.Succeeded), attempt(2, "beta", sync.Failed)}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := inStep(jobs, tt.past); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestAFailedHeartbeatKeepsItsAddress: the address may hold a key.
func TestAFailedHeartbeatKeepsItsAddress(t *testing.T) {
	const key = "s3cr3t-planted"
	answer := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/elsewhere?key="+key)
		w.WriteHeader(answer)
	}))
	h := newHeart()
	defer h.close()
	address := server.URL + "/" + key + "?key=" + key
	if err := h.call(t.Context(), address); err != nil {
		t.Error(err)
	}
	for _, answer = range []int{http.StatusNotFound, http.StatusFound, http.StatusInternalServerError} {
		if err := h.call(t.Context(), address); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%d: got %v", answer, err)
		}
	}
	server.Close()
	for _, broken := range []string{address, "://" + key} {
		if err := h.call(t.Context(), broken); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("got %v", err)
		}
	}
}
