package sync

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// Logins were written by json.Marshal from the first day, and history is compared
// as text.
func TestLoginsJSONIsThatOfEncodingJSON(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a<b>&c", `"\`, "\u2028", "Zoë", "\x00\x7f", "\xff"}))
	login := rapid.Custom(func(t *rapid.T) Login {
		return Login{
			SubAccountID: text.Draw(t, "sub-account id"), SubAccount: text.Draw(t, "sub-account"), AgentGroupID: text.Draw(t, "group id"),
			AgentGroup: text.Draw(t, "group"), AgentID: text.Draw(t, "agent id"), AgentType: text.Draw(t, "type"),
			UserName: text.Draw(t, "user name"), DataSource: text.Draw(t, "data source"), Active: rapid.Bool().Draw(t, "active"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		logins := rapid.SliceOfN(login, 0, 3).Draw(t, "logins")
		want, err := json.Marshal(orEmpty(logins))
		if got := LoginsJSON(logins); err != nil || got != string(want) {
			t.Errorf("got %s, want %s (%v)", got, want, err)
		}
	})
}
