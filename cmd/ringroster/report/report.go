// Package report writes how a roster stands, and what happened to it, as one HTML page for
// people: to look at, to print, or to keep as the record of an access review. The page has
// no script and asks nobody for anything. It is never in memory as a whole: the template
// draws its rows from the store as it writes them.
package report

import (
	"bufio"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"iter"
	"strings"
	"time"

	"ringroster/cmd/ringroster/observe"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
)

// Generator is what the head of every report has, so that it is told from other pages.
const Generator = `<meta name="generator" content="ringroster report">`

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"show": observe.Escape, "when": when, "count": count, "words": words,
}).Parse(pageText))

// Options say of what a report is.
type Options struct {
	Days    int    // how many days before today the period begins
	Account string // "": all
	Now     time.Time
	Version string // of the program
}

// page is what the template has to work with. Texts in it are as the store has them: the
// template shows them.
type page struct {
	Options
	Since    time.Time // midnight
	Accounts []account
	Days     []day
	Sets     []set // what waits
	Pins     []pin
	Unruly   []conflicts // by account
	Pruned   bool        // changes of some runs of the period are gone

	ctx context.Context
	st  *store.Store
	err error // the first with which rows ended
}

// Write writes the report of a roster.
func Write(ctx context.Context, w io.Writer, st *store.Store, o Options) error {
	now := o.Now.UTC()
	p := &page{
		Options: o, ctx: ctx, st: st,
		Since: time.Date(now.Year(), now.Month(), now.Day()-o.Days, 0, 0, 0, 0, time.UTC),
	}
	if err := p.gather(); err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	err := pageTemplate.Execute(b, p)
	return cmp.Or(p.err, err, b.Flush())
}

// gather reads all that is short: what is long is read as it is written.
func (p *page) gather() error {
	for _, step := range []func() error{p.readAccounts, p.readDays, p.readSets, p.readPins, p.readConflicts} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// rows makes rows of a table of those of the store. An error ends them, and the report.
func rows[T, R any](p *page, from iter.Seq2[T, error], row func(*T) (R, bool)) iter.Seq[R] {
	return func(yield func(R) bool) {
		for one, err := range from {
			if err != nil {
				p.err = cmp.Or(p.err, err)
				return
			}
			if r, wanted := row(&one); wanted && !yield(r) {
				return
			}
		}
	}
}

// wants says whether the report is about an account.
func (p *page) wants(account string) bool { return p.Account == "" || p.Account == account }

// when is a time of the store for people to read.
func when(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return observe.Escape(text)
	}
	return at.UTC().Format("2006-01-02 15:04")
}

// count is a number with its thousands apart.
func count(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:] // narrow, and never the end of a line
	}
	return text
}

// words are a machine word as people write it.
func words(word any) string {
	return strings.ReplaceAll(observe.Escape(fmt.Sprint(word)), "_", " ")
}

// account is how one account stands.
type account struct {
	Name             string
	Active, Inactive int
	LastSuccess      *views.RunRow // nil: none yet
	firstFull        sync.RunID    // which brought everybody in
}

func (p *page) readAccounts() error {
	names, err := p.st.Names(p.ctx, views.AccountThing)
	if err != nil {
		return err
	}
	counts, err := p.st.Counts(p.ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !p.wants(name.Text) {
			continue
		}
		a := account{Name: name.Text}
		for _, c := range counts {
			switch {
			case c.Account != a.Name:
			case c.Status == sync.Active:
				a.Active += c.Members
			default:
				a.Inactive += c.Members
			}
		}
		latest, err := p.st.Latest(p.ctx, a.Name, sync.JobMembers)
		if err != nil {
			return err
		}
		a.LastSuccess = latest.Success
		if a.firstFull, err = p.st.FirstFull(p.ctx, a.Name); err != nil {
			return err
		}
		p.Accounts = append(p.Accounts, a)
	}
	return nil
}

// first is the run that brought everybody of an account in; 0: none did.
func (p *page) first(account string) sync.RunID {
	for i := range p.Accounts {
		if p.Accounts[i].Name == account {
			return p.Accounts[i].firstFull
		}
	}
	return 0
}

// Active is how many members are active.
func (p *page) Active() (n int) {
	for i := range p.Accounts {
		n += p.Accounts[i].Active
	}
	return n
}

// Inactive is how many members are not.
func (p *page) Inactive() (n int) {
	for i := range p.Accounts {
		n += p.Accounts[i].Inactive
	}
	return n
}
