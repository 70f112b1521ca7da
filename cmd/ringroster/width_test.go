package main

import (
	"strings"
	"testing"
)

func TestTablesCountCellsOfTheTerminal(t *testing.T) {
	for _, c := range []struct {
		text, short string
		cells       int
	}{
		{"Ann Lee", "Ann L…", 7},
		{"Zoë Øster", "Zoë Ø…", 9},
		{"美玲 鈴木", "美玲 …", 9},
		{"민준 陳", "민준 …", 7},
		{"अर्जुन", "अर्जुन", 4}, // of six letters and marks two stand on others
		{"Ａ", "Ａ", 2},
		{"e\u0301", "e\u0301", 1},
		{"", "", 0},
	} {
		if got := screenWidth(c.text); got != c.cells {
			t.Errorf("%q takes %d cells, want %d", c.text, got, c.cells)
		}
		if got := shortened(c.text, 6); got != c.short {
			t.Errorf("%q is cut to %q, want %q", c.text, got, c.short)
		}
	}
	var b strings.Builder
	if err := writeAligned(&b, [][]string{{"NAME", "EMAIL"}, {"美玲", "a@example.com"}, {"Ann", "b@example.com"}}); err != nil {
		t.Fatal(err)
	}
	if want := "NAME  EMAIL\n美玲  a@example.com\nAnn   b@example.com\n"; b.String() != want {
		t.Errorf("the table is\n%s", b.String())
	}
}
