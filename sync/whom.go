package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Whom is how a person or a member is called, wherever a command asks for one:
// README explains it. What several are called is an *AmbiguousError, what nobody
// is called an *UnknownError.
const Whom = "a member id, an rc user id, a person key (rc:ID, agent:SUB/ID or admin:ID), an employee number (employee:NUMBER), an e-mail, a username, an agent or administrator id, or a whole name"

// UnknownError says that nobody is called Who.
type UnknownError struct {
	Who     string
	Account string // where they were looked for; "": on the roster
	Where   string // more about that, such as " at run 5"
	// Reported: RingCentral alone was asked, not the roster.
	Reported bool
	// NoKey: Who is the id of a member for whom RingCentral has no id.
	NoKey bool
}

func (e *UnknownError) Error() string {
	text, find := "the roster has nobody", "`ringroster roster list --search` and `ringroster directory --search` find a part of one"
	switch {
	case e.Reported:
		text, find = "RingCentral reports nobody", "`ringroster directory` shows whom it reports"
	case e.Account != "":
		text = "RingCentral reports nobody, and the roster has nobody,"
	}
	if e.Account != "" {
		text = "account " + e.Account + ": " + text
	}
	text = fmt.Sprintf("%s called %q%s; %s", text, e.Who, e.Where, find)
	if e.NoKey {
		text += fmt.Sprintf("; member %s has no id of RingCentral by which it could be asked", e.Who)
	}
	if hint := mangled(strings.TrimPrefix(e.Who, "rc:")); hint != "" {
		text += ". It is no id: " + hint
	}
	return text + ". Give " + Whom
}

// AmbiguousError says that several are called Who.
type AmbiguousError struct {
	Who        string
	Account    string // "": on the roster
	What       string // "people" or "members"
	Candidates []string
}

func (e *AmbiguousError) Error() string {
	of := "on the roster"
	if e.Account != "" {
		of = "of account " + e.Account
	}
	return fmt.Sprintf("%q means %d %s %s: name one of them by what stands first: %s",
		e.Who, len(e.Candidates), e.What, of, strings.Join(e.Candidates, "; "))
}

// NotOne says whether an error is that a command's word for somebody means nobody,
// or several.
func NotOne(err error) bool {
	_, unknown := errors.AsType[*UnknownError](err)
	_, ambiguous := errors.AsType[*AmbiguousError](err)
	return unknown || ambiguous
}

// candidate tells a person from others of the same name.
func (p *Person) candidate() string {
	var about []string
	add := func(text string) {
		if text = strings.TrimSpace(text); text != "" && !slices.Contains(about, text) {
			about = append(about, text)
		}
	}
	for _, r := range p.Agents {
		add(r.FirstName + " " + r.LastName)
		add(r.Email)
		add("agent " + r.ID)
	}
	for _, a := range p.Admins {
		add(a.FirstName + " " + a.LastName)
		add(a.Email)
		add("administrator " + a.UserID)
	}
	if e := p.Ext; e != nil {
		add(e.FirstName + " " + e.LastName)
		add(e.Email)
		add("extension " + e.Number)
	}
	return fmt.Sprintf("%s (%s)", p.Key(), strings.Join(about, ", "))
}

// candidate tells a member whom RingCentral does not report from others of the same name.
func (m *Member) candidate() string {
	about := []string{m.Profile.Name(), m.Profile[Email], string(m.Status), m.PersonKey()}
	about = slices.DeleteFunc(about, func(s string) bool { return s == "" })
	return fmt.Sprintf("%d (%s)", m.ID, strings.Join(about, ", "))
}

// syncPerson makes the run of one person (R28). It begins once it is known who is
// meant: a word that means nobody, or several, is no run and no failure of one.
func (r *Runner) syncPerson(ctx context.Context, req Request) (id RunID, results []Result, err error) {
	account := req.Run.Accounts[0]
	begin := func() (err error) {
		if id != 0 {
			return nil
		}
		if id, err = r.Roster.Begin(ctx, req.Run); err != nil {
			return fmt.Errorf("begin a run: %w", err)
		}
		r.Observer.Began(id, req.Run)
		return nil
	}
	var c *Commit
	calls, cause := r.inSession(ctx, account, req, func(s *session) (err error) {
		s.begin = func() error {
			err := begin()
			s.run = id
			return err
		}
		c, err = s.apply(ctx)
		return err
	})
	if cause != nil && (NotOne(cause) || ctx.Err() != nil) && id == 0 {
		return 0, nil, cause
	}
	if err := begin(); err != nil {
		return 0, nil, errors.Join(cause, err)
	}
	if cause != nil {
		return id, []Result{r.fail(ctx, id, req.Run, account, calls, cause)}, nil
	}
	r.Observer.Committed(id, req.Run, c)
	return id, []Result{{Account: account, Status: c.Status, Plan: c.Plan, APICalls: calls}}, nil
}
