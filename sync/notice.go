package sync

import (
	"encoding/json"
	"slices"
	"time"
)

// NoticeKind is what a notice is about, in the words of the settings (notify.on).
type NoticeKind string

// The kinds. A test notice can be in nobody's settings.
const (
	NoticeFailed    NoticeKind = "failed"
	NoticeRecovered NoticeKind = "recovered"
	NoticeHeld      NoticeKind = "held"
	NoticeDecided   NoticeKind = "decided"
	NoticeConflicts NoticeKind = "conflicts"
	NoticeJWT       NoticeKind = "jwt_expiring"
	NoticeSettings  NoticeKind = "settings_refused"
	NoticeChanges   NoticeKind = "changes"
	NoticeWeekly    NoticeKind = "weekly"
	NoticePublish   NoticeKind = "publish"
	NoticeTest      NoticeKind = "test"
)

// NoticeKinds are those that settings may name.
var NoticeKinds = []NoticeKind{
	NoticeFailed, NoticeRecovered, NoticeHeld, NoticeDecided, NoticeConflicts, NoticeJWT, NoticeSettings, NoticeChanges, NoticeWeekly, NoticePublish,
}

// NoticeEvent tells the notices of one kind apart.
type NoticeEvent string

// The events. Most notices have none.
const (
	EventNew      NoticeEvent = ""         // it begins
	EventMore     NoticeEvent = "more"     // more changes became held
	EventReminder NoticeEvent = "reminder" // it is still so
	EventEnded    NoticeEvent = "ended"    // nothing waits any more, and nobody decided
)

// MostNamed is how many people a notice names; of the others it has the number.
const MostNamed = 20

// Notice is something that somebody is to be told. It is kept as facts, and becomes text
// when it is sent: who may read names is a setting of each destination.
type Notice struct {
	ID      string `json:"-"` // the same each time it is sent
	Thread  string `json:"-"` // the ID of the notice that began the conversation
	Account string `json:"-"` // "": it concerns no single one

	Kind  NoticeKind  `json:"kind"`
	Event NoticeEvent `json:"event,omitempty"`
	At    time.Time   `json:"at"`
	Job   string      `json:"job,omitempty"`
	Run   RunID       `json:"run_id,omitempty"` // of held changes the number that decides about all
	Began RunID       `json:"began,omitempty"`  // the run with which the conversation began
	Since time.Time   `json:"since,omitzero"`   // when it began; of a day or week its start
	Until time.Time   `json:"until,omitzero"`   // its end; of a JWT when it expires

	Destination string `json:"destination,omitempty"` // of a delivery of the roster that waits

	Error   string         `json:"error,omitempty"`
	Counts  map[Kind]int   `json:"counts,omitempty"` // changes by kind: what became held, was decided or was applied
	Waiting map[Kind]int   `json:"waiting,omitempty"`
	Reasons []HoldReason   `json:"reasons,omitempty"`
	People  []NoticePerson `json:"people,omitempty"` // the first MostNamed
	Total   int            `json:"total,omitempty"`  // of whom People are the first

	Decision   Trigger `json:"decision,omitempty"` // Approve, Reject or Clear
	By         string  `json:"by,omitempty"`
	OnBehalfOf string  `json:"on_behalf_of,omitempty"`
	Note       string  `json:"note,omitempty"`

	Figures []Figures `json:"figures,omitempty"` // of a week, by account
}

// NoticePerson is a member, person or contact with what a notice says about them.
type NoticePerson struct {
	Member  int64    `json:"member_id,omitempty"`
	Contact int64    `json:"contact_id,omitempty"`
	Person  string   `json:"person,omitempty"` // key
	IDs     []string `json:"ids,omitempty"`    // every key, of an onboarding
	Name    string   `json:"name,omitempty"`
	Email   string   `json:"email,omitempty"`

	Kind   Kind          `json:"kind,omitempty"`
	Fields []FieldChange `json:"fields,omitempty"`
	Reason Reason        `json:"reason,omitempty"`
	Detail string        `json:"detail,omitempty"`
	Remedy string        `json:"remedy,omitempty"` // of a conflict
	Source *Attribution  `json:"source,omitempty"` // who did at RingCentral what a change follows (R37)
}

// Figures are an account's week in numbers.
type Figures struct {
	Account     string    `json:"account"`
	Runs        int       `json:"runs"` // that were to keep the members in step
	Failed      int       `json:"failed"`
	LastSuccess time.Time `json:"last_success,omitzero"` // zero: never
	Active      int       `json:"active"`
	Onboarded   int       `json:"onboarded"`
	Updated     int       `json:"updated"`
	Reactivated int       `json:"reactivated"`
	Deactivated int       `json:"deactivated"`
	Waiting     int       `json:"waiting"` // changes that wait for a decision
	Conflicts   int       `json:"conflicts"`
}

// ForgetNotice blanks what a notice says about a member. says reports whether a text
// names them: such a text goes whole.
func ForgetNotice(data []byte, m *Member, says func(text string) bool) ([]byte, error) {
	var n Notice
	if err := json.Unmarshal(data, &n); err != nil {
		return nil, err
	}
	blank := func(texts ...*string) {
		for _, text := range texts {
			if says(*text) {
				*text = ""
			}
		}
	}
	keys := m.Keys()
	for i := range n.People {
		p := &n.People[i]
		if p.Member == m.ID && m.ID != 0 || slices.Contains(keys, p.Person) || slices.ContainsFunc(p.IDs, func(id string) bool { return slices.Contains(keys, id) }) {
			*p = NoticePerson{Member: p.Member, Kind: p.Kind, Reason: p.Reason}
		}
		if p.Source != nil {
			p.Source = p.Source.Forget(m, says)
		}
		blank(&p.Person, &p.Name, &p.Email, &p.Detail, &p.Remedy)
		for j := range p.Fields {
			blank(&p.Fields[j].Before, &p.Fields[j].After)
		}
	}
	for i := range n.Reasons {
		blank(&n.Reasons[i].Detail)
	}
	blank(&n.Error, &n.Note)
	return Marshal(&n)
}
