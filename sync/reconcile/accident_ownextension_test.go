package reconcile_test

import (
	"testing"

	"ringroster/sync"
	"ringroster/sync/fingerprint"
	"ringroster/sync/plan"
)

// The roster remembers, of an agent without an rcUserId, which extension was theirs, however it
// came to them. That goes before an e-mail that somebody else's record, or another extension,
// has by now (R7).
func TestR7TheExtensionThatWasTheirsGoesBeforeAnEMail(t *testing.T) {
	agent := func(w *world) *sync.Agent { return &w.group("1/10").Agents[0] }
	ext := func(w *world) *sync.Extension { return &w.Snapshot.Extensions[1] }
	nothing := func(*world) {}
	for _, c := range []struct {
		name string
		ext  string // its name
		days []func(*world)
	}{
		{"a newcomer's record gets the e-mail of one that is kept", "Bob Roy", []func(*world){
			func(w *world) { agent(w).Email = "new@example.com" },
			func(w *world) { w.agent("1/11", "9001", "Zoe Fox", email("p001@example.com")) },
			nothing,
		}},
		{"the record of a colleague who has one gets it", "Bob Roy", []func(*world){
			func(w *world) { agent(w).Email = "new@example.com" },
			func(w *world) { w.group("1/10").Agents[1].Email = "p001@example.com" },
			nothing,
		}},
		{"the e-mail of theirs is another extension's by mistake", "P001 Roy", []func(*world){
			func(w *world) {
				agent(w).Email = "boss@example.com"
				w.extension("9001", "Zoe Fox", number("901"), email("boss@example.com"))
			},
			nothing,
			func(w *world) { agent(w).Email = "p001@example.com" },
		}},
		{"number and e-mail of the extension change on one day", "Bob Roy", []func(*world){
			func(w *world) { ext(w).Number, ext(w).Email = "901", "bob@example.com" },
			nothing,
		}},
		{"the record has no e-mail, and the extension is made anew", "P001 Roy", []func(*world){
			func(w *world) { agent(w).Email = "" },
			func(w *world) { ext(w).ID, ext(w).Number = "8001", "801" },
			nothing,
		}},
		{"another agent id, while RingEX has another e-mail", "P001 Roy", []func(*world){
			func(w *world) { ext(w).Email = "bob@example.com" },
			func(w *world) { agent(w).ID = "6001" },
			nothing,
		}},
		{"a newcomer has their e-mail, and an extension with it, and the number of theirs changes", "P001 Roy", []func(*world){
			func(w *world) {
				w.agent("1/11", "9001", "Zoe Fox", email("p001@example.com"))
				w.extension("9001", "Zoe Fox", number("901"), email("p001@example.com"))
				ext(w).Number = "009"
			},
			nothing,
		}},
		{"another extension, with their name and e-mail, and the old one is unassigned after days", "P001 Roy", []func(*world){
			func(w *world) {
				ext(w).Email = ""
				w.extension("9001", "P001 Roy", number("901"), email("p001@example.com"))
			},
			func(w *world) { ext(w).FirstName, ext(w).LastName, ext(w).Status = "", "", "Unassigned" },
			nothing,
		}},
	} {
		for name, rule := range map[string]func(*world){
			"require_ringex": func(w *world) { w.Policy.RequireRingEX = true },
			"role_permission": func(w *world) {
				w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
				w.role("1", "WFM User", []string{"WFM"}, "7001", "7002", "7003", "8001", "9001")
			},
		} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				w := newWorld()
				three(w, c.ext)
				rule(w)
				w.today(t)
				for i, change := range c.days {
					w.tomorrow()
					change(w)
					w.today(t)
					w.mustStay(t)
					if m := w.member(1); m.Profile[sync.Role] != sync.RoleSupervisor || len(w.active(1)) != 1 || len(w.books.state.Open) > 0 {
						t.Errorf("day %d: member 1 is %s with logins %v, open %+v", i+2, m.Profile[sync.Role], w.active(1), w.books.state.Open)
					}
				}
			})
		}
	}
}

// Records lose their rcUserIds for a day. Their extensions are still those of these ids, also where
// a colleague's record has the e-mail of one (R5, R7).
func TestR7AnRCUserIDThatIsMissingForADay(t *testing.T) {
	w := newWorld()
	w.Policy.RequireRingEX = true
	for _, id := range []string{"001", "002", "003"} {
		w.agent("1/10", "5"+id, "P"+id+" Roy", rc("7"+id))
		w.extension("7"+id, "Q"+id+" Fox", number(id), email("x"+id+"@example.org"))
	}
	w.today(t)
	w.tomorrow()
	for i := range w.group("1/10").Agents {
		w.group("1/10").Agents[i].RCUserID = ""
	}
	w.agent("1/11", "9001", "Zoe Fox", email("x001@example.org"))
	w.today(t)
	w.mustStay(t)
	if len(w.members) != 3 {
		t.Errorf("%d members", len(w.members))
	}
}

// A run of an older version remembered only extensions that were kept.
func TestAPastWithoutExtensionsIsReadAsItWas(t *testing.T) {
	w := newWorld()
	three(w)
	w.today(t)
	for _, m := range w.members { // as that version left them
		if m.Synced.Extension == "" {
			t.Fatalf("member %d has no extension", m.ID)
		}
		m.Synced.Extension = ""
	}
	recall, err := plan.Recaller(w.input(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range w.members {
		if got := recall(sync.Sealed{ID: m.ID, Text: fingerprint.Seal(m)}); got == nil || fingerprint.Seal(got) != fingerprint.Seal(m) {
			t.Errorf("member %d: %+v", m.ID, got)
		}
	}
}
