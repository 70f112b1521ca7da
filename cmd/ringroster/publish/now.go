package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ringroster/cmd/ringroster/notify"
	"ringroster/store/deliver"
	"ringroster/sync"
)

// Now delivers to one destination, or to all, whether anything is due or not.
func (p *Publisher) Now(ctx context.Context, name string) (reports []Report, err error) {
	rows, err := p.rows(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if name != "" && name != rows[i].Name {
			continue
		}
		r, err := p.serveNow(ctx, &rows[i])
		if err != nil && ctx.Err() != nil {
			return reports, err
		}
		if err != nil {
			r = &Report{Destination: rows[i].Name, Outcome: Failed, Err: err}
		}
		reports = append(reports, *r)
	}
	return reports, nil
}

var errBusy = errors.New("another process delivers to it right now; try again in a minute")

func (p *Publisher) serveNow(ctx context.Context, row *deliver.Publication) (r *Report, err error) {
	if row.Claimed(p.now(), lease) {
		return nil, errBusy
	}
	d := p.named(row.Kind, row.Name)
	err = sync.Contain(func() (err error) {
		r, err = p.serve(ctx, d, row, true)
		return err
	})
	if err == nil && r == nil {
		err = errBusy
	}
	return r, err
}

// Preview is what would be delivered.
type Preview struct {
	Report
	First        []string // the first lines
	DeliveredAt  time.Time
	Kind         string
	LeavingIDs   []int64
	LostIDs      []int64
	WaitsSince   time.Time // zero: nothing waits for an approval
	MoreThanHeld int       // rows that would be missing and were not when that began to wait
}

// firstLines is how many lines a preview shows.
const firstLines = 6

// Preview reads what would be delivered to one destination, and changes nothing.
func (p *Publisher) Preview(ctx context.Context, name string) (*Preview, error) {
	all, err := p.store.Publications(ctx)
	if err != nil {
		return nil, err
	}
	for i := range p.destinations {
		d := &p.destinations[i]
		if d.Name != name {
			continue
		}
		row := &deliver.Publication{Destination: deliver.Destination{Kind: d.kind(), Name: name}}
		a := &attempt{}
		known := false
		if at := slices.IndexFunc(all, func(have deliver.Publication) bool { return have.Kind == d.kind() && have.Name == name }); at >= 0 {
			row, known = &all[at], true
			if a.had, err = p.store.Given(ctx, row); err != nil {
				return nil, err
			}
		}
		if d.isLog() {
			return p.previewChanges(ctx, d, row, known)
		}
		first, err := p.first(ctx, d, row, a)
		if err != nil && !errors.Is(err, errWithheld) {
			return nil, err
		}
		pre := &Preview{
			Report: a.report(d, row, p.now()), First: first, Kind: row.Kind, DeliveredAt: row.DeliveredAt,
			LeavingIDs: a.leaving, LostIDs: a.lost, WaitsSince: row.Held.Since,
		}
		if row.Held.Reason != "" {
			shown := parseNumbers(a.had.Leaving)
			pre.MoreThanHeld = len(slices.DeleteFunc(slices.Clone(a.leaving), func(id int64) bool { return within([]int64{id}, shown) }))
		}
		return pre, nil
	}
	return nil, fmt.Errorf("the settings have no destination %q under publish", name)
}

// first reads what would be delivered and gives the first lines of a file; of a mirror, how
// many rows of each table would change.
func (p *Publisher) first(ctx context.Context, d *destination, row *deliver.Publication, a *attempt) ([]string, error) {
	if d.database != nil {
		a.tally = newTally(nil)
		return p.deliverMirror(ctx, d, row, a, true, true)
	}
	head := &lines{most: firstLines}
	err := p.store.At(ctx, func(i *deliver.Instant) error { return a.read(ctx, i, d, row, head) })
	return head.lines(), err
}

// Approve lets what was previewed be delivered.
func (p *Publisher) Approve(ctx context.Context, pre *Preview, by string) error {
	all, err := p.store.Publications(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		row := &all[i]
		if row.Kind != pre.Kind || row.Name != pre.Destination || !row.Held.Since.Equal(pre.WaitsSince) {
			continue
		}
		approved, err := p.store.ApprovePublication(ctx, row, by, p.now())
		if err != nil || approved {
			return err
		}
	}
	return errors.New("what waits has changed meanwhile: nothing was approved; look at it again")
}

// Losing counts of each destination of the roster the rows of members that it has and that
// would leave it when they were inactive.
func (p *Publisher) Losing(ctx context.Context, kind string, ids []int64) (map[string]int, error) {
	all, err := p.store.Publications(ctx)
	if err != nil {
		return nil, err
	}
	losing := map[string]int{}
	for i := range all {
		row := &all[i]
		d := p.named(row.Kind, row.Name)
		if d != nil && d.database != nil && kind == deliver.OfContacts {
			losing[row.Name] = len(ids) // it has all of them; leavers stay in it, as inactive
		}
		if d == nil || row.Kind != kind || kind == deliver.OfRoster && d.Filter.Status != string(sync.Active) {
			continue
		}
		given, err := p.store.Given(ctx, row)
		if err != nil {
			return nil, err
		}
		has := idsOf(given.Rows)
		for _, id := range ids {
			if within([]int64{id}, has) {
				losing[row.Name]++
			}
		}
	}
	return losing, nil
}

// lines keeps the first lines that are written to it.
type lines struct {
	most int
	text bytes.Buffer
}

func (l *lines) Write(data []byte) (int, error) {
	if bytes.Count(l.text.Bytes(), []byte("\n")) < l.most {
		l.text.Write(data)
	}
	return len(data), nil
}

func (l *lines) lines() (first []string) {
	for line := range bytes.Lines(l.text.Bytes()) {
		if len(first) < l.most {
			first = append(first, string(bytes.TrimRight(line, "\r\n")))
		}
	}
	return first
}

// Check looks at every destination without delivering anything. It needs no store.
func (p *Publisher) Check(ctx context.Context) []notify.Finding {
	found := make([]notify.Finding, len(p.destinations))
	for i := range p.destinations {
		d := &p.destinations[i]
		found[i].Destination = d.Name
		switch {
		case d.isLog():
			found[i].Found, found[i].Err = p.checkChanges(ctx, d)
		case d.database != nil:
			found[i].Found, found[i].Err = d.database.check(ctx)
		default:
			found[i].Found, found[i].Err = d.check(ctx)
		}
	}
	return found
}
