package sync

import (
	"encoding/binary"
	"strings"
)

// Entry is a contact as the directory lists it. Its fields are packed into one
// string, since 100,000 of them stand in memory together, and nearly all are only
// compared: each field is its length, then its bytes.
type Entry struct {
	RCID   string
	packed string
}

// NewEntry packs an entry, into no more memory than it needs.
func NewEntry(rcID string, fields *ContactFields) Entry {
	var packed strings.Builder
	var head [binary.MaxVarintLen64]byte
	size := 0
	for i := range fields {
		size += binary.PutUvarint(head[:], uint64(len(fields[i]))) + len(fields[i])
	}
	packed.Grow(size)
	for i := range fields {
		packed.Write(head[:binary.PutUvarint(head[:], uint64(len(fields[i])))])
		packed.WriteString(fields[i])
	}
	return Entry{rcID, packed.String()}
}

// holds says whether the fields are the entry's; room is for packing them.
func (e Entry) holds(fields *ContactFields, room *[]byte) bool {
	*room = appendFields((*room)[:0], fields)
	return string(*room) == e.packed
}

// appendFields packs fields as NewEntry does, to compare them with an entry.
func appendFields(b []byte, fields *ContactFields) []byte {
	for i := range fields {
		b = binary.AppendUvarint(b, uint64(len(fields[i])))
		b = append(b, fields[i]...)
	}
	return b
}

// Contact is the entry as a contact that is not yet held. Their texts share
// memory.
func (e Entry) Contact() *Contact {
	c := &Contact{RCID: e.RCID}
	rest := e.packed
	for i := range c.Fields {
		var head [binary.MaxVarintLen64]byte
		n, width := binary.Uvarint(head[:copy(head[:], rest)])
		end := width + int(n) //nolint:gosec // the length of a text, as appendFields wrote it
		c.Fields[i], rest = rest[width:end], rest[end:]
	}
	return c
}
