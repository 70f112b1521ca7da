package benchtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral"
	"ringroster/ringcentral/simulator"
	"ringroster/store"
	"ringroster/sync"
	"ringroster/sync/reconcile"

	"go.uber.org/zap"
)

// What runs beside the program that is measured, in processes of its own (TestMain).

// benchGroupSize is how many agents a group has at most: less than 1,000, which
// would look like a list that was cut (R22).
const benchGroupSize = 997

// benchWorldOf is a company of so many people in few sub-accounts: what RingCX
// lets through in a minute is enough to read it.
func benchWorldOf(people int) *simulator.World {
	agents := people + people/10 // some have two logins
	world := simulator.GenerateWith(simulator.GenerateOptions{
		People: people, Seed: 1, SubAccounts: 2, Groups: max(2, (agents+benchGroupSize-1)/benchGroupSize),
	})
	world.Accounts[0].Scopes = []string{"ReadAccounts", "ReadAuditTrail"}
	return world
}

// benchDay changes one person in a hundred: most get another name, some another
// department, some are disabled, and some are new. Nobody leaves by absence,
// since that makes a run read RingCX twice (R2).
func benchDay(a *simulator.Account) {
	renamed, groups := map[string]bool{}, a.SubAccounts[0].Groups
	for i, e := range a.Extensions {
		if i%100 != 50 || e.Email == "" || e.Status != "" || e.Type != "" {
			continue
		}
		switch i / 100 % 10 {
		case 3:
			a.Disable(e.Email, "Voluntarily", "left")
		case 5:
			e.Department = "Moved"
		case 7:
			_ = a.Join(simulator.Newcomer{
				FirstName: "New", LastName: e.LastName, Email: "new." + e.Email,
				SubAccount: a.SubAccounts[0].ID, Group: groups[i/1000%len(groups)].ID,
			})
		default:
			e.LastName += "-New"
			renamed[e.Email] = true
		}
	}
	for _, sub := range a.SubAccounts {
		for _, g := range sub.Groups {
			for _, agent := range g.Agents {
				if renamed[agent.Email] {
					agent.LastName += "-New"
				}
			}
		}
	}
}

// benchSimulator serves `-people` at one address, either as they were made or
// after benchDay: POST /turn/{quiet,day} of the control address says which. It
// prints both addresses and ends with its standard input.
func benchSimulator() error {
	people := flag.Int("people", 100, "")
	flag.Parse()
	day := benchWorldOf(*people)
	benchDay(day.Accounts[0])
	worlds := map[string]*simulator.Server{
		"quiet": simulator.New(benchWorldOf(*people), simulator.Options{}),
		"day":   simulator.New(day, simulator.Options{}),
	}
	var now atomic.Pointer[simulator.Server]
	now.Store(worlds["quiet"])
	control := http.NewServeMux()
	control.HandleFunc("POST /turn/{world}", func(_ http.ResponseWriter, r *http.Request) { now.Store(worlds[r.PathValue("world")]) })
	control.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { now.Load().Control().ServeHTTP(w, r) })
	front := func(w http.ResponseWriter, r *http.Request) { now.Load().ServeHTTP(w, r) }
	for _, handler := range []http.Handler{http.HandlerFunc(front), control} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println(l.Addr())
		go func() { _ = http.Serve(l, handler) }()
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// benchFetch is a program that only fetches and decodes, with the same client,
// what a run of the members or, given any argument, of the contacts does: what
// runs are measured against.
func benchFetch() error {
	ctx := context.Background()
	s, err := config.Load("config.yaml")
	if err != nil {
		return err
	}
	dir, err := wire.Connect(s, benchVersion, &s.Accounts[0], nil)
	if err != nil {
		return err
	}
	defer dir.Close(ctx)
	if len(os.Args) > 1 { // contacts
		_, err = dir.(*ringcentral.Directory).Contacts(ctx, nil)
	} else {
		_, err = dir.Snapshot(ctx, nil)
	}
	return err
}

// benchApply makes a first sync and prints the CPU seconds of its commit alone.
func benchApply() error {
	ctx := context.Background()
	s, err := config.Load("config.yaml")
	if err != nil {
		return err
	}
	s.Snapshots.Keep = 0
	st, err := store.Open(ctx, s.Database.Path, store.Options{New: true})
	if err != nil {
		return err
	}
	timed := &timedCommit{Roster: st}
	_, results, err := wire.Runner(s, benchVersion, timed, observe.NewLog(zap.NewNop(), time.Now)).Sync(ctx, reconcile.Request{
		Run: sync.Run{Accounts: []string{s.Accounts[0].Name}, Trigger: sync.Manual, Actor: "bench"},
	})
	if err == nil {
		err = results[0].Err
	}
	if err == nil {
		fmt.Println(timed.took.Seconds())
	}
	return errors.Join(err, st.Close())
}

type timedCommit struct {
	sync.Roster
	took time.Duration
}

func (t *timedCommit) Commit(ctx context.Context, c *sync.Commit) error {
	began := cpuTime()
	defer func() { t.took += cpuTime() - began }()
	return t.Roster.Commit(ctx, c)
}

// cpuTime is what this process has used, in user and system mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
