package memberrows

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
)

// The column logins holds an array for each login, in the order of the view
// roster_logins: shorter than an object for each, of which a large roster has a
// hundred thousand. Supervisors are a list at its end, if there are any.

// loginsText is the column.
func loginsText(logins []sync.Login) string {
	if len(logins) == 0 {
		return "[]"
	}
	var room [512]byte // enough for nearly everybody's
	b := append(room[:0], '[')
	for i := range logins {
		l := &logins[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for _, text := range [...]string{
			l.SubAccountID, l.SubAccount, l.AgentGroupID, l.AgentGroup, l.AgentID, l.AgentType, l.UserName, l.DataSource,
		} {
			b = append(sync.AppendText(b, text), ',')
		}
		active := byte('0')
		if l.Active {
			active = '1'
		}
		b = append(b, active)
		if l.Supervisors != "" {
			b = append(append(b, ','), l.Supervisors...)
		}
		b = append(b, ']')
	}
	return string(append(b, ']'))
}

// DecodeLogins reads the column.
func DecodeLogins(text string, m *sync.Member) error {
	if text == "[]" {
		return nil
	}
	var rows [][]loginValue
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return fmt.Errorf("member %d: column logins: %w", m.ID, err)
	}
	m.Logins = make([]sync.Login, len(rows))
	for i, row := range rows {
		if len(row) != 9 && len(row) != 10 {
			return fmt.Errorf("member %d: column logins: login %d has %d values, not 9 or 10", m.ID, i+1, len(row))
		}
		m.Logins[i] = sync.Login{
			SubAccountID: string(row[0]), SubAccount: string(row[1]), AgentGroupID: string(row[2]), AgentGroup: string(row[3]),
			AgentID: string(row[4]), AgentType: string(row[5]), UserName: string(row[6]), DataSource: string(row[7]),
			Active: row[8] == "1",
		}
		if len(row) == 10 {
			m.Logins[i].Supervisors = sync.AgentIDs(row[9])
		}
	}
	slices.SortStableFunc(m.Logins, func(a, b sync.Login) int { // who edits by hand may write them in any order
		return cmp.Or(strings.Compare(a.SubAccountID, b.SubAccountID), strings.Compare(a.AgentID, b.AgentID))
	})
	return nil
}

// loginValue is a text, or a number or a list as it stands there.
type loginValue string

func (v *loginValue) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(v))
	}
	*v = loginValue(text)
	return nil
}
