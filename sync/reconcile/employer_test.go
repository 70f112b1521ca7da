package reconcile_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// employer is an invented company whose directory changes from day to day as those of real
// companies do. Nothing of it is a mistake: all that the guard asks of it is a false alarm.
type employer struct {
	*rand.Rand
	size     int     // how many people it employs
	turnover float64 // share of them that leaves in a month
	season   float64 // share of additional people from November to early January
	roles    bool    // everybody needs a RingEX role, and is linked to RingEX

	today       time.Time
	branches    []*branch
	workers     []*worker
	lastID      int
	domain      string
	reorganises int       // day of each quarter
	layoff      time.Time // one day on which many leave; zero: there is none
	rebrand     time.Time // one day on which all e-mail addresses change
	purchase    time.Time // one day on which another company's people are taken over
}

// branch is a sub-account.
type branch struct {
	id     string
	squads []*squad
}

// squad is an agent group. Those of a project hold second records of people who have their
// place in another one.
type squad struct {
	id, name string
	branch   *branch
	project  bool
	course   bool
	ends     time.Time // of the course
}

// worker is one person with all records.
type worker struct {
	rc          string // "": not linked to RingEX
	first, last string
	email       string
	kind        string // agent type; "": no agent record
	agent       string // agent id
	squad       *squad
	second      string // id of the record in a project; "": none
	project     *squad
	admin       string // administrator id; "": none
	extension   string // id of the extension; "": none
	disabled    bool
	away        time.Time // on leave until then
	seasonal    bool
	left        bool // the record stays, inactive
}

func newEmployer(size int, seed uint64, roles bool) *employer {
	c := &employer{
		Rand: rand.New(rand.NewPCG(seed, uint64(size))), size: size, roles: roles, today: noon,
		lastID: 100_000, domain: "example.com",
	}
	c.turnover = 0.01 + 0.04*c.Float64()
	c.season = max(0, 0.3*c.Float64()-0.1) // a third of the companies have none
	c.reorganises = 1 + c.IntN(80)
	c.layoff = c.someDay(0.25)
	c.rebrand = c.someDay(0.1)
	c.purchase = c.someDay(0.1)
	for range max(1, min(20, size/500)) {
		c.addBranch()
	}
	for range size {
		c.hire(c.room(), false)
	}
	for i, w := range c.some(2+size/100, isLinked) {
		w.admin = c.id()
		if i%2 == 0 { // one who answers no calls
			w.kind, w.agent, w.squad = "", "", nil
		}
	}
	for range size / 100 {
		c.beginProject(c.branches[c.IntN(len(c.branches))])
	}
	return c
}

// someDay is a working day of the year with the given probability, else the zero time.
func (c *employer) someDay(p float64) time.Time {
	day := noon.AddDate(0, 0, 1+c.IntN(360))
	if c.Float64() >= p {
		return time.Time{}
	}
	for isWeekend(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

func isWeekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

func (c *employer) id() string {
	c.lastID++
	return fmt.Sprint(c.lastID)
}

func (c *employer) chance(p float64) bool { return c.Float64() < p }

// about is a number with the given mean, as often as chance has it (Poisson).
func (c *employer) about(mean float64) int {
	n := 0
	for ; mean > 20; mean -= 20 { // in parts that stay within what exp can tell from 0
		n += c.about(20)
	}
	for t := c.ExpFloat64(); t < mean; t += c.ExpFloat64() {
		n++
	}
	return n
}

func (c *employer) addBranch() *branch {
	b := &branch{id: c.id()}
	c.branches = append(c.branches, b)
	return b
}

func (c *employer) addSquad(b *branch) *squad {
	s := &squad{id: c.id(), branch: b}
	s.name = "Team " + s.id
	b.squads = append(b.squads, s)
	return s
}

// members are all who have their place in a squad, with an active record.
func (c *employer) members(s *squad) []*worker {
	return c.choose(func(w *worker) bool { return w.squad == s && w.isThere() })
}

func (c *employer) choose(fits func(*worker) bool) (chosen []*worker) {
	for _, w := range c.workers {
		if fits(w) {
			chosen = append(chosen, w)
		}
	}
	return chosen
}

// some are n people, drawn by lot from those who fit.
func (c *employer) some(n int, fits func(*worker) bool) []*worker {
	if n == 0 {
		return nil
	}
	all := c.choose(fits)
	c.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

func (w *worker) isThere() bool { return !w.left && w.away.IsZero() }

func isAgent(w *worker) bool { return w.isThere() && w.squad != nil }

// isLinked says whether somebody may get another record: without a link to RingEX, two of
// them are one person by e-mail and name alone.
func isLinked(w *worker) bool { return isAgent(w) && w.rc != "" }

// room finds a squad for one more. They have 17 people on average, and 3 to 60 when their
// branch has reorganised.
func (c *employer) room() *squad {
	b := c.branches[c.IntN(len(c.branches))]
	usual := slices.DeleteFunc(slices.Clone(b.squads), func(s *squad) bool { return s.project || s.course })
	if len(usual)*17*len(c.branches) < c.size {
		return c.addSquad(b)
	}
	return usual[min(c.IntN(len(usual)), c.IntN(len(usual)))] // the first ones are the largest
}

func (c *employer) hire(s *squad, seasonal bool) *worker {
	id := c.id()
	w := &worker{first: "First" + id, last: "Last" + id, kind: "AGENT", agent: c.id(), squad: s, seasonal: seasonal}
	w.email = w.first + "@" + c.domain
	if c.roles || c.chance(0.97) {
		w.rc, w.extension = "7"+id, "7"+id
	}
	if c.chance(0.08) {
		w.kind = "SUPERVISOR"
	}
	c.workers = append(c.workers, w)
	return w
}

// quit ends somebody's place in one of the ways in which administrators do it.
func (c *employer) quit(w *worker) {
	w.admin, w.second, w.project, w.away = "", "", nil, time.Time{}
	switch {
	case c.chance(0.3):
		w.left = w.squad != nil // deactivated in RingCX, and kept
		w.disabled = true
	case c.chance(0.5):
		w.disabled = true
		w.squad = nil
	default:
		w.squad = nil
	}
	if !w.disabled || c.chance(0.5) {
		w.extension = ""
	}
}

func (c *employer) beginProject(b *branch) {
	s := c.addSquad(b)
	s.project = true
	for _, w := range c.some(4+c.IntN(9), func(w *worker) bool { return isLinked(w) && w.second == "" && w.squad.branch != b }) {
		w.second, w.project = c.id(), s
	}
	if c.members(s) == nil && !slices.ContainsFunc(c.workers, func(w *worker) bool { return w.project == s }) {
		c.endSquad(s) // a company with one branch has no projects
	}
}

func (c *employer) endSquad(s *squad) {
	s.branch.squads = slices.DeleteFunc(s.branch.squads, func(x *squad) bool { return x == s })
	for _, w := range c.workers {
		if w.project == s {
			w.second, w.project = "", nil
		}
	}
	c.workers = slices.DeleteFunc(c.workers, func(w *worker) bool { return w.left && w.squad == s })
}
