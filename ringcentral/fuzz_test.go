package ringcentral

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"ringroster/sync"
)

// seeds are bodies as API.md show them, and as accidents make them.
var seeds = []string{
	``, `null`, `{}`, `[]`, `[null]`, `[{}]`, `[1,"x",[]]`, `<html></html>`, `Jwt is expired`, "[{\"agentId\":1,\"isActive\":tr",
	`[{"rcUserId":700000101,"agentId":1386703,"agentGroupId":1009,"firstName":"Bea","lastName":"Ng","email":"bea.ng@example.com","userName":"bea.ng","agentType":"SUPERVISOR","isActive":true,"supervisorAgentIds":[1386605]}]`,
	`[{"rcUserId":null,"agentId":"1389175","agentGroupId":null,"firstName":7,"isActive":false,"supervisorAgentIds":[null,"7",[8],{}]}]`,
	`[{"rcUserId":700000201,"userId":3289,"engageUserName":"jane.doe","email":"jane.doe@example.com","firstName":"Jane"}]`,
	`[{"subAccountId":"99990001","subAccountName":"Example","isActive":true}]`,
	`[{"agentGroupId":1009,"groupName":"Team A1"}]`,
	`{"records":[{"id":700000101,"extensionNumber":"102","contact":{"firstName":"Bea"},"type":"User","status":"Enabled","site":{"name":"Main"}}],"paging":{"page":1,"perPage":2,"totalPages":3,"totalElements":5},"navigation":{"nextPage":{"uri":"https://platform.example.com/x?page=2"}}}`,
	`{"records":[{"id":"700000101","type":"User","firstName":"Bea","site":{"name":"Main"},"phoneNumbers":[{"phoneNumber":"+12055550101","primary":true}]},{"id":7}],"paging":{"page":1,"perPage":2000,"totalPages":1,"totalElements":2}}`,
	`{"records":[{"id":{},"contact":7}],"paging":{"perPage":-1,"totalElements":-9,"totalPages":99999999999}}`,
	`{"id":701,"regionalSettings":{"timezone":{"id":"58","name":"US/Pacific"},"language":{"id":"1033","localeCode":"en_US"}}}`,
	`{"access_token":"t","token_type":"bearer","expires_in":3600,"owner_id":"700000101"}`,
	`{"accessToken":"t","refreshToken":"r","mainAccountId":99990000,"agentDetails":null}`,
	`{"error":"invalid_grant","error_description":"Token expired","errors":[{"errorCode":"OAU-210"}]}`,
	`{"errorCode":"AGW-404","message":"Resource not found","errors":[]}`,
	`{"generalMessage":"You do not have permission","timestamp":1611847650696}`,
}

// FuzzDecoders: whatever comes, a decoder gives proved records or says nonsense.
func FuzzDecoders(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		agents, err := decodeAgents(body, "agents", "1009")
		refused(t, body, err)
		for _, a := range agents {
			if a.ID == "" && a.RCUserID == "" && a.Email == "" || a.Faulty == "" && a.ID == "" {
				t.Errorf("%+v of %q", a, body)
			}
		}
		admins, err := decodeAdmins(body)
		refused(t, body, err)
		for _, a := range admins {
			if a.UserID == "" && a.Faulty == "" {
				t.Errorf("%+v of %q", a, body)
			}
		}
		subs, err := decodeSubAccounts(body)
		refused(t, body, err)
		for _, s := range subs {
			if s.ID == "" {
				t.Errorf("a sub-account without id of %q", body)
			}
		}
		groups, err := decodeGroups(body)
		refused(t, body, err)
		for _, g := range groups {
			if g.ID == "" {
				t.Errorf("a group without id of %q", body)
			}
		}
		_, err = decodeToken(body)
		refused(t, body, err)
		_, err = decodeRingCXToken(body)
		refused(t, body, err)
		_, err = decodeAccount(body)
		refused(t, body, err)
		directory, err := decodePage[wireEntry](body)
		refused(t, body, err)
		if err == nil {
			for i := range directory.records {
				if e := directory.records[i].entry(); e.RCID != e.Contact().RCID {
					t.Errorf("an entry that does not come back of %q", body)
				}
			}
		}
		whole, err := decodeRegional(body, "701")
		refused(t, body, err)
		if err == nil {
			if zone, tag := whole.Regional.zone(), whole.Regional.tag(); IANAZone(zone) != zone || BCP47(tag) != tag {
				t.Errorf("time zone %q, language %q of %q", zone, tag, body)
			}
		}
	})
}

// refused checks an error of a decoder, and that only JSON is taken for data.
func refused(t *testing.T, body []byte, err error) {
	t.Helper()
	switch {
	case err == nil && !json.Valid(body):
		t.Errorf("%q was taken for data", body)
	case err != nil && kindOf(err) != kindNonsense && kindOf(err) != kindMoved:
		t.Errorf("%q: %v", body, err)
	}
}

func FuzzPages(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decodeExtensions(body, "")
		refused(t, body, err)
		if err != nil {
			return
		}
		_ = p.last()
		if p.granted() <= 0 {
			t.Errorf("pages of %d", p.granted())
		}
		if provePages("extensions", []*page[sync.Extension]{p}, func(x *sync.Extension) string { return x.ID }) == nil &&
			p.total >= 0 && len(p.records) != p.total {
			t.Errorf("%d records prove a total of %d", len(p.records), p.total)
		}
	})
}

// FuzzRefusals: the text of an error is one clean line of bounded length.
func FuzzRefusals(f *testing.F) {
	for _, seed := range seeds {
		f.Add(403, "text/plain", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		h := http.Header{"Content-Type": {contentType}, "Location": {string(body)}, "Rcrequestid": {contentType}}
		text := refusal(status, h, body).Error()
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%q", text)
		}
		if len([]rune(text)) > 4*longestText {
			t.Errorf("%d runes", len(text))
		}
	})
}

func FuzzRateHeaders(f *testing.F) {
	f.Add("light", "50", "49", "60", "30")
	f.Add("", "-1", "", "999999999999999999999", "Sun, 22 Nov 2026 03:02:00 GMT")
	f.Fuzz(func(t *testing.T, group, limit, remaining, window, after string) {
		h := http.Header{
			"X-Rate-Limit-Group": {group}, "X-Rate-Limit-Limit": {limit}, "X-Rate-Limit-Remaining": {remaining},
			"X-Rate-Limit-Window": {window}, "Retry-After": {after},
		}
		p := newPacer()
		held, err := p.admit(t.Context(), readAccount)
		if err != nil {
			t.Fatal(err)
		}
		p.answered(readAccount, held, h)
		g := p.group(readAccount, light)
		if g.limit < 1 || g.window <= 0 || g.used() > g.limit+1 {
			t.Errorf("limit %d, window %s, %d used", g.limit, g.window, g.used())
		}
		if wait := retryAfter(h, g.past[0].at, limitPenalty); wait <= 0 {
			t.Errorf("a penalty of %s", wait)
		}
	})
}
