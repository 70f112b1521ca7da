package schedule

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringroster/sync"
)

// A service that keeps count by itself, minute by minute, as R30 tells it, makes the same
// runs at the same minutes as the pure function does from what was tried.
func TestModelOfR30(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		minutes := rapid.SampledFrom([]int{60, 120, 180, 240, 360, 480, 720, 1440}).Draw(rt, "every")
		daily := rapid.IntRange(0, 1439).Draw(rt, "daily_at")
		job := Job{Account: "acme", Name: sync.JobMembers, At: time.Duration(daily) * time.Minute, Every: time.Duration(minutes) * time.Minute}
		if minutes == 1440 && rapid.Bool().Draw(rt, "by default") {
			job.Every = 0
		}
		midnight := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
		var past []Attempt
		failures, again, hopeless := 0, -1, false // since the slot; the minute of the retry
		for minute := daily; minute < daily+3*1440; minute++ {
			var want sync.Trigger
			switch isSlot := (minute-daily)%minutes == 0; {
			case isSlot:
				want, failures, hopeless = sync.Scheduled, 0, false
			case failures > 0 && !hopeless && minute == again:
				want = sync.Retry
			}
			now := midnight.Add(time.Duration(minute) * time.Minute)
			var got sync.Trigger
			if due := Due(now, []Job{job}, past); len(due) == 1 {
				got = due[0].Trigger
			}
			if got != want {
				rt.Fatalf("at %s the function says %q, the service that counts %q", now.Format(time.DateTime), got, want)
			}
			if want == "" {
				continue
			}
			a := Attempt{Run: sync.RunID(len(past) + 1), Account: "acme", Job: sync.JobMembers, Trigger: got, Full: true, Began: now, Ended: now}
			a.Status = rapid.SampledFrom([]sync.RunStatus{sync.Succeeded, sync.HeldRun, sync.Failed, sync.Failed}).Draw(rt, "ends")
			if a.Status == sync.Failed {
				a.Permanent = rapid.IntRange(0, 5).Draw(rt, "for good") == 0
				failures++
				again, hopeless = minute+min(1<<(failures-1), 60), a.Permanent
			} else {
				failures = 0
			}
			past = append(past, a)
		}
	})
}
