package ringcentral

import (
	"fmt"
	"testing"

	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

// Room is used again. What was in it must never show through a record that came
// with less, nor pass for a list that did not come.
func TestUsedRoomLeavesNothingBehind(t *testing.T) {
	const full = `{"id":7,"extensionNumber":"102","type":"User","status":"Disabled","contact":{"firstName":"Ada","email":"ada@example.com"},"site":{"name":"Bern"}}`
	for range 3 {
		if _, err := decodeExtensions(fmt.Appendf(nil, `{"records":[%s,%s,%s]}`, full, full, full)); err != nil {
			t.Fatal(err)
		}
		p, err := decodeExtensions([]byte(`{"records":[{"id":8},{}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]sync.Extension{{ID: "8"}, {}}, p.records); diff != "" {
			t.Fatal(diff)
		}
		if p, err := decodeExtensions([]byte(`{"records":[]}`)); err != nil || len(p.records) != 0 {
			t.Fatal(p, err)
		}
		if p, err := decodeExtensions([]byte(`{"paging":{"page":1}}`)); kindOf(err) != kindNonsense {
			t.Fatal(p, err)
		}

		const agent = `{"agentId":7,"rcUserId":9,"agentGroupId":10,"firstName":"Ada","userName":"ada","agentType":"SUPERVISOR","isActive":true}`
		if _, err := decodeAgents(fmt.Appendf(nil, `[%s,%s]`, agent, agent), "agents", "10"); err != nil {
			t.Fatal(err)
		}
		agents, err := decodeAgents([]byte(`[{"agentId":8}]`), "agents", "10")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]sync.Agent{{ID: "8", Faulty: "it has no isActive"}}, agents); diff != "" {
			t.Fatal(diff)
		}
	}
}
