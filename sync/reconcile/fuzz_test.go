package reconcile_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// FuzzMakePlan decodes bytes into a small world: whatever it is, plan.Make does not
// panic, keeps the laws, and takes the members in any order.
func FuzzMakePlan(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("one agent: \x00\x01\x02\x03\x04\x05"))
	f.Add([]byte{0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 2, 1, 1, 1, 0, 0, 3, 1, 1, 1, 1, 1})
	f.Add([]byte{3, 1, 1, 1, 0, 0, 3, 2, 1, 1, 0, 0, 0, 3, 1, 1, 1, 0, 0, 4, 1, 1, 1, 0})
	f.Add([]byte{1, 0, 1, 0, 1, 9, 1, 0, 2, 0, 1, 9, 3, 0, 1, 0, 1, 7, 2, 1, 1, 1, 2, 2, 4, 9, 9, 9, 9, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := decodeWorld(data)
		plan := w.plan(t)
		mustKeepLaws(t, plan, w.members)
		if _, err := plan.MarshalJSON(); err != nil {
			t.Error(err)
		}
		for i, j := 0, len(w.members)-1; i < j; i, j = i+1, j-1 {
			w.members[i], w.members[j] = w.members[j], w.members[i]
		}
		if diff := cmp.Diff(plan, w.plan(t), nexts); diff != "" {
			t.Errorf("-in order +backwards:\n%s", diff)
		}
		w.members = apply(plan, w.members, &w.lastID)
		mustBeUnique(t, w.members)
	})
}

// decodeWorld reads records of six bytes: what it is, its id, and four choices.
func decodeWorld(data []byte) *world {
	w := newWorld()
	used := map[string]bool{}
	for ; len(data) >= 6; data = data[6:] {
		kind, id, a, b, c, d := data[0]%5, int(data[1]%6), data[2], data[3], data[4], data[5]
		key := fmt.Sprint(kind, id, kind == 1 && a&1 == 1)
		if used[key] {
			continue // ids are distinct within a list (R1)
		}
		used[key] = true
		rcID := []string{"", "701", "702", "703"}[b%4]
		mail := email([]string{"", "a@example.com", "A@example.com ", "b@example.com"}[c%4])
		name := []string{"Ada Byron", "ada byron ", "Bob Roy", " "}[d%4]
		switch kind {
		case 0:
			w.admin(fmt.Sprint(301+id), name, rc(rcID), mail)
		case 1:
			options := []option{rc(rcID), mail, agentType([]string{"AGENT", "SUPERVISOR", "X", ""}[c>>2%4])}
			if d&4 != 0 {
				options = append(options, inactive)
			}
			if d&8 != 0 {
				options = append(options, faulty("cut short"))
			}
			w.agent(fmt.Sprintf("%d/%d", 1+a&1, 10+a>>1%2), fmt.Sprint(501+id), name, options...)
		case 2:
			w.extension(fmt.Sprint(701+id), name, mail, status([]string{"Enabled", "Disabled", "Unassigned", "?"}[b%4]))
		case 3:
			w.decodeMember(id, a, rcID, mail, name)
		case 4:
			w.Policy.Deactivate, w.Policy.RequireRingEX, w.Policy.GraceDays = a&1 == 0, a&2 != 0, int(b%3)
			w.Policy.Limits.Deactivations = sync.Limit{Percent: int(c), Floor: int(d)}
		}
	}
	return w
}

func (w *world) decodeMember(id int, a byte, rcID string, mail option, name string) {
	r := newRecord("", name, []option{mail})
	for _, m := range w.members {
		if m.RCUserID == rcID {
			rcID = ""
		}
	}
	m := &sync.Member{ID: int64(id + 1), Account: "acme", Status: sync.Active, Managed: a&1 == 0, Linked: a&2 == 0, RCUserID: rcID}
	m.Profile[sync.FirstName], m.Profile[sync.LastName], m.Profile[sync.Email] = r.first, r.last, r.email
	if a&4 != 0 {
		m.Logins = []sync.Login{{SubAccountID: "1", AgentGroupID: "10", AgentID: fmt.Sprint(501 + id), Active: a&8 == 0}}
	}
	if a&16 != 0 {
		m.AdminIDs = []string{fmt.Sprint(301 + id)}
	}
	if a&32 != 0 {
		m.Status, m.DeactivationReason = sync.Inactive, []sync.Reason{sync.ReasonRemoved, sync.ReasonUndone}[a>>6&1]
	}
	m.Synced = sync.Synced{Profile: m.Profile, Status: m.Status, RCUserID: rcID}
	w.members = append(w.members, m)
	w.lastID = max(w.lastID, m.ID)
}
