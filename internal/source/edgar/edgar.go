// Package edgar reads filings from the SEC's EDGAR: the list of current filings, the lists of watched filers, and full-text search.
// It keeps a filing when its filer is watched, when the filer's name says crypto (watch.go), or when its text holds a search term;
// insiders' trades (form 4) and managers' holdings (13F) of watched filers only. A filing's coins are those that the watch list says its
// filer hangs on, and those that the filer's name or the search term speaks of. It scores nothing, reads no document of a filing, and
// asks under the name and contact that the SEC demands or not at all.
//
//	sources.edgar.user_agent  a name and a mail address: Jane Doe jane@example.org; without it nothing is asked
//	sources.edgar.watch       CIKs and tickers; default Filers
//	sources.edgar.terms       texts to search for; default Terms
//	sources.edgar.base_url    default Base; another stands for all three hosts
//
// The formats are known from recordings of 2026 (getcurrent, submissions) and of 2025 (search). The list of current filings is asked for
// all forms at once, as recorded: that is one page at most times, and whether it takes one form for the beginning of another (4 for
// 424B2) does not matter. Unverified: the body of the SEC's answer to too many requests; the errors of the search. Acceptance times in
// filers' files end in Z and yet are New York's for some filers: see easternLabels.
package edgar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// The SEC's hosts. Base is the first; where another base URL is configured, it stands for all three.
const (
	Base = "https://www.sec.gov"
	data = "https://data.sec.gov"
	efts = "https://efts.sec.gov"
)

// perSecond is under the SEC's limit, ten requests a second for all its hosts together.
const perSecond = 8

// Config is what EDGAR needs beside how to reach it.
type Config struct {
	UserAgent string   // a name and a contact, as the SEC demands: Jane Doe jane@example.org
	Watch     []string // CIKs and tickers; none: Filers
	Terms     []string // texts to search for; none: Terms
}

// Client makes the feeds. It keeps nothing between polls.
type Client struct {
	www, data, efts *upstream.Client
	clock           clock.Clock
	watch           watchlist
	terms           []string
	needs           []string
	problem         error // why it cannot ask
}

// New returns a client. What is wrong with c is told by every poll.
func New(u upstream.Config, c Config) *Client {
	if u.Clock == nil {
		u.Clock = clock.Wall{}
	}
	out := &Client{clock: u.Clock, terms: c.Terms}
	if len(out.terms) == 0 {
		out.terms = Terms()
	}
	var err error
	if out.watch, err = newWatchlist(c.Watch); err != nil {
		out.problem = fmt.Errorf("edgar: %w", err)
	}
	if err := checkTerms(out.terms); err != nil {
		out.problem = fmt.Errorf("edgar: %w", err)
	}
	u.UserAgent = strings.TrimSpace(c.UserAgent)
	if err := checkAgent(u.UserAgent); err != nil {
		out.problem = fmt.Errorf("edgar: %w; omc config set sources.edgar.user_agent 'Your Name you@example.org'", err)
		out.needs = []string{"sources.edgar.user_agent"}
		u.UserAgent = ""
	}
	hosts := upstream.Bases(u.BaseURL, Base, data, efts)
	u.BaseURL = hosts[0]
	out.www = upstream.New("edgar", u, perSecond)
	out.data, out.efts = out.www.At(hosts[1]), out.www.At(hosts[2])
	return out
}

// checkAgent wants what the SEC wants: a name and a mail address.
func checkAgent(s string) error {
	name, _, mail := strings.Cut(s, "@")
	switch {
	case s == "":
		return errors.New("the SEC answers only those who give a name and a contact")
	case !mail || len(strings.Fields(name)) < 2 || len(s) > 200 || strings.Trim(s, printable) != "":
		return errors.New("the SEC wants a name and a mail address, in plain letters")
	}
	return nil
}

const printable = " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~"

func checkTerms(terms []string) error {
	if len(terms) > maxTerms {
		return fmt.Errorf("sources.edgar.terms has %d terms, want at most %d", len(terms), maxTerms)
	}
	for _, t := range terms {
		if len(t) < 3 || len(t) > maxTerm || strings.ContainsAny(t, "\"\\") || source.Text(t, maxTerm) != t {
			return fmt.Errorf("sources.edgar.terms: want texts of 3 to %d letters without quotes, not %.40q", maxTerm, t)
		}
	}
	return nil
}

// Feeds are the three ways into EDGAR.
func (c *Client) Feeds() []source.Feed {
	feed := func(name, about string, every, timeout, fresh time.Duration, poll func(context.Context, []byte) (source.Harvest, error)) source.Feed {
		return source.Feed{Name: name, Source: "edgar", Ledger: ledger.Catalyst, About: about, Every: every, Timeout: timeout, Fresh: fresh, Needs: c.needs, Poll: poll}
	}
	return []source.Feed{
		feed("edgar.current", "new filings of watched filers and of those whose name says crypto", 15*time.Second, time.Minute, 30*time.Second, c.current),
		feed("edgar.filings", "filings of watched filers, a year back", 10*time.Minute, 5*time.Minute, 15*time.Minute, c.filings),
		feed("edgar.search", "filings whose text holds a watched term, a month back", 30*time.Minute, 5*time.Minute, time.Hour, c.search),
	}
}

func (c *Client) ready() error { return c.problem }

// ask makes a request. What the SEC says to those who ask too often is told as a hold, whatever status it has.
func (c *Client) ask(ctx context.Context, up *upstream.Client, r upstream.Request, h *source.Harvest) (upstream.Answer, error) {
	a, err := up.Do(ctx, r)
	if err == nil {
		return a, nil
	}
	if a.Status == http.StatusForbidden || a.Status == http.StatusTooManyRequests {
		var limited *upstream.RateLimitError
		switch {
		case bytes.Contains(a.Body, []byte("Request Rate Threshold")) && !(errors.As(err, &limited) && limited.RetryAfter > 0):
			return a, c.www.Fail(&upstream.RateLimitError{RetryAfter: shutOut})
		case bytes.Contains(a.Body, []byte("Undeclared Automated Tool")):
			return a, fmt.Errorf("%w: the SEC does not take sources.edgar.user_agent for a name and a contact; omc config set sources.edgar.user_agent 'Your Name you@example.org'", err)
		}
	}
	h.Unread(a.Status, a.Body, r.Path, err)
	return a, err
}

// shutOut is how long the SEC answers nobody who asked too often (unverified).
const shutOut = 10 * time.Minute

// read notes when the first answer of a poll was read that could be used.
func (c *Client) read(h *source.Harvest) {
	if h.Read.IsZero() {
		h.Read = c.clock.Now()
	}
}

// malformed keeps the beginning of an answer that could not be read, to be looked at.
func (c *Client) malformed(h *source.Harvest, path string, a upstream.Answer, err error) error {
	if errors.Is(err, upstream.ErrMalformed) {
		h.Unread(a.Status, a.Body, path, err)
	}
	return c.www.Fail(err)
}

// resolved is what the SEC said of tickers; 0: it knows none of that name.
type resolved struct {
	Tickers map[string]int `json:"tickers,omitempty"`
	Asked   time.Time      `json:"asked,omitzero"`
}

// watched is who is watched, with the CIKs of tickers that had to be asked for. Unknown ones are asked for again after a day. What
// is known comes back beside an error, and is enough to go on with.
func (c *Client) watched(ctx context.Context, r *resolved, h *source.Harvest) (map[int]Filer, error) {
	now := c.clock.Now()
	missing := false
	for _, t := range c.watch.tickers {
		cik := r.Tickers[t]
		missing = missing || cik <= 0 || cik > maxCIK
	}
	if since := now.Sub(r.Asked); !missing || since >= 0 && since < 24*time.Hour {
		return c.watch.with(r.Tickers), nil
	}
	got, err := c.tickers(ctx, h)
	if err != nil {
		r.Asked = now.Add(-24*time.Hour + 10*time.Minute) // and again in ten minutes
		return c.watch.with(r.Tickers), err
	}
	for _, t := range c.watch.tickers {
		if got[t] == 0 {
			h.Reject([]byte(t), "sources.edgar.watch: the SEC knows no ticker %s", t)
		}
	}
	r.Tickers, r.Asked = got, now
	return c.watch.with(got), nil
}

// tickers asks for the CIKs of the tickers on the watch list.
func (c *Client) tickers(ctx context.Context, h *source.Harvest) (map[string]int, error) {
	const path = "/files/company_tickers.json"
	a, err := c.ask(ctx, c.www, upstream.Request{Path: path, MaxBody: 16 << 20}, h)
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK {
		return nil, c.www.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
	}
	got, err := decodeTickers(a.Body, c.watch.tickers, h)
	if err != nil {
		return nil, c.malformed(h, path, a, err)
	}
	return got, nil
}
