package edgar

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	history = 365 * 24 * time.Hour // of a filer that is new to the watch list
	// filingsOverlap is how far behind the newest filing known a filer's file is read again.
	filingsOverlap = 24 * time.Hour
	maxFile        = 32 << 20 // a filer's file has been seen with 2 MB
	olderFiles     = 10       // of one filer in one poll
)

// filerState is what is known of one watched filer.
type filerState struct {
	upstream.Validators
	Newest time.Time `json:"newest,omitzero"` // acceptance of its newest filing
}

type filingsCursor struct {
	Filers map[string]filerState `json:"filers,omitempty"` // by CIK
	resolved
}

// filings reads the file of every watched filer: a year of it the first time, then what is new.
func (c *Client) filings(ctx context.Context, cursor []byte) (h source.Harvest, err error) {
	if err := c.ready(); err != nil {
		return h, err
	}
	cur := readCursor[filingsCursor](cursor)
	watched, unresolved := c.watched(ctx, &cur.resolved, &h)
	next := filingsCursor{Filers: map[string]filerState{}, resolved: cur.resolved}
	ciks := make([]int, 0, len(watched))
	for cik := range watched {
		ciks = append(ciks, cik)
	}
	slices.Sort(ciks)
	var found []filing
	var trouble error
	for _, cik := range ciks {
		key := strconv.Itoa(cik)
		state := cur.Filers[key]
		if state.Newest.After(c.clock.Now().Add(time.Hour)) {
			state = filerState{} // no poll noted that
		}
		if !stop(trouble) {
			got, from, err := c.filer(ctx, watched[cik], &state, &h)
			found = append(found, got...)
			trouble = first(trouble, err)
			if from.After(h.Since) {
				h.Since = from
			}
		}
		next.Filers[key] = state
	}
	h.Events = events(found)
	complete(&h)
	if trouble = first(trouble, unresolved); trouble != nil {
		h.Since = time.Time{}
	}
	h.Cursor = writeCursor(next)
	return h, trouble
}

// complete makes Since the time from which on nothing is missing, after all gaps.
func complete(h *source.Harvest) {
	for _, g := range h.Gaps {
		if g.To.After(h.Since) {
			h.Since = g.To
		}
	}
}

// filer reads what is new of one filer and moves its state on; from then on its filings are complete.
func (c *Client) filer(ctx context.Context, f Filer, state *filerState, h *source.Harvest) (out []filing, from time.Time, err error) {
	from = c.clock.Now().Add(-history)
	if !state.Newest.IsZero() {
		from = state.Newest.Add(-filingsOverlap)
	}
	s, v, err := c.file(ctx, f.CIK, state.Validators, h)
	if err != nil || s == nil {
		return nil, from, err
	}
	if err := c.olderFilings(ctx, s, from, h); err != nil {
		return nil, from, err
	}
	newest := state.Newest
	for _, g := range s.filings {
		if g.accepted.Before(from) {
			continue
		}
		if g.accepted.After(newest) {
			newest = g.accepted
		}
		g.filer = f.named(s.filer.Name)
		out = append(out, g)
	}
	h.RejectAll(s.rejects)
	*state = filerState{Validators: v, Newest: newest}
	return out, from, nil
}

// file asks for a filer's file; nil where it has not changed.
func (c *Client) file(ctx context.Context, cik int, since upstream.Validators, h *source.Harvest) (*submissions, upstream.Validators, error) {
	path := fmt.Sprintf("/submissions/CIK%010d.json", cik)
	a, err := c.ask(ctx, c.data, upstream.Request{Path: path, MaxBody: maxFile, If: since, Own: []int{http.StatusNotFound}}, h)
	switch {
	case err != nil:
		return nil, since, err
	case a.NotModified:
		c.read(h)
		return nil, since, nil
	case a.Status == http.StatusNotFound && !bytes.Contains(bytes.ToLower(a.Body[:min(len(a.Body), 512)]), []byte("<html")): // the store's own answer, no page's
		return nil, since, c.www.Fail(&noFilerError{cik})
	case a.Status != http.StatusOK:
		return nil, since, c.www.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
	}
	s, err := decodeSubmissions(a.Body, cik, c.clock.Now())
	if err != nil {
		return nil, since, c.malformed(h, path, a, err)
	}
	c.read(h)
	return &s, a.Validators, nil
}

// olderFilings adds the files of older filings that reach into the time wanted, where the first does not cover it.
func (c *Client) olderFilings(ctx context.Context, s *submissions, from time.Time, h *source.Harvest) error {
	if s.oldest.Before(from) {
		return nil
	}
	asked := 0
	for _, o := range s.older {
		last, err := time.Parse(time.DateOnly, o.To)
		if err != nil || last.Before(from.AddDate(0, 0, -1)) {
			continue
		}
		if asked++; asked > olderFiles {
			h.Reject([]byte(o.Name), "CIK %d has more than %d files of filings within the time wanted", s.filer.CIK, olderFiles)
			h.Gap(from, s.oldest, "CIK %d has more than %d files of filings", s.filer.CIK, olderFiles)
			return nil
		}
		a, err := c.ask(ctx, c.data, upstream.Request{Path: "/submissions/" + o.Name, MaxBody: maxFile}, h)
		if err != nil {
			return err
		}
		if a.Status != http.StatusOK {
			return c.www.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
		}
		if err := s.decodeOlder(a.Body, c.clock.Now()); err != nil {
			return c.malformed(h, o.Name, a, err)
		}
	}
	return nil
}

// noFilerError says that the SEC knows no filer of that CIK. The other filers are asked for all the same.
type noFilerError struct{ cik int }

// Error names the CIK and the setting.
func (e *noFilerError) Error() string {
	return fmt.Sprintf("the SEC knows no filer with CIK %d, which sources.edgar.watch names", e.cik)
}

// Unwrap makes it one of the kinds of failure.
func (e *noFilerError) Unwrap() error { return upstream.ErrUnknownSymbol }
