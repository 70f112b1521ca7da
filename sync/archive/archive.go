// Package archive keeps what full runs were decided from, and plans them again from it.
package archive

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"iter"
	"slices"
	"time"

	"ringroster/sync"
	"ringroster/sync/fingerprint"
	"ringroster/sync/plan"
)

// A full run keeps what it decided from, so that the same planner can say later
// what was decided then, and why (past.go): the snapshot, the settings, the
// account's state, the time, and the members as they stood. The history alone
// could not roll members back: it tells neither bookkeeping (absences,
// rejections, administrator ids) nor when somebody edited a row by hand.
//
// It is one gzip stream of JSON lines: a head, the lists of the snapshot, the
// members, an end. Of members that were known by their seals (seal.go) nothing is
// kept but the seal: the snapshot tells the rest. Each line is a piece with a name
// that follows from its content, so that what an earlier run kept already, as most
// lists of an ordinary day, is neither compressed nor kept again. A list in which
// little is new is kept as that older piece and what to change in it (keepedit.go).

// pastFormat counts the changes of the format that an older or newer program
// would misread.
const pastFormat = 4

// Older formats that can be read.
const (
	withoutSupervisors = 2 // no roster knew any
	withoutExtensions  = 3 // nor which extension was whose, if it was not one that was kept
)

// pastBatch is how many records share a line: enough to make lines cheap, few
// enough to keep them small.
const pastBatch = 500

// pastLine is one line; one of its keys is there.
type pastLine struct {
	Head       *pastHead        `json:"head,omitempty"`
	Admins     []sync.Admin     `json:"admins,omitempty"`
	SubAccount *sync.SubAccount `json:"sub_account,omitempty"` // without its groups, which follow
	Group      *sync.Group      `json:"group,omitempty"`
	Extensions []sync.Extension `json:"extensions,omitempty"`
	Edit       []pastEdit       `json:"edit,omitempty"` // of the list in the line before
	Members    []pastMember     `json:"members,omitempty"`
	Sealed     []pastSealed     `json:"sealed,omitempty"`
	End        bool             `json:"end,omitempty"`   // nothing was cut off
	Seals      string           `json:"seals,omitempty"` // with the end: all digests condensed
}

// pastHead begins what one run of one account decided from.
type pastHead struct {
	Format   int           `json:"ringroster_snapshot"`
	Run      sync.RunID    `json:"run_id"`
	Version  string        `json:"version"` // of the program
	Now      time.Time     `json:"now"`
	Policy   sync.Policy   `json:"policy"`
	State    sync.State    `json:"state"`
	Snapshot sync.Snapshot `json:"snapshot"` // without the lists of people, which follow
}

// pastMember is a Member. What the last sync wrote is left out where the roster
// holds the same, which it does for nearly everybody.
type pastMember struct {
	ID                 int64        `json:"id"`
	Status             sync.Status  `json:"status"`
	Managed            bool         `json:"managed,omitempty"`
	Linked             bool         `json:"linked,omitempty"`
	RCUserID           string       `json:"rc_user_id,omitempty"`
	AdminIDs           []string     `json:"admin_ids,omitempty"`
	Username           string       `json:"username,omitempty"`
	Profile            pastProfile  `json:"profile"`
	Synced             *pastSynced  `json:"synced,omitempty"`
	Roles              string       `json:"roles,omitempty"`
	Regional           string       `json:"regional,omitempty"`
	Extension          string       `json:"extension,omitempty"`
	Logins             []sync.Login `json:"logins,omitempty"`
	Own                sync.Own     `json:"own,omitzero"`
	Pins               []sync.Pin   `json:"pins,omitempty"`
	DeactivationReason sync.Reason  `json:"deactivation_reason,omitempty"`
	AbsentDays         int          `json:"absent_days,omitempty"`
	AbsentOn           string       `json:"absent_on,omitempty"`
	LastSeenAt         time.Time    `json:"last_seen_at,omitzero"`
	LeavingSince       time.Time    `json:"leaving_since,omitzero"`
}

// pastProfile stands as a list, in the order of the fields.
type pastProfile [sync.FieldCount]string

type pastSynced struct {
	Profile   pastProfile `json:"profile"`
	Mapped    sync.Mapped `json:"mapped,omitzero"`
	Status    sync.Status `json:"status"`
	RCUserID  string      `json:"rc_user_id"`
	Logins    string      `json:"logins"`
	Extension string      `json:"extension,omitempty"` // where older versions kept it
}

// pastSealed is a member that the plan knew by its seal: the seal without its
// digest, which would be another one whenever somebody moves.
type pastSealed struct {
	ID   int64  `json:"id"`
	Seal string `json:"seal"`
}

// Writer writes what a plan is made from while it is made.
type Writer struct {
	kept    map[string]bool      // the pieces that are kept already
	bases   map[string]sync.Base // the newest whole ones of each list among them
	pieces  []sync.Piece
	line    bytes.Buffer
	lines   *json.Encoder // into line
	spans   []span        // of the records in it
	packed  bytes.Buffer
	gzip    *gzip.Writer // into packed
	batch   []pastMember
	sealed  []pastSealed
	seals   hash.Hash // of the digests
	watched bool      // the members passed
	err     error     // the first; nothing is written after it
}

// NewWriter writes all of an input but its members.
func NewWriter(run sync.RunID, version string, in *plan.Input) *Writer {
	w := emptyPast()
	w.kept, w.bases = in.State.Kept, in.State.Bases
	s := *in.Snapshot
	s.Admins, s.SubAccounts, s.Extensions = nil, nil, nil
	w.write(pastLine{Head: &pastHead{
		Format: pastFormat, Run: run, Version: version, Now: in.Now, Policy: in.Policy, State: in.State, Snapshot: s,
	}})
	w.snapshot(in.Snapshot)
	return w
}

func emptyPast() *Writer {
	w := &Writer{seals: sha256.New()}
	w.gzip, _ = gzip.NewWriterLevel(&w.packed, gzip.BestSpeed) // the level is a valid one
	w.lines = json.NewEncoder(&w.line)
	w.lines.SetEscapeHTML(false)
	return w
}

func (w *Writer) write(line pastLine) {
	if w.err != nil {
		return
	}
	w.line.Reset()
	if w.err = w.lines.Encode(line); w.err == nil {
		w.put(sync.Piece{Name: pieceName(w.line.Bytes())}, w.line.Bytes())
	}
}

func pieceName(content ...[]byte) string {
	sum := sha256.New()
	for _, part := range content {
		_, _ = sum.Write(part) // it cannot fail
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// put adds a piece, with the line that it is unless that is kept already.
func (w *Writer) put(piece sync.Piece, line []byte) {
	if w.kept[piece.Name] {
		w.pieces = append(w.pieces, sync.Piece{Name: piece.Name})
		return
	}
	w.packed.Reset()
	w.gzip.Reset(&w.packed)
	_, err := w.gzip.Write(line)
	w.err = errors.Join(err, w.gzip.Close())
	piece.Data = bytes.Clone(w.packed.Bytes())
	w.pieces = append(w.pieces, piece)
}

func (w *Writer) snapshot(s *sync.Snapshot) {
	for admins := range slices.Chunk(s.Admins, pastBatch) {
		w.write(pastLine{Admins: admins})
	}
	for i := range s.SubAccounts {
		sub := s.SubAccounts[i]
		sub.Groups = nil
		w.write(pastLine{SubAccount: &sub})
		for j := range s.SubAccounts[i].Groups {
			w.group(sub.ID, &s.SubAccounts[i].Groups[j])
		}
	}
	number := 0
	for extensions := range slices.Chunk(s.Extensions, pastBatch) {
		w.extensions(number, extensions)
		number++
	}
}

// Watch is the stream of members, each of them written as it passes or is known.
func (w *Writer) Watch(members func(sync.Known) iter.Seq[*sync.Member]) func(sync.Known) iter.Seq[*sync.Member] {
	return func(known sync.Known) iter.Seq[*sync.Member] {
		if w.watched { // a plan may be made twice of one input
			return members(known)
		}
		w.watched = true
		if known != nil {
			known = w.note(known)
		}
		return func(yield func(*sync.Member) bool) {
			for m := range members(known) {
				w.batch = append(w.batch, keptMember(m))
				if len(w.batch) == pastBatch {
					w.flush()
				}
				if !yield(m) {
					return
				}
			}
		}
	}
}

// note writes down whom a plan knows.
func (w *Writer) note(known sync.Known) sync.Known {
	return func(s sync.Sealed) bool {
		if !known(s) {
			return false
		}
		_, _ = w.seals.Write([]byte(s.Text[:fingerprint.DigestLength]))      // it cannot fail
		if len(w.sealed) > 0 && s.ID/pastBatch != w.sealed[0].ID/pastBatch { // the same parts on every day
			w.flushSealed()
		}
		w.sealed = append(w.sealed, pastSealed{s.ID, s.Text[fingerprint.DigestLength:]})
		return true
	}
}

func (w *Writer) flush() {
	if len(w.batch) > 0 {
		w.write(pastLine{Members: w.batch})
		w.batch = w.batch[:0]
	}
}

func (w *Writer) flushSealed() {
	if len(w.sealed) > 0 {
		w.sealedLine(w.sealed)
		w.sealed = w.sealed[:0]
	}
}

// Keep is all that was written, for a roster that keeps the last so many.
func (w *Writer) Keep(last int) *sync.Keep {
	w.flush()
	w.flushSealed()
	w.write(pastLine{End: true, Seals: hex.EncodeToString(w.seals.Sum(nil))})
	return &sync.Keep{Last: last, Pieces: w.pieces, Err: w.err}
}

func keptMember(m *sync.Member) pastMember {
	k := pastMember{
		ID: m.ID, Status: m.Status, Managed: m.Managed, Linked: m.Linked, RCUserID: m.RCUserID, AdminIDs: m.AdminIDs,
		Username: m.Username, Profile: pastProfile(m.Profile), Roles: m.Synced.Roles, Regional: m.Synced.Regional, Logins: m.Logins,
		Own: m.Own, Pins: m.Pins, DeactivationReason: m.DeactivationReason,
		AbsentDays: m.AbsentDays, AbsentOn: m.AbsentOn, LastSeenAt: m.LastSeenAt, LeavingSince: m.LeavingSince,
		Extension: m.Synced.Extension,
	}
	if m.Synced != sync.AsHeld(m) {
		k.Synced = &pastSynced{pastProfile(m.Synced.Profile), m.Synced.Mapped, m.Synced.Status, m.Synced.RCUserID, m.Synced.Logins, ""}
	}
	return k
}

// member is what keptMember was given.
func (k *pastMember) member(account string) *sync.Member {
	m := &sync.Member{
		ID: k.ID, Account: account, Status: k.Status, Managed: k.Managed, Linked: k.Linked, RCUserID: k.RCUserID,
		AdminIDs: k.AdminIDs, Username: k.Username, Profile: sync.Profile(k.Profile), Logins: k.Logins,
		Own: k.Own, Pins: k.Pins, DeactivationReason: k.DeactivationReason,
		AbsentDays: k.AbsentDays, AbsentOn: k.AbsentOn, LastSeenAt: k.LastSeenAt, LeavingSince: k.LeavingSince,
	}
	m.Synced.Roles, m.Synced.Regional, m.Synced.Extension = k.Roles, k.Regional, k.Extension
	m.Synced = sync.AsHeld(m)
	if s := k.Synced; s != nil {
		m.Synced = sync.Synced{Profile: sync.Profile(s.Profile), Mapped: s.Mapped, Status: s.Status, RCUserID: s.RCUserID, Roles: k.Roles, Logins: s.Logins, Extension: cmp.Or(k.Extension, s.Extension), Regional: k.Regional}
	}
	return m
}
