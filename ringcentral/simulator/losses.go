package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
)

// The faults of a RingCentral that answers well, and wrongly: lists that lost people, parts that pass for the
// whole, texts in another encoding, claims that are not true. Lists that lost records have totals to fit.

// edited gives an answer with other records, and totals to fit them.
func (a answer) edited(l list, records []json.RawMessage) answer {
	lost := len(l.records) - len(records)
	l.records = records
	l.setPaging(func(p map[string]any) {
		if total, ok := p["totalElements"].(float64); ok {
			p["totalElements"] = total - float64(lost)
		}
	})
	a.body = l.encode()
	return a
}

// lostFault leaves out a share of the records, spread by the seed: the same ones each time.
func lostFault(_ *Server, f *Fault, _ *request, a answer) answer {
	l, ok := parseList(a.body)
	if !ok {
		return a
	}
	n := len(l.records)
	goes := map[int]bool{}
	for _, i := range rand.New(rand.NewPCG(f.Seed, 2)).Perm(n)[:int(f.Share*float64(n))] { //nolint:gosec // chance that can be repeated, no secret
		goes[i] = true
	}
	kept := make([]json.RawMessage, 0, n)
	for i, record := range l.records {
		if !goes[i] {
			kept = append(kept, record)
		}
	}
	return a.edited(l, kept)
}

// unlistedFault leaves out the record with the fault's id, as if there had never been one; asked for by
// itself it is not found.
func unlistedFault(_ *Server, f *Fault, r *request, a answer) answer {
	if r.op == OpOwnRegional {
		if r.param("extension") != f.ID {
			return a
		}
		return exError(http.StatusNotFound, "CMN-102", "Resource for parameter [extensionId] is not found", "extensionId")
	}
	l, ok := parseList(a.body)
	if !ok {
		return a
	}
	return a.edited(l, l.without(r.op, f.ID))
}

// inactiveFault says of every record that it is not active.
func inactiveFault(_ *Fault, records []json.RawMessage) []json.RawMessage {
	return eachRecord(records, func(fields map[string]json.RawMessage) {
		if fields["isActive"] != nil {
			fields["isActive"] = json.RawMessage("false")
		}
	})
}

// eachRecord edits the fields of every record that is an object.
func eachRecord(records []json.RawMessage, edit func(map[string]json.RawMessage)) []json.RawMessage {
	out := slices.Clone(records)
	for i, record := range records {
		var fields map[string]json.RawMessage
		if json.Unmarshal(record, &fields) == nil {
			edit(fields)
			out[i] = encode(fields)
		}
	}
	return out
}

// partialFault gives all but the last record under a status that says it is a part, or another's word.
func partialFault(_ *Server, f *Fault, _ *request, a answer) answer {
	a.status = cmp.Or(f.Status, http.StatusPartialContent)
	l, ok := parseList(a.body)
	if n := len(l.records); ok && n > 0 && a.status == http.StatusPartialContent {
		a = a.edited(l, l.records[:n-1]).with("Content-Range", fmt.Sprintf("items 0-%d/%d", n-2, n))
	}
	return a
}

// latin1Fault writes the answer in ISO 8859-1. What that does not have becomes ¿.
func latin1Fault(_ *Server, _ *Fault, _ *request, a answer) answer {
	var out bytes.Buffer
	for _, r := range string(a.body) {
		if r > 0xff {
			r = '¿'
		}
		out.WriteByte(byte(r))
	}
	a.body = out.Bytes()
	return a
}

// loneSurrogate damages the first text of the first record that has one.
func loneSurrogate(_ *Fault, records []json.RawMessage) []json.RawMessage {
	out := slices.Clone(records)
	for i, record := range records {
		for _, key := range []string{`"firstName":"`, `"displayName":"`, `"groupName":"`, `"subAccountName":"`} {
			if damaged := bytes.Replace(record, []byte(key), []byte(key+`\ud800`), 1); len(damaged) != len(record) {
				out[i] = damaged
				return out
			}
		}
	}
	return out
}

// nameTwice gives each record a name that comes twice.
func nameTwice(_ *Fault, records []json.RawMessage) []json.RawMessage {
	out := slices.Clone(records)
	for i, record := range records {
		if rest, ok := bytes.CutPrefix(record, []byte("{")); ok {
			out[i] = slices.Concat([]byte(`{"twice":1,"twice":2,`), rest)
		}
	}
	return out
}

// decomposed writes letters with a mark as two characters: the same names to a reader.
func decomposed(_ *Server, _ *Fault, _ *request, a answer) answer {
	a.body = []byte(twoCharacters.Replace(string(a.body)))
	return a
}

var twoCharacters = strings.NewReplacer("é", "e\u0301", "ü", "u\u0308", "ö", "o\u0308", "á", "a\u0301", "í", "i\u0301", "ë", "e\u0308", "Å", "A\u030a", "É", "E\u0301")

// claimedFault makes a list claim n records.
func claimedFault(_ *Server, f *Fault, _ *request, a answer) answer {
	if l, ok := parseList(a.body); ok {
		l.setPaging(func(p map[string]any) { p["totalElements"] = f.N })
		a.body = l.encode()
	}
	return a
}

// emptyRecords gives n empty records for a list.
func emptyRecords(f *Fault, _ []json.RawMessage) []json.RawMessage {
	return slices.Repeat([]json.RawMessage{json.RawMessage("{}")}, f.N)
}

// looks counts how often each app asked for the same thing since it signed in.
type looks map[string]map[string]int

// count counts a request, and says the how manieth it is.
func (l looks) count(client string, r *request) int {
	if r.op == OpToken {
		user, _, _ := r.BasicAuth()
		delete(l, user)
		return 1
	}
	if l[client] == nil {
		l[client] = map[string]int{}
	}
	l[client][r.URL.RequestURI()]++
	return l[client][r.URL.RequestURI()]
}

// look says the how manieth time this is that the app asks for the same; s.mu is held.
func (s *Server) look(r *request) int {
	_, name, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return s.looks.count(s.sessions.tokens[name].client, r)
}
