package benchtest

import (
	"debug/elf"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// `make bench` sets these. With the program alone, as `make rehearsal` has it, TestBench is
// small, so that it cannot rot: it measures everything and its verdicts mean nothing.
var (
	benchPeopleFlag = flag.Int("bench.people", 250, "how many people TestBench measures with; the bars are for 100,000")
	benchRoundsFlag = flag.Int("bench.rounds", 1, "how often TestBench measures each thing, in turn")
	benchProgram    = flag.String("bench.program", "", "the ringroster that is measured; empty: TestBench is skipped")
	benchGoFile     = flag.String("bench.go", "", "the output of the Go benchmarks, for the ratios among them")
	benchTable      = flag.String("bench.table", "", "where TestBench writes its table")
)

// TestBench measures what the program promises about speed and size, each as a
// ratio within this one run, or as a count. Processes are measured whole: CPU
// seconds, user and system, medians of rounds in turn; the simulated RingCentral
// is a process of its own, without limits. It fails only when it cannot measure.
func TestBench(t *testing.T) {
	if *benchProgram == "" {
		t.Skip("it starts dozens of processes: make bench, or make rehearsal with few people")
	}
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("it measures against the sqlite3 shell, which is not installed")
	}
	program, err := filepath.Abs(*benchProgram)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, program: program, people: *benchPeopleFlag, rounds: *benchRoundsFlag}
	b.calls()
	b.big, b.small = b.customer(b.people), b.customer(b.people/10)
	b.wholeRuns()
	b.telling()
	b.decoding()
	b.applying()
	b.contacts()
	b.publishing()
	b.longHistory()
	b.startUp()
	b.binary()
	b.report()
}

// bench gathers the rows of the table.
type bench struct {
	t          *testing.T
	program    string
	people     int
	rounds     int
	big, small *customer
	rows       []benchRow
	raw        []string // every round, in the format of Go's benchmarks
}

// syncDocument is what the bench reads of the JSON of `sync`.
type syncDocument struct {
	Accounts []struct {
		People      int `json:"people"`
		Onboarded   int `json:"onboarded"`
		Linked      int `json:"linked"`
		Updated     int `json:"updated"`
		Reactivated int `json:"reactivated"`
		Deactivated int `json:"deactivated"`
		Held        int `json:"held"`
		APICalls    int `json:"api_calls"`
	} `json:"accounts"`
}

// customer is a simulated RingCentral in a process, with a folder for the rosters
// of it. loaded is the roster as on an ordinary day: after a first sync, and one that
// found no news.
type customer struct {
	*workshop
	*otherProcess
	people int
	loaded string
}

func (b *bench) customer(people int) *customer {
	p := startSimulator(b.t, people)
	c := &customer{workshop: newWorkshop(b.t, b.program, benchWorldOf(2), p.address, "contacts: {enabled: true}\n"), otherProcess: p, people: people}
	c.sync("quiet", "", "everybody")
	c.sync("quiet", c.keep("first.db"), "nothing")
	c.loaded = c.keep("loaded.db")
	p.calls()
	return c
}

// sync makes one run, and sees that it did what it is measured for.
func (c *customer) sync(world, from, does string) usage {
	c.workshop.t.Helper()
	c.turn(world)
	c.roster(from)
	u := c.run(c.program, "sync", "--new", "--output", "json")
	var doc syncDocument
	if err := json.Unmarshal([]byte(u.out), &doc); err != nil || len(doc.Accounts) != 1 {
		c.workshop.t.Fatalf("sync printed %s: %v", u.out, err)
	}
	a := doc.Accounts[0]
	changed := a.Onboarded + a.Linked + a.Updated + a.Reactivated + a.Deactivated
	fits := a.Held == 0 && a.People > 0
	switch does {
	case "nothing":
		fits = fits && changed == 0
	case "some":
		fits = fits && 150*changed > a.People && 50*changed < a.People
	default:
		fits = fits && 10*a.Onboarded > 9*a.People
	}
	if !fits {
		c.workshop.t.Fatalf("sync of %d people is measured for changing %s and ended with %s", c.people, does, u.out)
	}
	return u
}

// wholeRuns measures runs against reading alone.
func (b *bench) wholeRuns() {
	var fetch, quiet, day, first, quiet10, first10 rounds
	var simulator, reading time.Duration
	for range b.rounds {
		b.big.turn("quiet")
		before := b.big.cpu()
		u := b.big.run("bench-fetch")
		simulator, reading, fetch = simulator+b.big.cpu()-before, reading+u.cpu, append(fetch, u)
		quiet = append(quiet, b.big.sync("quiet", b.big.loaded, "nothing"))
		day = append(day, b.big.sync("day", b.big.loaded, "some"))
		first = append(first, b.big.sync("quiet", "", "everybody"))
		quiet10 = append(quiet10, b.small.sync("quiet", b.small.loaded, "nothing"))
		first10 = append(first10, b.small.sync("quiet", "", "everybody"))
	}
	b.note("Fetch", fetch)
	b.note("NoChange", quiet)
	b.note("OnePercent", day)
	b.note("FirstLoad", first)
	b.note("NoChangeTenth", quiet10)
	b.note("FirstLoadTenth", first10)
	b.row("no change, against fetch and decode", quiet.cpu()/fetch.cpu(), 1.55, " x", "%s against %s", quiet.spread(), fetch.spread())
	b.row("1 % changed, against the same", day.cpu()/fetch.cpu(), 1.85, " x", "%s", day.spread())
	b.row("first load, against the same", first.cpu()/fetch.cpu(), 3.3, " x", "%s", first.spread())
	b.row("no change, against a tenth of the people", quiet.cpu()/quiet10.cpu(), 12, " x", "%s against %s", quiet.spread(), quiet10.spread())
	b.row("peak memory, no change", mib(quiet.highest()), 144, " MiB", "fetch and decode alone %.0f MiB", mib(fetch.highest()))
	b.row("peak memory, first load", mib(first.highest()), 208, " MiB", "with everything kept to explain it later")
	grown := float64(b.big.people - b.small.people)
	b.row("memory growth, no change", float64(quiet.peak()-quiet10.peak())/grown, 1.1, " KiB/person", "from %.0f MiB with %d people", mib(quiet10.peak()), b.small.people)
	b.row("memory growth, first load", float64(first.peak()-first10.peak())/grown, 1.1, " KiB/person", "from %.0f MiB", mib(first10.peak()))
	b.row("the simulator, against who asks it", simulator.Seconds()/reading.Seconds(), 0.5, " x", "CPU of the simulator while everything is fetched")
}

// telling measures what it costs to ask who did it, and to tell people.
func (b *bench) telling() {
	inbox := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer inbox.Close()
	plain, err := os.ReadFile(b.big.path("config.yaml"))
	if err != nil {
		b.t.Fatal(err)
	}
	settings := func(more string) {
		if err := os.WriteFile(b.big.path("config.yaml"), append(slices.Clip(plain), more...), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	var without, with rounds
	for range b.rounds {
		without = append(without, b.big.sync("day", b.big.loaded, "some"))
		settings("attribution: {enabled: true}\nnotify: [{name: ops, on: [failed, recovered, held, decided, conflicts, changes, weekly], names: true, webhook: {url: \"" + inbox.URL + "\"}}]\n")
		with = append(with, b.big.sync("day", b.big.loaded, "some"))
		settings("")
	}
	b.note("OnePercentTold", with)
	b.row("1 % changed, with notices and attribution, against without", with.cpu()/without.cpu(), 1.15, " x", "%s against %s", with.spread(), without.spread())
}

// decoding takes its ratio from the Go benchmarks.
func (b *bench) decoding() {
	if *benchGoFile != "" {
		b.row("decoding, against json.Unmarshal", goBenchmark(b.t, "Decode", "client/unmarshal"), 0.6, " x", "the same bodies into the same structs")
	}
}

// applying measures the commit of a first load against the sqlite3 shell, which
// imports the same rows into the same tables and indexes.
func (b *bench) applying() {
	c := b.big
	var ours, shells rounds
	for range b.rounds {
		c.turn("quiet")
		c.roster("")
		u := c.run("bench-apply")
		seconds, err := strconv.ParseFloat(strings.TrimSpace(u.out), 64)
		if err != nil {
			b.t.Fatal(err)
		}
		u.cpu, u.peak = time.Duration(seconds*float64(time.Second)), 0
		ours = append(ours, u)
		shells = append(shells, c.imported())
	}
	b.note("Apply", ours)
	b.note("Import", shells)
	b.row("apply of a first load, against sqlite3's .import", ours.cpu()/shells.cpu(), 3, " x", "%.2f s against %.2f s CPU", ours.cpu(), shells.cpu())
}

// imported has the shell import what the roster holds into an empty one.
func (c *customer) imported() usage {
	tables := []string{"members", "changes"}
	dump, load := []string{".mode csv"}, []string{"PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL", "BEGIN"}
	for _, table := range tables {
		dump = append(dump, ".once "+table+".csv", "SELECT * FROM "+table)
		load = append(load, ".import --csv "+table+".csv "+table)
	}
	c.sql("roster.db", dump...)
	schema := c.sql("roster.db", ".schema --nosys").out
	_ = os.Remove(c.path("import.db"))
	c.sql("import.db", "PRAGMA journal_mode = WAL", schema)
	c.sql("import.db", c.sql("import.db", // as the program does for its own commits
		"SELECT group_concat('DROP TRIGGER ' || name, '; ') FROM sqlite_schema WHERE name GLOB 'hand_*'").out)
	u := c.sql("import.db", append(load, "COMMIT")...)
	counted := "SELECT (SELECT count(*) FROM members), (SELECT count(*) FROM changes)"
	if want, got := c.sql("roster.db", counted).out, c.sql("import.db", counted).out; got != want {
		c.workshop.t.Fatalf("the sqlite3 shell imported %s rows, not %s", got, want)
	}
	u.peak = 0
	return u
}

// contacts measures the directory, which has as many entries as the company has
// extensions, with the bars of the members' runs.
func (b *bench) contacts() {
	c := b.big
	var fetch, quiet, day, first rounds
	run := func(world, from string) usage {
		c.turn(world)
		c.roster(from)
		return c.run(c.program, "contacts", "sync", "--new")
	}
	run("day", "") // the simulator makes its pages
	run("quiet", "")
	kept := c.keep("contacts.db")
	for range b.rounds {
		fetch = append(fetch, c.run("bench-fetch", "contacts"))
		first = append(first, run("quiet", ""))
		quiet = append(quiet, run("quiet", kept))
		day = append(day, run("day", kept))
		c.turn("quiet")
	}
	b.note("ContactsFetch", fetch)
	b.note("ContactsNoChange", quiet)
	b.note("ContactsOnePercent", day)
	b.note("ContactsFirst", first)
	b.row("contacts, no change, against fetch and decode", quiet.cpu()/fetch.cpu(), 2, " x", "%s against %s", quiet.spread(), fetch.spread())
	b.row("contacts, 1 % changed, against the same", day.cpu()/fetch.cpu(), 2.2, " x", "%s", day.spread())
	b.row("contacts, first import, against the same", first.cpu()/fetch.cpu(), 4.6, " x", "%s", first.spread())
	b.row("contacts, peak memory, no change", mib(quiet.highest()), 144, " MiB", "fetch and decode alone %.0f MiB", mib(fetch.highest()))
	b.row("contacts, peak memory, first import", mib(first.highest()), 208, " MiB", "")
}

// longHistory puts a history behind the roster and measures a run that changes
// nothing, and the commands that look.
func (b *bench) longHistory() {
	c, runs := b.big, max(10, b.people/100)
	c.roster(c.loaded)
	c.sql("roster.db", fmt.Sprintf(longHistorySQL, runs))
	old := c.keep("old.db")
	var fresh, long rounds
	for range b.rounds {
		fresh = append(fresh, c.sync("quiet", c.loaded, "nothing"))
		long = append(long, c.sync("quiet", old, "nothing"))
	}
	b.note("LongHistory", long)
	b.row(fmt.Sprintf("no change after %d runs and %d changes, against a fresh roster", runs, 1000*runs), long.cpu()/fresh.cpu(), 1.2, " x", "%s against %s", long.spread(), fresh.spread())
	c.roster(old)
	commands := [][]string{{"version"}, {"status"}, {"runs"}, {"history", "77"}, {"roster", "list", "--search", "service"}}
	took := make([]rounds, len(commands))
	for range 3 * b.rounds {
		for i, args := range commands {
			took[i] = append(took[i], c.run(c.program, args...))
		}
	}
	for i, args := range commands[1:] {
		all := took[i+1]
		b.note("Command/"+args[0], all)
		b.row(strings.Join(args, " ")+" there, more than process start", 1000*(all.cpu()-took[0].cpu()), 100, " ms", "CPU; on the clock %.0f ms against %.0f ms", 1000*all.wall(), 1000*took[0].wall())
	}
}

// longHistorySQL adds runs, each with 1,000 changes, and as many kept snapshots
// as there are by default.
const longHistorySQL = `
	CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d) SELECT i FROM n;
	CREATE TEMP TABLE k AS WITH RECURSIVE k(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM k WHERE j < 999) SELECT j FROM k;
	CREATE TEMP TABLE one AS SELECT * FROM runs WHERE run_id = (SELECT max(run_id) FROM runs);
	UPDATE one SET onboarded = 0, updated = 1000;
	INSERT INTO runs (run_id, account, trigger, status, started_at, finished_at, full, people, updated, actor)
	  SELECT run_id + i, account, trigger, status, strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', started_at, (i - %[1]d - 1) || ' days'),
	         strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', finished_at, (i - %[1]d - 1) || ' days'), full, people, updated, actor
	    FROM one, n ORDER BY i;
	INSERT INTO changes (run_id, member_id, kind, field, before, after, reason)
	  SELECT run_id + i, 1 + (i * 1000 + j) * 7 %% (SELECT max(member_id) FROM members), 'update', 'department', 'Support', 'Sales', 'source_changed'
	    FROM one, n, k ORDER BY i, j;
	INSERT INTO snapshots (account, run_id, taken_at, data)
	  SELECT s.account, s.run_id + i, taken_at, data FROM snapshots s JOIN one USING (run_id), n WHERE i > %[1]d - 13 ORDER BY i;`

// startUp measures how much longer the service takes with a full roster.
func (b *bench) startUp() {
	var empty, full rounds
	for range 3 * b.rounds {
		b.big.roster("")
		empty = append(empty, b.big.untilReady())
		b.big.roster(b.big.loaded)
		full = append(full, b.big.untilReady())
	}
	b.note("Ready", full)
	b.row("service ready, more than with an empty roster", full.wall()-empty.wall(), 1, " s", "%.3f s against %.3f s", full.wall(), empty.wall())
}

// binary looks at the program itself.
func (b *bench) binary() {
	info, err := os.Stat(b.program)
	if err != nil {
		b.t.Fatal(err)
	}
	f, err := elf.Open(b.program)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	kind := "static"
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC }) {
		kind = "dynamic"
	}
	b.row("size of the binary", float64(info.Size())/(1<<20), 25, " MiB", "%s", kind)
	b.exact("dynamic parts of the binary", map[string]int{"static": 0, "dynamic": 1}[kind], 0, kind)
}
