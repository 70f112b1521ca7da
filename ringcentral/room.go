package ringcentral

import (
	"strings"
	stdsync "sync"
)

// Reading a large account passes several times as much through memory as it
// leaves there. What is only passed through is used again.

// shelf keeps slices whose content is no longer needed, for the next to fill.
type shelf[T any] struct{ pool stdsync.Pool }

// spareBodies are the bodies of answers that were decoded.
var spareBodies shelf[byte]

// take gives an empty slice, possibly with room in it, possibly nil.
func (s *shelf[T]) take() []T {
	if used, ok := s.pool.Get().(*[]T); ok {
		return (*used)[:0]
	}
	return nil
}

// put takes back a slice that nobody refers to any more. It is cleared: what is
// decoded into it must not mix with what was there.
func (s *shelf[T]) put(used []T) {
	clear(used)
	s.pool.Put(&used)
}

// texts are values that many records of one list share: names, departments,
// states. Each is kept once.
type texts map[string]string

// shared gives the value's one copy.
func (t texts) shared(value string) string {
	if value == "" {
		return ""
	}
	if known, ok := t[value]; ok {
		return known
	}
	t[value] = value
	return value
}

// trimmed is shared, without outer space.
func (t texts) trimmed(value string) string { return t.shared(strings.TrimSpace(value)) }
