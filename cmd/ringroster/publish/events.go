package publish

import (
	"context"
	"fmt"

	"ringroster/cmd/ringroster/notify"
	"ringroster/cmd/ringroster/render"
	"ringroster/store/deliver"
	"ringroster/store/views"
	"ringroster/sync"
)

// mostEvents is how many changes one call tells.
const mostEvents = 500

// event is a change as CloudEvents 1.0 has it. The source and the id together are the same
// when it comes again, and another change's never.
type event struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Subject     string          `json:"subject"`
	Time        *string         `json:"time,omitempty"`
	ContentType string          `json:"datacontenttype"`
	Data        views.ChangeRow `json:"data"`
}

// erased is the type of the event that tells receivers to forget somebody, too.
const erased = "ringroster.member.erased"

func eventOf(source string, c *views.ChangeRow) event {
	e := event{
		SpecVersion: "1.0", ID: fmt.Sprint(c.ChangeID), Source: source, Type: "ringroster.member." + string(c.Kind),
		Subject: fmt.Sprintf("members/%d", c.MemberID), Time: c.At, ContentType: "application/json", Data: *c,
	}
	if c.Reason == sync.ReasonForgotten {
		e.Type = erased
	}
	return e
}

// eventsOf are changes as events, and the id of the call that tells them.
func (p *Publisher) eventsOf(ctx context.Context, rows []views.ChangeRow) (events []event, id string, err error) {
	roster, epoch, err := p.store.Source(ctx)
	if err != nil || len(rows) == 0 {
		return nil, "", err
	}
	for i := range rows {
		events = append(events, eventOf(fmt.Sprintf("/ringroster/%s/%d", roster, epoch), &rows[i]))
	}
	return events, fmt.Sprintf("%s-%d-%d-%d", roster, epoch, rows[0].ChangeID, rows[len(rows)-1].ChangeID), nil
}

// serveChanges tells a destination all that it was not told yet, in order, a batch at a time;
// nil: another process does.
func (p *Publisher) serveChanges(ctx context.Context, d *destination, row *deliver.Publication) (*Report, error) {
	all := &Report{Destination: d.Name, What: d.What, Outcome: Delivered}
	for {
		rows, next, err := p.store.NextChanges(ctx, row.Cursor, d.Accounts, mostEvents)
		if err != nil || next == row.Cursor {
			return all, err
		}
		r := Report{Destination: d.Name, What: d.What, Outcome: Delivered, Rows: len(rows)}
		mine, err := p.store.Try(ctx, &row.Destination, p.now(), lease, func() error { return p.tellChanges(ctx, d, rows, &r) }, func(ctx context.Context, err error) error {
			p.noteChanges(row, next, &r, err)
			return p.store.Settle(ctx, &row.Destination)
		})
		if err != nil || !mine {
			return nil, err
		}
		if len(rows) > 0 {
			p.report(r)
		}
		all.Rows, all.File = all.Rows+r.Rows, r.File
		if r.Err != nil {
			return &r, nil
		}
	}
}

// noteChanges moves the cursor behind what was told, and never past anything else.
func (p *Publisher) noteChanges(row *deliver.Publication, next int64, r *Report, err error) {
	now := p.now()
	if err != nil {
		r.Outcome, r.Known, r.Err = Failed, row.Error == err.Error(), err
		row.Failed(now, err)
		r.Again = row.NextTry
		return
	}
	row.Done("")
	row.Cursor = next
	if r.Rows > 0 {
		row.DeliveredAt = now
	}
}

// tellChanges makes the call for a batch.
func (p *Publisher) tellChanges(ctx context.Context, d *destination, rows []views.ChangeRow, r *Report) error {
	if len(rows) == 0 {
		return nil // of other accounts
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	events, id, err := p.eventsOf(ctx, rows)
	if err != nil {
		return err
	}
	r.File = fmt.Sprintf("changes %d to %d", rows[0].ChangeID, rows[len(rows)-1].ChangeID)
	body, err := render.JSON(events)
	if err != nil {
		return err
	}
	to, err := p.webhook(d)
	if err != nil {
		return err
	}
	_, err = to.Post(ctx, &notify.Call{ID: id, Type: "application/cloudevents-batch+json", Body: []byte(body)})
	return err
}

func (p *Publisher) webhook(d *destination) (*notify.Webhook, error) {
	secrets, err := d.Credentials()
	if err != nil {
		return nil, err
	}
	return &notify.Webhook{Address: string(secrets.URL), Key: secrets.Key, CAFile: d.To.Webhook.CAFile, Version: p.version}, nil
}

// previewChanges shows the first of what a destination is still to be told.
func (p *Publisher) previewChanges(ctx context.Context, d *destination, row *deliver.Publication, known bool) (*Preview, error) {
	pre := &Preview{Report: Report{Destination: d.Name, What: d.What}, Kind: row.Kind, DeliveredAt: row.DeliveredAt}
	if !known {
		return pre, nil // whoever is new is told what is to come
	}
	var err error
	if pre.Rows, err = p.store.Untold(ctx, row.Cursor); err != nil {
		return nil, err
	}
	rows, _, err := p.store.NextChanges(ctx, row.Cursor, d.Accounts, firstLines)
	if err != nil {
		return nil, err
	}
	events, _, err := p.eventsOf(ctx, rows)
	for i := range events {
		text, err := render.JSON(&events[i])
		if err != nil {
			return nil, err
		}
		pre.First = append(pre.First, text)
	}
	return pre, err
}

// checkChanges goes as far as it can without telling anything.
func (p *Publisher) checkChanges(ctx context.Context, d *destination) (string, error) {
	to, err := p.webhook(d)
	if err != nil {
		return "", err
	}
	return to.Check(ctx)
}
