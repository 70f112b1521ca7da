package reconcile_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
)

// tomorrow lets a day pass. The directory is edited on working days; some records of people
// who left long ago are cleared away at any time.
func (c *employer) tomorrow() {
	c.today = c.today.AddDate(0, 0, 1)
	c.workers = slices.DeleteFunc(c.workers, func(w *worker) bool {
		return w.left && c.chance(0.01) || !w.left && w.squad == nil && w.admin == "" && w.extension == ""
	})
	if isWeekend(c.today) {
		return
	}
	c.leaveAndReturn()
	c.recruit()
	c.change()
	if c.isReorganisation() {
		for _, b := range slices.Clone(c.branches) {
			c.reorganise(b)
		}
	}
	switch c.today {
	case c.layoff:
		for _, w := range c.some(int((0.05+0.1*c.Float64())*float64(c.size)), isAgent) {
			c.quit(w)
		}
		c.size = len(c.choose((*worker).isThere))
	case c.rebrand:
		old := c.domain
		c.domain = "new.example.com"
		for _, w := range c.workers {
			w.email = strings.TrimSuffix(w.email, old) + c.domain
		}
	case c.purchase:
		c.takeOver(int((0.1 + 0.4*c.Float64()) * float64(c.size)))
	}
}

// isReorganisation says whether the company reorganises today, or would have at the weekend.
func (c *employer) isReorganisation() bool {
	day := (c.today.YearDay() - 1) % 91
	return day == c.reorganises || c.today.Weekday() == time.Monday && (day == c.reorganises+1 || day == c.reorganises+2)
}

// leaveAndReturn is turnover: half of a month's leavers go on its last working day, the
// others on any. Season workers go in January, half of them on one day.
func (c *employer) leaveAndReturn() {
	mean := c.turnover * float64(c.size) / 2
	if !c.isLastWorkingDay() {
		mean /= 20
	}
	for _, w := range c.some(c.about(mean), (*worker).isThere) {
		if w.admin == "" || len(c.choose(func(w *worker) bool { return w.admin != "" })) > 2 {
			c.quit(w)
		}
	}
	for _, w := range c.some(c.about(float64(c.size)*0.01/21), isAgent) { // on leave
		w.away = c.today.AddDate(0, 0, 10+c.IntN(120))
	}
	seasonEnds := c.today.Month() == time.January && c.today.Day() >= 4
	lastDay := seasonEnds && c.today.Day() >= 8 && c.today.Day() <= 14 && c.today.Weekday() == time.Friday
	for _, w := range c.workers {
		if !w.away.IsZero() && !w.away.After(c.today) {
			w.away = time.Time{}
		}
		if w.seasonal && w.isThere() && w.squad != nil && (seasonEnds && c.chance(0.08) || lastDay && c.chance(0.5)) {
			c.quit(w)
		}
	}
}

func (c *employer) isLastWorkingDay() bool {
	next := c.today.AddDate(0, 0, 1)
	for isWeekend(next) {
		next = next.AddDate(0, 0, 1)
	}
	return next.Month() != c.today.Month()
}

// recruit fills free places: on Mondays, part of the newcomers in classes that begin with a
// course of some weeks, in a group of its own.
func (c *employer) recruit() {
	c.endCourses()
	if c.today.Weekday() != time.Monday {
		return
	}
	wanted := float64(c.size)
	season := c.today.Month() == time.November || c.today.Month() == time.December
	if season {
		wanted *= 1 + c.season*min(1, float64(c.today.YearDay()-304)/28)
	}
	free := int(wanted) - len(c.choose(func(w *worker) bool { return !w.left && (w.squad != nil || w.admin != "") }))
	for free > 0 {
		if class := min(free, 8+c.IntN(18)); free >= 8 && c.chance(0.2) {
			s := c.course()
			for range class {
				c.hire(s, season && c.season > 0)
			}
			free -= class
			continue
		}
		c.hire(c.room(), season && c.season > 0 && c.chance(0.8))
		free--
	}
}

// endCourses gives those who took part in a course their places; of ten, one does not pass.
// Every other branch keeps the group of the course.
func (c *employer) endCourses() {
	for i, b := range c.branches {
		for _, s := range slices.Clone(b.squads) {
			if !s.course || s.ends.After(c.today) {
				continue
			}
			for _, w := range c.choose(func(w *worker) bool { return w.squad == s && !w.left }) {
				if w.squad = c.room(); c.chance(0.1) {
					c.quit(w)
				}
			}
			if i%2 == 0 {
				c.endSquad(s)
			}
		}
	}
}

// course is the group of a course that begins today.
func (c *employer) course() *squad {
	b := c.branches[c.IntN(len(c.branches))]
	free := slices.IndexFunc(b.squads, func(s *squad) bool { return s.course && !s.ends.After(c.today) })
	s := b.squads[max(free, 0)]
	if free < 0 {
		s = c.addSquad(b)
	}
	s.course, s.ends = true, c.today.AddDate(0, 0, 7*(2+c.IntN(5)))
	return s
}

// change is what happens to people who stay: they move, are promoted, marry.
func (c *employer) change() {
	people := float64(c.size) / 21 // a month has so many working days
	for _, w := range c.some(c.about(0.01*people), isAgent) {
		w.squad = c.room()
	}
	if c.chance(people * 0.01) { // some of a squad move together
		if from := c.some(1, isAgent); len(from) > 0 {
			all, to := c.members(from[0].squad), c.room()
			for _, w := range all[:min(len(all), 2+c.IntN(8))] {
				w.squad = to
			}
		}
	}
	for _, w := range c.some(c.about(0.003*people), isAgent) {
		w.kind = map[string]string{"AGENT": "SUPERVISOR", "SUPERVISOR": "AGENT"}[w.kind]
	}
	for _, w := range c.some(c.about(0.0003*people), isLinked) {
		w.admin = cmp.Or(w.admin, c.id())
	}
	for _, w := range c.some(c.about(0.0002*people), func(w *worker) bool { return isAgent(w) && w.admin != "" }) {
		w.admin = ""
	}
	for _, w := range c.some(c.about(0.002*people), isAgent) {
		w.last = "Last" + c.id()
		w.email = w.first + "." + w.last + "@" + c.domain
	}
	for _, w := range c.some(c.about(0.001*people), func(w *worker) bool { return isLinked(w) && w.second == "" }) {
		for _, b := range c.branches {
			for _, s := range b.squads {
				if s.project && b != w.squad.branch && w.second == "" && c.chance(0.2) {
					w.second, w.project = c.id(), s
				}
			}
		}
	}
}

// reorganise merges, splits, renames and renumbers a third of a branch's squads; some are
// closed, and projects end and begin.
func (c *employer) reorganise(b *branch) {
	for _, s := range slices.Clone(b.squads) {
		all := c.choose(func(w *worker) bool { return w.squad == s && !w.left })
		switch {
		case s.project:
			if c.chance(0.15) {
				c.endSquad(s)
				c.beginProject(b)
			}
			continue
		case s.course:
			continue
		}
		switch what := c.Float64(); {
		case len(all) < 3 || what < 0.08 && len(b.squads) > 2: // merged: some find no place there
			if to := b.squads[c.IntN(len(b.squads))]; to != s && !to.project && !to.course {
				c.move(all, to, 0.05)
				c.endSquad(s)
			}
		case len(all) > 60 || what < 0.16 && len(all) >= 8: // split
			c.move(all[len(all)/2:], c.addSquad(b), 0.02)
		case what < 0.24:
			s.name = "Team " + c.id()
		case what < 0.3: // a new number, the same people
			to := c.addSquad(b)
			to.name = s.name
			c.move(all, to, 0)
			c.endSquad(s)
		case what < 0.33: // everybody is made anew under another agent id
			for _, w := range all {
				w.agent = c.id()
			}
		case what < 0.345 && len(b.squads) > 2: // closed: half find another place
			for i, w := range all {
				if w.squad = c.room(); i%2 == 0 {
					c.quit(w)
				}
			}
			c.endSquad(s)
		}
	}
}

// move gives people another place; some of them leave at that.
func (c *employer) move(all []*worker, to *squad, leave float64) {
	for _, w := range all {
		if w.squad = to; c.chance(leave) {
			c.quit(w)
		}
	}
}

func (c *employer) takeOver(n int) {
	b := c.addBranch()
	for i := 0; i < n; {
		s := c.addSquad(b)
		for range min(n-i, 5+c.IntN(30)) {
			c.hire(s, false)
			i++
		}
	}
	c.size += n
}

// snapshot is what RingCentral says of the company today.
func (c *employer) snapshot() *sync.Snapshot {
	s := &sync.Snapshot{
		Account: "acme", TakenAt: c.today, Identity: sync.Identity{MainAccountID: "9", RingEXAccountID: "8", OwnerID: "900"},
		Extensions: []sync.Extension{{ID: "900", Type: "User", Status: "Enabled", FirstName: "Otto", LastName: "Owner", HasContact: true}},
	}
	if c.roles {
		s.Roles = []sync.RingEXRole{{ID: "1", Name: "WFM User", Permissions: []string{"WFM"}}}
		s.Assigned = map[string][]string{}
	}
	places := map[*squad]*[]sync.Agent{}
	for _, b := range c.branches {
		sub := sync.SubAccount{ID: b.id, Name: "Branch " + b.id, Active: true, Read: true, Groups: make([]sync.Group, len(b.squads))}
		for i, q := range b.squads {
			sub.Groups[i] = sync.Group{ID: q.id, Name: q.name}
			places[q] = &sub.Groups[i].Agents
		}
		s.SubAccounts = append(s.SubAccounts, sub)
	}
	for _, w := range c.workers {
		record := func(id string, to *squad) {
			if list := places[to]; list != nil {
				*list = append(*list, sync.Agent{
					ID: id, RCUserID: w.rc, FirstName: w.first, LastName: w.last, Email: w.email,
					UserName: w.first, Type: w.kind, Active: w.isThere(),
				})
			}
		}
		if w.squad != nil {
			record(w.agent, w.squad)
		}
		if w.second != "" {
			record(w.second, w.project)
		}
		if w.admin != "" {
			s.Admins = append(s.Admins, sync.Admin{UserID: w.admin, RCUserID: w.rc, FirstName: w.first, LastName: w.last, Email: w.email})
		}
		if w.extension != "" {
			s.Extensions = append(s.Extensions, sync.Extension{
				ID: w.extension, Number: w.extension, Type: "User", Status: map[bool]string{false: "Enabled", true: "Disabled"}[w.disabled],
				FirstName: w.first, LastName: w.last, Email: w.email, HasContact: true,
			})
			if c.roles && !w.disabled {
				s.Assigned[w.extension] = []string{"1"}
			}
		}
	}
	return s
}
