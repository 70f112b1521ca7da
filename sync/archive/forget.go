package archive

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	"ringroster/sync"
	"ringroster/sync/plan"
)

// ForgetKept is what a run kept, without what is personal of a member: its own row
// and the records of RingCentral that were theirs. It reads the data twice: records
// stand before the row that says by which id and e-mail the member went then. Of a
// member that was known by its seal the records tell nothing any more: it gets a
// row.
func ForgetKept(data []byte, m *sync.Member) ([]sync.Piece, error) {
	row, err := rowOfSealed(data, m.ID)
	if err != nil {
		return nil, err
	}
	e := &erasure{member: m, ids: map[string]bool{}, emails: map[string]bool{}}
	e.meet(m.RCUserID, m.Profile[sync.Email])
	e.meet("", m.Synced.Profile[sync.Email])
	if row != nil {
		e.meet(row.RCUserID, row.Profile[sync.Email])
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
func rowOfSealed(data []byte, id int64) (row *sync.Member, err error) {
	for past, err := range ReadPasts(bytes.NewReader(data)) {
		if err != nil {
			return nil, err
		}
		recall, err := plan.Recaller(past.input("", nil), past.olderSeals)
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
func blankRow(row *sync.Member) pastMember {
	status, reason := row.Status, row.DeactivationReason
	row.Forget()
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
	member *sync.Member
	ids    map[string]bool // RingEX ids
	emails map[string]bool // folded
}

func (e *erasure) meet(rcUserID, email string) {
	e.ids[strings.TrimPrefix(rcUserID, sync.FormerID)] = true
	e.emails[sync.FoldEmail(email)] = true
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
			if a := &line.Group.Agents[i]; e.member.EverHeld(sync.LoginKey(sub, a.ID)) {
				e.meet(a.RCUserID, a.Email)
			}
		}
	}
	for i := range line.Members {
		if k := &line.Members[i]; k.ID == e.member.ID {
			row := k.member("")
			e.meet(row.RCUserID, row.Profile[sync.Email])
			e.meet(row.Synced.RCUserID, row.Synced.Profile[sync.Email])
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
			if a := &line.Group.Agents[i]; e.means(a.RCUserID, a.Email) || e.member.EverHeld(sync.LoginKey(sub, a.ID)) {
				a.FirstName, a.LastName, a.Email, a.UserName, a.Supervisors = "", "", "", "", ""
			}
		}
	}
	for i := range line.Extensions {
		if x := &line.Extensions[i]; e.means(x.ID, x.Email) {
			*x = sync.Extension{ID: x.ID, Type: x.Type, Status: x.Status, HasContact: x.HasContact}
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
		maps.DeleteFunc(head.Snapshot.Regional.Own, func(id string, _ sync.Region) bool { return e.means(id, "") })
	}
	if gone := head.State.Gone[e.member.ID]; gone != nil {
		head.State.Gone[e.member.ID] = sync.ImpersonalLogins(gone)
	}
	for i, before := range head.State.Moved[e.member.ID] {
		head.State.Moved[e.member.ID][i] = sync.ImpersonalLogins(before)
	}
	keys := e.member.Keys()
	for i := range head.State.Open {
		h := &head.State.Open[i]
		h.Detail, _, _ = strings.Cut(h.Detail, sync.LeavesBehind) // names others, as RingCentral called them
		if h.Member != e.member.ID && !slices.ContainsFunc(h.IDs, func(id string) bool { return slices.Contains(keys, id) }) {
			continue
		}
		h.Person, h.Name, h.Email, h.Detail = "", "", "", ""
		if h.Field != sync.StatusField {
			h.Before, h.After = "", ""
		}
	}
}

// means tells a record of the member by its RingEX id, or by its e-mail.
func (e *erasure) means(rcUserID, email string) bool {
	return rcUserID != "" && e.ids[rcUserID] || email != "" && e.emails[sync.FoldEmail(email)]
}
