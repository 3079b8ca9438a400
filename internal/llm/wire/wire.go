// Package wire is what the adapters of all model providers share below their formats: one request goes over the wire for one call, what
// comes back is bounded and watched for silence, a failure is told as an *llm.Error, and no key gets into one.
package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ohmycoins/omc/internal/llm"
)

// Bounds.
const (
	MaxAnswer  = 1 << 20  // bytes of an answer's text, thoughts and tool calls together
	MaxBody    = 16 << 20 // bytes of a body: a streamed one has hundreds for each token
	maxFailure = 64 << 10 // bytes of a failure's body that are read
	maxText    = 300      // bytes of a provider's message in an error
)

// DefaultSilence is how long a provider may say nothing. Models that think before they answer do so without a word.
const DefaultSilence = 2 * time.Minute

// Transport is an http.RoundTripper of one provider. Safe for concurrent use. A call made through it is made within Call.
type Transport struct {
	Provider string
	Keys     []string          // secrets that must not show
	Silence  time.Duration     // a provider that says nothing for so long is given up; 0: DefaultSilence
	Base     http.RoundTripper // nil: http.DefaultTransport
}

// Client is an http.Client over the transport that follows no redirect: the key goes nowhere else.
func (t *Transport) Client() *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// exchange is what one call came to. A request that a library makes on its own, a second one for one call, is not sent.
type exchange struct {
	sent    atomic.Int32
	failure atomic.Pointer[llm.Error]
}

type exchangeKey struct{}

// Call makes one call of a provider's library: fn does, with its context. What the library returns is told as the *llm.Error that it was
// at first, whatever the library made of it.
func (t *Transport) Call(ctx context.Context, fn func(context.Context) error) error {
	var x exchange
	err := fn(context.WithValue(ctx, exchangeKey{}, &x))
	if f := x.failure.Load(); f != nil {
		return f
	}
	if err == nil {
		return nil
	}
	var told *llm.Error
	if errors.As(err, &told) {
		return told
	}
	return t.Fail(llm.Error{Kind: llm.KindBroken, Unsent: x.sent.Load() == 0, Text: err.Error()})
}

// Fail makes an error of the provider's, without keys and of one bounded line.
func (t *Transport) Fail(e llm.Error) *llm.Error {
	e.Provider, e.Text = t.Provider, t.mask(line(e.Text))
	return &e
}

// Failed is Fail for what a library is to give back: Call tells it whatever the library makes of it.
func (t *Transport) Failed(ctx context.Context, e llm.Error) error {
	f := t.Fail(e)
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.failure.CompareAndSwap(nil, f)
	}
	return f
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("a request outside of a call")
	}
	fail := func(e llm.Error) (*http.Response, error) {
		f := t.Fail(e)
		x.failure.CompareAndSwap(nil, f)
		return nil, f
	}
	if x.sent.Add(1) > 1 {
		return fail(llm.Error{Kind: llm.KindBroken, Text: "the library asked a second time: nothing is sent twice"})
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	silence := t.Silence
	if silence <= 0 {
		silence = DefaultSilence
	}
	watch := time.AfterFunc(silence, func() { cancel(errSilent) })
	end := func() { watch.Stop(); cancel(nil) }
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	r, err := base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		f := t.network(ctx, err)
		end()
		return fail(f)
	}
	if r.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(r.Body, maxFailure)) // what has come of it says enough
		_ = r.Body.Close()
		end()
		return fail(classify(r.StatusCode, r.Header, body))
	}
	r.Body = &watched{t: t, ctx: ctx, x: x, body: r.Body, watch: watch, silence: silence, end: end}
	return r, nil
}

var errSilent = errors.New("silent")

// network is a failure before an answer, or in the middle of one.
func (t *Transport) network(ctx context.Context, err error) llm.Error {
	var op *net.OpError
	e := llm.Error{Kind: llm.KindNetwork, Unsent: errors.As(err, &op) && op.Op == "dial", Text: plain(err)}
	switch {
	case errors.Is(context.Cause(ctx), errSilent), errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		e.Kind, e.Text = llm.KindSilent, "no answer in time"
	case ctx.Err() != nil:
		e.Kind, e.Text = llm.KindStopped, "given up: omc was stopping"
	}
	return e
}

// watched is the body of an answer.
type watched struct {
	t       *Transport
	ctx     context.Context
	x       *exchange
	body    io.ReadCloser
	watch   *time.Timer
	silence time.Duration
	end     func()
	read    int64
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if n > 0 {
		w.watch.Reset(w.silence)
	}
	if w.read += int64(n); w.read > MaxBody {
		return n, w.fail(llm.Error{Kind: llm.KindBroken, Status: http.StatusOK, Text: fmt.Sprintf("the answer has more than %d MiB", MaxBody>>20)})
	}
	if err != nil && !errors.Is(err, io.EOF) {
		e := w.t.network(w.ctx, err)
		e.Status, e.Unsent = http.StatusOK, false
		if e.Kind == llm.KindNetwork {
			e.Kind, e.Text = llm.KindBroken, "the answer broke off: "+e.Text
		}
		return n, w.fail(e)
	}
	return n, err
}

func (w *watched) fail(e llm.Error) error {
	f := w.t.Fail(e)
	w.x.failure.CompareAndSwap(nil, f)
	return f
}

// Close implements io.Closer.
func (w *watched) Close() error {
	w.end()
	return w.body.Close()
}

// plain is a network error without the URL, which may hold what nobody should see.
func plain(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// mask takes the keys out of a text: servers and libraries repeat what they were sent.
func (t *Transport) mask(s string) string {
	for _, key := range t.Keys {
		if key == "" {
			continue
		}
		s = strings.ReplaceAll(s, key, "********")
		if escaped := url.QueryEscape(key); escaped != key {
			s = strings.ReplaceAll(s, escaped, "********")
		}
		// OpenAI repeats a wrong key as its first and last characters around stars.
		for w := range strings.FieldsSeq(s) {
			head, tail, starred := strings.Cut(strings.Trim(w, ".,;:'\""), "*")
			if starred && head != "" && strings.HasPrefix(key, head) && strings.HasSuffix(key, strings.TrimLeft(tail, "*")) {
				s = strings.ReplaceAll(s, w, "********")
			}
		}
	}
	return s
}

// line is one bounded line of a provider's text.
func line(text string) string {
	if text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " "); text == "" {
		return "without a message"
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
