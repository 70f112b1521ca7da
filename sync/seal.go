package sync

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"slices"
	"strings"
)

// Nearly everybody is today as they were yesterday. A roster seals what a sync
// wrote about somebody: a digest of all that a plan looks at. Whoever changes the
// rows otherwise breaks the seal, and the member is read whole. Of a sealed one a
// plan works out from RingCentral's records what the roster must hold if nothing
// is to change; the same digest shows that it does, and the member need not be
// read. Where anything at all would have to be done or said, it is.

// Sealed is a member as its seal tells: its id, and the text of Member.Seal.
type Sealed struct {
	ID   int64
	Text string
}

// Known says of a sealed member that a plan needs no more of it. A nil one says
// it of nobody.
type Known func(Sealed) bool

// digestLength is the length of a digest in a seal: 128 bits in base64.
const digestLength = 22

// sealBreak parts the words of a seal. Values that hold it, or any other control
// character, are not sealed. JSON has it as it is.
const sealBreak = "\x7f"

// Seal is what a roster keeps beside a member as it stands: digest, sealName,
// username unless it is the loginName, and what a snapshot need not tell. "" is for
// members that a plan has to read whole: all but the active, managed, linked ones of
// whom the roster holds what the last sync wrote, and nothing else is noted.
func (m *Member) Seal() string {
	name := m.sealName()
	plain := m.Status == Active && m.Managed && m.Linked && name != "" && m.Username != "" &&
		m.DeactivationReason == "" && m.AbsentDays == 0 && m.AbsentOn == "" && m.LastSeenAt.IsZero() && m.LeavingSince.IsZero() &&
		len(m.Pins) == 0 && m.Synced == asHeld(m)
	if !plain {
		return ""
	}
	words := []string{name, m.Username, m.Profile[TimeZone], m.Profile[Language], m.Synced.Regional}
	if m.Profile[EmployeeID] != "" {
		words = append(words, m.Profile[EmployeeID])
	}
	if m.Username == m.loginName() {
		words[1] = ""
	}
	var digest [digestLength]byte
	var room [512]byte
	m.digest(&digest, room[:0])
	text := string(digest[:]) + strings.Join(words, sealBreak)
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) || strings.Count(text, sealBreak) != len(words)-1 {
		return ""
	}
	return text
}

// sealName is by what a seal finds the person: the rcUserId. Who has none goes by
// the key of the person whose records are theirs and no more (R6).
func (m *Member) sealName() string {
	if m.RCUserID != "" {
		return m.RCUserID
	}
	var keys []string
	for i := range m.Logins {
		keys = append(keys, agentKey(m.Logins[i].key()))
	}
	for _, id := range m.AdminIDs {
		keys = append(keys, adminKey(id))
	}
	if keys == nil {
		return ""
	}
	return slices.MinFunc(keys, compareLooseKeys)
}

// loginName is the name with which a member logs in: nearly always its username.
func (m *Member) loginName() string {
	if len(m.Logins) == 0 {
		return ""
	}
	return m.Logins[0].UserName
}

// sealWords are the parts of a seal, without copies. They are all empty where the text
// is no seal.
type sealWords struct{ digest, name, username, timeZone, language, regional, employeeID string }

// words takes the seal apart.
func (s *Sealed) words() (w sealWords) {
	if len(s.Text) < digestLength {
		return w
	}
	rest := s.Text[digestLength:]
	for _, word := range [...]*string{&w.name, &w.username, &w.timeZone, &w.language} {
		var more bool
		if *word, rest, more = strings.Cut(rest, sealBreak); !more {
			return sealWords{}
		}
	}
	w.digest = s.Text[:digestLength]
	w.regional, w.employeeID, _ = strings.Cut(rest, sealBreak)
	return w
}

// sum adds the digest to others.
func (m *Member) sum(seals hash.Hash) {
	var digest [digestLength]byte
	m.digest(&digest, nil)
	_, _ = seals.Write(digest[:]) // it cannot fail
}

// Fields from firstLateField on came when there were seals already, in rosters and in what
// runs kept. They are in a digest only where they have a value: a seal from before holds for
// who has none.
const (
	firstLateField = Language + 1
	lateMark       = 1 << 62
)

// digest condenses what is not the same in every sealed member. room is to write
// in; the possibly grown room is returned.
func (m *Member) digest(into *[digestLength]byte, room []byte) []byte {
	b := room[:0]
	add := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	add(m.RCUserID)
	add(m.Username)
	for f := range firstLateField {
		add(m.Profile[f])
	}
	add(m.Synced.Roles)
	add(m.Synced.Regional)
	b = binary.AppendUvarint(b, uint64(len(m.AdminIDs)))
	for _, id := range m.AdminIDs {
		add(id)
	}
	for i := range m.Logins {
		l := &m.Logins[i]
		for _, s := range [...]string{l.SubAccountID, l.SubAccount, l.AgentGroupID, l.AgentGroup, l.AgentID, l.AgentType, l.UserName, l.DataSource} {
			add(s)
		}
		flags := byte(0)
		if l.Active {
			flags = 1
		}
		if l.Supervisors == "" { // as all had none when there were seals already
			b = append(b, flags)
			continue
		}
		b = append(b, flags|2)
		add(string(l.Supervisors))
	}
	if m.Synced.Extension != "" {
		b = binary.AppendUvarint(b, lateMark-1)
		add(m.Synced.Extension)
	}
	for f := firstLateField; f < fieldCount; f++ {
		if value := m.Profile[f]; value != "" {
			b = binary.AppendUvarint(b, lateMark+uint64(f)) // which is no length, so that no login looks like it
			add(value)
		}
	}
	sum := sha256.Sum256(b)
	base64.RawURLEncoding.Encode(into[:], sum[:16])
	return b
}

// known gives the roster the seals to pass over; nil, where the plan tells of members as
// they stand.
func (p *planner) known() Known {
	if p.in.Picks != nil || p.in.Everybody != nil || p.in.Trace != nil {
		return nil
	}
	return func(s Sealed) bool {
		m := p.expand(s)
		if m == nil {
			return false
		}
		p.meet(m)
		return true
	}
}

// expand gives the member that a seal stands for, if nothing is to be done or said about
// them; else nil, and the roster's row is read. It is met as any other, but for what is
// the roster's own, which a member that stays as it is does not need. It holds until the
// next call.
func (p *planner) expand(s Sealed) *Member {
	w := s.words()
	person := p.people.byRC[w.name]
	if person == nil {
		return nil
	}
	v := p.weigh(&w, person)
	if !p.nothingToSay(person, &v) {
		return nil
	}
	m := p.expect(&w, person, &v)
	var now [digestLength]byte
	p.room = m.digest(&now, p.room)
	if string(now[:]) != w.digest || len(p.strays(person, m)) > 0 {
		return nil
	}
	m.ID, m.Synced = s.ID, asHeld(m)
	return m
}

// weigh judges the person whom a seal names. What nobody reports is empty in the
// member that is expected, but for the time zone and language, which the seal tells.
func (p *planner) weigh(w *sealWords, person *Person) verdict {
	v := p.judge(person, &Profile{EmployeeID: w.employeeID})
	if p.in.Snapshot.Regional != nil {
		trace := p.in.Trace
		p.in.Trace = nil // it is told when the member is met
		defer func() { p.in.Trace = trace }()
		m := &p.expected
		m.Synced.Profile[TimeZone], m.Synced.Profile[Language], m.Synced.Regional = w.timeZone, w.language, w.regional
		m.Synced.Profile[EmployeeID] = w.employeeID
		p.assessRegional(&v, person, m)
	}
	return v
}

// nothingToSay says whether a member who holds what is expected would be neither
// changed nor noted: the row "active, the same" of the table above MakePlan.
func (p *planner) nothingToSay(person *Person, v *verdict) bool {
	if !v.Belongs || !p.maps.plain(v) || person.Ext == nil && person.RCUserID != "" || len(v.Unknown) > 0 || v.Doubt != "" || person.faulty() != "" {
		return false
	}
	return !slices.ContainsFunc(p.in.Policy.RequiredFields, func(f Field) bool {
		return !v.Known.Has(f) || v.Profile[f] == ""
	})
}

// expect is the member whom a seal names, but for the id, if nothing is to change
// for them. It holds until the next call.
func (p *planner) expect(w *sealWords, person *Person, v *verdict) *Member {
	m := &p.expected
	*m = Member{
		Account: p.in.Snapshot.Account, Status: Active, Managed: true, Linked: true,
		RCUserID: person.RCUserID, AdminIDs: adminIDs(person), Username: w.username, Profile: v.Profile,
		Logins: p.logins(m.Logins[:0], person, nil),
	}
	if m.Username == "" {
		m.Username = m.loginName()
	}
	if !v.Known.Has(TimeZone) {
		m.Profile[TimeZone] = w.timeZone
	}
	if !v.Known.Has(Language) {
		m.Profile[Language] = w.language
	}
	if !v.Known.Has(EmployeeID) {
		m.Profile[EmployeeID] = w.employeeID
	}
	m.Synced.Roles, m.Synced.Regional = v.Evidence, cmp.Or(v.Regional, w.regional)
	if !p.olderSeals {
		m.rememberExtension(person, m)
	}
	m.Synced.Profile[Role] = m.Profile[Role] // a sealed member is as it was synced
	return m
}

// seal books the seal of an unchanged member that has none.
func (p *planner) seal(m *Member) {
	if text := m.Seal(); text != "" {
		p.plan.Seals = append(p.plan.Seals, Sealed{m.ID, text})
	}
}

// recaller gives what makes members anew whom a plan of this input knew by their seals;
// older seals say nothing of extensions.
func recaller(in Input, older bool) (func(Sealed) *Member, error) {
	p, err := newPlanner(in)
	if err != nil {
		return nil, err
	}
	p.olderSeals = older
	return p.recall, nil
}

// recall gives the member that a plan recognized, with all of it that a plan looks
// at in a member that stays as it is; nil: of one recognized in the past, today it
// would not.
func (p *planner) recall(s Sealed) *Member {
	w := s.words()
	person := p.people.named(w.name)
	if person == nil {
		return nil
	}
	v := p.weigh(&w, person)
	m := p.expect(&w, person, &v).copy()
	m.ID, m.Logins = s.ID, slices.Clone(m.Logins)
	m.Synced = asHeld(m)
	return m
}
