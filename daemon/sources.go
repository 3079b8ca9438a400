package daemon

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/ohmycoins/omc/daemon/collect"
	"github.com/ohmycoins/omc/internal/bus"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/binance"
	"github.com/ohmycoins/omc/internal/source/blockchain"
	"github.com/ohmycoins/omc/internal/source/coinbase"
	"github.com/ohmycoins/omc/internal/source/coinmetrics"
	"github.com/ohmycoins/omc/internal/source/coinspot"
	"github.com/ohmycoins/omc/internal/source/cryptopanic"
	"github.com/ohmycoins/omc/internal/source/defillama"
	"github.com/ohmycoins/omc/internal/source/edgar"
	"github.com/ohmycoins/omc/internal/source/etherscan"
	"github.com/ohmycoins/omc/internal/source/kraken"
	"github.com/ohmycoins/omc/internal/source/listing"
	"github.com/ohmycoins/omc/internal/source/mempool"
	"github.com/ohmycoins/omc/internal/source/nansen"
	"github.com/ohmycoins/omc/internal/source/reddit"
	"github.com/ohmycoins/omc/internal/source/rss"
	"github.com/ohmycoins/omc/internal/source/upstream"
	"github.com/ohmycoins/omc/internal/source/x"
)

// sources makes the clients of upstreams from the settings.
type sources struct {
	settings   map[string]string
	unreadable map[string]string
	version    string
	group      *upstream.Group // all clients of this process keep the limits of their upstreams together
	clock      clock.Clock
	wait       func(context.Context, time.Duration) error // nil: on the machine's clock
}

func newSources(c *Config, b bus.Bus) *sources {
	var among upstream.Shared
	if r, ok := b.(*bus.Redis); ok {
		among = r.Limiter()
	}
	return &sources{settings: c.Settings, unreadable: c.Unreadable, version: c.Version.Version, group: upstream.NewGroup(among), clock: clock.Wall{}}
}

// setting is sources.<name>.<key>.
func (s *sources) setting(name, key string) string { return s.settings["sources."+name+"."+key] }

// list is a setting with commas between.
func (s *sources) list(name, key string) (out []string) {
	for v := range strings.SplitSeq(s.setting(name, key), ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// config is how to reach an upstream.
func (s *sources) config(name string) upstream.Config {
	c := upstream.Config{BaseURL: strings.TrimSuffix(s.setting(name, "base_url"), "/"), UserAgent: s.setting(name, "user_agent"), Proxies: s.list(name, "proxies"), Group: s.group, Clock: s.clock, Wait: s.wait}
	if c.UserAgent == "" {
		c.UserAgent = "omc/" + s.version
	}
	c.Urgent = name == "coinspot" // what trading goes by waits behind nothing
	if n, err := strconv.Atoi(s.setting(name, "requests_per_minute")); err == nil && n > 0 {
		// A second of each minute, and up to three requests, are left for what is late on its way, as a request is whose process loses the
		// processor between its turn and its sending: no minute has more.
		c.Limit = rate.Limit((float64(n) - min(3, float64(n)/10)) / 61)
	}
	if d, err := time.ParseDuration(s.setting(name, "timeout")); err == nil {
		c.Timeout = d
	}
	return c
}

// candles are the exchanges with history, in the order in which they are asked.
func (s *sources) candles() []collect.Candles {
	return []collect.Candles{kraken.New(s.config("kraken")), coinbase.New(s.config("coinbase")), binance.New(s.config("binance"))}
}

// feeds are all streams of all upstreams.
func (s *sources) feeds() []source.Feed {
	return slices.Concat(
		coinspot.New(s.config("coinspot"), s.clock).Feeds(),
		defillama.New(s.config("defillama"), s.list("defillama", "protocols")).Feeds(),
		coinmetrics.New(s.config("coinmetrics"), s.list("coinmetrics", "assets"), s.list("coinmetrics", "metrics")).Feeds(),
		mempool.New(s.config("mempool")).Feeds(),
		blockchain.New(s.config("blockchain")).Feeds(),
		etherscan.New(s.config("etherscan"), s.setting("etherscan", "key"), s.list("etherscan", "addresses")).Feeds(),
		nansen.New(s.config("nansen"), s.setting("nansen", "key")).Feeds(),
		rss.New(s.config("rss"), s.setting("rss", "feeds")).Feeds(),
		cryptopanic.New(s.config("cryptopanic"), s.setting("cryptopanic", "key"), s.setting("cryptopanic", "plan")).Feeds(),
		reddit.New(s.config("reddit"), reddit.Config{ID: s.setting("reddit", "client_id"), Secret: s.setting("reddit", "client_secret"),
			UserAgent: s.setting("reddit", "user_agent"), Subreddits: s.setting("reddit", "subreddits")}).Feeds(),
		x.New(s.config("x"), s.setting("x", "key"), s.setting("x", "query")).Feeds(),
		edgar.New(s.config("edgar"), edgar.Config{UserAgent: s.setting("edgar", "user_agent"), Watch: s.list("edgar", "watch"), Terms: s.list("edgar", "terms")}).Feeds(),
		listing.New(listing.Config{CoinSpot: s.config("coinspot"), Coinbase: s.config("coinbase"), Kraken: s.config("kraken"), Binance: s.config("binance")}).Feeds(),
	)
}

// every is how often the settings want a feed polled; 0: as its source says. Feeds that the user's lists make share one setting.
func (s *sources) every(name string) time.Duration {
	group, _, _ := strings.Cut(name, ".")
	for _, key := range []string{name, group} {
		if key == name || config.GroupedFeeds[key] {
			if d, err := time.ParseDuration(s.settings["collect."+key+".every"]); err == nil { // checked when the settings were read
				return d
			}
		}
	}
	return 0
}

// plans are the feeds as the settings want them.
func (s *sources) plans() []collect.Plan {
	var out []collect.Plan
	for _, f := range s.feeds() {
		if d := s.every(f.Name); d > 0 {
			f.Every = d
		}
		out = append(out, collect.Plan{Feed: f, Needs: s.needs(&f)})
	}
	return out
}

// needs are the commands without which a feed cannot run.
func (s *sources) needs(f *source.Feed) []string {
	var out []string
	for _, name := range f.Needs {
		switch why, locked := s.unreadable[name]; {
		case locked:
			out = append(out, name+" cannot be read: "+why)
		case s.settings[name] == "":
			out = append(out, needLine(name))
		}
	}
	return out
}

// needLine is the command that sets what a feed needs.
func needLine(name string) string {
	k, _ := config.Find(name) // every need is a setting: a test compares them
	switch {
	case k.Secret:
		return "omc config set --secret " + name
	case k.Example != "":
		return "omc config set " + name + " " + k.Example
	}
	return "omc config set " + name + " VALUE"
}

func feedsOf(plans []collect.Plan) []source.Feed {
	out := make([]source.Feed, len(plans))
	for i := range plans {
		out[i] = plans[i].Feed
	}
	return out
}
