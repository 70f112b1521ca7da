package ringcentral

import (
	"context"
	"strings"
	stdsync "sync"
	"time"
)

// Reading a large account passes several times as much through memory as it
// leaves there. What is only passed through is used again.

// shelf keeps slices whose content is no longer needed, for the next to fill. A
// sync.Pool would lose them at every garbage collection: just when they count.
type shelf[T any] struct {
	mu   stdsync.Mutex
	used [][]T
}

// spareBodies are the bodies of answers that were decoded.
var spareBodies shelf[byte]

// take gives an empty slice, possibly with room in it, possibly nil.
func (s *shelf[T]) take() []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.used) == 0 {
		return nil
	}
	last := len(s.used) - 1
	used := s.used[last]
	s.used = s.used[:last]
	return used[:0]
}

// put takes back a slice that nobody refers to any more. It is cleared: what is
// decoded into it must not mix with what was there.
func (s *shelf[T]) put(used []T) {
	clear(used)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = append(s.used, used)
}

// bodySlots bound how many answers stand in memory at a time, read and not yet
// decoded: a fast server would fill it with all that was asked side by side. The
// bound is a soft one, since a slow body must not keep the others waiting.
type bodySlots chan struct{}

const (
	mostBodies = 4
	bodyWait   = time.Second
)

func newBodySlots() bodySlots {
	b := make(bodySlots, mostBodies)
	for range mostBodies {
		b <- struct{}{}
	}
	return b
}

func (b bodySlots) wait(ctx context.Context) {
	select {
	case <-b:
		return
	default:
	}
	timer := time.NewTimer(bodyWait)
	defer timer.Stop()
	select {
	case <-b:
	case <-timer.C:
	case <-ctx.Done(): // reading will say so
	}
}

// done lets the next one in, and keeps the room of a body that nobody needs.
func (b bodySlots) done(body []byte) {
	if body != nil {
		spareBodies.put(body)
	}
	select {
	case b <- struct{}{}:
	default: // a slow one did not wait
	}
}

// empty gives the room back when reading has ended.
func (s *shelf[T]) empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = nil
}

func emptyShelves() {
	spareBodies.empty()
	extensionRoom.empty()
	agentRoom.empty()
}

// texts are the values of the records of one list. Small strings by themselves take
// a third more room, and the garbage collector looks at each: these stand in a few
// long ones. Values that many records share, such as departments, are kept once.
type texts struct {
	known map[string]string
	room  *strings.Builder // it never grows: what was written stays where it is
	size  int              // of the next one
}

// A long one is at most so large, and less for a short list.
const (
	textRoom      = 8 << 10
	textPerRecord = 100
)

func newTexts(records int) *texts {
	return &texts{known: map[string]string{}, room: &strings.Builder{}, size: min(records*textPerRecord, textRoom)}
}

// own gives a copy of a value that belongs to one record.
func (t *texts) own(value string) string {
	if t.room.Cap()-t.room.Len() < len(value) {
		t.room = &strings.Builder{}
		t.room.Grow(max(t.size, len(value)))
	}
	at := t.room.Len()
	t.room.WriteString(value)
	return t.room.String()[at:]
}

// shared gives the value's one copy.
func (t *texts) shared(value string) string {
	if value == "" {
		return ""
	}
	known, ok := t.known[value]
	if !ok {
		known = t.own(value)
		t.known[known] = known
	}
	return known
}
