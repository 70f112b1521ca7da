package edit

import (
	"encoding/json"
	"fmt"
	"iter"

	"ringroster/sync"
)

// Forgetting somebody is a legal erasure: their row stays, so that the history
// adds up and nobody onboards them again by itself, but what is personal is
// blanked in it, in the history, and in what past runs kept. Ids stay: they say
// nothing by themselves, and without them the next sync would take the same
// record for a newcomer.

// Forget blanks what is personal of a member. It cannot be undone.
func Forget(member int64) sync.Edit {
	return func(state sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		var was sync.Member
		plan, settled, err := editOne(member, func(m *sync.Member) (*sync.Change, error) {
			was = *m
			if m.DeactivationReason == sync.ReasonForgotten {
				return nil, &NothingToDoError{fmt.Sprintf("member %d was forgotten already", member)}
			}
			c := &sync.Change{Fields: []sync.FieldChange{{Field: "status", Before: string(sync.Active), After: string(sync.Inactive), Reason: sync.ReasonForgotten}}}
			if m.Status == sync.Inactive {
				c.Fields[0] = sync.FieldChange{Field: "deactivation_reason", Before: string(m.DeactivationReason), After: string(sync.ReasonForgotten), Reason: sync.ReasonForgotten}
			}
			m.Forget()
			return c, nil
		})(state, all)
		if err == nil {
			plan.Forget = []*sync.Member{&was}
		}
		return plan, settled, err
	}
}

// forgottenError refuses to write anything personal about somebody forgotten.
func forgottenError(member int64) error {
	return fmt.Errorf("member %d was forgotten: nothing personal is kept about them; `ringroster import %d` brings them back", member, member)
}

// ForgetText is a value of the history without what is personal in it. The field
// "" is an onboarding, whose value is the member as JSON.
func ForgetText(field, value string) (string, error) {
	f, synced := sync.ParseField(field)
	switch {
	case value == "":
		return "", nil
	case field == "username", synced && !f.IsImpersonal():
		return "", nil
	case field == "pins":
		return sync.PinsJSON(nil), nil
	case field == "logins":
		var logins []sync.Login
		if err := json.Unmarshal([]byte(value), &logins); err != nil {
			return "", fmt.Errorf("the history's logins cannot be read: %w", err)
		}
		return sync.LoginsJSON(sync.ImpersonalLogins(logins)), nil
	case field != "":
		return value, nil
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal([]byte(value), &doc); err != nil {
		return "", fmt.Errorf("the history's member cannot be read: %w", err)
	}
	for name, raw := range doc {
		plain := string(raw)
		isText := json.Unmarshal(raw, &plain) == nil
		blank, err := ForgetText(name, plain)
		if err != nil {
			return "", err
		}
		if doc[name] = json.RawMessage(blank); isText {
			text, _ := sync.Marshal(blank) // a string always marshals
			doc[name] = text
		}
	}
	text, err := sync.Marshal(doc)
	return string(text), err
}
