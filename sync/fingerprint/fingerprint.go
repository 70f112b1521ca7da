// Package fingerprint seals members in a short text that says what their row must look like
// if nothing changed: most members of a run are known by it, and are not read.
package fingerprint

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"slices"
	"strings"

	"ringroster/sync"
)

// Nearly everybody is today as they were yesterday. A roster seals what a sync
// wrote about somebody: a digest of all that a plan looks at. Whoever changes the
// rows otherwise breaks the seal, and the member is read whole. Of a sealed one a
// plan works out from RingCentral's records what the roster must hold if nothing
// is to change; the same digest shows that it does, and the member need not be
// read. Where anything at all would have to be done or said, it is.

// DigestLength is the length of a digest in a seal: 128 bits in base64.
const DigestLength = 22

// sealBreak parts the words of a seal. Values that hold it, or any other control
// character, are not sealed. JSON has it as it is.
const sealBreak = "\x7f"

// Seal is what a roster keeps beside a member as it stands: digest, sealName,
// username unless it is the LoginName, and what a snapshot need not tell. "" is for
// members that a plan has to read whole: all but the active, managed, linked ones of
// whom the roster holds what the last sync wrote, and nothing else is noted.
func Seal(m *sync.Member) string {
	name := sealName(m)
	plain := m.Status == sync.Active && m.Managed && m.Linked && name != "" && m.Username != "" &&
		m.DeactivationReason == "" && m.AbsentDays == 0 && m.AbsentOn == "" && m.LastSeenAt.IsZero() && m.LeavingSince.IsZero() &&
		len(m.Pins) == 0 && m.Synced == sync.AsHeld(m)
	if !plain {
		return ""
	}
	words := []string{name, m.Username, m.Profile[sync.TimeZone], m.Profile[sync.Language], m.Synced.Regional}
	if m.Profile[sync.EmployeeID] != "" {
		words = append(words, m.Profile[sync.EmployeeID])
	}
	if m.Username == LoginName(m) {
		words[1] = ""
	}
	var digest [DigestLength]byte
	var room [512]byte
	Digest(m, &digest, room[:0])
	text := string(digest[:]) + strings.Join(words, sealBreak)
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) || strings.Count(text, sealBreak) != len(words)-1 {
		return ""
	}
	return text
}

// sealName is by what a seal finds the person: the rcUserId. Who has none goes by
// the key of the person whose records are theirs and no more (R6).
func sealName(m *sync.Member) string {
	if m.RCUserID != "" {
		return m.RCUserID
	}
	var keys []string
	for i := range m.Logins {
		keys = append(keys, sync.AgentKey(m.Logins[i].Key()))
	}
	for _, id := range m.AdminIDs {
		keys = append(keys, sync.AdminKey(id))
	}
	if keys == nil {
		return ""
	}
	return slices.MinFunc(keys, sync.CompareLooseKeys)
}

// LoginName is the name with which a member logs in: nearly always its username.
func LoginName(m *sync.Member) string {
	if len(m.Logins) == 0 {
		return ""
	}
	return m.Logins[0].UserName
}

// Parts are the parts of a seal, without copies. They are all empty where the text
// is no seal.
type Parts struct{ Digest, Name, Username, TimeZone, Language, Regional, EmployeeID string }

// Split takes the seal apart.
func Split(s *sync.Sealed) (w Parts) {
	if len(s.Text) < DigestLength {
		return w
	}
	rest := s.Text[DigestLength:]
	for _, word := range [...]*string{&w.Name, &w.Username, &w.TimeZone, &w.Language} {
		var more bool
		if *word, rest, more = strings.Cut(rest, sealBreak); !more {
			return Parts{}
		}
	}
	w.Digest = s.Text[:DigestLength]
	w.Regional, w.EmployeeID, _ = strings.Cut(rest, sealBreak)
	return w
}

// Fields from firstLateField on came when there were seals already, in rosters and in what
// runs kept. They are in a digest only where they have a value: a seal from before holds for
// who has none.
const (
	firstLateField = sync.Language + 1
	lateMark       = 1 << 62
)

// Digest condenses what is not the same in every sealed member. room is to write
// in; the possibly grown room is returned.
func Digest(m *sync.Member, into *[DigestLength]byte, room []byte) []byte {
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
	for f := firstLateField; f < sync.FieldCount; f++ {
		if value := m.Profile[f]; value != "" {
			b = binary.AppendUvarint(b, lateMark+uint64(f)) // which is no length, so that no login looks like it
			add(value)
		}
	}
	sum := sha256.Sum256(b)
	base64.RawURLEncoding.Encode(into[:], sum[:16])
	return b
}

// Sum adds the digest to others.
func Sum(m *sync.Member, seals hash.Hash) {
	var digest [DigestLength]byte
	Digest(m, &digest, nil)
	_, _ = seals.Write(digest[:]) // it cannot fail
}
