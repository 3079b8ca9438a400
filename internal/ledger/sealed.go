package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
)

// Holdout says how much of the newest data is kept from research: so long, and no larger a share of what there is. Without either,
// nothing is.
type Holdout struct {
	Longest time.Duration
	Share   float64 // 0 to 1
}

// day is the grid of the moment at which a hold-out begins, so that the same question asked twice on one day is the same question.
const day = 24 * time.Hour

// Start is when the hold-out begins in data of [first, end): a midnight. Zero: nothing is kept back, by the settings or because so
// little data has no day to spare.
func (h Holdout) Start(first, end time.Time) time.Time {
	keep := min(h.Longest, time.Duration(h.Share*float64(end.Sub(first))))
	if keep < day {
		return time.Time{}
	}
	return end.Add(-keep).UTC().Truncate(day)
}

// SealedError refuses a question that reaches into the hold-out.
type SealedError struct {
	Market market.Market // zero: all the ledgers
	From   time.Time
}

// Error names when the hold-out begins and the way out.
func (e *SealedError) Error() string {
	of := ""
	if e.Market != (market.Market{}) {
		of = " of " + e.Market.String()
	}
	return fmt.Sprintf("the newest data%s, from %s on, is a sealed hold-out that research does not see: end the window there (--to %s), or look at it with "+
		"--accept-risk=holdout, which is written down and counted against the result; the settings research.holdout_days and research.holdout_share say how much is sealed",
		of, e.From.Format(time.DateOnly), e.From.Format(time.DateOnly))
}

// Sealed is the Reader that research gets: it refuses, with a SealedError, every question whose answer would hold data of the hold-out.
// Of prices that is what happened from its start on; of everything else it is what was known from then on, so that a question must
// be asked as of a moment before. What there is (coverage, gaps) is no secret, only what it says.
type Sealed struct {
	reader  Reader
	holdout Holdout
}

// Seal returns the ledgers without their hold-out.
func Seal(r Reader, h Holdout) *Sealed { return &Sealed{reader: r, holdout: h} }

// Unsealed returns the ledgers whole. Only a look that has been written down may use them.
func (s *Sealed) Unsealed() Reader { return s.reader }

// Holdout returns what is kept back.
func (s *Sealed) Holdout() Holdout { return s.holdout }

// Until is the moment at which research on some markets ends: the earliest start of their coins' hold-outs. A coin has one hold-out, over all
// its markets: what is sealed of it in one currency is not to be seen in another. Without markets it is that of all that the ledgers have. Zero:
// nothing is sealed.
func (s *Sealed) Until(ctx context.Context, markets ...market.Market) (time.Time, error) {
	until, _, err := s.Slice(ctx, markets...)
	return until, err
}

// Slice is Until with the end of what is sealed: that of the last bar of any of the coins.
func (s *Sealed) Slice(ctx context.Context, markets ...market.Market) (from, to time.Time, err error) {
	if s.holdout.Longest <= 0 || s.holdout.Share <= 0 {
		return from, to, nil
	}
	covered, err := s.reader.Coverage(ctx)
	if err != nil {
		return from, to, fmt.Errorf("hold-out: %w", err)
	}
	if len(markets) == 0 {
		markets = []market.Market{{}}
	}
	for _, m := range markets {
		first, end := extent(covered, m.Base)
		at := s.holdout.Start(first, end)
		if !at.IsZero() && (from.IsZero() || at.Before(from)) {
			from = at
		}
		if end.After(to) {
			to = end
		}
	}
	if from.IsZero() {
		to = from
	}
	return from, to, nil
}

// extent is from where to where there are bars of a coin, in any currency; of "": of any.
func extent(covered []Coverage, coin market.Coin) (first, end time.Time) {
	for _, c := range covered {
		if coin != "" && c.Market.Base != coin {
			continue
		}
		if first.IsZero() || c.First.Before(first) {
			first = c.First
		}
		if last := c.Last.Add(c.Interval.Duration()); last.After(end) {
			end = last
		}
	}
	return first, end
}

// admit refuses what ends after the start of a market's hold-out; a zero end is the last there is.
func (s *Sealed) admit(ctx context.Context, m market.Market, end time.Time) error {
	until, err := s.Until(ctx, m)
	if err != nil || until.IsZero() || !end.IsZero() && !end.After(until) {
		return err
	}
	return &SealedError{Market: m, From: until}
}

// known refuses what is asked as of a moment after the start of the hold-out, that of some markets or of all; zero is now.
func (s *Sealed) known(ctx context.Context, asOf time.Time, markets ...market.Market) error {
	until, err := s.Until(ctx, markets...)
	if err != nil || until.IsZero() || !asOf.IsZero() && !asOf.After(until) {
		return err
	}
	return &SealedError{From: until}
}

// Coverage implements Reader.
func (s *Sealed) Coverage(ctx context.Context) ([]Coverage, error) { return s.reader.Coverage(ctx) }

// CoverageAsOf implements Reader.
func (s *Sealed) CoverageAsOf(ctx context.Context, asOf time.Time) ([]Coverage, error) {
	return s.reader.CoverageAsOf(ctx, asOf)
}

// whole cuts a question for bars to those that have closed when the hold-out begins: the last one may open before and close in it.
func (s *Sealed) whole(ctx context.Context, q *BarQuery) error {
	if err := s.admit(ctx, q.Market, q.To); err != nil {
		return err
	}
	until, err := s.Until(ctx, q.Market)
	if err != nil || until.IsZero() || !q.Interval.Valid() {
		return err
	}
	if last := time.Unix(q.Interval.Floor(until.Unix()), 0).UTC(); q.To.After(last) {
		q.To = last
	}
	return nil
}

// PriceBars implements Reader.
func (s *Sealed) PriceBars(ctx context.Context, q BarQuery) (Bars, error) {
	if err := s.whole(ctx, &q); err != nil {
		return Bars{}, err
	}
	return s.reader.PriceBars(ctx, q)
}

// PriceRows implements Reader.
func (s *Sealed) PriceRows(ctx context.Context, q BarQuery) ([]PriceBar, error) {
	if err := s.whole(ctx, &q); err != nil {
		return nil, err
	}
	return s.reader.PriceRows(ctx, q)
}

// PriceStats implements Reader.
func (s *Sealed) PriceStats(ctx context.Context, q BarQuery) (Stats, error) {
	if err := s.whole(ctx, &q); err != nil {
		return Stats{}, err
	}
	return s.reader.PriceStats(ctx, q)
}

// DailySummaries implements Reader.
func (s *Sealed) DailySummaries(ctx context.Context, q BarQuery) ([]DaySummary, error) {
	if err := s.whole(ctx, &q); err != nil {
		return nil, err
	}
	return s.reader.DailySummaries(ctx, q)
}

// Gaps implements Reader.
func (s *Sealed) Gaps(ctx context.Context, m market.Market, iv market.Interval, limit int) ([]Gap, int, error) {
	return s.reader.Gaps(ctx, m, iv, limit)
}

// Quotes implements Reader.
func (s *Sealed) Quotes(ctx context.Context, q QuoteQuery) ([]QuoteRow, error) {
	if err := s.known(ctx, q.AsOf); err != nil {
		return nil, err
	}
	return s.reader.Quotes(ctx, q)
}

// Trades implements Reader.
func (s *Sealed) Trades(ctx context.Context, q TradeQuery) ([]TradeRow, error) {
	if err := s.admit(ctx, q.Market, q.To); err != nil {
		return nil, err
	}
	return s.reader.Trades(ctx, q)
}

// OnChainMetrics implements Reader.
func (s *Sealed) OnChainMetrics(ctx context.Context, q MetricQuery) ([]MetricRow, error) {
	if err := s.known(ctx, q.AsOf); err != nil {
		return nil, err
	}
	return s.reader.OnChainMetrics(ctx, q)
}

// SmartMoneyFlows implements Reader.
func (s *Sealed) SmartMoneyFlows(ctx context.Context, q FlowQuery) ([]FlowRow, error) {
	if err := s.known(ctx, q.AsOf); err != nil {
		return nil, err
	}
	return s.reader.SmartMoneyFlows(ctx, q)
}

// News implements Reader.
func (s *Sealed) News(ctx context.Context, q SentimentQuery) ([]NewsRow, error) {
	if err := s.known(ctx, q.AsOf); err != nil {
		return nil, err
	}
	return s.reader.News(ctx, q)
}

// Posts implements Reader.
func (s *Sealed) Posts(ctx context.Context, q SentimentQuery) ([]PostRow, error) {
	if err := s.known(ctx, q.AsOf); err != nil {
		return nil, err
	}
	return s.reader.Posts(ctx, q)
}

// CatalystEvents implements Reader.
func (s *Sealed) CatalystEvents(ctx context.Context, q EventQuery) ([]EventRow, error) {
	if err := s.known(ctx, q.AsOf); err != nil {
		return nil, err
	}
	return s.reader.CatalystEvents(ctx, q)
}

// Publishers implements Reader.
func (s *Sealed) Publishers(ctx context.Context) ([]string, error) { return s.reader.Publishers(ctx) }

// DataStatistics implements Reader.
func (s *Sealed) DataStatistics(ctx context.Context, asOf time.Time) ([]TableStats, error) {
	return s.reader.DataStatistics(ctx, asOf)
}

// ItemsAfter implements Reader. The stream of what lands is the newest there is, so it is refused where anything is sealed.
func (s *Sealed) ItemsAfter(ctx context.Context, seq int64, kinds []string, limit int) ([]Item, int64, error) {
	if err := s.known(ctx, time.Time{}); err != nil {
		return nil, 0, err
	}
	return s.reader.ItemsAfter(ctx, seq, kinds, limit)
}

// Facts implements Reader. The seal is that of the markets asked for and of the coins that the questions are about. What a
// strategy assumes to have been known counts as known when it says so, which the seal goes by too.
func (s *Sealed) Facts(ctx context.Context, q FactQuery) (FactList, error) {
	if err := s.known(ctx, q.AsOf, About(q.Markets, q.Queries)...); err != nil {
		return FactList{}, err
	}
	return s.reader.Facts(ctx, q)
}

// About is what a strategy learns of: its markets, and the coins that its questions are about, for Until and Slice.
func About(markets []market.Market, queries []fact.Query) []market.Market {
	out := slices.Clone(markets)
	for i := range queries {
		out = append(out, market.Market{Base: queries[i].Coin})
	}
	return out
}

// Head implements Reader.
func (s *Sealed) Head(ctx context.Context) (int64, error) { return s.reader.Head(ctx) }

// OrderHistory implements Reader.
func (s *Sealed) OrderHistory(ctx context.Context, q OrderQuery) ([]OrderRow, error) {
	if err := s.known(ctx, q.AsOf); err != nil {
		return nil, err
	}
	return s.reader.OrderHistory(ctx, q)
}

// UserPositions implements Reader.
func (s *Sealed) UserPositions(ctx context.Context, user string, asOf time.Time) ([]PositionRow, error) {
	if err := s.known(ctx, asOf); err != nil {
		return nil, err
	}
	return s.reader.UserPositions(ctx, user, asOf)
}
