package collect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/simulator"
)

// The bounds of one request.
const (
	maxMarkets  = 50
	maxFetch    = 200_000   // bars per market
	maxSimulate = 5_000_000 // bars per market
)

func badRequest(format string, args ...any) *api.Problem {
	return api.NewProblem(400, api.CodeBadRequest, format, args...)
}

func parseMarkets(names []string) ([]market.Market, error) {
	if len(names) == 0 || len(names) > maxMarkets {
		return nil, badRequest("name 1 to %d markets, like BTC/USDT", maxMarkets)
	}
	out := make([]market.Market, 0, len(names))
	for _, n := range names {
		m, err := market.ParseMarket(n)
		if err != nil {
			return nil, badRequest("%s", err)
		}
		out = append(out, m)
	}
	return out, nil
}

// Fetch asks the sources in order until one answers for every market. Only closed candles are stored, known at their close.
func (s *Service) Fetch(ctx context.Context, r api.FetchRequest) (api.FetchResult, error) {
	markets, err := parseMarkets(r.Markets)
	if err != nil {
		return api.FetchResult{}, err
	}
	iv, err := market.ParseInterval(r.Interval)
	if err != nil {
		return api.FetchResult{}, badRequest("%s", err)
	}
	from, to, err := s.fetchWindow(r, iv)
	if err != nil {
		return api.FetchResult{}, err
	}
	sources, err := s.pick(r.Sources)
	if err != nil {
		return api.FetchResult{}, err
	}
	out := api.FetchResult{Added: map[string]int{}, Errors: map[string]string{}}
	for _, src := range sources {
		if err := s.fetchFrom(ctx, src, markets, iv, from, to, &out); err != nil {
			if ctx.Err() != nil {
				return out, ctx.Err()
			}
			out.Errors[src.Name()] = err.Error()
			continue
		}
		out.Source = src.Name()
		return out, nil
	}
	if len(out.Added) > 0 {
		return out, nil
	}
	return out, api.NewProblem(502, api.CodeFailed, "no source answered: %s", reasons(sources, out.Errors))
}

func reasons(sources []Candles, errs map[string]string) string {
	said := make([]string, len(sources)) // each names its source
	for i, src := range sources {
		said[i] = errs[src.Name()]
	}
	return strings.Join(said, "; ")
}

// fetchFrom fills what no earlier source has filled.
func (s *Service) fetchFrom(ctx context.Context, src Candles, markets []market.Market, iv market.Interval, from, to time.Time, out *api.FetchResult) error {
	for _, m := range markets {
		if _, done := out.Added[m.String()]; done {
			continue
		}
		bars, err := src.Candles(ctx, m, iv, from, to)
		s.note(src.Name(), beyond(err))
		if err != nil { // what does not reach back to the beginning is none: another source may have it whole
			return fmt.Errorf("%s: %w", m, err)
		}
		now := s.clock.Now().Unix()
		for len(bars) > 0 && bars[len(bars)-1].Unix()+int64(iv) > now {
			bars = bars[:len(bars)-1]
		}
		added, conflicts, err := s.store(ctx, m, iv, src.Name(), bars)
		if err != nil {
			return fmt.Errorf("store %s: %w", m, err)
		}
		out.Added[m.String()] = added
		if conflicts > 0 {
			out.Errors[src.Name()] = fmt.Sprintf("%s: %d bars are stored already with other values and were left as they are", m, conflicts)
		}
	}
	return nil
}

// beyond is err where it says that the source does not do, and nil where it only keeps no older data.
func beyond(err error) error {
	var shallow *source.Shallow
	if errors.As(err, &shallow) {
		return nil
	}
	return err
}

func (s *Service) fetchWindow(r api.FetchRequest, iv market.Interval) (from, to time.Time, err error) {
	return s.window(r.From, r.To, iv, maxFetch)
}

// window reads a window of whole bars that have closed; without a from it is the newest 500.
func (s *Service) window(first, last string, iv market.Interval, most int64) (from, to time.Time, err error) {
	if from, err = api.ParseTime("from", first); err != nil {
		return from, to, err
	}
	if to, err = api.ParseTime("to", last); err != nil {
		return from, to, err
	}
	now := s.clock.Now()
	if to.IsZero() || to.After(now) {
		to = now
	}
	to = time.Unix(iv.Floor(to.Unix()), 0).UTC()
	if from.IsZero() {
		from = to.Add(-500 * iv.Duration())
	}
	if !from.Before(to) {
		return from, to, badRequest("from %s is not before to %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	if n := int64(to.Sub(from) / iv.Duration()); n > most {
		return from, to, badRequest("%d bars of one market at once, the limit is %d: ask for a shorter window, or import the exchange's bulk files", n, most)
	}
	return from, to, nil
}

func (s *Service) pick(names []string) ([]Candles, error) {
	if len(names) == 0 {
		return s.sources, nil
	}
	var out []Candles
	for _, n := range names {
		found := false
		for _, src := range s.sources {
			if src.Name() == n {
				out, found = append(out, src), true
			}
		}
		if !found {
			return nil, badRequest("source %.40q is not known", n)
		}
	}
	return out, nil
}

// Simulate fills the ledger with bars of the market simulator, marked as simulated.
func (s *Service) Simulate(ctx context.Context, r api.SimulateRequest) (api.SimulateResult, error) {
	out := api.SimulateResult{Added: map[string]int{}}
	markets, err := parseMarkets(r.Markets)
	if err != nil {
		return out, err
	}
	iv, err := market.ParseInterval(r.Interval)
	if err != nil {
		return out, badRequest("%s", err)
	}
	from, err := api.ParseTime("from", r.From)
	if err != nil {
		return out, err
	}
	if from.IsZero() || r.Days < 1 || int64(r.Days) > maxSimulate/max(1, int64(market.Day/iv)) {
		return out, badRequest("want a from and a number of days that makes at most %d bars", maxSimulate)
	}
	sim := simulator.New(r.Seed)
	for _, m := range markets {
		for d := 0; d < r.Days; d += 7 {
			start := from.Unix() + int64(d)*int64(market.Day)
			end := min(start+7*int64(market.Day), from.Unix()+int64(r.Days)*int64(market.Day))
			bars, err := sim.Bars(m, iv, start, end)
			if err != nil {
				return out, badRequest("%s", err)
			}
			added, conflicts, err := s.store(ctx, m, iv, ledger.Simulated, bars)
			if err != nil {
				return out, err
			}
			out.Added[m.String()] += added
			if conflicts > 0 {
				return out, api.NewProblem(409, api.CodeConflict, "%d %s bars of %s are stored already with other values: simulated bars never replace them; use another market name", conflicts, iv, m)
			}
		}
	}
	return out, nil
}
