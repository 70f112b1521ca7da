package reconcile_test

import (
	"bytes"
	"encoding/json"
	cmdline "flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

var update = cmdline.Bool("update", false, "write the golden files anew")

// eventful is a day on which everything happens that a plan can hold.
func eventful(t *testing.T) *world {
	w := newWorld()
	w.imported("Ida Lux", nil)                                                               // member 1: linked later
	w.agent("1/10", "501", "Ada Byron", rc("701"), userName("ada.b"))                        // 2: updated
	w.extension("701", "Ada Byron", number("12"), department("Sales", "Lead"), site("Bern")) //
	w.agent("1/10", "502", "Bob Roy", rc("702"))                                             // 3: comes back
	w.agent("1/12", "503", "Cy Poe", rc("703"), agentType("SUPERVISOR"))                     // 4: leaves a group and Hal
	w.admin("301", "Dee Fox", rc("704"))                                                     // 5: the last administrator, held
	w.agent("1/10", "505", "Eve Kay", rc("705"))                                             // 6: reused id
	w.agent("1/10", "506", "Fay Ray", rc("706"))                                             // 7: detached
	w.agent("1/10", "507", "Gus Orr", rc("707"))                                             // 8: rejected
	w.agent("1/10", "508", "Hal Bee", rc("708"))                                             // 9: unchanged
	ida := w.members
	w.members = nil
	w.sync(t)
	w.members = append(ida, w.members...)
	w.member(3).Status, w.member(3).Synced.Status, w.member(3).DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonRemoved
	w.member(7).Managed = false
	w.rejected(8, sync.ReasonRemoved)

	w.clearAll()
	w.agent("2/20", "601", "Ida Lux", agentType("SUPERVISOR"))
	w.agent("1/11", "501", "Ada <King> & Co", rc("701"))
	w.extension("701", "Ada Byron", number("12"), site("Basel"))
	w.agent("1/10", "502", "Bob Roy", rc("702"))
	w.agent("1/10", "505", "Max Neu", rc("705"))
	w.agent("1/10", "508", "Hal Bee", rc("708"), agentType("ROBOT"), under("503"))
	w.group("1/12")
	w.agent("1/10", "509", "New Comer", rc("709"), inactive)
	w.agent("1/10", "510", "Joe Doe")
	w.agent("1/10", "511", "Kim Lee", faulty("it has no isActive"))
	w.agent("1/10", "512", "Lou Fry", email("hal@example.com"), rc("712"))
	w.Snapshot.Warnings = []sync.Warning{{Reason: "main_is_ringex", Detail: "main_account_id is the RingEX number"}}
	return w
}

func TestGoldenPlan(t *testing.T) {
	for name, given := range map[string]func(*testing.T) *world{
		"eventful": eventful,
		"held": func(t *testing.T) *world {
			w := crowd(4)
			w.sync(t)
			w.Policy.Limits.Deactivations = sync.Limit{Percent: 10, Floor: 1}
			w.lose(2)
			return w
		},
		"quiet": func(*testing.T) *world { return newWorld() },
	} {
		t.Run(name, func(t *testing.T) {
			w := given(t)
			plan := w.plan(t)
			mustKeepLaws(t, plan, w.members)
			text, err := plan.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, text, "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			file := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("-want +got:\n%s\nif that is meant: go test ./sync/reconcile -run Golden -update", diff)
			}
		})
	}
}
