package sync

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// noon is when every test runs, unless it says otherwise.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// noLimits hold nobody by number, but for all of two or more.
var noLimits = Limits{Limit{100, 50}, Limit{100, 5000}, Limit{100, 50}, Limit{100, 50}}

// world is what RingCentral reports about account acme, what the roster holds,
// and the settings: all that a plan depends on. People are known by short ids;
// Ada Byron's e-mail is ada@example.com unless the test says otherwise.
type world struct {
	Input

	members []*Member
	lastID  int64
	books   books
	lastRun RunID
	twin    *twin // a roster that is told the same; nil: there is none
}

func newWorld() *world {
	w := &world{}
	w.Now, w.State.LastSeen, w.State.Ended = noon, noon.AddDate(0, 0, -1), map[int64]time.Time{}
	w.Snapshot = &Snapshot{Account: "acme", TakenAt: noon, Identity: Identity{MainAccountID: "9", RingEXAccountID: "8", OwnerID: "900"}}
	w.Policy = Policy{
		DataSource: "rt", DefaultActivityID: "Site 1", RolePrecedence: "first",
		Access: Access{Rule: AccessListed}, Deactivate: true, Limits: noLimits,
	}
	w.extension("900", "Otto Owner")
	return w
}

// record is one record of any kind, in the making.
type record struct {
	id, rc, first, last, email, userName, agentType, faulty string
	inactive                                                bool
	supervisors                                             []string
	ext                                                     Extension
}

type option func(*record)

func rc(id string) option        { return func(r *record) { r.rc = id } }
func email(e string) option      { return func(r *record) { r.email = e } }
func userName(n string) option   { return func(r *record) { r.userName = n } }
func agentType(t string) option  { return func(r *record) { r.agentType = t } }
func under(ids ...string) option { return func(r *record) { r.supervisors = ids } }
func faulty(why string) option   { return func(r *record) { r.faulty = why } }
func named(first, last string) option {
	return func(r *record) { r.first, r.last = first, last }
}
func inactive(r *record)         { r.inactive = true }
func status(s string) option     { return func(r *record) { r.ext.Status = s } }
func extType(t string) option    { return func(r *record) { r.ext.Type = t } }
func number(n string) option     { return func(r *record) { r.ext.Number = n } }
func site(s string) option       { return func(r *record) { r.ext.Site = s } }
func costCenter(c string) option { return func(r *record) { r.ext.CostCenter = c } }
func department(d, title string) option {
	return func(r *record) { r.ext.Department, r.ext.JobTitle = d, title }
}
func noContact(r *record) { r.ext.HasContact = false }

// newRecord fills in what the options leave: "Ada Byron" has ada@example.com.
func newRecord(id, name string, options []option) record {
	first, last, _ := strings.Cut(name, " ")
	r := record{
		id: id, first: first, last: last, email: strings.ToLower(first) + "@example.com",
		agentType: "AGENT", ext: Extension{ID: id, Type: "User", Status: "Enabled", HasContact: true},
	}
	for _, set := range options {
		set(&r)
	}
	return r
}

func (w *world) admin(id, name string, options ...option) {
	r := newRecord(id, name, options)
	w.Snapshot.Admins = append(w.Snapshot.Admins, Admin{
		UserID: r.id, RCUserID: r.rc, FirstName: r.first, LastName: r.last, Email: r.email, UserName: r.userName, Faulty: r.faulty,
	})
}

// agent adds a record to a group, written "1/10": group 10 of sub-account 1.
func (w *world) agent(place, id, name string, options ...option) {
	r := newRecord(id, name, options)
	group := w.group(place)
	group.Agents = append(group.Agents, Agent{
		ID: r.id, RCUserID: r.rc, FirstName: r.first, LastName: r.last, Email: r.email, UserName: r.userName,
		Type: r.agentType, Active: !r.inactive, Faulty: r.faulty, Supervisors: NewAgentIDs(r.supervisors),
	})
}

func (w *world) sub(id string) *SubAccount {
	at := slices.IndexFunc(w.Snapshot.SubAccounts, func(s SubAccount) bool { return s.ID == id })
	if at < 0 {
		at = len(w.Snapshot.SubAccounts)
		w.Snapshot.SubAccounts = append(w.Snapshot.SubAccounts, SubAccount{ID: id, Name: "Sub " + id, Active: true, Read: true})
	}
	return &w.Snapshot.SubAccounts[at]
}

func (w *world) group(place string) *Group {
	subID, id, _ := strings.Cut(place, "/")
	sub := w.sub(subID)
	at := slices.IndexFunc(sub.Groups, func(g Group) bool { return g.ID == id })
	if at < 0 {
		at = len(sub.Groups)
		sub.Groups = append(sub.Groups, Group{ID: id, Name: "Group " + id})
	}
	return &sub.Groups[at]
}

func (w *world) extension(id, name string, options ...option) {
	r := newRecord(id, name, options)
	if r.ext.HasContact {
		r.ext.FirstName, r.ext.LastName, r.ext.Email = r.first, r.last, r.email
	}
	w.Snapshot.Extensions = append(w.Snapshot.Extensions, r.ext)
}

// role gives RingEX extensions a role, which R9's role rules look at.
func (w *world) role(id, name string, permissions []string, extensions ...string) {
	w.Snapshot.Roles = append(w.Snapshot.Roles, RingEXRole{ID: id, Name: name, Permissions: permissions})
	if w.Snapshot.Assigned == nil {
		w.Snapshot.Assigned = map[string][]string{}
	}
	for _, e := range extensions {
		w.Snapshot.Assigned[e] = append(w.Snapshot.Assigned[e], id)
	}
}

// clear empties the lists of RingCX, which stay listed; the extensions stay.
func (w *world) clear() {
	w.Snapshot.Admins = nil
	for i := range w.Snapshot.SubAccounts {
		for j := range w.Snapshot.SubAccounts[i].Groups {
			w.Snapshot.SubAccounts[i].Groups[j].Agents = nil
		}
	}
}

// clearAll empties RingEX too, but for the owner.
func (w *world) clearAll() {
	w.clear()
	w.Snapshot.Extensions = w.Snapshot.Extensions[:1]
}

// input is the plan's input. Settings count as accepted unless the test set
// State.Accepted itself.
func (w *world) input() Input {
	in := w.Input
	if in.State.Accepted == nil {
		in.State.Accepted = Accept(&in.Policy, in.Snapshot).Settings
	}
	in.Members = w.stream
	return in
}

// stream knows nobody by a seal: every member is read whole.
func (w *world) stream(Known) iter.Seq[*Member] { return slices.Values(w.members) }

func (w *world) plan(t rapid.TB) *Plan {
	t.Helper()
	plan, err := MakePlan(w.input())
	if err != nil {
		t.Fatalf("MakePlan: %v", err)
	}
	return plan
}

// sync plans and applies, as a run does.
func (w *world) sync(t rapid.TB) *Plan {
	t.Helper()
	plan := w.plan(t)
	w.members = apply(plan, w.members, &w.lastID)
	return plan
}

// today makes a full run as the service does, with all that a commit books, at the time of
// w.Now; tomorrow moves that on.
func (w *world) today(t rapid.TB) *Plan {
	t.Helper()
	return w.commit(t, nil)
}

func (w *world) tomorrow() *world {
	w.Now = w.Now.AddDate(0, 0, 1)
	w.Snapshot.TakenAt = w.Now
	return w
}

// approve applies the open changes with the given run numbers or earlier ones, as far as
// choose (nil: all) picks them.
func (w *world) approve(t rapid.TB, run RunID, choose func(*HeldChange) bool) *Plan {
	t.Helper()
	return w.commit(t, w.shown(run, choose))
}

// shown are the numbers of what waits and was shown by a run or an earlier one.
func (w *world) shown(run RunID, choose func(*HeldChange) bool) []int64 {
	ids := []int64{}
	for i := range w.books.state.Open {
		h := &w.books.state.Open[i]
		if h.State == Waiting && h.Run <= run && (choose == nil || choose(h)) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// reject refuses what a run, or an earlier one, showed.
func (w *world) reject(t rapid.TB, run RunID, choose func(*HeldChange) bool) {
	t.Helper()
	w.end(&Commit{Plan: &Plan{}, Settled: &Settled{Decision: Reject, Held: w.shown(run, choose)}}, Reject)
}

func (w *world) commit(t rapid.TB, approved []int64) *Plan {
	t.Helper()
	in := w.Input
	in.State = w.state()
	in.Members, in.Approved = w.stream, approved
	plan, err := MakePlan(in)
	if err != nil {
		t.Fatalf("MakePlan: %v", err)
	}
	if approved == nil {
		mustKeepLaws(t, plan, w.members)
	}
	c := &Commit{Plan: plan, Full: approved == nil, TakenAt: w.Snapshot.TakenAt, Identity: w.Snapshot.Identity}
	trigger := Scheduled
	if c.Full {
		c.Settings = Accept(&w.Policy, w.Snapshot)
	} else {
		trigger = Approve
		c.Settled = &Settled{Decision: Approve, Held: plan.Released}
	}
	w.end(c, trigger)
	return plan
}

// state is what a plan sees that begins now.
func (w *world) state() State {
	state := w.books.at(w.Now, w.members)
	if w.twin != nil {
		w.twin.mustKnow(&state, w.members, w.Now)
	}
	return state
}

// end is the end of a run: what it plans is done, and booked.
func (w *world) end(c *Commit, trigger Trigger) {
	w.lastRun++
	c.Run, c.Account, c.FinishedAt = w.lastRun, w.Snapshot.Account, w.Now
	if w.twin != nil {
		w.twin.end(*c, trigger)
	}
	before := w.lastID
	w.members = apply(c.Plan, w.members, &w.lastID)
	ids := map[string]int64{}
	for i := range c.Plan.Changes {
		if c.Plan.Changes[i].Kind == Onboard {
			before++
			ids[c.Plan.Changes[i].Person] = before
		}
	}
	w.books.book(c, trigger, w.Now, ids)
}

// rejected notes that an operator refused a deactivation of a member.
func (w *world) rejected(member int64, reason Reason) {
	w.State.Open = append(w.State.Open, HeldChange{
		ID: member, Run: 1, State: Rejected, Kind: Deactivate, Member: member, Field: statusField,
		Before: string(Active), After: string(Inactive), Reason: reason,
	})
}

// edit carries out an operator's edit.
func (w *world) edit(t rapid.TB, edit Edit) {
	t.Helper()
	state := w.State
	if w.books.state.Version > 0 {
		state.Open = w.books.state.Open
	}
	plan, settled, err := edit(state, slices.Values(w.members))
	if err != nil {
		t.Fatalf("edit: %v", err)
	}
	if settled == nil && w.books.state.Version == 0 {
		w.members = apply(plan, w.members, &w.lastID)
		return
	}
	w.end(&Commit{Plan: plan, Settled: settled}, ByHand)
	w.State.Open = w.books.state.Open
}

// tryEdit plans an operator's edit.
func (w *world) tryEdit(edit Edit) (*Plan, error) {
	plan, _, err := edit(w.State, slices.Values(w.members))
	return plan, err
}

// member finds the member with an id, to be looked at or edited by hand.
func (w *world) member(id int64) *Member {
	at := slices.IndexFunc(w.members, func(m *Member) bool { return m.ID == id })
	return w.members[at]
}

// imported adds a member by hand, as an operator or SQL does: never linked.
func (w *world) imported(name string, edit func(*Member)) {
	w.lastID++
	m := &Member{ID: w.lastID, Account: "acme", Status: Active, Managed: true}
	m.Profile[FirstName], m.Profile[LastName], _ = strings.Cut(name, " ")
	m.Profile[Email] = strings.ToLower(m.Profile[FirstName]) + "@example.com"
	if edit != nil {
		edit(m)
	}
	w.members = append(w.members, m)
}

// apply writes what a plan writes: the changes and the marks, never what is held.
func apply(plan *Plan, members []*Member, lastID *int64) []*Member {
	byID := map[int64]int{}
	after := make([]*Member, len(members))
	for i, m := range members {
		byID[m.ID], after[i] = i, m
	}
	write := func(m *Member) {
		next := *m
		next.Logins = slices.Clone(m.Logins)
		if next.ID == 0 {
			*lastID++
			next.ID = *lastID
			after = append(after, &next)
			return
		}
		after[byID[next.ID]] = &next
	}
	for _, m := range plan.Marks {
		write(m)
	}
	for i := range plan.Changes {
		write(plan.Changes[i].Next())
	}
	return after
}

// nexts compares the members that changes lead to.
var nexts = cmp.Options{
	cmp.Transformer("Next", func(next func() *Member) *Member {
		if next == nil {
			return nil
		}
		return next()
	}),
	cmpopts.IgnoreUnexported(Change{}),
}

// lines renders a plan for comparison: a line for every change, held change,
// hold reason, conflict and note.
func lines(p *Plan) []string {
	var out []string
	add := func(words ...string) {
		out = append(out, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" || w == "0" }), " "))
	}
	change := func(c *Change) string { return fmt.Sprintf("%s %d %s %s", c.Kind, c.Member, c.Person, c.Reason) }
	for i := range p.Changes {
		add(strings.Fields(change(&p.Changes[i]))...)
	}
	if p.Held != nil {
		for _, r := range p.Held.Reasons {
			add("hold", string(r.Reason))
		}
		for i := range p.Held.Changes {
			add(append([]string{"held"}, strings.Fields(change(&p.Held.Changes[i]))...)...)
		}
	}
	for _, c := range p.Conflicts {
		add("conflict", fmt.Sprint(c.Member), c.Person, string(c.Reason))
	}
	for _, n := range p.Notes {
		add("note", fmt.Sprint(n.Member), n.Person, string(n.Reason))
	}
	return out
}

// fields renders the field changes of a plan: "email: a -> b, source_changed".
// Logins stand without their values.
func fields(p *Plan) []string {
	var out []string
	for i := range p.Changes {
		for _, f := range p.Changes[i].Fields {
			if f.Field == "logins" {
				out = append(out, fmt.Sprintf("logins, %s", f.Reason))
				continue
			}
			out = append(out, fmt.Sprintf("%s: %s -> %s, %s", f.Field, f.Before, f.After, f.Reason))
		}
	}
	return out
}

// scenario is one story: a roster synced from a first world, what changes then,
// and the plan that follows.
type scenario struct {
	name    string
	before  func(*world) // nil: the roster begins empty
	between func(*world) // nil: one sync before is enough
	then    func(*world) // nil: nothing changes
	want    []string     // lines of the plan
	fields  []string     // its field changes, when the scenario is about them
}

func play(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			w := newWorld()
			for _, day := range []func(*world){s.before, s.between} {
				if day != nil {
					day(w)
					w.sync(t)
				}
			}
			if s.then != nil {
				s.then(w)
			}
			plan := w.plan(t)
			same(t, lines(plan), s.want)
			if s.fields != nil {
				same(t, fields(plan), s.fields)
			}
			mustKeepLaws(t, plan, w.members)
		})
	}
}

func same[T any](t rapid.TB, got, want []T) {
	t.Helper()
	if len(got)+len(want) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
