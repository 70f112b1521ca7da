package report

import (
	"cmp"
	"fmt"
	"iter"
	"strings"
	"time"

	"ringroster/store/views"
	"ringroster/sync"
)

// run is one account's part of a run.
type run struct {
	*views.RunRow
	Took    string // "": it runs still
	Changes []amount
}

// amount is how many changes of a kind there were.
type amount struct {
	N    int
	What string
}

// Runs are those that began in the period, newest first.
func (p *page) Runs() iter.Seq[run] {
	return rows(p, p.runs(), func(r *views.RunRow) (run, bool) {
		shown := run{RunRow: r}
		if took, over := duration(r); over {
			shown.Took = span(took)
		}
		said := []string{"onboarded", "linked", "updated", "reactivated", "deactivated"}
		if r.Job == sync.JobContacts {
			said = []string{"added", "linked", "updated", "returned", "removed"}
		}
		for i, n := range []int{r.Onboarded, r.Linked, r.Updated, r.Reactivated, r.Deactivated} {
			if n > 0 {
				shown.Changes = append(shown.Changes, amount{n, said[i]})
			}
		}
		return shown, true
	})
}

// runs yields the rows of runs that are in the report, newest first.
func (p *page) runs() iter.Seq2[views.RunRow, error] {
	since := p.Since.Format(time.RFC3339)
	return func(yield func(views.RunRow, error) bool) {
		for r, err := range p.st.Runs(p.ctx, 0) {
			if err == nil && (r.StartedAt < since || !p.wants(r.Account)) {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// duration is how long a run took, if it is over.
func duration(r *views.RunRow) (took time.Duration, over bool) {
	if r.FinishedAt == nil {
		return 0, false
	}
	from, err1 := time.Parse(time.RFC3339, r.StartedAt)
	to, err2 := time.Parse(time.RFC3339, *r.FinishedAt)
	return max(0, to.Sub(from)), err1 == nil && err2 == nil
}

// span is a duration for people: runs are timed to the second.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "under 1 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// move is somebody who came or left.
type move struct {
	*views.MoveRow
	By string // who did it at RingCentral; "": nobody knows
}

// Moves are who came and who left in the period, oldest first; but not whom the first full
// run of an account brought in, since that was everybody.
func (p *page) Moves() iter.Seq[move] {
	return rows(p, p.st.Moves(p.ctx, p.Account, p.Since), func(m *views.MoveRow) (move, bool) {
		return move{m, by(m.Source, m.At)}, m.RunID != p.first(m.Account) || m.Kind != sync.Onboard
	})
}

// access is a line of the access review.
type access struct {
	*views.AccessRow
	Why string // they are on the roster
	By  string // what brought them there
}

// Access is the access review: every active member.
func (p *page) Access() iter.Seq[access] {
	return rows(p, p.st.Access(p.ctx, p.Account), func(r *views.AccessRow) (access, bool) {
		return access{r, standing(r), origin(r)}, true
	})
}

// standing says by which rule somebody is on the roster today.
func standing(r *views.AccessRow) string {
	switch {
	case !r.Managed:
		return "detached by hand (R16)"
	case !r.Linked:
		return "never linked (R15)"
	case r.AbsentDays > 0:
		return fmt.Sprintf("missing for %s, kept (R16)", counted(r.AbsentDays, "day", "days"))
	case r.Role == sync.RoleAdministrator:
		return "listed as administrator (R9)"
	}
	return "listed by RingCentral (R9)"
}

// rules are those by which somebody comes for a reason.
var rules = map[sync.Reason]string{
	sync.ReasonNew: "R12", sync.ReasonRecycledEmail: "R12", sync.ReasonEmail: "R12", sync.ReasonRehired: "R12", sync.ReasonRecreated: "R12",
	sync.ReasonIdentity: "R5", sync.ReasonReturned: "R18", sync.ReasonLocalEdit: "R18", sync.ReasonImported: "R34", sync.ReasonUndone: "R29",
}

// origin says how somebody came to the roster, or was linked, last.
func origin(r *views.AccessRow) string {
	if r.Kind == nil || r.Reason == nil {
		return "not in the history"
	}
	text := fmt.Sprintf("%s: %s", *r.Kind, words(*r.Reason))
	if rule := rules[*r.Reason]; rule != "" {
		text += " (" + rule + ")"
	}
	return text
}

// pin is one that ends soon, with whom it is on.
type pin struct {
	views.PinnedMember
	Name, Email string
}

// soon is how many days ahead the end of a pin is told.
const soon = 30

// readPins finds the pins that end soon, or have ended and wait for the next run.
func (p *page) readPins() error {
	until := p.Now.UTC().AddDate(0, 0, soon).Format(time.DateOnly)
	for pinned, err := range p.st.Pins(p.ctx) {
		if err != nil {
			return err
		}
		if !p.wants(pinned.Account) || pinned.Until == "" || pinned.Until > until {
			continue
		}
		one := pin{PinnedMember: pinned}
		for r, err := range p.st.Roster(p.ctx, views.Filter{Member: pinned.MemberID, Brief: true}) {
			if err != nil {
				return err
			}
			one.Name, one.Email = strings.TrimSpace(r.FirstName+" "+r.LastName), r.Email
		}
		p.Pins = append(p.Pins, one)
	}
	return nil
}

// Soon is how many days ahead the end of a pin is told.
func (p *page) Soon() int { return soon }

// counted is a number of things, in words that fit it.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + cmp.Or(many, one)
}
