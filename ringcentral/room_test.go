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
		if _, err := decodeExtensions(fmt.Appendf(nil, `{"records":[%s,%s,%s]}`, full, full, full), nil); err != nil {
			t.Fatal(err)
		}
		p, err := decodeExtensions([]byte(`{"records":[{"id":8},{}]}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]sync.Extension{{ID: "8"}, {}}, p.records); diff != "" {
			t.Fatal(diff)
		}
		if p, err := decodeExtensions([]byte(`{"records":[]}`), nil); err != nil || len(p.records) != 0 {
			t.Fatal(p, err)
		}
		if p, err := decodeExtensions([]byte(`{"paging":{"page":1}}`), nil); kindOf(err) != kindNonsense {
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

// A list stands in one piece where its pages are as announced, and is put
// together where they are not.
func TestAListOfPagesIsPutTogether(t *testing.T) {
	for _, test := range []struct {
		name    string
		pages   []int // records on each
		inPlace bool
	}{
		{"full pages", []int{3, 3, 2}, true},
		{"the last one full", []int{3, 3, 3}, true},
		{"a short one in the middle", []int{3, 2, 3}, false},
		{"a long one, and a short one after it", []int{3, 4, 2}, false},
		{"an empty one at the end", []int{3, 3, 0}, false},
		{"one page", []int{3}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			total, id := 0, 0
			for _, n := range test.pages {
				total += n
			}
			var list extensionList
			var pages []*page[sync.Extension]
			var want []string
			for i, n := range test.pages {
				p := &page[sync.Extension]{size: 3, total: total}
				if room := list.of(i+1, 3); n <= len(room) {
					p.records = room[:n:n]
				} else {
					p.records = make([]sync.Extension, n)
				}
				for j := range p.records {
					id++
					p.records[j].ID = fmt.Sprint(id)
					want = append(want, fmt.Sprint(id))
				}
				list.begin(i+1, p)
				pages = append(pages, p)
			}
			joined := list.join(pages)
			var got []string
			for _, x := range joined {
				got = append(got, x.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if in := len(list) > 0 && &joined[0] == &list[0]; in != test.inPlace {
				t.Errorf("in place: %t", in)
			}
		})
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
