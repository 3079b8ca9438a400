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
	// silence is how long the list may go unread before it may have lost what it did not show: it goes back a day at most times, but
	// the SEC promises nothing, and at night it may begin anew.
	silence = 5 * time.Minute
)

type currentCursor struct {
	Newest time.Time `json:"newest,omitzero"` // acceptance of the newest filing read
	Read   time.Time `json:"read,omitzero"`   // when the list was read the last time
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
	known := cur.Newest
	l, err := c.list(ctx, known, &h)
	if err == nil {
		now := c.clock.Now()
		if away := now.Sub(cur.Read); !known.IsZero() && !l.met && (l.cut || away > silence || away < 0) {
			h.Gap(known, l.after(known), "the list of current filings ends, after %d pages, before it meets what was known", l.pages)
		}
		if cur.Read = now; !l.newest.IsZero() {
			cur.Newest = l.newest
		}
	}
	if err = first(err, unresolved); err == nil {
		h.Since = l.oldest
		if l.met {
			h.Since = known.Add(-currentOverlap)
		} else if len(h.Gaps) > 0 {
			h.Since = h.Gaps[0].To
		}
	}
	h.Events = events(pick(l.entries, watched))
	h.Cursor = writeCursor(cur)
	return h, err
}

// listed is what was read of the list of current filings.
type listed struct {
	entries        []entry
	newest, oldest time.Time // of their acceptance
	pages          int
	met            bool // it was read back to what is known
	cut            bool // it may have gone on
}

// after is the acceptance of the oldest filing that was accepted after t.
func (l *listed) after(t time.Time) (oldest time.Time) {
	for i := range l.entries {
		if at := l.entries[i].accepted; at.After(t) && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest
}

// meeting is how many lines must be older than what is known to show that the list reaches back behind it: one may be misdated.
const meeting = 3

// list reads pages until what is known is met or the list ends. While pages are turned the list grows at its head, so that lines come
// twice and none is passed over. What was read comes back beside an error too.
func (c *Client) list(ctx context.Context, known time.Time, h *source.Harvest) (l listed, err error) {
	seen := map[string]bool{}
	older := 0
	for l.cut = true; l.pages < currentPages; {
		got, n, err := c.page(ctx, l.pages*currentPage, h)
		if err != nil {
			return l, err
		}
		l.pages++
		fresh := n > len(got) // lines that cannot be read may be new ones
		for _, e := range got {
			line := e.accession + "/" + strconv.Itoa(e.filer.CIK)
			if !seen[line] && e.accepted.Before(known.Add(-currentOverlap)) {
				older++
			}
			fresh = fresh || !seen[line]
			seen[line] = true
			if e.accepted.After(l.newest) {
				l.newest = e.accepted
			}
			if l.oldest.IsZero() || e.accepted.Before(l.oldest) {
				l.oldest = e.accepted
			}
		}
		l.entries = append(l.entries, got...)
		l.met = !known.IsZero() && older >= meeting
		if ended := n < currentPage || !fresh; l.met || ended {
			l.cut = false
			l.met = l.met || ended && !known.IsZero() && !l.oldest.IsZero() && !l.oldest.After(known)
			break
		}
	}
	if now := c.clock.Now(); l.newest.After(now) {
		l.newest = now
	}
	return l, nil
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
	if entries, n, err = decodeCurrent(a.Body, c.clock.Now(), h); err != nil {
		return nil, 0, c.malformed(h, req.Path, a, err)
	}
	c.read(h)
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
