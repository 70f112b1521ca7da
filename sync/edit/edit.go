// Package edit has the operators' own changes: setting and pinning a field, linking,
// detaching, importing, undoing, forgetting and retiring. Each is a plan, as a run's is.
package edit

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
)

// NothingToDoError says that an edit would change nothing: what was asked for is so.
type NothingToDoError struct{ What string }

func (e *NothingToDoError) Error() string { return e.What + ": there is nothing to do" }

// Manage attaches a member to the sync, or detaches it: then no sync changes it.
// Attaching somebody whose onboarding was undone lets a sync reactivate them
// (R29). Whoever is attached is suspect until a run sees them present: while they
// were detached nobody followed what the lists lost of them (R25).
func Manage(member int64, managed bool) sync.Edit {
	word := map[bool]string{true: "attached", false: "detached"}
	edit := editOne(member, func(m *sync.Member) (*sync.Change, error) {
		if managed && m.DeactivationReason == sync.ReasonUndone {
			c := &sync.Change{Fields: []sync.FieldChange{{Field: "deactivation_reason", Before: string(sync.ReasonUndone), After: "", Reason: sync.ReasonOperator}}}
			if !m.Managed {
				c.Fields = append(c.Fields, sync.FieldChange{Field: "managed", Before: sync.FlagText(false), After: sync.FlagText(true), Reason: sync.ReasonOperator})
			}
			m.DeactivationReason, m.Managed = "", true
			return c, nil
		}
		m.LeavingSince = time.Time{} // the count of the guard begins anew (R21)
		if m.Managed == managed {
			return nil, &NothingToDoError{fmt.Sprintf("member %d is %s already", member, word[managed])}
		}
		m.Managed = managed
		return &sync.Change{Fields: []sync.FieldChange{{Field: "managed", Before: sync.FlagText(!managed), After: sync.FlagText(managed), Reason: sync.ReasonOperator}}}, nil
	})
	return func(state sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		plan, _, err := edit(state, all)
		if err != nil || !managed {
			return plan, nil, err
		}
		if suspect := attached(plan.Changes[0].Next(), sync.NewOpenSet(state.Open)); suspect != nil {
			return plan, &sync.Settled{Decision: sync.ByHand, New: []sync.HeldChange{*suspect}}, nil
		}
		return plan, nil, nil
	}
}

// attached is what is open about a member who is attached, unless something is already:
// they are suspect (R25). nil: nobody would ask whether they leave.
func attached(m *sync.Member, open *sync.OpenSet) *sync.HeldChange {
	if m.Status != sync.Active || !m.Linked || open.Of(m.ID, sync.StatusField) != nil {
		return nil
	}
	return &sync.HeldChange{
		State: sync.Suspect, Kind: sync.Deactivate, Member: m.ID, Field: sync.StatusField, Before: string(sync.Active), After: string(sync.Inactive),
		Name: m.Profile.Name(), Email: m.Profile[sync.Email], Reason: sync.ReasonRemoved, Detail: sync.LeaverDetail(sync.ReasonRemoved),
		Why: []sync.HoldReason{{Reason: sync.ReasonAttached, Detail: "attached, and no run has seen them present since"}},
	}
}

// SetFields gives fields of a member new values by hand. Those that RingCentral
// owns can be set while the member is detached; the rest belongs to the roster.
func SetFields(member int64, values map[string]string) sync.Edit {
	return editOne(member, func(m *sync.Member) (*sync.Change, error) {
		c := &sync.Change{}
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if err := set(m, c, name, values[name]); err != nil {
				return nil, err
			}
		}
		if len(c.Fields) == 0 {
			return nil, &NothingToDoError{fmt.Sprintf("member %d has these values already", member)}
		}
		return c, nil
	})
}

// set gives one field a value by hand, and notes what changed.
func set(m *sync.Member, c *sync.Change, name, value string) error {
	f, synced := sync.ParseField(name)
	if err := sync.CheckText(name, value); synced && err != nil {
		return fmt.Errorf("set member %d: %w", m.ID, err)
	}
	switch {
	case synced && m.DeactivationReason == sync.ReasonForgotten:
		return forgottenError(m.ID)
	case synced && m.Managed && !f.IsOwn():
		return fmt.Errorf("%s of member %d belongs to RingCentral, and the next sync would revert it: change it there, or hold the value with `ringroster roster pin %d %s=VALUE`, or take the whole member out of the sync with `ringroster roster detach %d`", name, m.ID, m.ID, name, m.ID)
	case synced:
		was := *m
		m.Profile[f] = value
		if f.IsOwn() {
			m.Synced.Profile[f] = value // as a sync leaves it, which has no other value
		}
		if was.Profile[f] != value {
			c.Fields = append(c.Fields, was.FieldChange(m, f, sync.ReasonOperator))
		}
		return nil
	}
	before := m.Own
	if err := m.Own.Set(name, value); err != nil {
		return fmt.Errorf("set member %d: %w", m.ID, err)
	}
	c.Fields = append(c.Fields, m.OwnChanges(&before, sync.ReasonOperator)...)
	return nil
}

// LinkTo ties a member to the person with the given key: the next sync finds it
// by that id, and takes over what RingCentral reports (R13, R20). The key none
// says that the member's rc user id, or the login of a member without one, belongs
// to another human by now: the member keeps it as a former one, which is nobody's,
// and leaves by the rules.
func LinkTo(member int64, key string) sync.Edit {
	kind, id, _ := strings.Cut(key, ":")
	link := editOne(member, func(m *sync.Member) (*sync.Change, error) {
		before := *m
		sub, agent, isLogin := strings.Cut(id, "/")
		switch {
		case key == "none" && m.PersonKey() != "" && !strings.HasPrefix(m.RCUserID, sync.FormerID):
			m.RCUserID, m.Synced.Extension = sync.FormerID+strings.TrimPrefix(m.PersonKey(), "rc:"), ""
			return &sync.Change{Fields: []sync.FieldChange{{Field: "rc_user_id", Before: before.RCUserID, After: m.RCUserID, Reason: sync.ReasonOperator}}}, nil
		case id == "":
			return nil, fmt.Errorf("%q is no person key: give rc:ID, agent:SUB/ID or admin:ID, as `plan` prints them, or none", key)
		case kind == "rc" && strings.Trim(id, "0123456789") == "":
			m.RCUserID = id
		case kind == "agent" && isLogin:
			m.RCUserID, m.Logins = "", onlyLogin(m.Logins, sub, agent)
		case kind == "admin":
			m.RCUserID, m.AdminIDs, m.Logins = "", []string{id}, onlyLogin(m.Logins, "", "")
		default:
			return nil, fmt.Errorf("%q is no person key: give rc:ID, agent:SUB/ID or admin:ID, as `plan` prints them", key)
		}
		m.Linked, m.LeavingSince, m.Synced.Extension = false, time.Time{}, ""
		c := &sync.Change{Person: key, Fields: []sync.FieldChange{{Field: "rc_user_id", Before: before.RCUserID, After: m.RCUserID, Reason: sync.ReasonOperator}}}
		if !slices.Equal(before.Logins, m.Logins) {
			c.Fields = append(c.Fields, sync.FieldChange{Field: "logins", Before: sync.LoginsJSON(before.Logins), After: sync.LoginsJSON(m.Logins), Reason: sync.ReasonOperator})
		}
		return c, nil
	})

	return func(state sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		for m := range all {
			if m.ID != member && m.Status == sync.Active && m.Managed && isHeldBy(m, kind, id) {
				return nil, nil, fmt.Errorf("member %d is %s already: link or detach that one first", m.ID, key)
			}
		}
		if err := undecided(state.Open, member); err != nil && key != "none" {
			return nil, nil, err
		}
		return link(state, all)
	}
}

// undecided refuses to link a member while it waits, or was rejected, that it loses a role or a login:
// the next sync takes over what RingCentral says of whoever was linked, and would decide that unasked.
func undecided(open []sync.HeldChange, member int64) error {
	for i := range open {
		h := &open[i]
		if h.Member != member || h.Kind != sync.Update || h.Field != sync.Role.String() && h.Field != sync.LoginsField {
			continue
		}
		switch h.State {
		case sync.Waiting:
			return fmt.Errorf("a change of the %s of member %d waits, which a link would decide unasked: approve or reject it first (`ringroster held`)", h.Field, member)
		case sync.Rejected:
			return fmt.Errorf("an operator rejected a change of the %s of member %d, which a link would let happen: end that first (`ringroster reject --clear %d`)", h.Field, member, member)
		}
	}
	return nil
}

// isHeldBy says whether a person key means the member.
func isHeldBy(m *sync.Member, kind, id string) bool {
	if kind == "rc" {
		return m.RCUserID == id
	}
	return m.HeldID(id)
}

// onlyLogin leaves one login active, and adds it where it is missing.
func onlyLogin(logins []sync.Login, sub, agent string) []sync.Login {
	logins = slices.Clone(logins)
	found := sub == ""
	for i := range logins {
		logins[i].Active = logins[i].SubAccountID == sub && logins[i].AgentID == agent
		found = found || logins[i].Active
	}
	if !found {
		logins = append(logins, sync.Login{SubAccountID: sub, AgentID: agent, Active: true})
		slices.SortFunc(logins, sync.CompareLogins)
	}
	return logins
}

// editOne edits one member: with a change when somebody sees a difference, else
// as bookkeeping.
func editOne(member int64, edit func(*sync.Member) (*sync.Change, error)) sync.Edit {
	return func(_ sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		for m := range all {
			if m.ID != member {
				continue
			}
			next := *m
			c, err := edit(&next)
			if err != nil {
				return nil, nil, err
			}
			if c == nil {
				return &sync.Plan{Marks: []*sync.Member{&next}}, nil, nil
			}
			c.Kind, c.Member, c.Reason, c.Next = sync.EditMember, member, sync.ReasonOperator, next.Itself
			c.Name, c.Email = next.Profile.Name(), next.Profile[sync.Email]
			return &sync.Plan{Changes: []sync.Change{*c}}, nil, nil
		}
		return nil, nil, fmt.Errorf("the roster has no member %d", member)
	}
}

// Fill gives members of an account their values of a field that is the roster's own. It is all
// or nothing; who has the value already is left alone.
func Fill(f sync.Field, values map[int64]string) sync.Edit {
	return func(_ sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		plan := &sync.Plan{}
		var problems []error
		for m := range all {
			value, given := values[m.ID]
			if !given || m.Profile[f] == value {
				continue
			}
			next := *m
			c := sync.Change{
				Kind: sync.EditMember, Member: m.ID, Name: m.Profile.Name(), Email: m.Profile[sync.Email], Reason: sync.ReasonImported, Next: next.Itself,
			}
			problems = append(problems, set(&next, &c, f.String(), value))
			plan.Changes = append(plan.Changes, c)
		}
		plan.Summary = sync.CountChanges(plan.Changes)
		return plan, nil, errors.Join(problems...)
	}
}

// Import brings members of another roster in, not yet tied to anybody in
// RingCentral: the next sync links them, by rc user id or e-mail (R12). It is
// all or nothing: the error names every member that cannot come in.
func Import(members []*sync.Member) sync.Edit {
	return func(_ sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		taken := map[string]string{}
		for m := range all {
			for _, id := range identities(m) {
				taken[id] = fmt.Sprintf("member %d", m.ID)
			}
		}
		plan := &sync.Plan{}
		var problems []error
		for _, m := range members {
			next := *m
			next.Linked = false
			for _, id := range identities(&next) {
				if holder, ok := taken[id]; ok {
					problems = append(problems, &ImportError{m, fmt.Errorf("%s has the %s already", holder, id)})
				} else {
					taken[id] = "another row"
				}
			}
			for f, value := range m.Profile {
				if err := sync.CheckText(sync.Field(f).String(), value); err != nil {
					problems = append(problems, &ImportError{m, err})
				}
			}
			plan.Changes = append(plan.Changes, sync.Change{
				Kind: sync.Onboard, Name: m.Profile.Name(), Email: m.Profile[sync.Email], Reason: sync.ReasonImported,
				Detail: "brought in by hand; the next sync ties them to RingCentral", Next: next.Itself,
			})
		}
		plan.Summary = sync.CountChanges(plan.Changes)
		return plan, nil, errors.Join(problems...)
	}
}

// ImportError says why a member cannot be brought in.
type ImportError struct {
	Member *sync.Member
	Err    error
}

func (e *ImportError) Error() string { return fmt.Sprintf("%s: %v", e.Member.Profile.Name(), e.Err) }

// Unwrap gives the reason alone.
func (e *ImportError) Unwrap() error { return e.Err }

// identities are what no second member may have when one is brought in by hand.
// The e-mail of somebody who left may be somebody else's by now (R12).
func identities(m *sync.Member) (ids []string) {
	add := func(kind, value string) {
		if value != "" {
			ids = append(ids, kind+" "+value)
		}
	}
	add("username", sync.FoldText(m.Username))
	add("rc user id", m.RCUserID)
	if !m.Linked || m.Status == sync.Active {
		add("e-mail", sync.FoldEmail(m.Profile[sync.Email]))
	}
	return ids
}
