package reconcile_test

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

	"ringroster/sync"
	"ringroster/sync/guard"
	"ringroster/sync/plan"
)

// noon is when every test runs, unless it says otherwise.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// saidOfNewcomers is how it is said of newcomers.
const saidOfNewcomers = "RingCentral reports them and the roster has nobody like them"

// noLimits hold nobody by number, but for all of two or more.
var noLimits = sync.Limits{Deactivations: sync.Limit{Percent: 100, Floor: 50}, Onboardings: sync.Limit{Percent: 100, Floor: 5000}, Updates: sync.Limit{Percent: 100, Floor: 50}, Administrators: sync.Limit{Percent: 100, Floor: 50}}

// world is what RingCentral reports about account acme, what the roster holds,
// and the settings: all that a plan depends on. People are known by short ids;
// Ada Byron's e-mail is ada@example.com unless the test says otherwise.
type world struct {
	plan.Input

	members []*sync.Member
	lastID  int64
	books   books
	lastRun sync.RunID
	twin    *twin // a roster that is told the same; nil: there is none
}

func newWorld() *world {
	w := &world{}
	w.Now, w.State.LastSeen, w.State.Ended = noon, noon.AddDate(0, 0, -1), map[int64]time.Time{}
	w.Snapshot = &sync.Snapshot{Account: "acme", TakenAt: noon, Identity: sync.Identity{MainAccountID: "9", RingEXAccountID: "8", OwnerID: "900"}}
	w.Policy = sync.Policy{
		DataSource: "rt", DefaultActivityID: "Site 1", RolePrecedence: "first",
		Access: sync.Access{Rule: sync.AccessListed}, Deactivate: true, Limits: noLimits,
	}
	w.extension("900", "Otto Owner")
	return w
}

// record is one record of any kind, in the making.
type record struct {
	id, rc, first, last, email, userName, agentType, faulty string
	inactive                                                bool
	supervisors                                             []string
	ext                                                     sync.Extension
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
		agentType: "AGENT", ext: sync.Extension{ID: id, Type: "User", Status: "Enabled", HasContact: true},
	}
	for _, set := range options {
		set(&r)
	}
	return r
}

func (w *world) admin(id, name string, options ...option) {
	r := newRecord(id, name, options)
	w.Snapshot.Admins = append(w.Snapshot.Admins, sync.Admin{
		UserID: r.id, RCUserID: r.rc, FirstName: r.first, LastName: r.last, Email: r.email, UserName: r.userName, Faulty: r.faulty,
	})
}

// agent adds a record to a group, written "1/10": group 10 of sub-account 1.
func (w *world) agent(place, id, name string, options ...option) {
	r := newRecord(id, name, options)
	group := w.group(place)
	group.Agents = append(group.Agents, sync.Agent{
		ID: r.id, RCUserID: r.rc, FirstName: r.first, LastName: r.last, Email: r.email, UserName: r.userName,
		Type: r.agentType, Active: !r.inactive, Faulty: r.faulty, Supervisors: sync.NewAgentIDs(r.supervisors),
	})
}

func (w *world) sub(id string) *sync.SubAccount {
	at := slices.IndexFunc(w.Snapshot.SubAccounts, func(s sync.SubAccount) bool { return s.ID == id })
	if at < 0 {
		at = len(w.Snapshot.SubAccounts)
		w.Snapshot.SubAccounts = append(w.Snapshot.SubAccounts, sync.SubAccount{ID: id, Name: "Sub " + id, Active: true, Read: true})
	}
	return &w.Snapshot.SubAccounts[at]
}

func (w *world) group(place string) *sync.Group {
	subID, id, _ := strings.Cut(place, "/")
	sub := w.sub(subID)
	at := slices.IndexFunc(sub.Groups, func(g sync.Group) bool { return g.ID == id })
	if at < 0 {
		at = len(sub.Groups)
		sub.Groups = append(sub.Groups, sync.Group{ID: id, Name: "Group " + id})
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
	w.Snapshot.Roles = append(w.Snapshot.Roles, sync.RingEXRole{ID: id, Name: name, Permissions: permissions})
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
func (w *world) input() plan.Input {
	in := w.Input
	if in.State.Accepted == nil {
		in.State.Accepted = guard.Accept(&in.Policy, in.Snapshot).Settings
	}
	in.Members = w.stream
	return in
}

// stream knows nobody by a seal: every member is read whole.
func (w *world) stream(sync.Known) iter.Seq[*sync.Member] { return slices.Values(w.members) }

func (w *world) plan(t rapid.TB) *sync.Plan {
	t.Helper()
	plan, err := plan.Make(w.input())
	if err != nil {
		t.Fatalf("MakePlan: %v", err)
	}
	return plan
}

// nexts compares the members that changes lead to.
var nexts = cmp.Options{
	cmp.Transformer("Next", func(next func() *sync.Member) *sync.Member {
		if next == nil {
			return nil
		}
		return next()
	}),
	cmpopts.IgnoreUnexported(sync.Change{}),
}

// lines renders a plan for comparison: a line for every change, held change,
// hold reason, conflict and note.
func lines(p *sync.Plan) []string {
	var out []string
	add := func(words ...string) {
		out = append(out, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" || w == "0" }), " "))
	}
	change := func(c *sync.Change) string { return fmt.Sprintf("%s %d %s %s", c.Kind, c.Member, c.Person, c.Reason) }
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
func fields(p *sync.Plan) []string {
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

// textIf is the text if so, else "".
func textIf(so bool, text string) string {
	if so {
		return text
	}
	return ""
}
