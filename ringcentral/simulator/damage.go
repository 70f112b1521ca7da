package simulator

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The faults that spoil a real answer. They work on the encoded body, so that they need no second
// knowledge of records; what they do not fit, they leave as it is.

// endlessFault keeps the genuine answer and never comes to its end.
func endlessFault(_ *Server, _ *Fault, _ *request, a answer) answer {
	a.endless = true
	return a
}

func slowBodyFault(_ *Server, f *Fault, _ *request, a answer) answer {
	a.drip = time.Duration(f.Delay)
	return a
}

func cutJSONFault(_ *Server, _ *Fault, _ *request, a answer) answer {
	a.body = a.body[:len(a.body)/2]
	return a
}

func shortBodyFault(_ *Server, _ *Fault, _ *request, a answer) answer {
	a.cutAt = max(1, len(a.body)/2)
	return a
}

// list is an answer taken apart: an array, or an object with records.
type list struct {
	whole   map[string]json.RawMessage // nil: an array
	records []json.RawMessage
}

// parseList takes an answer apart; not ok when it is no list.
func parseList(body []byte) (l list, ok bool) {
	if json.Unmarshal(body, &l.records) == nil && l.records != nil {
		return l, true
	}
	if json.Unmarshal(body, &l.whole) != nil || l.whole["records"] == nil {
		return l, false
	}
	return l, json.Unmarshal(l.whole["records"], &l.records) == nil
}

func (l list) encode() []byte {
	if l.whole == nil {
		return array(l.records)
	}
	l.whole["records"] = array(l.records)
	return encode(l.whole)
}

// without are the records of an operation's list but the one with an id.
func (l list) without(op Operation, id string) []json.RawMessage {
	key := cmp.Or(idKeys[op], "id")
	return slices.DeleteFunc(slices.Clone(l.records), func(record json.RawMessage) bool {
		var fields map[string]json.RawMessage
		return json.Unmarshal(record, &fields) == nil && strings.Trim(string(fields[key]), `"`) == id
	})
}

// onRecords spoils the list of an answer.
func onRecords(edit func(*Fault, []json.RawMessage) []json.RawMessage) func(*Server, *Fault, *request, answer) answer {
	return func(_ *Server, f *Fault, _ *request, a answer) answer {
		if l, ok := parseList(a.body); ok {
			l.records = edit(f, l.records)
			a.body = l.encode()
		}
		return a
	}
}

// duplicateFirst leaves the totals as they are: only the ids betray it.
func duplicateFirst(_ *Fault, records []json.RawMessage) []json.RawMessage {
	if len(records) == 0 {
		return records
	}
	return append(slices.Clone(records), records[0])
}

// wrongTypes puts objects where text or numbers belong.
func wrongTypes(_ *Fault, records []json.RawMessage) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(records))
	for _, r := range records {
		var fields map[string]json.RawMessage
		if json.Unmarshal(r, &fields) != nil {
			return records
		}
		for key := range fields {
			fields[key] = json.RawMessage(`{"value":[true]}`)
		}
		out = append(out, encode(fields))
	}
	return out
}

// keepFirst shortens a list, and the totals of its paging with it: the lie is whole.
func keepFirst(n func(*Fault) int) func(*Server, *Fault, *request, answer) answer {
	return func(_ *Server, f *Fault, _ *request, a answer) answer {
		l, ok := parseList(a.body)
		if !ok || len(l.records) <= n(f) {
			return a
		}
		l.records = l.records[:n(f)]
		l.setPaging(func(p map[string]any) {
			p["totalElements"], p["totalPages"] = len(l.records), min(1, len(l.records))
			delete(p, "pageStart")
			delete(p, "pageEnd")
		})
		if l.whole != nil && l.whole["navigation"] != nil {
			l.whole["navigation"] = json.RawMessage(`{}`)
		}
		a.body = l.encode()
		return a
	}
}

// setPaging edits paging, where there is one.
func (l list) setPaging(edit func(map[string]any)) {
	var p map[string]any
	if json.Unmarshal(l.whole["paging"], &p) == nil && p != nil {
		edit(p)
		l.whole["paging"] = encode(p)
	}
}

// totalsFault makes the account seem one record larger from here on.
func totalsFault(_ *Server, _ *Fault, _ *request, a answer) answer {
	l, ok := parseList(a.body)
	if !ok {
		return a
	}
	l.setPaging(func(p map[string]any) {
		if n, ok := p["totalElements"].(float64); ok {
			p["totalElements"] = n + 1
		}
	})
	a.body = l.encode()
	return a
}

// goneFault leaves out the record with the fault's id.
func goneFault(_ *Server, f *Fault, r *request, a answer) answer {
	l, ok := parseList(a.body)
	if !ok {
		return a
	}
	l.records = l.without(r.op, f.ID)
	a.body = l.encode()
	return a
}

// idKeys is what each list calls its records' id; elsewhere it is "id".
var idKeys = map[Operation]string{
	OpAgents: "agentId", OpGroups: "agentGroupId", OpSubAccounts: "subAccountId",
	OpAdministrators: "userId", OpAssignedRoles: "extensionId",
}

// lowerPerPage gives smaller pages than wanted; paging.perPage says so.
func lowerPerPage(_ *Server, f *Fault, r *request) {
	if n, ok := positive(r.query.Get("perPage"), f.N); ok {
		r.query.Set("perPage", strconv.Itoa(min(n, f.N)))
	}
}

// otherPageFault answers with the records of a page before or after, under the number asked for.
// The first page is never replaced.
func otherPageFault(step int) func(*Server, *Fault, *request, answer) answer {
	return func(s *Server, _ *Fault, r *request, a answer) answer {
		page, ok := positive(r.query.Get("page"), 1)
		mine, isList := parseList(a.body)
		if !ok || page == 1 || !isList || mine.whole == nil {
			return a
		}
		r.query = maps.Clone(r.query)
		r.query.Set("page", strconv.Itoa(page+step))
		if other, ok := parseList(s.again(r).body); ok {
			mine.records = other.records
			a.body = mine.encode()
		}
		return a
	}
}

// again asks the handler once more, past credentials and limits.
func (s *Server) again(r *request) answer {
	s.worldMu.RLock()
	defer s.worldMu.RUnlock()
	return r.handle(s, r)
}
