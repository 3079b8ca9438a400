// Package listing tells what exchanges list, delist, suspend and reopen: by the difference between a venue's list of markets and the
// one before it (CoinSpot, Coinbase, Kraken), and from Binance's announcements. It reads names and states only, never prices, and
// scores nothing.
//
// The lists are those of the venues' documented interfaces, known from recordings; CoinSpot's names only coins with a market. Binance's
// announcements come from an undocumented interface of its web pages, of which one answer is recorded: that catalogue 161 holds
// delistings, and what it answers where it refuses (202 and nothing, 403 and a page), is unverified. It is asked as a browser asks, for
// it answers nobody else, and is the first to fail.
package listing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Binance's hosts: Exchange is the default of sources.binance.base_url, and announcements are on the other. Where another base URL is
// configured, it stands for both.
const (
	Exchange = "https://api.binance.com"
	pages    = "https://www.binance.com"
)

// browser is what a browser calls itself, and who is behind it.
const browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 omc"

const (
	maxList    = 16 << 20 // Kraken's pairs are about 2 MB
	pageSize   = 20
	firstPages = 3  // of a catalogue that is new
	mostPages  = 10 // of one catalogue in one poll
)

// Config is how to reach each venue; base URLs are those of sources.<venue>.base_url.
type Config struct {
	CoinSpot, Coinbase, Kraken, Binance upstream.Config
}

// Client makes the feeds. It keeps nothing between polls.
type Client struct {
	coinspot, coinbase, kraken, binance *upstream.Client
	clock                               clock.Clock
}

// New returns a client. It keeps to the limits that the venues' other clients keep to, because where a limit is shared among processes
// it is one for each venue.
func New(c Config) *Client {
	out := &Client{clock: c.CoinSpot.Clock}
	if out.clock == nil {
		out.clock = clock.Wall{}
	}
	out.coinspot = upstream.New("coinspot", c.CoinSpot, 10)
	out.coinbase = upstream.New("coinbase", c.Coinbase, 8)
	out.kraken = upstream.New("kraken", c.Kraken, 1)
	c.Binance.UserAgent = browser
	c.Binance.BaseURL = upstream.Bases(c.Binance.BaseURL, Exchange, pages)[1]
	out.binance = upstream.New("binance", c.Binance, 10)
	return out
}

// Feeds are one for each venue.
func (c *Client) Feeds() []source.Feed {
	feed := func(venue, kind, about string, every time.Duration, poll func(context.Context, []byte) (source.Harvest, error)) source.Feed {
		return source.Feed{Name: venue + "." + kind, Source: venue, Ledger: ledger.Catalyst, About: about, Every: every, Timeout: 25 * time.Second, Fresh: 30 * time.Second, Poll: poll}
	}
	return []source.Feed{
		feed("coinspot", "listings", "coins that CoinSpot lists and delists", 10*time.Second, c.coinSpotListings),
		feed("coinbase", "listings", "markets that Coinbase lists, delists, suspends and reopens", 10*time.Second, c.coinbaseListings),
		feed("kraken", "listings", "coins and markets that Kraken lists, delists, suspends and reopens", 15*time.Second, c.krakenListings),
		feed("binance", "announcements", "listings and delistings that Binance announces (its pages may refuse)", 20*time.Second, c.announcements),
	}
}

func (c *Client) coinSpotListings(ctx context.Context, cursor []byte) (source.Harvest, error) {
	return c.watch(cursor, venue{"coinspot", "CoinSpot", "AUD"}, sheet{"markets", func(h *source.Harvest) (list, error) {
		return c.read(ctx, c.coinspot, "/latest", h, func(a upstream.Answer) (list, error) { return decodeCoinSpot(a.Status, a.Body) })
	}})
}

func (c *Client) coinbaseListings(ctx context.Context, cursor []byte) (source.Harvest, error) {
	return c.watch(cursor, venue{source: "coinbase", name: "Coinbase"}, sheet{"markets", func(h *source.Harvest) (list, error) {
		return c.read(ctx, c.coinbase, "/products", h, func(a upstream.Answer) (list, error) { return decodeCoinbase(a.Body) })
	}})
}

func (c *Client) krakenListings(ctx context.Context, cursor []byte) (source.Harvest, error) {
	return c.watch(cursor, venue{source: "kraken", name: "Kraken"}, c.krakenSheets(ctx)...)
}

// krakenSheets: a coin is often named before its first market is.
func (c *Client) krakenSheets(ctx context.Context) []sheet {
	rows := func(path string, row func(string, krakenRow) (item, error)) func(*source.Harvest) (list, error) {
		return func(h *source.Harvest) (list, error) {
			return c.read(ctx, c.kraken, path, h, func(a upstream.Answer) (list, error) { return decodeKraken(a.Body, row) })
		}
	}
	return []sheet{{"assets", rows("/0/public/Assets", krakenAsset)}, {"markets", rows("/0/public/AssetPairs", krakenPair)}}
}

// sheet is one list of a venue.
type sheet struct {
	name string
	read func(*source.Harvest) (list, error)
}

// watch reads a venue's lists and compares each with its board. A list that cannot be read leaves its board as it was.
func (c *Client) watch(cursor []byte, v venue, sheets ...sheet) (h source.Harvest, trouble error) {
	boards := map[string]board{}
	if len(cursor) > source.MaxCursor || json.Unmarshal(cursor, &boards) != nil {
		boards = nil
	}
	next := map[string]board{}
	for _, s := range sheets {
		old := boards[s.name]
		if !old.valid(c.clock.Now()) {
			old = nil
		}
		if old != nil {
			next[s.name] = old
		}
		l, err := s.read(&h)
		h.RejectAll(l.rejects)
		if err != nil {
			if trouble == nil {
				trouble = err
			}
			continue
		}
		now := c.clock.Now()
		b, changes, note := old.compare(l.items, now)
		b.lasts(changes)
		if note != "" {
			h.Reject(names(l.items), "%s: %s", v.name, note)
		}
		h.Events = append(h.Events, v.announce(changes, now, len(b))...)
		next[s.name] = b
	}
	if b, err := json.Marshal(next); err == nil && len(b) <= source.MaxCursor {
		h.Cursor = b
	}
	return h, trouble
}

// names are the names of items, as far as a reject keeps them.
func names(items []item) []byte {
	var b bytes.Buffer
	for _, it := range items {
		if b.Len() > source.MaxPiece {
			break
		}
		b.WriteString(it.key + "\n")
	}
	return b.Bytes()
}

// read asks for a list.
func (c *Client) read(ctx context.Context, up *upstream.Client, path string, h *source.Harvest, decode func(upstream.Answer) (list, error)) (list, error) {
	a, err := up.Do(ctx, upstream.Request{Path: path, MaxBody: maxList})
	if err != nil {
		return list{}, err
	}
	at := c.clock.Now()
	if a.Status != http.StatusOK && path != "/latest" { // CoinSpot says in the body what is wrong
		return list{}, up.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
	}
	l, err := decode(a)
	if err != nil {
		return list{}, malformed(up, h, a, path, err)
	}
	if h.Read.IsZero() {
		h.Read = at
	}
	return l, nil
}

// malformed keeps the beginning of an answer that could not be read, to be looked at.
func malformed(up *upstream.Client, h *source.Harvest, a upstream.Answer, what string, err error) error {
	if errors.Is(err, upstream.ErrMalformed) {
		h.Unread(a.Status, a.Body, what, err)
	}
	return up.Fail(err)
}

// announced is the newest article read, by catalogue.
type announced struct {
	Newest map[string]time.Time `json:"newest,omitempty"`
}

// announcements reads Binance's catalogues back to what the last poll knew.
func (c *Client) announcements(ctx context.Context, cursor []byte) (h source.Harvest, trouble error) {
	var cur announced
	if len(cursor) > source.MaxCursor || json.Unmarshal(cursor, &cur) != nil {
		cur = announced{}
	}
	next := announced{Newest: map[string]time.Time{}}
	for _, catalog := range []int{newListings, delistings} {
		key := strconv.Itoa(catalog)
		known := cur.Newest[key]
		if known.After(c.clock.Now().Add(time.Hour)) {
			known = time.Time{} // no poll noted that
		}
		if !known.IsZero() {
			next.Newest[key] = known
		}
		if trouble != nil {
			continue // the other catalogue is on the same host
		}
		newest, since, err := c.catalog(ctx, catalog, known, &h)
		if err == nil && newest.After(known) {
			next.Newest[key] = newest
		}
		if since.After(h.Since) {
			h.Since = since
		}
		trouble = err
	}
	if trouble != nil {
		h.Since = time.Time{}
	}
	if b, err := json.Marshal(next); err == nil {
		h.Cursor = b
	}
	return h, trouble
}

// catalog reads one catalogue, newest first; since then it is complete.
func (c *Client) catalog(ctx context.Context, catalog int, known time.Time, h *source.Harvest) (newest, since time.Time, err error) {
	most := mostPages
	if known.IsZero() {
		most = firstPages
	}
	for page := 1; page <= most; page++ {
		q := url.Values{"type": {"1"}, "catalogId": {strconv.Itoa(catalog)}, "pageNo": {strconv.Itoa(page)}, "pageSize": {strconv.Itoa(pageSize)}}
		a, err := c.binance.Do(ctx, upstream.Request{Path: "/bapi/composite/v1/public/cms/article/list/query", Query: q})
		if err != nil {
			return newest, since, err
		}
		at := c.clock.Now()
		if a.Status != http.StatusOK {
			return newest, since, c.binance.Fail(fmt.Errorf("%w: http status %d, as its gate answers whom it takes for no browser", upstream.ErrUnavailable, a.Status))
		}
		got, err := decodeArticles(a.Body, catalog, c.clock.Now())
		if err != nil {
			return newest, since, malformed(c.binance, h, a, "announcements", err)
		}
		if h.Read.IsZero() {
			h.Read = at
		}
		h.Events = append(h.Events, got.events...)
		h.RejectAll(got.rejects)
		if got.newest.After(newest) {
			newest = got.newest
		}
		if since.IsZero() || !got.oldest.IsZero() && got.oldest.Before(since) {
			since = got.oldest
		}
		if got.rows < pageSize || !known.IsZero() && got.oldest.Before(known) {
			break
		}
	}
	if now := c.clock.Now(); newest.After(now) {
		newest = now
	}
	return newest, since, nil
}
