package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/notify"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/deliver"
	"ringroster/sync"
)

// courier delivers the notices of a roster to the destinations of the settings.
func courier(s *config.Settings, st *store.Store, told func(observe.Delivery)) *notify.Courier {
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	return notify.New(s, st, host, version, func(r notify.Report) { told(deliveryOf(&r)) })
}

// deliveryOf is a report as the log has it.
func deliveryOf(r *notify.Report) observe.Delivery {
	return observe.Delivery{
		Destination: r.Destination, Recipient: r.Recipient, Kind: r.Notice.Kind, ID: r.Notice.ID, Account: r.Notice.Account,
		Err: r.Err, Again: r.Again, Refused: r.Outcome == notify.Refused, Known: r.Known,
	}
}

// tellTimeout bounds how long a command delivers at its end: a little longer than one
// delivery may take.
const tellTimeout = 75 * time.Second

// enroll makes the recipients of notices those of the settings, before a run writes for
// them. That it fails fails no run.
func (a *app) enroll(ctx context.Context, s *config.Settings, st *store.Store, w watcher) {
	if err := courier(s, st, w.Notice).Enroll(ctx); err != nil {
		w.Untold(err)
	}
}

// deliver delivers what a command left to tell, unless a service does. What cannot be
// delivered now is left to the service or the next command.
func (a *app) deliver(ctx context.Context, s *config.Settings, st *store.Store) {
	if _, served, err := st.Service(); len(s.Notify)+len(s.Publish) == 0 || served && err == nil || ctx.Err() != nil {
		return
	}
	observer, done, err := a.observer(s)
	if err != nil {
		return
	}
	defer done()
	a.publishNew(ctx, s, st, observer) // what it has to tell is told at once
	if len(s.Notify) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	err = errors.Join(tellExpiries(ctx, s, st), courier(s, st, observer.Notice).Deliver(ctx))
	if err != nil && ctx.Err() == nil {
		observer.Untold(err)
	}
}

// tellUnrecorded sends at once, and once, what the roster cannot take down.
func tellUnrecorded(ctx context.Context, c *notify.Courier, account string, cause error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTimeout)
	defer cancel()
	now := time.Now()
	c.SendNow(ctx, &sync.Notice{Kind: sync.NoticeFailed, Account: account, At: now, Since: now, Error: cause.Error()})
}

// expiryStages are how many days before the end of a JWT it is told of.
var expiryStages = []int{0, 1, 3, 7, 14, 30}

// tellExpiry is a notice that a JWT ends soon, with its subject: one for each stage. nil: it
// is not soon.
func tellExpiry(account string, at, now time.Time) (*sync.Notice, string) {
	for _, days := range expiryStages {
		if at.Sub(now) <= time.Duration(days)*24*time.Hour {
			return &sync.Notice{Kind: sync.NoticeJWT, Account: account, Since: now, Until: at},
				fmt.Sprintf("JWT of %s, until %s, %d days", account, at.UTC().Format(time.RFC3339), days)
		}
	}
	return nil, ""
}

// tellExpiries does so for the accounts of the settings, where their secrets can be read.
func tellExpiries(ctx context.Context, s *config.Settings, st *store.Store) error {
	for i := range s.Accounts {
		c, err := s.Accounts[i].Credentials()
		if err != nil {
			continue // the run says so
		}
		at, known := config.JWTExpiry(c.JWT)
		if !known {
			continue
		}
		if n, subject := tellExpiry(s.Accounts[i].Name, at, time.Now()); n != nil {
			if err := st.Tell(ctx, n, subject, time.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// isUnrecorded says whether nobody will learn of an error from the roster.
func isUnrecorded(err error) bool {
	_, ok := errors.AsType[*sync.UnrecordedError](err)
	return ok
}

// destinations checks where notices go, and whether they got there lately.
func (f *findings) destinations(ctx context.Context, s *config.Settings) {
	f.reached("notices to ", "ringroster notify test ", courier(s, nil, func(observe.Delivery) {}).Check(ctx))
	st, err := wire.OpenRead(ctx, s)
	if err != nil {
		return // the check of the database says so
	}
	defer func() { _ = st.Close() }()
	rows, err := st.Destinations(ctx)
	if err != nil {
		f.failErr("", "notices", err)
	}
	for i := range rows {
		if rows[i].Error != "" {
			f.warn("", "notices to "+whoOf(&rows[i]), "the last one was not delivered: "+rows[i].Error, "ringroster notify test "+rows[i].Name)
		}
	}
}

// whoOf names a recipient.
func whoOf(d *deliver.Destination) string {
	return d.Name + prefixed(", ", d.Recipient)
}

// noticeStatus is how far a recipient has been told, in `status`.
type noticeStatus struct {
	Destination string  `json:"destination"`
	Recipient   string  `json:"recipient"` // "": a webhook
	Waiting     int     `json:"waiting"`
	Oldest      *string `json:"oldest"`       // nil: nothing waits
	DeliveredAt *string `json:"delivered_at"` // nil: nothing yet
	NextTry     *string `json:"next_try"`     // nil: at once
	Tries       int     `json:"tries"`
	Error       string  `json:"error"` // of the last try; "": it went well
}

// notices adds how far everybody has been told.
func (d *statusDocument) notices(ctx context.Context, s *config.Settings, st *store.Store) error {
	d.Notices = []noticeStatus{}
	standings, err := courier(s, st, func(observe.Delivery) {}).Standings(ctx)
	for _, r := range standings {
		d.Notices = append(d.Notices, noticeStatus{
			r.Name, r.Recipient, r.Waiting, stampOf(r.Oldest), stampOf(r.DeliveredAt), stampOf(r.NextTry), r.Tries, r.Error,
		})
	}
	return err
}

func stampOf(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	return new(at.UTC().Format(time.RFC3339))
}

// remark is what needs a look; "": nothing.
func (n *noticeStatus) remark() string {
	who := n.Destination + prefixed(", ", n.Recipient)
	switch {
	case n.Error == "":
		return ""
	case n.Waiting > 0:
		return fmt.Sprintf("%s could not be told what waits since %s (%s); tried again at %s: ringroster notify test %s",
			who, text(n.Oldest), n.Error, text(n.NextTry), n.Destination)
	}
	return fmt.Sprintf("%s did not take the last notice (%s): ringroster notify test %s", who, n.Error, n.Destination)
}
