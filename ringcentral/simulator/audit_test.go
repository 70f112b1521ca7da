package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// askLog searches RingCX's audit log.
func (c *caller) askLog(body string) reply {
	c.t.Helper()
	return c.sendJSON(http.MethodPut, "/voice/api/v1/admin/auditLogs/search", c.cx, body)
}

// askTrail searches RingEX's audit trail.
func (c *caller) askTrail(body string) reply {
	c.t.Helper()
	return c.sendJSON(http.MethodPost, "/restapi/v1.0/account/~/audit-trail/search", c.ex, body)
}

func (c *caller) sendJSON(method, path, token, body string) reply {
	c.t.Helper()
	r := c.request(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	return c.do(r)
}

// lastHour is a search of the last hour, with an offset.
func lastHour(account string) string {
	const layout = "2006-01-02T15:04:05.000-07:00"
	at := now().UTC()
	return fmt.Sprintf(`{"accountId":%q,"startDateTime":%q,"endDateTime":%q}`, account, at.Add(-time.Hour).Format(layout), at.Format(layout))
}

func TestAuditLogsTellOfEdits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := Generate(60, 1)
		a := world.Accounts[0]
		a.Scopes = []string{"ReadAccounts", "ReadAuditTrail"}
		c := newCaller(t, world)
		c.signIn()
		sub := a.SubAccounts[0]
		agent := sub.Groups[0].Agents[1]
		email, id, ext := agent.Email, number(agent.ID), agent.RCUserID
		boss := a.Administrators[1]
		c.server.Change(func(*World) {
			a.Editor = boss.Email
			a.Disable(email, "Involuntarily", "left the company")
			a.Suspend(email)
			a.Leave(email)
		})
		if got := c.askLog(lastHour(sub.ID)).body; strings.TrimSpace(got) != "[]" {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(5 * time.Minute)
		c.signIn()
		log := c.askLog(lastHour(sub.ID))
		loadSchemas(t, "ringcx.openapi.json").auditRecords(t, log)
		for _, want := range []string{
			`"actionType":"UPDATE"`, `"attributeName":"isActive"`, `"newValue":"false"`, `"actionType":"DELETE"`,
			`"auditedEntityId":"` + id + `"`, `"auditedEntityDescription":"` + email + `"`, `"userName":"` + boss.Email + `"`, `"userId":"` + number(boss.ID) + `"`,
		} {
			if !strings.Contains(log.body, want) {
				t.Errorf("%s is missing from %s", want, log.body)
			}
		}
		trail := c.askTrail(fmt.Sprintf(`{"targetIds":[%q]}`, number(ext)))
		s := loadSchemas(t, "ringex.openapi.json")
		s.checkBody(t, s.answer(t, accountPath+"/audit-trail/search", "post", "200"), trail.body)
		for _, want := range []string{`"eventType":"UPDATE"`, `"value":"Disabled"`, `"eventType":"DELETE"`, `"totalFound":2`} {
			if !strings.Contains(trail.body, want) {
				t.Errorf("%s is missing from %s", want, trail.body)
			}
		}
	})
}

// auditRecords checks that an answer is a list of audit records, as the example has them: the
// schema says object where that shows text (ringcentral/API.md 11.1).
func (s *schemas) auditRecords(t *testing.T, r reply) {
	t.Helper()
	r.want(t, http.StatusOK, "")
	properties := s.dig(s.root, "components", "schemas", "AuditLog", "properties")
	for _, name := range []string{"id", "actionType", "auditedEntityId", "auditedEntityDescription", "createTime", "createTimeAsDateTime", "accountId", "authUser", "auditLogResultList"} {
		if _, declared := properties[name]; !declared || !strings.Contains(r.body, `"`+name+`":`) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestAuditLogsRefuse(t *testing.T) {
	for _, x := range []struct {
		name   string
		edit   func(*Account)
		ask    func(*caller) reply
		status int
		code   string
	}{
		{"a time with Z", nil, func(c *caller) reply {
			return c.askLog(`{"accountId":"99990001","startDateTime":"2026-01-01T00:00:00.000Z","endDateTime":"2026-01-02T00:00:00.000Z"}`)
		}, 400, ""},
		{"no account", nil, func(c *caller) reply { return c.askLog(`{}`) }, 400, ""},
		{"another account", nil, func(c *caller) reply { return c.askLog(lastHour("1")) }, 404, ""},
		{"an owner without audit log access", func(a *Account) { a.NoAuditLog = true }, func(c *caller) reply { return c.askLog(lastHour("99990001")) }, 403, "access.denied.exception"},
		{"an app without ReadAuditTrail", nil, func(c *caller) reply { return c.askTrail(`{}`) }, 403, "CMN-401"},
		{"an owner without it", func(a *Account) {
			a.Scopes, a.MissingPermissions = []string{"ReadAccounts", "ReadAuditTrail"}, []string{"ReadAuditTrail"}
		}, func(c *caller) reply { return c.askTrail(`{}`) }, 403, "CMN-408"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newCaller(t, Generate(5, 1))
			c.signIn()
			if x.edit != nil {
				c.server.Change(func(w *World) { x.edit(w.Accounts[0]) })
			}
			x.ask(c).want(t, x.status, x.code)
		})
	}
}
