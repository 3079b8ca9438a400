package cryptopanic

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	maxPosts = 100 // of a page; CryptoPanic sends 20, at most 50
	maxCoins = 30
	// anonymous is the publisher of a post that names none.
	anonymous = "cryptopanic"
	maxSource = 60 // bytes of a publisher's name
)

// post is one piece of a page: n with its time, where it has one, or why it cannot be taken.
type post struct {
	raw   json.RawMessage
	n     ledger.News // its source is "" where the post names none
	dated bool
	bad   []bad // what it is taken without
	err   error
}

// bad is a part of a post that cannot be read.
type bad struct {
	name string
	raw  json.RawMessage
}

// decode reads a page; more says that there is a next one, whose address is not looked at.
func decode(body []byte) (posts []post, more bool, err error) {
	var page struct {
		Next    *string           `json:"next"`
		Results []json.RawMessage `json:"results"`
	}
	switch err := json.Unmarshal(body, &page); {
	case err != nil:
		return nil, false, err
	case page.Results == nil:
		return nil, false, errors.New("no results: " + said(body))
	case len(page.Results) > maxPosts:
		return nil, false, fmt.Errorf("%d posts on a page of at most 50", len(page.Results))
	}
	for _, raw := range page.Results {
		posts = append(posts, decodePost(raw))
	}
	return posts, page.Next != nil && *page.Next != "" && len(posts) > 0, nil
}

// said is what an answer without posts says.
func said(body []byte) string {
	var e struct {
		Status string `json:"status"`
		Info   string `json:"info"`
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal(body, &e) // the status says enough where the body says nothing
	return upstream.Text(strings.TrimSpace(e.Status + " " + e.Info + e.Detail))
}

// wire is a post. What is loose is left out where it is of another shape.
type wire struct {
	ID          json.RawMessage      `json:"id"`
	Title       string               `json:"title"`
	Published   string               `json:"published_at"`
	Created     string               `json:"created_at"`
	Description source.Loose[string] `json:"description"`
	Content     source.Loose[string] `json:"content"` // of the larger plans
	OriginalURL source.Loose[string] `json:"original_url"`
	URL         source.Loose[string] `json:"url"`
	Source      source.Loose[struct {
		Title  source.Loose[string] `json:"title"`
		Domain source.Loose[string] `json:"domain"`
	}] `json:"source"`
	Instruments source.Loose[[]json.RawMessage] `json:"instruments"`
	Currencies  source.Loose[[]json.RawMessage] `json:"currencies"` // version 1
}

// decodePost reads one post, all of whose fields but id and title may be null or missing.
func decodePost(raw json.RawMessage) post {
	p := post{raw: raw}
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		p.err = fmt.Errorf("a post of another shape: %w", err)
		return p
	}
	id, err := strconv.ParseInt(strings.Trim(string(w.ID), `"`), 10, 64)
	if err != nil || id <= 0 {
		p.err = fmt.Errorf("its id %.40s is none", w.ID)
		return p
	}
	p.n = ledger.News{ID: strconv.FormatInt(id, 10), Title: source.PlainText(w.Title, source.MaxTitle), Summary: source.PlainText(w.Description.V, source.MaxSummary)}
	if p.n.Title == "" {
		p.err = errors.New("it has no title")
		return p
	}
	if p.n.Summary == "" {
		p.n.Summary = source.PlainText(w.Content.V, source.MaxSummary)
	}
	if p.n.Source = source.Text(w.Source.V.Title.V, maxSource); p.n.Source == "" {
		p.n.Source = source.Text(w.Source.V.Domain.V, maxSource)
	}
	if p.n.URL = source.URL(w.OriginalURL.V); p.n.URL == "" {
		p.n.URL = source.URL(w.URL.V)
	}
	for _, b := range []bad{{"description", w.Description.Bad}, {"content", w.Content.Bad}, {"original_url", w.OriginalURL.Bad}, {"url", w.URL.Bad}, {"source", w.Source.Bad}, {"source's title", w.Source.V.Title.Bad},
		{"source's domain", w.Source.V.Domain.Bad}, {"instruments", w.Instruments.Bad}, {"currencies", w.Currencies.Bad}} {
		if b.raw != nil {
			p.bad = append(p.bad, b)
		}
	}
	p.coins(append(w.Instruments.V, w.Currencies.V...))
	for _, text := range []string{w.Published, w.Created} {
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			p.err = fmt.Errorf("its time %.40q is none", text)
			return p
		}
		p.n.Published, p.dated = t.UTC(), true
		break
	}
	return p
}

// coins keeps the tags that are tickers, sorted, each once. What is none costs only itself.
func (p *post) coins(tags []json.RawMessage) {
	for _, raw := range tags {
		var t struct {
			Code string `json:"code"`
		}
		err := json.Unmarshal(raw, &t)
		var c market.Coin
		if err == nil {
			c, err = market.ParseCoin(t.Code)
		}
		switch {
		case err == nil && len(p.n.Coins) < maxCoins:
			p.n.Coins = append(p.n.Coins, c)
		default:
			p.bad = append(p.bad, bad{"instrument", raw})
		}
	}
	slices.Sort(p.n.Coins)
	p.n.Coins = slices.Compact(p.n.Coins)
}

// meeting is how many posts of the last reading show that a page reaches back to it, and how many of its newest show that alone: an
// older one may be pinned, and proves nothing.
const meeting = 3

// take puts a page's posts into the harvest; met is the time of the newest one of the last reading where the page reaches back to it.
// A post that moved from one page to the next while they were read counts once.
func (c *Client) take(h *source.Harvest, posts []post, s *state, now time.Time) (met time.Time) {
	var newest time.Time
	reached, n := false, 0
	for _, p := range posts {
		known, old := s.Seen[p.n.ID]
		at, twice := s.Found[p.n.ID]
		if p.err == nil && twice && slices.ContainsFunc(h.News, func(n ledger.News) bool { return n.ID == p.n.ID }) {
			continue
		}
		if err := p.complete(s, known, at, now); err != nil {
			h.Reject(p.raw, "post: %v", err)
			continue
		}
		for _, b := range p.bad {
			h.Reject(b.raw, "post %s is taken without its %s, which cannot be read", p.n.ID, b.name)
		}
		if old {
			n++
			reached = reached || n >= meeting || s.recent(known)
			if p.n.Published.After(newest) {
				newest = p.n.Published
			}
		}
		s.Found[p.n.ID], s.Sources[p.n.ID] = p.n.Published, p.n.Source
		h.News = append(h.News, p.n)
	}
	if reached {
		return newest
	}
	return time.Time{}
}

// complete gives a post the time and the publisher under which it is known, and checks it.
func (p *post) complete(s *state, known, at, now time.Time) error {
	if p.err != nil {
		return p.err
	}
	if !p.dated {
		switch {
		case !known.IsZero():
			p.n.Published = known
		case !at.IsZero():
			p.n.Published = at
		default:
			p.n.Published = now.Truncate(time.Second)
		}
	}
	switch name, ok := s.Sources[p.n.ID]; {
	case ok:
		p.n.Source = name
	case p.n.Source == "" || !known.IsZero(): // known from a cursor without publishers
		p.n.Source = anonymous
	}
	if err := source.Past(p.n.Published, now); err != nil {
		return err
	}
	return p.n.Check(now)
}
