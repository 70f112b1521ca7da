package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/publish"
	"ringroster/cmd/ringroster/publish/postgrestest"
	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
	"ringroster/store"
)

const mirrorSettings = "contacts: {enabled: true}\npublish: [{name: warehouse, to: {postgres: {}}}]\n"

// mirrorDelivery delivers what is new to the mirror of a roster, compares all of it, and says
// what was delivered.
func mirrorDelivery(t *testing.T, file string) string {
	t.Helper()
	s, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), s.Database.Path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	said := ""
	p := wire.Publisher(s, version, st, func(d observe.Publication) {
		if d.Destination == "warehouse" {
			said = fmt.Sprintf("%d new, %d changed, %d gone", d.Added, d.Changed, d.Removed)
		}
		if d.Err != nil || d.Waits != "" {
			t.Errorf("%s: not delivered: %v%s", d.Destination, d.Err, d.Waits)
		}
	})
	if err := p.Deliver(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	mirrorIsEqual(t, p)
	return said
}

func mirrorIsEqual(t *testing.T, p *publish.Publisher) {
	t.Helper()
	compared, behind, err := p.Verify(t.Context(), "warehouse")
	if err != nil || behind > 0 {
		t.Fatalf("%d changes behind, %v", behind, err)
	}
	for i := range compared {
		if c := &compared[i]; !c.Equal() {
			t.Errorf("%+v", c)
		}
	}
}

// TestMirrorFollowsEveryCommand: whatever changes the roster, the mirror is its equal after the
// next delivery, row by row, though that looks at the news alone.
func TestMirrorFollowsEveryCommand(t *testing.T) {
	server := postgrestest.Start(t, "")
	t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", server.Database("warehouse"))
	world := simulator.Generate(60, 7)
	ringcentral := simulator.New(world, simulator.Options{})
	listener := httptest.NewServer(ringcentral)
	defer listener.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	base := "deactivation_grace: {days: 2}\nlimits: {onboardings: {floor: 1000}, updates: {floor: 1000}, deactivations: {floor: 1000}}\n" + wire.SimulatorSettings(world, listener.Listener.Addr().String())
	settings := func(more string) {
		if err := os.WriteFile(file, []byte(base+more), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ringroster := func(args ...string) func() {
		return func() {
			t.Helper()
			var out, errs bytes.Buffer
			if code := run(t.Context(), append([]string{"--config", file}, args...), nil, &out, &errs); code != 0 {
				t.Fatalf("%s ended with %d: %s%s", args, code, out.String(), errs.String())
			}
		}
	}
	changed := func(edit func(a *simulator.Account)) func() {
		return func() {
			ringcentral.Change(func(w *simulator.World) { edit(w.Accounts[0]) })
			ringroster("sync")()
		}
	}
	query := func(text string) func() {
		return func() {
			t.Helper()
			if _, err := openFile(t, filepath.Join(dir, "roster.db")).ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
	}
	group := world.Accounts[0].SubAccounts[0].Groups[0].ID
	sub := world.Accounts[0].SubAccounts[0].ID
	steps := []struct {
		name string
		do   func()
	}{
		{"first", ringroster("sync", "--new")},
		{"nothing new", ringroster("sync")},
		{"a name", changed(func(a *simulator.Account) { a.Rename("bea.mueller@example.com", "Beate", "Müller") })},
		{"an e-mail", changed(func(a *simulator.Account) { a.ChangeEmail("bea.mueller@example.com", "beate@example.com") })},
		{"a newcomer", changed(func(a *simulator.Account) {
			if err := a.Join(simulator.Newcomer{FirstName: "Zoe", LastName: "Lim", Email: "zoe@example.com", SubAccount: sub, Group: group}); err != nil {
				t.Fatal(err)
			}
		})},
		{"another supervisor", changed(func(a *simulator.Account) {
			if a.Supervise("zoe@example.com", "beate@example.com") == 0 {
				t.Fatal("nobody was given a supervisor")
			}
		})},
		{"the supervisor absent", changed(func(a *simulator.Account) { a.Leave("beate@example.com") })},
		{"teams", ringroster("roster", "set", "zoe@example.com", "teams=night,home")},
		{"a pin", ringroster("roster", "pin", "zoe@example.com", "job_title=Chief", "--reason", "so")},
		{"detached", ringroster("roster", "detach", "zoe@example.com")},
		{"attached", ringroster("roster", "attach", "zoe@example.com")},
		{"contacts", ringroster("contacts", "sync")},
		{"a supervisor deactivated by hand", query(`UPDATE members SET status = 'inactive' WHERE email IN ('beate@example.com', 'zoe@example.com')`)},
		{"put back by the sync", changed(func(*simulator.Account) {})},
		{"undone", ringroster("undo", "8", "--yes")},
		{"forgotten", ringroster("roster", "forget", "zoe@example.com", "--yes")},
		{"a pruned history, with the next change", changed(func(a *simulator.Account) {
			query(`DELETE FROM changes WHERE change_id < 5`)()
			a.Rename("lukasz.nguyen@example.com", "Lukas", "Nguyen")
		})},
		{"another account name", func() {
			ringroster("account", "rename", "demo", "acme")()
			base = strings.Replace(base, "name: demo", "name: acme", 1)
			settings(mirrorSettings)
		}},
	}
	for _, step := range steps {
		settings("contacts: {enabled: true}\n") // commands deliver nothing by themselves
		step.do()
		settings(mirrorSettings)
		said := mirrorDelivery(t, file)
		t.Logf("%s: %s", step.name, said)
		if t.Failed() {
			t.Fatal(step.name)
		}
	}
	if got := server.Query("warehouse", `SELECT count(*) FROM ringroster.roster_changes WHERE concat_ws(' ', before, after) ~ 'Zoe|Lim|zoe@'`); got != "0\n" {
		t.Errorf("who was forgotten stands in %s rows there", strings.TrimSpace(got))
	}
}

// TestMirrorCommands: what check, publish and its commands say of a mirror. The password of its
// address stands in none of it.
func TestMirrorCommands(t *testing.T) {
	server := postgrestest.Start(t, "")
	address := server.Database("warehouse")
	world := simulator.Generate(40, 7)
	listener := httptest.NewServer(simulator.New(world, simulator.Options{}))
	defer listener.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	text := "log: {format: json}\npublish: [{name: warehouse, to: {postgres: {}}}]\n" + wire.SimulatorSettings(world, listener.Listener.Addr().String())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	query := func(text string) func() { return func() { server.Query("warehouse", text) } }
	set := func(address string) func() {
		return func() { t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", address) }
	}
	for _, step := range []struct {
		do   func()
		args string
		code int
		want string
	}{
		{nil, "check", exitFailed, "fail  publish to warehouse: " + file + ":2: publish[0].to.postgres.url: destination warehouse has no address: set url_file, the systemd credential"},
		{set("postgres://postgres:pl%40nted%2Fsecret@db.example.com/warehouse?sslmode=require"), "check", exitFailed, "fail  publish to warehouse: db.example.com: the address asks for less than a"},
		{set(address), "sync --new -q", exitDone, ""},
		{nil, "publish status", exitDone, "warehouse\n  mirror        postgres schema ringroster\n"},
		{nil, "publish verify warehouse", exitDone, "roster          38    0        0      0"},
		{query(`DROP SCHEMA ringroster CASCADE`), "publish verify warehouse", exitFailed, "nothing was delivered to schema ringroster yet"},
		{nil, "publish warehouse --dry-run", exitDone, "roster: 38 new, 0 changed, 0 gone\nroster_logins: 39 new, 0 changed, 0 gone\nroster_changes: 38 new, 0 changed, 0 gone\nroster_runs: 1 new, 0 changed, 0 gone\nwarehouse: would deliver schema ringroster: 116 rows (116 new, 0 changed, 0\n  gone)\n"},
		{nil, "check", exitDone, "ok    publish to warehouse: the database lets us in, and lets us make schema ringroster"},
		{nil, "publish", exitDone, "warehouse: delivered schema ringroster: 116 rows (116 new, 0 changed, 0 gone)"},
		{nil, "check", exitDone, "ok    publish to warehouse: the database lets us in; schema ringroster mirrors"},
		{query(`UPDATE ringroster.roster_members SET email = 'x' WHERE member_id = 5`), "publish verify warehouse", exitFailed, "  roster: member_id 5: other email\n"},
		{nil, "publish verify warehouse --output json", exitFailed, `{"table":"roster","rows":38,"missing":0,"extra":0,"differ":1,"some":["member_id 5: other email"]}`},
		{nil, "publish", exitDone, "116 rows (0 new, 1 changed, 0 gone)"},
		{nil, "publish verify warehouse", exitDone, "roster          38    0        0      0"},
		{nil, "publish verify nothing", exitUsage, `the settings have no destination "nothing" under publish`},
		{query(`ALTER TABLE ringroster.contacts DROP COLUMN email`), "publish", exitFailed, "column email of\n  ringroster.contacts was changed by another hand"},
		{server.Down, "publish", exitFailed, "connection refused"},
	} {
		if step.do != nil {
			step.do()
		}
		var out bytes.Buffer
		code := run(t.Context(), append([]string{"--config", file}, strings.Fields(step.args)...), nil, &out, &out)
		if code != step.code || !strings.Contains(out.String(), step.want) {
			t.Errorf("%s: exit code %d, want %d; output:\n%s\nwant:\n%s", step.args, code, step.code, out.String(), step.want)
		}
		for _, secret := range postgrestest.Password() {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%s: the password is in its output:\n%s", step.args, out.String())
			}
		}
	}
	server.Up()
}
