package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/heldrows"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/guard"
)

// limitsRequest is what `limits` is asked.
type limitsRequest struct {
	account string
	past    string // such as 90d
	try     map[string]*string
}

func limitsCommand(a *app) *cobra.Command {
	req := limitsRequest{try: map[string]*string{}}
	c := &cobra.Command{
		Use: "limits", Short: "Say on which days of the past limits would have held something", Args: cobra.NoArgs,
		Long: `Replays the roster's own history against limits: those of the settings, or others that
are given as PERCENT/FLOOR. It prints the runs of which something would have been held,
with how many were concerned and who. What an operator approved, undid or did by hand
counts for nothing, and what was held counts in the run that held it first. It writes
nothing and asks RingCentral nothing.`,
		Example: "  ringroster limits --try 90d\n  ringroster limits --try 90d --deactivations 10/5 --updates 20/10",
		RunE:    func(c *cobra.Command, _ []string) error { return a.limits(c.Context(), req) },
	}
	c.Flags().StringVar(&req.account, "account", "", "only this account")
	c.Flags().StringVar(&req.past, "try", "90d", "how far back, such as 90d")
	for _, kind := range limitNames {
		req.try[kind.name] = new("")
		c.Flags().StringVar(req.try[kind.name], kind.name, "", "this limit, as PERCENT/FLOOR, instead of the settings'")
	}
	a.addOutput(c)
	return c
}

// limitNames are the limits by the names that the settings have for them.
var limitNames = []struct {
	name string
	of   func(*sync.Limits) *sync.Limit
}{
	{"deactivations", func(l *sync.Limits) *sync.Limit { return &l.Deactivations }},
	{"onboardings", func(l *sync.Limits) *sync.Limit { return &l.Onboardings }},
	{"updates", func(l *sync.Limits) *sync.Limit { return &l.Updates }},
	{"administrators", func(l *sync.Limits) *sync.Limit { return &l.Administrators }},
}

// overrun is one line of `limits`.
type overrun struct {
	Account string `json:"account"`
	guard.Overrun
}

func (a *app) limits(ctx context.Context, req limitsRequest) error {
	past, err := parsePast("try", req.past)
	if err != nil {
		return err
	}
	s, st, err := a.readRoster(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	limits, err := req.limits(s)
	if err != nil {
		return err
	}
	var names []string
	if req.account != "" {
		names = []string{req.account}
	}
	accounts, err := chosen(s, names)
	if err != nil {
		return err
	}
	since := time.Now().Add(-past)
	var over []overrun
	for _, account := range accounts {
		h, err := readPast(ctx, st, account.Name, since)
		if err != nil {
			return err
		}
		for _, o := range guard.TryLimits(h.runs, h.today, limits) {
			if !o.At.Before(since) {
				over = append(over, overrun{account.Name, o})
			}
		}
		a.sayHowFar(account.Name, h, since)
	}
	if a.output == formatTable {
		return a.tellLimits(limits, over)
	}
	return limitsListing(over).print(a.stdout, a.output)
}

// limits are those of the settings with what the flags say instead.
func (r *limitsRequest) limits(s *config.Settings) (*sync.Limits, error) {
	limits := s.Policy(&s.Accounts[0]).Limits // the same for all accounts
	for _, kind := range limitNames {
		text := *r.try[kind.name]
		if text == "" {
			continue
		}
		percent, floor, ok := strings.Cut(text, "/")
		p, err1 := strconv.Atoi(percent)
		f, err2 := strconv.Atoi(floor)
		if !ok || err1 != nil || err2 != nil || p < 0 || p > 100 || f < 0 {
			return nil, usagef("--%s %q: give PERCENT/FLOOR, such as 5/5", kind.name, text)
		}
		*kind.of(&limits) = sync.Limit{Percent: p, Floor: f}
	}
	return &limits, nil
}

// parsePast reads the span of days of a flag, such as 90d.
func parsePast(flag, text string) (time.Duration, error) {
	days, ok := strings.CutSuffix(text, "d")
	n, err := strconv.Atoi(days)
	if !ok || err != nil || n < 1 || n > 36500 {
		return 0, usagef("--%s %q: give a number of days, such as 90d", flag, text)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// pastOf is one account's history as limits look at it.
type pastOf struct {
	runs   []guard.PastRun
	today  map[int64]guard.PastMember
	pruned bool // changes of some of these runs are gone
}

// readPast reads the history of an account since a time, and of the week before it.
func readPast(ctx context.Context, st *store.Store, account string, since time.Time) (*pastOf, error) {
	h := &pastOf{today: map[int64]guard.PastMember{}}
	names := map[int64]string{}
	for row, err := range st.Roster(ctx, views.Filter{Account: account, Brief: true}) {
		if err != nil {
			return nil, err
		}
		h.today[row.MemberID] = guard.PastMember{Active: row.Status == sync.Active, Managed: row.Managed == 1, Role: row.Role}
		names[row.MemberID] = strings.TrimSpace(row.FirstName + " " + row.LastName)
	}
	rows, err := pastRuns(ctx, st, account)
	if err != nil {
		return nil, err
	}
	first, err := st.FirstFull(ctx, account)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		started := timeOf(&rows[i].StartedAt)
		if started.Before(since.Add(-sync.WeekWindow)) {
			continue
		}
		run := guard.PastRun{Run: rows[i].RunID, Started: started, Trigger: rows[i].Trigger, First: rows[i].RunID <= first}
		for c, err := range st.Changes(ctx, run.Run) {
			switch {
			case err != nil:
				return nil, err
			case c.Account == account:
				run.Done = append(run.Done, guard.PastChange{Name: names[c.MemberID], Done: sync.Done{
					Member: c.MemberID, Kind: c.Kind, Field: text(c.Field), Before: text(c.Before), After: c.After, Reason: c.Reason,
				}})
			}
		}
		pruned, err := st.RunPruned(ctx, run.Run)
		if err != nil {
			return nil, err
		}
		h.pruned = h.pruned || pruned
		h.runs = append(h.runs, run)
	}
	return h, h.addHeld(ctx, st, account)
}

// pastRuns are the runs of an account's members, oldest first.
func pastRuns(ctx context.Context, st *store.Store, account string) (rows []views.RunRow, err error) {
	for row, err := range st.Runs(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if row.Account == account && row.Job == sync.JobMembers {
			rows = append(rows, row)
		}
	}
	slices.Reverse(rows)
	return rows, nil
}

// addHeld adds what was held to the runs that held it first.
func (h *pastOf) addHeld(ctx context.Context, st *store.Store, account string) error {
	rows, err := st.Held(ctx, heldrows.Filter{Account: account, Job: sync.JobMembers, States: everyState})
	if err != nil {
		return err
	}
	type change struct {
		run    int
		person string
		member int64
		field  string
	}
	seen := map[change]bool{} // a cleared rejection is a row of its own beside what it became
	for i := range rows {
		row := &rows[i]
		since := timeOf(&row.HeldSince)
		at := -1
		for j := range h.runs {
			if !h.runs[j].Started.After(since) && h.runs[j].Run <= row.RunID {
				at = j
			}
		}
		if key := (change{at, row.Person, numberOf(row), row.Field}); at >= 0 && !seen[key] {
			seen[key] = true
			h.runs[at].Held = append(h.runs[at].Held, guard.PastChange{Name: row.Name, Done: sync.Done{
				Member: numberOf(row), Kind: row.Kind, Field: row.Field, Before: row.Before, After: row.After, Reason: row.Reason,
			}})
		}
	}
	return nil
}

// sayHowFar says how much of the past was there to look at.
func (a *app) sayHowFar(account string, h *pastOf, since time.Time) {
	runs := 0
	for i := range h.runs {
		if !h.runs[i].Started.Before(since) {
			runs++
		}
	}
	pruned := ""
	if h.pruned {
		pruned = "; the history is kept short (history.keep_days): what older ones did is gone"
	}
	_, _ = fmt.Fprint(a.aside(), wrapped("", "", fmt.Sprintf("%s: %s since %s%s", account, counted(runs, "run", "runs"), since.UTC().Format(time.DateOnly), pruned)))
}

// namesShown is how many names a line of `limits` has.
const namesShown = 5

func (a *app) tellLimits(limits *sync.Limits, over []overrun) error {
	var b strings.Builder
	parts := make([]string, len(limitNames))
	for i, kind := range limitNames {
		parts[i] = kind.name + " " + kind.of(limits).String()
	}
	b.WriteString(wrapped("", "", "Limits: "+strings.Join(parts, ", ")))
	if len(over) == 0 {
		b.WriteString("Nothing would have been held.\n")
	}
	for i := range over {
		o := &over[i]
		also := ""
		if o.Earlier > 0 {
			also = fmt.Sprintf(" (+%d within %s)", o.Earlier, o.Window)
		}
		b.WriteString(wrapped(o.At.UTC().Format(time.DateOnly)+"  ", "    ", fmt.Sprintf("%s, run %d: %s: %d of %d%s; limit %d",
			o.Account, o.Run, strings.TrimSpace(o.Limit+" "+o.Field), o.Now, o.Of, also, o.Allowed)))
		b.WriteString(wrapped("    ", "    ", someNames(o.Members)))
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

// someNames are the first of the names, and how many more there are.
func someNames(members []guard.Name) string {
	var parts []string
	for _, m := range members[:min(len(members), namesShown)] {
		parts = append(parts, clean(m.Name)+prefixed(" ", memberInBrackets(m.Member)))
	}
	if more := len(members) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}

func memberInBrackets(id int64) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprintf("(%d)", id)
}

func limitsListing(over []overrun) *listing[overrun] {
	return &listing[overrun]{
		key: "overruns", rows: each(over),
		columns: []string{"at", "account", "run_id", "limit", "field", "window", "now", "earlier", "of", "allowed", "members"},
		cells: func(o overrun) []string {
			members, _ := json.Marshal(o.Members) // numbers and text: cannot fail
			return []string{
				o.At.UTC().Format(time.RFC3339), o.Account, fmt.Sprint(o.Run), o.Limit, o.Field, o.Window,
				fmt.Sprint(o.Now), fmt.Sprint(o.Earlier), fmt.Sprint(o.Of), fmt.Sprint(o.Allowed), string(members),
			}
		},
	}
}
