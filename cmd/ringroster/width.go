package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// screenWidth is how many cells of a terminal a text takes: two for a character of Chinese,
// Japanese or Korean, none for a mark that stands on the one before.
func screenWidth(text string) (cells int) {
	for _, r := range text {
		cells += runeWidth(r)
	}
	return cells
}

func runeWidth(r rune) int {
	if r < unicode.MaxLatin1 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// shortened is a text that fits into some cells of a terminal: its begin, where it is too wide.
func shortened(text string, cells int) string {
	if screenWidth(text) <= cells {
		return text
	}
	room := cells - 1
	for i, r := range text {
		if room -= runeWidth(r); room < 0 {
			return text[:i] + "…"
		}
	}
	return text
}

// padded is a text with blanks after it, so that it takes some cells of a terminal.
func padded(text string, cells int) string {
	return text + strings.Repeat(" ", max(0, cells-screenWidth(text)))
}
