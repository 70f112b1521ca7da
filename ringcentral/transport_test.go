package ringcentral

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
)

// wire is a network in memory whose open lines can fall silent, as when a firewall
// forgets them: what is written is lost, and nothing comes any more.
type wire struct {
	accepted chan net.Conn
	done     chan struct{}
	mu       stdsync.Mutex
	lines    []*line
	dialled  int
	closed   stdsync.Once
}

type line struct {
	net.Conn
	silent, closed chan struct{}
	once           [2]stdsync.Once
}

func (w *wire) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	l := &line{Conn: here, silent: make(chan struct{}), closed: make(chan struct{})}
	w.mu.Lock()
	w.lines, w.dialled = append(w.lines, l), w.dialled+1
	w.mu.Unlock()
	select {
	case w.accepted <- there:
		return l, nil
	case <-w.done: // net/http goes on dialling when nobody waits any more
		return nil, net.ErrClosed
	}
}

// silence makes every line that is open now silent.
func (w *wire) silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.lines {
		l.once[0].Do(func() { close(l.silent) })
	}
}

func (l *line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	select {
	case <-l.silent:
		<-l.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (l *line) Write(p []byte) (int, error) {
	select {
	case <-l.silent:
		return len(p), nil
	default:
		return l.Conn.Write(p)
	}
}

func (l *line) Close() error {
	l.once[1].Do(func() { close(l.closed) })
	return l.Conn.Close()
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case conn := <-w.accepted:
		return conn, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error   { w.closed.Do(func() { close(w.done) }); return nil }
func (w *wire) Addr() net.Addr { return &net.TCPAddr{} }

// silentRun reads a company whose server falls silent once, at a request for the
// agents, and tells how long that took more than without.
func silentRun(t *testing.T, http2 bool) (lost time.Duration, dialled int) {
	t.Helper()
	run := func(silent bool) time.Duration {
		w := &wire{accepted: make(chan net.Conn), done: make(chan struct{})}
		var once stdsync.Once
		s := simulator.New(simulator.Generate(60, 1), simulator.Options{OnRequest: func(r *http.Request, _ []byte) {
			if want := map[bool]int{true: 2, false: 1}[http2]; r.ProtoMajor != want {
				t.Errorf("HTTP/%d", r.ProtoMajor)
			}
			if silent && strings.HasSuffix(r.URL.Path, "/agents") {
				once.Do(w.silence)
			}
		}})
		server := httptest.NewUnstartedServer(s)
		_ = server.Listener.Close()
		server.Listener, server.EnableHTTP2 = w, http2
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		cfg := demoConfig(s)
		cfg.BaseURL, cfg.RingCXURL, cfg.Transport = "https://example.com", "https://example.com", nil
		d := mustNew(t, cfg)
		transport := d.c.transport.(*http.Transport)
		transport.Proxy, transport.DialContext = nil, w.dial
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
		began := time.Now()
		_, err := d.Snapshot(t.Context(), nil)
		took := time.Since(began)
		d.Close(t.Context())
		if err != nil {
			t.Errorf("silent %t: after %s: %v", silent, took, err)
		}
		dialled = w.dialled
		return took
	}
	without := run(false)
	return run(true) - without, dialled
}

// A connection that dies without a word is left by the next try. HTTP/2 sent every
// try down the dead one, until the account failed after 199 s (golang/go #59690).
func TestARetryLeavesADeadConnection(t *testing.T) {
	for _, c := range []struct {
		http2 bool
		most  time.Duration
	}{{true, 20 * time.Second}, {false, attemptTimeout + 5*time.Second}} {
		t.Run(fmt.Sprintf("HTTP/2 %t", c.http2), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lost, dialled := silentRun(t, c.http2)
				t.Logf("%s lost, %d connections", lost, dialled)
				if lost > c.most {
					t.Errorf("%s lost, want %s at most", lost, c.most)
				}
			})
		})
	}
}

// net/http ignores a proxy that cannot be parsed, and goes direct.
func TestAProxyThatCannotBeParsedIsRefused(t *testing.T) {
	good := Config{BaseURL: "https://platform.example.com", RingCXURL: "https://ringcx.example.com", MainAccountID: "1"}
	for _, name := range proxyVariables {
		for _, other := range proxyVariables {
			t.Setenv(other, "")
		}
		for value, says := range map[string]string{
			"http://proxy.example.com:3128\r":                 name + " is not the address of a proxy (it ends in a carriage return)",
			" http://proxy.example.com:3128":                  "space or a control character",
			"http://proxy.example.com:31x28":                  name + " is not the address of a proxy: correct it",
			"http://ada:s3cr3t@proxy.example.com:3128\x01":    "space or a control character",
			`"http://proxy.example.com:3128"`:                 "quotes",
			"ftp://proxy.example.com":                         name,
			"http://":                                         name,
			"://proxy.example.com":                            name,
			"http://proxy.example.com:3128":                   "",
			"proxy.example.com:3128":                          "",
			"socks5://127.0.0.1:1080":                         "",
			"https://ada:s3cr3t@proxy.example.com:3128/":      "",
			"http://ada:s3cr3t%zz@proxy.example.com:3128":     name,
			"http://[2001:db8::1]:3128":                       "",
			"http://proxy.example.com:3128 # the company's":   "space",
			"http://proxy.example.com:3128,http://10.0.0.1:1": name,
			"http:///proxy.example.com":                       name,
		} {
			t.Setenv(name, value)
			d, err := New(good)
			switch {
			case says == "" && err != nil:
				t.Errorf("%s=%q: %v", name, value, err)
			case says != "" && (err == nil || !strings.Contains(err.Error(), says)):
				t.Errorf("%s=%q: %v, %v", name, value, d, err)
			case err != nil && strings.Contains(err.Error(), "s3cr3t"):
				t.Errorf("the password is told: %v", err)
			}
		}
	}
}

// A FIFO would wait for its other end, and /dev/zero has none.
func TestCAFileIsARegularFile(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(fifo, link); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, mostCAFile+1); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{
		fifo: "is not a regular file", link: "is not a regular file", "/dev/zero": "is not a regular file",
		dir: "is not a regular file", large: "is larger than",
	} {
		if _, err := NewTransport(file); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// A proxy that opens no way says so by a status, which has its own advice. It is
// not asked four times for what it will not give.
func TestAProxyThatRefusesTheWay(t *testing.T) {
	for _, c := range []struct {
		status int
		calls  int
		says   string
	}{
		{407, 1, proxyLogin},
		{403, 1, "that the proxy lets this host reach RingCentral"},
		{502, mostTries, "check the network, HTTPS_PROXY"},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := demoConfig(simulator.New(simulator.Generate(20, 1), simulator.Options{}))
				cfg.Transport = nil
				d := mustNew(t, cfg)
				defer d.Close(t.Context())
				transport := d.c.transport.(*http.Transport)
				transport.Proxy = http.ProxyURL(mustParse(t, "http://proxy.example.com:3128"))
				transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
					here, there := net.Pipe()
					go func() {
						_, _ = there.Read(make([]byte, 4096))
						_, _ = fmt.Fprintf(there, "HTTP/1.1 %d No way\r\nContent-Length: 0\r\n\r\n", c.status)
						_, _ = io.Copy(io.Discard, there)
					}()
					return here, nil
				}
				_, err := d.Snapshot(t.Context(), nil)
				if err == nil || d.Calls() != c.calls || !strings.Contains(err.Error(), c.says) ||
					!strings.Contains(err.Error(), fmt.Sprintf("the proxy answered %d No way", c.status)) {
					t.Errorf("%d calls: %v", d.Calls(), err)
				}
			})
		})
	}
}
