package notify

import (
	"fmt"
	"slices"
	"time"

	"ringroster/sync"
)

func (w *writer) changes() {
	n := w.n
	w.para("On %s the roster of %s changed: %s.", day(n.Since), n.Account, sync.KindsText(n.Counts))
	w.people("Who", "ringroster runs")
	w.gap()
	w.command("look closer:", "ringroster runs")
}

func (w *writer) weekly() {
	figures, well := w.figures(), true
	for _, f := range figures {
		well = well && f.Runs > f.Failed && f.Waiting == 0 && f.Conflicts == 0
	}
	if well {
		w.para("All is well.")
	} else {
		w.para("Something needs a look: ringroster status says what to do.")
	}
	for _, f := range figures {
		w.gap()
		w.para("%s: %s active", f.Account, counted(f.Active, "member", "members"))
		w.command("runs:", fmt.Sprintf("%d, of which %d failed", f.Runs, f.Failed))
		w.command("last success:", lastSuccess(f.LastSuccess))
		w.command("onboarded:", fmt.Sprint(f.Onboarded))
		w.command("updated:", fmt.Sprint(f.Updated))
		w.command("reactivated:", fmt.Sprint(f.Reactivated))
		w.command("deactivated:", fmt.Sprint(f.Deactivated))
		w.command("waiting:", counted(f.Waiting, "change", "changes")+" for a decision")
		w.command("conflicts:", fmt.Sprint(f.Conflicts))
	}
}

// figures are those of the destination's accounts.
func (w *writer) figures() []sync.Figures {
	figures := []sync.Figures{}
	for _, f := range w.n.Figures {
		if len(w.Accounts) == 0 || slices.Contains(w.Accounts, f.Account) {
			figures = append(figures, f)
		}
	}
	return figures
}

func lastSuccess(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return when(at)
}
