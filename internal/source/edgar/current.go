package edgar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	currentPage = 100 // lines; the most there is
	// currentPages bound one poll: more than the list has been seen to hold. Its pages end before 5,100 lines.
	currentPages = 60
	// currentOverlap is how far the list is read back behind the newest filing known: filings are not shown strictly in the order
	// of their acceptance.
	currentOverlap = 5 * time.Minute
	maxList        = 4 << 20
)

type currentCursor struct {
	Newest time.Time `json:"newest,omitzero"` // acceptance of the newest filing read
	resolved
}

// current reads the list of current filings, of all forms at once, back to what the last poll knew: most of the time that is one page.
func (c *Client) current(ctx context.Context, cursor []byte) (h source.Harvest, err error) {
	if err := c.ready(); err != nil {
		return h, err
	}
	cur := readCursor[currentCursor](cursor)
	if cur.Newest.After(c.clock.Now().Add(time.Hour)) {
		cur.Newest = time.Time{} // no poll noted that
	}
	watched, unresolved := c.watched(ctx, &cur.resolved, &h)
	entries, newest, oldest, err := c.list(ctx, cur.Newest, &h)
	if err == nil && !newest.IsZero() {
		cur.Newest = newest
	}
	if err = first(err, unresolved); err == nil {
		h.Since = oldest
	}
	h.Events = events(pick(entries, watched))
	h.Cursor = writeCursor(cur)
	return h, err
}

// list reads pages until what is known is met or the list ends. newest and oldest bound what it read. While pages are turned the list
// grows at its head, so that lines come twice and none is passed over.
func (c *Client) list(ctx context.Context, known time.Time, h *source.Harvest) (entries []entry, newest, oldest time.Time, err error) {
	seen := map[string]bool{}
	for page := range currentPages {
		got, n, err := c.page(ctx, page*currentPage, h)
		if err != nil {
			return entries, newest, oldest, err
		}
		fresh := false
		for _, e := range got {
			line := e.accession + "/" + strconv.Itoa(e.filer.CIK)
			fresh = fresh || !seen[line]
			seen[line] = true
			if e.accepted.After(newest) {
				newest = e.accepted
			}
			if oldest.IsZero() || e.accepted.Before(oldest) {
				oldest = e.accepted
			}
		}
		entries = append(entries, got...)
		if n < currentPage || !fresh || !known.IsZero() && oldest.Before(known.Add(-currentOverlap)) {
			break
		}
	}
	if now := c.clock.Now(); newest.After(now) {
		newest = now
	}
	return entries, newest, oldest, nil
}

// page asks for one page; n counts its lines, and is 0 past the end.
func (c *Client) page(ctx context.Context, start int, h *source.Harvest) (entries []entry, n int, err error) {
	q := url.Values{"action": {"getcurrent"}, "type": {""}, "company": {""}, "dateb": {""}, "owner": {"include"},
		"count": {strconv.Itoa(currentPage)}, "start": {strconv.Itoa(start)}, "output": {"atom"}}
	req := upstream.Request{Path: "/cgi-bin/browse-edgar", Query: q, Accept: "application/atom+xml", MaxBody: maxList, XML: true}
	if start > 0 {
		req.Own = []int{http.StatusServiceUnavailable}
	}
	a, err := c.ask(ctx, c.www, req, h)
	switch {
	case err != nil:
		return nil, 0, err
	case a.Status == http.StatusServiceUnavailable && strings.Contains(string(a.Body), "File Unavailable"):
		return nil, 0, nil // so the list ends
	case a.Status != http.StatusOK:
		return nil, 0, c.www.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
	}
	entries, rejects, n, err := decodeCurrent(a.Body, c.clock.Now())
	if err != nil {
		return nil, 0, c.malformed(h, a, err)
	}
	h.Rejects = append(h.Rejects, rejects...)
	return entries, n, nil
}

// stop reports an error that the next request would meet too.
func stop(err error) bool {
	var limited *upstream.RateLimitError
	return errors.Is(err, upstream.ErrUnavailable) || errors.As(err, &limited) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// first keeps the first error of several.
func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// readCursor reads what writeCursor wrote; anything else is a fresh start.
func readCursor[T any](b []byte) (c T) {
	var zero T
	if len(b) == 0 || len(b) > source.MaxCursor || json.Unmarshal(b, &c) != nil {
		return zero
	}
	return c
}

func writeCursor(c any) []byte {
	b, err := json.Marshal(c)
	if err != nil || len(b) > source.MaxCursor {
		return nil // the old one stays; more is read again than need be
	}
	return b
}
