// Package rss reads the news feeds of publishers: RSS 0.9 to 2.0, Atom and JSON feeds. One stream for each publisher, with its own
// pace, validators and errors. It reads no article, follows no link, and scores nothing.
//
// The formats are known from the standards and from answers recorded of CoinDesk and Cointelegraph in August 2026. Unverified: the
// addresses of Decrypt, The Block and Bitcoin Magazine, and whether a publisher answers from every place (403 with a web page).
//
//	setting               what
//	sources.rss.feeds     name=url,name=url,… in place of the default list; names of a-z, 0-9 and -
//	sources.rss.base_url  a server that stands in for all publishers: <base_url>/<name><path and query of the publisher's url>,
//	                      like http://127.0.0.1:8080/coindesk/arc/outboundfeeds/rss/?outputType=xml
//
// An item's id is its guid, else its link without query; its title is what makes it an item. A changed title or summary is a revision.
// An item without a readable date has the time at which this reader first saw it. One that is dated more than a day ahead, or before
// Bitcoin, is a reject: its date says nothing. Coins are those that an item's categories name.
//
// Since is the time of the newest item that the answer has in common with the newest three of the last one: a feed lists its newest
// items, so all that came later stands in the answer. Where they have none of these in common what came between is a gap, unless the
// answer reaches back behind them.
package rss

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	every = 5 * time.Minute // politeness: publishers ask for no less
	// limit is one request in ten seconds to one publisher: none says what it allows.
	limit         = 0.1
	maxBody       = 4 << 20
	maxPublishers = 50
	accept        = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)

// Publishers is the list of publishers that is read by default, as sources.rss.feeds has it.
const Publishers = "coindesk=https://www.coindesk.com/arc/outboundfeeds/rss/?outputType=xml," +
	"cointelegraph=https://cointelegraph.com/rss," +
	"decrypt=https://decrypt.co/feed," +
	"theblock=https://www.theblock.co/rss.xml," +
	"bitcoinmagazine=https://bitcoinmagazine.com/feed"

// Client is the list of publishers.
type Client struct {
	publishers []*publisher
	problem    error // why there is none
}

// publisher is one feed's address and how it is asked.
type publisher struct {
	name  string
	path  string // escaped
	query url.Values
	up    *upstream.Client
	clock clock.Clock
}

// New returns a client of the publishers that list names, of Publishers where it is "". What is wrong with the list is told by
// polling.
func New(c upstream.Config, list string) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if strings.TrimSpace(list) == "" {
		list = Publishers
	}
	addresses, err := parseList(list)
	if err != nil {
		return &Client{problem: fmt.Errorf("rss: sources.rss.feeds: %w; omc config set sources.rss.feeds 'name=https://…,name=https://…'", err)}
	}
	out := &Client{}
	for _, a := range addresses {
		at := c
		if at.BaseURL == "" {
			at.BaseURL, at.Setting = (&url.URL{Scheme: a.url.Scheme, Host: a.url.Host}).String(), "sources.rss.feeds"
		} else {
			at.BaseURL = strings.TrimSuffix(at.BaseURL, "/") + "/" + a.name
		}
		out.publishers = append(out.publishers, &publisher{name: a.name, path: a.url.EscapedPath(), query: a.url.Query(),
			up: upstream.New("rss."+a.name, at, limit), clock: c.Clock})
	}
	return out
}

type address struct {
	name string
	url  *url.URL
}

// parseList reads name=url,name=url. A comma within a url is written %2C.
func parseList(list string) ([]address, error) {
	var out []address
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, text, _ := strings.Cut(part, "=")
		name, text = strings.TrimSpace(name), strings.TrimSpace(text)
		u, err := url.Parse(text)
		switch {
		case name == "" || len(name) > 40 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			return nil, fmt.Errorf("%.40q is no name: want up to 40 of a-z, 0-9 and -", name)
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || source.URL(text) == "":
			return nil, fmt.Errorf("the address of %s is no http or https url", name)
		case u.User != nil:
			return nil, fmt.Errorf("the address of %s holds a password, which is not supported", name)
		case slices.ContainsFunc(out, func(a address) bool { return a.name == name }):
			return nil, fmt.Errorf("%s is there twice", name)
		case len(out) == maxPublishers:
			return nil, fmt.Errorf("more than %d publishers", maxPublishers)
		}
		out = append(out, address{name, u})
	}
	if len(out) == 0 {
		return nil, errors.New("no publisher is there")
	}
	return out, nil
}

// Feeds are one for each publisher.
func (c *Client) Feeds() []source.Feed {
	feed := func(name, about string, poll func(context.Context, []byte) (source.Harvest, error)) source.Feed {
		return source.Feed{Name: name, Source: "rss", Ledger: ledger.Human, About: about, Every: every, Timeout: time.Minute, Fresh: 2 * every, Poll: poll}
	}
	if c.problem != nil {
		return []source.Feed{feed("rss", "news of publishers", func(context.Context, []byte) (source.Harvest, error) { return source.Harvest{}, c.problem })}
	}
	var out []source.Feed
	for _, p := range c.publishers {
		out = append(out, feed("rss."+p.name, "news of "+p.name, p.poll))
	}
	return out
}

// poll asks for the feed, where it has changed.
func (p *publisher) poll(ctx context.Context, cursor []byte) (source.Harvest, error) {
	var h source.Harvest
	s := open(cursor, p.clock.Now())
	a, err := p.up.Do(ctx, upstream.Request{Path: p.path, Query: p.query, Accept: accept, MaxBody: maxBody, XML: true, If: s.Validators})
	if err != nil {
		h.Unread(a.Status, a.Body, p.name, err)
		return h, err
	}
	switch {
	case a.NotModified:
		h.Read, h.Since = p.clock.Now(), s.newest()
		return h, nil
	case a.Status != http.StatusOK:
		return h, p.up.Fail(fmt.Errorf("%w: http status %d: check its address in sources.rss.feeds", upstream.ErrUnavailable, a.Status))
	}
	items, err := decode(a.Body, &h)
	if err != nil {
		err = fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
		h.Unread(a.Status, a.Body, p.name, err)
		return h, p.up.Fail(err)
	}
	h.Read = p.clock.Now()
	next := p.take(&h, items, s)
	next.Validators = a.Validators
	h.Cursor = next.bytes()
	return h, nil
}
