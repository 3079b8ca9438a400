package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ohmycoins/omc/daemon/collect"
	"github.com/ohmycoins/omc/daemon/data"
	"github.com/ohmycoins/omc/daemon/floor"
	"github.com/ohmycoins/omc/daemon/gateway"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source/coinspot"
)

// parts are the services that own feeds and upstreams.
type parts struct {
	collect    *collect.Service
	collectors *collect.Collectors
	runner     *collect.Runner
	quotes     *floor.Polled
	floor      *floor.Service
	sources    *sources
	data       *data.Service
}

func (p *parts) build(ctx context.Context, s *System, user string, services *gateway.Services) error {
	temp := filepath.Join(s.config.DataDir, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	p.sources = newSources(&s.config, s.bus)
	p.collect = collect.New(s.db, clock.Wall{}, temp, p.sources.candles()...)
	services.Fill = p.collect
	if err := p.buildCollectors(ctx, s); err != nil {
		return err
	}
	p.data = data.New(s.db, clock.Wall{}, data.Options{Feeds: p.collectors.List, Polled: p.collectors.Polled, Landed: collect.Landed(s.bus)})
	services.Data, services.Collectors = p.data, p.collectors
	if !s.config.has(RoleFloor) {
		return nil
	}
	p.quotes = floor.CoinSpot(coinspot.New(p.sources.config("coinspot"), clock.Wall{}), clock.Wall{})
	p.quotes.Hot = collect.HotPrices(s.bus, "coinspot")
	p.floor = floor.New(s.db, s.db, clock.Wall{}, s.sandbox, floor.Options{Quotes: p.quotes, Holdout: ledger.Seal(s.db, s.config.Holdout)})
	services.Floor = p.floor
	if s.config.Resume {
		return p.floor.ResumeAll(ctx, user)
	}
	return nil
}

// buildCollectors starts the feeds' schedule where this process collects. A short command only asks about them.
func (p *parts) buildCollectors(ctx context.Context, s *System) (err error) {
	plans := p.sources.plans()
	feeds := feedsOf(plans)
	again, needs, err := p.sources.rescore(s.db)
	if err != nil {
		return fmt.Errorf("rescoring of sentiment: %w", err)
	}
	if again != nil {
		plans = append(plans, p.rescorePlan(again, needs))
	}
	o := collect.Options{Run: s.config.has(RoleCollector) && !s.config.Embedded, Plans: plans, Store: s.db, Prune: s.db.PruneRuns, Clock: clock.Wall{}, Log: s.log.With("part", "collect")}
	if !s.config.Embedded {
		o.Schedule = s.config.DatabaseURL
		if strings.HasPrefix(o.Schedule, "sqlite:") {
			o.Schedule = "sqlite:" + filepath.Join(s.config.DataDir, "schedule.db")
			o.Alone = true // the data directory's lock says so
		}
	}
	host, _ := os.Hostname() // a name for people; the process' own number tells it apart
	p.runner = collect.NewRunner(s.db, clock.Wall{}, s.bus, newJudge(), o.Log, fmt.Sprintf("%s:%d", host, os.Getpid()), feeds)
	o.Runner = p.runner
	p.collectors, err = collect.Open(ctx, o)
	if err != nil {
		return fmt.Errorf("start the collectors: %w", err)
	}
	// What an upstream asked for outlives the process that was told: the floor's quotes and backfills keep to it as the feeds do.
	held, err := p.collectors.Held(ctx)
	if err != nil {
		return fmt.Errorf("start the collectors: %w", err)
	}
	for name, until := range held {
		p.sources.group.Hold(name, until, clock.Wall{}.Now())
	}
	return nil
}

// close stops the feeds first: what they brought is landed and journalled before anything they need goes away.
func (p *parts) close(ctx context.Context) (err error) {
	if p.collectors != nil {
		err = p.collectors.Close(ctx)
	}
	if p.floor != nil {
		p.floor.Close()
	}
	return err
}

// health tells how each upstream that is asked directly does.
func (p *parts) health() []api.Source {
	out := p.collect.Sources()
	if p.quotes != nil {
		out = append(out, p.quotes.Source())
	}
	return out
}
