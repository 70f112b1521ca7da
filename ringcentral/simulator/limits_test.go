package simulator

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// limited is a signed-in caller of a world with limits.
func limited(t *testing.T, l Limits) *caller {
	t.Helper()
	w := Generate(5, 1)
	c := newCaller(t, w)
	c.signIn()
	c.server.Change(func(w *World) { w.Limits = &l })
	return c
}

func TestMediumIsFortyAMinuteOverASlidingWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := limited(t, Limits{})
		for i := range 40 {
			got := c.exGet("/extension")
			if want := []string{"medium", "40", number(int64(39 - i)), "60"}; got.limits() != [4]string(want) || got.status != 200 {
				t.Fatalf("request %d: %d %v, want 200 %v", i, got.status, got.limits(), want)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(19 * time.Second) // 59 s after the first
		c.exGet("/user-role").want(t, 429, "CMN-301")
	})
}

func (r reply) limits() [4]string {
	h := r.header
	return [4]string{h.Get("X-Rate-Limit-Group"), h.Get("X-Rate-Limit-Limit"), h.Get("X-Rate-Limit-Remaining"), h.Get("X-Rate-Limit-Window")}
}

func TestAWindowSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := limited(t, Limits{Medium: 2})
		c.exGet("/extension").want(t, 200, "")
		time.Sleep(30 * time.Second)
		c.exGet("/extension").want(t, 200, "")
		time.Sleep(30 * time.Second) // the first is 60 s old
		c.exGet("/extension").want(t, 200, "")
		c.exGet("/extension").want(t, 429, "CMN-301")
	})
}

func TestARequestDuringThePenaltyRestartsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := limited(t, Limits{Light: 1})
		c.exGet("").want(t, 200, "")
		refused := c.exGet("")
		refused.want(t, 429, "CMN-301")
		if got := refused.header.Get("Retry-After"); got != "60" {
			t.Errorf("Retry-After %q, want 60", got)
		}
		time.Sleep(59 * time.Second)
		c.exGet("").want(t, 429, "CMN-301")
		time.Sleep(59 * time.Second)
		c.exGet("").want(t, 429, "CMN-301")
		time.Sleep(60 * time.Second)
		c.exGet("").want(t, 200, "")
		if got := c.server.TooManyRequests(); got != 3 {
			t.Errorf("%d refusals counted, want 3", got)
		}
		c.exGet("/extension").want(t, 200, "") // another group
	})
}

func TestRetryAfterCanBeLeftOut(t *testing.T) {
	c := limited(t, Limits{Light: 1, NoRetryAfter: true})
	c.exGet("")
	if got := c.exGet(""); got.status != 429 || got.header.Get("Retry-After") != "" {
		t.Errorf("got %+v, want 429 without Retry-After", got)
	}
}

func TestAuthIsFiveAMinuteWithRevoke(t *testing.T) {
	c := limited(t, Limits{})
	for range 5 {
		c.token(demoGrant()).want(t, 200, "")
	}
	c.token(demoGrant()).want(t, 429, "CMN-301")
}

func TestRingCXLimitsTellNothing(t *testing.T) {
	for _, x := range []struct {
		name string
		ask  func(*caller) reply
		n    int
	}{
		{"120 calls", func(c *caller) reply { return c.cxGet("/users/99990000") }, 120},
		{"5 exchanges", func(c *caller) reply { return c.exchange(c.ex) }, 5},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := limited(t, Limits{})
			for range x.n {
				x.ask(c).want(t, 200, "")
			}
			got := x.ask(c)
			if got.status != 429 || got.header.Get("Retry-After") != "" || got.header.Get("X-Rate-Limit-Limit") != "" {
				t.Errorf("got %+v, want a plain 429", got)
			}
		})
	}
}

func TestLimitsChangeWhileRunning(t *testing.T) {
	c := limited(t, Limits{})
	c.exGet("").want(t, http.StatusOK, "")
	c.server.Change(func(w *World) { w.Limits.Light = 1 })
	c.exGet("").want(t, http.StatusTooManyRequests, "CMN-301")
	c.server.Change(func(w *World) { w.Limits = nil })
	if got := c.exGet(""); got.status != 200 || got.header.Get("X-Rate-Limit-Limit") != "1000000" {
		t.Errorf("got %+v, want 200 and a limit that limits nothing", got)
	}
}
