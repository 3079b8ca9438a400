// Package coinmetrics reads daily network data of assets from CoinMetrics' community API, which needs no key. It asks only for metrics
// that CoinMetrics' catalog marks as free, follows no address that an answer names, and stores nothing.
//
// Formats: CoinMetrics' OpenAPI description and its examples. Values are texts, and stand at midnight (UTC) of their day; a day is
// published after it is over and revised for some days, so every poll reads the last week again. The first polls read the whole history,
// page by page. The data is licensed CC BY-NC 4.0.
//
//	CoinMetrics     metric                      unit
//	AdrActCnt       active_addresses            addresses used in the day
//	AdrBalCnt       funded_addresses            addresses with a balance
//	TxCnt           transaction_count           in the day
//	TxTfrCnt        transfer_count              in the day
//	BlkCnt          block_count                 in the day
//	HashRate        hash_rate_ehs               10¹⁸ hashes a second, sent as TH/s
//	PriceUSD        price_usd                   US dollars
//	CapMrktCurUSD   market_cap_usd              US dollars
//	CapMVRVCur      mvrv_ratio                  market value / realised value
//	SplyCur         supply_native               units of the asset
//	IssTotNtv       issuance_native             units of the asset in the day
//	FeeTotNtv       fees_native                 units of the asset in the day
//	FlowInExNtv     exchange_inflow_native      units of the asset in the day
//	FlowOutExNtv    exchange_outflow_native     units of the asset in the day
//	ROI30d          roi_30d_pct                 per cent
//	any other       cm_ and its name in lower case, as it is sent
//
// An asset's name at CoinMetrics in upper case is taken for its ticker, which holds for the default ones.
//
// Unverified: which metrics are free, which the catalog is asked for once a day; the body of a 429; the unit of HashRate of chains whose
// work is not measured in hashes.
package coinmetrics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Public is where the community API is by default.
const Public = "https://community-api.coinmetrics.io/v4"

// limit keeps under ten requests in any six seconds.
const limit = 1.5

const (
	every      = time.Hour
	maxAssets  = 50
	maxMetrics = 40
)

// DefaultAssets are those that are read where sources.coinmetrics.assets names none.
func DefaultAssets() []string {
	return []string{"btc", "eth", "ltc", "bch", "doge", "etc", "xrp", "ada", "xlm", "link", "uni", "aave"}
}

// DefaultMetrics are those that are read where sources.coinmetrics.metrics names none, as far as they are free.
func DefaultMetrics() []string {
	var out []string
	for _, n := range names() {
		out = append(out, n.theirs)
	}
	return out
}

// Client asks for daily metrics. Safe for concurrent use.
type Client struct {
	up      *upstream.Client
	clock   clock.Clock
	assets  []string
	metrics map[string]name
	wrong   error // in the settings
}

// New returns a client; assets and metrics are CoinMetrics' names, none: the default ones.
func New(c upstream.Config, assets, metrics []string) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.BaseURL == "" {
		c.BaseURL = Public
	}
	if len(assets) == 0 {
		assets = DefaultAssets()
	}
	if len(metrics) == 0 {
		metrics = DefaultMetrics()
	}
	out := &Client{up: upstream.New("coinmetrics", c, limit), clock: c.Clock, metrics: map[string]name{}}
	out.configure(assets, metrics)
	return out
}

// configure checks the settings; a wrong one is told by every poll.
func (c *Client) configure(assets, metrics []string) {
	if len(assets) > maxAssets || len(metrics) > maxMetrics {
		c.wrong = fmt.Errorf("%d assets and %d metrics are asked for, the limits are %d and %d: see sources.coinmetrics.assets and .metrics", len(assets), len(metrics), maxAssets, maxMetrics)
		return
	}
	for _, a := range assets {
		a = strings.ToLower(strings.TrimSpace(a))
		if _, err := market.ParseCoin(a); err != nil {
			c.wrong = fmt.Errorf("sources.coinmetrics.assets: %.40q is no asset like btc", a)
			return
		}
		if !slices.Contains(c.assets, a) {
			c.assets = append(c.assets, a)
		}
	}
	for _, m := range metrics {
		m = strings.TrimSpace(m)
		if len(m) == 0 || len(m) > 60 || strings.Trim(m, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			c.wrong = fmt.Errorf("sources.coinmetrics.metrics: %.40q is no metric like AdrActCnt", m)
			return
		}
		c.metrics[m] = named(m)
	}
}

// Feeds is one feed.
func (c *Client) Feeds() []source.Feed {
	return []source.Feed{{Name: "coinmetrics.metrics", Source: "coinmetrics", Ledger: ledger.Glass, About: "daily use, fees, supply and price of the main chains, from CoinMetrics' community data",
		Every: every, Timeout: 2 * time.Minute, Fresh: 2 * every, Poll: c.pollMetrics}}
}

func (c *Client) pollMetrics(ctx context.Context, cursor []byte) (source.Harvest, error) {
	if c.wrong != nil {
		return source.Harvest{}, c.up.Fail(c.wrong)
	}
	p := c.begin(ctx, cursor)
	err := p.run(ctx)
	return p.end(err)
}
