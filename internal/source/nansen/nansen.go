// Package nansen reads what wallets known for their skill do, from Nansen's paid API, version 1. Each request costs credits: it asks
// once an hour at most, never again what was refused, and not at all for the rest of the UTC day once the credits are spent. It stores
// nothing and names tokens by chain and address, because symbols are anybody's to choose.
//
// Formats: Nansen's documentation and its own command-line client of March 2026, rows recorded in April 2026 and live probes of
// September 2026.
//
//	feed     record       window   what
//	netflow  Flow         24 h     net_flow_usd of the tokens with the largest inflows and outflows; who traded is not told
//	         Fundamental  24 h     smart_money_traders_24h: wallets that traded, of the token chain:address
//	trades   Flow         1 h      net_flow_usd, wallets and their number on either side, added up from single trades on exchanges
//
// A flow's time is the end of its window. Netflow's window is told to end now and is kept at the hour (UTC), so that a later poll in
// the hour is a revision. Trades lands an hour once it has been over for a quarter of an hour, because trades show up late; it then
// pages back from the newest trade to the start of the first hour that has not landed. Nansen keeps trades for 24 hours: what is
// missed longer than that stays missed, and an outage may leave a hole where there are more than 20 pages of trades.
//
// Costs: a request has 5 credits; netflow makes two an hour, trades two or three.
//
// Unverified: Nansen's rate limit (this asks once a second), whether a failed request is charged (it is not repeated), and that trades
// come newest first as asked (where they do not, more pages are read). trader_address_label is not looked at: the request asks for
// the labels that mean skill.
package nansen

import (
	"context"
	"encoding/json"
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

// Public is where Nansen answers by default.
const Public = "https://api.nansen.ai/api/v1"

const (
	perPage = 100
	keyLine = "omc config set --secret sources.nansen.key"
)

// Client asks for smart money. Safe for concurrent use.
type Client struct {
	up    *upstream.Client
	clock clock.Clock
	key   string
}

// New returns a client with the user's key. Without one its feeds say what they need.
func New(c upstream.Config, key string) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.BaseURL == "" {
		c.BaseURL = Public
	}
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	return &Client{up: upstream.New("nansen", c, 1), clock: c.Clock, key: strings.TrimSpace(key)}
}

// Feeds are netflow and trades. Half an hour's polls of trades cost nothing: they find that no hour has ended.
func (c *Client) Feeds() []source.Feed {
	var needs []string
	if c.key == "" {
		needs = []string{"sources.nansen.key"}
	}
	return []source.Feed{
		{Name: "nansen.netflow", Source: "nansen", Ledger: ledger.Glass, About: "net flows of smart money over 24 hours, by token",
			Every: time.Hour, Timeout: 3 * time.Minute, Fresh: 65 * time.Minute, Needs: needs, Poll: c.pollNetflow},
		{Name: "nansen.trades", Source: "nansen", Ledger: ledger.Glass, About: "smart money's trades on exchanges, by token and hour",
			Every: 30 * time.Minute, Timeout: 5 * time.Minute, Fresh: 95 * time.Minute, Needs: needs, Poll: c.pollTrades},
	}
}

// state is the cursor of both feeds.
type state struct {
	Stopped time.Time `json:"stopped,omitzero"` // no request before then
	Why     string    `json:"why,omitempty"`
	Key     string    `json:"key,omitempty"` // fingerprint of the key it was stopped with
	Done    time.Time `json:"done,omitzero"` // trades: the hours before then have landed
}

// begin reads a cursor; an error says why no request may be made.
func (c *Client) begin(ctx context.Context, cursor []byte, now time.Time) (state, error) {
	var s state
	if json.Unmarshal(cursor, &s) != nil {
		s = state{}
	}
	switch {
	case c.key == "":
		return s, errors.New("nansen: there is no key; set one with '" + keyLine + "'")
	case s.Stopped.After(now) && !s.Stopped.After(now.Add(24*time.Hour)) && s.Key == source.Fingerprint(c.key) && !source.IsByHand(ctx):
		return s, &source.PutOff{Until: s.Stopped, Err: fmt.Errorf("nansen: stopped until %s, because asking costs credits: %s",
			s.Stopped.UTC().Format(time.RFC3339), source.Text(s.Why, 200))}
	}
	s.Stopped, s.Why, s.Key = time.Time{}, "", source.Fingerprint(c.key)
	return s, nil
}

// stop is an answer that will be no other for a while: spent credits may be bought at any time, and one request an hour finds out; what
// was wrong with a request is asked for again the next day (UTC), or with another key.
type stop struct {
	why  string
	rest time.Duration // 0: until the next day
}

// Error implements error.
func (s *stop) Error() string {
	if s.rest > 0 {
		return s.why + "; the feed asks again in " + s.rest.String()
	}
	return s.why + "; the feed rests until the next day (UTC)"
}

func (s *stop) until(now time.Time) time.Time {
	if s.rest > 0 {
		return now.Add(s.rest)
	}
	return now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
}

// end makes the harvest's cursor, and stops the feed where err says so.
func end(out *source.Harvest, s state, err error, now time.Time) {
	var st *stop
	if errors.As(err, &st) {
		s.Stopped, s.Why = st.until(now), st.why
	}
	out.Cursor, _ = json.Marshal(s) // times and text always marshal
}

// request is the body of every question.
type request struct {
	Chains     []string       `json:"chains"`
	Filters    map[string]any `json:"filters"`
	Pagination struct {
		Page    int `json:"page"`
		PerPage int `json:"per_page"`
	} `json:"pagination"`
	OrderBy [1]order `json:"order_by"`
}

type order struct {
	Field     string `json:"field"`
	Direction string `json:"direction"`
}

// question asks for a page of what the funds and traders known for their skill do on the main chains.
func question(field, direction string, page int) request {
	q := request{Chains: []string{"ethereum", "solana", "base", "bnb", "arbitrum"}, OrderBy: [1]order{{field, direction}}, Filters: map[string]any{
		"include_smart_money_labels": []string{"Fund", "Smart Trader", "30D Smart Trader", "90D Smart Trader", "180D Smart Trader"}}}
	q.Pagination.Page, q.Pagination.PerPage = page, perPage
	return q
}

// ask makes one request and returns its rows; last is true where there are no further pages. It is never repeated: it may have been
// paid for.
func (c *Client) ask(ctx context.Context, path string, q request, out *source.Harvest) (rows []json.RawMessage, last bool, err error) {
	body, _ := json.Marshal(q) // texts and numbers always marshal
	a, err := c.up.Do(ctx, upstream.Request{Method: http.MethodPost, Path: path, Body: body, ContentType: "application/json",
		Header: http.Header{"Apikey": {c.key}}, Own: []int{400, 401, 402, 403, 404, 422}})
	if err != nil {
		return nil, false, err
	}
	at := c.clock.Now()
	if a.Status != http.StatusOK {
		return nil, false, c.up.Fail(refusal(a.Status, a.Body))
	}
	rows, last, err = decodePage(a.Body)
	if err != nil {
		out.Unread(a.Status, a.Body, "the answer to "+path+" could not be read", err)
		return nil, false, c.up.Fail(err)
	}
	if out.Read.IsZero() {
		out.Read = at
	}
	return rows, last, nil
}

// refusal reads an answer without data. What costs credits and would be refused again is a stop.
func refusal(status int, body []byte) error {
	var e struct {
		Error   string `json:"error"`
		Message string `json:"message"`
		Code    string `json:"code"`
	}
	_ = json.Unmarshal(body, &e) // the status says enough where the body says nothing
	said := upstream.Text(strings.TrimSpace(e.Error + " " + e.Message))
	switch {
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%w: the key is refused; set it with '%s'", upstream.ErrUnavailable, keyLine)
	case status == http.StatusPaymentRequired, status == http.StatusForbidden && strings.Contains(strings.ToLower(said+e.Code), "credit"):
		return fmt.Errorf("%w: %w", upstream.ErrUnavailable, &stop{"the credits are spent (http status " + fmt.Sprint(status) + "); buy more at Nansen", time.Hour})
	case status == http.StatusForbidden || status >= 500 || status < 400:
		return fmt.Errorf("%w: http status %d: %s", upstream.ErrUnavailable, status, said)
	}
	return fmt.Errorf("%w: %w", upstream.ErrUnavailable, &stop{why: fmt.Sprintf("the request is refused (http status %d): %s", status, said)})
}

// decodePage reads the envelope of every answer.
func decodePage(body []byte) (rows []json.RawMessage, last bool, err error) {
	var page struct {
		Data       []json.RawMessage `json:"data"`
		Pagination *struct {
			Last *bool `json:"is_last_page"`
		} `json:"pagination"`
	}
	switch err := json.Unmarshal(body, &page); {
	case err != nil:
		return nil, false, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	case page.Data == nil:
		return nil, false, fmt.Errorf("%w: no data", upstream.ErrMalformed)
	case len(page.Data) > perPage:
		return nil, false, fmt.Errorf("%w: %d rows on a page of %d", upstream.ErrMalformed, len(page.Data), perPage)
	case page.Pagination == nil || page.Pagination.Last == nil:
		return nil, false, fmt.Errorf("%w: it does not say whether there are more pages", upstream.ErrMalformed)
	}
	return page.Data, *page.Pagination.Last || len(page.Data) == 0, nil
}
