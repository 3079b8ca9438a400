package client

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// Memory is a transport that serves each request with a handler in this process. Bodies stream in both directions.
type Memory struct {
	Handler http.Handler
}

// RoundTrip runs the handler in a goroutine of its own, which ends when the handler returns; closing the answer's body, or ending
// the request's context, cancels it.
func (m *Memory) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	served := req.Clone(ctx)
	served.RequestURI = req.URL.RequestURI()
	served.RemoteAddr = "memory"
	if served.Body == nil {
		served.Body = http.NoBody
	}
	if served.Host == "" {
		served.Host = req.URL.Host
	}
	pr, pw := io.Pipe()
	w := &memoryWriter{header: http.Header{}, pipe: pw, buf: bufio.NewWriterSize(pw, 32<<10), begun: make(chan struct{})}
	go func() {
		defer cancel()
		var failed error
		defer func() { w.finish(failed) }()
		defer func() {
			if v := recover(); v != nil { // the handler cut the connection: http.ErrAbortHandler
				failed = io.ErrUnexpectedEOF
			}
		}()
		m.Handler.ServeHTTP(w, served)
	}()
	select {
	case <-w.begun:
	case <-ctx.Done():
		select {
		case <-w.begun: // it answered, and ended, before its context did
		default:
			_ = pr.CloseWithError(ctx.Err())
			return nil, ctx.Err()
		}
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: &memoryBody{PipeReader: pr, cancel: cancel}, ContentLength: -1, Request: req,
	}, nil
}

type memoryBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *memoryBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// memoryWriter is the handler's side. Small writes are gathered until a flush, as net/http does.
type memoryWriter struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	pipe   *io.PipeWriter
	mu     sync.Mutex // guards buf
	buf    *bufio.Writer
	once   sync.Once
	begun  chan struct{}
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

func (w *memoryWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(b)
}

// FlushError sends what was gathered.
func (w *memoryWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Flush()
}

// Flush is FlushError for old callers.
func (w *memoryWriter) Flush() { _ = w.FlushError() }

// EnableFullDuplex does nothing: here reading and writing never wait for each other.
func (w *memoryWriter) EnableFullDuplex() error { return nil }

func (w *memoryWriter) finish(err error) {
	w.WriteHeader(http.StatusOK)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		err = w.buf.Flush()
	}
	if errors.Is(err, io.ErrClosedPipe) {
		err = nil
	}
	_ = w.pipe.CloseWithError(err)
}

// Unix makes a transport to a unix socket.
func Unix(path string) http.RoundTripper {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
		DisableCompression: true,
	}
}
