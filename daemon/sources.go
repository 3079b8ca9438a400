package daemon

import (
	"strings"
	"time"

	"github.com/ohmycoins/omc/daemon/collect"
	"github.com/ohmycoins/omc/internal/bus"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/binance"
	"github.com/ohmycoins/omc/internal/source/coinbase"
	"github.com/ohmycoins/omc/internal/source/coinspot"
	"github.com/ohmycoins/omc/internal/source/kraken"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// sources makes the clients of upstreams from the settings.
type sources struct {
	settings   map[string]string
	unreadable map[string]string
	bus        bus.Bus
}

func newSources(c *Config, b bus.Bus) *sources {
	return &sources{settings: c.Settings, unreadable: c.Unreadable, bus: b}
}

// setting is sources.<name>.<key>.
func (s *sources) setting(name, key string) string { return s.settings["sources."+name+"."+key] }

// config is how to reach an upstream.
func (s *sources) config(name string) upstream.Config {
	return upstream.Config{BaseURL: strings.TrimSuffix(s.setting(name, "base_url"), "/")}
}

// candles are the exchanges with history, in the order in which they are asked.
func (s *sources) candles() []collect.Candles {
	return []collect.Candles{kraken.New(s.config("kraken")), coinbase.New(s.config("coinbase")), binance.New(s.config("binance"))}
}

// feeds are all streams of all upstreams.
func (s *sources) feeds() []source.Feed {
	var all []source.Feed
	for _, feeds := range [][]source.Feed{
		coinspot.New(s.config("coinspot"), clock.Wall{}).Feeds(),
	} {
		all = append(all, feeds...)
	}
	return all
}

// plans are the feeds as the settings want them.
func (s *sources) plans() []collect.Plan {
	var out []collect.Plan
	for _, f := range s.feeds() {
		if every, err := time.ParseDuration(s.settings["collect."+f.Name+".every"]); err == nil { // checked when the settings were read
			f.Every = every
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
	if k, ok := config.Find(name); ok && k.Secret {
		return "omc config set --secret " + name
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
