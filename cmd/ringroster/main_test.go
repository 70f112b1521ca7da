package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
	"ringroster/store"
	"ringroster/store/storetest"
)

// TestMain lets the scripts run this very program as `ringroster`.
func TestMain(m *testing.M) {
	commands := map[string]func(){
		"ringroster": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			keepRunningUnread()
			os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	}
	if _, err := exec.LookPath("sqlite3"); err != nil || filepath.Base(os.Args[0]) == "sqlite3" {
		ownShell = true
		commands["sqlite3"] = sqliteShell
	}
	if name := filepath.Base(os.Args[0]); commands[name] != nil {
		os.Args[0] = name
		commands[name]()
		return
	}
	code, err := runWithCommands(m, slices.Collect(maps.Keys(commands)))
	if err != nil {
		panic(err)
	}
	os.Exit(code)
}

// simulatorKey finds a script's own simulator.
type simulatorKey struct{}

// beginRoster makes an empty roster, as `ringroster sync --new` does before it syncs.
func beginRoster(t testing.TB, path string) {
	t.Helper()
	if err := begin(path); err != nil {
		t.Fatal(err)
	}
}

var begin = storetest.Copies(store.Open, store.Options{New: true})

// TestScripts runs testdata/script: each starts with an empty roster, a
// simulated RingCentral of its own, and settings for it in config.yaml.
func TestScripts(t *testing.T) {
	dir, err := filepath.Abs(filepath.Join("testdata", "script"))
	if err != nil {
		t.Fatal(err)
	}
	path := os.Getenv("PATH") // while no script has put its environment in the place of ours
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			world := simulator.Generate(40, 7)
			server := simulator.New(world, simulator.Options{})
			listener := httptest.NewServer(server)
			env.Defer(listener.Close)
			env.Values[simulatorKey{}] = server
			address := listener.Listener.Addr().String()
			env.Setenv("PATH", path)
			env.Setenv("SIM", "http://"+address+"/")
			env.Setenv("SUDO_USER", "operator")
			var names []string
			for _, variable := range env.Vars {
				name, _, _ := strings.Cut(variable, "=")
				names = append(names, name)
			}
			env.Values[environmentKey{}] = names
			return errors.Join(begin(filepath.Join(env.WorkDir, "roster.db")),
				writeNew(filepath.Join(env.WorkDir, "config.yaml"), wire.SimulatorSettings(world, address)))
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"ringroster": programCommand,
			"world":      worldCommand,
			"exit":       exitCommand,
			"inbox":      inboxCommand,
			"waitfor": func(ts *testscript.TestScript, _ bool, args []string) {
				for deadline := time.Now().Add(20 * time.Second); ; {
					if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
						return
					}
					if time.Now().After(deadline) {
						ts.Fatalf("%s does not come", args[0])
					}
					runtime.Gosched()
				}
			},
		},
	})
}

// inboxCommand starts the other end of a webhook, at $HOOK, which keeps each call in a file
// hook.1, hook.2 … and answers with a status:
//
//	inbox [STATUS]
func inboxCommand(ts *testscript.TestScript, _ bool, args []string) {
	status := http.StatusOK
	if len(args) > 0 {
		status, _ = strconv.Atoi(args[0])
	}
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			return // a check
		}
		body, _ := io.ReadAll(r.Body)
		calls++
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, os.WriteFile(ts.MkAbs(fmt.Sprintf("hook.%d", calls)), body, 0o600))
	}))
	ts.Defer(server.Close)
	ts.Setenv("HOOK", server.URL)
}

// worldCommand changes the simulated company while a script runs:
//
//	world leave EMAIL…        world join FIRST LAST EMAIL [GROUP]     world rename EMAIL FIRST LAST
//	world email EMAIL NEW     world fault KIND OPERATION [COUNT [STATUS]]    world heal
//	world secret NEW          world wfo yes|no                 world zone EMAIL TIMEZONE LANGUAGE
//	world wave N [DOMAIN]     N newcomers, or N people get an address in another domain
//	world hide GROUP          an agent group is no longer listed
//	world promote EMAIL…      they are administrators, too
//	world audit open|closed   RingCentral's logs can be read, and tell at once; or they cannot
//	world editor EMAIL        who makes the changes from now on
//	world suspend EMAIL       world retype EMAIL TYPE          world disable EMAIL REASON COMMENT
func worldCommand(ts *testscript.TestScript, _ bool, args []string) {
	server, ok := ts.Value(simulatorKey{}).(*simulator.Server)
	if !ok || len(args) == 0 {
		ts.Fatalf("world: no simulator, or nothing to do")
	}
	server.Change(func(w *simulator.World) {
		if err := changeWorld(w, w.Accounts[0], args[0], args[1:]); err != nil {
			ts.Fatalf("world %v: %v", args, err)
		}
	})
}

func changeWorld(w *simulator.World, a *simulator.Account, verb string, args []string) error {
	switch verb {
	case "leave":
		for _, email := range args {
			if a.Leave(email) == 0 {
				return fmt.Errorf("nobody is called %s", email)
			}
		}
	case "join":
		p := simulator.Newcomer{FirstName: args[0], LastName: args[1], Email: args[2]}
		if len(args) > 3 {
			p.Group, _ = strconv.ParseInt(args[3], 10, 64)
		}
		return a.Join(p)
	case "wave":
		n, err := strconv.Atoi(args[0])
		if len(args) > 1 {
			return errors.Join(err, moveAddresses(a, n, args[1]))
		}
		for i := range n {
			name := fmt.Sprintf("Wave%02d", i+1)
			err = errors.Join(err, a.Join(simulator.Newcomer{FirstName: name, LastName: "New", Email: strings.ToLower(name) + "@example.com"}))
		}
		return err
	case "hide":
		for _, sub := range a.SubAccounts {
			sub.Groups = slices.DeleteFunc(sub.Groups, func(g *simulator.Group) bool { return fmt.Sprint(g.ID) == args[0] })
		}
	case "promote":
		for _, e := range a.Extensions {
			if slices.Contains(args, e.Email) {
				a.Administrators = append(a.Administrators, &simulator.Administrator{
					ID: e.ID, RCUserID: e.ID, FirstName: e.FirstName, LastName: e.LastName, Email: e.Email,
				})
			}
		}
	case "audit":
		w.AuditDelay, a.NoAuditLog, a.Scopes = 1, args[0] == "closed", nil
		if args[0] == "open" {
			a.Scopes = []string{"ReadAccounts", "ReadAuditTrail"}
		}
	case "editor":
		a.Editor = args[0]
	case "suspend":
		a.Suspend(args[0])
	case "retype":
		a.Retype(args[0], args[1])
	case "disable":
		a.Disable(args[0], args[1], args[2])
	case "rename":
		a.Rename(args[0], args[1], args[2])
	case "email":
		a.ChangeEmail(args[0], args[1])
	case "supervise": // by whom; "": by nobody
		a.Supervise(args[0], args[1])
	case "supervisors": // whether RingCX says anything of them
		a.NoSupervisors = args[0] == "no"
	case "secret":
		a.ClientSecret = args[0]
	case "zone":
		for _, e := range a.Extensions {
			if e.Email == args[0] {
				e.TimeZone, e.Language = args[1], args[2]
			}
		}
	case "reference", "custom":
		for _, e := range a.Extensions {
			if e.Email == args[0] && verb == "custom" {
				e.CustomFields = map[string]string{args[1]: args[2]}
			} else if e.Email == args[0] {
				e.References = map[string]string{args[1]: args[2]}
			}
		}
	case "wfo":
		a.NoWFOAccess = args[0] == "no"
	case "heal":
		w.Faults = nil
	case "fault":
		f := &simulator.Fault{Kind: args[0], Op: simulator.Operation(args[1])}
		for i, number := range []*int{&f.Count, &f.Status} {
			if len(args) > i+2 {
				*number, _ = strconv.Atoi(args[i+2])
			}
		}
		w.Faults = append(w.Faults, f)
	default:
		return fmt.Errorf("no such change")
	}
	return nil
}

// moveAddresses gives n agents addresses in another domain.
func moveAddresses(a *simulator.Account, n int, domain string) error {
	for ; n > 0; n-- {
		email := ""
		for _, group := range a.SubAccounts[0].Groups {
			for _, agent := range group.Agents {
				if strings.HasSuffix(agent.Email, "@example.com") {
					email = agent.Email
				}
			}
		}
		name, _, found := strings.Cut(email, "@")
		if !found {
			return fmt.Errorf("%d people too few", n)
		}
		a.ChangeEmail(email, name+"@"+domain)
	}
	return nil
}

// exitCommand runs a command that must end with the given exit code:
// exit CODE ringroster ARGS…, or another command
func exitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND ARGS…")
	}
	want := args[0]
	if args[1] == "ringroster" {
		if got := strconv.Itoa(program(ts, args[2:])); got != want {
			ts.Fatalf("exit code %s, want %s", got, want)
		}
		return
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = "not an exit code: " + err.Error()
		var exit interface{ ExitCode() int }
		if e, ok := err.(interface{ ExitCode() int }); ok {
			exit = e
			got = strconv.Itoa(exit.ExitCode())
		}
	}
	if got != want {
		ts.Fatalf("exit code %s, want %s", got, want)
	}
}
