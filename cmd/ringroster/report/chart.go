package report

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// chart is a plot over the days of the period, in the box that the page gives it.
type chart struct {
	ID, Title string
	Desc      string // what it shows, for who does not see it
	Note      string // what stands below it
	Ticks     []tick // of the values
	Dates     []tick
	Series    []series
}

// tick is a mark on an axis, and where.
type tick struct {
	At   float64
	Text string
}

// series is one line, or all bars of one kind: Class has its colour.
type series struct{ Class, Name, Path string }

// The area of a plot: page.html has the box around it.
const (
	left, right       = 60, 592
	top, bottom       = 12, 190
	lastDate          = 564 // where the text of a date still has room
	widest            = 26  // of a bar
	mostTicks, margin = 4, 0.06
)

// x is the middle of a day.
func (p *page) x(i int) float64 {
	return left + (right-left)*(float64(i)+0.5)/float64(len(p.Days))
}

// scale gives the place of a value between two ends.
func scale(low, high float64) func(float64) float64 {
	return func(v float64) float64 { return bottom - (bottom-top)*(v-low)/(high-low) }
}

// step is a round distance of ticks.
func step(spread float64) float64 {
	rough := max(1, spread/mostTicks)
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= rough {
			return m * power
		}
	}
	return 10 * power
}

// axes makes a chart with its ticks; values go from low to high or a little beyond.
func (p *page) axes(id, title string, low, high float64, text func(float64) string) (*chart, func(float64) float64) {
	by := step(high - low)
	low, high = by*math.Floor(low/by), by*math.Ceil(high/by)
	if high == low {
		high += by
	}
	at := scale(low, high)
	c := &chart{ID: id, Title: title}
	for v := low; v <= high+by/2; v += by {
		c.Ticks = append(c.Ticks, tick{at(v), text(v)})
	}
	every := (len(p.Days) + 5) / 6
	for i := 0; i < len(p.Days); i += every {
		c.Dates = append(c.Dates, tick{min(p.x(i), lastDate), p.Days[i].Date.Format(time.DateOnly)})
	}
	return c, at
}

func number(v float64) string { return count(int(v)) }

// Members is the line of active members.
func (p *page) Members() *chart {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range p.Days {
		low, high = min(low, float64(p.Days[i].Active)), max(high, float64(p.Days[i].Active))
	}
	first, last := &p.Days[0], &p.Days[len(p.Days)-1]
	room := max(1, margin*(high-low))
	c, at := p.axes("members", "Active members by day", max(0, low-room), high+room, number)
	c.Desc = fmt.Sprintf("%s at the end of %s, %s now; from %s to %s.",
		count(first.Active), first.Date.Format(time.DateOnly), count(last.Active), number(low), number(high))
	c.Note = c.Desc
	var path strings.Builder
	for i := range p.Days {
		fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[i == 0], p.x(i), at(float64(p.Days[i].Active)))
	}
	if len(p.Days) == 1 {
		fmt.Fprintf(&path, "h.1") // a dot
	}
	c.Series = []series{{"line", "active members", path.String()}}
	return c
}

// Changes are bars of changes, by kind.
func (p *page) Changes() *chart {
	high := 1.0
	for i := range p.Days {
		high = max(high, float64(p.Days[i].stacked()))
	}
	c, at := p.axes("changes", "Changes by day and kind", 0, high, number)
	sum := p.Total()
	for kind, name := range []string{"deactivated", "onboarded", "reactivated", "linked", "updated"} {
		n := sum[kind]
		if kind == onboarded {
			n -= p.Filled()
		}
		c.Series = append(c.Series, series{name, name + " " + count(n), p.bars(at, kind)})
	}
	var parts []string
	for i := range c.Series {
		parts = append(parts, c.Series[i].Name)
	}
	c.Desc = "In all: " + strings.Join(parts, ", ") + "."
	if filled := p.Filled(); filled > 0 {
		c.Note = fmt.Sprintf("Without the %s whom the first run of an account brought in.", count(filled))
	}
	return c
}

// stacked is the height of a day's bars. A first full run, with everybody in it, would leave
// nothing to see of all others.
func (d *day) stacked() (n int) {
	for _, of := range d.Changes {
		n += of
	}
	return n - d.filled
}

// bars are those of one kind, on those of the kinds before it.
func (p *page) bars(at func(float64) float64, kind int) string {
	var path strings.Builder
	for i := range p.Days {
		d := &p.Days[i]
		n, under := d.Changes[kind], 0
		for below := range kind {
			under += d.Changes[below]
		}
		if kind == onboarded {
			n -= d.filled
		} else if kind > onboarded {
			under -= d.filled
		}
		p.bar(&path, i, at(float64(under)), at(float64(under+n)))
	}
	return path.String()
}

func (p *page) bar(path *strings.Builder, i int, from, to float64) {
	if from-to <= 0 {
		return
	}
	wide := min(widest, 0.7*(right-left)/float64(len(p.Days)))
	fmt.Fprintf(path, "M%.1f %.1fh%.1fV%.1fh-%.1fz", p.x(i)-wide/2, from, wide, to, wide)
}

// Durations are bars of each day's longest run.
func (p *page) Durations() *chart {
	longest := time.Duration(0)
	for i := range p.Days {
		longest = max(longest, p.Days[i].Longest)
	}
	unit, name := time.Second, "s"
	if longest > 5*time.Minute {
		unit, name = time.Minute, "min"
	}
	c, at := p.axes("durations", "Longest run of each day", 0, max(1, longest.Seconds()/unit.Seconds()), func(v float64) string { return number(v) + " " + name })
	c.Desc = "The longest run of the period took " + span(longest) + "."
	c.Note = c.Desc
	var path strings.Builder
	for i := range p.Days {
		p.bar(&path, i, bottom, at(p.Days[i].Longest.Seconds()/unit.Seconds()))
	}
	c.Series = []series{{"plain", "longest run", path.String()}}
	return c
}

// Calls are bars of each day's calls to RingCentral.
func (p *page) Calls() *chart {
	high, all := 1.0, 0
	for i := range p.Days {
		high, all = max(high, float64(p.Days[i].Calls)), all+p.Days[i].Calls
	}
	c, at := p.axes("calls", "Calls to RingCentral by day", 0, high, number)
	c.Desc = count(all) + " calls in all."
	c.Note = c.Desc
	var path strings.Builder
	for i := range p.Days {
		p.bar(&path, i, bottom, at(float64(p.Days[i].Calls)))
	}
	c.Series = []series{{"plain", "calls", path.String()}}
	return c
}
