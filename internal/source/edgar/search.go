package edgar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	day           = 24 * time.Hour
	searchHistory = 30 // days, of a term that is new
	searchOverlap = 3  // days: the index takes up filings late
	searchSpan    = 7  // days asked for at once
	// Bounds of one poll; what is left over waits for the next.
	searchPages  = 40
	searchFiles  = 25   // filers' files, to learn when a filing was accepted
	searchTooBig = 1000 // documents of one day: a term that finds more is no term
	maxSeen      = 8000 // filings remembered
)

// searchForms are asked for; exhibits count as their filing's form.
const searchForms = "8-K,6-K,10-K,10-Q,20-F,S-1,S-3,S-4,F-1,424B3,424B5"

type searchCursor struct {
	Through map[string]string `json:"through,omitempty"` // the last day that is done, by term
	Seen    map[string]string `json:"seen,omitempty"`    // day of filing, by accession number
	Partial bool              `json:"partial,omitempty"` // the last poll ended at its bounds, and the next takes up there
	resolved
}

// searching is one poll of the search.
type searching struct {
	*Client
	h       *source.Harvest
	cur     searchCursor
	watched map[int]Filer
	files   map[int]*submissions // asked for in this poll; nil: the SEC has none
	pages   int                  // left
	asks    int                  // filers' files left
	found   []filing
}

// errLater ends a poll whose bounds are reached.
var errLater = errors.New("more next time")

// search asks for each term, day by day from where the last poll ended.
func (c *Client) search(ctx context.Context, cursor []byte) (h source.Harvest, err error) {
	if err := c.ready(); err != nil {
		return h, err
	}
	s := &searching{Client: c, h: &h, cur: readCursor[searchCursor](cursor), files: map[int]*submissions{}, pages: searchPages, asks: searchFiles}
	if s.cur.Through == nil {
		s.cur.Through = map[string]string{}
	}
	if s.cur.Seen == nil {
		s.cur.Seen = map[string]string{}
	}
	watched, unresolved := c.watched(ctx, &s.cur.resolved, &h)
	s.watched = watched
	var trouble error
	for _, term := range c.terms {
		from, err := s.term(ctx, term)
		if from.After(h.Since) {
			h.Since = from
		}
		if errors.Is(err, errLater) {
			h.Again = true
			break
		}
		if trouble = first(trouble, err); stop(err) {
			break
		}
	}
	trouble = first(trouble, unresolved)
	complete(&h)
	if trouble != nil || h.Again || s.cur.Partial {
		h.Since = time.Time{}
	}
	s.cur.Partial = h.Again
	h.Events = events(s.found)
	h.Cursor = writeCursor(s.trimmed())
	return h, trouble
}

// term brings one term up to date; from then on it is complete.
func (s *searching) term(ctx context.Context, term string) (from time.Time, err error) {
	last := s.clock.Now().UTC().Truncate(day).Add(day) // a filing of the evening bears the next day
	from = last.AddDate(0, 0, -searchHistory-1)
	t, err := time.Parse(time.DateOnly, s.cur.Through[term])
	switch {
	case err == nil && t.After(from) && !t.After(last):
		from = t.AddDate(0, 0, -searchOverlap)
		if s.cur.Partial {
			from = t.AddDate(0, 0, 1)
		}
	case err == nil && t.Before(from):
		s.h.Gap(t.AddDate(0, 0, 1), from, "%q was not searched for, and the search reaches %d days back", term, searchHistory)
	}
	for begin, span := from, searchSpan; !begin.After(last); {
		end := begin.AddDate(0, 0, span-1)
		if end.After(last) {
			end = last
		}
		filings, whole, err := s.window(ctx, term, begin, end)
		switch {
		case err != nil:
			return from, err
		case !whole && end.After(begin):
			span = max(1, int(end.Sub(begin)/day+1)/2)
			continue
		case !whole:
			s.h.Reject([]byte(term), "sources.edgar.terms: %q is in more than %d documents of %s: choose a narrower term", term, searchTooBig, begin.Format(time.DateOnly))
			s.h.Gap(begin, begin.Add(day), "%q is in more documents than can be read", term)
		}
		if err := s.land(ctx, term, filings); err != nil {
			return from, err
		}
		if end.Before(last) {
			s.cur.Through[term] = end.Format(time.DateOnly)
		} else {
			s.cur.Through[term] = last.AddDate(0, 0, -1).Format(time.DateOnly)
		}
		begin = end.AddDate(0, 0, 1)
	}
	return from, nil
}

// window reads all pages of one stretch of days; whole is false where there are more than can be had, or than make sense.
func (s *searching) window(ctx context.Context, term string, from, to time.Time) (out []filing, whole bool, err error) {
	for at := 0; ; at += hitsPage {
		if s.pages--; s.pages < 0 {
			return nil, false, errLater
		}
		q := url.Values{"q": {`"` + term + `"`}, "forms": {searchForms}, "dateRange": {"custom"}, "startdt": {from.Format(time.DateOnly)},
			"enddt": {to.Format(time.DateOnly)}, "from": {strconv.Itoa(at)}}
		a, err := s.ask(ctx, s.efts, upstream.Request{Path: "/LATEST/search-index", Query: q, MaxBody: maxList}, s.h)
		if err != nil {
			return nil, false, err
		}
		if a.Status != http.StatusOK {
			return nil, false, s.www.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
		}
		page, err := decodeHits(a.Body, s.watched, s.clock.Now(), s.h)
		if err != nil {
			return nil, false, s.malformed(s.h, "search", a, err)
		}
		s.read(s.h)
		out = append(out, page.filings...)
		if page.capped || page.total > searchTooBig {
			if from.Before(to) || at+hitsPage >= searchTooBig {
				return out, false, nil
			}
		}
		if page.rows == 0 || at+page.rows >= page.total {
			return out, true, nil
		}
	}
}

// land keeps the filings that are new, with what their filers' files say of them.
func (s *searching) land(ctx context.Context, term string, filings []filing) error {
	for _, f := range filings {
		_, watched := s.watched[f.filer.CIK]
		if _, seen := s.cur.Seen[f.accession]; seen || meaning(f.form) == "" || ofWatched(f.form) && !watched {
			continue
		}
		date := f.accepted.Format(time.DateOnly)
		if err := s.complete(ctx, &f); err != nil {
			return err
		}
		if !watched && !cryptoName(f.filer.Name) {
			f.term = term
		}
		s.cur.Seen[f.accession] = date
		s.found = append(s.found, f)
	}
	return nil
}

// complete takes the moment of acceptance, the items and the name from the filer's own file, as the other feeds have them. Where that
// does not hold the filing, the day has to do.
func (s *searching) complete(ctx context.Context, f *filing) error {
	file, asked := s.files[f.filer.CIK]
	if !asked {
		if s.asks--; s.asks < 0 {
			return errLater
		}
		got, _, err := s.file(ctx, f.filer.CIK, upstream.Validators{}, s.h)
		var none *noFilerError
		if err != nil && !errors.As(err, &none) && !errors.Is(err, upstream.ErrMalformed) {
			return err
		}
		s.files[f.filer.CIK], file = got, got
	}
	if file == nil {
		return nil
	}
	i := slices.IndexFunc(file.filings, func(g filing) bool { return g.accession == f.accession })
	if i < 0 {
		return nil
	}
	g := file.filings[i]
	g.filer = f.filer
	if _, watched := s.watched[f.filer.CIK]; !watched {
		g.filer.Name = file.filer.Name
	}
	*f = g
	return nil
}

// trimmed is the cursor without terms that are searched for no more and filings that no search will find again.
func (s *searching) trimmed() searchCursor {
	out := searchCursor{Through: map[string]string{}, Seen: s.cur.Seen, Partial: s.cur.Partial, resolved: s.cur.resolved}
	for _, t := range s.terms {
		if through, ok := s.cur.Through[t]; ok {
			out.Through[t] = through
		}
	}
	old := s.clock.Now().AddDate(0, 0, -searchHistory-2*searchOverlap).Format(time.DateOnly)
	for accession, date := range out.Seen {
		if date < old {
			delete(out.Seen, accession)
		}
	}
	if over := len(out.Seen) - maxSeen; over > 0 {
		all := make([]string, 0, len(out.Seen))
		for accession, date := range out.Seen {
			all = append(all, date+" "+accession)
		}
		slices.Sort(all)
		for _, x := range all[:over] {
			_, accession, _ := strings.Cut(x, " ")
			delete(out.Seen, accession)
		}
	}
	return out
}
