package main

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// agedSQL moves all runs so far 40 days back and puts 200 older ones before them,
// each with a change of every member.
const agedSQL = `
	UPDATE runs SET run_id = run_id + 1000, started_at = strftime('%Y-%m-%dT%H:%M:%SZ', started_at, '-40 days'),
	       finished_at = strftime('%Y-%m-%dT%H:%M:%SZ', finished_at, '-40 days');
	UPDATE snapshots SET run_id = run_id + 1000;
	UPDATE changes SET run_id = run_id + 1000;
	CREATE TEMP TABLE many AS WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 200) SELECT value FROM n;
	INSERT INTO runs (run_id, account, trigger, status, started_at, finished_at, actor)
	  SELECT value, 'demo', 'schedule', 'succeeded', '2020-01-01T03:00:00Z', '2020-01-01T03:01:00Z', 'wfm-sync' FROM many;
	INSERT INTO changes (run_id, member_id, kind, field, before, after, reason)
	  SELECT value, member_id, 'update', 'site', value, value + 1, 'source_changed' FROM many, members ORDER BY value, member_id;`

// superfluous are changes that a prune takes away: younger ones of the same
// member are there.
const superfluous = `SELECT count(*) FROM changes c WHERE run_id <= 200`

// TestTheServicePrunesAfterItsRun: after the run that catches up, the old history
// is gone.
func TestTheServicePrunesAfterItsRun(t *testing.T) {
	h := newHost(t)
	h.edit("heartbeat_url", "history: {keep_days: 30}\nheartbeat_url")
	p := h.start()
	p.hears("READY=1")
	p.events("run_finished", 1)
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	age(t, h.dir+"/roster.db")
	p = h.start()
	pruned := p.events("history_pruned", 1)[0]["changes"]
	if left := one(t, h.dir+"/roster.db", superfluous); left != "0" || pruned == 0.0 {
		t.Errorf("%v changes pruned, %s left", pruned, left)
	}
	p.signal(syscall.SIGTERM)
	p.ends()
}

// TestKilledInMidPrune kills the real program with SIGKILL while it prunes. The
// file is whole, nobody's last change is gone, and the next run goes on.
func TestKilledInMidPrune(t *testing.T) {
	t.Parallel()
	kills := 3
	if *modelLong {
		kills = 100
	}
	s := newSite(t, t.TempDir(), 150)
	s.run(t, exitDone, "sync")
	settings, err := os.ReadFile(s.dir + "/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.dir+"/config.yaml", append([]byte("history: {keep_days: 30}\n"), settings...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(t, exitDone, "sync")
	age(t, s.path())
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 3))
	changed := one(t, s.path(), `SELECT count(DISTINCT member_id) FROM changes`)
	left := superfluousIn(t, s)
	for range kills {
		if left == 0 {
			break
		}
		goal := left - 1 - rng.IntN(left/3+1) // kill when no more is left
		cmd, _ := s.command(t.Context(), "sync")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for superfluousIn(t, s) > goal {
		}
		_ = cmd.Process.Kill() // it may have ended this instant
		_ = cmd.Wait()
		people(t, s.path()) // it is whole
		if now := one(t, s.path(), `SELECT count(DISTINCT member_id) FROM changes`); now != changed {
			t.Fatalf("%s members have a change left, not %s", now, changed)
		}
		if n := one(t, s.path(), `SELECT count(*) FROM runs r WHERE NOT pruned AND run_id <= 200
			AND (SELECT count(*) FROM changes c WHERE c.run_id = r.run_id) < `+changed); n != "0" {
			t.Fatalf("%s runs lost changes and do not say so", n)
		}
		left = superfluousIn(t, s)
		t.Logf("%d superfluous changes are left", left)
	}
	s.run(t, exitDone, "sync")
	if left := superfluousIn(t, s); left != 0 {
		t.Errorf("%d superfluous changes are left", left)
	}
}

func age(t *testing.T, path string) {
	t.Helper()
	db := openFile(t, path)
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), agedSQL); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func superfluousIn(t *testing.T, s *site) int {
	t.Helper()
	n, err := strconv.Atoi(one(t, s.path(), superfluous))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
