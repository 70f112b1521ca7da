package modeltest

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	stdatomic "sync/atomic"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral"
	"ringroster/ringcentral/simulator"
	"ringroster/store"
	"ringroster/store/storetest"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

const modelActivity = "Site 1 - Dallas, TX"

// begin makes an empty roster.
var begin = storetest.Copies(store.Open, store.Options{New: true})

// game is one play: the company, the real program's parts, and the model.
type game struct {
	rt       *rapid.T
	ctx      context.Context
	counts   *counts
	company  company
	server   *simulator.Server
	settings *config.Settings
	st       *store.Store
	db       *sql.DB // the operator's own SQL client
	*modelRoster
	replayed   map[int64]map[string]string
	begun      map[int64]map[string]string // members made by SQL, as they were then
	bySQL      map[int64][]sqlEdit
	shown      map[int64]bool             // members that a run showed as held, of whom nobody approved since
	said       map[*human]map[string]bool // names and addresses by which RingCentral called them
	replayedTo int64                      // the last change replayed
	roleMap    int
	over       bool // beyond what the model knows
	owner      bool // RingEX listed the owner of the token at the last full run
	lastRun    sync.RunID
	looks      stdatomic.Int64 // how often the run read the administrators
	dying      *dyingContext
	inserted   []string      // e-mails of members made by hand
	slow       time.Duration // how far the clock was set back
}

func play(rt *rapid.T, dir string, n *counts) {
	n.plays++
	path := filepath.Join(dir, "play.db")
	for _, suffix := range []string{"", "-wal", "-shm", ".lock", ".made"} {
		_ = os.Remove(path + suffix)
	}
	world := simulator.Generate(2, 1)
	g := &game{
		rt: rt, ctx: rt.Context(), counts: n, server: simulator.New(world, simulator.Options{}), replayed: map[int64]map[string]string{},
		begun: map[int64]map[string]string{}, bySQL: map[int64][]sqlEdit{}, said: map[*human]map[string]bool{}, shown: map[int64]bool{},
		modelRoster: &modelRoster{
			members: map[int64]*modelMember{}, open: map[heldKey]*heldRow{}, decidedOut: map[int64]bool{}, settingsOf: map[int64]string{},
			percent: rapid.SampledFrom([]int{10, 25, 60}).Draw(rt, "percent"),
			floor:   rapid.SampledFrom([]int{2, 5}).Draw(rt, "floor"),
			grace:   rapid.SampledFrom([]int{0, 0, 2}).Draw(rt, "grace"),
		},
	}
	g.configure(dir, world)
	g.changeMap()
	g.changeSource()
	g.must(begin(path))
	g.openStore(path)
	defer g.close()
	var err error
	g.db, err = sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	g.must(err)
	defer func() { _ = g.db.Close() }()
	g.company.found()
	g.company.humans = []*human{{rc: modelOwner, first: "Kay", last: "Keyholder", email: "kay@example.com", number: "100", admin: 3000}}
	for i := range rapid.IntRange(6, 16).Draw(rt, "people") {
		g.company.hire(fmt.Sprintf("First%d", i), fmt.Sprintf("Last%d", i), fmt.Sprintf("p%d@example.com", i),
			g.company.groups[i%len(g.company.groups)], g.drawKind())
	}
	g.sync()
	g.compare()
	actions := g.actions()
	for name, action := range actions {
		actions[name] = func(rt *rapid.T) {
			if !g.over {
				action(rt)
			}
		}
	}
	rt.Repeat(actions)
}

const modelLimits = `limits: {deactivations: {percent: %d, floor: %d}, onboardings: {percent: 100, floor: 1000}, updates: {percent: 100, floor: 1000}, administrators: {percent: 100, floor: 1000}}
deactivation_grace: {days: %d}
`

func (g *game) must(err error) {
	if err != nil {
		g.rt.Helper()
		g.rt.Fatal(err)
	}
}

// configure reads settings as the program does.
func (g *game) configure(dir string, world *simulator.World) {
	path := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf(modelLimits, g.percent, g.floor, g.grace) + modelOnboarding +
		wire.SimulatorSettings(world, "localhost")
	g.must(os.WriteFile(path, []byte(text), 0o600))
	var err error
	g.settings, err = config.Load(path)
	g.must(err)
}

func (g *game) openStore(path string) {
	var err error
	g.st, err = store.Open(g.ctx, path, store.Options{})
	g.must(err)
}

func (g *game) close() { _ = g.st.Close() }

// runner is the program's own, but for the transport.
func (g *game) runner() *reconcile.Runner {
	r := wire.Runner(g.settings, "model", dyingRoster{g.st, g}, observe.NewLog(zap.NewNop(), time.Now))
	r.Connect = func(name string) (sync.Directory, error) {
		account := &g.settings.Accounts[0]
		credentials, err := account.Credentials()
		if err != nil {
			return nil, err
		}
		return ringcentral.New(ringcentral.Config{
			Account: name, BaseURL: "http://localhost", RingCXURL: "http://localhost",
			MainAccountID: string(account.MainAccountID), ClientID: account.ClientID,
			ClientSecret: string(credentials.ClientSecret), JWT: string(credentials.JWT),
			UserAgent: "ringroster/model", Transport: g, EmployeeReference: g.settings.EmployeeID.Reference,
		})
	}
	r.Now = g.now
	return r
}

// RoundTrip counts the looks.
func (g *game) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := g.server.Transport().RoundTrip(r)
	if err == nil && response.StatusCode == http.StatusOK && strings.Contains(r.URL.Path, "/admin/users/") {
		g.looks.Add(1)
	}
	return response, err
}

func (g *game) request(trigger sync.Trigger, actor string) reconcile.Request {
	run := sync.Run{Accounts: []string{"demo"}, Trigger: trigger, Actor: actor, Version: "model"}
	if actor != g.settings.ImpersonatedUserID {
		run.OnBehalfOf = g.settings.ImpersonatedUserID
	}
	return reconcile.Request{Run: run}
}

// serve brings the simulator up to date.
func (g *game) serve() {
	for _, h := range g.company.humans {
		g.company.ownAddress(h)
	}
	g.listen()
	g.server.Change(func(w *simulator.World) { g.company.serve(w.Accounts[0]) })
}

// dyingContext ends after it was asked so often whether it has: a process that
// dies anywhere in a run.
type dyingContext struct {
	context.Context
	cancel context.CancelFunc
	left   stdatomic.Int64
}

func (c *dyingContext) Err() error {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.Context.Err()
}

// dyingRoster lets the process die inside the commit, too.
type dyingRoster struct {
	*store.Store
	g *game
}

func (r dyingRoster) Commit(ctx context.Context, c *sync.Commit) error {
	if d := r.g.dying; d != nil && c.Plan != nil {
		return r.Store.Commit(d, c) //nolint:contextcheck // it is the run's own
	}
	return r.Store.Commit(ctx, c)
}

// sync is one full run.
func (g *game) sync() { g.syncWith(g.ctx, nil, false) }

// syncWith makes a run, and compares its outcome with the model's.
func (g *game) syncWith(ctx context.Context, b *blink, mayFail bool) {
	g.rt.Helper()
	g.serve()
	before := g.dump()
	members := g.members
	g.looks.Store(0)
	id, results, err := g.runner().Sync(ctx, g.request(sync.Scheduled, "wfm-sync"))
	if ctx.Err() != nil && id == 0 {
		g.unchanged(before)
		return // died before it began
	}
	g.must(err)
	g.lastRun = id
	g.counts.syncs++
	result := results[0]
	if result.Status == sync.Failed && mayFail {
		g.counts.failed++
		g.unchanged(before)
		return
	}
	v := g.fullRun(g.occasion(id), b)
	if v.failed != (result.Status == sync.Failed) {
		g.rt.Fatalf("run %d: %s (%v), the rules say failed: %v", id, result.Status, result.Err, v.failed)
	}
	if v.failed {
		g.counts.failed++
		g.unchanged(before)
		return
	}
	if v.beyond || sparse(result.Plan) {
		g.over = true
		g.counts.beyond++
		return
	}
	g.believes(result.Plan, v, members)
	g.adopt(v)
	g.checkSummary(result.Plan, v)
	g.checkReasons(id, v)
	g.checkTold(id, v)
	g.heed(id, true)
	g.heedViews(id)
	g.owner = g.company.extensionOf(fmt.Sprint(modelOwner)) != nil
	if v.waiting > 0 {
		g.over = true
		g.counts.beyond++
	}
	if result.Status == sync.HeldRun {
		g.counts.held++
	}
}

// now is what the clock of the machine says; somebody may have set it back.
func (g *game) now() time.Time { return time.Now().Add(-g.slow) }

func (g *game) today() string { return g.now().UTC().Format(time.DateOnly) }

// sparse says whether the run judged a list of which the roster has few people by its
// records (R22), which the model does not know.
func sparse(plan *sync.Plan) bool {
	return slices.ContainsFunc(plan.Open, func(h sync.HeldChange) bool {
		return slices.ContainsFunc(h.Why, func(r sync.HoldReason) bool { return strings.Contains(r.Detail, "active records are left") })
	})
}

// occasion is when a run plans, and over what.
func (g *game) occasion(run sync.RunID) occasion {
	return occasion{
		company: &g.company, run: int64(run), now: g.now(), today: g.today(), looks: int(g.looks.Load()), settingsText: fmt.Sprint(g.roleMap, " ", g.grace, g.settings.Map),
		mappings: g.settings.Map, numbers: !g.settings.EmployeeID.Own(),
		ownerLost: g.owner && g.company.extensionOf(fmt.Sprint(modelOwner)) == nil,
	}
}

// reported counts whom RingCentral reports.
func (v *verdicts) reported() (n int) {
	for _, q := range v.people {
		if !q.ghost {
			n++
		}
	}
	return n
}

// heldMembers counts of whom something waits.
func (v *verdicts) heldMembers() int {
	members := map[int64]bool{}
	for key := range v.held {
		members[key.member] = true
	}
	return len(members)
}

// adopt learns the member ids of newcomers from the roster: by their RingEX id,
// or by the login they came with.
func (g *game) adopt(v *verdicts) {
	for m, err := range g.st.Members(g.ctx, "demo", nil) {
		g.must(err)
		if g.members[m.ID] != nil {
			continue
		}
		i := slices.IndexFunc(v.newcomers, func(n *modelMember) bool {
			return n.rc != "" && n.rc == m.RCUserID || n.admin != "" && slices.Contains(m.AdminIDs, n.admin) ||
				slices.ContainsFunc(m.Logins, func(l sync.Login) bool { _, ok := n.logins[loginKey{l.SubAccountID, l.AgentID}]; return ok })
		})
		if i < 0 {
			g.rt.Fatalf("member %d %v was onboarded, the rules know no such newcomer", m.ID, m.Profile)
		}
		v.newcomers[i].id = m.ID
		g.members[m.ID] = v.newcomers[i]
		g.seen[len(g.seen)-1].on[m.ID] = v.newcomers[i].reportedOn()
	}
	for _, n := range v.newcomers {
		if n.id == 0 {
			g.rt.Fatalf("the rules onboard %v, the roster did not", n.values)
		}
	}
}
