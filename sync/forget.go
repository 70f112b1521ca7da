package sync

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// Forgetting somebody is a legal erasure: their row stays, so that the history
// adds up and nobody onboards them again by itself, but what is personal is
// blanked in it, in the history, and in what past runs kept. Ids stay: they say
// nothing by themselves, and without them the next sync would take the same
// record for a newcomer.

// Forget blanks what is personal of a member. It cannot be undone.
func Forget(member int64) Edit {
	return func(state State, all iter.Seq[*Member]) (*Plan, *Settled, error) {
		var was Member
		plan, settled, err := editOne(member, func(m *Member) (*Change, error) {
			was = *m
			if m.DeactivationReason == ReasonForgotten {
				return nil, &NothingToDoError{fmt.Sprintf("member %d was forgotten already", member)}
			}
			c := &Change{Fields: []FieldChange{{Field: "status", Before: string(Active), After: string(Inactive), Reason: ReasonForgotten}}}
			if m.Status == Inactive {
				c.Fields[0] = FieldChange{Field: "deactivation_reason", Before: string(m.DeactivationReason), After: string(ReasonForgotten), Reason: ReasonForgotten}
			}
			m.forget()
			return c, nil
		})(state, all)
		if err == nil {
			plan.Forget = []*Member{&was}
		}
		return plan, settled, err
	}
}

// forgottenError refuses to write anything personal about somebody forgotten.
func forgottenError(member int64) error {
	return fmt.Errorf("member %d was forgotten: nothing personal is kept about them; `ringroster import %d` brings them back", member, member)
}

// forget blanks all that is personal.
func (m *Member) forget() {
	m.Profile, m.Synced.Profile = m.Profile.impersonal(), m.Synced.Profile.impersonal()
	m.Synced.Mapped = Mapped{}
	m.Username, m.Pins = "", nil
	m.Logins = impersonalLogins(m.Logins)
	m.Synced.Logins, m.Synced.Extension, m.Synced.Regional = fingerprint(m.Logins), "", ""
	m.Status, m.Synced.Status, m.DeactivationReason, m.LeavingSince = Inactive, Inactive, ReasonForgotten, time.Time{}
}

func (p Profile) impersonal() Profile {
	for f := range fieldCount {
		if !f.isImpersonal() {
			p[f] = ""
		}
	}
	return p
}

// impersonalLogins are the logins without what is personal in them.
func impersonalLogins(logins []Login) []Login {
	logins = slices.Clone(logins)
	for i := range logins {
		logins[i].UserName, logins[i].Supervisors = "", ""
	}
	return logins
}

// ForgetText is a value of the history without what is personal in it. The field
// "" is an onboarding, whose value is the member as JSON.
func ForgetText(field, value string) (string, error) {
	f, synced := ParseField(field)
	switch {
	case value == "":
		return "", nil
	case field == "username", synced && !f.isImpersonal():
		return "", nil
	case field == "pins":
		return PinsJSON(nil), nil
	case field == "logins":
		var logins []Login
		if err := json.Unmarshal([]byte(value), &logins); err != nil {
			return "", fmt.Errorf("the history's logins cannot be read: %w", err)
		}
		return LoginsJSON(impersonalLogins(logins)), nil
	case field != "":
		return value, nil
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal([]byte(value), &doc); err != nil {
		return "", fmt.Errorf("the history's member cannot be read: %w", err)
	}
	for name, raw := range doc {
		plain := string(raw)
		isText := json.Unmarshal(raw, &plain) == nil
		blank, err := ForgetText(name, plain)
		if err != nil {
			return "", err
		}
		if doc[name] = json.RawMessage(blank); isText {
			text, _ := marshal(blank) // a string always marshals
			doc[name] = text
		}
	}
	text, err := marshal(doc)
	return string(text), err
}

// ForgetKept is what a run kept, without what is personal of a member: its own row
// and the records of RingCentral that were theirs. It reads the data twice: records
// stand before the row that says by which id and e-mail the member went then. Of a
// member that was known by its seal the records tell nothing any more: it gets a
// row.
func ForgetKept(data []byte, m *Member) ([]Piece, error) {
	row, err := rowOfSealed(data, m.ID)
	if err != nil {
		return nil, err
	}
	e := &erasure{member: m, ids: map[string]bool{}, emails: map[string]bool{}}
	e.meet(m.RCUserID, m.Profile[Email])
	e.meet("", m.Synced.Profile[Email])
	if row != nil {
		e.meet(row.RCUserID, row.Profile[Email])
	}
	if err := eachPastLine(data, e.learn); err != nil {
		return nil, err
	}
	w, extensions := emptyPast(), 0
	err = eachPastLine(data, func(line *pastLine, sub string) {
		e.blank(line, sub)
		switch { // lists go by the names that runs give them
		case line.Group != nil:
			w.group(sub, line.Group)
		case len(line.Extensions) > 0:
			w.extensions(extensions, line.Extensions)
			extensions++
		case len(line.Sealed) > 0:
			w.sealedLine(line.Sealed)
		default:
			if line.End && row != nil {
				w.write(pastLine{Members: []pastMember{blankRow(row)}})
			}
			line.Seals = "" // whose record was blanked besides is sealed otherwise now
			w.write(*line)
		}
	})
	return w.pieces, errors.Join(err, w.err)
}

// rowOfSealed finds, in what a run kept, the member as it stood then if it was
// known by its seal.
func rowOfSealed(data []byte, id int64) (row *Member, err error) {
	for past, err := range ReadPasts(bytes.NewReader(data)) {
		if err != nil {
			return nil, err
		}
		recall, err := recaller(past.input("", nil), past.olderSeals)
		if err != nil {
			return nil, err
		}
		for m, sealed := range past.everybody(recall) {
			if sealed && m.ID == id {
				row = m
			}
		}
		if past.err != nil {
			return nil, past.err
		}
	}
	return row, nil
}

// blankRow is the row of a member in the past, blanked, with the status it had.
func blankRow(row *Member) pastMember {
	status, reason := row.Status, row.DeactivationReason
	row.forget()
	row.Status, row.Synced.Status, row.DeactivationReason = status, status, reason // as it was then
	return keptMember(row)
}

// eachPastLine reads what a run kept, with the sub-account whose group a line is.
func eachPastLine(data []byte, f func(line *pastLine, sub string)) error {
	lines, err := newPastLines(bytes.NewReader(data))
	if err != nil {
		return err
	}
	for sub := ""; ; {
		line, err := lines.next()
		if err != nil {
			return err
		}
		if line.SubAccount != nil {
			sub = line.SubAccount.ID
		}
		if f(line, sub); line.End {
			return nil
		}
	}
}

// erasure is all by which the records of one member are told.
type erasure struct {
	member *Member
	ids    map[string]bool // RingEX ids
	emails map[string]bool // folded
}

func (e *erasure) meet(rcUserID, email string) {
	e.ids[strings.TrimPrefix(rcUserID, formerID)] = true
	e.emails[FoldEmail(email)] = true
}

// learn notes the ids and e-mails of the member's row as it was then, and of the
// records that their logins and administrator ids mean.
func (e *erasure) learn(line *pastLine, sub string) {
	for i := range line.Admins {
		if a := &line.Admins[i]; slices.Contains(e.member.AdminIDs, a.UserID) {
			e.meet(a.RCUserID, a.Email)
		}
	}
	if line.Group != nil {
		for i := range line.Group.Agents {
			if a := &line.Group.Agents[i]; e.member.everHeld(loginKey(sub, a.ID)) {
				e.meet(a.RCUserID, a.Email)
			}
		}
	}
	for i := range line.Members {
		if k := &line.Members[i]; k.ID == e.member.ID {
			row := k.member("")
			e.meet(row.RCUserID, row.Profile[Email])
			e.meet(row.Synced.RCUserID, row.Synced.Profile[Email])
		}
	}
}

// blank blanks the records of the member in one line.
func (e *erasure) blank(line *pastLine, sub string) {
	if line.Head != nil {
		e.blankHead(line.Head)
	}
	for i := range line.Admins {
		if a := &line.Admins[i]; e.means(a.RCUserID, a.Email) || slices.Contains(e.member.AdminIDs, a.UserID) {
			a.FirstName, a.LastName, a.Email, a.UserName = "", "", "", ""
		}
	}
	if line.Group != nil {
		for i := range line.Group.Agents {
			if a := &line.Group.Agents[i]; e.means(a.RCUserID, a.Email) || e.member.everHeld(loginKey(sub, a.ID)) {
				a.FirstName, a.LastName, a.Email, a.UserName, a.Supervisors = "", "", "", "", ""
			}
		}
	}
	for i := range line.Extensions {
		if x := &line.Extensions[i]; e.means(x.ID, x.Email) {
			*x = Extension{ID: x.ID, Type: x.Type, Status: x.Status, HasContact: x.HasContact}
		}
	}
	for i := range line.Members {
		if k := &line.Members[i]; k.ID == e.member.ID {
			*k = blankRow(k.member(e.member.Account))
		}
	}
	line.Sealed = slices.DeleteFunc(line.Sealed, func(s pastSealed) bool { return s.ID == e.member.ID })
}

// blankHead blanks what is held about the member, what they lost or changed of late, and their own
// regional settings.
func (e *erasure) blankHead(head *pastHead) {
	if head.Snapshot.Regional != nil {
		maps.DeleteFunc(head.Snapshot.Regional.Own, func(id string, _ Region) bool { return e.means(id, "") })
	}
	if gone := head.State.Gone[e.member.ID]; gone != nil {
		head.State.Gone[e.member.ID] = impersonalLogins(gone)
	}
	for i, before := range head.State.Moved[e.member.ID] {
		head.State.Moved[e.member.ID][i] = impersonalLogins(before)
	}
	keys := e.member.Keys()
	for i := range head.State.Open {
		h := &head.State.Open[i]
		h.Detail, _, _ = strings.Cut(h.Detail, LeavesBehind) // names others, as RingCentral called them
		if h.Member != e.member.ID && !slices.ContainsFunc(h.IDs, func(id string) bool { return slices.Contains(keys, id) }) {
			continue
		}
		h.Person, h.Name, h.Email, h.Detail = "", "", "", ""
		if h.Field != statusField {
			h.Before, h.After = "", ""
		}
	}
}

// means tells a record of the member by its RingEX id, or by its e-mail.
func (e *erasure) means(rcUserID, email string) bool {
	return rcUserID != "" && e.ids[rcUserID] || email != "" && e.emails[FoldEmail(email)]
}
