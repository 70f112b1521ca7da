package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
	"strings"
	stdsync "sync"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/contactrows"
	"ringroster/store/deliver"
	"ringroster/store/views"
	"ringroster/sync"
)

const (
	// patience bounds one delivery, lease is a little longer: whoever died in one has left
	// the destination to others when it is over.
	patience = 10 * time.Minute
	lease    = 11 * time.Minute
	// inAnyCase is how often something is delivered though nothing changed.
	inAnyCase = 24 * time.Hour
)

// Outcome is what became of a delivery.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"
	Failed    Outcome = "failed"  // it is tried again
	Waiting   Outcome = "waiting" // for an approval
)

// Report tells of a delivery.
type Report struct {
	Destination string
	What        string // as in the settings
	Outcome     Outcome
	File        string // that was written, or would have been; of changes their numbers
	Rows        int
	Added       int
	Changed     int
	Removed     int
	Leaving     int // of the removed those whom no run took out
	Had         int // rows that the destination had
	Reason      Reason
	ApprovedBy  string
	Err         error
	Again       time.Time // when it is tried again
	Known       bool      // the same was reported before
	Remark      string    // on the other end, said once
}

// destination is one entry of the settings.
type destination struct {
	*config.Publish
	end                // nil: of a log, and of a mirror
	database *database // that a mirror is in; nil: it is none
	settings string    // a hash of them
}

// isLog says whether the destination is told changes, rather than given a state.
func (d *destination) isLog() bool { return d.What == config.PublishedChanges }

// kind is of what the destination is given.
func (d *destination) kind() string {
	switch d.What {
	case config.PublishedContacts:
		return deliver.OfContacts
	case config.PublishedChanges:
		return deliver.OfChanges
	case config.PublishedMirror:
		return deliver.OfMirror
	}
	return deliver.OfRoster
}

// file is the name of what is delivered at a time.
func (d *destination) file(now time.Time) string {
	return strings.ReplaceAll(d.To.Target(), config.DateMark, now.UTC().Format(time.DateOnly))
}

// Publisher delivers the roster to the destinations of the settings. It is safe for
// concurrent use, and others may deliver from the same roster.
type Publisher struct {
	store        *store.Store
	destinations []destination
	version      string
	report       func(Report)
	now          func() time.Time
}

// New makes a publisher for the destinations of the settings; report hears of each delivery.
func New(s *config.Settings, st *store.Store, version string, report func(Report)) *Publisher {
	p := &Publisher{store: st, version: version, report: report, now: time.Now}
	for i := range s.Publish {
		d := destination{Publish: &s.Publish[i]}
		switch {
		case d.isLog():
		case d.To.Postgres != nil:
			d.database = &database{d.Publish}
		case d.To.SFTP != nil:
			d.end = &server{settings: d.Publish}
		default:
			d.end = &folder{&d.To}
		}
		h := fnv.New64a()
		_ = json.NewEncoder(h).Encode(d.Publish) // of texts, with secrets hidden: cannot fail
		d.settings = fmt.Sprintf("%x", h.Sum64())
		p.destinations = append(p.destinations, d)
	}
	return p
}

func (p *Publisher) named(kind, name string) *destination {
	for i := range p.destinations {
		if d := &p.destinations[i]; d.Name == name && d.kind() == kind {
			return d
		}
	}
	return nil
}

// rows are how all destinations stand that the settings have.
func (p *Publisher) rows(ctx context.Context) (rows []deliver.Publication, err error) {
	kinds := map[string]string{}
	for i := range p.destinations {
		kinds[p.destinations[i].Name] = p.destinations[i].kind()
	}
	if err := p.store.Publish(ctx, kinds, p.now()); err != nil {
		return nil, err
	}
	all, err := p.store.Publications(ctx)
	for i := range all {
		if p.named(all[i].Kind, all[i].Name) != nil {
			rows = append(rows, all[i])
		}
	}
	return rows, err
}

// Deliver makes one pass to the destination of a name, or to all: to each that lacks what is
// new, or has been given nothing for a day. Where nothing is due it reads no rows.
func (p *Publisher) Deliver(ctx context.Context, name string) error {
	if len(p.destinations) == 0 {
		return nil
	}
	rows, err := p.rows(ctx)
	if err != nil {
		return err
	}
	var group stdsync.WaitGroup
	failed := make([]error, len(rows))
	for i := range rows {
		row := &rows[i]
		if name != "" && name != row.Name {
			continue
		}
		group.Go(func() {
			failed[i] = sync.Contain(func() error {
				d := p.named(row.Kind, row.Name)
				due, err := p.due(ctx, d, row)
				if err == nil && due {
					_, err = p.serve(ctx, d, row, false)
				}
				return err
			})
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

// due says whether something is to be delivered.
func (p *Publisher) due(ctx context.Context, d *destination, row *deliver.Publication) (bool, error) {
	if !row.Due(p.now(), lease) {
		return false, nil
	}
	if d.isLog() {
		untold, err := p.store.Untold(ctx, row.Cursor)
		return untold > 0, err
	}
	var version string
	err := p.store.At(ctx, func(i *deliver.Instant) (err error) {
		version, err = d.version(ctx, i)
		return err
	})
	if err != nil {
		return false, err
	}
	if row.Held.Reason != "" && row.Held.ApprovedBy == "" {
		return row.Held.Version != version, nil
	}
	age := p.now().Sub(row.DeliveredAt)
	return row.Tries > 0 || row.Restored || row.Version != version || age < 0 || age >= inAnyCase, nil
}

// version is of the roster and of the settings.
func (d *destination) version(ctx context.Context, i *deliver.Instant) (string, error) {
	version, err := i.Version(ctx, d.kind())
	return d.settings + "\n" + version, err
}

// serve delivers to one destination, and tells what came of it; nil: another process does.
// whole compares all rows with those of a mirror.
func (p *Publisher) serve(ctx context.Context, d *destination, row *deliver.Publication, whole bool) (*Report, error) {
	if d.isLog() {
		return p.serveChanges(ctx, d, row)
	}
	now := p.now()
	var a *attempt
	var r *Report
	_, err := p.store.Try(ctx, &row.Destination, now, lease, func() (err error) {
		a, err = p.deliver(ctx, d, row, now, whole)
		return err
	}, func(ctx context.Context, err error) error {
		report := a.report(d, row, now)
		r = &report
		err = p.note(ctx, d, row, a, r, err)
		if far, ok := d.end.(*server); ok && r.Outcome == Delivered {
			r.Remark = far.remark()
		}
		p.report(*r)
		return err
	})
	return r, err
}

// deliver writes what there is to the destination's end, unless the guard withholds it.
func (p *Publisher) deliver(ctx context.Context, d *destination, row *deliver.Publication, now time.Time, whole bool) (*attempt, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	a := &attempt{tally: newTally(nil)}
	had, err := p.store.Given(ctx, row)
	if err != nil {
		return a, err
	}
	a.had = had
	if d.database != nil {
		_, err = p.deliverMirror(ctx, d, row, a, whole, false)
	} else {
		err = d.put(ctx, d.file(now), func(w io.Writer) error {
			return p.store.At(ctx, func(i *deliver.Instant) error { return a.read(ctx, i, d, row, w) })
		})
	}
	if errors.Is(err, errWithheld) {
		err = nil
	}
	return a, err
}

// note writes what became of a delivery, and completes its report.
func (p *Publisher) note(ctx context.Context, d *destination, row *deliver.Publication, a *attempt, r *Report, err error) error {
	now := p.now()
	switch {
	case err != nil:
		r.Outcome, r.Known = Failed, row.Error == err.Error()
		r.Err = err
		row.Failed(now, err)
		r.Again = row.NextTry
		return p.store.Settle(ctx, &row.Destination)
	case a.reason != "":
		r.Outcome, r.Known = Waiting, !a.wait(row, now)
		row.Done("")
		err = p.store.SettlePublished(ctx, row, deliver.Given{Rows: a.had.Rows, Leaving: numbers(a.leaving)})
		if err == nil && !r.Known {
			err = p.tell(ctx, d, row, r)
		}
		return err
	default:
		r.Outcome = Delivered
		row.Done("")
		row.DeliveredAt, row.Version, row.ChangeID, row.Rows, row.Restored, row.Held = now, a.version, a.change, a.rows, false, deliver.Withheld{}
		return p.store.SettlePublished(ctx, row, deliver.Given{Rows: a.given})
	}
}

// attempt is one delivery, and what came of it.
type attempt struct {
	*tally
	had     deliver.Given
	of      int // rows that the destination had
	removed int
	leaving []int64
	version string
	change  int64
	reason  Reason // why it waits; "": it does not
}

var errWithheld = errors.New("the delivery waits for an approval")

// read reads the rows at one instant and writes them to w, unless the guard withholds them.
func (a *attempt) read(ctx context.Context, i *deliver.Instant, d *destination, row *deliver.Publication, w io.Writer) (err error) {
	if a.version, err = d.version(ctx, i); err != nil {
		return err
	}
	if a.change, err = i.LastChange(ctx, row.Kind); err != nil {
		return err
	}
	left, err := i.Left(ctx, row.Kind, row.ChangeID)
	if err != nil {
		return err
	}
	a.tally = newTally(a.had.Rows)
	if err := d.write(ctx, i, w, a.tally); err != nil {
		return err
	}
	a.of, a.removed, a.leaving = row.Rows, len(a.lost), leavingOf(a.lost, left)
	a.reason = withhold(row, candidate{a.rows, a.leaving}, parseNumbers(a.had.Leaving), d.MaxShrink)
	if a.reason != "" {
		return errWithheld
	}
	return nil
}

// write writes all rows of the destination.
func (d *destination) write(ctx context.Context, i *deliver.Instant, w io.Writer, t *tally) error {
	f := &d.Filter
	if d.kind() == deliver.OfContacts {
		rows := i.Contacts(ctx, contactrows.Filter{Accounts: d.Accounts, Status: f.Status, Search: f.Search})
		return writeRows(layoutOf(d.Publish, reflect.TypeFor[contactrows.Row]()), rows, w, t)
	}
	supervisor, err := supervisorOf(ctx, i, string(f.Supervisor), d.Accounts)
	if err != nil {
		return err
	}
	rows := i.Roster(ctx, views.Filter{
		Accounts: d.Accounts, Status: sync.Status(f.Status), Role: f.Role, SubAccount: string(f.SubAccount), Activity: f.Activity,
		Team: f.Team, EmployeeID: string(f.EmployeeID), Supervisor: supervisor, Search: f.Search,
	})
	return writeRows(layoutOf(d.Publish, reflect.TypeFor[views.RosterRow]()), rows, w, t)
}

// supervisorOf is the number of the member of some accounts whom a filter names; "" names nobody.
// Of several it tells no names, since notices tell what a delivery failed of.
func supervisorOf(ctx context.Context, i *deliver.Instant, who string, accounts []string) (int64, error) {
	if who == "" {
		return 0, nil
	}
	found, err := i.FindOne(ctx, who, accounts...)
	if several, ambiguous := errors.AsType[*sync.AmbiguousError](err); ambiguous {
		return 0, fmt.Errorf("filter.supervisor: %q can be any of %d members: write the member id", who, len(several.Candidates))
	}
	if _, unknown := errors.AsType[*sync.UnknownError](err); unknown {
		return 0, fmt.Errorf("filter.supervisor: there is no member %q", who)
	}
	if err != nil {
		return 0, err
	}
	return found.MemberID, nil
}

// wait notes what waits, and says whether that is new: it lacks more than what was shown, or
// for another reason. An approval was of what was shown.
func (a *attempt) wait(row *deliver.Publication, now time.Time) (isNew bool) {
	h := &row.Held
	isNew = h.Reason != string(a.reason) || !within(a.leaving, parseNumbers(a.had.Leaving))
	if isNew {
		*h = deliver.Withheld{Reason: string(a.reason), Since: now}
	}
	h.Version, h.Rows, h.Leaving = a.version, a.rows, len(a.leaving)
	return isNew
}

func (a *attempt) report(d *destination, row *deliver.Publication, now time.Time) Report {
	return Report{
		Destination: d.Name, What: d.What, File: d.file(now), Rows: a.rows, Added: a.added, Changed: a.changed, Removed: a.removed,
		Leaving: len(a.leaving), Had: a.of, Reason: a.reason, ApprovedBy: row.Held.ApprovedBy,
	}
}

// tell writes a notice of what waits.
func (p *Publisher) tell(ctx context.Context, d *destination, row *deliver.Publication, r *Report) error {
	n := &sync.Notice{Kind: sync.NoticePublish, Destination: d.Name, Since: row.Held.Since, Error: r.Why()}
	return p.store.Tell(ctx, n, fmt.Sprintf("publish %s %s", d.Name, row.Held.Since.UTC().Format(time.RFC3339)), p.now())
}

// Why says why something waits.
func (r *Report) Why() string {
	switch r.Reason {
	case Restored:
		return "the roster was restored, copied or taken over since the last delivery, so that which rows would be missing is not known"
	case Empty:
		return fmt.Sprintf("no row would be left of %d", r.Had)
	case Shrunk:
		return fmt.Sprintf("%d of %d rows would be missing whom no run deactivated", r.Leaving, r.Had)
	}
	return ""
}
