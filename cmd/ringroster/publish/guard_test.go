package publish

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/cmd/ringroster/config"
	"ringroster/store/deliver"
)

// TestGuard: what may be delivered, and what waits.
func TestGuard(t *testing.T) {
	ids := func(n int) []int64 {
		all := make([]int64, n)
		for i := range all {
			all[i] = int64(i + 1)
		}
		return all
	}
	delivered := func(rows int) deliver.Publication { return deliver.Publication{Version: "v", Rows: rows} }
	by := func(p deliver.Publication, who string, heldRows int) deliver.Publication {
		p.Held = deliver.Withheld{Reason: string(Shrunk), Rows: heldRows, ApprovedBy: who}
		return p
	}
	restored := delivered(100)
	restored.Restored = true
	usual := config.Limit{Percent: 10, Floor: 5}
	tests := []struct {
		name  string
		p     deliver.Publication
		c     candidate
		shown []int64
		limit config.Limit
		want  Reason
	}{
		{"the first delivery", deliver.Publication{}, candidate{rows: 3}, nil, usual, ""},
		{"the first delivery is empty", deliver.Publication{}, candidate{}, nil, usual, Empty},
		{"nothing is missing", delivered(100), candidate{rows: 100}, nil, usual, ""},
		{"as many as the limit", delivered(100), candidate{90, ids(10)}, nil, usual, ""},
		{"one more than the limit", delivered(100), candidate{89, ids(11)}, nil, usual, Shrunk},
		{"many of few, below the floor", delivered(8), candidate{4, ids(4)}, nil, usual, ""},
		{"many of few, at the floor", delivered(8), candidate{3, ids(5)}, nil, usual, Shrunk},
		{"newcomers make up for nothing", delivered(100), candidate{200, ids(11)}, nil, usual, Shrunk},
		{"all are gone", delivered(4), candidate{0, ids(4)}, nil, usual, Empty},
		{"all were deactivated by runs", delivered(4), candidate{}, nil, usual, Empty},
		{"it was empty before", delivered(0), candidate{}, nil, usual, ""},
		{"nothing may be missing", delivered(100), candidate{99, ids(1)}, nil, config.Limit{}, Shrunk},
		{"nothing may be missing, and nothing is", delivered(100), candidate{rows: 100}, nil, config.Limit{}, ""},
		{"everything may be missing but all", delivered(100), candidate{1, ids(99)}, nil, config.Limit{Percent: 100}, ""},
		{"restored", restored, candidate{rows: 100}, nil, usual, Restored},
		{"restored, and approved", by(restored, "chief", 100), candidate{rows: 100}, nil, usual, ""},
		{"approved as it was shown", by(delivered(100), "chief", 89), candidate{89, ids(11)}, ids(11), usual, ""},
		{"approved, and some came back", by(delivered(100), "chief", 80), candidate{85, ids(15)}, ids(20), usual, ""},
		{"approved, and more are missing", by(delivered(100), "chief", 89), candidate{88, ids(12)}, ids(11), usual, Shrunk},
		{"shown and not approved", by(delivered(100), "", 89), candidate{89, ids(11)}, ids(11), usual, Shrunk},
		{"approved, and nothing is left", by(delivered(11), "chief", 5), candidate{0, ids(6)}, ids(6), usual, Empty},
		{"approved that nothing is left", by(delivered(11), "chief", 0), candidate{0, ids(6)}, ids(6), usual, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := withhold(&tt.p, tt.c, tt.shown, tt.limit); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestTally: a tally says what two maps would say, and what it writes can be read again.
func TestTally(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.MapOf(rapid.Int64Range(1, 60), rapid.Uint64Range(0, 2))
		before, after := rows.Draw(t, "before"), rows.Draw(t, "after")
		write := func(had []byte, rows map[int64]uint64) *tally {
			tally := newTally(had)
			for _, id := range sorted(rows) {
				tally.row(id, rows[id])
			}
			tally.end()
			return tally
		}
		first := write(nil, before)
		got := write(first.given, after)
		var lost []int64
		added, changed := 0, 0
		for id, sum := range after {
			was, had := before[id]
			switch {
			case !had:
				added++
			case was != sum:
				changed++
			}
		}
		for _, id := range sorted(before) {
			if _, has := after[id]; !has {
				lost = append(lost, id)
			}
		}
		if got.rows != len(after) || got.added != added || got.changed != changed || !slices.Equal(got.lost, lost) {
			t.Fatalf("got %d rows, %d added, %d changed, %v lost; want %d, %d, %d, %v", got.rows, got.added, got.changed, got.lost, len(after), added, changed, lost)
		}
		if ids := idsOf(got.given); !slices.Equal(ids, sorted(after)) {
			t.Fatalf("it wrote %v", ids)
		}
		if ids := parseNumbers(numbers(sorted(after))); !slices.Equal(ids, sorted(after)) {
			t.Fatalf("numbers wrote %v", ids)
		}
	})
}

func sorted(rows map[int64]uint64) []int64 {
	var ids []int64
	for id := range rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// What cannot be read, as after a fault of a disk, counts as not delivered: it panics nowhere.
func TestDamagedTally(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		newTally(data).end()
		parseNumbers(data)
	})
}

func TestRowsThatDifferHaveAnotherSum(t *testing.T) {
	seen := map[uint64][]string{}
	for _, texts := range [][]string{{}, {""}, {"", ""}, {"a", "b"}, {"ab", ""}, {"", "ab"}, {"b", "a"}} {
		if before, twice := seen[sum(texts)]; twice {
			t.Error(cmp.Diff(before, texts))
		}
		seen[sum(texts)] = texts
	}
}
