package benchtest

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral"
	"ringroster/ringcentral/simulator"
)

// calls counts the requests of whole runs over companies of several shapes, and
// compares them with what the company's own size says is needed.
func (b *bench) calls() {
	roles := "wem_access: {rule: role_permission, permission: WEMAccess}\n"
	for _, shape := range []struct {
		name   string
		world  simulator.GenerateOptions
		more   string
		absent bool
	}{
		{name: "60 people", world: simulator.GenerateOptions{People: 60}},
		{name: "2,500 people in 30 groups of 5 sub-accounts", world: simulator.GenerateOptions{People: 2500, SubAccounts: 5, Groups: 30}},
		{name: "the same with role lists", world: simulator.GenerateOptions{People: 2500, SubAccounts: 5, Groups: 30}, more: roles},
		{name: "the same with somebody absent", world: simulator.GenerateOptions{People: 2500, SubAccounts: 5, Groups: 30}, absent: true},
		{name: "the same with role lists and somebody absent", world: simulator.GenerateOptions{People: 2500, SubAccounts: 5, Groups: 30}, more: roles, absent: true},
	} {
		world := simulator.GenerateWith(shape.world)
		want := callsNeeded(world.Accounts[0])
		if shape.more != "" {
			want += rolePages(world.Accounts[0])
		}
		server := simulator.New(world, simulator.Options{})
		listener := httptest.NewServer(server)
		s := newWorkshop(b.t, b.program, world, listener.Listener.Addr().String(), shape.more)
		if shape.absent {
			s.run(s.program, "sync", "--new")
			server.Change(func(w *simulator.World) { w.Accounts[0].Leave(planner(w.Accounts[0])) })
			server.ResetCounters()
			want += secondLook(world.Accounts[0])
			if shape.more != "" {
				want += rolePages(world.Accounts[0]) + 1 // the leaver's extension
			}
		}
		var doc syncDocument
		if err := json.Unmarshal([]byte(s.run(s.program, "sync", "--new", "--output", "json").out), &doc); err != nil {
			b.t.Fatal(err)
		}
		listener.Close()
		if got := sum(server.Calls()); got != doc.Accounts[0].APICalls {
			b.t.Errorf("%s: the run says %d calls, the simulator counted %d", shape.name, doc.Accounts[0].APICalls, got)
		}
		b.exact("calls, "+shape.name, sum(server.Calls()), want, "")
	}
	got, want := renewedCalls(b.t)
	b.exact("calls, 600 groups, with a RingCX renewal", got, want, "on a virtual clock, under RingCentral's limits")
}

// planner is the e-mail of an agent whom the generated role with WEMAccess admits.
func planner(a *simulator.Account) string {
	for _, agent := range a.SubAccounts[0].Groups[0].Agents {
		for _, e := range a.Extensions {
			if e.ID == agent.RCUserID && slices.Contains(e.Roles, "5") {
				return agent.Email
			}
		}
	}
	panic("no agent of the first group has the role")
}

// callsNeeded is a token, an exchange and a revoke; the account, administrators
// and sub-accounts; each sub-account's groups, each group's agents; and the
// pages of extensions.
func callsNeeded(a *simulator.Account) int {
	return 3 + 3 + groupCalls(a) + pages(len(a.Extensions))
}

func groupCalls(a *simulator.Account) (n int) {
	for _, sub := range a.SubAccounts {
		if !sub.Inactive {
			n += 1 + len(sub.Groups)
		}
	}
	return n
}

// secondLook is administrators, sub-accounts, groups and agents once more (R2).
func secondLook(a *simulator.Account) int { return 2 + groupCalls(a) }

func pages(records int) int { return max(1, (records+999)/1000) }

// rolePages are the roles, and who has them. The simulator, asked for no size,
// gives pages of 100 of the latter.
func rolePages(a *simulator.Account) int {
	assigned := 0
	for _, e := range a.Extensions {
		if len(e.Roles) > 0 {
			assigned++
		}
	}
	return pages(len(a.Roles)) + (assigned+99)/100
}

// renewedCalls reads a company so large that the limits make it take longer than
// a RingCX token lives.
func renewedCalls(t *testing.T) (got, want int) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.GenerateWith(simulator.GenerateOptions{People: 1800, Seed: 1, Groups: 600})
		world.Limits, world.Latency = &simulator.Limits{}, simulator.Duration(200*time.Millisecond)
		server := simulator.New(world, simulator.Options{})
		dir, err := ringcentral.New(ringcentral.Config{
			Account: "demo", BaseURL: "https://ringex.example.com", RingCXURL: "https://ringcx.example.com",
			MainAccountID: simulator.DemoMainAccountID, ClientID: simulator.DemoClientID,
			ClientSecret: simulator.DemoClientSecret, JWT: simulator.DemoJWT, Transport: server.Transport(),
		})
		if err == nil {
			_, err = dir.Snapshot(t.Context(), nil)
			dir.Close(t.Context())
		}
		calls := server.Calls()
		renewals := calls[simulator.OpRefresh] + calls[simulator.OpExchange] - 1
		if err != nil || renewals == 0 {
			t.Fatalf("%d renewals, %v", renewals, err)
		}
		got, want = sum(calls), callsNeeded(world.Accounts[0])+renewals
	})
	return got, want
}
