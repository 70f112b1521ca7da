package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringroster/ringcentral/simulator"
)

// TestKilledAtAnyMoment kills the real program with SIGKILL at random moments of
// a run, every other time while it commits. The file is whole, the roster is the
// one before or the one after, and the next run completes it. -model.long kills
// it hundreds of times.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	kills := 6
	if *modelLong {
		kills = 500
	}
	s := newSite(t, t.TempDir(), 150)
	s.run(t, exitDone, "sync")
	began := time.Now()
	s.change(t)
	s.run(t, exitDone, "sync")
	whole := time.Since(began)
	rng := rand.New(rand.NewPCG(uint64(began.UnixNano()), 1))
	before, after, tooLate := 0, 0, 0
	for i := range kills {
		name := s.change(t)
		was := people(t, s.path())
		if !s.killRun(t, whole, i%2 == 1, rng) {
			tooLate++
		}
		is := people(t, s.path())
		s.run(t, exitDone, "sync")
		final := people(t, s.path())
		switch is {
		case was:
			before++
		case final:
			after++
		default:
			t.Fatalf("after a kill the roster is neither the one before nor the one after:\n%s", is)
		}
		s.settled(t, name)
	}
	t.Logf("%d kills survived: the roster was the one before %d times, the one after %d times; %d runs had ended already", kills, before, after, tooLate)
}

// killRun kills a sync at a random moment of a run that takes about whole, or soon
// after its reading has ended.
func (s *site) killRun(t *testing.T, whole time.Duration, atCommit bool, rng *rand.Rand) (killed bool) {
	t.Helper()
	delay := time.Duration(rng.Int64N(int64(whole)))
	read := make(chan struct{}, 10)
	if atCommit {
		delay = time.Duration(rng.Int64N(int64(whole / 5)))
		s.onRequest(func(op simulator.Operation) {
			if op == simulator.OpRevoke {
				read <- struct{}{}
			}
		})
		defer s.onRequest(nil)
	} else {
		read <- struct{}{}
	}
	cmd, out := s.command(t.Context(), "sync")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed, or not: the roster tells
		close(ended)
	}()
	select {
	case <-read:
	case <-ended:
		t.Fatalf("sync ended without a word to RingCentral:\n%s", out)
	}
	select {
	case <-time.After(delay):
	case <-ended:
		return false
	}
	_ = cmd.Process.Kill() // it may have ended this instant
	<-ended
	return true
}

// flushed is how much of a WAL is on the disk for certain: all up to its last
// commit, since every commit waits for that (synchronous=FULL). A frame is a
// header of 24 bytes and a page; one that ends a commit tells the database's size
// in its second word, and all of one generation bear the header's salt.
func flushed(wal []byte) (end int) {
	const header, frameHeader = 32, 24
	if len(wal) < header {
		return 0
	}
	frame := frameHeader + int(binary.BigEndian.Uint32(wal[8:]))
	end = header
	for at := header; at+frame <= len(wal) && bytes.Equal(wal[at+8:at+16], wal[16:24]); at += frame {
		if binary.BigEndian.Uint32(wal[at+4:]) != 0 {
			end = at + frame
		}
	}
	return end
}

// TestPowerLoss copies the database and its WAL while a run is stopped in its
// tracks, cuts off what the disk may not have yet, and opens the copy: it is whole, and shows the roster before or after.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	losses := 4
	if *modelLong {
		losses = 200
	}
	s := newSite(t, t.TempDir(), 150)
	s.run(t, exitDone, "sync")
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	before, after := 0, 0
	for range losses {
		s.change(t)
		was := people(t, s.path())
		copied := s.losePower(t, rng)
		final := people(t, s.path())
		switch is := people(t, copied); is {
		case was:
			before++
		case final:
			after++
		default:
			t.Fatalf("after a power loss the roster is neither the one before nor the one after:\n%s", is)
		}
	}
	t.Logf("%d power losses survived: the roster was the one before %d times, the one after %d times", losses, before, after)
}

// losePower runs a sync and gives the copy that was made of its files meanwhile.
func (s *site) losePower(t *testing.T, rng *rand.Rand) (copied string) {
	t.Helper()
	read := make(chan struct{}, 10)
	s.onRequest(func(op simulator.Operation) {
		if op == simulator.OpRevoke {
			read <- struct{}{}
		}
	})
	defer s.onRequest(nil)
	cmd, out := s.command(t.Context(), "sync")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-read
	<-time.After(time.Duration(rng.Int64N(int64(40 * time.Millisecond))))
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	copied = filepath.Join(t.TempDir(), "roster.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(s.path() + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if suffix == "-wal" && len(data) > 0 && rng.IntN(2) == 0 {
			committed := flushed(data)
			data = data[:committed+rng.IntN(len(data)-committed+1)]
		}
		if err := os.WriteFile(copied+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return copied
}

// TestWALLeftBehind: a program that died leaves a WAL; whoever comes next, even
// only to read, sees what was committed.
func TestWALLeftBehind(t *testing.T) {
	t.Parallel()
	s := newSite(t, t.TempDir(), 30)
	s.run(t, exitDone, "sync")
	s.change(t)
	copied := s.losePower(t, rand.New(rand.NewPCG(1, 1)))
	for _, suffix := range []string{"", "-wal"} {
		if err := os.Rename(copied+suffix, s.path()+suffix); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(s.path() + "-shm"); err != nil {
		t.Fatal(err)
	}
	if out := s.run(t, exitDone, "roster", "list"); !strings.Contains(out, "sync.service@example.com") {
		t.Fatalf("roster list shows nobody:\n%s", out)
	}
	s.run(t, exitDone, "sync")
	s.settled(t, "Round1")
}

// TestServiceKilledInAnApproval: the command that waits is told, nobody is left half
// released, and what it asked for is not carried out later (R25).
func TestServiceKilledInAnApproval(t *testing.T) {
	t.Parallel()
	s := newSite(t, t.TempDir(), 60)
	s.run(t, exitDone, "sync")
	s.server.Change(func(w *simulator.World) {
		a := w.Accounts[0]
		for _, agent := range a.SubAccounts[0].Groups[0].Agents[:8] {
			a.Leave(agent.Email)
		}
	})
	s.run(t, exitHeld, "sync")
	was := people(t, s.path())
	release := s.hold()
	defer release()
	service, _ := s.command(t.Context(), "run")
	service.Env = append(os.Environ(), "WATCHDOG_USEC=3000000") // a tick each second
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	for t.Context().Err() == nil {
		if _, err := os.Stat(s.path() + ".service"); err == nil {
			break
		}
	}
	approve, out := s.command(t.Context(), "approve", "2", "--yes")
	if err := approve.Start(); err != nil {
		t.Fatal(err)
	}
	for t.Context().Err() == nil && one(t, s.path(), `SELECT count(*) FROM requests WHERE state = 'running'`) == "0" {
		continue
	}
	if err := service.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = service.Wait() // it was killed
	code, err := exitOfProcess(approve.Wait())
	if err != nil || code != exitFailed || !strings.Contains(out.String(), "run 3 did not end: the service died") {
		t.Errorf("approve ended with code %d, %v:\n%s", code, err, out)
	}
	if is := people(t, s.path()); is != was {
		t.Error("the roster changed")
	}
	release()
	s.run(t, exitHeld, "sync")
	if got := one(t, s.path(), `SELECT group_concat(state) FROM requests`); got != "failed" {
		t.Errorf("the request is %s", got)
	}
	s.run(t, exitDone, "approve", "2", "--yes")
}
