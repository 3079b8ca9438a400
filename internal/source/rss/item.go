package rss

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// item is what a feed says of one text.
type item struct {
	*gofeed.Item
	raw []byte // as it was sent
}

// take puts the items into the harvest, and returns what is known after it. An id that comes twice is taken as it stands first.
func (p *publisher) take(h *source.Harvest, items []item, before state) state {
	now := p.clock.Now()
	after := state{Seen: map[string]time.Time{}}
	var met time.Time
	for _, it := range items {
		n, dated, err := p.news(it)
		m := mark(n.ID)
		if _, twice := after.Seen[m]; err == nil && twice {
			continue
		}
		if known, ok := before.Seen[m]; err == nil && !dated {
			if n.Published = now.UTC().Truncate(time.Second); ok {
				n.Published = known
			}
		}
		if err == nil {
			err = source.Past(n.Published, now)
		}
		if err == nil {
			err = n.Check(now)
		}
		if err != nil {
			h.Rejects = append(h.Rejects, ledger.Reject{Reason: "item: " + upstream.Text(err.Error()), Bytes: it.raw})
			continue
		}
		if before.recent(m) && n.Published.After(met) {
			met = n.Published
		}
		after.Seen[m] = n.Published
		h.News = append(h.News, n)
	}
	h.Since = met
	if len(items) == 0 {
		after.Seen = before.Seen // an empty channel: what comes next is compared with what was known
	}
	return after
}

// news is the record of an item; dated is false where it has no readable date.
func (p *publisher) news(it item) (n ledger.News, dated bool, err error) {
	link := firstURL(it.Link, it.Links)
	n = ledger.News{ID: identity(it.GUID, link), Source: p.name, URL: untracked(link), Title: source.PlainText(it.Title, source.MaxTitle)}
	if n.Summary = source.PlainText(it.Description, source.MaxSummary); n.Summary == "" {
		n.Summary = source.PlainText(it.Content, source.MaxSummary)
	}
	switch {
	case n.ID == "":
		return n, false, errors.New("it has neither a guid nor a link")
	case len(n.ID) > source.MaxID:
		return n, false, errors.New("its id is too long")
	case n.Title == "":
		return n, false, errors.New("it has no title")
	}
	for _, t := range []*time.Time{it.PublishedParsed, it.UpdatedParsed} {
		if t != nil {
			n.Published = t.UTC()
			return n, true, nil
		}
	}
	return n, false, nil
}

// firstURL is the first link that is one.
func firstURL(link string, more []string) string {
	for _, l := range append([]string{link}, more...) {
		if u := source.URL(l); u != "" {
			return u
		}
	}
	return ""
}

// identity is the guid, else the link without query and fragment.
func identity(guid, link string) string {
	if guid = source.Text(guid, 2*source.MaxID); guid != "" {
		return guid
	}
	link, _, _ = strings.Cut(link, "#")
	link, _, _ = strings.Cut(link, "?")
	return link
}

// untracked is a link without what only tells the publisher where its readers come from, which changes from answer to answer.
func untracked(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.RawQuery == "" {
		return link
	}
	var kept []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if !strings.HasPrefix(pair, "utm_") {
			kept = append(kept, pair)
		}
	}
	u.RawQuery = strings.Join(kept, "&")
	return u.String()
}
