package modeltest

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// personalColumns are what a legal erasure blanks, besides the user names of
// logins.
var personalColumns = []string{
	"first_name", "last_name", "email", "extension_number", "department", "job_title", "site", "time_zone", "language", "username", "employee_id",
}

// forget erases somebody: the row stays, and the ids.
func (m *modelMember) forget() {
	for _, column := range personalColumns {
		m.values[column], m.synced[column], m.mapped[column] = "", "", ""
	}
	for key, row := range m.logins {
		row.user, row.under = "", ""
		m.logins[key] = row
	}
	m.active, m.reason, m.pins = false, "forgotten", map[string]modelPin{}
}

func (g *game) forget() {
	m := g.member()
	if m.reason == "forgotten" {
		g.refused(edit.Forget(m.id), "a member was forgotten twice")
		return
	}
	words := g.wordsOf(m)
	if m.active { // by any run (R21)
		g.left = append(g.left, departure{g.now(), m.id})
	}
	g.decidedOut[m.id] = true
	m.forget()
	g.dropOpen(m.id)
	g.edit(sync.ByHand, edit.Forget(m.id))
	g.nothingSays(words)
	g.replayBlanked(m.id)
	g.counts.forgotten++
}

// wordColumns are those of which one person's values are nobody else's, as a rule.
var wordColumns = []string{"last_name", "email", "employee_id"}

// wordsOf are names, addresses and numbers that somebody ever had, and nobody else.
func (g *game) wordsOf(m *modelMember) []string {
	words := map[string]bool{}
	for _, column := range wordColumns {
		words[m.values[column]], words[m.synced[column]] = true, true
	}
	for row := range g.history(`member_id = ? AND field IN ('last_name', 'email', 'employee_id')`, m.id) {
		words[text(row.Before)], words[row.After] = true, true
	}
	for h, said := range g.said {
		if h.is(m) {
			maps.Copy(words, said)
		}
	}
	for h, said := range g.said {
		if !h.is(m) {
			maps.DeleteFunc(words, func(word string, _ bool) bool { return said[word] })
		}
	}
	for id, other := range g.members {
		if id != m.id {
			for _, column := range wordColumns {
				delete(words, other.values[column])
				delete(words, other.synced[column])
				delete(words, g.begun[id][column]) // no history tells of edits by SQL since
			}
			for _, edit := range g.bySQL[id] {
				delete(words, edit.value)
			}
		}
	}
	for row := range g.history(`member_id <> ? AND field IN ('last_name', 'email', 'employee_id')`, m.id) { // a pin may hold anybody's
		delete(words, text(row.Before))
		delete(words, row.After)
	}
	for _, common := range []string{"", "Hand"} {
		delete(words, common)
	}
	return slices.Sorted(maps.Keys(words))
}

// is says whether a human is the member.
func (h *human) is(m *modelMember) bool {
	return rcID(h) == m.rc || h.admin != 0 && fmt.Sprint(h.admin) == m.admin ||
		slices.ContainsFunc(h.records, func(r *record) bool { _, ok := m.logins[loginKeyOf(r)]; return ok })
}

// listen remembers what RingCentral says of everybody.
func (g *game) listen() {
	for _, h := range g.company.humans {
		if g.said[h] == nil {
			g.said[h] = map[string]bool{}
		}
		g.said[h][h.last], g.said[h][h.email], g.said[h][h.employee] = true, true, true
	}
}

// nothingSays looks for words in all of the database, and in what runs kept.
func (g *game) nothingSays(words []string) {
	if len(words) == 0 {
		return
	}
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	said := regexp.MustCompile(`(?i)\b(` + strings.Join(words, "|") + `)\b`)
	var tables []string
	g.query(`SELECT name FROM sqlite_master WHERE type = 'table'`, nil, func(rows *sql.Rows) {
		var name string
		g.must(rows.Scan(&name))
		tables = append(tables, name)
	})
	for _, table := range tables {
		for line := range strings.Lines(g.dumpTables(table)) {
			if said.MatchString(line) {
				g.rt.Fatalf("%s still says %q: %s", table, said.FindString(line), line)
			}
		}
	}
	g.query(`SELECT piece_id, data FROM snapshot_pieces`, nil, func(rows *sql.Rows) {
		var piece int64
		var data []byte
		g.must(rows.Scan(&piece, &data))
		plain, err := gzip.NewReader(bytes.NewReader(data))
		g.must(err)
		kept, err := io.ReadAll(plain)
		g.must(err)
		if at := said.FindIndex(kept); at != nil {
			g.rt.Fatalf("piece %d of what runs kept still says %s", piece, kept[max(0, at[0]-400):min(len(kept), at[1]+200)])
		}
	})
}

// sqlEdit is an operator's edit that no history tells: after which change, what.
type sqlEdit struct {
	after         int64
	column, value string
}

// replayBlanked plays all of the history of somebody who was forgotten, which
// says less than it did, and what was done by SQL.
func (g *game) replayBlanked(id int64) {
	row := maps.Clone(g.begun[id])
	blank := func(row map[string]string) {
		for _, column := range personalColumns {
			if _, ok := row[column]; ok {
				row[column] = ""
			}
		}
	}
	blank(row)
	edits := g.bySQL[id]
	catchUp := func(change int64) {
		for len(edits) > 0 && edits[0].after < change {
			if row[edits[0].column] = edits[0].value; slices.Contains(personalColumns, edits[0].column) {
				row[edits[0].column] = ""
			}
			edits = edits[1:]
		}
	}
	for c := range g.history(`member_id = ? AND change_id <= ?`, id, g.replayedTo) {
		catchUp(c.ChangeID)
		if c.Field == nil {
			row = g.onboarded(c.After)
		} else {
			g.replayField(row, c)
		}
	}
	catchUp(g.replayedTo + 1)
	g.replayed[id] = row
}
