package daemon

import (
	"context"
	"slices"
	"time"

	"ringroster/sync/schedule"
)

// Reload reads the settings anew. Good ones take the place of the old at once; a
// run under way ends with those it began with. Bad ones change nothing.
func (d *Daemon) Reload(ctx context.Context) error {
	d.start.Lock()
	defer d.start.Unlock()
	if d.scheduler == nil || d.stopped {
		return nil
	}
	d.Notify(reloading())
	defer d.Notify(ready)
	s, err := d.Load()
	if err != nil {
		d.Observer.Refused(err)
		return err
	}
	d.mu.Lock()
	d.jobs = laid(time.Now(), d.settings.Enabled, d.jobs, s.Jobs)
	d.settings = s
	clear(d.hopeless) // perhaps this put it right
	d.mu.Unlock()
	d.Observer.Reloaded(s.Enabled, s.Restart)
	d.tell(ctx)
	return nil
}

// laid gives new schedules the time from which they count. One that stays as it
// was goes on; for another, or when the service was idle, no past slot is due
// (R30).
func laid(now time.Time, enabled bool, old, jobs []schedule.Job) []schedule.Job {
	for i := range jobs {
		job := &jobs[i]
		job.From = now
		for _, before := range old {
			if enabled && before.Account == job.Account && before.Name == job.Name && before.At == job.At && before.Every == job.Every {
				job.From = before.From
			}
		}
	}
	return jobs
}

// notFromTheFuture moves a schedule that counts from a time that has not come to
// now: the clock was set back after a reload, and the slots until that time would
// all be missed.
func notFromTheFuture(now time.Time, jobs []schedule.Job) []schedule.Job {
	now = now.Round(0) // the wall clock alone: slots have nothing else
	jobs = slices.Clone(jobs)
	for i := range jobs {
		if jobs[i].From.Round(0).After(now) {
			jobs[i].From = now
		}
	}
	return jobs
}

func soonest(now time.Time, jobs []schedule.Job, past []schedule.Attempt) (at time.Time) {
	for _, job := range jobs {
		if next := schedule.Next(now, job, past).At; at.IsZero() || next.Before(at) {
			at = next
		}
	}
	return at
}
