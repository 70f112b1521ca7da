package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"ringroster/sync"
	"ringroster/sync/schedule"
)

// heartbeatTimeout bounds a call of heartbeat_url: nothing waits for it.
const heartbeatTimeout = 10 * time.Second

// A call that failed is made again after a minute, two, four …, an hour at most,
// until it succeeds: who watches expects one a day, and a hiccup of theirs must not
// be an alarm a day later.
const (
	firstBeatWait = time.Minute
	longBeatWait  = time.Hour
)

// heart calls heartbeat_url. Redirects are not followed: the address may hold a
// key.
type heart struct {
	client    *http.Client
	transport http.RoundTripper
	cancel    context.CancelFunc // of the calls that are made again
	done      chan struct{}      // closed when they have ended
}

func newHeart() *heart {
	h := &heart{
		transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		cancel:    func() {}, done: make(chan struct{}),
	}
	close(h.done)
	h.client = &http.Client{
		Transport: h, Timeout: heartbeatTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return h
}

// RoundTrip lets tests answer in the place of a server.
func (h *heart) RoundTrip(r *http.Request) (*http.Response, error) { return h.transport.RoundTrip(r) }

// stop ends the calls that are made again. One run at a time may call it.
func (h *heart) stop() {
	h.cancel()
	<-h.done
}

// heartbeat tells heartbeat_url that every account's members are in step. Contacts
// are another matter: they neither call nor silence it. Held leavers do
// not silence it: silence says that the service does not work, and a held set
// has an alarm of its own.
func (d *Daemon) heartbeat(ctx context.Context, s *Settings) {
	d.beat.stop() // what this run says takes the place of what the last one said
	if d.beatOnce(ctx, s) {
		return
	}
	again, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	d.beat.cancel, d.beat.done = cancel, done
	go func() {
		defer close(done)
		for wait := firstBeatWait; ; wait = min(2*wait, longBeatWait) {
			select {
			case <-again.Done():
				return
			case <-time.After(wait):
			}
			if d.beatOnce(again, d.inForce(s)) {
				return
			}
		}
	}()
}

// inForce are the settings that were last accepted; those of the run that called
// first, when the service is stopping.
func (d *Daemon) inForce(s *Settings) *Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settings == nil {
		return s
	}
	return d.settings
}

// beatOnce makes the call, if there is reason to. It reports whether there is
// nothing to make again.
func (d *Daemon) beatOnce(ctx context.Context, s *Settings) (done bool) {
	if s.Heartbeat == "" {
		return true
	}
	past, err := d.past(ctx)
	if err == nil && !inStep(s.Jobs, past) {
		return true
	}
	if err == nil {
		err = d.beat.call(ctx, s.Heartbeat)
	}
	if ctx.Err() != nil {
		return true
	}
	d.Observer.Heartbeat(err)
	return err == nil
}

// inStep says whether the newest attempt at every account's members went well.
func inStep(jobs []schedule.Job, past []schedule.Attempt) bool {
	newest := map[string]schedule.Attempt{}
	for _, a := range past {
		if a.Job == sync.JobMembers && a.Run > newest[a.Account].Run {
			newest[a.Account] = a
		}
	}
	for _, job := range jobs {
		if job.Name != sync.JobMembers {
			continue
		}
		if s := newest[job.Account].Status; s != sync.Succeeded && s != sync.HeldRun {
			return false
		}
	}
	return true
}

// call makes the call. Its errors do not hold the address.
func (h *heart) call(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("heartbeat_url is not an address")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, 4096)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("it answered %d", resp.StatusCode)
	}
	return nil
}
