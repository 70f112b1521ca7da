package observe

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// scrape gives our own series, sorted as Prometheus is shown them.
func scrape(t *testing.T, m *Metrics) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return regexp.MustCompile(`(?m)^ringroster_.*$`).FindAllString(w.Body.String(), -1)
}

func testService(t *testing.T, facts *Facts, err error) (*Service, *Metrics) {
	t.Helper()
	now := func() time.Time { return noon }
	m := NewMetrics("1.2.3", func(context.Context) (*Facts, error) { return facts, err }, now)
	return NewService(NewLog(zap.NewNop(), now), m), m
}

// TestMetricsStartFromTheDatabase: what was before a restart is there after it.
func TestMetricsStartFromTheDatabase(t *testing.T) {
	_, m := testService(t, &Facts{
		Accounts: []AccountFacts{
			{
				Account: "acme", Interval: 6 * time.Hour, LastAttempt: noon, LastSuccess: noon.Add(-time.Hour), Duration: 12 * time.Second,
				People: 60, Conflicts: 2, Held: map[sync.Kind]int{sync.Deactivate: 3, sync.Update: 2}, HeldReasons: []sync.HoldReason{{Reason: sync.ReasonListCap}}, Rejected: 1, RejectedSince: noon.Add(-24 * time.Hour),
			},
			{Account: "failing", Interval: time.Hour, LastAttempt: noon},
			{Account: "new", Interval: 24 * time.Hour},
		},
		Members: []Members{{"acme", "active", "Agent", 57}},
	}, nil)
	want := []string{
		`ringroster_build_info{version="1.2.3"} 1`,
		`ringroster_conflicts{account="acme"} 2`,
		`ringroster_held{account="acme",kind="deactivate"} 3`, `ringroster_held{account="acme",kind="link"} 0`, `ringroster_held{account="acme",kind="onboard"} 0`,
		`ringroster_held{account="acme",kind="reactivate"} 0`, `ringroster_held{account="acme",kind="update"} 2`,
		`ringroster_held{account="failing",kind="deactivate"} 0`, `ringroster_held{account="failing",kind="link"} 0`, `ringroster_held{account="failing",kind="onboard"} 0`,
		`ringroster_held{account="failing",kind="reactivate"} 0`, `ringroster_held{account="failing",kind="update"} 0`,
		`ringroster_held{account="new",kind="deactivate"} 0`, `ringroster_held{account="new",kind="link"} 0`, `ringroster_held{account="new",kind="onboard"} 0`,
		`ringroster_held{account="new",kind="reactivate"} 0`, `ringroster_held{account="new",kind="update"} 0`,
		`ringroster_held_reason{account="acme",reason="list_cap"} 1`,
		`ringroster_interval_seconds{account="acme"} 21600`, `ringroster_interval_seconds{account="failing"} 3600`, `ringroster_interval_seconds{account="new"} 86400`,
		`ringroster_last_attempt_timestamp_seconds{account="acme"} 1.7953488e+09`,
		`ringroster_last_attempt_timestamp_seconds{account="failing"} 1.7953488e+09`,
		`ringroster_last_success_timestamp_seconds{account="acme"} 1.7953452e+09`,
		`ringroster_last_success_timestamp_seconds{account="failing"} 0`,
		`ringroster_members{account="acme",role="Agent",status="active"} 57`,
		`ringroster_people{account="acme"} 60`,
		`ringroster_rejected{account="acme"} 1`, `ringroster_rejected{account="failing"} 0`, `ringroster_rejected{account="new"} 0`,
		`ringroster_rejected_oldest_timestamp_seconds{account="acme"} 1.7952624e+09`,
		`ringroster_run_duration_seconds{account="acme"} 12`, `ringroster_run_duration_seconds{account="failing"} 0`,
		`ringroster_service_enabled 0`, `ringroster_settings_reload_success 0`, `ringroster_settings_reload_timestamp_seconds 0`,
	}
	if diff := cmp.Diff(want, scrape(t, m)); diff != "" {
		t.Error(diff)
	}
}

// TestMetricsOfTheService: what it did since it started.
func TestMetricsOfTheService(t *testing.T) {
	s, m := testService(t, &Facts{}, nil)
	s.Ready(true, noon)
	s.Committed(1, sync.Run{}, &sync.Commit{Account: "acme", Plan: &sync.Plan{
		Changes: []sync.Change{{Kind: sync.Onboard}, {Kind: sync.Onboard}, {Kind: sync.Deactivate}},
	}})
	s.Finished(1, sync.Run{}, []reconcile.Result{{Account: "acme", Status: sync.Succeeded}, {Account: "beta", Status: sync.Failed}})
	for _, status := range []int{200, 204, 401, 429, 503, 0} {
		s.Call(Call{Account: "acme", Status: status, Wait: time.Second})
	}
	s.Expiry("acme", noon.Add(36*time.Hour))
	s.Refused(errors.New("config.yaml:1: no accounts"))
	want := []string{
		`ringroster_api_calls_total{account="acme",outcome="no_answer"} 1`,
		`ringroster_api_calls_total{account="acme",outcome="ok"} 2`,
		`ringroster_api_calls_total{account="acme",outcome="rate_limited"} 1`,
		`ringroster_api_calls_total{account="acme",outcome="refused"} 1`,
		`ringroster_api_calls_total{account="acme",outcome="server_error"} 1`,
		`ringroster_build_info{version="1.2.3"} 1`,
		`ringroster_changes_total{account="acme",kind="deactivate"} 1`,
		`ringroster_changes_total{account="acme",kind="onboard"} 2`,
		`ringroster_jwt_expiry_days{account="acme"} 1.5`,
		`ringroster_rate_limit_wait_seconds_total{account="acme"} 6`,
		`ringroster_run_failures_total{account="acme"} 0`, `ringroster_run_failures_total{account="beta"} 1`,
		`ringroster_service_enabled 1`, `ringroster_settings_reload_success 0`,
		`ringroster_settings_reload_timestamp_seconds 1.7953488e+09`,
	}
	if diff := cmp.Diff(want, scrape(t, m)); diff != "" {
		t.Error(diff)
	}
}

// TestMetricsWithoutTheDatabase: the others are shown all the same.
func TestMetricsWithoutTheDatabase(t *testing.T) {
	_, m := testService(t, nil, errors.New("disk I/O error"))
	if got := strings.Join(scrape(t, m), "\n"); !strings.Contains(got, "ringroster_build_info") || strings.Contains(got, "ringroster_held") {
		t.Errorf("got %s", got)
	}
}

func TestHealthAndReadiness(t *testing.T) {
	var trouble error
	h := Handler(http.NotFoundHandler(), func(context.Context) error { return trouble })
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, text := get(path); code != 200 || text != "ok" {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	trouble = errors.New("the schedule does not tick")
	if code, text := get("/readyz"); code != 503 || text != "the schedule does not tick" {
		t.Errorf("/readyz: %d %s", code, text)
	}
	if code, _ := get("/healthz"); code != 200 {
		t.Errorf("/healthz: %d", code)
	}
	if code, _ := get("/elsewhere"); code != 404 {
		t.Errorf("/elsewhere: %d", code)
	}
}
