package ringcentral

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

// lookedOnce has taken the snapshot of a generated company, with pages of n
// extensions, and has forgotten the calls that took.
func lookedOnce(t *testing.T, n int) (*Directory, *simulator.Server, *sync.Snapshot) {
	t.Helper()
	world := simulator.Generate(60, 1)
	world.Faults = []*simulator.Fault{{Kind: "per_page_lowered", Op: simulator.OpExtensions, N: n}}
	s := simulator.New(world, simulator.Options{})
	cfg := demoConfig(s)
	cfg.Roles = true
	d := mustNew(t, cfg)
	t.Cleanup(func() { d.Close(t.Context()) })
	first, err := d.Snapshot(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.ResetCounters()
	return d, s, first
}

func calls(s *simulator.Server) map[simulator.Operation]int {
	n := maps.Clone(s.Calls())
	maps.DeleteFunc(n, func(_ simulator.Operation, n int) bool { return n == 0 })
	return n
}

// R2: the second look reads what was asked for, and nothing else.
func TestTheSecondLookReadsWhatIsAskedFor(t *testing.T) {
	d, s, first := lookedOnce(t, 30)
	ids := people(first, 60)
	byList := func(names ...string) []sync.List {
		return slices.DeleteFunc(slices.Clone(first.Lists), func(l sync.List) bool {
			return !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(l.Name, name) })
		})
	}
	pages := (lengthOf(t, first, "extensions") + 29) / 30
	asked := func(ids ...string) []sync.Extension {
		return slices.DeleteFunc(slices.Clone(first.Extensions), func(x sync.Extension) bool { return !slices.Contains(ids, x.ID) })
	}
	for name, c := range map[string]struct {
		look  sync.Look
		want  sync.Snapshot
		calls map[simulator.Operation]int
	}{
		"nothing": {calls: map[simulator.Operation]int{}},
		"RingCX": {
			look:  sync.Look{RingCX: true},
			want:  sync.Snapshot{Admins: first.Admins, SubAccounts: first.SubAccounts, Lists: byList("administrators", "sub-accounts", "agent")},
			calls: map[simulator.Operation]int{simulator.OpAdministrators: 1, simulator.OpSubAccounts: 1, simulator.OpGroups: 2, simulator.OpAgents: 4},
		},
		"roles": {
			look:  sync.Look{Roles: true},
			want:  sync.Snapshot{Roles: first.Roles, Assigned: first.Assigned, Lists: byList("roles", "assigned")},
			calls: map[simulator.Operation]int{simulator.OpRoles: 1, simulator.OpAssignedRoles: 1},
		},
		"fewer extensions than pages": {
			look:  sync.Look{Extensions: []string{ids[1], ids[0], ids[1]}},
			want:  sync.Snapshot{Extensions: asked(ids[0], ids[1])},
			calls: map[simulator.Operation]int{simulator.OpOwnRegional: 2},
		},
		"as many extensions as pages": {
			look:  sync.Look{Extensions: ids[:pages]},
			want:  sync.Snapshot{Extensions: asked(ids[:pages]...), Lists: byList("extensions")},
			calls: map[simulator.Operation]int{simulator.OpExtensions: pages},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.ResetCounters()
			again, err := d.LookAgain(t.Context(), c.look, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.calls, calls(s)); diff != "" {
				t.Errorf("calls: %s", diff)
			}
			c.want.Account = "acme"
			if diff := cmp.Diff(c.want, facts(again)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// R2: an extension that is absent from the answer is gone, however it was read;
// one that is there says what it says now.
func TestTheSecondLookSeesWhoseExtensionIsGone(t *testing.T) {
	for name, asked := range map[string]int{"alone": 3, "by the list": 40} {
		t.Run(name, func(t *testing.T) {
			d, s, first := lookedOnce(t, 10)
			ids := people(first, asked)
			gone, disabled := ids[0], ids[1]
			s.Change(func(w *simulator.World) {
				a := acme(w)
				a.Extensions = slices.DeleteFunc(a.Extensions, func(e *simulator.Extension) bool { return fmt.Sprint(e.ID) == gone })
				for _, e := range a.Extensions {
					if fmt.Sprint(e.ID) == disabled {
						e.Status = "Disabled"
					}
				}
			})
			again, err := d.LookAgain(t.Context(), sync.Look{Extensions: ids}, nil)
			if err != nil {
				t.Fatal(err)
			}
			status := map[string]string{}
			for _, x := range again.Extensions {
				status[x.ID] = x.Status
			}
			if _, there := status[gone]; there || len(status) != asked-1 || status[disabled] != "Disabled" {
				t.Errorf("%d of %d extensions, one that is gone: %t, one that was disabled: %q", len(status), asked, there, status[disabled])
			}
		})
	}
}

// R2: only RingEX's own word for an id that does not exist means gone. A gateway's
// 404, a web page's, or an answer about somebody else proves nothing.
func TestTheSecondLookTakesNoOther404ForGone(t *testing.T) {
	for name, f := range map[string]simulator.Fault{
		"a gateway's":     {Kind: "status", Status: 404, Shape: "gateway", Code: "AGW-404", Message: "Resource not found"},
		"a web page":      {Kind: "status", Status: 404, Shape: "html"},
		"an empty body":   {Kind: "status", Status: 404, Shape: "empty"},
		"another code":    {Kind: "status", Status: 404, Shape: "ringex", Code: "CMN-201", Message: "Service unavailable"},
		"an empty object": {Kind: "empty_object"},
		"null":            {Kind: "null"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, s, first := lookedOnce(t, 10)
				s.Change(func(w *simulator.World) {
					f.Op = simulator.OpOwnRegional
					w.Faults = append(w.Faults, &f)
				})
				again, err := d.LookAgain(t.Context(), sync.Look{Extensions: people(first, 2)}, nil)
				if again != nil || err == nil || !strings.Contains(err.Error(), "reading extension ") {
					t.Errorf("%+v, %v", again, err)
				}
			})
		})
	}
}
