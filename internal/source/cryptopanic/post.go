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
	maxPosts = 200 // of a page; CryptoPanic sends 20, at most 50
	maxCoins = 30
)

// post is one piece of a page: n with its time, where it has one, or why it cannot be taken.
type post struct {
	raw   json.RawMessage
	n     ledger.News
	dated bool
	err   error
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
		p := post{raw: raw}
		p.n, p.dated, p.err = decodePost(raw)
		posts = append(posts, p)
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

type wire struct {
	ID          json.RawMessage `json:"id"`
	Slug        string          `json:"slug"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Published   string          `json:"published_at"`
	Created     string          `json:"created_at"`
	OriginalURL string          `json:"original_url"`
	URL         string          `json:"url"`
	Instruments []tag           `json:"instruments"`
	Currencies  []tag           `json:"currencies"` // version 1
}

type tag struct {
	Code string `json:"code"`
}

// decodePost reads one post, all of whose fields but id and title may be null or missing.
func decodePost(raw json.RawMessage) (n ledger.News, dated bool, err error) {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		return n, false, fmt.Errorf("a post of another shape: %w", err)
	}
	id, err := strconv.ParseInt(strings.Trim(string(w.ID), `"`), 10, 64)
	if err != nil || id <= 0 {
		return n, false, fmt.Errorf("its id %.40s is none", w.ID)
	}
	n = ledger.News{ID: strconv.FormatInt(id, 10), Source: "cryptopanic", Title: source.PlainText(w.Title, source.MaxTitle),
		Summary: source.PlainText(w.Description, source.MaxSummary), Coins: coins(append(w.Instruments, w.Currencies...))}
	if n.Title == "" {
		return n, false, errors.New("it has no title")
	}
	if n.URL = source.URL(w.OriginalURL); n.URL == "" {
		n.URL = source.URL(w.URL)
	}
	for _, text := range []string{w.Published, w.Created} {
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return n, false, fmt.Errorf("its time %.40q is none", text)
		}
		n.Published = t.UTC()
		return n, true, nil
	}
	return n, false, nil
}

// coins are the tags that are tickers, sorted, each once.
func coins(tags []tag) []market.Coin {
	var out []market.Coin
	for _, t := range tags {
		if c, err := market.ParseCoin(t.Code); err == nil && len(out) < maxCoins {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// take puts a page's posts into the harvest. A post that moved from one page to the next while they were read counts once.
func (c *Client) take(h *source.Harvest, posts []post, before state, after *state, now time.Time) {
	for _, p := range posts {
		err := p.err
		if _, twice := after.Seen[p.n.ID]; err == nil && twice {
			continue
		}
		known, old := before.Seen[p.n.ID]
		if err == nil && !p.dated {
			if p.n.Published = now.Truncate(time.Second); old {
				p.n.Published = known
			}
		}
		if err == nil {
			err = source.Past(p.n.Published, now)
		}
		if err == nil {
			err = p.n.Check(now)
		}
		if err != nil {
			h.Rejects = append(h.Rejects, ledger.Reject{Reason: "post: " + upstream.Text(err.Error()), Bytes: p.raw})
			continue
		}
		if old && p.n.Published.After(h.Since) {
			h.Since = p.n.Published
		}
		after.Seen[p.n.ID] = p.n.Published
		h.News = append(h.News, p.n)
	}
}
