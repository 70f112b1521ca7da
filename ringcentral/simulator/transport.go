package simulator

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	stdsync "sync"
)

// Transport is an http.RoundTripper that hands requests to the server in memory: no sockets, so that it
// runs on the virtual clock of a testing/synctest bubble. Cancelling a request, closing a body early,
// streamed, slow and cut bodies are as over a connection.
func (s *Server) Transport() http.RoundTripper { return memory{s} }

type memory struct{ handler http.Handler }

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	ctx, cancel := context.WithCancel(r.Context())
	pr, pw := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: pw, started: make(chan struct{}), left: -1}
	go m.run(w, inbound(r, ctx))
	select {
	case <-w.started:
	case <-ctx.Done():
	}
	if err := r.Context().Err(); err != nil {
		cancel()
		pr.CloseWithError(err)
		return nil, err
	}
	if w.err != nil {
		cancel()
		return nil, w.err
	}
	stop := context.AfterFunc(ctx, func() { pw.CloseWithError(context.Cause(ctx)) })
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: w.length, Request: r,
		Body: &pipeBody{PipeReader: pr, done: func() { stop(); cancel() }},
	}, nil
}

// run is the server's goroutine.
func (m memory) run(w *pipeWriter, r *http.Request) {
	ctx := r.Context()
	defer func() { w.finish(ctx, recover()) }()
	m.handler.ServeHTTP(w, r)
}

// inbound is the request as a server sees it. It keeps scheme and host in the URL.
func inbound(r *http.Request, ctx context.Context) *http.Request {
	in := r.Clone(ctx)
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:1"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

// pipeWriter is the http.ResponseWriter of a request in memory.
type pipeWriter struct {
	header  http.Header
	body    *io.PipeWriter
	started chan struct{} // closed when the fields below are final
	once    stdsync.Once

	sent   http.Header
	status int
	length int64
	err    error
	left   int64 // of the Content-Length; below 0: unknown
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent, w.length = status, maps.Clone(w.header), -1
		maps.DeleteFunc(w.sent, func(_ string, values []string) bool { return len(values) == 0 })
		if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil {
			w.length, w.left = n, n
		}
		close(w.started)
	})
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	n, err := w.body.Write(p)
	w.left -= int64(n)
	return n, err
}

// finish ends the answer: well, or broken by an abort, by a handler that gave up because the caller had, or
// by bytes that were promised and are missing. Broken before a byte was sent, the call itself fails.
func (w *pipeWriter) finish(ctx context.Context, panicked any) {
	err := context.Cause(ctx)
	if panicked != nil {
		if e, ok := panicked.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
			panic(panicked)
		}
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		w.once.Do(func() {
			w.err = err
			close(w.started)
		})
	}
	w.WriteHeader(http.StatusOK)
	if err == nil && w.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	w.body.CloseWithError(err)
}

type pipeBody struct {
	*io.PipeReader
	done func()
}

func (b *pipeBody) Close() error {
	err := b.PipeReader.Close()
	b.done()
	return err
}
