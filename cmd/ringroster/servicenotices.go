package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/notify"
	"ringroster/cmd/ringroster/observe"
	"ringroster/sync"
)

// enrollTimeout bounds how long new settings wait for the roster.
const enrollTimeout = 10 * time.Second

// couriers is who delivers notices by new settings, which the roster learns of at once.
func (v *service) couriers(s *config.Settings) *notify.Courier {
	c := courier(s, v.store, v.Notice)
	ctx, cancel := context.WithTimeout(context.Background(), enrollTimeout)
	defer cancel()
	if err := c.Enroll(ctx); err != nil {
		v.Untold(err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.courier = c
	return c
}

// Failed tells at once what the roster cannot take down. The run does not wait for it.
func (v *service) Failed(id sync.RunID, r sync.Run, account string, err error) {
	v.Service.Failed(id, r, account, err)
	if isUnrecorded(err) {
		v.tellOnce(account, err)
	}
}

// Trouble tells at once of what keeps every run from beginning.
func (v *service) Trouble(doing string, err error) {
	v.Service.Trouble(doing, err)
	if doing == "make a run" || doing == "read past runs" || doing == "work on the roster" {
		v.tellOnce("", fmt.Errorf("%s: %w", doing, err))
	}
}

// Refused tells of settings that were not taken, to those whom the ones in force name.
func (v *service) Refused(err error) {
	v.Service.Refused(err)
	now := time.Now()
	v.write(&sync.Notice{Kind: sync.NoticeSettings, Error: err.Error(), Since: now}, "settings refused "+now.UTC().Format(time.RFC3339))
}

// write writes a notice that no run tells of; nil: there is nothing to tell.
func (v *service) write(n *sync.Notice, subject string) {
	if n == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), enrollTimeout)
	defer cancel()
	if err := v.store.Tell(ctx, n, subject, time.Now()); err != nil {
		v.Untold(err)
	}
}

// tellOnce tells once of an account, or of the whole, until a run has ended well. It does
// not wait for that; the end of the service does.
func (v *service) tellOnce(account string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.courier == nil || v.told[account] {
		return
	}
	v.told[account] = true
	c := v.courier
	v.telling.Go(func() { tellUnrecorded(context.Background(), c, account, err) })
}

// everybodyTold waits for what tellOnce began until ctx is done.
func (v *service) everybodyTold(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		v.telling.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("did not wait until everybody was told of what could not be recorded")
	}
}

// noticeFacts is what the metrics tell of notices, by destination.
func (v *service) noticeFacts(ctx context.Context) ([]observe.NoticeFacts, error) {
	v.mu.Lock()
	c := v.courier
	v.mu.Unlock()
	if c == nil {
		return nil, nil
	}
	standings, err := c.Standings(ctx)
	var all []observe.NoticeFacts // recipients of one destination stand together
	for i := range standings {
		r := &standings[i]
		if len(all) == 0 || all[len(all)-1].Destination != r.Name {
			all = append(all, observe.NoticeFacts{Destination: r.Name})
		}
		f := &all[len(all)-1]
		f.Waiting, f.Failing = max(f.Waiting, r.Waiting), f.Failing || r.Error != ""
		if !r.Oldest.IsZero() && (f.Oldest.IsZero() || r.Oldest.Before(f.Oldest)) {
			f.Oldest = r.Oldest
		}
	}
	return all, err
}
