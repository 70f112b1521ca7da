package modeltest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// What belongs to the roster (activity, teams, categories, permissions), and what
// operators hold against the sync.

// modelOnboarding are the settings of onboarding.
const modelOnboarding = `onboarding:
  defaults: {teams: [all], permissions: {agent_login: true, supervisor_access: false, inbound_calls: true, outbound_calls: false}}
  rules:
    - {name: first, when: {agent_group: "Group 0"}, set: {activity_id: Site 2, teams: [first], categories: [b2c]}}
    - {name: leads, when: {role: Supervisor}, set: {teams: [leads, all], permissions: {supervisor_access: true}}}
    - {name: support, when: {department: Support}, set: {activity_id: Site 3, categories: [care]}}
`

var permissionNames = []string{"agent_login", "supervisor_access", "inbound_calls", "outbound_calls"}

func ownOfNobody() map[string]string {
	return map[string]string{"activity_id": "", "teams": "[]", "categories": "[]", "permissions": "{}"}
}

func jsonText(v any) string {
	text, _ := json.Marshal(v) // sorts the keys of maps
	return string(text)
}

// listWith adds names to a list, each once.
func listWith(text string, names ...string) string {
	var list []string
	_ = json.Unmarshal([]byte(text), &list)
	list = append(list, names...)
	slices.Sort(list)
	return jsonText(slices.Compact(list))
}

// permissionsWith lays permissions over others.
func permissionsWith(text string, more map[string]bool) string {
	granted := map[string]bool{}
	_ = json.Unmarshal([]byte(text), &granted)
	maps.Copy(granted, more)
	return jsonText(granted)
}

// giveSettings is modelOnboarding: all rules that match, in order, single values
// override, lists add. A member made by hand keeps what it has. The account's
// activity is for newcomers alone (R19).
func (p *planning) giveSettings(m *modelMember, isNew bool) {
	own := ownOfNobody()
	own["teams"] = listWith("[]", "all")
	own["permissions"] = permissionsWith("{}", map[string]bool{"agent_login": true, "supervisor_access": false, "inbound_calls": true, "outbound_calls": false})
	if isNew {
		own["activity_id"] = modelActivity
	}
	if slices.ContainsFunc(slices.Collect(maps.Values(m.person.logins)), p.company.inFirstGroup) {
		own["activity_id"] = "Site 2"
		own["teams"], own["categories"] = listWith(own["teams"], "first"), listWith(own["categories"], "b2c")
	}
	if m.values["role"] == "Supervisor" {
		own["teams"] = listWith(own["teams"], "leads", "all")
		own["permissions"] = permissionsWith(own["permissions"], map[string]bool{"supervisor_access": true})
	}
	if m.seen("department") == "Support" {
		own["activity_id"], own["categories"] = "Site 3", listWith(own["categories"], "care")
	}
	for column, nothing := range ownOfNobody() {
		if m.own[column] == nothing {
			m.own[column] = own[column]
		}
	}
}

// inFirstGroup says whether a login of today is in the group that a rule names:
// each sub-account has one of that name.
func (c *company) inFirstGroup(l loginRow) bool {
	return l.active && slices.ContainsFunc(c.groups, func(g *agentGroup) bool { return g.text() == l.group && g.name == "Group 0" })
}

// give is what somebody gets who comes, or comes back, to the roster: the
// settings once, when they are new or made by hand, and over that what whoever
// picked them says.
func (p *planning) give(m *modelMember, wasActive bool) {
	before := maps.Clone(m.own)
	if !m.linked {
		p.giveSettings(m, false)
	}
	if !wasActive || !m.linked {
		p.givePicked(m)
	}
	for column := range before {
		if before[column] != m.own[column] {
			p.reasons[fmt.Sprint(m.id, column)] = "onboarding_settings"
		}
	}
}

// setOwn is `roster set` of what belongs to the roster, attached or not.
func (g *game) setOwn(m *modelMember) {
	name := rapid.SampledFrom(append([]string{"activity_id", "teams", "categories"}, permissionNames...)).Draw(g.rt, "own")
	column, value, after := name, "", ""
	switch name {
	case "activity_id":
		value = fmt.Sprintf("Activity %d", g.n(3, "value"))
		after = value
	case "teams", "categories":
		names := []string{"one", "two", "three"}[:g.n(4, "how many")]
		value, after = strings.Join(names, ","), listWith("[]", names...)
	default:
		on := g.n(2, "on") == 1
		column, value = "permissions", fmt.Sprint(on)
		after = permissionsWith(m.own[column], map[string]bool{name: on})
	}
	edit := edit.SetFields(m.id, map[string]string{name: value})
	if m.own[column] == after {
		g.refused(edit, "nothing would change")
		return
	}
	m.own[column] = after
	g.edit(sync.ByHand, edit)
}

// modelPin holds a field at a value, until a day or for ever.
type modelPin struct {
	Value, Until, Reason, By string
	fresh                    bool // of this very plan
}

func (p modelPin) ended(today string) bool { return p.Until != "" && p.Until < today }

// endPins takes out the pins whose last day is over.
func (m *modelMember) endPins(today string) {
	for field, pin := range m.pins {
		pin.fresh = false
		if m.pins[field] = pin; pin.ended(today) {
			delete(m.pins, field)
		}
	}
}

// known are the fields that a sync can change: those that RingCentral reports,
// and pinned ones.
func (m *modelMember) known(q *reported) map[string]bool {
	fields := map[string]bool{}
	for field := range q.values {
		fields[field] = true
	}
	for field := range m.pins {
		fields[field] = true
	}
	return fields
}

func pinsText(pins map[string]modelPin) string { return fmt.Sprintf("%+v", pins) } // fmt sorts maps

func parsePins(text string) map[string]modelPin {
	var list []struct {
		Field string
		modelPin
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil
	}
	pins := map[string]modelPin{}
	for _, p := range list {
		pins[p.Field] = p.modelPin
	}
	return pins
}

// canonical writes a column of the roster as the model does.
func canonical(column, text string) string {
	switch column {
	case "pins":
		return pinsText(parsePins(text))
	case "teams", "categories", "permissions":
		var value any
		_ = json.Unmarshal([]byte(text), &value)
		return jsonText(value)
	}
	return text
}

// pin holds a synced field of somebody, for some days or for good.
func (g *game) pin() {
	m := g.member()
	if m.reason == "forgotten" {
		return
	}
	n := g.company.next()
	name := rapid.SampledFrom([]string{"first_name", "last_name", "email", "role", "extension_number", "department", "job_title", "employee_id"}).Draw(g.rt, "field")
	pin := modelPin{Value: fmt.Sprintf("Pin%d", n), Reason: fmt.Sprintf("ticket %d", n), By: "operator"}
	switch name {
	case "email":
		if pin.Value += "@example.com"; g.n(3, "whose") == 0 {
			pin.Value = g.human().email // somebody else's, too
		}
	case "role":
		pin.Value = rapid.SampledFrom([]string{"Agent", "Supervisor", "Administrator"}).Draw(g.rt, "role")
	}
	if g.n(3, "until") > 0 {
		pin.Until = g.now().UTC().AddDate(0, 0, g.n(3, "days")).Format("2006-01-02")
	}
	field, _ := sync.ParseField(name)
	edit := edit.PinField(m.id, sync.Pin{Field: field, Value: pin.Value, Until: pin.Until, Reason: pin.Reason, By: pin.By})
	if !m.managed {
		g.refused(edit, "no sync touches a detached member")
		return
	}
	m.pins[name], m.values[name] = pin, pin.Value
	g.edit(sync.ByHand, edit)
	g.counts.pinned++
}

// unpin gives a field back: it takes what the last sync had for it.
func (g *game) unpin() {
	members := g.sorted()
	i := slices.IndexFunc(members, func(m *modelMember) bool { return len(m.pins) > 0 })
	if i < 0 {
		return
	}
	m := members[i]
	name := slices.Min(slices.Collect(maps.Keys(m.pins)))
	if delete(m.pins, name); m.linked {
		m.values[name] = m.given(name)
	}
	field, _ := sync.ParseField(name)
	g.edit(sync.ByHand, edit.Unpin(m.id, field))
}
