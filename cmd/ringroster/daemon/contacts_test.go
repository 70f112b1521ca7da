package daemon

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
	"ringroster/sync/schedule"
)

// TestContactsHaveATimeOfTheirOwn: each job of each account once a day, and a
// restart changes nothing.
func TestContactsHaveATimeOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.catchUp = false
		m.accounts, m.contacts = []string{"acme", "beta"}, 4*time.Hour
		until(2000, 1, 5, 2, 59)
		m.on()
		until(2000, 1, 5, 3, 30)
		m.off()
		m.on()
		until(2000, 1, 5, 12, 0)
		got := m.runs()
		status := m.systemd()
		m.off()
		want := []string{"acme schedule succeeded", "beta schedule succeeded", "acme contacts schedule succeeded", "beta contacts schedule succeeded"}
		slices.Sort(got[:2])
		slices.Sort(got[2:])
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if last := status[len(status)-2]; !slices.Contains(status, "STATUS=run 2 of contacts succeeded 2000-01-05T04:00:00Z; next 2000-01-06T03:00:00Z") {
			t.Errorf("systemd heard %s", last)
		}
	})
}

// TestR30ContactsAreTriedAgainByThemselves: the members are done, and stay so.
func TestR30ContactsAreTriedAgainByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.catchUp = false
		m.contacts = 4 * time.Hour
		fails := 2
		m.contactRule = func(context.Context, string) error {
			if fails--; fails >= 0 {
				return errors.New("RingCentral is down")
			}
			return nil
		}
		until(2000, 1, 5, 2, 59)
		m.on()
		until(2000, 1, 5, 12, 0)
		got := m.runs()
		m.off()
		want := []string{"acme schedule succeeded", "acme contacts schedule failed", "acme contacts retry failed", "acme contacts retry succeeded"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// hopeless fails for a reason that time does not cure.
type hopeless struct{ error }

func (hopeless) Permanent() bool { return true }

// TestWhatIsHopelessIsSoForItsJobAlone: contacts that nobody may read keep the
// members from nothing, and the other way round.
func TestWhatIsHopelessIsSoForItsJobAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.catchUp = false
		m.contacts = 3*time.Hour + time.Minute
		m.contactRule = func(context.Context, string) error { return hopeless{errors.New("nobody may read it")} }
		fails := 1
		m.rule = func(context.Context, string) error {
			if fails--; fails >= 0 {
				return errors.New("RingCentral is down")
			}
			return nil
		}
		until(2000, 1, 5, 2, 59)
		m.on()
		until(2000, 1, 6, 2, 0)
		got := m.runs()
		m.off()
		slices.Sort(got)
		want := []string{"acme contacts schedule failed", "acme retry succeeded", "acme schedule failed"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestContactsNeitherCallNorSilenceTheHeartbeat.
func TestContactsNeitherCallNorSilenceTheHeartbeat(t *testing.T) {
	jobs := []schedule.Job{{Account: "acme", Name: sync.JobMembers}, {Account: "acme", Name: sync.JobContacts}}
	past := []schedule.Attempt{
		{Run: 2, Account: "acme", Job: sync.JobContacts, Status: sync.Failed},
		{Run: 1, Account: "acme", Job: sync.JobMembers, Status: sync.Succeeded},
	}
	if !inStep(jobs, past) {
		t.Error("failed contacts silence it")
	}
	past[0].Status, past[1].Status = sync.Succeeded, sync.Failed
	if inStep(jobs, past) {
		t.Error("contacts in step pass for members in step")
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.catchUp = false
		m.contacts, m.heartbeat = 4*time.Hour, "https://watcher.example.com/ping"
		until(2000, 1, 5, 2, 59)
		m.watcher = func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
		}
		m.on()
		until(2000, 1, 5, 12, 0)
		story := m.story()
		m.off()
		beats := 0
		for _, event := range story {
			if strings.HasPrefix(event, "heartbeat") {
				beats++
			}
		}
		if beats != 1 {
			t.Errorf("%d heartbeats after two runs: %v", beats, story)
		}
	})
}

// TestAPanicInContactsIsAFailedRunOfThem, and the members' schedule goes on.
func TestAPanicInContactsIsAFailedRunOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.catchUp = false
		m.contacts = 4 * time.Hour
		m.contactRule = func(context.Context, string) error { panic("a fault of ours") }
		until(2000, 1, 5, 3, 59)
		m.on()
		until(2000, 1, 5, 4, 0)
		pass(30 * time.Second)
		got := m.runs()
		m.off()
		want := []string{"acme schedule succeeded", "acme contacts schedule failed"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
