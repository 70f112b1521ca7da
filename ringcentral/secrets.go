package ringcentral

import (
	"encoding/base64"
	"errors"
	"html"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	stdsync "sync"

	"ringroster/sync"
)

// secrets are what no message may hold: credentials and every token of the session.
// Servers quote what they were sent, in any form; so secrets are hidden in finished
// messages, where all decoding is behind, and before they are cut to size.
type secrets struct {
	mu    stdsync.Mutex
	known map[string]*regexp.Regexp
}

func newSecrets(c *Config) *secrets {
	s := &secrets{known: map[string]*regexp.Regexp{}}
	s.add(c.ClientSecret, c.JWT, basic(c.ClientID, c.ClientSecret))
	for _, name := range proxyVariables {
		if proxy, err := url.Parse(os.Getenv(name)); err == nil && proxy.User != nil {
			password, _ := proxy.User.Password()
			s.add(password, basic(proxy.User.Username(), password))
		}
	}
	return s
}

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

// shortestSecret is hidden; a shorter one would blot out ordinary words.
const shortestSecret = 4

// add notes secrets. They are found in either case, since hosts come in small
// letters, and with space between, since lines are folded.
func (s *secrets) add(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) < shortestSecret || s.known[secret] != nil {
			continue
		}
		var pattern strings.Builder
		pattern.WriteString("(?i)")
		for i, r := range strings.TrimRight(secret, "=") {
			if i > 0 {
				pattern.WriteString(`\s*`)
			}
			pattern.WriteString(regexp.QuoteMeta(string(r)))
		}
		s.known[secret] = regexp.MustCompile(pattern.String())
	}
}

const hidden = "***"

// hide gives a text without secrets. Where one shows only after decoding, the text
// is given decoded.
func (s *secrets) hide(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = s.replace(text)
	for decoded, depth := decodeOnce(text), 0; decoded != text && depth < 3; decoded, depth = decodeOnce(decoded), depth+1 {
		decoded = strip(decoded)
		if safe := s.replace(decoded); safe != decoded {
			text, decoded = safe, safe
		}
	}
	return text
}

// replace hides what stands there as it is, or in base64.
func (s *secrets) replace(text string) string {
	for _, pattern := range s.known {
		text = pattern.ReplaceAllLiteralString(text, hidden)
	}
	return base64Run.ReplaceAllStringFunc(text, func(run string) string {
		if s.inBase64(run) {
			return hidden
		}
		return run
	})
}

// base64Run is what may be base64 of a secret, of either alphabet.
var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{6,}`)

// inBase64 tries all four places at which a secret may begin in base64.
func (s *secrets) inBase64(run string) bool {
	run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
	for from := range 4 {
		part := run[from:]
		if len(part)%4 == 1 {
			part = part[:len(part)-1]
		}
		plain, err := base64.RawStdEncoding.DecodeString(part)
		if err != nil {
			continue
		}
		for _, pattern := range s.known {
			if pattern.Match(plain) {
				return true
			}
		}
	}
	return false
}

// escape is one character as JSON, URLs or backslashes write it.
var escape = regexp.MustCompile(`\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\[^ux]`)

// decodeOnce takes one layer of JSON's, URLs' and HTML's escapes off.
func decodeOnce(text string) string {
	return html.UnescapeString(escape.ReplaceAllStringFunc(text, func(e string) string {
		if e[0] == '\\' && e[1] != 'u' && e[1] != 'x' {
			return e[1:]
		}
		code, _ := strconv.ParseUint(strings.TrimLeft(e, `\ux%`), 16, 32)
		return string(rune(code)) //nolint:gosec // four hexadecimal digits at most
	}))
}

// say makes foreign text fit for a message: one clean line without secrets.
func (s *secrets) say(text string) string { return short(s.hide(strip(text))) }

// finish makes an error fit to be told. It may be called again.
func (s *secrets) finish(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	for _, text := range []*string{&e.Code, &e.Message, &e.RequestID, &e.word} {
		*text = s.say(*text)
	}
	for _, text := range []*string{&e.Op, &e.URL, &e.Advice} { // ours, with foreign words in them
		*text = s.hide(strip(*text))
	}
	return err
}

// finishWarnings does the same for warnings.
func (s *secrets) finishWarnings(warnings []sync.Warning) {
	for i := range warnings {
		warnings[i].Detail = s.hide(strip(warnings[i].Detail))
	}
}

// Cleaner gives a function that makes the text of a server fit for a message, as this
// package does with those of RingCentral: one clean line, cut to size, without the secrets
// in whatever form they are quoted.
func Cleaner(secretTexts ...string) func(text string) string {
	s := &secrets{known: map[string]*regexp.Regexp{}}
	s.add(secretTexts...)
	return s.say
}
