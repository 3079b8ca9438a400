// Package defillama reads what DeFiLlama publishes without a key: value locked, fees, volumes, stablecoins, yields and prices. It never
// asks for what is paid, stores nothing, and names a coin only where a table of its own says which coin it is.
//
// Formats: DeFiLlama's OpenAPI description of July 2026, recorded answers, and live probes of September 2026. The answers of /protocols
// and /pools have megabytes: each is decoded row by row as it comes in. Figures of the present stand at the hour (UTC) of the poll, so
// that a later poll in the same hour that finds another value revises it; within an hour, polls are conditional.
//
//	feed         record       of                     metric                      unit
//	protocols    Fundamental  slug                   tvl_usd, mcap_usd           US dollars
//	fees         Fundamental  slug, "all chains"     fees_24h_usd                US dollars in the last 24 hours
//	                                                 revenue_24h_usd             what of them the protocol keeps
//	             Metric       the chain's coin       chain_fees_24h_usd, chain_revenue_24h_usd
//	dexs         Fundamental  slug, "all chains"     dex_volume_24h_usd          US dollars in the last 24 hours
//	             Metric       the chain's coin       chain_dex_volume_24h_usd
//	tvl          Fundamental  slug, "all chains"     tvl_daily_usd               US dollars, at midnight UTC
//	             Metric       the chain's coin       chain_tvl_usd               the same, without liquid staking and double counts
//	stablecoins  Metric       the stablecoin         stablecoin_circulating_usd  US dollars
//	             Fundamental  "all chains"           stablecoin_circulating_usd  all that are pegged to the dollar
//	yields       Fundamental  project:pool           pool_tvl_usd, pool_apy_pct  US dollars, per cent a year
//	prices       Metric       the coin               price_usd                   US dollars, at the time DeFiLlama gives
//
// Of 8,000 protocols those with a certain coin and the 500 largest are kept, of the overviews the 200 largest, of 17,000 pools the 300
// largest; asset is the coin of the protocol, not of what lies in it. A chain's figures are told of its own coin, and only of chains
// that have one: Base's would be mixed up with Ethereum's.
//
// Unverified: that a slug or chain DeFiLlama does not know is answered with 400 or 404 (both are taken so, and told as a reject); that
// it sends validators for conditional requests (without them the whole answer is read); the slugs of names.go beyond those recorded.
package defillama

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Public is where DeFiLlama answers by default; prices, stablecoins and yields have hosts of their own.
const Public = "https://api.llama.fi"

// limit is 120 a minute: the soft limit is 500, of an address that others may share.
const limit = 2

// DefaultProtocols are the slugs whose daily history is followed where sources.defillama.protocols names none.
func DefaultProtocols() []string {
	return []string{"lido", "aave-v3", "uniswap-v3", "curve-dex", "compound-v3", "rocket-pool", "pendle", "convex-finance", "ethena-usde",
		"jito-liquid-staking", "raydium-amm", "pancakeswap-amm"}
}

// Client asks for what is public. Safe for concurrent use.
type Client struct {
	clock                           clock.Clock
	api, coins, stablecoins, yields *upstream.Client
	names                           *names
	watch                           []string
}

// New returns a client; watch are the slugs of the protocols whose daily history is followed, at most 200 of them, none: DefaultProtocols.
func New(c upstream.Config, watch []string) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.Timeout == 0 {
		c.Timeout = 90 * time.Second // 29 MB over a slow line
	}
	out := &Client{clock: c.Clock, names: newNames()}
	for _, slug := range watch {
		if slug = strings.ToLower(strings.TrimSpace(slug)); slug != "" && !slices.Contains(out.watch, slug) {
			out.watch = append(out.watch, slug)
		}
	}
	if len(out.watch) == 0 {
		out.watch = DefaultProtocols()
	}
	hosts := upstream.Bases(c.BaseURL, Public, "https://coins.llama.fi", "https://stablecoins.llama.fi", "https://yields.llama.fi")
	c.BaseURL = hosts[0]
	out.api = upstream.New("defillama", c, limit)
	out.coins, out.stablecoins, out.yields = out.api.At(hosts[1]), out.api.At(hosts[2]), out.api.At(hosts[3])
	return out
}

// Feeds are the streams that DeFiLlama has. Its own figures move once an hour, prices every few minutes, histories once a day.
func (c *Client) Feeds() []source.Feed {
	feed := func(name string, every time.Duration, about string, poll func(context.Context, []byte) (source.Harvest, error)) source.Feed {
		return source.Feed{Name: "defillama." + name, Source: "defillama", Ledger: ledger.Glass, About: about, Every: every, Timeout: 4 * time.Minute,
			Fresh: every + 4*time.Minute, Poll: poll}
	}
	return []source.Feed{
		feed("protocols", 20*time.Minute, "value locked and market cap of the largest protocols", c.pollProtocols),
		feed("fees", 20*time.Minute, "fees and revenue of the last 24 hours, by protocol and chain", c.pollFees),
		feed("dexs", 20*time.Minute, "exchange volume of the last 24 hours, by protocol and chain", c.pollDexs),
		feed("tvl", 6*time.Hour, "daily history of value locked, by chain and watched protocol", c.pollTVL),
		feed("stablecoins", 20*time.Minute, "what circulates of the dollar stablecoins", c.pollStablecoins),
		feed("yields", 30*time.Minute, "yield and size of the largest pools", c.pollYields),
		feed("prices", 5*time.Minute, "prices in US dollars of the main coins", c.pollPrices),
	}
}
