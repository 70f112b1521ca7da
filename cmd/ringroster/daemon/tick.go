package daemon

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"ringroster/sync/schedule"
)

// tickTimeout bounds what a tick asks of the database.
const tickTimeout = 8 * time.Second

// tick looks whether something is due. Only a tick that ends well feeds the
// watchdog.
func (d *Daemon) tick(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			d.Observer.Panicked(0, p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, tickTimeout)
	defer cancel()
	now := time.Now()
	if d.inPlace(now) {
		past, err := d.past(ctx)
		if !d.once("database", err) {
			d.Observer.Trouble("read past runs", err)
		}
		if err == nil {
			d.decide(ctx, now, past)
			d.serve(ctx)
		}
		d.deliver(ctx)
	}
	d.alive(time.Now())
}

// inPlace says whether the roster is still the file that was opened. Nothing is begun
// while it is not.
func (d *Daemon) inPlace(now time.Time) bool {
	err := d.InPlace()
	if err != nil && !d.once("roster", err) {
		d.Observer.Trouble("work on the roster", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.said("roster", "")
	} else if d.settings != nil {
		d.show(now, nil)
	}
	return err == nil
}

// decide starts what is due, unless a run is under way or the service idles.
func (d *Daemon) decide(ctx context.Context, now time.Time, past []schedule.Attempt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settings == nil {
		return
	}
	d.jobs = notFromTheFuture(now, d.jobs)
	due := d.due(now, past)
	if d.run == nil && d.settings.Enabled && len(due) > 0 {
		d.begin(ctx, due)
	}
	d.show(now, past)
}

// due is R30's answer, with what only this process knows: which failures nobody
// has put right since.
func (d *Daemon) due(now time.Time, past []schedule.Attempt) []schedule.DueJob {
	due := schedule.Due(now, d.jobs, past)
	for _, job := range due {
		if job.Warning != "" && d.said("clock "+job.Account+" "+job.Name, job.Warning) {
			d.Observer.Trouble("look at past runs", errors.New(job.Warning))
		}
	}
	return due
}

// past reads the recent attempts at every job.
func (d *Daemon) past(ctx context.Context) ([]schedule.Attempt, error) {
	d.mu.Lock()
	jobs := d.jobs
	d.mu.Unlock()
	var all []schedule.Attempt
	for _, job := range jobs {
		attempts, err := d.Attempts(ctx, job.Account, job.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, attempts...)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range all {
		all[i].Permanent = d.hopeless[jobOf{all[i].Account, all[i].Job}] == all[i].Run
	}
	return all, nil
}

// alive tells systemd that the service is alive, unless a run is stuck.
func (d *Daemon) alive(now time.Time) {
	d.mu.Lock()
	stuck := d.run != nil && now.Sub(d.run.began) > runDeadline+endGrace
	if !stuck {
		d.ticked = now
	}
	d.mu.Unlock()
	if stuck {
		d.Observer.Trouble("end a run", fmt.Errorf("it is %s past its deadline and does not end", endGrace))
		return
	}
	d.Notify(watchdog)
}

// once reports whether an error was told already; nil forgets it.
func (d *Daemon) once(about string, err error) bool {
	text := ""
	if err != nil {
		text = err.Error()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.said(about, text)
}

// said notes what is said about something, and reports whether that is new. The
// caller holds the mutex.
func (d *Daemon) said(about, text string) bool {
	was := d.told[about]
	d.told[about] = text
	return text != "" && text != was
}
