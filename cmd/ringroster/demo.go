package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
)

func demoCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "Show the whole story on a simulated RingCentral", Args: cobra.NoArgs,
		Long: `Plays some days of an invented company: first sync, a day of changes, a mass
disappearance, a wrong run undone, the company's directory. Everything happens on this machine, in a temporary folder.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context()) },
	}
}

// demo runs real commands against the simulator and shows each with its output.
func (a *app) demo(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "ringroster-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	world := simulator.Generate(40, 7)
	world.AuditDelay = simulator.Duration(time.Nanosecond) // nobody waits five minutes
	world.Accounts[0].Scopes = []string{"ReadAccounts", "ReadAuditTrail"}
	world.Accounts[0].Editor = world.Accounts[0].Administrators[1].Email
	server := simulator.New(world, simulator.Options{})
	address, _, err := serve(ctx, "--listen", "127.0.0.1:0", server)
	if err != nil {
		return err
	}
	inbox := &demoInbox{}
	mailbox, _, err := serve(ctx, "--listen", "127.0.0.1:0", inbox)
	if err != nil {
		return err
	}
	settings := filepath.Join(dir, "config.yaml")
	text := "log: {level: error, format: console}\ncontacts: {enabled: true}\nattribution: {enabled: true}\n" + demoRules + demoNotices(mailbox.String()) + wire.SimulatorSettings(world, address.String())
	if err := writeNew(settings, text); err != nil {
		return err
	}
	show := &stage{ctx: ctx, out: a.stdout, settings: settings, server: server, inbox: inbox}
	for _, scene := range []func(*stage) error{firstSync, dayOfChanges, massDisappearance, wrongRun, theDirectory, farewell} {
		if err := scene(show); err != nil {
			return err
		}
	}
	return nil
}

// demoRules give whoever joins the first team what its people have.
const demoRules = `onboarding:
  rules: [{name: team-a, when: {agent_group: "Team A"}, set: {teams: [team-a], permissions: {outbound_calls: true}}}]
`

// stage is where the demo plays.
type stage struct {
	ctx      context.Context
	out      io.Writer
	settings string
	server   *simulator.Server
	inbox    *demoInbox
	failed   error
}

// say prints the narrator's lines.
func (s *stage) say(lines string) {
	_, _ = fmt.Fprintf(s.out, "\n# %s\n", strings.ReplaceAll(lines, "\n", "\n# "))
}

// command runs ringroster as a user would and shows what they would see. want is
// the exit code that belongs to the story.
func (s *stage) command(want int, args ...string) {
	if s.failed != nil {
		return
	}
	words := slices.Clone(args)
	for i, word := range words {
		if strings.Contains(word, " ") {
			words[i] = "'" + word + "'"
		}
	}
	_, _ = fmt.Fprintf(s.out, "\n$ ringroster %s\n", strings.Join(words, " "))
	code := run(s.ctx, append([]string{"--config", s.settings}, args...), strings.NewReader(""), s.out, s.out)
	if code != exitDone {
		_, _ = fmt.Fprintf(s.out, "(exit code %d)\n", code)
	}
	if code != want {
		s.failed = fmt.Errorf("the demo expected exit code %d from %q and got %d", want, args, code)
	}
}

// world changes the simulated company.
func (s *stage) world(edit func(*simulator.Account) error) {
	s.server.Change(func(w *simulator.World) {
		if err := edit(w.Accounts[0]); err != nil && s.failed == nil {
			s.failed = err
		}
	})
}

func firstSync(s *stage) error {
	s.say("A company of 40 people works in RingCentral, some as agents in RingCX, some as\nadministrators. There is no roster yet. What would a first sync do?")
	s.command(exitDone, "plan", "--user", s.somebody(0))
	s.say("One person looks right. Now everybody; a roster begins only where --new says so:")
	s.command(exitDone, "sync", "--new")
	s.command(exitDone, "roster", "list", "--role", "supervisor")
	s.say("The same sync again finds nothing to do, and writes no history:")
	s.command(exitDone, "sync")
	return s.failed
}

func dayOfChanges(s *stage) error {
	renamed, left := s.somebody(1), s.somebody(2)
	s.say("A day later: Ada Newcomb has joined, one person has married, one has left.")
	s.world(func(a *simulator.Account) error {
		a.Leave(left)
		a.Rename(renamed, "Robin", "Married-Name")
		return a.Join(simulator.Newcomer{FirstName: "Ada", LastName: "Newcomb", Email: "ada.newcomb@example.com"})
	})
	s.command(exitDone, "plan")
	s.command(exitDone, "sync")
	s.command(exitDone, "history", renamed)
	s.say("Why is that one person inactive? And who in RingCentral removed them?")
	s.command(exitDone, "explain", left)
	s.say("A rule of the settings gave Ada her team. She stands in for a supervisor this\nmonth, which RingCentral does not know: a pin holds that against the sync.")
	s.command(exitDone, "roster", "pin", "39", "role=Supervisor", "--until", "2099-12-31", "--reason", "stands in", "--actor", "operator")
	s.command(exitDone, "sync")
	s.command(exitDone, "roster", "show", "ada.newcomb@example.com")
	return s.failed
}

func massDisappearance(s *stage) error {
	s.say("And then, one night, RingCentral no longer lists half of the agents. Did they\nall leave, or is something wrong over there? ringroster does not guess.")
	missing := []string{}
	s.world(func(a *simulator.Account) error {
		for i := 3; i < 17; i++ {
			missing = append(missing, nth(a, i))
		}
		for _, email := range missing {
			a.Leave(email)
		}
		return nil
	})
	s.command(exitHeld, "sync")
	s.say("Whom the settings name under notify is told, by mail or in a chat:")
	s.notice()
	s.command(exitDone, "held")
	s.command(exitDone, "explain", missing[0])
	s.say("Nobody was deactivated. It was a mistake over there, so keep them:")
	s.command(exitDone, "reject", s.heldRun(), "--yes", "--actor", "operator", "--note", "RingCentral incident")
	s.command(exitDone, "sync")
	return s.failed
}

func wrongRun(s *stage) error {
	renamed := s.somebody(1)
	s.say("A wrong feed renames somebody in RingCentral, and a sync follows before anybody\nnotices. Undo puts back what that run did, and says how long it holds:")
	s.world(func(a *simulator.Account) error {
		a.Rename(renamed, "TEST", "RECORD")
		return nil
	})
	s.command(exitDone, "sync")
	s.command(exitDone, "undo", s.lastRun(), "--yes", "--actor", "operator", "--note", "wrong feed")
	s.command(exitDone, "history", renamed)
	s.world(func(a *simulator.Account) error {
		a.Rename(renamed, "Robin", "Married-Name")
		return nil
	})
	return s.failed
}

func farewell(s *stage) error {
	s.say("Every run and every change can be read back, here or with any SQLite client:")
	s.command(exitDone, "runs")
	s.say("That was all on this machine. To rehearse by yourself: `ringroster simulate`.")
	return s.failed
}

// somebody is the e-mail of the nth agent who has an extension and is nobody else.
func (s *stage) somebody(n int) (email string) {
	s.world(func(a *simulator.Account) error {
		email = nth(a, n)
		return nil
	})
	return email
}

// nth picks plain agents: active, with a working extension, no administrators.
func nth(a *simulator.Account, n int) string {
	working := map[int64]bool{}
	for _, e := range a.Extensions {
		working[e.ID] = e.Status == "" || e.Status == "Enabled"
	}
	for _, admin := range a.Administrators {
		working[admin.RCUserID] = false
	}
	for _, sub := range a.SubAccounts {
		for _, group := range sub.Groups {
			for _, agent := range group.Agents {
				if agent.Inactive || sub.Inactive || !working[agent.RCUserID] {
					continue
				}
				if n == 0 {
					return agent.Email
				}
				n--
			}
		}
	}
	return ""
}

// heldRun is the number of the held set.
func (s *stage) heldRun() string { return s.firstCell("held") }

// lastRun is the number of the newest run.
func (s *stage) lastRun() string { return s.firstCell("runs") }

// firstCell is the first value that a listing prints.
func (s *stage) firstCell(command string) string {
	var out strings.Builder
	run(s.ctx, []string{"--config", s.settings, command, "--output", "csv"}, strings.NewReader(""), &out, io.Discard)
	lines := strings.Split(out.String(), "\n")
	if len(lines) < 2 {
		return ""
	}
	number, _, _ := strings.Cut(lines[1], ",")
	return number
}
