package plan

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringroster/sync"
)

// Whether an extension that cannot be read could be a member's is what one look at each of them
// says (R19).
func TestR19TheIndexOfUnreadExtensions(t *testing.T) {
	word := func(t *rapid.T, label string, words ...string) string {
		return rapid.SampledFrom(append(words, "")).Draw(t, label)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := &people{}
		for range rapid.IntRange(0, 4).Draw(t, "unread") {
			p.unread = append(p.unread, &sync.Extension{
				ID: word(t, "id", "701"), Number: word(t, "number", "1", "2"), Email: word(t, "e-mail", "ada@example.com", "bob@example.com"), Faulty: "cut short",
			})
		}
		m := &sync.Member{RCUserID: word(t, "rcUserId", "705")}
		m.Profile[sync.Email], m.Synced.Profile[sync.Email] = word(t, "held", "ADA@example.com", "eve@example.com"), word(t, "synced", "bob@example.com")
		m.Synced.Profile[sync.ExtensionNumber] = word(t, "of the member", "1", "3")
		person := &Person{Agents: []sync.AgentRecord{{Agent: &sync.Agent{Email: word(t, "of the record", "bob@example.com", "cy@example.com")}}}}
		emails := []string{sync.FoldEmail(m.Profile[sync.Email]), sync.FoldEmail(m.Synced.Profile[sync.Email]), sync.FoldEmail(person.Agents[0].Email)}
		could := func(e *sync.Extension) bool {
			switch number := m.Synced.Profile[sync.ExtensionNumber]; {
			case e.Email != "":
				return slices.Contains(emails, e.Email)
			case e.Number != "" && number != "":
				return e.Number == number
			}
			return e.ID == "" || m.RCUserID == ""
		}
		if got := p.unreadOf(person, m); (got != "") != slices.ContainsFunc(p.unread, could) {
			t.Errorf("%q of %+v", got, p.unread)
		}
	})
}
