package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"ringroster/ringcentral/simulator"
)

// benchContacts entries are the largest directory we promise to keep in step.
const benchContacts = 100_000

// The most memory that the whole process may take, in MiB: the bars of the
// roster's own runs.
const (
	mostUnchanged = 128
	mostFirstLoad = 192
)

// BenchmarkContacts runs the real program against a directory of 100,000 entries:
// the first import, one that finds nothing to do, one with 1 % changed, and a
// search. MiB is the peak of the process.
func BenchmarkContacts(b *testing.B) {
	world := simulator.GenerateWith(simulator.GenerateOptions{People: 2, Seed: 1})
	account := world.Accounts[0]
	for i := len(account.Extensions); i < benchContacts; i++ {
		account.Extensions = append(account.Extensions, &simulator.Extension{
			ID: int64(800_000_000 + i), Number: fmt.Sprint(1000 + i), FirstName: fmt.Sprintf("First%06d", i), LastName: "Lastname",
			Email: fmt.Sprintf("first%06d.lastname@example.com", i), Department: fmt.Sprintf("Department %d", i%200), JobTitle: "Senior agent",
			Site: account.Sites[i%3].ID, Phones: []string{fmt.Sprintf("+1205%07d", i), fmt.Sprintf("+44%010d", i)},
		})
	}
	server := simulator.New(world, simulator.Options{})
	listener := httptest.NewServer(server)
	b.Cleanup(listener.Close)
	dir := b.TempDir()
	settings := "contacts: {enabled: true}\nlog: {level: error}\n" + simulatorSettings(world, listener.Listener.Addr().String())
	if err := writeNew(filepath.Join(dir, "config.yaml"), settings); err != nil {
		b.Fatal(err)
	}
	measure := func(name string, most int, before func(), args ...string) {
		b.Run(name, func(b *testing.B) {
			peak := int64(0)
			for b.Loop() {
				b.StopTimer()
				before()
				b.StartTimer()
				peak = max(peak, runBinary(b, dir, args...))
			}
			b.ReportMetric(float64(peak), "MiB")
			if most > 0 && peak > int64(most) {
				b.Errorf("%d MiB at the peak, more than %d", peak, most)
			}
		})
	}
	nothing := func() {}
	runBinary(b, dir, "contacts", "sync", "--dry-run", "--output", "csv") // the simulator makes its pages
	measure("first", mostFirstLoad, func() { _ = os.Remove(filepath.Join(dir, "roster.db")) }, "contacts", "sync")
	measure("unchanged", mostUnchanged, nothing, "contacts", "sync")
	round := 0
	measure("1_percent_changed", mostUnchanged, func() {
		round++
		server.Change(func(w *simulator.World) {
			for i := range benchContacts / 100 {
				w.Accounts[0].Extensions[i*97+50].LastName = fmt.Sprintf("Round%d", round)
			}
		})
	}, "contacts", "sync")
	measure("search", 0, nothing, "contacts", "list", "--search", "first012345", "--output", "csv")
	measure("export_vcf", mostUnchanged, nothing, "contacts", "export", "--output", "vcf")
}

// runBinary runs the program and returns the peak of its memory in MiB. It runs
// below a small process: Linux counts the memory of whoever starts it in.
func runBinary(b *testing.B, dir string, args ...string) (peak int64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "peak", append([]string{"ringroster"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if _, scanErr := fmt.Sscan(string(out), &peak); err != nil || scanErr != nil {
		b.Fatalf("%v: %v\n%s", args, err, out)
	}
	return peak >> 10
}

// peak runs a command and prints the peak of its memory in KiB.
func peak() {
	cmd := exec.CommandContext(context.Background(), os.Args[1], os.Args[2:]...)
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil {
		fmt.Println(err, out.String())
		os.Exit(1)
	}
	fmt.Println(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
}
