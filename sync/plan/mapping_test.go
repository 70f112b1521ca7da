package plan

import (
	"testing"

	"ringroster/sync"
)

func TestR8WhichEntryOfMapFits(t *testing.T) {
	m := newMapper([]sync.Mapping{
		{Field: sync.Site, From: "HQ", To: "Dallas"},
		{Field: sync.JobTitle, From: "csr  lead*", To: "Lead"},
		{Field: sync.JobTitle, From: "CSR*", To: "Agent"},
		{Field: sync.JobTitle, From: "*of*sales*", To: "Sales"},
		{Field: sync.Department, From: "what?", To: "Questions"},
		{Field: sync.Site, From: "Dallas", To: "never: what an entry gives is not mapped again"},
		{Field: sync.Site, From: "*", To: "Elsewhere"},
	})
	for _, c := range []struct {
		field       sync.Field
		value, want string
	}{
		{sync.Site, "HQ", "Dallas"},
		{sync.Site, " hq ", "Dallas"},
		{sync.Site, "HQ 2", "Elsewhere"},
		{sync.Site, "", "Elsewhere"},
		{sync.JobTitle, "CSR", "Agent"},
		{sync.JobTitle, "csr II", "Agent"},
		{sync.JobTitle, "CSR Lead, nights", "Lead"},
		{sync.JobTitle, "a CSR", "a CSR"},
		{sync.JobTitle, "Head of EU Sales", "Sales"},
		{sync.JobTitle, "Sales, Head of", "Sales, Head of"},
		{sync.JobTitle, "", ""},
		{sync.Department, "What?", "Questions"},
		{sync.Department, "Whats", "Whats"},
		{sync.Department, "HQ", "HQ"},
		{sync.LastName, "HQ", "HQ"},
	} {
		if got := m.value(c.field, c.value); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.field, c.value, got, c.want)
		}
	}
}
