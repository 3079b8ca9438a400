package rss

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"

	"github.com/ohmycoins/omc/internal/coin"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
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
			h.Reject(it.raw, "item: %v", err)
			continue
		}
		if before.recent(m) && n.Published.After(met) {
			met = n.Published
		}
		after.Seen[m] = n.Published
		h.News = append(h.News, n)
	}
	if h.Since = met; met.IsZero() {
		p.gap(h, before)
	}
	if len(items) == 0 {
		after.Seen = before.Seen // an empty channel: what comes next is compared with what was known
	}
	return after
}

// gap notes what may have come and gone between two answers that have none of the newest items in common. Where several items are as
// old as what was known, the answer reaches back that far, and nothing did.
func (p *publisher) gap(h *source.Harvest, before state) {
	known := before.newest()
	var oldest time.Time
	older := 0
	for i := range h.News {
		switch at := h.News[i].Published; {
		case !at.After(known):
			older++
		case oldest.IsZero() || at.Before(oldest):
			oldest = at
		}
	}
	if !known.IsZero() && older < meeting {
		h.Gap(known, oldest, "the feed of %s shows none of the items that were known as its newest", p.name)
	}
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
	for _, category := range it.Categories[:min(len(it.Categories), maxCategories)] {
		n.Coins = append(n.Coins, coin.Tag(category)...)
	}
	n.Coins = ledger.Merge(n.Coins, nil)
	for _, t := range []struct {
		text   string
		parsed *time.Time
	}{{it.Published, it.PublishedParsed}, {it.Updated, it.UpdatedParsed}} {
		if at, ok := moment(t.text, t.parsed); ok {
			n.Published = at
			return n, true, nil
		}
	}
	return n, false, nil
}

// maxCategories bounds the categories of an item that are looked at.
const maxCategories = 50

// zones are names of time zones that gofeed does not know, and reads as UTC: hours ahead of it.
var zones = map[string]float64{"AEST": 10, "AEDT": 11, "ACST": 9.5, "ACDT": 10.5, "AWST": 8, "NZST": 12, "NZDT": 13, "JST": 9, "KST": 9, "HKT": 8, "SGT": 8}

// moment is what a date says, as gofeed has read it. One in a zone whose name nobody knows says nothing.
func moment(text string, parsed *time.Time) (time.Time, bool) {
	text = strings.TrimSpace(text)
	wall, zone := text, ""
	if i := strings.LastIndexByte(text, ' '); i > 0 {
		if wall, zone = strings.TrimSpace(text[:i]), text[i+1:]; zone == "" || strings.Trim(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
			wall, zone = text, "" // an offset, or the time itself
		}
	}
	zone = strings.ToUpper(zone)
	for _, layout := range []string{"Mon, 2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04"} {
		at, err := time.Parse(layout, wall)
		if hours, ours := zones[zone]; err == nil && ours {
			return at.Add(-time.Duration(hours * float64(time.Hour))), true
		}
		switch utc := zone == "Z" || zone == "UT" || zone == "UTC" || zone == "GMT" || zone == "WET"; {
		case err == nil && utc:
			return at, true
		case err == nil && zone != "" && parsed != nil && parsed.UTC().Equal(at):
			return time.Time{}, false // read as UTC for want of anything better
		}
	}
	if parsed == nil {
		return time.Time{}, false
	}
	return parsed.UTC(), true
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
