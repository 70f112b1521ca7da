package reconcile_test

import (
	"slices"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
)

func TestR5FindingTheMember(t *testing.T) {
	play(t, []scenario{
		{
			name:   "by rcUserId, whatever else changed",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "502", "Ada King", rc("701"))
			},
			want:   []string{"update 1 rc:701 source_changed", "note 1 rc:701 extension_missing"},
			fields: []string{"last_name: Byron -> King, source_changed", "logins, source_changed"},
		},
		{
			name:   "by login, when the record has no rcUserId",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron") },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada King", email("king@example.com"))
			},
			want:   []string{"update 1 agent:1/501 source_changed"},
			fields: []string{"last_name: Byron -> King, source_changed", "email: ada@example.com -> king@example.com, source_changed"},
		},
		{
			name:   "the same agent id in another sub-account is another login",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron") },
			then: func(w *world) {
				w.agent("2/10", "501", "Bob Roy")
			},
			want: []string{"onboard agent:2/501 new"},
		},
		{
			name:   "by administrator id",
			before: func(w *world) { w.admin("301", "Ada Byron") },
			then: func(w *world) {
				w.clear()
				w.admin("301", "Ada King", email("king@example.com"))
			},
			want: []string{"update 1 admin:301 source_changed"},
		},
		{
			name:   "a record that loses its rcUserId: the member keeps it",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron")
			},
			want: nil,
		},
		{
			name:   "a record that gains an rcUserId",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron") },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.extension("701", "Ada Byron")
			},
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"rc_user_id:  -> 701, source_changed"},
		},
		{
			name:   "a member whose link was undone and who kept the rcUserId: the link is told by it",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")); w.extension("701", "Ada Byron") },
			then:   func(w *world) { w.member(1).Linked = false },
			want:   []string{"link 1 rc:701 identity"},
			fields: []string{"rc_user_id: 701 -> 701, source_changed"},
		},
		{
			name:   "a login under another rcUserId, with the same name: the same human recreated",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("702"), email("new@example.com"))
				w.extension("702", "Ada Byron")
			},
			want:   []string{"update 1 rc:702 recreated"},
			fields: []string{"rc_user_id: 701 -> 702, recreated", "email: ada@example.com -> new@example.com, source_changed"},
		},
		{
			name:   "a login under another rcUserId, with the same e-mail and another last name: the same human married",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada King", rc("702"), email("ada@example.com"))
				w.extension("702", "Ada King", email("ada@example.com"))
			},
			want:   []string{"update 1 rc:702 recreated"},
			fields: []string{"rc_user_id: 701 -> 702, recreated", "last_name: Byron -> King, source_changed"},
		},
		{
			name:   "a login that passed to a newcomer of another name, with the e-mail that goes with it",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701"), email("desk1@example.com")) },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Bob Roy", rc("702"), email("desk1@example.com"))
				w.extension("702", "Bob Roy", email("desk1@example.com"))
			},
			want: []string{"deactivate 1 removed", "conflict rc:702 email_in_use"},
		},
		{
			name: "a login under another rcUserId, with the first name and a mailbox that people share: nobody knows",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"), email("team@example.com"))
				w.agent("1/10", "502", "Bob Roy", rc("702"), email("team@example.com"))
				w.extension("702", "Bob Roy")
			},
			then: func(w *world) {
				w.group("1/10").Agents = nil
				w.agent("1/10", "501", "Ada King", rc("703"), email("team@example.com"))
				w.agent("1/10", "502", "Bob Roy", rc("702"), email("team@example.com"))
				w.extension("703", "Ada King")
			},
			want: []string{"conflict 1 rc:703 identity_reused"},
		},
		{
			name: "one of two records lost name and e-mail: it says nothing else of its login",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/11", "502", "Ada Byron")
			},
			then: func(w *world) {
				w.group("1/11").Agents = nil
				w.agent("1/11", "502", "", named("", ""), email(""))
			},
			want: nil,
		},
		{
			name:   "a login that passed to a newcomer of another name is no identity",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Bob Roy", rc("702"))
				w.extension("702", "Bob Roy")
			},
			want: []string{"onboard rc:702 new", "deactivate 1 removed"},
		},
	})
}

// Ada is member 1, Bob member 2.
func adaAndBob(w *world) {
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.agent("1/10", "502", "Bob Roy", rc("702"))
	w.extension("701", "Ada Byron")
	w.extension("702", "Bob Roy")
}

func TestR5RCUserIDAndLoginPointToDifferentMembers(t *testing.T) {
	play(t, []scenario{
		{
			name: "conflict for both, whatever the name on the record", before: adaAndBob,
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.agent("1/10", "502", "Bob Roy", rc("701"))
			},
			want: []string{"conflict 2 rc:701 identity_mismatch", "note 2 in_conflict"},
		},
		{
			name: "also when the record was renamed", before: adaAndBob,
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "502", "Ada Byron", rc("701"))
			},
			want: []string{"conflict 2 rc:701 identity_mismatch", "note 2 in_conflict"},
		},
		{
			name: "both stay as they are while the conflict lasts", before: adaAndBob,
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "502", "Ada King", rc("701"))
			},
			want: []string{"conflict 2 rc:701 identity_mismatch", "note 2 in_conflict"}, fields: []string{},
		},
		{
			name: "an administrator id counts as a login does",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.extension("701", "Ada Byron")
				w.admin("301", "Bob Roy")
			},
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.admin("301", "Bob Roy", rc("701"))
			},
			want: []string{"conflict 1 rc:701 identity_mismatch", "note 1 in_conflict"},
		},
		{
			name:   "the login of somebody inactive was passed on",
			before: adaAndBob,
			between: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"))
			},
			then: func(w *world) { w.agent("1/10", "502", "Ada Byron", rc("701")) },
			want: []string{"update 1 rc:701 source_changed"},
		},
		{
			name: "a login that passed to a newcomer while the leaver waits is the newcomer's", before: adaAndBob,
			between: func(w *world) {
				w.Policy.Deactivate = false
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.agent("1/10", "502", "Eve Kay", rc("705"))
				w.extension("705", "Eve Kay")
			},
			want: []string{"note 2 deactivate_off"},
		},
		{
			name: "detached members dispute nothing",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Bob Roy")
			},
			then: func(w *world) {
				w.member(1).Managed, w.member(2).Managed = false, false
				w.clear()
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Ada Byron")
			},
			want: []string{"note 1 agent:1/501 not_managed", "note 2 not_managed"},
		},
		{
			name: "one member's logins belong to two people now, and neither has its name",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Ada Byron")
			},
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada King")
				w.agent("1/10", "502", "Bob Roy")
			},
			want: []string{"conflict 1 agent:1/501 ambiguous_link", "conflict 1 agent:1/502 ambiguous_link", "note 1 in_conflict"},
		},
		{
			name: "both have its name, and are its logins",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Ada Byron")
			},
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Ada Byron", email("byron@example.com"))
			},
		},
		{
			name: "a login that was moved by hand: who is still listed does not leave",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Bob Roy")
			},
			then: func(w *world) {
				w.member(1).Logins = append(w.member(1).Logins, w.member(2).Logins...)
				w.member(2).Logins = nil
			},
			want: []string{"update 1 agent:1/501 source_changed", "update 2 agent:1/502 recreated"},
		},
		{
			name: "two members held the logins of one person",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Bob Roy")
			},
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Ada Byron")
			},
			want: []string{"conflict 1 agent:1/501 ambiguous_link", "note 1 in_conflict", "note 2 in_conflict"},
		},
	})
}

// The command that a conflict prints settles it (R20).
func TestR20LinkAndDetachSettleConflicts(t *testing.T) {
	torn := func(w *world) {
		w.agent("1/10", "501", "Ada Byron")
		w.agent("1/10", "502", "Ada Byron")
		w.sync(t)
		w.clear()
		w.agent("1/10", "501", "Ada King")
		w.agent("1/10", "502", "Bob Roy")
	}
	t.Run("link gives the member to one person, the other is new", func(t *testing.T) {
		w := newWorld()
		torn(w)
		w.edit(t, edit.LinkTo(1, "agent:1/501"))
		same(t, lines(w.plan(t)), []string{"onboard agent:1/502 new", "link 1 agent:1/501 identity"})
	})
	t.Run("detach settles a mismatch", func(t *testing.T) {
		w := newWorld()
		adaAndBob(w)
		w.sync(t)
		w.clear()
		w.agent("1/10", "502", "Ada Byron", rc("701"))
		w.edit(t, edit.Manage(2, false))
		same(t, lines(w.plan(t)), []string{"update 1 rc:701 source_changed", "note 2 not_managed"})
	})
}

// Two members hold one login, of which the record says no name: it goes to neither by that (R5).
func TestR5ABlankRecordOfTwoMembersIsNeithers(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron")
	w.agent("1/11", "502", "Ada Byron")
	w.agent("1/12", "503", "Bob Roy")
	w.sync(t)
	bob := w.member(2)
	bob.Logins = append(bob.Logins, w.member(1).Logins[1])
	slices.SortFunc(bob.Logins, sync.CompareLogins)
	bob.Synced.Logins = sync.LoginsFingerprint(bob.Logins)
	w.group("1/11").Agents = nil
	w.agent("1/11", "502", "", named("", ""), email(""))
	plan := w.plan(t)
	if plan.Summary.People != 3 || plan.Summary.Deactivate != 0 {
		t.Errorf("%+v: %v", plan.Summary, lines(plan))
	}
}
