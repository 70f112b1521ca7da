package main

import (
	"slices"
	"strings"

	"ringroster/cmd/ringroster/observe"
)

// textWidth is how wide a terminal is at least.
const textWidth = 80

// wrapText lays out the Markdown of a rule for a terminal: paragraphs, lists and
// tables, in lines of at most textWidth characters.
func wrapText(markdown string) string {
	var lines []string
	for i, block := range strings.Split(markdown, "\n\n") {
		if i > 0 {
			lines = append(lines, "")
		}
		if strings.HasPrefix(block, "|") {
			lines = append(lines, wrapTable(block)...)
		} else {
			lines = append(lines, wrapParagraph(block)...)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// wrapParagraph wraps the lines of a block, each by itself, with list items
// indented.
func wrapParagraph(block string) (lines []string) {
	for line := range strings.SplitSeq(block, "\n") {
		indent := ""
		if strings.HasPrefix(line, "- ") {
			indent = "  "
		}
		for i, part := range observe.Wrap(plain(line), textWidth-len(indent)) {
			if i > 0 {
				part = indent + part
			}
			lines = append(lines, part)
		}
	}
	return lines
}

// wrapTable lays out a Markdown table, with cells of several lines where the
// columns are too narrow; then an empty line separates the rows.
func wrapTable(block string) (lines []string) {
	var rows [][]string
	for i, line := range strings.Split(block, "\n") {
		if i == 1 {
			continue // the line under the heading
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for j := range cells {
			cells[j] = plain(strings.TrimSpace(cells[j]))
		}
		rows = append(rows, cells)
	}
	widths := columnWidths(rows)
	rows[0] = strings.Split(strings.ToUpper(strings.Join(rows[0], "|")), "|")
	var laid [][]string
	tall := false
	for _, row := range rows {
		laid = append(laid, layRow(row, widths))
		tall = tall || len(laid[len(laid)-1]) > 1
	}
	for i, row := range laid {
		if i > 1 && tall {
			lines = append(lines, "")
		}
		lines = append(lines, row...)
	}
	return lines
}

const columnGap = "  "

// columnWidths gives each column the room it wants, and takes from the widest
// until the table fits.
func columnWidths(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	total := -len(columnGap)
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], screenWidth(row[i]))
		}
		total += widths[i] + len(columnGap)
	}
	for ; total > textWidth; total-- {
		widths[slices.Index(widths, slices.Max(widths))]--
	}
	return widths
}

// layRow lays out the cells of one row side by side.
func layRow(cells []string, widths []int) (lines []string) {
	var columns [][]string
	height := 0
	for i, cell := range cells {
		columns = append(columns, observe.Wrap(cell, widths[i]))
		height = max(height, len(columns[i]))
	}
	for y := range height {
		var line strings.Builder
		for i, column := range columns {
			part := ""
			if y < len(column) {
				part = column[y]
			}
			line.WriteString(padded(part, widths[i]) + columnGap)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// plain takes the marks of emphasis out of a text, but not those within code.
func plain(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], "*", "")
	}
	return strings.Join(parts, "`")
}
