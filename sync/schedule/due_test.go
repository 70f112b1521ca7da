package schedule

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// at reads a time as a table writes it: "09 03:00" is 3 o'clock UTC on 9 March.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", "2026-03-"+text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func attempt(t *testing.T, trigger sync.Trigger, status sync.RunStatus, began, ended string) Attempt {
	t.Helper()
	a := Attempt{
		Run: 1, Account: "acme", Job: sync.JobMembers, Trigger: trigger, Status: status,
		Full: status == sync.Succeeded || status == sync.HeldRun, Began: at(t, began),
	}
	if ended != "" {
		a.Ended = at(t, ended)
	}
	return a
}

func failures(t *testing.T, ended ...string) (all []Attempt) {
	t.Helper()
	for _, end := range ended {
		all = append(all, attempt(t, sync.Scheduled, sync.Failed, end, end))
	}
	return all
}

// TestR30Table has a case for each row of the table at Due, and for what lies
// between them. The slot is 03:00.
func TestR30Table(t *testing.T) {
	yesterday := attempt(t, sync.Scheduled, sync.Succeeded, "08 03:00", "08 03:02")
	at3 := attempt(t, sync.Scheduled, sync.Succeeded, "09 03:00", "09 03:02")
	hopeless := failures(t, "09 03:01")
	hopeless[0].Permanent = true
	one := attempt(t, sync.Manual, sync.Succeeded, "09 03:30", "09 03:31")
	one.Full = false
	tests := map[string]struct {
		now     string
		past    []Attempt
		noCatch bool
		from    string
		every   time.Duration
		want    string // day, time and trigger of the next run
	}{
		"before the slot, yesterday's done": {now: "09 02:59", past: []Attempt{yesterday}, want: "09 03:00 schedule"},
		"at the slot":                       {now: "09 03:00", past: []Attempt{yesterday}, want: "09 03:00 schedule"},
		"a little late":                     {now: "09 03:59", past: []Attempt{yesterday}, noCatch: true, want: "09 03:00 schedule"},
		"done":                              {now: "09 12:00", past: []Attempt{attempt(t, sync.Scheduled, sync.Succeeded, "09 03:00", "09 03:02")}, want: "10 03:00 schedule"},
		"held is no failure":                {now: "09 12:00", past: []Attempt{attempt(t, sync.Scheduled, sync.HeldRun, "09 03:00", "09 03:02")}, want: "10 03:00 schedule"},
		"done by an operator":               {now: "09 12:00", past: []Attempt{attempt(t, sync.Manual, sync.Succeeded, "09 05:00", "09 05:02")}, want: "10 03:00 schedule"},
		"done in part by an operator":       {now: "09 03:40", past: []Attempt{one}, want: "09 03:00 schedule"},
		"begun before the slot, ended after it": {
			now: "09 12:00", past: []Attempt{attempt(t, sync.Scheduled, sync.Succeeded, "08 03:00", "09 05:00")}, want: "10 03:00 schedule",
		},
		"missed":                                {now: "09 12:00", past: []Attempt{yesterday}, want: "09 03:00 catch_up"},
		"missed, and not to be made up":         {now: "09 12:00", past: []Attempt{yesterday}, noCatch: true, want: "10 03:00 schedule"},
		"missed for days is made up once":       {now: "12 02:00", past: []Attempt{yesterday}, want: "11 03:00 catch_up"},
		"never run":                             {now: "09 12:00", want: "09 03:00 catch_up"},
		"laid down after the slot":              {now: "09 12:00", past: []Attempt{yesterday}, from: "09 11:00", want: "10 03:00 schedule"},
		"laid down before the slot":             {now: "09 03:00", past: []Attempt{yesterday}, from: "08 11:00", want: "09 03:00 schedule"},
		"laid down after a failure":             {now: "09 12:00", past: failures(t, "09 03:01"), from: "09 11:00", want: "10 03:00 schedule"},
		"failed once":                           {now: "09 03:01", past: failures(t, "09 03:01"), want: "09 03:02 retry"},
		"failed without catch_up":               {now: "09 12:00", past: failures(t, "09 03:01"), noCatch: true, want: "09 03:02 retry"},
		"failed three times, in any order":      {now: "09 03:10", past: failures(t, "09 03:05", "09 03:01", "09 03:02"), want: "09 03:09 retry"},
		"failed often":                          {now: "09 06:00", past: failures(t, "09 03:00", "09 03:01", "09 03:03", "09 03:07", "09 03:15", "09 03:31", "09 04:03", "09 05:03"), want: "09 06:03 retry"},
		"failed, and nearly the next slot":      {now: "10 02:59", past: failures(t, "10 02:59", "10 02:58", "10 02:57"), want: "10 03:00 schedule"},
		"yesterday's failures count no more":    {now: "10 03:00", past: failures(t, "09 03:01", "09 03:02"), want: "10 03:00 schedule"},
		"failed for good":                       {now: "09 12:00", past: hopeless, want: "10 03:00 schedule"},
		"failed for good, then otherwise":       {now: "09 12:00", past: append(failures(t, "09 11:59"), hopeless...), want: "09 12:01 retry"},
		"an operator's failure":                 {now: "09 12:00", past: []Attempt{attempt(t, sync.Manual, sync.Failed, "09 03:01", "09 03:02")}, want: "09 03:00 catch_up"},
		"killed in mid-run":                     {now: "09 03:03", past: []Attempt{attempt(t, sync.Scheduled, sync.Running, "09 03:01", "")}, want: "09 03:02 retry"},
		"the clock went back a little":          {now: "09 03:00", past: []Attempt{attempt(t, sync.Scheduled, sync.Succeeded, "09 03:10", "09 03:12")}, want: "10 03:00 schedule"},
		"a success in the future":               {now: "09 03:00", past: []Attempt{attempt(t, sync.Scheduled, sync.Succeeded, "20 03:10", "20 03:12")}, want: "09 03:00 schedule warned"},
		"a failure in the future":               {now: "09 03:00", past: failures(t, "20 03:10"), want: "09 03:00 schedule warned"},
		"every 6 hours, before the next":        {now: "09 08:59", past: []Attempt{at3}, every: 6 * time.Hour, want: "09 09:00 schedule"},
		"every 6 hours, at the next":            {now: "09 09:00", past: []Attempt{at3}, every: 6 * time.Hour, want: "09 09:00 schedule"},
		"every 6 hours, missed":                 {now: "09 14:00", past: []Attempt{at3}, every: 6 * time.Hour, want: "09 09:00 catch_up"},
		"every 6 hours, missed, not made up":    {now: "09 14:00", past: []Attempt{at3}, every: 6 * time.Hour, noCatch: true, want: "09 15:00 schedule"},
		"every 6 hours, over midnight":          {now: "10 02:00", past: []Attempt{at3}, every: 6 * time.Hour, want: "09 21:00 catch_up"},
		"every 6 hours, the last of the day":    {now: "10 02:00", past: []Attempt{attempt(t, sync.Scheduled, sync.Succeeded, "09 21:00", "09 21:02")}, every: 6 * time.Hour, want: "10 03:00 schedule"},
		"every 6 hours, laid down after a slot": {now: "09 12:00", past: []Attempt{at3}, every: 6 * time.Hour, from: "09 11:00", want: "09 15:00 schedule"},
		"every hour, always a little late":      {now: "09 04:59", past: []Attempt{at3}, every: time.Hour, noCatch: true, want: "09 04:00 schedule"},
		"every hour, a run that took longer":    {now: "09 04:10", past: []Attempt{attempt(t, sync.Scheduled, sync.Succeeded, "09 03:00", "09 04:05")}, every: time.Hour, want: "09 05:00 schedule"},
		"every hour, done by an operator":       {now: "09 03:50", past: []Attempt{attempt(t, sync.Manual, sync.Succeeded, "09 03:40", "09 03:41")}, every: time.Hour, want: "09 04:00 schedule"},
		"every hour, failed":                    {now: "09 04:02", past: append(failures(t, "09 04:01"), at3), every: time.Hour, want: "09 04:02 retry"},
		"every hour, the retry gives way":       {now: "09 04:40", past: failures(t, "09 04:01", "09 04:03", "09 04:07", "09 04:15", "09 04:31"), every: time.Hour, want: "09 04:47 retry"},
		"every hour, six failures":              {now: "09 04:55", past: failures(t, "09 04:01", "09 04:03", "09 04:07", "09 04:15", "09 04:31", "09 04:50"), every: time.Hour, want: "09 05:00 schedule"},
		"every hour, failed for good":           {now: "09 03:30", past: hopeless, every: time.Hour, want: "09 04:00 schedule"},
		"every 90 minutes":                      {now: "09 04:29", past: []Attempt{at3}, every: 90 * time.Minute, want: "09 04:30 schedule"},
		"every 24 hours is the default":         {now: "09 12:00", past: []Attempt{at3}, every: 24 * time.Hour, want: "10 03:00 schedule"},
		"another account's": {
			now: "09 03:00", past: []Attempt{{Account: "beta", Job: sync.JobMembers, Status: sync.Succeeded, Full: true, Ended: at(t, "09 03:00")}}, want: "09 03:00 schedule",
		},
		"another job's": {
			now: "09 03:00", past: []Attempt{{Account: "acme", Job: "contacts", Status: sync.Succeeded, Full: true, Ended: at(t, "09 03:00")}}, want: "09 03:00 schedule",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			job := Job{Account: "acme", Name: sync.JobMembers, At: 3 * time.Hour, Every: tt.every, CatchUp: !tt.noCatch}
			if tt.from != "" {
				job.From = at(t, tt.from)
			}
			next := Next(at(t, tt.now), job, tt.past)
			got := next.At.Format("02 15:04 ") + string(next.Trigger)
			if next.Warning != "" {
				got += " warned"
			}
			if got != tt.want {
				t.Errorf("next run %s, want %s", got, tt.want)
			}
			due := len(Due(at(t, tt.now), []Job{job}, tt.past)) == 1
			if due != !next.At.After(at(t, tt.now)) {
				t.Errorf("due %v, but the next run is %s", due, got)
			}
		})
	}
}

// TestR30Waits: each failure doubles the wait, up to an hour.
func TestR30Waits(t *testing.T) {
	var got []time.Duration
	for n := range 9 {
		got = append(got, wait(n+1)/time.Minute)
	}
	if diff := cmp.Diff([]time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60}, got); diff != "" {
		t.Error(diff)
	}
}

// TestR30DueIsPerAccount: what one account did is nothing to another, and the
// answer stands in the order of the question.
func TestR30DueIsPerAccount(t *testing.T) {
	jobs := []Job{
		{Account: "zeta", Name: sync.JobMembers, At: 3 * time.Hour},
		{Account: "acme", Name: sync.JobMembers, At: 3 * time.Hour},
		{Account: "beta", Name: sync.JobMembers, At: 4 * time.Hour},
	}
	past := append(failures(t, "09 03:00"), attempt(t, sync.Scheduled, sync.Succeeded, "08 04:00", "08 04:00"))
	past[1].Account = "beta"
	var got []string
	for _, d := range Due(at(t, "09 03:01"), jobs, past) {
		got = append(got, d.Account+" "+string(d.Trigger))
	}
	if diff := cmp.Diff([]string{"zeta schedule", "acme retry"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestR30SlotsAreUTC: a zone with daylight saving moves no slot.
func TestR30SlotsAreUTC(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones: ", err)
	}
	now := time.Date(2026, 3, 29, 12, 0, 0, 0, berlin)
	next := Next(now, Job{Account: "acme", Name: sync.JobMembers, At: 90 * time.Minute, CatchUp: true}, nil)
	if want := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC); !next.At.Equal(want) {
		t.Errorf("next run %s, want %s", next.At, want)
	}
}
