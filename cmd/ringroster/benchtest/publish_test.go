package benchtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/publish/postgrestest"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/deliver"
)

// publishing measures deliveries of the big roster, each in a process of its own, with the
// memory that it takes. The database is a PostgreSQL on this machine, and the receiver of
// events takes them at once.
func (b *bench) publishing() {
	bus := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer bus.Close()
	b.t.Setenv("RINGROSTER_PUBLISH_BUS_URL", bus.URL)
	text := "database: {path: roster.db}\naccounts: [{name: demo, main_account_id: 1, client_id: x}]\npublish:\n" +
		"  - {name: drop, to: {dir: " + b.t.TempDir() + ", file: roster.csv}}\n" +
		"  - {name: bus, what: changes, to: {webhook: {}}}\n" +
		"  - {name: warehouse, to: {postgres: {}}}\n"
	if err := os.WriteFile(b.big.path("publish.yaml"), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.files()
	b.events()
	b.mirror()
}

// mostDelivering is the memory that a delivery may take, in MiB.
const mostDelivering = 144

// peaks is a row for the memory of deliveries.
func (b *bench) peaks(what string, all rounds) {
	b.row("peak memory, "+what, mib(all.highest()), mostDelivering, " MiB", "%s", all.spread())
}

// files measures a file against `roster export`, and that against the sqlite3 shell.
func (b *bench) files() {
	c := b.big
	var file, nothing, export, shell rounds
	for range b.rounds {
		c.subscribed()
		file = append(file, c.run(c.program, "publish", "drop", "--config", "publish.yaml"))
		nothing = append(nothing, c.delivered("drop", "nothing"))
		export = append(export, c.run("sh", "-c", `exec "$0" roster export >export.csv`, c.program))
		shell = append(shell, c.sql("roster.db", ".mode csv", ".once shell.csv", "SELECT * FROM roster"))
	}
	b.note("File", file)
	b.note("FileNothing", nothing)
	b.note("Export", export)
	b.note("ExportShell", shell)
	b.row("file, against roster export", file.cpu()/export.cpu(), 1.1, " x", "%s against %s", file.spread(), export.spread())
	b.row("roster export, against sqlite3 -csv", export.cpu()/shell.cpu(), 3, " x", "%s against %s", export.spread(), shell.spread())
	b.row("file, nothing new", 1000*nothing.wall(), 50, " ms", "on the clock")
	b.peaks("file", file)
	b.peaks("file, nothing new", nothing)
}

// events measures what it takes to tell all changes of the first load.
func (b *bench) events() {
	c := b.big
	var events rounds
	for range b.rounds {
		c.subscribed()
		events = append(events, c.delivered("bus", "everything"))
	}
	b.note("Events", events)
	b.peaks("all changes as events", events)
}

// mirror measures a mirror on the clock, against psql's \copy of the same rows.
func (b *bench) mirror() {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) == 0 {
		b.t.Log("SKIPPED: the mirror: no PostgreSQL")
		return
	}
	server, c := postgrestest.Start(b.t, ""), b.big
	b.t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", server.Database("warehouse"))
	var copied, first, nothing, day, verified rounds
	for range b.rounds {
		server.Query("warehouse", `DROP SCHEMA IF EXISTS ringroster CASCADE; DROP SCHEMA IF EXISTS copied CASCADE; CREATE SCHEMA copied`)
		c.subscribed()
		first = append(first, c.delivered("warehouse", "everything"))
		nothing = append(nothing, c.delivered("warehouse", "nothing"))
		copied = append(copied, b.copied(server))
		c.turn("day")
		c.run(c.program, "sync") // of this very file: a copy would be another roster
		day = append(day, c.delivered("warehouse", "some"))
		verified = append(verified, c.run(c.program, "publish", "verify", "warehouse", "--config", "publish.yaml"))
	}
	b.note("MirrorFirst", first)
	b.note("MirrorNothing", nothing)
	b.note("MirrorOnePercent", day)
	b.note("MirrorVerify", verified)
	b.note("Copy", copied)
	b.row(`first mirror, against \copy, on the clock`, first.wall()/copied.wall(), 3, " x", "%.2f s against %.2f s", first.wall(), copied.wall())
	b.row("mirror, 1 % changed, against the first", day.wall()/first.wall(), 0.15, " x", "%.2f s on the clock, %.2f s CPU of ringroster", day.wall(), day.cpu())
	b.row("mirror, nothing new", 1000*nothing.wall(), 50, " ms", "on the clock")
	b.peaks("first mirror", first)
	b.peaks("mirror, 1 % changed", day)
	b.peaks("mirror, nothing new", nothing)
	b.peaks("publish verify", verified)
}

// subscribed is the loaded roster with destinations that were given nothing, and are to be told
// all changes there ever were.
func (c *customer) subscribed() {
	c.workshop.t.Helper()
	c.roster(c.loaded)
	c.delivered("bus", "nothing") // who is new is told what is to come
	c.sql("roster.db", "UPDATE published SET restored = 0", "UPDATE destinations SET cursor = 0")
}

// delivered makes one pass of the publisher to a destination, in another process that says
// itself what it took, and sees that it did what it is measured for.
func (c *customer) delivered(name, what string) (u usage) {
	c.workshop.t.Helper()
	out := c.run("bench-deliver", name).out
	rows := 0
	if _, err := fmt.Sscan(out, &rows, &u.wall, &u.cpu, &u.peak); err != nil {
		c.workshop.t.Fatalf("bench-deliver printed %q: %v", out, err)
	}
	fits := map[string]bool{"nothing": rows == 0, "some": 150*rows > c.people && 10*rows < c.people, "everything": 10*rows > 9*c.people}
	if !fits[what] {
		c.workshop.t.Fatalf("a delivery to %s of %d people is measured for bringing %s and brought %d rows", name, c.people, what, rows)
	}
	return u
}

// benchDeliver makes a pass to the destination of a name, and prints the number of rows that it
// brought, nanoseconds on the clock and of CPU, and the peak of the memory.
func benchDeliver() error {
	ctx := context.Background()
	s, err := config.Load("publish.yaml")
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, s.Database.Path, store.Options{})
	if err != nil {
		return err
	}
	rows, vain := 0, error(nil)
	p := wire.Publisher(s, benchVersion, st, func(d observe.Publication) {
		rows += d.Added + d.Changed + d.Removed
		if d.Destination == "bus" {
			rows += d.Rows
		}
		if vain = d.Err; d.Waits != "" {
			vain = errors.New(d.Waits)
		}
	})
	began, used := time.Now(), cpuTime()
	err = p.Deliver(ctx, os.Args[1])
	fmt.Println(rows, time.Since(began).Nanoseconds(), (cpuTime() - used).Nanoseconds(), peakOf("self"))
	return errors.Join(err, vain, st.Close())
}

// copied has psql copy what the sqlite3 shell writes of the same views.
func (b *bench) copied(server *postgrestest.Server) (u usage) {
	for _, view := range deliver.Mirrored() {
		b.big.sql("roster.db", ".mode csv", ".once "+view.Name+".csv", "SELECT * FROM "+view.Name)
		server.Query("warehouse", fmt.Sprintf(`CREATE TABLE copied.%[1]s (LIKE ringroster.%[1]s)`, view.Name))
		began := time.Now()
		server.Query("warehouse", fmt.Sprintf(`\copy copied.%s FROM '%s' CSV`, view.Name, b.big.path(view.Name+".csv")))
		u.wall += time.Since(began)
	}
	return u
}
