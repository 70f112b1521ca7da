package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
)

// patience bounds each step of a delivery, and patienceInAll the whole of it.
const (
	patience      = 20 * time.Second
	patienceInAll = time.Minute
)

// mailEnd sends notices by SMTP, one message for each recipient.
type mailEnd struct {
	settings *config.Notify
	style    Style
}

func (m *mailEnd) send(ctx context.Context, n *sync.Notice, recipient string) (answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patienceInAll)
	defer cancel()
	secrets, err := m.settings.Credentials()
	if err != nil {
		return "", err
	}
	msg, err := m.message(n, recipient)
	if err != nil {
		return "", err
	}
	client, conn, stop, err := m.dial(ctx, string(secrets.Password))
	if err != nil {
		return "", cleaned(err, string(secrets.Password))
	}
	defer stop()
	err = client.SendWithSMTPClient(conn, msg)
	if msg.IsDelivered() { // whatever went wrong afterwards
		return msg.ServerResponse(), nil
	}
	if ctx.Err() != nil {
		return "", errSilent
	}
	return "", cleaned(verdict(err), string(secrets.Password))
}

func (m *mailEnd) check(ctx context.Context) (found string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patienceInAll)
	defer cancel()
	secrets, err := m.settings.Credentials()
	if err != nil {
		return "", err
	}
	_, _, stop, err := m.dial(ctx, string(secrets.Password))
	if err != nil {
		return "", cleaned(err, string(secrets.Password))
	}
	stop()
	found = "answers"
	if m.settings.Mail.Security != config.NoSecurity {
		found += " with a certificate for its name"
	}
	if m.settings.Mail.Username != "" {
		found += ", and takes user name and password"
	}
	return found, nil
}

// verdict tells a final refusal of the recipient or the message from what may pass. That
// the sender is refused is a matter of settings.
func verdict(err error) error {
	refusal, ok := errors.AsType[*mail.SendError](err)
	if !ok {
		return err
	}
	code := refusal.ErrorCode()
	text := refusal.Error()
	if _, said, found := strings.Cut(text, ": "); found {
		text = said
	}
	text, _, _ = strings.Cut(text, ", affected ")
	text = unquoted(text)
	switch refusal.Reason {
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose:
		if code >= 500 && code <= 599 {
			return &RefusedError{text}
		}
	}
	return endErrorf(err, "%s: %s", refusal.Reason, text)
}

// errSilent is what the library's errors mean when a connection was closed for taking too long.
var errSilent = errors.New("no whole answer came in time")

// quoted is a reply of SMTP as net/textproto prints it.
var quoted = regexp.MustCompile(`\b([245]\d\d) ("(?:[^"\\]|\\.)*")`)

// unquoted gives the replies in a text as the server wrote them.
func unquoted(text string) string {
	return quoted.ReplaceAllStringFunc(text, func(reply string) string {
		if said, err := strconv.Unquote(reply[4:]); err == nil {
			return reply[:4] + said
		}
		return reply
	})
}

// dial opens a session up to where mail can be sent; stop ends it.
func (m *mailEnd) dial(ctx context.Context, password string) (*mail.Client, *smtp.Client, func(), error) {
	set := m.settings.Mail
	roots, err := rootsWith(set.CAFile)
	if err != nil {
		return nil, nil, nil, err
	}
	secure := &tls.Config{ServerName: set.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	var raw net.Conn
	hangUp := func() bool { return true }
	options := []mail.Option{
		mail.WithPort(set.Port), mail.WithTimeout(patience), mail.WithTLSConfig(secure), mail.WithoutRset(), mail.WithoutNoop(),
		mail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			conn, err := connect(dialing, network, address, set.Security == config.TLS, secure)
			if err == nil { // the library's deadlines are each step's; what ends the context ends the whole
				raw, hangUp = conn, context.AfterFunc(ctx, func() { _ = conn.Close() })
			}
			return conn, err
		}),
	}
	switch set.Security {
	case config.StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case config.TLS: // the library looks at the connection that it is given
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if set.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(set.Username), mail.WithPassword(password))
	}
	client, err := mail.NewClient(set.Host, options...)
	if err != nil {
		return nil, nil, nil, err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		hangUp()
		if raw != nil {
			_ = raw.Close()
		}
		if ctx.Err() != nil {
			err = errSilent
		}
		return nil, nil, nil, endErrorf(err, "%s: %s", net.JoinHostPort(set.Host, strconv.Itoa(set.Port)), reason(err))
	}
	return client, conn, func() {
		_ = client.CloseWithSMTPClient(conn)
		hangUp()
		_ = raw.Close()
	}, nil
}

func connect(ctx context.Context, network, address string, secured bool, secure *tls.Config) (net.Conn, error) {
	if secured {
		return (&tls.Dialer{Config: secure}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// reason says of a certificate that is not believed what to do.
func reason(err error) string {
	text := unquoted(err.Error())
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		text = certificate.Err.Error() + ": the server's certificate is not for this host, or of an authority that is not known; set host to the name in it, or ca_file"
	}
	return text
}

// rootsWith are the authorities that a server's certificate may come from; nil: the system's.
func rootsWith(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := config.ReadFile(file, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("ca_file %s cannot be read: %w", file, err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %s holds no certificate in PEM form", file)
	}
	return roots, nil
}

// message is a notice as mail. Its id is the same whenever it is sent, and it stands in the
// thread of its conversation.
func (m *mailEnd) message(n *sync.Notice, recipient string) (*mail.Msg, error) {
	text := Write(n, m.style)
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := msg.From(m.settings.Mail.From); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if err := msg.To(recipient); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	domain := m.domain()
	msg.SetMessageIDWithValue(n.ID + "@" + domain)
	if n.Thread != n.ID && n.Thread != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+n.Thread+"@"+domain+">")
		msg.SetGenHeader(mail.HeaderReferences, "<"+n.Thread+"@"+domain+">")
	}
	msg.SetDateWithValue(n.At)
	msg.Subject(text.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no answer from somebody's holidays
	msg.SetBodyString(mail.TypeTextPlain, text.Body)
	return msg, nil
}

// domain is the sender's.
func (m *mailEnd) domain() string {
	_, domain, _ := strings.Cut(strings.TrimRight(m.settings.Mail.From, "> "), "@")
	if domain == "" {
		domain, _ = os.Hostname()
	}
	return domain
}
