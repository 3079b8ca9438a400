package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ohmycoins/omc/daemon/collect"
	"github.com/ohmycoins/omc/daemon/floor"
	"github.com/ohmycoins/omc/daemon/gateway"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/binance"
	"github.com/ohmycoins/omc/internal/source/coinbase"
	"github.com/ohmycoins/omc/internal/source/coinspot"
	"github.com/ohmycoins/omc/internal/source/kraken"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// parts are the services that own feeds and upstreams.
type parts struct {
	collect *collect.Service
	quotes  *floor.Polled
	floor   *floor.Service
}

func (p *parts) build(ctx context.Context, s *System, user string, services *gateway.Services) error {
	temp := filepath.Join(s.config.DataDir, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	at := func(name string) upstream.Config { return upstream.Config{BaseURL: s.config.SourceURLs[name]} }
	p.collect = collect.New(s.db, s.db, clock.Wall{}, temp, kraken.New(at("kraken")), coinbase.New(at("coinbase")), binance.New(at("binance")))
	p.quotes = floor.CoinSpot(coinspot.New(at("coinspot"), clock.Wall{}), clock.Wall{})
	p.floor = floor.New(s.db, s.db, clock.Wall{}, floor.Options{Quotes: p.quotes})
	services.Data, services.Floor = p.collect, p.floor
	if s.config.Resume {
		return p.floor.ResumeAll(ctx, user)
	}
	return nil
}

// close stops the feeds first: what they brought is journalled before anything they need goes away.
func (p *parts) close() {
	if p.floor != nil {
		p.floor.Close()
	}
}
