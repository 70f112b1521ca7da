package notify

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"ringroster/cmd/ringroster/observe"
	"ringroster/sync"
)

// width is how many characters a line of a text has at most, where words allow.
const width = 72

// Style is how the texts of a destination are written.
type Style struct {
	Names    bool     // with names and e-mails of people
	Accounts []string // of which a week is told; none: all
	Host     string   // where commands are to be given
	Version  string
}

// Message is a notice as text.
type Message struct{ Subject, Body string }

// writer writes the text of one notice.
type writer struct {
	Style
	n *sync.Notice
	b strings.Builder
}

// texts write the body of each kind.
var texts = map[sync.NoticeKind]func(*writer){
	sync.NoticeFailed: (*writer).failed, sync.NoticeRecovered: (*writer).recovered,
	sync.NoticeHeld: (*writer).held, sync.NoticeDecided: (*writer).decided,
	sync.NoticeConflicts: (*writer).conflicts, sync.NoticeJWT: (*writer).jwt, sync.NoticeSettings: (*writer).settings,
	sync.NoticeChanges: (*writer).changes, sync.NoticeWeekly: (*writer).weekly, sync.NoticePublish: (*writer).publish,
	sync.NoticeTest: (*writer).test,
}

// Write gives a notice as text. What comes from elsewhere stands in it as it is, but for
// what would steer a screen; names and e-mails only where the style has them.
func Write(n *sync.Notice, s Style) Message {
	w := &writer{Style: s, n: n}
	if text := texts[n.Kind]; text != nil {
		text(w)
	}
	w.b.WriteString("\n-- \n")
	w.para("ringroster %s on %s, where the commands are to be given", s.Version, s.Host)
	return Message{w.subject(), w.b.String()}
}

// subject is the same for all notices of a conversation, so that mail programs keep them
// together.
func (w *writer) subject() string {
	n := w.n
	text := map[sync.NoticeKind]string{
		sync.NoticeFailed:    w.failing(),
		sync.NoticeRecovered: w.failing(),
		sync.NoticeHeld:      fmt.Sprintf("%s: changes held since run %d", w.whose(), n.Began),
		sync.NoticeDecided:   fmt.Sprintf("%s: changes held since run %d", w.whose(), n.Began),
		sync.NoticeConflicts: fmt.Sprintf("%s: conflicts found by run %d", w.whose(), n.Run),
		sync.NoticeJWT:       fmt.Sprintf("%s: the JWT expires on %s", n.Account, day(n.Until)),
		sync.NoticeSettings:  "new settings were refused",
		sync.NoticeChanges:   fmt.Sprintf("%s: changes of %s", n.Account, day(n.Since)),
		sync.NoticeWeekly:    fmt.Sprintf("the week from %s to %s", day(n.Since), day(n.Until.Add(-time.Second))),
		sync.NoticePublish:   n.Destination + ": a delivery waits for your decision",
		sync.NoticeTest:      "a test",
	}[n.Kind]
	if n.Thread != n.ID && n.Thread != "" {
		return "Re: [ringroster] " + text
	}
	return "[ringroster] " + text
}

// whose is the account, with what of it is meant.
func (w *writer) whose() string {
	if w.n.Job == sync.JobContacts {
		return w.n.Account + "'s contacts"
	}
	return w.n.Account
}

// failing is the subject of failures. What could not be recorded has no run.
func (w *writer) failing() string {
	switch {
	case w.n.Account == "":
		return "no run is possible"
	case w.n.Began == 0:
		return w.whose() + ": failing"
	}
	return fmt.Sprintf("%s: failing since run %d", w.whose(), w.n.Began)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span is how long something takes, as people say it.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "a minute"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// para writes a paragraph.
func (w *writer) para(format string, args ...any) { w.hang("", "", fmt.Sprintf(format, args...)) }

func (w *writer) gap() { w.b.WriteString("\n") }

// hang writes text with an indent of its own for the first line.
func (w *writer) hang(first, rest, text string) {
	lines := observe.Wrap(text, width-max(utf8.RuneCountInString(first), utf8.RuneCountInString(rest)))
	w.b.WriteString(first + strings.Join(lines, "\n"+rest) + "\n")
}

// command writes what to type, in a line of its own so that it can be copied.
func (w *writer) command(why, command string) {
	fmt.Fprintf(&w.b, "  %-16s %s\n", why, command)
}

// longestForeign is how much of one text from elsewhere is repeated, in characters.
const longestForeign = 600

var eMail = regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;:]+`)

// foreign makes a text from elsewhere fit for a line.
func (w *writer) foreign(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if !w.Names {
		text = eMail.ReplaceAllString(text, "(e-mail)")
	}
	if runes := []rune(text); len(runes) > longestForeign {
		text = string(runes[:longestForeign]) + "…"
	}
	return observe.Escape(text)
}

// error writes an error, line by line.
func (w *writer) error() {
	lines := strings.Split(strings.TrimSpace(w.n.Error), "\n")
	for _, line := range lines[:min(len(lines), 10)] {
		w.hang("  ", "  ", w.foreign(line))
	}
}

func (w *writer) failed() {
	n := w.n
	switch {
	case n.Account == "":
		w.para("ringroster cannot work, so nothing is kept in step at present:")
	case n.Event == sync.EventReminder:
		w.para("The runs of %s have been failing for %s, since run %d (%s). The newest failure, of run %d:", w.whose(), span(n.At.Sub(n.Since)), n.Began, when(n.Since), n.Run)
	case n.Run == 0:
		w.para("A run of %s failed at %s, and the roster cannot take that down:", w.whose(), when(n.At))
	default:
		w.para("Run %d of %s failed at %s:", n.Run, w.whose(), when(n.At))
	}
	w.gap()
	w.error()
	w.gap()
	if n.Job == sync.JobContacts {
		w.para("The contacts are as the last good run left them; members are not concerned.")
	} else {
		w.para("The roster is as the last good run left it: nobody is onboarded, updated or deactivated until a run succeeds.")
	}
	w.para("The service goes on trying; wrong credentials or settings wait for somebody to correct them.")
	w.gap()
	w.command("look closer:", "ringroster check")
	w.command("past runs:", "ringroster runs")
}

func (w *writer) recovered() {
	n := w.n
	w.para("Run %d of %s succeeded at %s. Runs had been failing for %s, since run %d.", n.Run, w.whose(), when(n.At), span(n.At.Sub(n.Since)), n.Began)
}

func (w *writer) held() {
	n := w.n
	switch n.Event {
	case sync.EventEnded:
		w.para("Nothing of %s waits for a decision any more. RingCentral no longer asks for the changes that were held since run %d.", w.whose(), n.Began)
		return
	case sync.EventReminder:
		w.para("%s: %s for your decision for %s now, since run %d.", w.whose(), w.wait(n.Waiting), span(n.At.Sub(n.Since)), n.Began)
	case sync.EventMore:
		w.para("Run %d of %s holds more: %s. With those held before, %s for your decision.", n.Run, w.whose(), sync.KindsText(n.Counts), w.wait(n.Waiting))
	default:
		w.para("Run %d of %s holds what looks like a mistake: %s. None of it happens until somebody decides. Everything else was applied.", n.Run, w.whose(), sync.KindsText(n.Counts))
	}
	w.reasons()
	w.people("Who", "ringroster held")
	w.gap()
	for i, command := range heldCommands(n) {
		w.command([]string{"show them:", "apply them:", "refuse them:"}[i], command)
	}
	w.gap()
	w.para("approve reads RingCentral afresh and applies what it still asks for. reject keeps things as they are, whatever RingCentral says. Both take --only WHO and --except WHO.")
}

// wait says how much waits.
func (w *writer) wait(waiting map[sync.Kind]int) string {
	total := 0
	for _, n := range waiting {
		total += n
	}
	if total == 1 {
		return sync.KindsText(waiting) + " waits"
	}
	return sync.KindsText(waiting) + " wait"
}

func (w *writer) reasons() {
	if len(w.n.Reasons) == 0 {
		return
	}
	w.gap()
	w.para("Why:")
	for _, r := range w.n.Reasons {
		w.hang("  ", "    ", fmt.Sprintf("%s: %s", r.Reason, w.foreign(r.Detail)))
	}
}

func (w *writer) decided() {
	n := w.n
	did := map[sync.Trigger]string{sync.Approve: "approved", sync.Reject: "rejected", sync.Clear: "ended the rejection of"}[n.Decision]
	by := w.foreign(n.By)
	if by == "" {
		by = "Somebody"
	}
	w.para("%s %s %s of %s at %s (run %d).", by, did, sync.KindsText(n.Counts), w.whose(), when(n.At), n.Run)
	if n.Note != "" && w.Names {
		w.para("Note: %s", w.foreign(n.Note))
	}
	w.people("Who", "ringroster held")
	w.gap()
	if len(n.Waiting) == 0 {
		w.para("Nothing waits for a decision any more.")
		return
	}
	w.para("%s on.", w.wait(n.Waiting))
	w.command("show them:", "ringroster held")
}

func (w *writer) conflicts() {
	n := w.n
	w.para("Run %d of %s cannot decide about %s without risk of taking one human for another. Nothing happens to them until the conflict is settled.", n.Run, w.whose(), counted(n.Total, "person", "people"))
	w.gap()
	for i := range n.People {
		p := &n.People[i]
		w.hang("  ", "    ", w.whom(p)+": "+string(p.Reason))
		if w.Names && p.Detail != "" {
			w.hang("    ", "    ", w.foreign(p.Detail))
		}
		w.hang("    settle it: ", "    ", w.foreign(p.Remedy))
	}
	w.rest("ringroster plan")
}

// people names those whom a notice is about, under what happens to them. The command has
// all of them.
func (w *writer) people(title, command string) {
	if len(w.n.People) == 0 {
		return
	}
	w.gap()
	w.para("%s:", title)
	before := ""
	for i := range w.n.People {
		p := &w.n.People[i]
		if what := w.what(p); what != before {
			w.hang("  ", "    ", what+":")
			before = what
		}
		w.hang("    ", "      ", w.whom(p))
		if by := w.source(p); by != "" {
			w.hang("      ", "        ", by)
		}
	}
	w.rest(command)
}

// source says who did at RingCentral what a change follows; "": nobody knows, or is to know.
func (w *writer) source(p *sync.NoticePerson) string {
	if p.Source == nil || !w.Names {
		return ""
	}
	return w.foreign(p.Source.Text(w.n.At))
}

// rest says how many are not named, and where they are.
func (w *writer) rest(command string) {
	if more := w.n.Total - len(w.n.People); more > 0 {
		fmt.Fprintf(&w.b, "  and %d more: %s\n", more, command)
	}
}

// whom names a member, person or contact.
func (w *writer) whom(p *sync.NoticePerson) string {
	text := p.Person
	switch {
	case p.Member != 0:
		text = fmt.Sprintf("member %d", p.Member)
	case p.Contact != 0:
		text = fmt.Sprintf("contact %d", p.Contact)
	case text == "":
		text = "somebody who was forgotten"
	}
	text = w.foreign(text)
	if w.Names && p.Name != "" {
		text += " " + w.foreign(p.Name)
	}
	if w.Names && p.Email != "" {
		text += " <" + w.foreign(p.Email) + ">"
	}
	return text
}

// what says what is to happen to somebody, or did.
func (w *writer) what(p *sync.NoticePerson) string {
	if p.Kind != sync.Update || len(p.Fields) == 0 {
		return fmt.Sprintf("%s (%s)", p.Kind, p.Reason)
	}
	fields := make([]string, len(p.Fields))
	for i, f := range p.Fields {
		fields[i] = f.Field
		if w.Names && f.Field != "logins" {
			fields[i] += fmt.Sprintf(" %q -> %q", w.foreign(f.Before), w.foreign(f.After))
		}
	}
	return "update " + strings.Join(fields, ", ")
}

func (w *writer) jwt() {
	n := w.n
	left := n.Until.Sub(n.At)
	if left <= 0 {
		w.para("The JWT of %s expired at %s. Every run fails until there is a new one.", n.Account, when(n.Until))
	} else {
		w.para("The JWT of %s expires at %s, in %s. From then on every run fails.", n.Account, when(n.Until), span(left))
	}
	w.gap()
	w.para("Make a new one for the same app in the RingCentral developer console, signed in as its owner; put it in place of the old one; and restart the service.")
	w.gap()
	w.command("check it:", "ringroster check")
}

func (w *writer) settings() {
	w.para("The settings file was changed and reloaded, and is not valid. The service goes on with the settings before; with these it would not start.")
	w.gap()
	w.error()
	w.gap()
	w.command("once it is right:", "systemctl reload ringroster")
}

func (w *writer) publish() {
	w.para("What is published to %s was not delivered at %s, since it looks like a mistake:", w.n.Destination, when(w.n.At))
	w.gap()
	w.error()
	w.gap()
	w.para("It has what was delivered before, until somebody decides, or until what is missing is there again. The roster is not concerned.")
	w.gap()
	w.command("look closer:", "ringroster publish "+w.n.Destination+" --dry-run")
	w.command("deliver it:", "ringroster publish approve "+w.n.Destination)
}

func (w *writer) test() {
	w.para("This is a test: what ringroster has to tell arrives here. Nothing happened, and there is nothing to do.")
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
