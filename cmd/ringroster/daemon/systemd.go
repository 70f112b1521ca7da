package daemon

import (
	"fmt"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"ringroster/sync"
	"ringroster/sync/schedule"
)

// What systemd is told (sd_notify).
const (
	ready    = systemd.SdNotifyReady
	stopping = systemd.SdNotifyStopping
	watchdog = systemd.SdNotifyWatchdog
)

// Systemd is how the service speaks with systemd: where to tell it something,
// and how often it wants to hear. Without systemd both do nothing.
func Systemd() (notify func(string), every time.Duration) {
	every, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		every = 0
	}
	// Nothing can be done about a message that does not get through: systemd
	// misses it and acts.
	return func(state string) { _, _ = systemd.SdNotify(false, state) }, every
}

// reloading says that a reload begins, and when, which systemd asks to know.
func reloading() string {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return fmt.Sprintf("%s\nMONOTONIC_USEC=%d", systemd.SdNotifyReloading, now.Nano()/1000)
}

// show tells systemd in one line what was and what comes. The caller holds the
// mutex.
func (d *Daemon) show(now time.Time, past []schedule.Attempt) {
	text := lastRun(past) + "; "
	switch {
	case d.run != nil:
		text += "running since " + stamp(d.run.began)
	case !d.settings.Enabled:
		text += "idle: service_enabled is false"
	default:
		text += "next " + stamp(soonest(now, d.jobs, past))
	}
	if err := d.InPlace(); err != nil {
		text = "no runs: " + err.Error()
	}
	if text != d.status {
		d.status = text
		d.Notify("STATUS=" + text)
	}
}

// lastRun is the newest run that is over, in a few words.
func lastRun(past []schedule.Attempt) string {
	var id sync.RunID
	for _, a := range past {
		if a.Run > id && a.Status != sync.Running {
			id = a.Run
		}
	}
	if id == 0 {
		return "no run yet"
	}
	outcome, at, of := sync.Succeeded, time.Time{}, ""
	for _, a := range past {
		if a.Run != id || a.Status == sync.Running {
			continue
		}
		if outcome != sync.Failed && a.Status != sync.Succeeded {
			outcome = a.Status
		}
		at = a.Ended
		if a.Job == sync.JobContacts {
			of = " of contacts"
		}
	}
	return fmt.Sprintf("run %d%s %s %s", id, of, outcome, stamp(at))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
