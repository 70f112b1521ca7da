package config

import (
	"encoding/base64"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
)

// Notify is a destination of notices: people who read mail, or a webhook. Its secrets are
// had from Credentials.
type Notify struct {
	Name     string   `mapstructure:"name"`
	On       []string `mapstructure:"on"`       // the kinds of notices; not set: all
	Accounts []string `mapstructure:"accounts"` // empty: all
	Names    bool     `mapstructure:"names"`    // true: with names and e-mails
	Remind   string   `mapstructure:"remind"`   // while it is still so; 0h: never
	Mail     *Mail    `mapstructure:"mail"`
	Webhook  *Webhook `mapstructure:"webhook"`

	origin origin
}

// Mail is how notices are sent as mail.
type Mail struct {
	Host         string   `mapstructure:"host"`
	Port         int      `mapstructure:"port"` // not set: the usual one
	Security     string   `mapstructure:"security"`
	From         string   `mapstructure:"from"`
	To           []string `mapstructure:"to"`
	Username     string   `mapstructure:"username"` // empty: without AUTH
	Password     Secret   `mapstructure:"password"`
	PasswordFile string   `mapstructure:"password_file"`
	CAFile       string   `mapstructure:"ca_file"`
}

// The kinds of security of mail.
const (
	StartTLS   = "starttls"
	TLS        = "tls"
	NoSecurity = "none"
)

// usualPort is the port of mail where none is set.
var usualPort = map[string]int{StartTLS: 587, TLS: 465, NoSecurity: 25}

// Webhook is an address that notices are posted to.
type Webhook struct {
	URL        Secret `mapstructure:"url"` // such addresses carry a key
	URLFile    string `mapstructure:"url_file"`
	Format     string `mapstructure:"format"`
	Secret     Secret `mapstructure:"secret"` // to sign with; empty: unsigned
	SecretFile string `mapstructure:"secret_file"`
	CAFile     string `mapstructure:"ca_file"`
}

// The formats of webhooks.
const (
	Slack = "slack"
	JSON  = "json"
)

// EndCredentials are a destination's secrets; those that it does not have are empty.
type EndCredentials struct {
	Password Secret
	URL      Secret
	Key      []byte // that webhooks are signed with
	Private  Secret // key of SSH
}

// Kinds are what the destination is told of.
func (n *Notify) Kinds() []sync.NoticeKind {
	kinds := make([]sync.NoticeKind, len(n.On))
	for i, on := range n.On {
		kinds[i] = sync.NoticeKind(on)
	}
	return kinds
}

// Reminds is how long after a notice the destination is reminded; 0: never.
func (n *Notify) Reminds() time.Duration {
	d, _ := time.ParseDuration(n.Remind) // validated when it was read
	return d
}

// Recipients are the addresses of mail; of a webhook one that is empty.
func (n *Notify) Recipients() []string {
	if n.Mail == nil {
		return []string{""}
	}
	all := make([]string, len(n.Mail.To))
	for i, to := range n.Mail.To {
		all[i] = addressOf(to)
	}
	return all
}

// addressOf is an address without the name beside it; "": it is none.
func addressOf(text string) string {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return ""
	}
	return a.Address
}

// endSecret is one of the secrets that a destination may have.
type endSecret struct {
	kind   secretKind
	group  string // under which its keys stand: mail or webhook
	inline Secret
	file   string
	needed bool
	fault  func(text string) string // what is wrong with it; nil: nothing can be
}

// secrets are those that the settings speak of, whether they are given or not.
func (n *Notify) secrets() (all []endSecret) {
	if n.Mail != nil {
		all = append(all, endSecret{secretKind{key: "password", name: "password"}, "mail", n.Mail.Password, n.Mail.PasswordFile, n.Mail.Username != "", nil})
	}
	if n.Webhook != nil {
		all = append(all, webhookSecrets("webhook", n.Webhook.URL, n.Webhook.URLFile, n.Webhook.Secret, n.Webhook.SecretFile)...)
	}
	return all
}

func webhookSecrets(group string, url Secret, urlFile string, secret Secret, secretFile string) []endSecret {
	return []endSecret{
		{secretKind{key: "url", name: "address"}, group, url, urlFile, true, webhookFault},
		{secretKind{key: "secret", name: "signing secret"}, group, secret, secretFile, false, nil},
	}
}

func (n *Notify) owner(group string) *owner { return ownerOf(n.origin, "notify", n.Name, group) }

// ownerOf is a destination of a section of the settings, as the owner of a group of secrets.
func ownerOf(at origin, section, name, group string) *owner {
	at.key = join(at.key, group)
	return &owner{at, "destination " + name, section + "." + name + ".", variables(section + "_" + name)}
}

func (n *Notify) checkPlaces(r *report) { checkEndPlaces(r, n.secrets(), n.owner) }

func checkEndPlaces(r *report, secrets []endSecret, ownerOf func(group string) *owner) {
	for i := range secrets {
		owner := ownerOf(secrets[i].group)
		owner.check(r, secrets[i].kind, secrets[i].places(owner))
	}
}

func (s *endSecret) places(o *owner) []place { return o.places(s.kind, s.inline, s.file) }

// Credentials reads the destination's secrets from where each was given, as those of an
// account. Errors are *Problems that name the place, never what stands there.
func (n *Notify) Credentials() (EndCredentials, error) { return endCredentials(n.secrets(), n.owner) }

func endCredentials(secrets []endSecret, ownerOf func(group string) *owner) (EndCredentials, error) {
	var c EndCredentials
	for i := range secrets {
		s := &secrets[i]
		owner := ownerOf(s.group)
		places := s.places(owner)
		if len(places) == 0 && !s.needed {
			continue
		}
		var secret Secret
		if err := owner.read(s.kind, places, &secret); err != nil {
			return EndCredentials{}, err
		}
		fault := c.take(s.kind.key, secret)
		if s.fault != nil {
			fault = s.fault(string(secret))
		}
		if fault != "" {
			return EndCredentials{}, owner.problem(places[0].key, "the %s of %s (%s) %s", s.kind.name, owner.name, places[0].name, fault)
		}
	}
	return c, nil
}

// take keeps a secret, or says what is wrong with it without repeating it.
func (c *EndCredentials) take(key string, secret Secret) (fault string) {
	switch key {
	case "password":
		c.Password = secret
	case "key":
		c.Private = secret + "\n" // OpenSSH wants its end of line
	case "url":
		c.URL = secret
	case "secret":
		var ok bool
		if c.Key, ok = signingKey(string(secret)); !ok {
			return fmt.Sprintf("is not base64 of at least %d bytes; make one: openssl rand -base64 32", shortestKey)
		}
	}
	return ""
}

// shortestKey is how short a signing secret may be, in bytes (Standard Webhooks).
const shortestKey = 24

// signingKey decodes a signing secret, with or without the mark of Standard Webhooks.
func signingKey(text string) ([]byte, bool) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	return key, err == nil && len(key) >= shortestKey
}

// webhookFault is what is wrong with the address of a webhook; "": nothing.
func webhookFault(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "must be an address such as https://hooks.example.com/services/…"
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "must begin with https://; http:// is accepted for this machine alone (localhost, 127.0.0.1, [::1])"
	}
	return ""
}

// validateNotify checks every destination by itself and against those before it.
func (s *Settings) validateNotify(r *report) {
	for i := range s.Notify {
		n, key := &s.Notify[i], fmt.Sprintf("notify[%d]", i)
		n.validate(r, key)
		for j := range s.Notify[:i] {
			if other := s.Notify[j].Name; variables(other) == variables(n.Name) {
				r.add(key+".name", "is too much like the name of notify[%d], %s: both would read the same environment variables", j, other)
			}
		}
		for j, account := range n.Accounts {
			if !slices.ContainsFunc(s.Accounts, func(a Account) bool { return a.Name == account }) {
				r.add(fmt.Sprintf("%s.accounts[%d]", key, j), "is the name of no account")
			}
		}
	}
}

func (n *Notify) validate(r *report, key string) {
	mustBeSet(r, key+".name", n.Name)
	if !IsAccountName(n.Name) {
		r.add(key+".name", "must be made of letters, digits, dots, underscores and hyphens")
	}
	kinds := make([]string, len(sync.NoticeKinds))
	for i, kind := range sync.NoticeKinds {
		kinds[i] = string(kind)
	}
	if len(n.On) == 0 {
		r.add(key+".on", "must name at least one of %s", strings.Join(kinds, ", "))
	}
	for i, on := range n.On {
		oneOf(r, fmt.Sprintf("%s.on[%d]", key, i), on, kinds...)
	}
	if d, err := time.ParseDuration(n.Remind); err != nil || d < 0 || d > 0 && d < time.Hour {
		r.add(key+".remind", "must be a time such as 24h, 1h at least, or 0h for never")
	}
	switch {
	case n.Mail == nil && n.Webhook == nil:
		r.add(key, "must have mail or webhook")
	case n.Mail != nil && n.Webhook != nil:
		r.add(key, "must have mail or webhook, not both: make two destinations of it")
	case n.Mail != nil:
		n.Mail.validate(r, key+".mail")
	default:
		n.Webhook.validate(r, key+".webhook")
	}
}

func (m *Mail) validate(r *report, key string) {
	mustBeSet(r, key+".host", m.Host)
	if strings.ContainsAny(m.Host, "/:@ ") && !strings.Contains(m.Host, "::") {
		r.add(key+".host", "must be the name or address of a mail server, without port")
	}
	oneOf(r, key+".security", m.Security, StartTLS, TLS, NoSecurity)
	if m.Port < 1 || m.Port > 65535 {
		r.add(key+".port", "must be from 1 to 65535")
	}
	if m.Security == NoSecurity {
		if !loopback(m.Host) {
			r.add(key+".security", "must be starttls or tls; none is accepted for this machine alone (localhost, 127.0.0.1, ::1)")
		}
		if m.Username != "" {
			r.add(key+".username", "goes with security: starttls or tls only: the password would travel in the clear")
		}
	}
	if addressOf(m.From) == "" {
		r.add(key+".from", "must be an address such as roster@example.com")
	}
	if len(m.To) == 0 {
		r.add(key+".to", "must list at least one address")
	}
	for i, to := range m.To {
		at := fmt.Sprintf("%s.to[%d]", key, i)
		if addressOf(to) == "" {
			r.add(at, "must be an address such as ops@example.com")
		} else if slices.ContainsFunc(m.To[:i], func(other string) bool { return addressOf(other) == addressOf(to) }) {
			r.add(at, "is listed twice")
		}
	}
}

func (w *Webhook) validate(r *report, key string) {
	oneOf(r, key+".format", w.Format, Slack, JSON)
	validateInline(r, key, w.URL, w.Secret)
}

// validateInline checks the secrets of a webhook that stand in the settings.
func validateInline(r *report, key string, url, secret Secret) {
	if url != "" {
		if fault := webhookFault(string(url)); fault != "" {
			r.add(key+".url", "%s", fault)
		}
	}
	if _, ok := signingKey(string(secret)); secret != "" && !ok {
		r.add(key+".secret", "is not base64 of at least %d bytes; make one: openssl rand -base64 32", shortestKey)
	}
}

// complete gives a destination what it does not set.
func (n *Notify) complete(given func(key string) bool) {
	if !given("on") {
		n.On = nil
		for _, kind := range sync.NoticeKinds {
			n.On = append(n.On, string(kind))
		}
	}
	if !given("remind") {
		n.Remind = "24h"
	}
	if n.Mail != nil && !given("mail.security") {
		n.Mail.Security = StartTLS
	}
	if n.Mail != nil && !given("mail.port") {
		n.Mail.Port = usualPort[n.Mail.Security]
	}
	if n.Webhook != nil && !given("webhook.format") {
		n.Webhook.Format = JSON
	}
}

// settle makes relative paths start at the settings file.
func (n *Notify) settle(dir string) {
	if n.Mail != nil {
		n.Mail.PasswordFile, n.Mail.CAFile = under(dir, n.Mail.PasswordFile), under(dir, n.Mail.CAFile)
	}
	if n.Webhook != nil {
		for _, path := range []*string{&n.Webhook.URLFile, &n.Webhook.SecretFile, &n.Webhook.CAFile} {
			*path = under(dir, *path)
		}
	}
}
