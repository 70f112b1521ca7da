package reconcile_test

import (
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
)

func TestR12EmailAsIdentity(t *testing.T) {
	ada := func(options ...option) func(*world) {
		return func(w *world) {
			w.agent("1/10", "501", "Ada Byron", append(options, rc("701"))...)
			w.extension("701", "Ada Byron")
		}
	}
	gone := func(w *world) { w.clearAll(); w.admin("399", "Zoe Roy") }
	play(t, []scenario{
		{
			name: "an unlinked member is linked, whatever its name and the case of its e-mail",
			before: func(w *world) {
				w.imported("A. King", func(m *sync.Member) { m.Profile[sync.Email] = "ADA@Example.com " })
			},
			then: ada(),
			want: []string{"link 1 rc:701 email"},
		},
		{
			name:   "an unlinked member with an rcUserId is found by it",
			before: func(w *world) { w.imported("Bob Roy", func(m *sync.Member) { m.RCUserID = "701" }) },
			then:   ada(),
			want:   []string{"link 1 rc:701 identity"},
		},
		{
			name: "a re-hire: inactive, same name", before: ada(), between: gone,
			then: func(w *world) {
				w.agent("1/10", "502", "ada BYRON ", rc("702"), email("Ada@example.com"))
				w.extension("702", "Ada Byron")
			},
			want: []string{"reactivate 1 rc:702 rehired"},
		},
		{
			name: "a recycled address: inactive, another name", before: ada(), between: gone,
			then: func(w *world) {
				w.agent("1/10", "502", "Adam King", rc("702"), email("ada@example.com"))
				w.extension("702", "Adam King")
			},
			want: []string{"onboard rc:702 recycled_email"},
		},
		{
			name: "recreated: active, same name, its own id gone from every list", before: ada(),
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "502", "Ada Byron", rc("702"))
				w.extension("702", "Ada Byron")
			},
			want: []string{"update 1 rc:702 recreated"},
		},
		{
			name: "recreated without any rcUserId", before: func(w *world) { w.agent("1/10", "501", "Ada Byron") },
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "502", "Ada Byron")
			},
			want:   []string{"update 1 agent:1/502 recreated"},
			fields: []string{"logins, source_changed"},
		},
		{
			name: "recreated, although its own extension is still listed", before: ada(),
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "502", "Ada Byron", rc("702"))
				w.extension("702", "Ada Byron")
			},
			want: []string{"update 1 rc:702 recreated"},
		},
		{
			name: "recreated, although its own record is still listed, and inactive", before: ada(),
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"), inactive)
				w.agent("1/10", "502", "Ada Byron", rc("702"))
				w.extension("702", "Ada Byron")
			},
			want: []string{"update 1 rc:702 recreated", "note rc:701 no_access"},
		},
		{
			name: "not, while its own record grants access", before: ada(),
			then: func(w *world) {
				w.agent("1/10", "502", "Ada Byron", rc("702"))
				w.extension("702", "Ada Byron")
			},
			want: []string{"conflict rc:702 email_in_use"},
		},
		{
			name: "active, another name, an inactive record of its own: it leaves, and the newcomer waits", before: ada(),
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"), inactive)
				w.agent("1/10", "502", "Adam King", rc("702"), email("ada@example.com"))
				w.extension("702", "Adam King")
			},
			want: []string{"deactivate 1 rc:701 access_revoked", "conflict rc:702 email_in_use", "note 1 rc:701 no_access"},
		},
		{
			name: "active, another name: an ordinary leaver, and the newcomer waits", before: ada(),
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "502", "Adam King", rc("702"), email("ada@example.com"))
				w.extension("702", "Adam King")
			},
			want: []string{"deactivate 1 removed", "conflict rc:702 email_in_use"},
		},
		{
			name: "… and is onboarded once the leaver is inactive", before: ada(),
			between: func(w *world) {
				w.clearAll()
				w.agent("1/10", "502", "Adam King", rc("702"), email("ada@example.com"))
				w.extension("702", "Adam King")
			},
			want: []string{"onboard rc:702 recycled_email"},
		},
		{
			name: "an active member who is present: email_in_use", before: ada(),
			then: func(w *world) {
				w.agent("1/10", "502", "Bob Roy", rc("702"), email("Ada@Example.com"))
				w.extension("702", "Bob Roy")
			},
			want: []string{"conflict rc:702 email_in_use"},
		},
		{
			name: "… for each of two newcomers who share it with a present member", before: ada(),
			then: func(w *world) {
				w.agent("1/10", "502", "Bob Roy", rc("702"), email("ada@example.com"))
				w.agent("1/10", "503", "Cy Poe", rc("703"), email("ada@example.com"))
				w.extension("702", "Bob Roy")
				w.extension("703", "Cy Poe")
			},
			want: []string{"conflict rc:702 email_in_use", "conflict rc:703 email_in_use"},
		},
		{
			name: "members' e-mails count as they are after this plan's updates", before: ada(),
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "501", "Ada Byron", rc("701"), email("byron@example.com"))
				w.extension("701", "Ada Byron", email("byron@example.com"))
				w.agent("1/10", "502", "Adam King", rc("702"), email("ada@example.com"))
				w.extension("702", "Adam King")
			},
			want: []string{"onboard rc:702 new", "update 1 rc:701 source_changed"},
		},
		{
			name: "two candidates: ambiguous_link, and neither leaves",
			before: func(w *world) {
				w.imported("Ada Byron", nil)
				w.imported("Ada Byron", nil)
			},
			then: ada(),
			want: []string{"conflict rc:701 ambiguous_link", "note 1 never_linked", "note 2 never_linked"},
		},
		{
			name: "two newcomers and one candidate: ambiguous_link, and it stays", before: ada(),
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "502", "Ada Byron", rc("702"))
				w.agent("1/10", "503", "Ada Byron", rc("703"))
				w.extension("702", "Ada Byron")
				w.extension("703", "Ada Byron")
			},
			want: []string{"conflict rc:702 ambiguous_link", "conflict rc:703 ambiguous_link", "note 1 in_conflict"},
		},
		{
			name: "present people may share a mailbox where it is not needed as identity",
			then: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"), email("team@example.com"))
				w.agent("1/10", "502", "Bob Roy", rc("702"), email("Team@example.com"))
				w.extension("701", "Ada Byron")
				w.extension("702", "Bob Roy")
			},
			want: []string{"onboard rc:701 new", "onboard rc:702 new"},
		},
		{
			name:   "a detached member takes part in matching, not in change",
			before: func(w *world) { w.imported("Ada Byron", func(m *sync.Member) { m.Managed = false }) },
			then:   ada(),
			want:   []string{"note 1 rc:701 not_managed"},
		},
		{
			name: "an inactive member whom RingCentral reports as somebody else is not taken without a new id",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.extension("701", "Ada Byron")
			},
			between: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"), inactive, email("old@example.com"))
			},
			then: func(w *world) { w.agent("1/10", "502", "Ada Byron") },
			want: []string{"conflict agent:1/502 email_in_use", "note 1 rc:701 no_access"},
		},
	})
}

func TestR13ReusedID(t *testing.T) {
	loose := func(w *world) { w.agent("1/10", "501", "Ada Byron") }
	ada := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.extension("701", "Ada Byron")
	}
	now := func(name string, options ...option) func(*world) {
		return func(w *world) {
			w.clear()
			w.agent("1/10", "501", name, append(options, rc("701"))...)
		}
	}
	play(t, []scenario{
		{name: "first name, last name and e-mail all differ", before: ada, then: now("Bob Roy"), want: []string{"conflict 1 rc:701 identity_reused"}},
		{
			name: "all differ, and the record has lost its rcUserId", before: ada,
			then: func(w *world) { w.clear(); w.agent("1/10", "501", "Bob Roy") },
			want: []string{"conflict 1 agent:1/501 identity_reused"},
		},
		{
			name: "it has lost its rcUserId, and the last name agrees", before: ada,
			then: func(w *world) { w.clear(); w.agent("1/10", "501", "Bob Byron") },
			want: []string{"update 1 agent:1/501 source_changed"},
		},
		{
			name: "nobody ever had an rcUserId", before: loose,
			then: func(w *world) { w.clear(); w.agent("1/10", "501", "Bob Roy") },
			want: []string{"conflict 1 agent:1/501 identity_reused"},
		},
		{
			name: "nobody had one, and the record has one now", before: loose,
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Bob Roy", rc("702"))
				w.extension("702", "Bob Roy")
			},
			want: []string{"conflict 1 rc:702 identity_reused"},
		},
		{
			name: "an administrator", before: func(w *world) { w.admin("301", "Ada Byron") },
			then: func(w *world) { w.clear(); w.admin("301", "Bob Roy") },
			want: []string{"conflict 1 admin:301 identity_reused"},
		},
		{
			name: "the e-mail agrees, and others have it too",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", email("team@example.com"))
				w.agent("1/10", "502", "Cy Poe", email("team@example.com"))
			},
			then: func(w *world) {
				w.group("1/10").Agents[0].FirstName, w.group("1/10").Agents[0].LastName = "Bob", "Roy"
			},
			want: []string{"conflict 1 agent:1/501 identity_reused"},
		},
		{
			name: "the last name agrees in a mailbox that others have too",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", email("team@example.com"))
				w.agent("1/10", "502", "Cy Poe", email("team@example.com"))
			},
			then: func(w *world) { w.group("1/10").Agents[0].FirstName = "Augusta" },
			want: []string{"update 1 agent:1/501 source_changed"},
		},
		{
			name: "a record that says nothing is nobody else's", before: loose,
			then: func(w *world) { w.clear(); w.agent("1/10", "501", "", email("")) },
			want: []string{"update 1 agent:1/501 source_changed"},
		},
		{name: "the first name agrees", before: ada, then: now("ada Roy", email("x@example.com")), want: []string{"update 1 rc:701 source_changed"}},
		{name: "the last name agrees", before: ada, then: now("Bob Byron"), want: []string{"update 1 rc:701 source_changed"}},
		{name: "an e-mail change and a rename on the same day, the first name kept", before: ada, then: now("Ada King", email("king@example.com")), want: []string{"update 1 rc:701 source_changed"}},
		{name: "the e-mail agrees", before: ada, then: now("Bob Roy", email("ADA@example.com")), want: []string{"update 1 rc:701 source_changed"}},
		{
			name: "the last-synced values count, not what somebody edited by hand", before: ada,
			then: func(w *world) {
				w.member(1).Profile = sync.Profile{"Bob", "Roy", "bob@example.com", "Agent", "", "", "", "", "rt"}
				now("Ada Byron")(w)
			},
			want: []string{"update 1 rc:701 local_edit_reverted"},
		},
		{
			name: "of an inactive member too", before: ada,
			between: func(w *world) { w.clear(); w.admin("399", "Zoe Roy") },
			then: func(w *world) {
				w.agent("1/10", "501", "Bob Roy", rc("701"))
			},
			want: []string{"conflict 1 rc:701 identity_reused"},
		},
	})
	t.Run("an operator's link settles it", func(t *testing.T) {
		w := newWorld()
		ada(w)
		w.sync(t)
		now("Bob Roy")(w)
		w.edit(t, edit.LinkTo(1, "rc:701"))
		same(t, lines(w.plan(t)), []string{"link 1 rc:701 identity"})
	})
	t.Run("and so does it where the record has lost its rcUserId", func(t *testing.T) {
		for key, want := range map[string][]string{
			"agent:1/501": {"link 1 agent:1/501 identity"},
			"none":        {"onboard agent:1/501 new", "deactivate 1 removed"},
		} {
			w := newWorld()
			ada(w)
			w.sync(t)
			w.clear()
			w.agent("1/10", "501", "Bob Roy")
			w.edit(t, edit.LinkTo(1, key))
			same(t, lines(w.plan(t)), want)
		}
	})
}

func TestR18ComingBack(t *testing.T) {
	ada := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.extension("701", "Ada Byron")
	}
	left := func(w *world) { w.clear(); w.admin("399", "Zoe Roy") }
	play(t, []scenario{
		{
			name: "carries the field changes with it", before: ada, between: left,
			then:   func(w *world) { w.agent("1/10", "501", "Ada King", rc("701")) },
			want:   []string{"reactivate 1 rc:701 returned"},
			fields: []string{"status: inactive -> active, source_changed", "last_name: Byron -> King, source_changed"},
		},
		{
			name: "set inactive by hand: reverted", before: ada,
			then:   func(w *world) { w.member(1).Status = sync.Inactive },
			want:   []string{"reactivate 1 rc:701 local_edit_reverted"},
			fields: []string{"status: inactive -> active, local_edit_reverted"},
		},
		{
			name: "set inactive by hand and detached: stays", before: ada,
			then: func(w *world) { w.member(1).Status, w.member(1).Managed = sync.Inactive, false },
			want: []string{"note 1 rc:701 not_managed"},
		},
		{
			name: "set active by hand, and reported again: the old reason goes", before: ada, between: left,
			then: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.member(1).Status = sync.Active
			},
			want:   []string{"update 1 rc:701 local_edit_reverted"},
			fields: []string{"deactivation_reason: access_revoked -> , local_edit_reverted"},
		},
		{
			name: "undone: not offered again", before: ada,
			then: func(w *world) {
				m := w.member(1)
				m.Status, m.Synced.Status, m.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonUndone
			},
			want: []string{"note 1 rc:701 declined"},
		},
		{
			name: "undone, and found by e-mail", before: ada,
			then: func(w *world) {
				m := w.member(1)
				m.Status, m.Synced.Status, m.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonUndone
				w.clearAll()
				w.agent("1/10", "502", "Ada Byron", rc("702"))
				w.extension("702", "Ada Byron")
			},
			want: []string{"note 1 rc:702 declined"},
		},
		{
			name: "any other reason does not block", before: ada,
			then: func(w *world) {
				m := w.member(1)
				m.Status, m.Synced.Status, m.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonDisabled
			},
			want: []string{"reactivate 1 rc:701 returned"},
		},
		{
			name:   "a link carries status and fields too",
			before: func(w *world) { w.imported("Ada Byron", func(m *sync.Member) { m.Status = sync.Inactive }) },
			then:   ada,
			want:   []string{"link 1 rc:701 email"},
			fields: []string{
				"status: inactive -> active, source_changed", "rc_user_id:  -> 701, source_changed",
				"role:  -> Agent, source_changed", "data_source:  -> rt, source_changed", "logins, source_changed",
				"username:  -> ada@example.com, source_changed",
			},
		},
	})
}

// An extension list that lacks who authenticated, or whom it named as disabled,
// brings nobody in: what is unknown changes nothing (R8, R22).
func TestR8ADoubtfulExtensionListBringsNobodyIn(t *testing.T) {
	disabled := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.agent("1/10", "502", "Bea Ng", rc("702"))
		w.extension("702", "Bea Ng")
	}
	play(t, []scenario{
		{
			name:   "who was disabled stays so until the extension is seen",
			before: func(w *world) { disabled(w); w.extension("701", "Ada Byron") },
			between: func(w *world) {
				w.Snapshot.Extensions = w.Snapshot.Extensions[:2]
				w.extension("701", "Ada Byron", status("Disabled"))
			},
			then: func(w *world) { w.Snapshot.Extensions = w.Snapshot.Extensions[:2] },
			want: []string{"note 1 rc:701 extension_unproved"},
		},
		{
			name: "nobody is new while the owner is missing",
			then: func(w *world) { disabled(w); w.Snapshot.Extensions = w.Snapshot.Extensions[1:] },
			want: []string{"onboard rc:702 new", "note rc:701 extension_unproved"},
		},
		{
			name: "with the owner there, an extension may be missing",
			then: disabled,
			want: []string{"onboard rc:701 new", "onboard rc:702 new", "note rc:701 extension_missing"},
		},
	})
}
