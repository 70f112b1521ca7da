package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// mapped is Ann, of whom `map` made the site "Dallas" of "HQ", and the job title "Agent" of
// nothing.
func mapped() *sync.Member {
	m := person("acme", "Ann", "Lee")
	m.Synced.Profile[sync.Site], m.Profile[sync.Site] = "HQ", "Dallas"
	m.Profile[sync.JobTitle] = "Agent"
	m.Synced.Mapped = sync.Mapped{"Dallas", "", "Agent"} // in the order of MappedFields
	return m
}

// moved is a change of her site to one that nobody maps.
func moved(m *sync.Member) sync.Change {
	c := rename(m, m.Profile[sync.LastName])
	m.Profile[sync.Site], m.Synced.Profile[sync.Site], m.Synced.Mapped = "Bern", "Bern", sync.Mapped{}
	c.Fields = []sync.FieldChange{{Field: "site", Before: "Dallas", After: "Bern", Reason: sync.ReasonSource, ReportedBefore: new("HQ")}}
	return c
}

const reportedRows = `SELECT change_id, field, before, reported_before, iif(field IS NULL, '', after), reported_after FROM roster_changes ORDER BY change_id`

// R8: the history tells what RingCentral said beside what `map` made of it, of fields that
// are mapped and of no others; whoever is forgotten leaves neither behind.
func TestR8TheHistoryTellsBothValues(t *testing.T) {
	s := newTestStore(t)
	ann := mapped()
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann), onboard(person("acme", "Bob", "Ray"))))
	got := members(t, s, "acme")[0].Synced
	if want := ann.Synced; got.Profile != want.Profile || got.Mapped != want.Mapped {
		t.Errorf("kept %+v, want %+v", got, want)
	}
	apply(t, s, monday, planOf(t, s, "acme", moved(ann)))
	want := []string{
		`1|NULL|NULL|NULL||{"site":"HQ","job_title":""}`,
		`2|NULL|NULL|NULL||NULL`,
		`3|site|Dallas|HQ|Bern|NULL`,
	}
	if diff := cmp.Diff(want, rowsAs(t, s, reportedRows)); diff != "" {
		t.Error(diff)
	}
	changes, err := sqlrows.Collect(s.History(t.Context(), ann.ID))
	if err != nil || len(changes) != 2 || *changes[0].ReportedAfter != `{"site":"HQ","job_title":""}` || *changes[1].ReportedBefore != "HQ" || changes[1].ReportedAfter != nil {
		t.Errorf("%+v, %v", changes, err)
	}
	apply(t, s, monday, forgetting(t, s, "acme", 1))
	for _, row := range rowsAs(t, s, `SELECT * FROM changes ORDER BY 1`) {
		if strings.Contains(row, "HQ") || strings.Contains(row, "Dallas") {
			t.Errorf("still there: %s", row)
		}
	}
	if got := members(t, s, "acme")[0].Synced.Mapped; got != (sync.Mapped{}) {
		t.Errorf("still there: %q", got)
	}
}

// Before version 19 nobody took down what `map` had made: of those who have what an entry
// gives it is that, and of nobody else.
func TestUpgradeKnowsWhatWasMapped(t *testing.T) {
	synced := `json_object('status', status, 'rc_user_id', rc_user_id, 'role', role, 'site', 'HQ', 'department', 'CS', 'job_title', 'CSR')`
	s := openCopy(t, filepath.Join("testdata", "v17.sqlite"), `
		UPDATE accounts SET settings = json_set(settings, '$.map', json('[{"field":"site","from":"HQ","to":"Dallas"},{"field":"department","from":"*","to":"Care"},{"field":"job_title","from":"CSR","to":"Agent"}]'));
		UPDATE members SET site = 'Dallas', department = 'Care', job_title = 'Agent' WHERE member_id = 1;
		UPDATE members SET synced = `+synced+` WHERE member_id = 1;
		UPDATE members SET site = 'By Hand', department = 'Dallas' WHERE member_id = 2;
		UPDATE members SET synced = `+synced+` WHERE member_id = 2`)
	for _, m := range members(t, s, "demo")[:2] {
		want := map[int64]sync.Mapped{1: {"Dallas", "Care", "Agent"}}[m.ID]
		if m.Synced.Mapped != want || m.Synced.Profile[sync.Site] != "HQ" {
			t.Errorf("member %d: %q of %q, want %q", m.ID, m.Synced.Mapped, m.Synced.Profile[sync.Site], want)
		}
	}
}
