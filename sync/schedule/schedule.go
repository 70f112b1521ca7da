// Package schedule says when a job is due.
package schedule

import (
	"cmp"
	"fmt"
	"time"

	"ringroster/sync"
)

// Job is one account's schedule for one kind of work.
type Job struct {
	Account string
	Name    string        // JobMembers or JobContacts
	At      time.Duration // of the day, UTC
	Every   time.Duration // between slots, a divisor of a day; 0: a day
	CatchUp bool          // make up for a slot that nobody was there to keep
	// From is when a reload or an enabling laid this schedule down: slots before
	// it are nobody's business. Zero: any slot may be made up.
	From time.Time
}

// Attempt is one account's part of a past run, as far as a schedule is concerned.
type Attempt struct {
	Run       sync.RunID
	Account   string
	Job       string
	Trigger   sync.Trigger
	Status    sync.RunStatus
	Full      bool      // it covered the whole account
	Began     time.Time // of the run
	Ended     time.Time // zero: it never ended, for all we know
	Permanent bool      // it failed for a reason that time does not cure
}

// DueJob is a job and when it runs next. It is due once At has come.
type DueJob struct {
	Job
	At      time.Time
	Trigger sync.Trigger
	// Warning is what the operator should know about the past; "": nothing.
	Warning string
}

const (
	// punctual is how late a slot still counts as kept: runs of other accounts
	// and a restart may stand in the way of the minute.
	punctual = time.Hour
	// clockSlack is how far in the future an attempt may lie and still be
	// believed, since clocks are corrected: without it, a clock set back a little
	// after a run would bring the slot of that run a second time.
	clockSlack = time.Hour
	firstWait  = time.Minute
	longWait   = time.Hour
	day        = 24 * time.Hour
)

// Due lists the jobs whose time has come, in the order of want (R30). It is a
// pure function of what is wanted and what was tried. S is the latest slot; the
// first row that fits decides when a job runs next:
//
//	since S                                       | next time | trigger
//	----------------------------------------------+-----------+---------
//	a full run ended succeeded or held, anybody's | next slot | schedule
//	S is older than the schedule (From)           | next slot | schedule
//	the service failed, the last time for good    | next slot | schedule
//	the service failed n times, or was killed     | last + w  | retry
//	nothing, and S is no more than an hour ago    | S         | schedule
//	nothing, and catch_up                         | S         | catch_up
//	nothing                                       | next slot | schedule
//
// w is 1, 2, 4 … minutes, an hour at most: min(2^(n-1) minutes, 1 hour); a retry
// that would come after the next slot gives way to it. What ended more than an hour
// in the future is ignored, with a warning. Slots are At and each multiple of Every
// after it, in UTC, so that daylight saving moves none.
func Due(now time.Time, want []Job, past []Attempt) []DueJob {
	var due []DueJob
	for _, job := range want {
		if next := Next(now, job, past); !next.At.After(now) {
			due = append(due, next)
		}
	}
	return due
}

// Next says when a job runs next: now, if At is not after now.
func Next(now time.Time, job Job, past []Attempt) DueJob {
	every := cmp.Or(job.Every, day)
	slot := latestSlot(now, job.At, every)
	since := look(now, slot, job, past)
	next := DueJob{Job: job, At: slot.Add(every), Trigger: sync.Scheduled, Warning: since.warning}
	late := now.Sub(slot) > punctual
	switch {
	case since.done, slot.Before(job.From), since.failed > 0 && since.last.Permanent:
	case since.failed > 0:
		if again := since.last.end().Add(wait(since.failed)); again.Before(next.At) {
			next.At, next.Trigger = again, sync.Retry
		}
	case !late:
		next.At = slot
	case job.CatchUp:
		next.At, next.Trigger = slot, sync.CatchUp
	}
	return next
}

// latestSlot is the last slot that was not after now.
func latestSlot(now time.Time, at, every time.Duration) time.Time {
	slot := now.UTC().Truncate(day).Add(at)
	if slot.After(now) {
		slot = slot.Add(-day)
	}
	return slot.Add(now.Sub(slot).Truncate(every))
}

// history is what happened to a job since a slot.
type history struct {
	done    bool
	failed  int     // attempts of the service
	last    Attempt // of those that failed
	warning string
}

func look(now, slot time.Time, job Job, past []Attempt) (h history) {
	for _, a := range past {
		switch {
		case a.Account != job.Account || a.Job != job.Name || a.end().Before(slot):
		case a.end().After(now.Add(clockSlack)):
			h.warning = fmt.Sprintf("run %d of account %s ended at %s, which is in the future: it is ignored; check the clock",
				a.Run, a.Account, a.end().UTC().Format(time.RFC3339))
		case a.Full && (a.Status == sync.Succeeded || a.Status == sync.HeldRun):
			h.done = true
		case a.byService() && (a.Status == sync.Failed || a.Status == sync.Running):
			h.failed++
			if h.last.end().Before(a.end()) {
				h.last = a
			}
		}
	}
	return h
}

// end is when the attempt ended. One that never did was killed, or is another
// process's and holds the lock: either way its start is what is known.
func (a *Attempt) end() time.Time {
	if a.Ended.IsZero() {
		return a.Began
	}
	return a.Ended
}

// byService tells the service's own attempts from an operator's, whose failures
// bring no retries.
func (a *Attempt) byService() bool {
	return a.Trigger == sync.Scheduled || a.Trigger == sync.CatchUp || a.Trigger == sync.Retry
}

// wait is how long to leave a job alone that failed so many times.
func wait(failed int) time.Duration {
	w := firstWait
	for range failed - 1 {
		w = min(2*w, longWait)
	}
	return w
}
