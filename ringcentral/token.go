package ringcentral

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

const (
	// ringCXRenewal is the age at which a RingCX token is replaced: it lives
	// five minutes, and no answer says so (API.md 5.3).
	ringCXRenewal = 4 * time.Minute
	// renewalMargin is how long before its end a RingEX token is replaced.
	renewalMargin = time.Minute
	revokeTimeout = 5 * time.Second
)

var (
	// getToken: JWT bearer grant (JwtTokenRequest, API.md 1.1).
	getToken = &operation{name: "token", groups: []string{auth}, policy: tokenPolicy}
	// revokeToken ends the whole session (API.md 1.5).
	revokeToken = &operation{name: "revoke", groups: []string{auth}, policy: oncePolicy}
	// exchangeToken: a RingCX token for a RingEX one (loginWithRcAccessToken,
	// API.md 5.1). It also counts as a RingCX call like any other.
	exchangeToken = &operation{name: "exchange", service: ringCX, groups: []string{exchange, ringcx}, policy: apiPolicy}
	// refreshToken is not repeated: each refresh token serves once, and an
	// exchange does the same (API.md 5.2).
	refreshToken = &operation{name: "refresh", service: ringCX, groups: []string{ringcx}, policy: oncePolicy}
)

var errClosed = errors.New("the session with RingCentral is closed")

// token is one access token. It is renewed at renewAt, before it ends.
type token struct {
	value   string
	refresh string
	renewAt time.Time
}

func (t token) fresh() bool { return t.value != "" && time.Now().Before(t.renewAt) }

// A holder keeps one service's token for all goroutines. Whoever finds it stale
// renews it, and the others wait for that one renewal. After a renewal failed,
// nobody tries again.
type holder struct {
	lock  chan struct{}
	token token
	renew func(context.Context, token) (token, error)
	dead  error
}

func newHolder(renew func(context.Context, token) (token, error)) *holder {
	return &holder{lock: make(chan struct{}, 1), renew: renew}
}

// do runs f while no one else uses the token.
func (h *holder) do(ctx context.Context, f func() error) error {
	select {
	case h.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.lock }()
	return f()
}

// get returns a fresh token.
func (h *holder) get(ctx context.Context) (t token, err error) {
	err = h.do(ctx, func() error {
		if h.dead != nil || h.token.fresh() {
			t = h.token
			return h.dead
		}
		renewed, err := h.renew(ctx, h.token)
		if err != nil {
			if ctx.Err() == nil {
				h.dead = err
				if e, ok := errors.AsType[*Error](err); ok && !e.settled { // others may read it by then
					e.settled = true
				}
			}
			return err
		}
		h.token, t = renewed, renewed
		return nil
	})
	return t, err
}

// drop forgets a token that was refused, unless it was replaced already.
func (h *holder) drop(ctx context.Context, refused string) error {
	return h.do(ctx, func() error {
		if h.token.value == refused {
			h.token.value = ""
		}
		return nil
	})
}

// close ends the holder's use, and returns the token that was left.
func (h *holder) close(ctx context.Context) (left token) {
	_ = h.do(ctx, func() error {
		left, h.token, h.dead = h.token, token{}, errClosed
		return nil
	})
	return left
}

// tokens is one session: a RingEX token, and a RingCX token got with it.
type tokens struct {
	c      *client
	ex, cx *holder
	// Told with the tokens; each is written and read under its holder's lock.
	owner string // RingEX extension id of the JWT's owner
	main  string // RingCX main account id of the session
}

func newTokens(c *client) *tokens {
	t := &tokens{c: c}
	t.ex = newHolder(t.grant)
	t.cx = newHolder(t.renewRingCX)
	return t
}

func (t *tokens) of(s service) *holder {
	if s == ringCX {
		return t.cx
	}
	return t.ex
}

// identity says whose session this is, opening it if need be.
func (t *tokens) identity(ctx context.Context) (owner, main string, err error) {
	if _, err = t.cx.get(ctx); err != nil {
		return "", "", err
	}
	err = t.ex.do(ctx, func() error { owner = t.owner; return nil })
	if err == nil {
		err = t.cx.do(ctx, func() error { main = t.main; return nil })
	}
	return owner, main, err
}

// ownerID says whose session this is in RingEX, opening that alone if need be.
func (t *tokens) ownerID(ctx context.Context) (owner string, err error) {
	if _, err = t.ex.get(ctx); err != nil {
		return "", err
	}
	err = t.ex.do(ctx, func() error { owner = t.owner; return nil })
	return owner, err
}

// grant presents the JWT. The refresh token that some apps get is not used: it
// saves nothing, and the JWT always works (API.md 1.3).
func (t *tokens) grant(ctx context.Context, _ token) (token, error) {
	began := time.Now()
	r := &request{op: getToken, what: "a token", url: t.c.at(ringEX, "/restapi/oauth/token"), basic: true, form: url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"assertion":  {t.c.JWT},
	}}
	info, err := call(ctx, t.c, r, decodeToken)
	if err != nil {
		return token{}, err
	}
	t.c.secrets.add(info.AccessToken)
	t.owner = string(info.OwnerID)
	life := time.Duration(min(info.ExpiresIn, 24*3600)) * time.Second
	return token{value: info.AccessToken, renewAt: began.Add(life - min(renewalMargin, life/4))}, nil
}

type tokenInfo struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	OwnerID     code   `json:"owner_id"`
}

// decodeToken reads TokenInfo (API.md 1.1). Only expires_in tells the life.
func decodeToken(body []byte) (*tokenInfo, error) {
	info, err := decodeObject[tokenInfo](body)
	if err == nil && (info.AccessToken == "" || info.ExpiresIn <= 0) {
		return nil, nonsense("the answer holds no token")
	}
	return info, err
}

// renewRingCX renews by refresh token, else by exchange.
func (t *tokens) renewRingCX(ctx context.Context, old token) (token, error) {
	if old.refresh != "" {
		r := &request{op: refreshToken, what: "a renewed RingCX token", url: t.c.at(ringCX, "/api/auth/token/refresh"), form: url.Values{
			"refresh_token": {old.refresh},
			"rcTokenType":   {"Bearer"},
		}}
		if renewed, err := t.ask(ctx, r); err == nil || ctx.Err() != nil {
			return renewed, err
		}
	}
	renewed, used, err := t.exchange(ctx)
	if hasStatus(err, http.StatusUnauthorized) {
		// The RingEX token died before its time (OAU-213, API.md 1.4).
		if err := t.ex.drop(ctx, used); err != nil {
			return token{}, err
		}
		renewed, _, err = t.exchange(ctx)
	}
	return renewed, err
}

func (t *tokens) exchange(ctx context.Context) (renewed token, used string, err error) {
	ex, err := t.ex.get(ctx)
	if err != nil {
		return token{}, "", err
	}
	r := &request{op: exchangeToken, what: "a RingCX token", form: url.Values{
		"rcAccessToken": {ex.value},
		"rcTokenType":   {"Bearer"},
	}}
	r.url = t.c.at(ringCX, "/api/auth/login/rc/accesstoken") + "?includeRefresh=true"
	renewed, err = t.ask(ctx, r)
	return renewed, ex.value, err
}

// ask gets a RingCX token by either of its ways.
func (t *tokens) ask(ctx context.Context, r *request) (token, error) {
	began := time.Now()
	info, err := call(ctx, t.c, r, decodeRingCXToken)
	if err != nil {
		return token{}, err
	}
	t.c.secrets.add(info.AccessToken, info.RefreshToken)
	if info.MainAccountID != "" {
		t.main = string(info.MainAccountID)
	}
	return token{value: info.AccessToken, refresh: info.RefreshToken, renewAt: began.Add(ringCXRenewal)}, nil
}

type ringCXToken struct {
	AccessToken   string `json:"accessToken"`
	RefreshToken  string `json:"refreshToken"`
	MainAccountID code   `json:"mainAccountId"`
}

// decodeRingCXToken reads AccessTokenUserDetails (API.md 5.1).
func decodeRingCXToken(body []byte) (*ringCXToken, error) {
	info, err := decodeObject[ringCXToken](body)
	if err == nil && info.AccessToken == "" {
		return nil, nonsense("the answer holds no token")
	}
	return info, err
}

// revoke ends the session, also when the run was cancelled. What RingCentral
// answers changes nothing (API.md 1.5).
func (t *tokens) revoke(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	t.cx.close(ctx)
	left := t.ex.close(ctx)
	if left.value == "" {
		return
	}
	r := &request{op: revokeToken, what: "the end of the session", url: t.c.at(ringEX, "/restapi/oauth/revoke"), basic: true, form: url.Values{
		"token": {left.value},
	}}
	if _, body, err := t.c.send(ctx, r, 1); err == nil {
		t.c.bodies.done(body)
	}
}
