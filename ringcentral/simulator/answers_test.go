package simulator

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

const accountPath = "/restapi/v1.0/account/{accountId}"

// specWorld has people of every kind.
func specWorld() *World {
	w := Generate(300, 5)
	w.Accounts[0].RefreshTokens = true
	return w
}

func TestRingEXAnswersFitThePublishedSchemas(t *testing.T) {
	s := loadSchemas(t, "ringex.openapi.json")
	c := newCaller(t, specWorld())
	c.signIn()
	for _, x := range []struct{ name, path, ask string }{
		{"account", accountPath, ""},
		{"extensions, first page", accountPath + "/extension", "/extension"},
		{"extensions, last page", accountPath + "/extension", "/extension?perPage=1000"},
		{"extensions, beyond the end", accountPath + "/extension", "/extension?page=99"},
		{"one extension", accountPath + "/extension/{extensionId}", "/extension/700000013"},
		{"own extension", accountPath + "/extension/{extensionId}", "/extension/~"},
		{"roles", accountPath + "/user-role", "/user-role"},
		{"assigned roles", accountPath + "/assigned-role", "/assigned-role"},
		{"directory", accountPath + "/directory/entries", "/directory/entries"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s.checkBody(t, s.answer(t, x.path, "get", "200"), c.exGet(x.ask).body)
		})
	}
	t.Run("regional settings", func(t *testing.T) {
		schema := s.answer(t, "/restapi/v2/accounts/{accountId}/regional-settings", "get", "200")
		s.checkBody(t, schema, c.get("/restapi/v2/accounts/~/regional-settings", c.ex).body)
	})
	t.Run("token", func(t *testing.T) {
		s.checkBody(t, s.answer(t, "/restapi/oauth/token", "post", "200"), c.token(demoGrant()).body)
	})
	t.Run("refused token", func(t *testing.T) {
		refused := c.token(url.Values{"grant_type": {grantJWT}, "assertion": {"wrong"}})
		s.checkBody(t, s.answer(t, "/restapi/oauth/token", "post", "400"), refused.body)
	})
	t.Run("directory error", func(t *testing.T) {
		s.checkBody(t, s.answer(t, accountPath+"/directory/entries", "get", "400"), c.exGet("/directory/entries?page=0").body)
	})
	t.Run("other error", func(t *testing.T) {
		s.checkBody(t, s.answer(t, "/restapi/v2/accounts/{accountId}/regional-settings", "get", "404"), c.exGet("/extension/1").body)
	})
}

func TestRingCXAnswersFitThePublishedSchemas(t *testing.T) {
	s := loadSchemas(t, "ringcx.openapi.json")
	c := newCaller(t, specWorld())
	c.signIn()
	for _, x := range []struct{ name, path, ask string }{
		{"administrators", "/users/{mainAccountId}", "/users/99990000"},
		{"sub-accounts", "/accounts/{mainAccountId}/subaccounts", "/accounts/99990000/subaccounts"},
		{"groups", "/accounts/{subAccountId}/agentGroups", "/accounts/99990001/agentGroups"},
		{"agents", "/accounts/{subAccountId}/agentGroups/{agentGroupId}/agents", "/accounts/99990001/agentGroups/1001/agents"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s.checkBody(t, s.answer(t, cxAdmin+x.path, "get", "200"), c.cxGet(x.ask).body)
			c.wantExampleKeys(t, s, cxAdmin+x.path, c.cxGet(x.ask))
		})
	}
	t.Run("exchange", func(t *testing.T) {
		s.checkBody(t, s.answer(t, "/api/auth/login/rc/accesstoken", "post", "200"), c.exchange(c.ex).body)
	})
	t.Run("error", func(t *testing.T) {
		schema := s.answer(t, cxAdmin+"/users/{mainAccountId}", "get", "404")
		s.checkBody(t, schema, c.cxGet("/users/123").body)
	})
}

// wantExampleKeys compares a list's keys with those of the spec's own example: for users and agents the
// example is right and the schema is another endpoint's (ringcentral/API.md 6.4).
func (c *caller) wantExampleKeys(t *testing.T, s *schemas, path string, got reply) {
	t.Helper()
	content := s.dig(s.root, "paths", path, "get", "responses", "200", "content", "application/json")
	example, _ := content["example"].([]any)
	if example == nil {
		example, _ = s.dig(content, "schema")["example"].([]any)
	}
	if len(example) == 0 {
		t.Fatalf("no example for %s", path)
	}
	for _, record := range c.records(got) {
		for key := range example[0].(map[string]any) {
			if _, ok := record[key]; !ok {
				t.Errorf("%s is missing in %v", key, record)
			}
		}
		if len(record) != len(example[0].(map[string]any)) {
			t.Errorf("keys beside those of the example: %v", record)
		}
	}
}

// The checker itself must be able to fail.
func TestSchemaCheckerRefusesWrongBodies(t *testing.T) {
	s := loadSchemas(t, "ringex.openapi.json")
	schema := s.answer(t, accountPath+"/extension", "get", "200")
	for body, want := range map[string]string{
		`{}`:                                          "$: records is missing",
		`{"records":[{"id":"1"}]}`:                    "$.records[0].id: 1 is no integer",
		`{"records":[{"status":"Happy"}]}`:            "$.records[0].status: Happy is not one of",
		`{"records":[],"paging":{"page":1}}`:          "$.paging: perPage is missing",
		`{"records":[],"paging":{"perPage":1,"x":1}}`: "$.paging: x is not allowed",
		`{"records":null}`:                            "$.records: <nil> is no array",
	} {
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.check(schema, "$", value), "; "); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}
