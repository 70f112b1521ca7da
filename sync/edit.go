package sync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Edit is what an operator does to members of one account without RingCentral:
// it gives the plan to commit, and the held leavers it settles, if any.
type Edit func(State, iter.Seq[*Member]) (*Plan, *Settled, error)

// NothingToDoError says that an edit would change nothing: what was asked for is so.
type NothingToDoError struct{ What string }

func (e *NothingToDoError) Error() string { return e.What + ": there is nothing to do" }

// Edit carries out an operator's edit as a run of its own, through the same lock
// and commit as every other (R27). run names exactly one account.
func (r *Runner) Edit(ctx context.Context, run Run, edit Edit) (RunID, *Plan, error) {
	id, c, err := r.commitEdit(ctx, run, func() (*Commit, error) { return r.planEdit(ctx, run.Accounts[0], edit) })
	if err != nil {
		return id, nil, err
	}
	return id, c.Plan, nil
}

// commitEdit is the run of an edit of any kind.
func (r *Runner) commitEdit(ctx context.Context, run Run, edit func() (*Commit, error)) (id RunID, c *Commit, err error) {
	release, err := r.Lock(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	run.StartedAt = r.Now()
	account := run.Accounts[0]
	if _, err = edit(); err != nil { // before a run is recorded for nothing
		return 0, nil, err
	}
	if id, err = r.Roster.Begin(ctx, run); err != nil {
		return 0, nil, fmt.Errorf("begin a run: %w", err)
	}
	r.Observer.Began(id, run)
	for attempt := 0; ; attempt++ {
		var c *Commit
		err := Contain(func() (err error) {
			if c, err = edit(); err != nil {
				return err
			}
			c.Run = id
			return r.Roster.Commit(ctx, c)
		})
		if err == nil {
			r.Observer.Committed(id, run, c)
			return id, c, nil
		}
		if !errors.Is(err, ErrMoved) || attempt == replans {
			return id, nil, r.fail(ctx, id, run, account, 0, err).Err
		}
	}
}

func (r *Runner) planEdit(ctx context.Context, account string, edit Edit) (*Commit, error) {
	state, err := r.state(ctx, account, r.Now())
	if err != nil {
		return nil, err
	}
	var failed error
	plan, settled, err := edit(state, untilError(r.Roster.Members(ctx, account, nil), &failed))
	if err = errors.Join(failed, err); err != nil {
		return nil, err
	}
	plan.Account, plan.Version = account, state.Version
	return &Commit{Job: JobMembers, Account: account, FinishedAt: r.Now(), Status: Succeeded, Plan: plan, Settled: settled}, nil
}

// PreviewEdit makes the plan of an edit and commits nothing.
func (r *Runner) PreviewEdit(ctx context.Context, account string, edit Edit) (*Plan, error) {
	c, err := r.planEdit(ctx, account, edit)
	if err != nil {
		return nil, err
	}
	return c.Plan, nil
}

// Manage attaches a member to the sync, or detaches it: then no sync changes it.
// Attaching somebody whose onboarding was undone lets a sync reactivate them
// (R29). Whoever is attached is suspect until a run sees them present: while they
// were detached nobody followed what the lists lost of them (R25).
func Manage(member int64, managed bool) Edit {
	word := map[bool]string{true: "attached", false: "detached"}
	edit := editOne(member, func(m *Member) (*Change, error) {
		if managed && m.DeactivationReason == ReasonUndone {
			c := &Change{Fields: []FieldChange{{Field: "deactivation_reason", Before: string(ReasonUndone), After: "", Reason: ReasonOperator}}}
			if !m.Managed {
				c.Fields = append(c.Fields, FieldChange{Field: "managed", Before: flag(false), After: flag(true), Reason: ReasonOperator})
			}
			m.DeactivationReason, m.Managed = "", true
			return c, nil
		}
		m.LeavingSince = time.Time{} // the count of the guard begins anew (R21)
		if m.Managed == managed {
			return nil, &NothingToDoError{fmt.Sprintf("member %d is %s already", member, word[managed])}
		}
		m.Managed = managed
		return &Change{Fields: []FieldChange{{Field: "managed", Before: flag(!managed), After: flag(managed), Reason: ReasonOperator}}}, nil
	})
	return func(state State, all iter.Seq[*Member]) (*Plan, *Settled, error) {
		plan, _, err := edit(state, all)
		if err != nil || !managed {
			return plan, nil, err
		}
		if suspect := plan.Changes[0].Next().attached(newOpenSet(state.Open)); suspect != nil {
			return plan, &Settled{Decision: ByHand, New: []HeldChange{*suspect}}, nil
		}
		return plan, nil, nil
	}
}

// attached is what is open about a member who is attached, unless something is already:
// they are suspect (R25). nil: nobody would ask whether they leave.
func (m *Member) attached(open *openSet) *HeldChange {
	if m.Status != Active || !m.Linked || open.of(m.ID, statusField) != nil {
		return nil
	}
	return &HeldChange{
		State: Suspect, Kind: Deactivate, Member: m.ID, Field: statusField, Before: string(Active), After: string(Inactive),
		Name: m.Profile.Name(), Email: m.Profile[Email], Reason: ReasonRemoved, Detail: leaverDetail(ReasonRemoved),
		Why: []HoldReason{{ReasonAttached, "attached, and no run has seen them present since"}},
	}
}

// flag is how a column says yes or no.
func flag(b bool) string { return map[bool]string{true: "1", false: "0"}[b] }

// SetFields gives fields of a member new values by hand. Those that RingCentral
// owns can be set while the member is detached; the rest belongs to the roster.
func SetFields(member int64, values map[string]string) Edit {
	return editOne(member, func(m *Member) (*Change, error) {
		c := &Change{}
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if err := m.set(c, name, values[name]); err != nil {
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
func (m *Member) set(c *Change, name, value string) error {
	f, synced := ParseField(name)
	if err := CheckText(name, value); synced && err != nil {
		return fmt.Errorf("set member %d: %w", m.ID, err)
	}
	switch {
	case synced && m.DeactivationReason == ReasonForgotten:
		return forgottenError(m.ID)
	case synced && m.Managed && !f.isOwn():
		return fmt.Errorf("%s of member %d belongs to RingCentral, and the next sync would revert it: change it there, or hold the value with `ringroster roster pin %d %s=VALUE`, or take the whole member out of the sync with `ringroster roster detach %d`", name, m.ID, m.ID, name, m.ID)
	case synced:
		was := *m
		m.Profile[f] = value
		if f.isOwn() {
			m.Synced.Profile[f] = value // as a sync leaves it, which has no other value
		}
		if was.Profile[f] != value {
			c.Fields = append(c.Fields, was.fieldChange(m, f, ReasonOperator))
		}
		return nil
	}
	before := m.Own
	if err := m.Own.Set(name, value); err != nil {
		return fmt.Errorf("set member %d: %w", m.ID, err)
	}
	c.Fields = append(c.Fields, m.ownChanges(&before, ReasonOperator)...)
	return nil
}

// ownChanges lists what became of the roster's own fields.
func (m *Member) ownChanges(before *Own, reason Reason) (fields []FieldChange) {
	for f := range ownCount {
		if was, is := before.Text(f), m.Own.Text(f); was != is {
			fields = append(fields, FieldChange{Field: f.String(), Before: was, After: is, Reason: reason})
		}
	}
	return fields
}

// formerID marks an rc user id, or the key of a login, that passed to another human (R13).
const formerID = "was:"

// LinkTo ties a member to the person with the given key: the next sync finds it
// by that id, and takes over what RingCentral reports (R13, R20). The key none
// says that the member's rc user id, or the login of a member without one, belongs
// to another human by now: the member keeps it as a former one, which is nobody's,
// and leaves by the rules.
func LinkTo(member int64, key string) Edit {
	kind, id, _ := strings.Cut(key, ":")
	link := editOne(member, func(m *Member) (*Change, error) {
		before := *m
		sub, agent, isLogin := strings.Cut(id, "/")
		switch {
		case key == "none" && m.PersonKey() != "" && !strings.HasPrefix(m.RCUserID, formerID):
			m.RCUserID, m.Synced.Extension = formerID+strings.TrimPrefix(m.PersonKey(), "rc:"), ""
			return &Change{Fields: []FieldChange{{Field: "rc_user_id", Before: before.RCUserID, After: m.RCUserID, Reason: ReasonOperator}}}, nil
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
		c := &Change{Person: key, Fields: []FieldChange{{Field: "rc_user_id", Before: before.RCUserID, After: m.RCUserID, Reason: ReasonOperator}}}
		if !slices.Equal(before.Logins, m.Logins) {
			c.Fields = append(c.Fields, FieldChange{Field: "logins", Before: LoginsJSON(before.Logins), After: LoginsJSON(m.Logins), Reason: ReasonOperator})
		}
		return c, nil
	})

	return func(state State, all iter.Seq[*Member]) (*Plan, *Settled, error) {
		for m := range all {
			if m.ID != member && m.Status == Active && m.Managed && m.isHeldBy(kind, id) {
				return nil, nil, fmt.Errorf("member %d is %s already: link or detach that one first", m.ID, key)
			}
		}
		return link(state, all)
	}
}

// isHeldBy says whether a person key means the member.
func (m *Member) isHeldBy(kind, id string) bool {
	if kind == "rc" {
		return m.RCUserID == id
	}
	return m.heldID(id)
}

// onlyLogin leaves one login active, and adds it where it is missing.
func onlyLogin(logins []Login, sub, agent string) []Login {
	logins = slices.Clone(logins)
	found := sub == ""
	for i := range logins {
		logins[i].Active = logins[i].SubAccountID == sub && logins[i].AgentID == agent
		found = found || logins[i].Active
	}
	if !found {
		logins = append(logins, Login{SubAccountID: sub, AgentID: agent, Active: true})
		slices.SortFunc(logins, compareLogins)
	}
	return logins
}

// editOne edits one member: with a change when somebody sees a difference, else
// as bookkeeping.
func editOne(member int64, edit func(*Member) (*Change, error)) Edit {
	return func(_ State, all iter.Seq[*Member]) (*Plan, *Settled, error) {
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
				return &Plan{Marks: []*Member{&next}}, nil, nil
			}
			c.Kind, c.Member, c.Reason, c.Next = EditMember, member, ReasonOperator, next.itself
			c.Name, c.Email = next.Profile.Name(), next.Profile[Email]
			return &Plan{Changes: []Change{*c}}, nil, nil
		}
		return nil, nil, fmt.Errorf("the roster has no member %d", member)
	}
}

// Fill gives members of an account their values of a field that is the roster's own. It is all
// or nothing; who has the value already is left alone.
func Fill(f Field, values map[int64]string) Edit {
	return func(_ State, all iter.Seq[*Member]) (*Plan, *Settled, error) {
		plan := &Plan{}
		var problems []error
		for m := range all {
			value, given := values[m.ID]
			if !given || m.Profile[f] == value {
				continue
			}
			next := *m
			c := Change{
				Kind: EditMember, Member: m.ID, Name: m.Profile.Name(), Email: m.Profile[Email], Reason: ReasonImported, Next: next.itself,
			}
			problems = append(problems, next.set(&c, f.String(), value))
			plan.Changes = append(plan.Changes, c)
		}
		plan.Summary = countChanges(plan.Changes)
		return plan, nil, errors.Join(problems...)
	}
}

// Import brings members of another roster in, not yet tied to anybody in
// RingCentral: the next sync links them, by rc user id or e-mail (R12). It is
// all or nothing: the error names every member that cannot come in.
func Import(members []*Member) Edit {
	return func(_ State, all iter.Seq[*Member]) (*Plan, *Settled, error) {
		taken := map[string]string{}
		for m := range all {
			for _, id := range m.identities() {
				taken[id] = fmt.Sprintf("member %d", m.ID)
			}
		}
		plan := &Plan{}
		var problems []error
		for _, m := range members {
			next := *m
			next.Linked = false
			for _, id := range next.identities() {
				if holder, ok := taken[id]; ok {
					problems = append(problems, &ImportError{m, fmt.Errorf("%s has the %s already", holder, id)})
				} else {
					taken[id] = "another row"
				}
			}
			for f, value := range m.Profile {
				if err := CheckText(Field(f).String(), value); err != nil {
					problems = append(problems, &ImportError{m, err})
				}
			}
			plan.Changes = append(plan.Changes, Change{
				Kind: Onboard, Name: m.Profile.Name(), Email: m.Profile[Email], Reason: ReasonImported,
				Detail: "brought in by hand; the next sync ties them to RingCentral", Next: next.itself,
			})
		}
		plan.Summary = countChanges(plan.Changes)
		return plan, nil, errors.Join(problems...)
	}
}

// ImportError says why a member cannot be brought in.
type ImportError struct {
	Member *Member
	Err    error
}

func (e *ImportError) Error() string { return fmt.Sprintf("%s: %v", e.Member.Profile.Name(), e.Err) }

// Unwrap gives the reason alone.
func (e *ImportError) Unwrap() error { return e.Err }

// identities are what no second member may have when one is brought in by hand.
// The e-mail of somebody who left may be somebody else's by now (R12).
func (m *Member) identities() (ids []string) {
	add := func(kind, value string) {
		if value != "" {
			ids = append(ids, kind+" "+value)
		}
	}
	add("username", FoldText(m.Username))
	add("rc user id", m.RCUserID)
	if !m.Linked || m.Status == Active {
		add("e-mail", FoldEmail(m.Profile[Email]))
	}
	return ids
}

// maxText bounds what an operator may write into one field, in bytes.
const maxText = 500

// CheckText refuses a value, given by hand, that would break tables and logs.
func CheckText(field, value string) error {
	switch {
	case !utf8.ValidString(value):
		return fmt.Errorf("%s must be UTF-8 text", field)
	case strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Errorf("%s must be one line of text without control characters", field)
	case len(value) > maxText:
		return fmt.Errorf("%s must not be longer than %d bytes", field, maxText)
	}
	return nil
}
