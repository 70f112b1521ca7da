package notify

import (
	"context"
	"crypto/rand"
	"errors"
	stdsync "sync"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/deliver"
	"ringroster/sync"
)

const (
	// giveUp is how long a notice that cannot be delivered is tried again.
	giveUp = 24 * time.Hour
	// lease is longer than a delivery takes. Whoever died in one has left the recipient to
	// others when it is over.
	lease = 2 * time.Minute
)

// Outcome is what became of a notice for one recipient.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"
	Postponed Outcome = "postponed" // it is tried again
	Refused   Outcome = "refused"   // the recipient never takes it
	GivenUp   Outcome = "given_up"  // it was tried for a day
)

// Report tells of a try to deliver.
type Report struct {
	Destination, Recipient string
	Notice                 *sync.Notice
	Outcome                Outcome
	Answer                 string    // of the other end, when it was delivered
	Err                    error     // else
	Again                  time.Time // when it is tried again
	Known                  bool      // the same was reported before
}

// destination is one entry of the settings.
type destination struct {
	end      end
	name     string
	to       []string
	wanted   deliver.Wanted
	reminded time.Duration
}

// Courier delivers what the roster's log of notices holds. It is safe for concurrent use,
// and others may deliver from the same roster.
type Courier struct {
	store        *store.Store
	destinations []destination
	accounts     []string
	report       func(Report)
	now          func() time.Time
}

// New makes a courier for the destinations of the settings; report hears of each try.
func New(s *config.Settings, st *store.Store, host, version string, report func(Report)) *Courier {
	c := &Courier{store: st, report: report, now: time.Now}
	for i := range s.Accounts {
		c.accounts = append(c.accounts, s.Accounts[i].Name)
	}
	for i := range s.Notify {
		n := &s.Notify[i]
		style := Style{Names: n.Names, Accounts: n.Accounts, Host: host, Version: version}
		d := destination{name: n.Name, to: n.Recipients(), wanted: deliver.Wanted{Kinds: n.Kinds(), Accounts: n.Accounts}, reminded: n.Reminds()}
		if n.Mail != nil {
			d.end = &mailEnd{n, style}
		} else {
			d.end = &webhookEnd{n, style}
		}
		c.destinations = append(c.destinations, d)
	}
	return c
}

// Enroll makes the roster's recipients those of the settings: from then on runs write
// notices for them.
func (c *Courier) Enroll(ctx context.Context) error {
	recipients := map[string][]string{}
	for i := range c.destinations {
		recipients[c.destinations[i].name] = c.destinations[i].to
	}
	return c.store.SetDestinations(ctx, recipients, c.now())
}

// Deliver makes one pass: to each recipient whose time has come, all that waits.
func (c *Courier) Deliver(ctx context.Context) error {
	if len(c.destinations) == 0 {
		return nil
	}
	if err := c.passTime(ctx); err != nil {
		return err
	}
	rows, err := c.store.Destinations(ctx)
	if err != nil {
		return err
	}
	var group stdsync.WaitGroup
	failed := make([]error, len(rows))
	for i := range rows {
		if d := c.named(rows[i].Name); d != nil && rows[i].Due(c.now(), lease) {
			group.Go(func() {
				failed[i] = sync.Contain(func() error { return c.serve(ctx, d, &rows[i]) })
			})
		}
	}
	group.Wait()
	return errors.Join(append(failed, c.store.PruneNotices(ctx, c.now()))...)
}

// passTime writes what time has made due: digests, and reminders of what still lasts.
func (c *Courier) passTime(ctx context.Context) error {
	if err := c.store.Digest(ctx, c.accounts, c.now()); err != nil {
		return err
	}
	for i := range c.destinations {
		d := &c.destinations[i]
		if d.reminded == 0 {
			continue
		}
		if err := c.store.Remind(ctx, d.name, d.wanted, c.accounts, d.reminded, c.now()); err != nil {
			return err
		}
	}
	return nil
}

func (c *Courier) named(name string) *destination {
	for i := range c.destinations {
		if c.destinations[i].name == name {
			return &c.destinations[i]
		}
	}
	return nil
}

// serve delivers to one recipient until nothing waits, or something fails.
func (c *Courier) serve(ctx context.Context, d *destination, row *deliver.Destination) error {
	for ctx.Err() == nil {
		n, seq, err := c.store.NextNotice(ctx, row, d.wanted)
		if err != nil || n == nil {
			return err
		}
		var answer string
		more := false
		_, err = c.store.Try(ctx, row, c.now(), lease, func() (err error) {
			answer, err = d.end.send(ctx, n, row.Recipient)
			return err
		}, func(ctx context.Context, err error) error {
			more = c.note(row, n, seq, answer, err)
			return c.store.Settle(ctx, row)
		})
		if err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// note changes a recipient's row by what became of a notice, and reports it. more says
// whether the next one may be tried at once.
func (c *Courier) note(row *deliver.Destination, n *sync.Notice, seq int64, answer string, err error) (more bool) {
	now := c.now()
	r := Report{Destination: row.Name, Recipient: row.Recipient, Notice: n, Answer: answer, Err: err}
	refused, isRefused := errors.AsType[*RefusedError](err)
	switch {
	case err == nil:
		r.Outcome, more = Delivered, true
		row.Done("")
		row.Cursor, row.DeliveredAt = seq, now
	case isRefused:
		r.Outcome, r.Known, more = Refused, row.Error == refused.Error(), true
		row.Done(refused.Error())
		row.Cursor = seq
	default:
		r.Outcome, r.Known = Postponed, row.Tries > 0
		row.Failed(now, err)
		r.Again = row.NextTry
		if now.Sub(row.FailingSince) >= giveUp && now.Sub(n.At) >= giveUp {
			row.Cursor, r.Outcome, r.Known = seq, GivenUp, false
		}
	}
	c.report(r)
	return more
}

// SendNow tells everybody who wants to know what cannot be written into the log. It is sent
// once: what fails is reported, and not tried again.
func (c *Courier) SendNow(ctx context.Context, n *sync.Notice) {
	n.ID = rand.Text()
	n.Thread = n.ID
	var group stdsync.WaitGroup
	for i := range c.destinations {
		d := &c.destinations[i]
		if !d.wanted.Has(n) {
			continue
		}
		for _, to := range d.to {
			group.Go(func() { c.report(sendOnce(ctx, d, n, to)) })
		}
	}
	group.Wait()
}

func sendOnce(ctx context.Context, d *destination, n *sync.Notice, to string) Report {
	r := Report{Destination: d.name, Recipient: to, Notice: n, Outcome: Delivered}
	r.Answer, r.Err = d.end.send(ctx, n, to)
	if r.Err != nil {
		r.Outcome = GivenUp
		if _, refused := errors.AsType[*RefusedError](r.Err); refused {
			r.Outcome = Refused
		}
	}
	return r
}

// Test sends a test to the destination of that name, or to all of them. It needs no store.
func (c *Courier) Test(ctx context.Context, name string) (reports []Report) {
	for i := range c.destinations {
		d := &c.destinations[i]
		if name != "" && name != d.name {
			continue
		}
		for _, to := range d.to {
			n := &sync.Notice{Kind: sync.NoticeTest, ID: rand.Text(), At: c.now()}
			n.Thread = n.ID
			reports = append(reports, sendOnce(ctx, d, n, to))
		}
	}
	return reports
}

// Finding is what a look at a destination found.
type Finding struct {
	Destination, Found string
	Err                error
}

// Check looks at every destination without delivering anything.
func (c *Courier) Check(ctx context.Context) []Finding {
	found := make([]Finding, len(c.destinations))
	for i := range c.destinations {
		d := &c.destinations[i]
		found[i].Destination = d.name
		found[i].Found, found[i].Err = d.end.check(ctx)
	}
	return found
}

// Standing is how far a recipient has been told.
type Standing struct {
	deliver.Destination
	Waiting int
	Oldest  time.Time // of those that wait; zero: none does
}

// Standings says of each recipient how far it has been told.
func (c *Courier) Standings(ctx context.Context) ([]Standing, error) {
	rows, err := c.store.Destinations(ctx)
	if err != nil {
		return nil, err
	}
	var all []Standing
	for i := range rows {
		d := c.named(rows[i].Name)
		if d == nil {
			continue
		}
		s := Standing{Destination: rows[i]}
		if s.Waiting, s.Oldest, err = c.store.Backlog(ctx, &rows[i], d.wanted); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
