package publish

import (
	"encoding/binary"
	"slices"
)

// What a destination has is kept as the number of each row, as the step from the one before,
// and a hash of its text: so that it can be said what changed, without the text.

// tally compares rows, as they come in the order of their numbers, with those that a
// destination has.
type tally struct {
	had       []byte // what is left of those
	hadID     int64  // of the next of them; 0: there is none
	hadSum    uint64
	given     []byte // those that came
	last      int64
	rows      int
	added     int
	changed   int
	lost      []int64
	hadBefore int64
}

func newTally(had []byte) *tally {
	t := &tally{had: had}
	t.next()
	return t
}

// next goes on to the next row that the destination has.
func (t *tally) next() {
	step, n := binary.Uvarint(t.had)
	if n <= 0 || len(t.had) < n+8 {
		t.had, t.hadID = nil, 0
		return
	}
	t.hadBefore += int64(step) //nolint:gosec // as it was written
	t.hadID, t.hadSum = t.hadBefore, binary.LittleEndian.Uint64(t.had[n:])
	t.had = t.had[n+8:]
}

// row takes the next row.
func (t *tally) row(id int64, sum uint64) {
	t.given = binary.AppendUvarint(t.given, uint64(id-t.last)) //nolint:gosec // they are in order
	t.given = binary.LittleEndian.AppendUint64(t.given, sum)
	t.last = id
	t.rows++
	for t.hadID != 0 && t.hadID < id {
		t.lost = append(t.lost, t.hadID)
		t.next()
	}
	switch {
	case t.hadID != id:
		t.added++
		return
	case t.hadSum != sum:
		t.changed++
	}
	t.next()
}

// end says that no row is left.
func (t *tally) end() {
	for t.hadID != 0 {
		t.lost = append(t.lost, t.hadID)
		t.next()
	}
}

// numbers writes numbers that are in order.
func numbers(ids []int64) (data []byte) {
	last := int64(0)
	for _, id := range ids {
		data = binary.AppendUvarint(data, uint64(id-last)) //nolint:gosec // they are in order
		last = id
	}
	return data
}

// parseNumbers reads what numbers wrote.
func parseNumbers(data []byte) (ids []int64) {
	last := int64(0)
	for len(data) > 0 {
		step, n := binary.Uvarint(data)
		if n <= 0 {
			return ids
		}
		last += int64(step) //nolint:gosec // as it was written
		ids, data = append(ids, last), data[n:]
	}
	return ids
}

// within says whether all numbers are among others, both in order.
func within(ids, others []int64) bool {
	return !slices.ContainsFunc(ids, func(id int64) bool {
		_, found := slices.BinarySearch(others, id)
		return !found
	})
}

// Rows of given, by their numbers.
func idsOf(given []byte) (ids []int64) {
	for t := newTally(given); t.hadID != 0; t.next() {
		ids = append(ids, t.hadID)
	}
	return ids
}

// sum is FNV-1a of texts, each with an end.
func sum(texts []string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, text := range texts {
		for i := range len(text) {
			h = (h ^ uint64(text[i])) * prime
		}
		h = (h ^ 0xff) * prime // no byte of UTF-8
	}
	return h
}
