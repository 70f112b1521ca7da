package modeltest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
	"ringroster/sync/edit"
)

// What RingCentral says, and what the settings make of it (R8).

// modelMaps are some settings of `map`; the first entry that fits counts.
var modelMaps = [][]config.Mapping{
	nil,
	{{Field: "department", From: "Sales", To: "Sellers"}, {Field: "job_title", From: "csr*", To: "Agent"}},
	{{Field: "department", From: "s*", To: "Everybody"}},
	{{Field: "job_title", From: "*lead*", To: "Lead"}, {Field: "job_title", From: "*", To: "Other"}, {Field: "department", From: "SUPPORT", To: "Care"}},
	{{Field: "department", From: "Support", To: "Sales"}, {Field: "department", From: "Sales", To: "Support"}},
}

var modelTitles = []string{"CSR", "CSR Lead", "Trainer", ""}

// mapping is what an entry, which may have *, makes of a value; "": there is none.
func mapping(entries []config.Mapping, field, value string) string {
	for _, e := range entries {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(e.From), `\*`, `.*`)
		if e.Field == field && regexp.MustCompile(`(?i)^(?:`+pattern+`)$`).MatchString(value) {
			return e.To
		}
	}
	return ""
}

// say takes down what RingCentral says of a field, and what it is mapped to.
func (m *modelMember) say(field, value string, entries []config.Mapping) {
	m.synced[field] = value
	m.mapped[field] = mapping(entries, field, value)
	if m.mapped[field] == value {
		m.mapped[field] = ""
	}
}

// given is what the last sync had for the roster.
func (m *modelMember) given(field string) string {
	if mapped := m.mapped[field]; mapped != "" {
		return mapped
	}
	return m.synced[field]
}

// seen is RingCentral's value of a field where the roster has what was made of it: what a
// filter sees. told is the same for the history, "-": nothing was made of it.
func (m *modelMember) seen(field string) string {
	if mapped := m.mapped[field]; mapped != "" && mapped == m.values[field] {
		return m.synced[field]
	}
	return m.values[field]
}

func (m *modelMember) told(field string) string {
	if mapped := m.mapped[field]; mapped != "" && mapped == m.values[field] {
		return m.synced[field]
	}
	return "-"
}

// sameValues compares values, of which those that are not there are empty.
func sameValues(a, b map[string]string) bool {
	return !slices.ContainsFunc(slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))), func(field string) bool { return a[field] != b[field] })
}

// changeMap edits `map` in the settings.
func (g *game) changeMap() {
	g.settings.Map = rapid.SampledFrom(modelMaps).Draw(g.rt, "map")
}

// changeSource lets employee numbers come from RingCentral, or be the roster's own.
func (g *game) changeSource() {
	g.settings.EmployeeID.Reference = rapid.SampledFrom([]string{"", "CustomerDirectoryId"}).Draw(g.rt, "source")
}

// changeNumber gives somebody another number, or lets the list say nothing of it.
func (g *game) changeNumber(h *human) {
	switch h.referred = g.n(4, "referred") > 0; {
	case h.referred && g.n(4, "none") > 0:
		h.employee = fmt.Sprintf("E%d", g.company.next())
	default:
		h.employee = ""
	}
}

// setNumber gives members numbers from a file of HR's, or one by hand.
func (g *game) setNumber() {
	m := g.member()
	value := fmt.Sprintf("N%d", g.company.next())
	change := edit.Fill(sync.EmployeeID, map[int64]string{m.id: value})
	if g.n(2, "by hand") == 0 {
		change = edit.SetFields(m.id, map[string]string{"employee_id": value})
	}
	switch {
	case m.reason == "forgotten":
		g.refused(change, "nothing personal is kept of somebody forgotten")
		return
	case !g.settings.EmployeeID.Own(): // the command refuses it
		return
	}
	m.values["employee_id"], m.synced["employee_id"] = value, value
	g.edit(sync.ByHand, change)
}

// checkTold sees that the history of a run tells RingCentral's own values of mapped fields,
// and of no others.
func (g *game) checkTold(run sync.RunID, v *verdicts) {
	for row := range g.history(`run_id = ?`, run) {
		was, is := "-", "-"
		if told, ok := v.told[fmt.Sprint(row.MemberID, text(row.Field))]; ok {
			was, is = told[0], told[1]
		}
		if row.Field == nil {
			is = g.members[row.MemberID].toldAll()
		}
		if got := [2]string{orDash(row.ReportedBefore), orDash(row.ReportedAfter)}; got != [2]string{was, is} {
			g.rt.Fatalf("change %d of member %d tells of RingCentral %q, the rules say %q: %+v", row.ChangeID, row.MemberID, got, [2]string{was, is}, row)
		}
	}
}

// toldAll is what the history tells of somebody new.
func (m *modelMember) toldAll() string {
	var all []string
	for _, field := range []string{"department", "job_title"} {
		if own := m.told(field); own != "-" {
			all = append(all, fmt.Sprintf("%q:%q", field, own))
		}
	}
	if all == nil {
		return "-"
	}
	slices.Sort(all)
	return "{" + strings.Join(all, ",") + "}"
}

func orDash(value *string) string {
	if value == nil {
		return "-"
	}
	return *value
}

// text is a value of the history that may be missing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
