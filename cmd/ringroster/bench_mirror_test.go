package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/publish/postgrestest"
	"ringroster/store"
)

// mirror measures deliveries to a PostgreSQL on this machine, on the clock, against psql's
// \copy of the same rows.
func (b *bench) mirror() {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) == 0 {
		b.t.Log("SKIPPED: the mirror: no PostgreSQL")
		return
	}
	server, c := postgrestest.Start(b.t, ""), b.big
	b.t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", server.Database("warehouse"))
	var copied, first, nothing, day rounds
	for range b.rounds {
		server.Query("warehouse", `DROP SCHEMA IF EXISTS ringroster CASCADE; DROP SCHEMA IF EXISTS copied CASCADE; CREATE SCHEMA copied`)
		c.roster(c.loaded)
		first = append(first, b.deliver())
		nothing = append(nothing, b.deliver())
		copied = append(copied, b.copied(server))
		c.turn("day")
		c.run(c.program, "sync") // of this very file: a copy would be another roster
		day = append(day, b.deliver())
	}
	b.note("MirrorFirst", first)
	b.note("MirrorNothing", nothing)
	b.note("MirrorOnePercent", day)
	b.note("Copy", copied)
	b.row(`first mirror, against \copy, on the clock`, first.wall()/copied.wall(), 3, " x", "%.2f s against %.2f s", first.wall(), copied.wall())
	b.row("mirror, 1 % changed, against the first", day.wall()/first.wall(), 0.15, " x", "%.2f s on the clock, %.2f s CPU of ringroster", day.wall(), day.cpu())
	b.row("mirror, nothing new", 1000*nothing.wall(), 50, " ms", "on the clock")
}

// deliver makes one pass of the publisher.
func (b *bench) deliver() (u usage) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "config.yaml")
	text := fmt.Sprintf("database: {path: %s}\naccounts: [{name: demo, main_account_id: 1, client_id: x}]\npublish: [{name: warehouse, to: {postgres: {}}}]\n", b.big.path("roster.db"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	s, err := config.Load(file)
	if err != nil {
		b.t.Fatal(err)
	}
	st, err := store.Open(b.t.Context(), s.Database.Path, store.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	p := publisher(s, st, func(d observe.Publication) {
		if d.Err != nil || d.Waits != "" {
			b.t.Errorf("not delivered: %v%s", d.Err, d.Waits)
		}
	})
	began, used := time.Now(), cpuTime()
	if err := p.Deliver(b.t.Context(), ""); err != nil {
		b.t.Fatal(err)
	}
	u.wall, u.cpu = time.Since(began), cpuTime()-used
	return u
}

// copied has psql copy what the sqlite3 shell writes of the same views.
func (b *bench) copied(server *postgrestest.Server) (u usage) {
	for _, view := range store.Mirrored() {
		b.big.sql("roster.db", ".mode csv", ".once "+view.Name+".csv", "SELECT * FROM "+view.Name)
		server.Query("warehouse", fmt.Sprintf(`CREATE TABLE copied.%[1]s (LIKE ringroster.%[1]s)`, view.Name))
		began := time.Now()
		server.Query("warehouse", fmt.Sprintf(`\copy copied.%s FROM '%s' CSV`, view.Name, b.big.path(view.Name+".csv")))
		u.wall += time.Since(began)
	}
	return u
}
