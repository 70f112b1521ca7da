package archive

import (
	"fmt"
	"strconv"

	"ringroster/sync"
)

// The lists of people are written by hand: encoding/json takes several times as
// long, and what is written is most of what a run without news does beside
// reading. TestListsAreWrittenAsJSONWritesThem holds the two together.

// group is write(pastLine{Group: g}).
func (w *Writer) group(sub string, g *sync.Group) {
	if w.err != nil {
		return
	}
	b := append(w.room(), `{"group":{`...)
	b = appendKey(b, "id", g.ID)
	b = appendKey(b, "name", g.Name)
	for i := range g.Agents {
		if i == 0 {
			b = append(b, `"agents":[`...)
		}
		b = w.record(b, func(b []byte) []byte { return appendAgent(b, &g.Agents[i]) })
	}
	if len(g.Agents) > 0 {
		b = append(b[:len(b)-1], ']', ',')
	}
	w.list(fmt.Sprintf("group %q %q %q", sub, g.ID, g.Name), "agents", append(closed(b), '}', '\n'))
}

// extensions is write(pastLine{Extensions: list}), for one of the numbered parts of
// the whole.
func (w *Writer) extensions(number int, list []sync.Extension) {
	if w.err != nil {
		return
	}
	b := append(w.room(), `{"extensions":[`...)
	for i := range list {
		b = w.record(b, func(b []byte) []byte { return appendExtension(b, &list[i]) })
	}
	w.list(fmt.Sprintf("extensions %d", number), "extensions", append(b[:len(b)-1], ']', '}', '\n'))
}

// sealedLine is write(pastLine{Sealed: list}), for the part of all with their numbers.
func (w *Writer) sealedLine(list []pastSealed) {
	if w.err != nil {
		return
	}
	b := append(w.room(), `{"sealed":[`...)
	for i := range list {
		b = w.record(b, func(b []byte) []byte { return appendSealed(b, &list[i]) })
	}
	w.list(fmt.Sprintf("sealed %d", list[0].ID/pastBatch), "sealed", append(b[:len(b)-1], ']', '}', '\n'))
}

// room is where the next line is written. Once it is, grow sees that there is room
// enough for one as long.
func (w *Writer) room() []byte {
	w.line.Reset()
	w.spans = w.spans[:0]
	return w.line.AvailableBuffer()
}

func (w *Writer) grow(line []byte) []byte {
	_, _ = w.line.Write(line) // it cannot fail
	return w.line.Bytes()
}

// record appends what write appends, and a comma, and notes where it stands.
func (w *Writer) record(b []byte, write func([]byte) []byte) []byte {
	from := len(b)
	b = write(b)
	w.spans = append(w.spans, span{from, len(b)})
	return append(b, ',')
}

func appendSealed(b []byte, s *pastSealed) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), s.ID, 10)
	return append(sync.AppendText(append(b, `,"seal":`...), s.Seal), '}')
}

func appendAgent(b []byte, a *sync.Agent) []byte {
	b = append(b, '{')
	b = appendKey(b, "id", a.ID)
	b = appendKey(b, "rc_user_id", a.RCUserID)
	b = appendKey(b, "first_name", a.FirstName)
	b = appendKey(b, "last_name", a.LastName)
	b = appendKey(b, "email", a.Email)
	b = appendKey(b, "user_name", a.UserName)
	b = appendKey(b, "type", a.Type)
	b = appendFlag(b, "active", a.Active)
	b = appendKey(b, "faulty", a.Faulty)
	if a.Supervisors != "" {
		b = append(append(append(b, `"supervisors":`...), a.Supervisors...), ',')
	}
	return closed(b)
}

func appendExtension(b []byte, e *sync.Extension) []byte {
	b = append(b, '{')
	b = appendKey(b, "id", e.ID)
	b = appendKey(b, "number", e.Number)
	b = appendKey(b, "type", e.Type)
	b = appendKey(b, "status", e.Status)
	b = appendKey(b, "first_name", e.FirstName)
	b = appendKey(b, "last_name", e.LastName)
	b = appendKey(b, "email", e.Email)
	for f, value := range e.Fields {
		if f != sync.ExtensionNumber { // which stands at the beginning
			b = appendKey(b, f.String(), value)
		}
	}
	b = appendKey(b, "employee_id", e.EmployeeID)
	b = appendFlag(b, "has_references", e.HasReferences)
	b = appendFlag(b, "has_contact", e.HasContact)
	b = appendKey(b, "faulty", e.Faulty)
	return closed(b)
}

// appendKey appends a pair and a comma, unless there is no value.
func appendKey(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(append(b, '"'), key...), '"', ':')
	return append(sync.AppendText(b, value), ',')
}

func appendFlag(b []byte, key string, value bool) []byte {
	if !value {
		return b
	}
	b = append(append(append(b, '"'), key...), '"', ':')
	return append(strconv.AppendBool(b, value), ',')
}

// closed ends an object whose last pair left a comma.
func closed(b []byte) []byte {
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, '}')
}
