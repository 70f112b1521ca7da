package ringcentral

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Room is used again. What was in it must never show through a record that came
// with less, nor pass for a list that did not come.
func TestUsedRoomLeavesNothingBehind(t *testing.T) {
	const full = `{"id":7,"extensionNumber":"102","type":"User","status":"Disabled","contact":{"firstName":"Ada","email":"ada@example.com"},"site":{"name":"Bern"}}`
	for range 3 {
		if _, err := decodeExtensions(fmt.Appendf(nil, `{"records":[%s,%s,%s]}`, full, full, full), ""); err != nil {
			t.Fatal(err)
		}
		p, err := decodeExtensions([]byte(`{"records":[{"id":8},{}]}`), "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]sync.Extension{{ID: "8", Faulty: "it has no type"}, {Faulty: "it has no id"}}, p.records); diff != "" {
			t.Fatal(diff)
		}
		if p, err := decodeExtensions([]byte(`{"records":[]}`), ""); err != nil || len(p.records) != 0 {
			t.Fatal(p, err)
		}
		if p, err := decodeExtensions([]byte(`{"paging":{"page":1}}`), ""); kindOf(err) != kindNonsense {
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

// Law: every value is given back as it came, whatever follows it, and equal ones
// that are shared stand in one place.
func TestLawTextsStayAsTheyAre(t *testing.T) {
	long := strings.Repeat("x", textRoom+1)
	value := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "Sales", "Support", long[:textRoom-3], long}))
	rapid.Check(t, func(t *rapid.T) {
		values, texts := rapid.SliceOf(value).Draw(t, "values"), newTexts(rapid.IntRange(0, 200).Draw(t, "records"))
		var own, shared []string
		for _, v := range values {
			own, shared = append(own, texts.own(v)), append(shared, texts.shared(v))
		}
		if !slices.Equal(values, own) || !slices.Equal(values, shared) {
			t.Errorf("%q became %q and %q", values, own, shared)
		}
		for i, v := range values {
			first := shared[slices.Index(values, v)]
			if unsafe.StringData(first) != unsafe.StringData(shared[i]) {
				t.Errorf("%q is kept twice", v)
			}
		}
	})
}
