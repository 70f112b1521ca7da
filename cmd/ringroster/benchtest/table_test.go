package benchtest

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// benchRow is a line of the table.
type benchRow struct{ what, measured, bar, verdict, detail string }

// row compares a measurement with its bar, which it may reach and not exceed.
func (b *bench) row(what string, measured, bar float64, unit, detail string, args ...any) {
	verdict := "ok"
	if measured > bar {
		verdict = "missed"
	}
	r := benchRow{what, fmt.Sprintf("%.2f%s", measured, unit), fmt.Sprintf("%g%s", bar, unit), verdict, fmt.Sprintf(detail, args...)}
	b.rows = append(b.rows, r)
	b.t.Logf("%s: %s, at most %s: %s (%s)", r.what, r.measured, r.bar, r.verdict, r.detail)
}

func mib(kib int) float64 { return float64(kib) / 1024 }

// note keeps every round as a line that benchstat reads.
func (b *bench) note(name string, all rounds) {
	for _, u := range all {
		line := fmt.Sprintf("BenchmarkWhole%s 1 %.4f cpu-s %.4f wall-s", name, u.cpu.Seconds(), u.wall.Seconds())
		if u.peak > 0 {
			line += fmt.Sprintf(" %d peak-KiB", u.peak)
		}
		b.raw = append(b.raw, line)
	}
}

// goBenchmark is the median of what a benchmark reports in the file of -bench.go.
func goBenchmark(t *testing.T, name, unit string) float64 {
	text, err := os.ReadFile(*benchGoFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if i := slices.Index(fields, unit); i > 0 && strings.HasPrefix(fields[0]+"-", "Benchmark"+name+"-") {
			if value, err := strconv.ParseFloat(fields[i-1], 64); err == nil {
				all = append(all, value)
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s holds no benchmark %s that reports %s", *benchGoFile, name, unit)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// exact is a count that must be what it should be.
func (b *bench) exact(what string, got, want int, detail string) {
	verdict := "ok"
	if got != want {
		verdict = "missed"
	}
	b.rows = append(b.rows, benchRow{what, fmt.Sprint(got), "exactly " + fmt.Sprint(want), verdict, detail})
	b.t.Logf("%s: %d, want %d: %s (%s)", what, got, want, verdict, detail)
}

// report prints the table, and writes it with all rounds where -bench.table says.
func (b *bench) report() {
	var text strings.Builder
	fmt.Fprintf(&text, "%d people, %d rounds, %s\n\n", b.people, b.rounds, time.Now().UTC().Format(time.RFC3339))
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHAT\tMEASURED\tBAR\tVERDICT\tDETAIL")
	for _, r := range b.rows {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.what, r.measured, r.bar, r.verdict, r.detail)
	}
	_ = t.Flush()
	_, _ = io.WriteString(os.Stdout, "\n"+text.String()+"\n")
	if *benchTable == "" {
		return
	}
	text.WriteString("\n" + strings.Join(b.raw, "\n") + "\n")
	if err := os.WriteFile(*benchTable, []byte(text.String()), 0o644); err != nil {
		b.t.Fatal(err)
	}
}
