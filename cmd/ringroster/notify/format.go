package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ringroster/cmd/ringroster/observe"
	"ringroster/sync"
)

// document is a notice as JSON, version 1; deploy/notify.md has the table of its keys. Keys
// may be added within a version; none goes or changes its meaning.
type document struct {
	Version  int               `json:"version"`
	ID       string            `json:"id"`
	Thread   string            `json:"thread"`
	Kind     sync.NoticeKind   `json:"kind"`
	Event    string            `json:"event"`
	At       string            `json:"at"`
	Account  *string           `json:"account"`
	Job      *string           `json:"job"`
	RunID    *sync.RunID       `json:"run_id"`
	Since    *string           `json:"since"`
	Until    *string           `json:"until"`
	Subject  string            `json:"subject"`
	Text     string            `json:"text"`
	Target   *string           `json:"destination"`
	Error    *string           `json:"error"`
	Counts   map[string]int    `json:"counts"`
	Waiting  map[string]int    `json:"waiting"`
	Reasons  []sync.HoldReason `json:"reasons"`
	People   []person          `json:"people"`
	Total    int               `json:"people_total"`
	Decision *string           `json:"decision"`
	By       *string           `json:"decided_by"`
	Figures  []sync.Figures    `json:"figures"`
	Commands []string          `json:"commands"`
}

// person is a member, person or contact of a document.
type person struct {
	Member  *int64   `json:"member_id"`
	Contact *int64   `json:"contact_id"`
	Person  *string  `json:"person"`
	Name    *string  `json:"name"`  // null without names
	Email   *string  `json:"email"` // likewise
	Kind    *string  `json:"kind"`
	Reason  string   `json:"reason"`
	Fields  []string `json:"fields"`
	Remedy  *string  `json:"remedy"`
	Source  *string  `json:"source"` // who did it at RingCentral; null without names
}

// jsonBody is a notice as JSON.
func jsonBody(n *sync.Notice, s Style) ([]byte, error) {
	text := Write(n, s)
	w := &writer{Style: s, n: n}
	doc := document{
		Version: 1, ID: n.ID, Thread: n.Thread, Kind: n.Kind, Event: string(n.Event), At: stamp(n.At),
		Account: orNull(n.Account), Job: orNull(n.Job), RunID: orNull(n.Run), Since: stampOrNull(n.Since), Until: stampOrNull(n.Until),
		Subject: text.Subject, Text: text.Body, Target: orNull(n.Destination), Error: orNull(w.foreign(n.Error)),
		Counts: counts(n.Counts), Waiting: counts(n.Waiting), Reasons: []sync.HoldReason{},
		People: []person{}, Total: n.Total, Decision: orNull(string(n.Decision)), By: orNull(w.foreign(n.By)),
		Figures: w.figures(), Commands: commands(n),
	}
	if doc.Event == "" {
		doc.Event = "new"
	}
	for _, r := range n.Reasons {
		doc.Reasons = append(doc.Reasons, sync.HoldReason{Reason: r.Reason, Detail: w.foreign(r.Detail)})
	}
	for i := range n.People {
		doc.People = append(doc.People, w.person(&n.People[i]))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(doc)
	return observe.EscapeJSON(bytes.TrimSpace(b.Bytes())), err
}

func (w *writer) person(p *sync.NoticePerson) person {
	out := person{
		Member: orNull(p.Member), Contact: orNull(p.Contact), Person: orNull(p.Person),
		Kind: orNull(string(p.Kind)), Reason: string(p.Reason), Fields: []string{}, Remedy: orNull(w.foreign(p.Remedy)),
		Source: orNull(w.source(p)),
	}
	if w.Names {
		out.Name, out.Email = orNull(p.Name), orNull(p.Email)
	}
	for _, f := range p.Fields {
		out.Fields = append(out.Fields, f.Field)
	}
	return out
}

func counts(kinds map[sync.Kind]int) map[string]int {
	all := make(map[string]int, len(kinds))
	for kind, n := range kinds {
		all[string(kind)] = n
	}
	return all
}

// commands are what there is to do about a notice.
func commands(n *sync.Notice) []string {
	switch {
	case n.Kind == sync.NoticeHeld && n.Event != sync.EventEnded:
		return heldCommands(n)
	case n.Kind == sync.NoticeFailed:
		return []string{"ringroster check", "ringroster runs"}
	case n.Kind == sync.NoticePublish:
		return []string{"ringroster publish " + n.Destination + " --dry-run", "ringroster publish approve " + n.Destination}
	}
	return []string{}
}

// heldCommands show, approve and reject what waits, in this order.
func heldCommands(n *sync.Notice) []string {
	return []string{
		"ringroster held",
		fmt.Sprintf("ringroster approve %d --account %s", n.Run, n.Account),
		fmt.Sprintf("ringroster reject %d --account %s", n.Run, n.Account),
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func stampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(stamp(t))
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// slackBody is a text as Slack's incoming webhooks take it, and those of programs that
// understand the same. The body is a block of code: nothing in it is markup, and commands
// can be copied.
func slackBody(m Message) ([]byte, error) {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'")
	return json.Marshal(struct {
		Text string `json:"text"`
	}{"*" + escape.Replace(m.Subject) + "*\n```\n" + escape.Replace(strings.TrimRight(m.Body, "\n")) + "\n```"})
}
