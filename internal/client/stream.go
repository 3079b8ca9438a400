package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/api"
)

// again says how a stream that is cut is asked for once more: as often without a sign of life, with a wait that doubles from first to
// most, and whether also where it was let go because it was too slow.
type again struct {
	tries       int
	first, most time.Duration
	slow        bool
	tell        func(Cut) // nil: nobody
}

// briefly is for streams that a person looks at: whoever looks sees that they ended.
func briefly() again {
	return again{tries: 5, first: 500 * time.Millisecond, most: 500 * time.Millisecond}
}

// Cut is a stream that was cut off, and is asked for again from the item after After on, in Wait. After is −1 where it had not begun.
type Cut struct {
	Err   error
	After int64
	Wait  time.Duration
}

// errEnd ends a stream that said it is complete.
var errEnd = errors.New("end of stream")

// readLines calls fn for each line. The line is only valid during the call.
func readLines(ctx context.Context, r io.Reader, fn func([]byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	for s.Scan() {
		if len(s.Bytes()) == 0 {
			continue
		}
		if err := fn(s.Bytes()); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.Err()
}

// events follows a server-sent event stream to its "end" event, taking it up again with Last-Event-ID when the connection is cut.
// after is the number of the last item seen; below 0 nothing is said about it.
func (c *Client) events(ctx context.Context, path string, q url.Values, after int64, a again, fn func([]byte) error) error {
	for try, wait := 0, a.first; ; wait = min(2*wait, a.most) {
		header := http.Header{"Accept": {"text/event-stream"}}
		if after >= 0 {
			header.Set("Last-Event-ID", strconv.FormatInt(after, 10))
		}
		res, err := c.request(ctx, http.MethodGet, path, q, nil, header)
		if err == nil {
			var moved bool
			moved, err = readEvents(ctx, res.Body, &after, fn)
			_ = res.Body.Close() // only read from
			if moved {
				try, wait = 0, a.first
			}
		}
		switch {
		case errors.Is(err, errEnd):
			return nil
		case !a.mends(err):
			return err
		}
		if try++; try > a.tries {
			return err
		}
		if a.tell != nil {
			a.tell(Cut{err, after, wait})
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// mends tells whether asking again may help.
func (a *again) mends(err error) bool {
	var u *Unreachable
	var p *api.Problem
	return errors.As(err, &u) || a.slow && errors.As(err, &p) && p.Code == api.CodeSlow
}

// readEvents reads one connection's events. It returns errEnd at the end event, and an *Unreachable when the connection was cut.
func readEvents(ctx context.Context, r io.Reader, after *int64, fn func([]byte) error) (moved bool, err error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	var name, id string
	var data []byte
	for s.Scan() {
		line := s.Bytes()
		if len(line) > 0 {
			field, value, _ := bytes.Cut(line, []byte(":"))
			value = bytes.TrimPrefix(value, []byte(" "))
			switch string(field) {
			case "event":
				name = string(value)
			case "id":
				id = string(value)
			case "data":
				if len(data)+len(value) > maxLine {
					return moved, fmt.Errorf("event stream: an event is larger than %d bytes", maxLine)
				}
				data = append(data, value...)
			}
			continue
		}
		if name != "" || data != nil { // without both it is a place only
			if err := oneEvent(name, data, fn); err != nil {
				return moved, err
			}
		}
		if n, err := strconv.ParseInt(id, 10, 64); err == nil && n > *after {
			*after, moved = n, true
		}
		name, id, data = "", "", nil
	}
	if ctx.Err() != nil {
		return moved, ctx.Err()
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return moved, fmt.Errorf("event stream: %w", s.Err())
	}
	return moved, &Unreachable{Err: io.ErrUnexpectedEOF}
}

func oneEvent(name string, data []byte, fn func([]byte) error) error {
	switch name {
	case "end":
		return errEnd
	case "problem":
		p := &api.Problem{}
		if err := json.Unmarshal(data, p); err != nil {
			return fmt.Errorf("event stream: %w", err)
		}
		return p
	}
	return fn(data)
}
