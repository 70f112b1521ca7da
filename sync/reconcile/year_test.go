package reconcile_test

import (
	cli "flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ringroster/sync"
)

// make year plays all of it:
//
//	go test ./sync/reconcile -run TestYear -year.long -year.page ../../deploy/guard.md -timeout 1h
var (
	yearLong = cli.Bool("year.long", false, "play the simulated year with companies of up to 20,000 people")
	yearPage = cli.String("year.page", "", "write the tables of the simulated year into this file")
)

// played is a size of company with what happens to it.
type played struct {
	people, seeds int
	each          int // accidents of each kind in a year
	// mostDays is on how many days a company may be asked in a year: a bound against getting
	// worse. The aim for 2,000 people is 10, which the mean keeps and not every company does.
	mostDays int
}

// TestYear plays years of companies with the real planner. Nothing wrong is applied in
// ordinary life; nothing of an accident above the thresholds is, and the guard asks seldom.
func TestYear(t *testing.T) {
	sizes := []played{{30, 2, 2, 10}, {200, 2, 2, 10}}
	if *yearLong {
		sizes = []played{{30, 20, 5, 5}, {200, 20, 5, 10}, {2_000, 20, 5, 20}, {20_000, 10, 1, 100}}
	}
	var all []*year
	t.Run("of", func(t *testing.T) {
		for _, size := range sizes {
			for seed := range size.seeds {
				y := newYear(size.people, uint64(seed))
				y.people = size.people
				all = append(all, y)
				t.Run(fmt.Sprintf("%d people/seed %d", size.people, seed), func(t *testing.T) {
					t.Parallel()
					y.play(t, size)
					if days := len(y.asked); days > size.mostDays {
						t.Errorf("asked on %d days without an accident, %d are enough: %v", days, size.mostDays, y.reasons)
					}
				})
			}
		}
	})
	if *yearPage != "" && !t.Failed() {
		writeFigures(t, all)
	}
}

// year is a year of one company.
type year struct {
	*world
	company *employer
	people  int
	policy  string
	ahead   []*sync.Snapshot // what RingCentral truly says today and on the next three days
	counted map[*sync.Snapshot]*census

	asked   []time.Time // days on which something new was asked
	reasons map[sync.Reason]int
	tally   map[string]*toll // by accident
}

// toll is what accidents of one kind did.
type toll struct {
	played, leavers, others, worst int // trials; of them with a wrong leaver, with another wrong change; most wrong leavers in one
}

var policies = []string{"listed", "require_ringex", "role_permission"}

func newYear(people int, seed uint64) *year {
	policy := policies[seed%3]
	y := &year{
		world: newWorld(), company: newEmployer(people, seed, policy == "role_permission"), policy: policy,
		reasons: map[sync.Reason]int{}, tally: map[string]*toll{},
	}
	y.Policy.Limits = sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20}, Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3}}
	switch y.policy {
	case "require_ringex":
		y.Policy.RequireRingEX = true
	case "role_permission":
		y.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
	}
	return y
}

func (y *year) play(t *testing.T, size played) {
	r := rand.New(rand.NewPCG(y.company.Uint64(), 1))
	strikes := map[int][]*accident{}
	for i := range accidents {
		for range size.each {
			day := 10 + r.IntN(350)
			strikes[day] = append(strikes[day], &accidents[i])
		}
	}
	for range 4 {
		y.ahead = append(y.ahead, y.company.snapshot())
		y.company.tomorrow()
	}
	y.Snapshot = y.ahead[0]
	y.today(t)
	y.today(t) // what the first run's limits do not cover
	for day := range 365 {
		y.nextDay()
		if r.Float64() < 0.02 {
			continue // the run failed
		}
		y.ordinaryDay(t)
		for _, a := range strikes[day] {
			if a.needs == "" || a.needs == y.policy {
				y.strike(t, r, a, 1+r.IntN(3))
			}
		}
	}
}

func (y *year) nextDay() {
	y.ahead = append(y.ahead[1:], y.company.snapshot())
	y.company.tomorrow()
	y.tomorrow()
	y.Snapshot = y.ahead[0]
}

// ordinaryDay is one on which RingCentral answers truly. What was held yesterday is approved
// in the morning.
func (y *year) ordinaryDay(t *testing.T) {
	truly := y.count(y.Snapshot)
	if len(y.shown(y.lastRun, nil)) > 0 {
		noonOf := y.Now
		y.Now = y.Now.Add(-3 * time.Hour)
		y.mustBeTrue(t, truly, func() *sync.Plan { return y.approve(t, y.lastRun, nil) })
		y.Now = noonOf
	}
	y.mustBeTrue(t, truly, func() *sync.Plan { return y.today(t) })
	today := map[sync.Reason]bool{}
	for _, h := range y.books.state.Open {
		for _, why := range h.Why {
			if h.State == sync.Waiting && h.Run == y.lastRun {
				today[why.Reason] = true
			}
		}
	}
	if len(today) > 0 {
		y.asked = append(y.asked, y.Now)
	}
	for reason := range today {
		y.reasons[reason]++
	}
}

// count is a census, made once for a day.
func (y *year) count(s *sync.Snapshot) *census {
	if y.counted[s] == nil {
		kept := map[*sync.Snapshot]*census{s: count(s, &y.Policy)}
		for _, day := range y.ahead {
			if c := y.counted[day]; c != nil {
				kept[day] = c
			}
		}
		y.counted = kept
	}
	return y.counted[s]
}

func (y *year) byID() map[int64]*sync.Member {
	byID := make(map[int64]*sync.Member, len(y.members))
	for _, m := range y.members {
		byID[m.ID] = m
	}
	return byID
}

func (y *year) mustBeTrue(t *testing.T, truly *census, run func() *sync.Plan) {
	t.Helper()
	members := y.byID()
	plan := run()
	if h := harmOf(plan, members, truly, truly, &excess{}); h.leavers+h.others > 0 {
		t.Errorf("%s is an ordinary day, and what is not so is applied: %q", y.Now.Format(time.DateOnly), h.wrong)
	}
}

// strike plays an accident on the next days, with a roster that is thrown away.
func (y *year) strike(t *testing.T, r *rand.Rand, a *accident, days int) {
	change := a.plan(r, y.ahead[1])
	if change == nil {
		return
	}
	w := *y.world
	w.books.done, w.books.fulls, w.books.settings = slices.Clip(w.books.done), slices.Clip(w.books.fulls), maps.Clone(w.books.settings)
	trial := year{world: &w, policy: y.policy}
	total := y.tally[a.name]
	if total == nil {
		total = &toll{}
		y.tally[a.name] = total
	}
	leavers, others := 0, 0
	for day := range days {
		truly := y.ahead[1+day]
		w.tomorrow().Snapshot = clone(truly)
		change(w.Snapshot)
		seen := count(w.Snapshot, &w.Policy)
		members := trial.byID()
		known, active := remember(w.members, &w.Policy, w.Now)
		x := measureAccident(known, y.count(truly), seen, active)
		h := harmOf(w.today(t), members, y.count(truly), seen, x)
		leavers, others = leavers+h.leavers, others+h.others
		for i, text := range h.broken {
			if i < 3 {
				t.Errorf("%s, day %d from %s: %s", a.name, day+1, y.Now.Format(time.DateOnly), text)
			}
		}
	}
	total.played++
	total.worst = max(total.worst, leavers)
	if leavers > 0 {
		total.leavers++
	}
	if others > 0 {
		total.others++
	}
}
