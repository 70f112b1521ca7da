package main

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"ringroster/store/views"
)

// A list of 100,000 rows takes no more memory than one of 1,000, in any format.
func TestLongListsAreNeverInMemoryAsAWhole(t *testing.T) {
	const rows, most = 100_000, 1 << 20
	for _, format := range []string{formatTable, formatJSON, formatCSV} {
		t.Run(format, func(t *testing.T) {
			var early, late uint64
			list := rosterListing(func(yield func(views.RosterRow, error) bool) {
				for i := range rows {
					row := views.RosterRow{MemberID: int64(i), FirstName: fmt.Sprint("First", i), Email: fmt.Sprintf("p%d@example.com", i)}
					row.Teams, row.Categories, row.Permissions, row.Pins, row.Supervisors = "[]", "[]", "{}", "[]", "[]"
					if !yield(row, nil) {
						return
					}
					switch i {
					case rows / 100:
						early = live()
					case rows - 1:
						late = live()
					}
				}
			})
			if err := list.print(io.Discard, format); err != nil {
				t.Fatal(err)
			}
			if late > early+most {
				t.Errorf("%d bytes live after %d rows, %d after %d", early, rows/100, late, rows)
			}
		})
	}
}

// live is how much memory is in use.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
