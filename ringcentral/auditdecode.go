package ringcentral

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"

	"ringroster/sync"
)

// loose is a text that may come as anything: RingCentral's schemas and examples of the audit
// logs differ (API.md 11.1). What is neither text, number nor truth value is "".
type loose string

// UnmarshalJSONFrom fails only on what is no JSON.
func (l *loose) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch value.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return err
		}
		*l = loose(text)
	case '0', 't', 'f':
		*l = loose(value)
	default:
		*l = ""
	}
	return nil
}

// said is a log's text, fit to be stored and shown in a line.
func (l loose) said() string { return short(norm.NFC.String(strip(string(l)))) }

// wireAudit is AuditLog, as far as it is used. Addresses of machines are not.
type wireAudit struct {
	Type        loose `json:"actionType"`
	Class       loose `json:"auditedClass"`
	EntityID    loose `json:"auditedEntityId"`
	Description loose `json:"auditedEntityDescription"`
	Time        loose `json:"createTime"`
	DateTime    loose `json:"createTimeAsDateTime"`
	AccountID   loose `json:"accountId"`
	User        struct {
		ID              loose `json:"userId"`
		Name            loose `json:"userName"`
		FirstName       loose `json:"firstName"`
		LastName        loose `json:"lastName"`
		SimulatedBy     loose `json:"simulatedByUserId"`
		SimulatedByName loose `json:"simulatedByUserName"`
	} `json:"authUser"`
	Results []struct {
		Name  loose `json:"attributeName"`
		After loose `json:"newValue"`
	} `json:"auditLogResultList"`
}

// decodeAuditLog reads the entries about agents and users of one account.
func decodeAuditLog(body []byte, account string) ([]sync.AuditEntry, error) {
	rows, _, err := decodeList[wireAudit](body, nil)
	if err != nil {
		return nil, err
	}
	var entries []sync.AuditEntry
	for i := range rows {
		if e, known := rows[i].entry(account); known {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (w *wireAudit) entry(account string) (e sync.AuditEntry, known bool) {
	entity := w.Class.said()
	entity = entity[strings.LastIndexByte(entity, '.')+1:]
	e = sync.AuditEntry{
		Log: sync.RingCXLog, At: auditTime(string(w.Time), string(w.DateTime)), Type: w.Type.said(),
		ID: w.EntityID.said(), SubAccount: first(w.AccountID.said(), account),
		ActorID: w.User.ID.said(), Actor: w.User.Name.said(),
		ActorName: strings.TrimSpace(w.User.FirstName.said() + " " + w.User.LastName.said()),
	}
	switch entity {
	case "Agent":
		e.Entity = sync.AuditedAgent
	case "User":
		e.Entity = sync.AuditedUser
	default:
		return e, false
	}
	e.Action = e.Type + " " + entity
	if email := w.Description.said(); strings.Contains(email, "@") {
		e.Email = email
	}
	if by := w.User.SimulatedBy.said(); by != "" && by != "0" { // who acts as somebody else does it
		e.ActorID, e.Actor, e.ActorName = by, w.User.SimulatedByName.said(), ""
	}
	for _, r := range w.Results {
		e.Values = append(e.Values, sync.AuditValue{Name: r.Name.said(), After: r.After.said()})
	}
	return e, !e.At.IsZero()
}

// auditTime reads the time of an action: in milliseconds, else as a date in any of the ways
// in which RingCentral writes one. Zero: there is none.
func auditTime(milliseconds, date string) time.Time {
	if n, err := strconv.ParseInt(milliseconds, 10, 64); err == nil && n > 0 {
		return time.UnixMilli(n).UTC()
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, date); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// wireTrail is AccountHistoryPublicRecord, as far as it is used.
type wireTrail struct {
	Time      loose `json:"eventTime"`
	Action    loose `json:"actionId"`
	Type      loose `json:"eventType"`
	Initiator struct {
		ID   loose `json:"extensionId"`
		Name loose `json:"name"`
	} `json:"initiator"`
	Target struct {
		ID   loose `json:"objectId"`
		Type loose `json:"objectType"`
	} `json:"target"`
	Details struct {
		Parameters []struct {
			Key   loose `json:"key"`
			Value loose `json:"value"`
		} `json:"parameters"`
	} `json:"details"`
}

// auditTrailPage is one page of the audit trail.
type auditTrailPage struct {
	entries []sync.AuditEntry
	pages   int // as claimed
}

func decodeAuditTrail(body []byte) (*auditTrailPage, error) {
	w, err := decodeObject[struct {
		Records rows[wireTrail] `json:"records"`
		Paging  struct {
			Pages int `json:"total"`
		} `json:"paging"`
	}](body)
	if err != nil {
		return nil, err
	}
	if !w.Records.read {
		return nil, nonsense("the answer has no list of records")
	}
	p := &auditTrailPage{pages: w.Paging.Pages}
	for i := range w.Records.list {
		r := &w.Records.list[i]
		e := sync.AuditEntry{
			Log: sync.RingEXTrail, Entity: sync.AuditedExtension, At: auditTime("", string(r.Time)), Type: r.Type.said(), Action: r.Action.said(),
			ID: r.Target.ID.said(), ActorID: r.Initiator.ID.said(), ActorName: r.Initiator.Name.said(),
		}
		for _, d := range r.Details.Parameters {
			e.Values = append(e.Values, sync.AuditValue{Name: d.Key.said(), After: d.Value.said()})
		}
		if !e.At.IsZero() && strings.EqualFold(r.Target.Type.said(), "Extension") {
			p.entries = append(p.entries, e)
		}
	}
	return p, nil
}

// decodeStatus reads why an extension is disabled; nothing where it does not say.
func decodeStatus(body []byte, extension string) (sync.ExtensionStatus, error) {
	w, err := decodeObject[struct {
		ID     id `json:"id"`
		Status struct {
			Reason  loose `json:"reason"`
			Comment loose `json:"comment"`
		} `json:"statusInfo"`
	}](body)
	switch {
	case err != nil:
		return sync.ExtensionStatus{}, err
	case string(w.ID) != extension:
		return sync.ExtensionStatus{}, nonsense("the answer is about extension %s", clean(first(string(w.ID), "nobody")))
	}
	return sync.ExtensionStatus{Reason: w.Status.Reason.said(), Comment: w.Status.Comment.said()}, nil
}
