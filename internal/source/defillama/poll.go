package defillama

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// seen is the cursor of the feeds of the present: what each answer of an hour was marked with. In the next hour everything is asked
// for anew, because figures stand at their hour.
type seen struct {
	Hour  time.Time                      `json:"hour"`
	Marks map[string]upstream.Validators `json:"marks"`
}

// poll is one poll of a feed of the present.
type poll struct {
	c    *Client
	hour time.Time // of all its figures
	last seen
	next seen
	out  source.Harvest
}

func (c *Client) begin(cursor []byte) *poll {
	p := &poll{c: c, hour: c.clock.Now().Truncate(time.Hour)}
	if json.Unmarshal(cursor, &p.last) != nil || !p.last.Hour.Equal(p.hour) {
		p.last = seen{} // also where the cursor is none: then everything is new
	}
	p.next = seen{p.hour, map[string]upstream.Validators{}}
	return p
}

// end makes the cursor.
func (p *poll) end(err error) (source.Harvest, error) {
	p.out.Cursor, _ = json.Marshal(p.next) // times and texts always marshal
	return p.out, err
}

// add asks for a path and lands what read makes of the answer. An answer that has not changed in this hour adds nothing.
func (p *poll) add(ctx context.Context, up *upstream.Client, path string, query url.Values, read func(*stream) (*haul, error)) error {
	key := path + "?" + query.Encode()
	mark := p.last.Marks[key]
	var h *haul
	a, err := p.c.ask(ctx, up, upstream.Request{Path: path, Query: query, If: mark}, &p.out, func(s *stream) (err error) {
		h, err = read(s)
		return err
	})
	if err != nil {
		return err
	}
	if !a.NotModified {
		mark = a.Validators
		h.land(&p.out, p.hour)
	}
	if mark != (upstream.Validators{}) {
		p.next.Marks[key] = mark
	}
	return nil
}

// ask makes a request and reads the answer by read. What cannot be read is an error and a reject of its first bytes; a chain or protocol
// that DeFiLlama does not know is upstream.ErrUnknownSymbol.
func (c *Client) ask(ctx context.Context, up *upstream.Client, r upstream.Request, out *source.Harvest, read func(*stream) error) (upstream.Answer, error) {
	var s *stream
	r.MaxBody, r.Own = maxAnswer, []int{http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity}
	r.Read = func(body io.Reader) error {
		s = newStream(body)
		return read(s)
	}
	a, err := up.Do(ctx, r)
	switch {
	case errors.Is(err, upstream.ErrMalformed) && s != nil:
		out.Unread(http.StatusOK, s.head, "the answer to "+r.Path[:min(len(r.Path), 80)]+" could not be read", err)
		return a, err
	case err != nil:
		return a, err
	case a.NotModified || a.Status == http.StatusOK:
		if out.Read.IsZero() {
			out.Read = c.clock.Now()
		}
		return a, nil
	case slices.Contains(r.Own, a.Status) && !bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")): // a page is somebody else's
		return a, up.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnknownSymbol, a.Status))
	}
	return a, up.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
}
