package ringcentral

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"ringroster/ringcentral/simulator"
)

// bodies are what a snapshot is made of, as they came.
type bodies struct {
	extensions [][]byte
	agents     map[string][]byte // by group
}

// captured reads a company once and keeps its long lists.
func captured(b *testing.B, people int) *bodies {
	b.Helper()
	all := &bodies{agents: map[string][]byte{}}
	s := simulator.New(simulator.GenerateWith(simulator.GenerateOptions{People: people, Seed: 1, Groups: max(2, people/900)}), simulator.Options{})
	cfg := demoConfig(s)
	cfg.Transport = &capture{RoundTripper: cfg.Transport, into: all}
	d := mustNew(b, cfg)
	defer d.Close(b.Context())
	if _, err := d.Snapshot(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	return all
}

type capture struct {
	http.RoundTripper
	mu   stdsync.Mutex
	into *bodies
}

func (c *capture) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, of, ok := strings.Cut(r.URL.Path, "/agentGroups/"); ok {
		c.into.agents[strings.TrimSuffix(of, "/agents")] = body
	} else if strings.HasSuffix(r.URL.Path, "/extension") {
		c.into.extensions = append(c.into.extensions, body)
	}
	return resp, err
}

// UnmarshalJSON and its like below are encoding/json's ways to read an id, for the
// comparison. The client's decoder prefers UnmarshalJSONFrom.
func (i *id) UnmarshalJSON(b []byte) (err error) {
	*i, err = readID(b)
	return err
}

func (l *ids) UnmarshalJSON(b []byte) error {
	return l.UnmarshalJSONFrom(jsontext.NewDecoder(bytes.NewReader(b)))
}

// BenchmarkDecode compares the client's decoding, records included, with what
// encoding/json takes for the same bodies into the same structs. Both take turns,
// and CPU time counts, which other programs disturb less.
func BenchmarkDecode(b *testing.B) {
	all := captured(b, 20_000)
	var client, plain time.Duration
	for b.Loop() {
		client += spent(func() { all.decode(b) })
		plain += spent(func() { all.unmarshal(b) })
	}
	b.ReportMetric(client.Seconds()*1000/float64(b.N), "client-ms")
	b.ReportMetric(plain.Seconds()*1000/float64(b.N), "unmarshal-ms")
	b.ReportMetric(client.Seconds()/plain.Seconds(), "client/unmarshal")
}

// spent is the CPU time of f, its collecting of garbage included.
func spent(f func()) time.Duration {
	runtime.GC()
	began := cpuTime()
	f()
	return cpuTime() - began
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (all *bodies) decode(b *testing.B) {
	for _, body := range all.extensions {
		if _, err := decodeExtensions(body, ""); err != nil {
			b.Fatal(err)
		}
	}
	for group, body := range all.agents {
		if _, err := decodeAgents(body, "agents", group); err != nil {
			b.Fatal(err)
		}
	}
}

func (all *bodies) unmarshal(b *testing.B) {
	for _, body := range all.extensions {
		var p struct {
			Records []wireExtension
			pageHeader
		}
		if err := json.Unmarshal(body, &p); err != nil {
			b.Fatal(err)
		}
	}
	for _, body := range all.agents {
		var agents []wireAgent
		if err := json.Unmarshal(body, &agents); err != nil {
			b.Fatal(err)
		}
	}
}
