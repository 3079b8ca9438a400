package config

// Feed is one stream of a source, and how often it is polled where nothing is set.
type Feed struct {
	Name  string
	Every string
}

// GroupedFeeds are the sources whose streams are made by a list of the user's: all of one source share one setting.
var GroupedFeeds = map[string]bool{"rss": true, "reddit": true}

// Feeds are the streams that have collect.<name>.every. The daemon's own list must be the same: a test compares them.
func Feeds() []Feed {
	return []Feed{
		{"coinspot", "5s"},
		{"coinspot.instant", "30s"},
		{"coinspot.trades", "30s"},
		{"coinspot.book", "1m"},
		{"coinspot.listings", "10s"},
		{"defillama.protocols", "20m"},
		{"defillama.fees", "20m"},
		{"defillama.dexs", "20m"},
		{"defillama.tvl", "6h"},
		{"defillama.stablecoins", "20m"},
		{"defillama.yields", "30m"},
		{"defillama.prices", "5m"},
		{"coinmetrics.metrics", "1h"},
		{"mempool.fees", "1m"},
		{"mempool.queue", "1m"},
		{"mempool.tip", "1m"},
		{"mempool.difficulty", "10m"},
		{"mempool.hashrate", "1h"},
		{"mempool.prices", "5m"},
		{"blockchain.charts", "6m"},
		{"etherscan.gas", "1m"},
		{"etherscan.block", "1m"},
		{"etherscan.price", "5m"},
		{"etherscan.supply", "1h"},
		{"etherscan.nodes", "6h"},
		{"etherscan.wallets", "15m"},
		{"nansen.netflow", "1h"},
		{"nansen.trades", "30m"},
		{"rss", "5m"},
		{"cryptopanic", "8h"},
		{"reddit", "1m"},
		{"x", "2m"},
		{"edgar.current", "15s"},
		{"edgar.filings", "10m"},
		{"edgar.search", "30m"},
		{"coinbase.listings", "10s"},
		{"kraken.listings", "15s"},
		{"binance.announcements", "20s"},
	}
}

func feedKeys() []Key {
	var out []Key
	for _, f := range Feeds() {
		out = append(out, Key{Name: "collect." + f.Name + ".every", Kind: "duration", Doc: "how often " + f.Name + " is polled; empty: " + f.Every})
	}
	return out
}
