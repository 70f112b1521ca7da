package edit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"ringroster/sync"
)

// Undo puts back what one run did to an account, member by member and field by
// field, with the last-synced values, so that the next plan tells the truth
// (R29). What was changed again since is left alone, with a note, unless force.
//
//	what the run did   what undo does
//	-----------------  ------------------------------------------------------------
//	onboard            sets the member inactive, reason undone: it is not offered again
//	deactivate         sets it active again, and rejects that deactivation (R26)
//	reactivate         sets it inactive again, with the reason it had; somebody who
//	                   was forgotten: undone, and so not offered again either
//	link               takes the RingCentral identity away again
//	detach             attaches again, and makes suspect (R25)
//	update, edit       gives each field its value back; a synced one holds until the next run, but
//	                   that somebody is no administrator any more is rejected (R36)
//
// earlier gives the reason of a member's deactivation before the run, for those
// whom the run reactivated: operator where the history does not know any more.
func Undo(done []sync.Done, earlier map[int64]sync.Reason, force bool) sync.Edit {
	byMember := map[int64][]sync.Done{}
	for _, d := range done {
		byMember[d.Member] = append(byMember[d.Member], d)
	}
	return func(state sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		plan, settled, open := &sync.Plan{}, &sync.Settled{Decision: sync.Reject}, sync.NewOpenSet(state.Open)
		for m := range all {
			if rows := byMember[m.ID]; rows != nil && m.DeactivationReason == sync.ReasonForgotten {
				plan.Notes = append(plan.Notes, sync.Note{Member: m.ID, Reason: sync.ReasonForgotten, Detail: "what was erased cannot come back"})
			} else if rows != nil {
				u := undoing{plan: plan, was: m, next: *m, force: force, earlier: earlier[m.ID]}
				if err := u.undo(rows); err != nil {
					return nil, nil, fmt.Errorf("undo the changes of member %d: %w", m.ID, err)
				}
				if h := u.opens(open); h != nil {
					settled.New = append(settled.New, *h)
				}
			}
		}
		plan.Summary = sync.CountChanges(plan.Changes)
		if settled.New == nil {
			settled = nil
		}
		return plan, settled, nil
	}
}

// opens is what an undo leaves open about the member; nil: nothing.
func (u *undoing) opens(open *sync.OpenSet) *sync.HeldChange {
	switch {
	case u.rejected != "" && u.kind == sync.Reactivate:
		return u.refusal()
	case u.lostAdmin != nil && u.kind == sync.Update && u.next.Profile[sync.Role] == sync.RoleAdministrator:
		return u.roleRefusal()
	case !u.was.Managed && u.next.Managed:
		return attached(&u.next, open)
	}
	return nil
}

// refusal is the deactivation that an undo rejects with putting it back (R29).
func (u *undoing) refusal() *sync.HeldChange {
	return &sync.HeldChange{
		State: sync.Rejected, Kind: sync.Deactivate, Member: u.was.ID, Field: sync.StatusField, Before: string(sync.Active), After: string(sync.Inactive),
		Name: u.was.Profile.Name(), Email: u.was.Profile[sync.Email], Reason: u.rejected, Detail: sync.LeaverDetail(u.rejected),
		Why: []sync.HoldReason{{Reason: sync.ReasonUndone, Detail: "an operator undid this deactivation"}},
	}
}

// roleRefusal is the loss of the administrator's role that an undo rejects: nothing else would say that
// they were on that list (R22).
func (u *undoing) roleRefusal() *sync.HeldChange {
	return &sync.HeldChange{
		State: sync.Rejected, Kind: sync.Update, Member: u.was.ID, Field: sync.Role.String(), Before: u.lostAdmin.Before, After: u.lostAdmin.After,
		Name: u.was.Profile.Name(), Email: u.was.Profile[sync.Email], Reason: u.lostAdmin.Reason,
		Why: []sync.HoldReason{{Reason: sync.ReasonUndone, Detail: "an operator undid this change"}},
	}
}

// undoing is the undoing of one member.
type undoing struct {
	plan    *sync.Plan
	was     *sync.Member
	next    sync.Member
	fields  []sync.FieldChange
	kind    sync.Kind
	force   bool
	earlier sync.Reason

	rejected  sync.Reason // the deactivation that the undo refuses; "": none
	lostAdmin *sync.Done  // the loss of an administrator's role that it puts back; nil: none
}

func (u *undoing) undo(rows []sync.Done) error {
	u.kind = sync.Update
	slices.SortStableFunc(rows, func(a, b sync.Done) int { return last(a) - last(b) })
	for _, d := range rows {
		if err := u.row(d); err != nil {
			return err
		}
	}
	if len(u.fields) == 0 {
		return nil
	}
	u.plan.Changes = append(u.plan.Changes, sync.Change{
		Kind: u.kind, Member: u.was.ID, Name: u.was.Profile.Name(), Email: u.was.Profile[sync.Email],
		Reason: sync.ReasonUndone, Detail: u.detail(), Fields: u.fields, Next: u.next.Itself,
	})
	return nil
}

// last is 0 for pins, which decide about the fields that they hold.
func last(d sync.Done) int {
	if d.Field == "pins" {
		return 0
	}
	return 1
}

// detail says what an operator may count on after the undo.
func (u *undoing) detail() string {
	switch {
	case u.kind == sync.Reactivate:
		return "active again; the same deactivation counts as rejected"
	case u.kind == sync.Deactivate && u.next.DeactivationReason == sync.ReasonUndone:
		return "inactive; no sync offers them again"
	case u.kind == sync.Deactivate:
		return "inactive again, until the next run finds them in RingCentral"
	}
	return "back to what it was; what RingCentral owns holds until the next run, unless you pin it (`ringroster roster pin`)"
}

// row puts back one row of the history. An erasure stays, and so does what it
// blanked: a row that says the same before and after.
func (u *undoing) row(d sync.Done) error {
	if d.Reason == sync.ReasonForgotten || d.Field != "" && d.Before == d.After {
		return nil
	}
	switch d.Field {
	case "":
		u.status(d, sync.Inactive, sync.ReasonUndone)
	case "status":
		return u.statusRow(d)
	case "rc_user_id":
		if u.still(d, u.was.RCUserID) {
			u.next.RCUserID, u.next.Synced.RCUserID = d.Before, d.Before
			u.next.Linked = d.Kind != sync.Link && u.was.Linked
			u.put(d, u.was.RCUserID)
		}
	case "logins":
		return u.logins(d)
	case "pins":
		return u.pins(d)
	case "managed":
		if u.still(d, sync.FlagText(u.was.Managed)) {
			u.next.Managed = d.Before == "1"
			u.put(d, sync.FlagText(u.was.Managed))
		}
	case "username":
		if u.still(d, u.was.Username) {
			u.next.Username = d.Before
			u.put(d, u.was.Username)
		}
	case "deactivation_reason":
		if u.next.Status == sync.Inactive && u.still(d, string(u.was.DeactivationReason)) {
			u.next.DeactivationReason = sync.Reason(d.Before)
			u.put(d, string(u.was.DeactivationReason))
		}
	default:
		return u.field(d)
	}
	return nil
}

// field puts back one synced field. The last-synced value goes back with it,
// except where the run only reverted an edit, or was one: then it is still what
// the source says.
func (u *undoing) field(d sync.Done) error {
	if own, ok := sync.ParseOwnField(d.Field); ok {
		if u.still(d, u.was.Own.Text(own)) {
			u.next.Own[own] = d.Before
			u.put(d, u.was.Own.Text(own))
		}
		if d.Kind == sync.Link && d.Reason == sync.ReasonOnboarding {
			u.next.Synced.Status = "" // made by hand, as before: whoever links it gives again
		}
		return nil
	}
	f, ok := sync.ParseField(d.Field)
	if !ok {
		return fmt.Errorf("the history names the field %q, which this version does not know", d.Field)
	}
	if !u.still(d, u.was.Profile[f]) {
		return nil
	}
	if pin := u.next.Pin(f); d.Kind == sync.EditMember && pin != nil && pin.Value != d.Before {
		u.plan.Notes = append(u.plan.Notes, sync.Note{
			Member: u.was.ID, Name: u.was.Profile.Name(), Reason: sync.NoteChangedSince,
			Detail: fmt.Sprintf("%s; `ringroster roster unpin %d %s` gives it back", pin, u.was.ID, f),
		})
		return nil
	}
	if f.IsOwn() && u.was.Synced.Profile[f] == u.was.Profile[f] {
		u.next.Synced.Profile[f] = d.Before
	}
	u.next.Profile[f] = d.Before
	if d.Kind != sync.EditMember && d.Reason != sync.ReasonLocalEdit && d.Reason != sync.ReasonPinEnded {
		said := d.Before
		if d.ReportedBefore != nil {
			said = *d.ReportedBefore
		}
		u.next.Synced.Report(f, said, d.Before)
		u.next.UndoRegional(f)
	}
	if f == sync.Role && d.Reason == sync.ReasonSource {
		if d.Before == sync.RoleAdministrator {
			u.lostAdmin = &d
		}
		u.next.Synced.Roles = "" // so that the next plan blames the source again
	}
	u.fields = append(u.fields, u.was.FieldChange(&u.next, f, sync.ReasonUndone))
	return nil
}

func (u *undoing) statusRow(d sync.Done) error {
	switch {
	case d.Before == string(sync.Active):
		u.status(d, sync.Active, "")
		u.next.AbsentDays, u.next.AbsentOn, u.next.LeavingSince = 0, "", time.Time{}
		u.rejected = d.Reason
	case d.Before == string(sync.Inactive):
		earlier := u.earlier
		if earlier == sync.ReasonForgotten { // their values are back: nobody is called forgotten before they are blanked again
			earlier = sync.ReasonUndone
		}
		u.status(d, sync.Inactive, earlier)
		if d.Reason == sync.ReasonLocalEdit {
			u.next.Synced.Status = sync.Active // it was set inactive by hand
		}
	default:
		return fmt.Errorf("the history has the status %q", d.Before)
	}
	return nil
}

// status puts the status back, and says why somebody is inactive.
func (u *undoing) status(d sync.Done, to sync.Status, reason sync.Reason) {
	if d.Field == "" {
		d.After = string(sync.Active)
		if u.was.Status == sync.Inactive && u.was.DeactivationReason == sync.ReasonUndone {
			return // as the undoing of an onboarding leaves it
		}
	}
	if !u.still(d, string(u.was.Status)) {
		return
	}
	u.kind = map[sync.Status]sync.Kind{sync.Active: sync.Reactivate, sync.Inactive: sync.Deactivate}[to]
	u.next.Status, u.next.Synced.Status, u.next.DeactivationReason = to, to, reason
	if to == sync.Inactive && reason != "" {
		u.fields = append(u.fields, sync.FieldChange{Field: "status", Before: string(u.was.Status), After: string(to), Reason: reason})
		return
	}
	u.fields = append(u.fields, sync.FieldChange{Field: "status", Before: string(u.was.Status), After: string(to), Reason: sync.ReasonUndone})
	if to == sync.Inactive { // the history takes a status's reason for the member's
		u.fields = append(u.fields, sync.FieldChange{Field: "deactivation_reason", Before: string(sync.ReasonUndone), After: "", Reason: sync.ReasonUndone})
	}
}

// logins puts the login rows back; rows that the run added become inactive,
// since none is ever removed (R8).
func (u *undoing) logins(d sync.Done) error {
	var before []sync.Login
	if err := json.Unmarshal([]byte(d.Before), &before); err != nil {
		return fmt.Errorf("the history's logins cannot be read: %w", err)
	}
	if now := sync.LoginsJSON(u.was.Logins); now == sync.LoginsJSON(restoreLogins(before, u.was.Logins)) || !u.still(d, now) {
		return nil
	}
	if d.Reason != sync.ReasonLocalEdit {
		u.next.Synced.Logins = sync.LoginsFingerprint(before)
	}
	u.next.Logins = restoreLogins(before, u.was.Logins)
	u.fields = append(u.fields, sync.FieldChange{Field: "logins", Before: sync.LoginsJSON(u.was.Logins), After: sync.LoginsJSON(u.next.Logins), Reason: sync.ReasonUndone})
	return nil
}

func restoreLogins(before, now []sync.Login) []sync.Login {
	before = slices.Clone(before)
	restored := map[string]bool{}
	for _, l := range before {
		restored[sync.LoginKey(l.SubAccountID, l.AgentID)] = true
	}
	for _, l := range now {
		if !restored[sync.LoginKey(l.SubAccountID, l.AgentID)] {
			l.Active = false
			before = append(before, l)
		}
	}
	slices.SortFunc(before, sync.CompareLogins)
	return before
}

// still says whether a field is as the run left it; else it notes that somebody
// changed it since, unless it is as it was before the run.
func (u *undoing) still(d sync.Done, now string) bool {
	if now == d.After || now == d.Before || u.force {
		return now != d.Before
	}
	detail := cmp.Or(d.Field, string(d.Kind)) + " was changed again since"
	if d.Field != "logins" && d.Field != "pins" {
		detail += fmt.Sprintf(": it is %q, the run left %q", now, d.After)
	}
	u.plan.Notes = append(u.plan.Notes, sync.Note{
		Member: u.was.ID, Name: u.was.Profile.Name(), Reason: sync.NoteChangedSince,
		Detail: detail + "; --force undoes it all the same",
	})
	return false
}

// pins puts the pins back that a member had.
func (u *undoing) pins(d sync.Done) error {
	if !u.still(d, sync.PinsJSON(u.was.Pins)) {
		return nil
	}
	var before []sync.Pin
	if err := json.Unmarshal([]byte(d.Before), &before); err != nil {
		return fmt.Errorf("the history's pins cannot be read: %w", err)
	}
	u.next.Pins = before
	if len(before) == 0 {
		u.next.Pins = nil // as for anybody without
	}
	u.put(d, sync.PinsJSON(u.was.Pins))
	return nil
}

func (u *undoing) put(d sync.Done, now string) {
	u.fields = append(u.fields, sync.FieldChange{Field: d.Field, Before: now, After: d.Before, Reason: sync.ReasonUndone})
}
