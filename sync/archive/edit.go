package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strconv"

	"ringroster/sync"
)

// On a day with news nearly every list of a large account holds some, and hardly any
// record of it is new. So of a list that an earlier run kept whole its piece is kept
// once more, as the next piece of this run, and after it what to change in it: an
// edit, a hundredth of the whole. Who reads what was kept sees whole lists.

// pastEdit is a part of a list: records of the one before, and new ones behind them.
type pastEdit struct {
	From       int              `json:"from"` // the first that stays as it was, from 0
	To         int              `json:"to"`   // the first behind those
	Agents     []sync.Agent     `json:"agents,omitempty"`
	Extensions []sync.Extension `json:"extensions,omitempty"`
	Sealed     []pastSealed     `json:"sealed,omitempty"`
}

// span is where a record stands in a line.
type span struct{ from, to int }

// markLength is the length of a mark: two checksums that have nothing in common. That
// a new record of a list has the mark of its old self does not happen by chance. A
// list goes by the name that follows from its marks.
const markLength = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendMark(marks, record []byte) []byte {
	marks = binary.BigEndian.AppendUint32(marks, crc32.ChecksumIEEE(record))
	return binary.BigEndian.AppendUint32(marks, crc32.Checksum(record, castagnoli))
}

// mostFresh: where more than one in so many records is new, the list is kept whole,
// to be the base of later ones.
const mostFresh = 4

// list keeps a line that is a list of records, which stand where w.spans says; key is
// theirs. name is the same on every day, and says all but the records.
func (w *Writer) list(name, key string, line []byte) {
	line = w.grow(line)
	marks := make([]byte, 0, len(w.spans)*markLength)
	for _, at := range w.spans {
		marks = appendMark(marks, line[at.from:at.to])
	}
	piece := sync.Piece{Name: pieceName([]byte(name), marks), List: name, Marks: marks}
	if w.kept[piece.Name] {
		w.put(piece, line)
		return
	}
	base := w.bases[name]
	parts, fresh := editParts(base.Marks, piece.Marks)
	if !w.kept[base.Name] || fresh*mostFresh > len(w.spans) {
		w.put(piece, line)
		return
	}
	w.put(sync.Piece{Name: base.Name}, nil)
	edit := w.edit(parts, key, line)
	w.put(sync.Piece{Name: pieceName(edit)}, edit)
}

// editPart is a pastEdit: records from to to of the list before, and new ones fresh to
// end.
type editPart struct{ from, to, fresh, end int }

// farthest is how many records, one behind the other, may be gone from a list before
// what follows them is taken for new.
const farthest = 64

// editParts says how to make a list of an older one, by their marks, and how many of
// its records are new.
func editParts(old, marks []byte) (parts []editPart, fresh int) {
	mark := func(marks []byte, i int) []byte { return marks[i*markLength : (i+1)*markLength] }
	at := 0 // in the old list
	for i := range len(marks) / markLength {
		found, last := at, min(at+farthest, len(old)/markLength)
		for found < last && !bytes.Equal(mark(old, found), mark(marks, i)) {
			found++
		}
		isFresh := found == last
		if n := len(parts); n == 0 || !isFresh && (parts[n-1].to != found || parts[n-1].fresh < parts[n-1].end) {
			parts = append(parts, editPart{from: found, to: found})
		}
		switch part := &parts[len(parts)-1]; {
		case !isFresh:
			part.to, at = found+1, found+1
		case part.fresh == part.end:
			part.fresh, part.end = i, i+1
			fresh++
		default:
			part.end++
			fresh++
		}
	}
	return parts, fresh
}

// edit is write(pastLine{Edit: …}).
func (w *Writer) edit(parts []editPart, key string, line []byte) []byte {
	b := append([]byte(nil), `{"edit":[`...)
	for i, part := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"from":`...), int64(part.from), 10)
		b = strconv.AppendInt(append(b, `,"to":`...), int64(part.to), 10)
		if part.fresh < part.end {
			b = append(append(append(b, `,"`...), key...), `":[`...)
			b = append(append(b, line[w.spans[part.fresh].from:w.spans[part.end-1].to]...), ']')
		}
		b = append(b, '}')
	}
	return append(b, "]}\n"...)
}

// isList says whether a line may be edited by the next.
func (l *pastLine) isList() bool { return l.Group != nil || l.Extensions != nil || l.Sealed != nil }

// change makes the list of a line what an edit says.
func (l *pastLine) change(edit []pastEdit) (err error) {
	switch {
	case l.Group != nil:
		l.Group.Agents, err = edited(l.Group.Agents, edit, func(e *pastEdit) []sync.Agent { return e.Agents })
	case l.Extensions != nil:
		l.Extensions, err = edited(l.Extensions, edit, func(e *pastEdit) []sync.Extension { return e.Extensions })
	default:
		l.Sealed, err = edited(l.Sealed, edit, func(e *pastEdit) []pastSealed { return e.Sealed })
	}
	return err
}

func edited[T any](old []T, edit []pastEdit, fresh func(*pastEdit) []T) (list []T, err error) {
	for i := range edit {
		e := &edit[i]
		if e.From < 0 || e.From > e.To || e.To > len(old) {
			return nil, errors.New("it changes records that are not there")
		}
		list = append(append(list, old[e.From:e.To]...), fresh(e)...)
	}
	return list, nil
}
