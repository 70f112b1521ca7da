package reconcile_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
)

const figuresBegin, figuresEnd = "<!-- make year writes what follows -->\n", "<!-- make year wrote what precedes -->\n"

// writeFigures replaces the tables of the page.
func writeFigures(t *testing.T, all []*year) {
	page, err := os.ReadFile(*yearPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begins := strings.Cut(string(page), figuresBegin)
	_, tail, ends := strings.Cut(rest, figuresEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the figures", *yearPage)
	}
	text := head + figuresBegin + "\n" + questions(all) + "\n" + mishaps(all) + "\n" + figuresEnd + tail
	if err := os.WriteFile(*yearPage, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// bySize groups years by size of company, smallest first.
func bySize(all []*year) (sizes []int, years map[int][]*year) {
	years = map[int][]*year{}
	for _, y := range all {
		years[y.people] = append(years[y.people], y)
	}
	return slices.Sorted(maps.Keys(years)), years
}

func questions(all []*year) string {
	var b strings.Builder
	b.WriteString("| people | years | days with a question: mean | most | years with more than 10 | by reason, mean days a year |\n|---|---|---|---|---|---|\n")
	sizes, years := bySize(all)
	for _, size := range sizes {
		var days []int
		reasons, sum, many := map[sync.Reason]int{}, 0, 0
		for _, y := range years[size] {
			days = append(days, len(y.asked))
			sum += len(y.asked)
			if len(y.asked) > 10 {
				many++
			}
			for reason, n := range y.reasons {
				reasons[reason] += n
			}
		}
		slices.Sort(days)
		names := slices.SortedFunc(maps.Keys(reasons), func(a, b sync.Reason) int {
			if reasons[a] != reasons[b] {
				return reasons[b] - reasons[a]
			}
			return strings.Compare(string(a), string(b))
		})
		var parts []string
		for _, name := range names {
			parts = append(parts, fmt.Sprintf("`%s` %.1f", name, float64(reasons[name])/float64(len(days))))
		}
		fmt.Fprintf(&b, "| %d | %d | %.1f | %d | %d | %s |\n", size, len(days), float64(sum)/float64(len(days)), days[len(days)-1], many, strings.Join(parts, ", "))
	}
	return b.String()
}

// mishaps are the accidents: how many of each kind let something through.
func mishaps(all []*year) string {
	sizes, years := bySize(all)
	var b strings.Builder
	b.WriteString("| accident |")
	for _, size := range sizes {
		fmt.Fprintf(&b, " %d people |", size)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(sizes)) + "\n")
	for _, a := range accidents {
		fmt.Fprintf(&b, "| %s |", a.name)
		for _, size := range sizes {
			var sum toll
			for _, y := range years[size] {
				if x := y.tally[a.name]; x != nil {
					sum.played, sum.leavers, sum.others, sum.worst = sum.played+x.played, sum.leavers+x.leavers, sum.others+x.others, max(sum.worst, x.worst)
				}
			}
			fmt.Fprintf(&b, " %s |", sum.cell())
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (x *toll) cell() string {
	if x.played == 0 {
		return ""
	}
	percent := func(n int) string {
		if n == 0 {
			return "0"
		}
		return fmt.Sprintf("%d %%", max(1, (100*n+x.played/2)/x.played))
	}
	leavers := percent(x.leavers)
	if x.worst > 0 {
		leavers += fmt.Sprintf(" (%d)", x.worst)
	}
	return fmt.Sprintf("%s, %s of %d", leavers, percent(x.others), x.played)
}
