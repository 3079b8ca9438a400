package config

// Upstream is one source of data: its public address, and the settings only it has.
type Upstream struct {
	Name    string
	BaseURL string
	Keys    []Key // named by their last part: key is sources.<name>.key
}

// Upstreams are the sources, in the order in which they are shown.
func Upstreams() []Upstream {
	secret := func(name, doc string) Key { return Key{Name: name, Kind: "string", Secret: true, Doc: doc} }
	text := func(name, def, doc string) Key { return Key{Name: name, Kind: "string", Default: def, Doc: doc} }
	return []Upstream{
		{Name: "kraken", BaseURL: "https://api.kraken.com"},
		{Name: "coinbase", BaseURL: "https://api.exchange.coinbase.com"},
		{Name: "binance", BaseURL: "https://api.binance.com"},
		{Name: "coinspot", BaseURL: "https://www.coinspot.com.au/pubapi/v2"},
		{Name: "defillama", BaseURL: "https://api.llama.fi", Keys: []Key{
			text("protocols", "", "protocols whose whole history is kept, as slugs with commas between; empty: a dozen large ones")}},
		{Name: "coinmetrics", BaseURL: "https://community-api.coinmetrics.io/v4", Keys: []Key{
			text("assets", "", "assets with commas between; empty: the main ones"), text("metrics", "", "metrics with commas between; empty: those the community plan has")}},
		{Name: "mempool", BaseURL: "https://mempool.space/api"},
		{Name: "blockchain", BaseURL: "https://api.blockchain.info"},
		{Name: "etherscan", BaseURL: "https://api.etherscan.io", Keys: []Key{secret("key", "API key (free)"), text("addresses", "", "wallets whose balance is followed, as name=0x… with commas between, like kraken=0x2910543af39aba0cd09dbb2d50200b3e800a63d2; empty: those of large exchanges")}},
		{Name: "nansen", BaseURL: "https://api.nansen.ai/api/v1", Keys: []Key{secret("key", "API key (paid by request)")}},
		{Name: "rss", BaseURL: "", Keys: []Key{text("feeds", "", "name=url with commas between; empty: CoinDesk, Cointelegraph and others")}},
		{Name: "cryptopanic", BaseURL: "https://cryptopanic.com/api", Keys: []Key{secret("key", "API token"), text("plan", "developer", "developer, growth or enterprise")}},
		{Name: "reddit", BaseURL: "https://oauth.reddit.com", Keys: []Key{secret("client_id", "id of your script app"), secret("client_secret", "its secret"),
			text("subreddits", "", "with commas between; empty: CryptoCurrency, Bitcoin and others")}},
		{Name: "x", BaseURL: "https://api.x.com", Keys: []Key{secret("key", "bearer token (paid plan)"), text("query", "", "what is searched for; empty: the main coins")}},
		{Name: "edgar", BaseURL: "https://www.sec.gov", Keys: []Key{
			text("watch", "", "filers followed, as CIKs or tickers with commas between; empty: a dozen with crypto on their books"),
			text("terms", "", "terms searched for in filings, with commas between; empty: a few on crypto")}},
	}
}

// userAgent is who asks an upstream. Reddit wants the name of a user; the SEC wants a name and a mail address, and answers nobody else.
func userAgent(upstream, prefix string) Key {
	k := Key{Name: prefix + "user_agent", Kind: "string", Doc: "who asks; empty: omc and its version"}
	if upstream == "reddit" {
		k.Doc, k.Example = "your name at Reddit, as Reddit asks for, or the whole: platform:application:version (by /u/name)", "/u/name"
	}
	if upstream == "edgar" {
		k.Doc, k.Example = "a name and a mail address, as the SEC demands; without it nothing is asked", "'Your Name you@example.org'"
	}
	return k
}

// upstreamKeys are the settings of the sources.
func upstreamKeys() []Key {
	var out []Key
	for _, u := range Upstreams() {
		p := "sources." + u.Name + "."
		out = append(out, Key{Name: p + "base_url", Kind: "url", Default: u.BaseURL, Doc: "where " + u.Name + " is; a test or a mirror can stand in"})
		for _, k := range u.Keys {
			k.Name = p + k.Name
			out = append(out, k)
		}
		out = append(out,
			userAgent(u.Name, p),
			Key{Name: p + "requests_per_minute", Kind: "count", Doc: "limit of requests, over all processes; empty: what the upstream states"},
			Key{Name: p + "timeout", Kind: "duration", Doc: "of one request with its retries, like 20s; empty: the source's own"},
			Key{Name: p + "proxies", Kind: "string", Secret: true, Doc: "http, https or socks5 proxies with commas between, used in turn"})
	}
	return out
}
