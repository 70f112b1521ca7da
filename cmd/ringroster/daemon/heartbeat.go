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
)

// heartbeatTimeout bounds a call of heartbeat_url: nothing waits for it.
const heartbeatTimeout = 10 * time.Second

// heart calls heartbeat_url. Redirects are not followed: the address may hold a
// key.
type heart struct {
	client    *http.Client
	transport *http.Transport
}

func newHeart() *heart {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	return &heart{transport: t, client: &http.Client{
		Transport: t, Timeout: heartbeatTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (h *heart) close() { h.transport.CloseIdleConnections() }

// heartbeat tells heartbeat_url that every account's members are in step. Contacts
// are another matter: they neither call nor silence it. Held leavers do
// not silence it: silence says that the service does not work, and a held set
// has an alarm of its own.
func (d *Daemon) heartbeat(ctx context.Context, s *Settings) {
	if s.Heartbeat == "" {
		return
	}
	past, err := d.past(ctx)
	if err == nil && !inStep(s.Jobs, past) {
		return
	}
	if err == nil {
		err = d.beat.call(ctx, s.Heartbeat)
	}
	d.Observer.Heartbeat(err)
}

// inStep says whether the newest attempt at every account's members went well.
func inStep(jobs []sync.Job, past []sync.Attempt) bool {
	newest := map[string]sync.Attempt{}
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
