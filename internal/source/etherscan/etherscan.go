// Package etherscan reads Ethereum's figures from Etherscan's API, version 2, with the user's key. It asks for public figures only, follows
// no user's wallet, stores nothing, and never puts the key into an error.
//
// Formats: answers recorded by rotki in 2025 and 2026, logs of an older client, and Etherscan's reference. Errors come with HTTP status
// 200 and status "0" in the body. All figures are ether's; they stand at the time that Etherscan gives, or at the minute (UTC) in which
// they were read.
//
//	feed     metric                                          unit
//	gas      gas_safe_gwei, gas_propose_gwei, gas_fast_gwei  10⁻⁹ ether for a unit of gas
//	         gas_base_fee_gwei                               the same, of the next block
//	block    block_height                                    blocks, at the time of the newest block
//	         block_gas_used_pct                              per cent of its limit
//	         block_base_fee_gwei                             10⁻⁹ ether for a unit of gas
//	         block_transactions                              transactions in it
//	price    price_usd, price_btc                            US dollars, bitcoin
//	supply   supply_eth                                      ether issued, without what follows
//	         staking_rewards_eth, burnt_fees_eth, withdrawn_eth
//	nodes    node_count                                      nodes found on a day
//	wallets  exchange_balance_eth                            ether in all watched wallets
//	         exchange_balance_NAME_eth                       ether in those of one exchange
//
// The feeds make some 3,400 requests a day; a free key has 100,000, and 3 a second.
//
// Unverified: that a block is found by the tag "latest", as Ethereum's nodes do; the text about the daily limit; that nodecount is free
// (its history is not); the names of the wallets watched by default, which are what explorers' labels say and not what exchanges do.
package etherscan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Public is where Etherscan answers by default.
const Public = "https://api.etherscan.io"

// limit is under the three requests a second that a free key has (five until 2025).
const limit = 2

const path = "/v2/api"

// Client asks for figures. Safe for concurrent use.
type Client struct {
	up      *upstream.Client
	clock   clock.Clock
	key     string
	wallets []wallet
	wrong   error // in the list of wallets
}

// New returns a client. key is the user's; wallets are entries like kraken=0x2910543af39aba0cd09dbb2d50200b3e800a63d2, none:
// DefaultWallets.
func New(c upstream.Config, key string, wallets []string) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.BaseURL == "" {
		c.BaseURL = Public
	}
	if len(wallets) == 0 {
		wallets = DefaultWallets()
	}
	out := &Client{up: upstream.New("etherscan", c, limit), clock: c.Clock, key: strings.TrimSpace(key)}
	out.wallets, out.wrong = parseWallets(wallets)
	return out
}

// Feeds are one for each kind of request, so that trouble with one leaves the others alone.
func (c *Client) Feeds() []source.Feed {
	var needs []string
	if c.key == "" {
		needs = []string{"sources.etherscan.key"}
	}
	feed := func(name string, every time.Duration, about string, poll func(context.Context, []byte) (source.Harvest, error)) source.Feed {
		return source.Feed{Name: "etherscan." + name, Source: "etherscan", Ledger: ledger.Glass, About: about, Every: every, Timeout: time.Minute,
			Fresh: every + time.Minute, Needs: needs, Poll: poll}
	}
	return []source.Feed{
		feed("gas", time.Minute, "what gas costs on Ethereum", c.ask("gastracker", "gasoracle", nil, decodeGas)),
		feed("block", time.Minute, "Ethereum's newest block", c.ask("proxy", "eth_getBlockByNumber", url.Values{"tag": {"latest"}, "boolean": {"false"}}, decodeBlock)),
		feed("price", 5*time.Minute, "ether's price in US dollars and bitcoin", c.ask("stats", "ethprice", nil, decodePrice)),
		feed("supply", time.Hour, "ether issued, burnt, earned by staking and withdrawn", c.ask("stats", "ethsupply2", nil, decodeSupply)),
		feed("nodes", 6*time.Hour, "Ethereum's nodes", c.ask("stats", "nodecount", nil, decodeNodes)),
		feed("wallets", 15*time.Minute, "ether in well-known wallets of exchanges", c.pollWallets),
	}
}

// decoder makes figures of a result. now is when it was read.
type decoder func(result json.RawMessage, now time.Time) (figures, error)

// ask polls one action.
func (c *Client) ask(module, action string, more url.Values, decode decoder) func(context.Context, []byte) (source.Harvest, error) {
	return func(ctx context.Context, _ []byte) (source.Harvest, error) {
		h, err := c.request(ctx, module, action, more, decode)
		if h.Len() == 0 {
			h.Read = time.Time{}
		}
		return h, err
	}
}

// request makes one request. What cannot be read is an error, and a reject of its first bytes.
func (c *Client) request(ctx context.Context, module, action string, more url.Values, decode decoder) (source.Harvest, error) {
	if c.key == "" {
		return source.Harvest{}, c.up.Fail(errors.New("it needs a key: omc config set --secret sources.etherscan.key"))
	}
	q := url.Values{"chainid": {"1"}, "module": {module}, "action": {action}, "apikey": {c.key}}
	for k, v := range more {
		q[k] = v
	}
	a, err := c.up.Get(ctx, path, q)
	if err != nil {
		return source.Harvest{}, err
	}
	now := c.clock.Now()
	var h source.Harvest
	if a.Status != http.StatusOK {
		return h, c.up.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
	}
	result, err := envelope(a.Body)
	var f figures
	if err == nil {
		if f, err = decode(result, now); err != nil {
			err = fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
		}
	}
	if err != nil {
		if errors.Is(err, upstream.ErrMalformed) {
			h.Unread(a.Status, []byte(c.mask(string(a.Body))), "the answer to "+module+" "+action+" could not be read", errors.New(c.mask(err.Error())))
		}
		return h, c.up.Fail(&masked{c.mask(err.Error()), err})
	}
	h.Read, h.Metrics = now, f.metrics
	h.RejectAll(f.rejects)
	return h, nil
}

// mask takes the key out of what Etherscan said, should it ever say it back.
func (c *Client) mask(s string) string { return strings.ReplaceAll(s, c.key, "…") }

// masked is an error with another text.
type masked struct {
	text string
	err  error
}

func (m *masked) Error() string { return m.text }
func (m *masked) Unwrap() error { return m.err }

// envelope takes the result out of an answer of either kind: Etherscan's own, or that of the node behind it.
func envelope(body []byte) (json.RawMessage, error) {
	var env struct {
		Status, Message string
		Result          json.RawMessage
		Version         string                    `json:"jsonrpc"`
		Error           *struct{ Message string } `json:"error"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return nil, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	null := len(env.Result) == 0 || string(env.Result) == "null"
	switch {
	case env.Version == "2.0" && env.Error != nil:
		return nil, fmt.Errorf("%w: the node says: %s", upstream.ErrUnavailable, upstream.Text(env.Error.Message))
	case env.Version == "2.0" && !null, env.Status == "1" && !null:
		return env.Result, nil
	case env.Status == "0":
		return nil, refusal(env.Message, env.Result)
	}
	return nil, fmt.Errorf("%w: status %.20q without a result", upstream.ErrMalformed, env.Status)
}

// errKey is no failure of Etherscan's, after which it would be left alone for a while: with another key it answers.
var errKey = errors.New("the key was refused")

// refusal says why there is no result: NOTOK and a text, or a message that there is nothing.
func refusal(message string, result json.RawMessage) error {
	var why string
	if json.Unmarshal(result, &why) != nil {
		why = ""
	}
	text := strings.ToLower(message + " " + why)
	switch {
	case strings.Contains(text, "daily rate limit"):
		return &upstream.RateLimitError{RetryAfter: time.Hour}
	case strings.Contains(text, "rate limit"):
		return &upstream.RateLimitError{RetryAfter: 5 * time.Second}
	case strings.Contains(text, "too many invalid"): // keys; the address is shut out for half a minute
		return &upstream.RateLimitError{RetryAfter: 30 * time.Second}
	case strings.Contains(text, "api key"):
		return fmt.Errorf("%w (%s); store another one: omc config set --secret sources.etherscan.key", errKey, upstream.Text(why))
	}
	return fmt.Errorf("%w: %s", upstream.ErrUnavailable, upstream.Text(strings.TrimSpace(message+" "+why)))
}
