package upstream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxBody is five times the longest whole answer of most sources, 1000 candles of about 200 bytes. Decoded, hostile bytes
	// take some twenty times their size.
	maxBody = 1 << 20
	// peeked is how much of an answer is looked at to tell a web page.
	peeked = 1 << 10
)

var errTooLong = errors.New("too long")

// bounded reads at most most bytes, and keeps what went wrong: whoever reads through it may tell another tale.
type bounded struct {
	in    io.Reader
	most  int64
	left  int64
	count func(int)
	err   error // of in, or errTooLong; nil while all is well, or at the end
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more than there may be, to tell the end from too much
	}
	n, err := b.in.Read(p)
	b.count(n)
	if int64(n) > b.left {
		n, err = int(b.left), errTooLong
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// read judges an answer and reads its body, or has it read.
func (c *Client) read(ctx context.Context, a *Answer, body io.Reader, r *Request) (again bool, err error) {
	streamed := r.Read != nil && a.Status >= 200 && a.Status < 300
	most := r.MaxBody
	if r.Read != nil && !streamed {
		most = min(most, maxBody) // what is no answer to the question is held whole
	}
	in := &bounded{in: body, most: most, left: most, count: c.stats.read}
	if streamed {
		return c.stream(ctx, a, in, r)
	}
	a.Body, err = io.ReadAll(in)
	if err != nil {
		a.Body = nil
		return ctx.Err() == nil && !errors.Is(err, errTooLong), broken(ctx, in, err)
	}
	return c.judge(a, r, a.Body)
}

// stream has the body of a good answer read as it comes in.
func (c *Client) stream(ctx context.Context, a *Answer, in *bounded, r *Request) (again bool, err error) {
	buf := bufio.NewReaderSize(in, peeked)
	head, err := buf.Peek(peeked)
	if err != nil && err != io.EOF {
		return ctx.Err() == nil && !errors.Is(err, errTooLong), broken(ctx, in, err)
	}
	if again, err = c.judge(a, r, head); err != nil {
		return again, err
	}
	err = r.Read(buf)
	if err == nil {
		_, err = io.Copy(io.Discard, buf) // what is left must be there, and be no more than allowed
	}
	switch {
	case err == nil && in.err == nil:
		return false, nil
	case in.err != nil || ctx.Err() != nil:
		return false, broken(ctx, in, err)
	case kind(err):
		return false, err
	}
	return false, fmt.Errorf("%w: %w", ErrMalformed, err)
}

// kind reports an error that says already what it is.
func kind(err error) bool {
	var limited *RateLimitError
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrMalformed) || errors.Is(err, ErrUnknownSymbol) || errors.As(err, &limited)
}

// broken is why a body could not be read to its end.
func broken(ctx context.Context, in *bounded, err error) error {
	if in.err != nil {
		err = in.err
	}
	if errors.Is(err, errTooLong) {
		return fmt.Errorf("%w: over %d bytes", ErrMalformed, in.most)
	}
	return transportError(ctx, err)
}

// judge turns statuses that mean the same everywhere, and web pages, into errors; head is the beginning of the body.
func (c *Client) judge(a *Answer, r *Request, head []byte) (again bool, err error) {
	after := retryAfter(a.Header, c.pace.clock.Now())
	switch {
	case slices.Contains(r.Own, a.Status):
		return false, nil
	case a.Status == http.StatusNotModified && r.If != Validators{}:
		a.NotModified = true
		if a.Validators.ETag == "" {
			a.Validators.ETag = r.If.ETag
		}
		if a.Validators.LastModified == "" {
			a.Validators.LastModified = r.If.LastModified
		}
		return false, nil
	case a.Status == http.StatusTooManyRequests || a.Status == http.StatusTeapot:
		return false, &RateLimitError{RetryAfter: after, Banned: a.Status == http.StatusTeapot}
	case a.Status == http.StatusServiceUnavailable && after > 0:
		return false, fmt.Errorf("%w: http status 503: %w", ErrUnavailable, &RateLimitError{RetryAfter: after})
	case a.Status >= 500:
		return true, fmt.Errorf("%w: http status %d", ErrUnavailable, a.Status)
	case a.Status == http.StatusForbidden || a.Status == http.StatusUnavailableForLegalReasons:
		return false, fmt.Errorf("%w: http status %d, which refuses this address or country", ErrUnavailable, a.Status)
	case a.Status >= 300 && a.Status < 400:
		return false, fmt.Errorf("%w: http status %d", ErrUnavailable, a.Status)
	case webPage(head, a.Header.Get("Content-Type"), r.XML):
		return false, fmt.Errorf("%w: a web page instead of data (http status %d)", ErrUnavailable, a.Status)
	}
	return false, nil
}

// webPage tells a page for people from data. Where XML may come, only what the body says of itself counts: feeds are sent under all
// kinds of types.
func webPage(head []byte, contentType string, xml bool) bool {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if !xml {
		return bytes.HasPrefix(head, []byte("<")) || strings.HasPrefix(strings.ToLower(contentType), "text/html")
	}
	for {
		var end string
		switch {
		case bytes.HasPrefix(head, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(head, []byte("<!--")):
			end = "-->"
		default:
			text := strings.ToLower(string(head[:min(len(head), 40)]))
			return strings.HasPrefix(text, "<html") || strings.HasPrefix(strings.Join(strings.Fields(text), " "), "<!doctype html")
		}
		_, rest, found := bytes.Cut(head, []byte(end))
		if !found {
			return false
		}
		head = bytes.TrimSpace(rest)
	}
}

// settled reports an error that asking again at once will not change: nobody was reached, or a redirect was refused.
func settled(err error) bool {
	var op *net.OpError
	return errors.Is(err, errRedirect) || errors.As(err, &op) && op.Op == "dial"
}

// transportError leaves out the url, whose query and password are nobody's business.
func transportError(ctx context.Context, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case errors.Is(err, errRedirect):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: no whole answer in time: %w", ErrUnavailable, ctx.Err())
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
