package simulator

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The audit logs: what the edits of edit.go did, by whom and when (ringcentral/API.md 11.1, 11.2).

// AuditRecord is one administrative action in RingCX.
type AuditRecord struct {
	At         time.Time `yaml:"at" json:"at"`
	By         string    `yaml:"by" json:"by"`                   // e-mail of an administrator
	Action     string    `yaml:"action" json:"action"`           // CREATE, UPDATE, DELETE
	Entity     string    `yaml:"entity" json:"entity"`           // Agent, User
	SubAccount string    `yaml:"sub_account" json:"sub_account"` // an account's id; where removals of users are filed is not known
	ID         string    `yaml:"id" json:"id"`
	Email      string    `yaml:"email,omitempty" json:"email,omitempty"`
	Attribute  string    `yaml:"attribute,omitempty" json:"attribute,omitempty"` // of an update
	Before     string    `yaml:"before,omitempty" json:"before,omitempty"`
	After      string    `yaml:"after,omitempty" json:"after,omitempty"`
	// SimulatedBy is the e-mail of an administrator who acted as the one above; empty: nobody did.
	SimulatedBy string `yaml:"simulated_by,omitempty" json:"simulated_by,omitempty"`
}

// TrailRecord is one action on a RingEX extension.
type TrailRecord struct {
	At     time.Time         `yaml:"at" json:"at"`
	By     string            `yaml:"by" json:"by"` // e-mail of an extension
	Action string            `yaml:"action" json:"action"`
	Event  string            `yaml:"event" json:"event"` // CREATE, UPDATE, DELETE or another word
	Target int64             `yaml:"target" json:"target"`
	Name   string            `yaml:"name,omitempty" json:"name,omitempty"` // of the target
	Values map[string]string `yaml:"values,omitempty" json:"values,omitempty"`
}

// editor is the e-mail of whoever makes the edits: Editor, else the first administrator.
func (a *Account) editor() string {
	if a.Editor == "" && len(a.Administrators) > 0 {
		return a.Administrators[0].Email
	}
	return a.Editor
}

// noteAgent files an action on an agent.
func (a *Account) noteAgent(action string, sub *SubAccount, m *Agent, change ...string) {
	a.note(AuditRecord{Action: action, Entity: "Agent", SubAccount: sub.ID, ID: number(m.ID), Email: m.Email}, change)
}

// noteUser files an action on an administrator.
func (a *Account) noteUser(action string, m *Administrator, change ...string) {
	a.note(AuditRecord{Action: action, Entity: "User", SubAccount: a.MainAccountID, ID: number(m.ID), Email: m.Email}, change)
}

// note files an action; change is an attribute with its values before and after.
func (a *Account) note(r AuditRecord, change []string) {
	r.At, r.By = now().UTC(), a.editor()
	if len(change) == 3 {
		r.Attribute, r.Before, r.After = change[0], change[1], change[2]
	}
	a.AuditLog = append(a.AuditLog, &r)
}

// noteExtension files an action on an extension.
func (a *Account) noteExtension(event, action string, e *Extension, values map[string]string) {
	a.AuditTrail = append(a.AuditTrail, &TrailRecord{
		At: now().UTC(), By: a.editor(), Action: action, Event: event, Target: e.ID, Name: e.FirstName + " " + e.LastName, Values: values,
	})
}

// auditDelay is how long after an action RingCX's log tells of it.
func (b *Behaviour) auditDelay() time.Duration {
	return cmp.Or(time.Duration(b.AuditDelay), 5*time.Minute)
}

// auditSearch is the schema AuditLogSearchCriteria.
type auditSearch struct {
	AccountID string   `json:"accountId"`
	Start     string   `json:"startDateTime"`
	End       string   `json:"endDateTime"`
	StartUnix int64    `json:"startDateTimeAsUnix"`
	EndUnix   int64    `json:"endDateTimeAsUnix"`
	Actions   []string `json:"auditActions"`
	Entities  []string `json:"searchEntities"`
	EntityID  string   `json:"auditedEntityId"`
	AscOrDesc string   `json:"ascOrDesc"`
}

type auditWire struct {
	ID             string            `json:"id"`
	Action         string            `json:"actionType"`
	Class          string            `json:"auditedClass"`
	EntityID       string            `json:"auditedEntityId"`
	Description    string            `json:"auditedEntityDescription"`
	CreateTime     int64             `json:"createTime"`
	CreateDateTime string            `json:"createTimeAsDateTime"`
	AccountID      string            `json:"accountId"`
	User           auditUserWire     `json:"authUser"`
	Results        []auditResultWire `json:"auditLogResultList"`
}

type auditUserWire struct {
	UserName        string  `json:"userName"`
	FirstName       string  `json:"firstName"`
	LastName        string  `json:"lastName"`
	UserID          string  `json:"userId"`
	SourceID        string  `json:"sourceId"`
	SimulatedBy     *string `json:"simulatedByUserId"`
	SimulatedByName *string `json:"simulatedByUserName"`
	SimulatedFrom   *string `json:"simulatedFromIP"`
}

type auditResultWire struct {
	Name   string `json:"attributeName"`
	Before string `json:"originalValue"`
	After  string `json:"newValue"`
	Class  string `json:"classType"`
}

// auditLog searches RingCX's log: of one account, and of what is older than the delay.
func (s *Server) auditLog(r *request) answer {
	a := r.account
	var q auditSearch
	if json.Unmarshal(r.body, &q) != nil || q.AccountID == "" {
		return cxError(r, http.StatusBadRequest)
	}
	if a.NoAuditLog {
		return cxError(r, http.StatusForbidden)
	}
	from, fromOK := auditBound(q.Start, q.StartUnix)
	to, toOK := auditBound(q.End, q.EndUnix)
	if !fromOK || !toOK {
		return cxError(r, http.StatusBadRequest)
	}
	if q.AccountID != a.MainAccountID && a.subAccount(q.AccountID) == nil {
		return s.strange(r, func(other *Account) bool { return other.subAccount(q.AccountID) != nil })
	}
	list := []auditWire{}
	for i, rec := range a.AuditLog {
		if rec.SubAccount != q.AccountID || rec.At.Before(from) || rec.At.After(to) || now().Sub(rec.At) < s.world.auditDelay() ||
			len(q.Actions) > 0 && !slices.Contains(q.Actions, rec.Action) ||
			len(q.Entities) > 0 && !slices.Contains(q.Entities, rec.Entity) ||
			q.EntityID != "" && q.EntityID != rec.ID {
			continue
		}
		list = append(list, a.auditWire(i, rec))
	}
	if q.AscOrDesc == "DESCENDING" {
		slices.Reverse(list)
	}
	return jsonAnswer(http.StatusOK, list)
}

// auditBound reads a time with an offset, which is not written Z, or in milliseconds.
func auditBound(text string, milliseconds int64) (time.Time, bool) {
	if text == "" {
		return time.UnixMilli(milliseconds), milliseconds > 0
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil && !strings.HasSuffix(text, "Z")
}

func (a *Account) auditWire(i int, rec *AuditRecord) auditWire {
	class := "com.example.model." + rec.Entity
	w := auditWire{
		ID: "audit-" + number(int64(i+1)), Action: rec.Action, Class: class, EntityID: rec.ID, Description: rec.Email,
		CreateTime: rec.At.UnixMilli(), CreateDateTime: rec.At.UTC().Format("2006-01-02T15:04:05.000-0700"), AccountID: rec.SubAccount,
		User: auditUserWire{UserName: rec.By, UserID: "0", SourceID: "192.0.2.7"}, Results: []auditResultWire{},
	}
	if m := a.administrator(rec.By); m != nil {
		w.User.UserID, w.User.FirstName, w.User.LastName = number(m.ID), m.FirstName, m.LastName
	}
	if rec.SimulatedBy != "" {
		id := "0"
		if m := a.administrator(rec.SimulatedBy); m != nil {
			id = number(m.ID)
		}
		w.User.SimulatedBy, w.User.SimulatedByName, w.User.SimulatedFrom = &id, &rec.SimulatedBy, &w.User.SourceID
	}
	if rec.Attribute != "" {
		w.Results = append(w.Results, auditResultWire{rec.Attribute, rec.Before, rec.After, class})
	}
	return w
}

func (a *Account) administrator(email string) *Administrator {
	i := slices.IndexFunc(a.Administrators, func(m *Administrator) bool { return strings.EqualFold(m.Email, email) })
	if i < 0 {
		return nil
	}
	return a.Administrators[i]
}

// trailSearch is the schema AccountHistorySearchPublicRequest, as far as it acts here.
type trailSearch struct {
	From    time.Time `json:"eventTimeFrom"`
	To      time.Time `json:"eventTimeTo"`
	Targets []string  `json:"targetIds"`
	Page    int       `json:"page"`
	PerPage int       `json:"perPage"`
}

type trailWire struct {
	ID        string             `json:"id"`
	Time      string             `json:"eventTime"`
	Initiator trailInitiatorWire `json:"initiator"`
	Action    string             `json:"actionId"`
	Event     string             `json:"eventType"`
	AccountID string             `json:"accountId"`
	Target    trailTargetWire    `json:"target"`
	Details   trailDetailsWire   `json:"details"`
	ClientIP  string             `json:"clientIp"`
}

type trailInitiatorWire struct {
	ID     string `json:"extensionId,omitempty"`
	Number string `json:"extensionNumber,omitempty"`
	Name   string `json:"name"`
	Role   string `json:"role"`
}

type trailTargetWire struct {
	ID   string `json:"objectId"`
	Type string `json:"objectType"`
	Name string `json:"name"`
}

type trailDetailsWire struct {
	Parameters []trailParameterWire `json:"parameters"`
}

type trailParameterWire struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type trailPageWire struct {
	Records []trailWire     `json:"records"`
	Paging  trailPagingWire `json:"paging"`
}

type trailPagingWire struct {
	Page       int `json:"page"`
	PerPage    int `json:"perPage"`
	Total      int `json:"total"`
	TotalFound int `json:"totalFound"`
}

// auditTrail searches RingEX's trail, newest first.
func (s *Server) auditTrail(r *request) answer {
	var q trailSearch
	if len(r.body) > 0 && json.Unmarshal(r.body, &q) != nil || q.PerPage < 0 || q.PerPage > maxPerPage || q.Page < 0 {
		return invalid("body")
	}
	if q.To.IsZero() {
		q.To = now()
	}
	if q.From.IsZero() {
		q.From = q.To.Add(-24 * time.Hour)
	}
	found := []trailWire{}
	for i, rec := range slices.Backward(r.account.AuditTrail) {
		if rec.At.Before(q.From) || rec.At.After(q.To) || len(q.Targets) > 0 && !slices.Contains(q.Targets, number(rec.Target)) {
			continue
		}
		found = append(found, r.account.trailWire(i, rec))
	}
	page, size := cmp.Or(q.Page, 1), cmp.Or(q.PerPage, 100)
	from := min(len(found), (page-1)*size)
	return jsonAnswer(http.StatusOK, trailPageWire{
		Records: found[from:min(len(found), from+size)],
		Paging:  trailPagingWire{page, size, (len(found) + size - 1) / size, len(found)},
	})
}

func (a *Account) trailWire(i int, rec *TrailRecord) trailWire {
	w := trailWire{
		ID: "trail-" + number(int64(i+1)), Time: rec.At.UTC().Format("2006-01-02T15:04:05.000Z"), Action: rec.Action, Event: rec.Event,
		AccountID: number(a.ID), Target: trailTargetWire{number(rec.Target), "Extension", rec.Name}, ClientIP: "192.0.2.7",
		Initiator: trailInitiatorWire{Name: rec.By, Role: "Super Admin"}, Details: trailDetailsWire{[]trailParameterWire{}},
	}
	if i := slices.IndexFunc(a.Extensions, func(e *Extension) bool { return strings.EqualFold(e.Email, rec.By) }); i >= 0 {
		e := a.Extensions[i]
		w.Initiator.ID, w.Initiator.Number, w.Initiator.Name = number(e.ID), e.Number, e.FirstName+" "+e.LastName
	}
	for _, key := range slices.Sorted(maps.Keys(rec.Values)) {
		w.Details.Parameters = append(w.Details.Parameters, trailParameterWire{key, rec.Values[key]})
	}
	return w
}
