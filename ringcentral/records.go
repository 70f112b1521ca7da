package ringcentral

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	stdsync "sync"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// rows is a JSON array of records, whose cost is bounded by the bytes it came in.
// It is decoded into the room it has, if that is large enough.
type rows[T any] struct {
	list []T
	read bool // there was an array
}

// UnmarshalJSONFrom stops at the first record that cannot be read.
func (r *rows[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	r.list = r.list[:0]
	if dec.PeekKind() == 'n' {
		return dec.SkipValue() // not read: whether there must be a list is for others to say
	}
	err := eachRecord[T](dec, func(n int) error {
		r.list = append(r.list, *new(T))
		return json.UnmarshalDecode(dec, &r.list[n])
	})
	r.read = err == nil
	return err
}

// faultyRows is rows for a list in which some records are faulty: the others stand,
// and what could be read of the faulty ones is in their places (R19).
type faultyRows[T any] struct {
	rows[T]
	faults map[int]string // by index: what is wrong
}

// UnmarshalJSONFrom fails only where the list itself is damaged.
func (r *faultyRows[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	r.faults = map[int]string{}
	if dec.PeekKind() == 'n' {
		return dec.SkipValue()
	}
	err := eachRecord[T](dec, func(n int) error {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		var record T
		if json.Unmarshal(value, &record) != nil {
			record, r.faults[n] = salvage[T](value)
		}
		r.list = append(r.list, record)
		if len(r.faults) >= mostFaults {
			return r.mostlyFaulty()
		}
		return nil
	})
	r.read = err == nil
	return err
}

// mostlyFaulty is the error where most records are faulty: then it is the list that
// is wrong.
func (r *faultyRows[T]) mostlyFaulty() error {
	if bad := len(r.faults); bad > 1 && 2*bad > len(r.list) {
		return fmt.Errorf("%d of %d records hold values of the wrong type", bad, len(r.list))
	}
	return nil
}

const (
	// mostFaults are read before it is clear that most of a list is faulty.
	mostFaults = 1000
	// mostCost is how many bytes of memory records may take for each byte of JSON
	// they came in. The records of a real list take one or two.
	mostCost = 4
	// freeCost is granted in any case, for lists of a few small records.
	freeCost = 1 << 10
)

// eachRecord calls read for each record of an array; read consumes it. Records that
// say next to nothing are refused before they fill the memory: 6 MB of [{},{},…]
// would take more than a gigabyte.
func eachRecord[T any](dec *jsontext.Decoder, read func(n int) error) error {
	if kind := dec.PeekKind(); kind != '[' {
		return fmt.Errorf("a list was expected, and not %s", kind)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	began := dec.InputOffset()
	for n := 0; dec.PeekKind() != ']'; n++ {
		if err := read(n); err != nil {
			return err
		}
		cost := int(unsafe.Sizeof(*new(T))) * (n + 1)
		if came := int(dec.InputOffset() - began); cost > mostCost*came+freeCost {
			return fmt.Errorf("%d records in %d bytes: they are empty", n+1, came)
		}
	}
	_, err := dec.ReadToken()
	return err
}

// salvage reads what is legible of a record, field by field, and says what is
// not. Fields that nobody asks for may be illegible.
func salvage[T any](raw jsontext.Value) (record T, fault string) {
	var fields map[string]jsontext.Value
	if json.Unmarshal(raw, &fields, jsontext.AllowInvalidUTF8(true)) != nil || fields == nil {
		return record, "it is not an object"
	}
	var wrong []string
	for _, name := range namesOf(reflect.TypeFor[T]()) {
		value, there := fields[name]
		if !there {
			continue
		}
		before := record
		if err := json.Unmarshal(fmt.Appendf(nil, "{%q:%s}", name, value), &record); err != nil {
			record = before // what was read of the field by then is half of it
			wrong = append(wrong, name+": "+wrongWith(value, err))
		}
	}
	return record, strings.Join(wrong, ", ")
}

// wrongWith says why a field could not be read.
func wrongWith(value jsontext.Value, err error) string {
	switch {
	case !value.IsValid():
		return "not text" // a lone surrogate: all else was refused with the list
	case errors.Is(err, errNoID):
		return errNoID.Error()
	}
	return "of the wrong type"
}

// namesOf lists what the fields of a record are called on the wire.
func namesOf(record reflect.Type) (names []string) {
	for field := range record.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// decodeFaulty reads an answer in which some records are faulty. Bytes that are not
// UTF-8 spoil the whole: they say that the list came in another encoding. So do
// names that come twice. Where most records are faulty, it is the list that is wrong.
func decodeFaulty[T any](body []byte, into any, list *faultyRows[T]) error {
	if err := json.Unmarshal(body, into, jsontext.AllowInvalidUTF8(true)); err != nil || !utf8.Valid(body) {
		return unreadable(body, err)
	}
	if err := list.mostlyFaulty(); err != nil {
		return nonsense("%w", err)
	}
	return nil
}

// unreadable says why a body could not be decoded.
func unreadable(body []byte, err error) error {
	if !utf8.Valid(body) {
		return nonsense("the body is not UTF-8: perhaps it is in another encoding")
	}
	if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
		if wrong.Err != nil { // the rest of it speaks of Go's types
			return nonsense("%w", wrong.Err)
		}
		return nonsense("%s is of the wrong type", first(string(wrong.JSONPointer), "the body"))
	}
	return nonsense("%w", err)
}

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
