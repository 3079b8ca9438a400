// Package collect fills the ledgers: from upstreams on a schedule, and with prices from files, exchanges and the market simulator.
// It decides nothing about trading, never overwrites a stored bar unless asked to, and never drops a row without saying so.
package collect

import (
	"context"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// batchSize is how many bars go into one transaction.
const batchSize = 20_000

// Candles is a public source of finished candles with open times in [from, to), oldest first.
type Candles interface {
	Name() string
	Candles(ctx context.Context, m market.Market, iv market.Interval, from, to time.Time) ([]market.Bar, error)
}

// Prices is where bars go, and what tells which are missing.
type Prices interface {
	ledger.Writer
	Holes
}

// Service implements gateway.Fill. Safe for concurrent use.
type Service struct {
	writer  ledger.Writer
	holes   Holes
	clock   clock.Clock
	sources []Candles
	tempDir string

	mu     sync.Mutex // guards health
	health map[string]api.Source
}

// New returns the service. sources are tried in the given order by Fetch; tempDir is where a zip is spooled ("": the system's).
func New(w Prices, c clock.Clock, tempDir string, sources ...Candles) *Service {
	s := &Service{writer: w, holes: w, clock: c, sources: sources, tempDir: tempDir, health: map[string]api.Source{}}
	for _, src := range sources {
		s.health[src.Name()] = api.Source{Name: src.Name(), State: "idle"}
	}
	return s
}

// Sources tells the health of each exchange, in the order in which they are tried.
func (s *Service) Sources() []api.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]api.Source, 0, len(s.sources))
	for _, src := range s.sources {
		out = append(out, s.health[src.Name()])
	}
	return out
}

func (s *Service) note(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.health[name]
	h.Note(err, s.clock.Now())
	s.health[name] = h
}

// store appends bars in time order and without duplicates, in bounded batches, as history known at each bar's close.
func (s *Service) store(ctx context.Context, m market.Market, iv market.Interval, source string, bars []market.Bar) (added int, conflicts int, err error) {
	rows := make([]ledger.PriceBar, 0, min(len(bars), batchSize))
	for len(bars) > 0 {
		n := min(len(bars), batchSize)
		rows = rows[:0]
		for i := range bars[:n] {
			rows = append(rows, history(bars[i], iv, source))
		}
		a, err := s.writer.AppendBars(ctx, m, iv, rows, false)
		if err != nil {
			return added, conflicts, err
		}
		added, conflicts, bars = added+a.Added, conflicts+len(a.Conflicts), bars[n:]
	}
	return added, conflicts, nil
}

func history(b market.Bar, iv market.Interval, source string) ledger.PriceBar {
	return ledger.PriceBar{Bar: b, Known: b.Unix() + int64(iv), Source: source, Backfilled: true}
}
