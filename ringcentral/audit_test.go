package ringcentral

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
)

// audited is a generated company with both logs open, in which somebody disabled, suspended
// and removed the second agent five minutes and more ago.
type audited struct {
	server *simulator.Server
	world  *simulator.World
	dir    *Directory
	query  sync.AuditQuery
	boss   *simulator.Administrator
}

func newAudited(t *testing.T, edit func(*simulator.World)) *audited {
	t.Helper()
	world := simulator.Generate(60, 1)
	a := acme(world)
	a.Scopes = []string{"ReadAccounts", "ReadAuditTrail"}
	s := simulator.New(world, simulator.Options{})
	d := mustNew(t, demoConfig(s))
	agent, sub := a.SubAccounts[0].Groups[0].Agents[1], a.SubAccounts[0]
	boss := a.Administrators[1]
	began := time.Now()
	s.Change(func(w *simulator.World) {
		a.Editor = boss.Email
		a.Disable(agent.Email, "Involuntarily", "left the company")
		a.Suspend(agent.Email)
		time.Sleep(6 * time.Minute)
		if edit != nil {
			edit(w)
		}
	})
	return &audited{s, world, d, sync.AuditQuery{
		From: began.Add(-time.Minute), To: time.Now(), SubAccounts: []string{sub.ID},
		Extensions: []string{fmt.Sprint(agent.RCUserID)}, Disabled: []string{fmt.Sprint(agent.RCUserID)},
	}, boss}
}

func TestAuditLogsAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newAudited(t, nil)
		defer x.dir.Close(t.Context())
		before := x.server.Calls()
		found := x.dir.Audit(t.Context(), x.query, nil)
		if len(found.Unread) > 0 || len(found.Entries) != 2 {
			t.Fatalf("%+v", found)
		}
		slices.SortFunc(found.Entries, func(a, b sync.AuditEntry) int { return strings.Compare(string(a.Log), string(b.Log)) })
		agent := acme(x.world).SubAccounts[0].Groups[0].Agents[1]
		cx, ex := found.Entries[0], found.Entries[1]
		if cx.Entity != sync.AuditedAgent || cx.ID != fmt.Sprint(agent.ID) || cx.SubAccount != x.query.SubAccounts[0] || cx.Email != agent.Email ||
			cx.Actor != x.boss.Email || cx.ActorID != fmt.Sprint(x.boss.ID) || cx.Action != "UPDATE Agent" || cx.At.Before(x.query.From) ||
			len(cx.Values) != 1 || cx.Values[0] != (sync.AuditValue{Name: "isActive", After: "false"}) {
			t.Errorf("%+v", cx)
		}
		if ex.Entity != sync.AuditedExtension || ex.ID != x.query.Extensions[0] || ex.ActorID == "" || ex.ActorName == "" || ex.Action != "CHANGE_USER_INFO" ||
			len(ex.Values) != 1 || ex.Values[0].After != "Disabled" {
			t.Errorf("%+v", ex)
		}
		if why := found.Status[x.query.Disabled[0]]; why != (sync.ExtensionStatus{Reason: "Involuntarily", Comment: "left the company"}) {
			t.Errorf("%+v", why)
		}
		after := x.server.Calls()
		for _, op := range []simulator.Operation{simulator.OpAuditLog, simulator.OpAuditTrail, simulator.OpOwnRegional} {
			if after[op]-before[op] != 1 {
				t.Errorf("%s: %d calls", op, after[op]-before[op])
			}
		}
	})
}

func TestAuditLogsThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		name    string
		edit    func(*simulator.World)
		query   func(*sync.AuditQuery)
		want    []string // of each line that says what could not be read a part
		entries int
		within  time.Duration
	}{
		{
			name: "no permission in RingCX", edit: func(w *simulator.World) { acme(w).NoAuditLog = true },
			want: []string{`the RingCX audit log could not be read: reading the audit log of 99990001: PUT https://ringcx.example.com/voice/api/v1/admin/auditLogs/search answered 403 access.denied.exception: You do not have permission to access this resource; check "Audit log access" for the administrator who owns the JWT`}, entries: 1,
		},
		{
			name: "several sub-accounts: it is said once", edit: func(w *simulator.World) { acme(w).NoAuditLog = true },
			query: func(q *sync.AuditQuery) { q.SubAccounts = []string{"99990001", "99990002"} },
			want:  []string{"the RingCX audit log could not be read (2 times)"}, entries: 1,
		},
		{
			name: "no permission in RingEX", edit: func(w *simulator.World) { acme(w).Scopes = nil },
			want: []string{"the RingEX audit trail could not be read: reading the audit trail: POST https://platform.example.com/restapi/v1.0/account/~/audit-trail/search answered 403 CMN-401"}, entries: 1,
		},
		{
			name: "a log of the main account that is none", query: func(q *sync.AuditQuery) { q.Main = "1" }, entries: 2,
		},
		{
			name: "… is missed where no other was read", edit: func(w *simulator.World) { acme(w).NoAuditLog = true },
			query: func(q *sync.AuditQuery) { q.Main = "1" },
			want:  []string{"the RingCX audit log could not be read", "the RingCX audit log of the main account could not be read"}, entries: 1,
		},
		{
			name: "a log that answers never", edit: func(w *simulator.World) {
				w.Faults = []*simulator.Fault{{Kind: "latency", Op: simulator.OpAuditLog, Delay: simulator.Duration(time.Hour)}}
			},
			want: []string{"the RingCX audit log could not be read"}, entries: 1, within: auditTimeout + time.Second,
		},
		{
			name: "a trail that fails: it is not tried again", edit: func(w *simulator.World) {
				w.Faults = []*simulator.Fault{{Kind: "status", Op: simulator.OpAuditTrail, Status: 503, RetryAfter: 10}}
			},
			want: []string{"the RingEX audit trail could not be read"}, entries: 1, within: 15 * time.Second, // once: the log may have to wait as the trail was told to
		},
		{
			name: "an object instead of a list", edit: func(w *simulator.World) {
				w.Faults = []*simulator.Fault{{Kind: "empty_object", Op: simulator.OpAuditLog}, {Kind: "empty_object", Op: simulator.OpAuditTrail}}
			},
			want: []string{"the RingCX audit log could not be read", "the RingEX audit trail could not be read"},
		},
		{name: "an extension that is gone since", query: func(q *sync.AuditQuery) { q.Disabled = []string{"5"} }, entries: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newAudited(t, c.edit)
				defer x.dir.Close(t.Context())
				if c.query != nil {
					c.query(&x.query)
				}
				began := time.Now()
				found := x.dir.Audit(t.Context(), x.query, nil)
				if took := time.Since(began); c.within > 0 && took > c.within {
					t.Errorf("it took %s", took)
				}
				if len(found.Entries) != c.entries || len(found.Unread) != len(c.want) {
					t.Fatalf("%+v", found)
				}
				for i, want := range c.want {
					if !strings.HasPrefix(found.Unread[i], want) {
						t.Errorf("unread %q, want %q", found.Unread[i], want)
					}
				}
			})
		})
	}
}

// The calls of a minute are used up: the logs wait for a slot no longer than they may.
func TestAuditLogsWaitNoLongerThanTheyMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newAudited(t, func(w *simulator.World) {
			w.Limits = &simulator.Limits{RingCX: 2, Window: simulator.Duration(time.Hour)}
		})
		defer x.dir.Close(t.Context())
		x.dir.c.pacer.groups[ringcx].limit = 2 // one of them for the sign-in
		x.dir.c.pacer.groups[ringcx].window = time.Hour
		x.query.SubAccounts = append(x.query.SubAccounts, "99990002")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		found := x.dir.Audit(ctx, x.query, nil)
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if len(found.Unread) != 1 || found.Unread[0] != "the RingCX audit log could not be read: there was no time for it" {
			t.Errorf("%q", found.Unread)
		}
	})
}

// Whoever acts as another administrator is named, and not the other.
func TestAuditLogNamesWhoActsAsAnother(t *testing.T) {
	entries, err := decodeAuditLog([]byte(`[{"actionType":"DELETE","auditedClass":"com.x.Agent","auditedEntityId":7,"auditedEntityDescription":{"a":1},
		"createTimeAsDateTime":"2026-01-13T00:00:00.000+0000","authUser":{"userId":"1","userName":"bob@example.com","firstName":"Bob","simulatedByUserId":2,"simulatedByUserName":"alex@example.com","sourceId":"192.0.2.1"}}]`), "99")
	want := sync.AuditEntry{
		Log: sync.RingCXLog, At: time.Date(2026, 1, 13, 0, 0, 0, 0, time.UTC), ActorID: "2", Actor: "alex@example.com",
		Type: "DELETE", Action: "DELETE Agent", Entity: sync.AuditedAgent, SubAccount: "99", ID: "7",
	}
	if err != nil || len(entries) != 1 || fmt.Sprintf("%+v", entries[0]) != fmt.Sprintf("%+v", want) {
		t.Errorf("%v\n%+v\n%+v", err, entries, want)
	}
}

// What a log says is text for one line, and not more of it than anybody reads.
func TestAuditTextsAreForALine(t *testing.T) {
	long := strings.Repeat("x", 5000)
	entries, err := decodeAuditLog([]byte(`[{"actionType":"DELETE","auditedClass":"Agent","createTime":1700000000000,"authUser":{"userName":"a\u202el\u0007ex\n@example.com","firstName":"`+long+`"}}]`), "99")
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	if e := entries[0]; e.Actor != "alex @example.com" || len(e.ActorName) > longestText+10 {
		t.Errorf("%q, %d", e.Actor, len(e.ActorName))
	}
}

// The trail of a crowd is read without naming them, and no more than a few pages.
func TestAuditTrailOfACrowd(t *testing.T) {
	var bodies []string
	d := mustNew(t, Config{
		Account: "acme", BaseURL: "https://platform.example.com", RingCXURL: "https://ringcx.example.com", MainAccountID: "1",
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/search") {
				return answer(http.StatusOK, `{"access_token":"t","token_type":"bearer","expires_in":3600,"owner_id":"1"}`), nil
			}
			var b strings.Builder
			_, _ = fmt.Fprint(&b, r.Header.Get("Content-Type"), " ")
			body := make([]byte, 4096)
			n, _ := r.Body.Read(body)
			b.Write(body[:n])
			bodies = append(bodies, b.String())
			return answer(http.StatusOK, `{"records":[],"paging":{"page":1,"total":9}}`), nil
		}),
	})
	query := sync.AuditQuery{From: time.Unix(0, 0), To: time.Unix(60, 0)}
	for i := range mostTargets + 1 {
		query.Extensions = append(query.Extensions, fmt.Sprint(i))
	}
	found := d.Audit(t.Context(), query, nil)
	want := []string{
		`application/json {"eventTimeFrom":"1970-01-01T00:00:00Z","eventTimeTo":"1970-01-01T00:01:00Z","page":1,"perPage":1000}`,
	}
	if len(bodies) != mostTrailPages || bodies[0] != want[0] {
		t.Errorf("%q", bodies)
	}
	if len(found.Unread) != 1 || !strings.Contains(found.Unread[0], "9 pages") {
		t.Errorf("%q", found.Unread)
	}
}
