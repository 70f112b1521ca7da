package report

import (
	"time"

	"ringroster/store/views"
	"ringroster/sync"
)

// day is what runs did that began on one UTC day.
type day struct {
	Date    time.Time
	Active  int // members, at its end; today: now
	Changes [kinds]int
	Runs    int
	Failed  int
	Held    int // runs that held something
	Longest time.Duration
	Calls   int

	filled int // onboardings of a first full run: everybody
}

// The kinds of changes, in the order in which bars stand on each other.
const (
	deactivated = iota
	onboarded
	reactivated
	linked
	updated
	kinds
)

// Shown is what the page says of a day's longest run.
func (d *day) Shown() string {
	if d.Runs == 0 {
		return "–"
	}
	return span(d.Longest)
}

// readDays adds the runs up, day by day, from the first day of the period on which there was
// one. How many members were active follows backwards from how many are.
func (p *page) readDays() error {
	byDate := map[time.Time]*day{}
	today := p.Now.UTC().Truncate(24 * time.Hour)
	first := today
	for r, err := range p.runs() {
		if err != nil {
			return err
		}
		started, err := time.Parse(time.RFC3339, r.StartedAt)
		if err != nil {
			continue // no run of ours
		}
		date := started.UTC().Truncate(24 * time.Hour)
		if byDate[date] == nil {
			byDate[date] = &day{Date: date}
		}
		if date.Before(first) {
			first = date
		}
		byDate[date].add(&r, p.first(r.Account))
		if !p.Pruned && r.Job == sync.JobMembers {
			if p.Pruned, err = p.st.RunPruned(p.ctx, r.RunID); err != nil {
				return err
			}
		}
	}
	for date := first; !date.After(today); date = date.AddDate(0, 0, 1) {
		d := byDate[date]
		if d == nil {
			d = &day{Date: date}
		}
		p.Days = append(p.Days, *d)
	}
	active := p.Active()
	for i := len(p.Days) - 1; i >= 0; i-- {
		d := &p.Days[i]
		d.Active = max(0, active)
		active -= d.Changes[onboarded] + d.Changes[reactivated] - d.Changes[deactivated]
	}
	return nil
}

// add adds a run. Contacts are no members: of their runs only the runs count.
func (d *day) add(r *views.RunRow, firstFull sync.RunID) {
	d.Runs++
	d.Calls += r.APICalls
	switch r.Status {
	case sync.Failed:
		d.Failed++
	case sync.HeldRun:
		d.Held++
	}
	if took, over := duration(r); over {
		d.Longest = max(d.Longest, took)
	}
	if r.Job != sync.JobMembers {
		return
	}
	for kind, n := range [kinds]int{r.Deactivated, r.Onboarded, r.Reactivated, r.Linked, r.Updated} {
		d.Changes[kind] += n
	}
	if r.RunID == firstFull {
		d.filled += r.Onboarded
	}
}

// Total is how many changes of each kind the period had.
func (p *page) Total() (sum [kinds]int) {
	for i := range p.Days {
		for kind, n := range p.Days[i].Changes {
			sum[kind] += n
		}
	}
	return sum
}

// Filled is how many members the first full runs of the period brought in.
func (p *page) Filled() (n int) {
	for i := range p.Days {
		n += p.Days[i].filled
	}
	return n
}

// Came is how many came in the period, but for those.
func (p *page) Came() int {
	sum := p.Total()
	return sum[onboarded] + sum[reactivated] - p.Filled()
}

// Left is how many left in the period.
func (p *page) Left() int { return p.Total()[deactivated] }

// Tally is the runs of the period: how many, and how many of them failed or held something.
func (p *page) Tally() (sum day) {
	for i := range p.Days {
		d := &p.Days[i]
		sum.Runs, sum.Failed, sum.Held, sum.Calls = sum.Runs+d.Runs, sum.Failed+d.Failed, sum.Held+d.Held, sum.Calls+d.Calls
	}
	return sum
}

// Waits is how many changes wait for a decision.
func (p *page) Waits() (n int) {
	for i := range p.Sets {
		for _, of := range p.Sets[i].kinds {
			n += of
		}
	}
	return n
}

// Conflicts is how many the last good runs found.
func (p *page) Conflicts() (n int) {
	for i := range p.Unruly {
		n += p.Unruly[i].N
	}
	return n
}
