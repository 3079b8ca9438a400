// Package ledger owns the four ledgers' records and the two ports to them: Reader, which agents and strategies may ask, and
// Writer, which sources fill. Every record carries when a thing happened (event time) and when omc first knew it (known time);
// every question is asked as of a moment and sees only what was known by then.
package ledger

import (
	"context"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Simulated is the source name of every bar the market simulator made. What it touches is marked as simulated.
const Simulated = "simulator"

// PriceBar is one bar as the Exchange ledger keeps it.
type PriceBar struct {
	market.Bar
	Known      int64          // known time, unix seconds: the bar's close for imported history
	Source     string         // binance, kraken, coinbase, coinspot, csv, simulator, …
	Backfilled bool           // imported after the fact: known time is assumed, not seen
	Bid, Ask   *money.Decimal // at the close, where the source quotes them
}

// BarQuery asks for the bars of one market whose open time lies in [From, To), known by AsOf.
type BarQuery struct {
	Market   market.Market
	Interval market.Interval // where nothing is stored at this interval, bars are resampled from the longest shorter one that is
	From, To time.Time       // zero From: from the first; zero To: to the last
	AsOf     time.Time       // zero: now, that is everything
	Limit    int             // newest Limit bars of the window; 0: all
}

// Bars is the answer to a BarQuery, in time order, without duplicates.
type Bars struct {
	Bars      []market.Bar
	Sources   []string        // distinct, sorted
	Stored    market.Interval // the interval they were stored at; differs from the query's when resampled
	Simulated bool
}

// Coverage says what the ledger holds of one market at one stored interval.
type Coverage struct {
	Market    market.Market   `json:"market"`
	Interval  market.Interval `json:"interval"`
	Bars      int             `json:"bars"`
	First     time.Time       `json:"first"`        // open time of the first bar
	Last      time.Time       `json:"last"`         // open time of the last bar
	Missing   int             `json:"missing_bars"` // grid places between first and last with no bar
	Sources   []string        `json:"sources"`
	Simulated bool            `json:"simulated"`
}

// Gap is a run of missing bars: open times of the first and last missing one.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Bars int       `json:"bars"`
}

// Stats describes the stored values of one market over a window.
type Stats struct {
	Coverage
	Low        money.Decimal `json:"low"`
	High       money.Decimal `json:"high"`
	FirstOpen  money.Decimal `json:"first_open"`
	LastClose  money.Decimal `json:"last_close"`
	ZeroVolume int           `json:"zero_volume_bars"`
	// DailyVolatility is the standard deviation (ddof 1) of daily log returns; nil under three days.
	DailyVolatility *float64 `json:"daily_volatility"`
}

// Reader is all that agents, strategies and people may ask of the ledgers. It has no way to write.
// Nothing found is an empty answer, not an error.
type Reader interface {
	Coverage(ctx context.Context) ([]Coverage, error)
	// CoverageAsOf is Coverage of the bars known by a moment.
	CoverageAsOf(ctx context.Context, asOf time.Time) ([]Coverage, error)
	PriceBars(ctx context.Context, q BarQuery) (Bars, error)
	// PriceRows is PriceBars with known time, source, bid and ask; never resampled.
	PriceRows(ctx context.Context, q BarQuery) ([]PriceBar, error)
	PriceStats(ctx context.Context, q BarQuery) (Stats, error)
	// DailySummaries are the days of a market's bars, of the series that PriceBars would read, oldest first.
	DailySummaries(ctx context.Context, q BarQuery) ([]DaySummary, error)
	// Gaps lists at most limit gaps, oldest first, and the total count.
	Gaps(ctx context.Context, m market.Market, iv market.Interval, limit int) ([]Gap, int, error)

	// Quotes are the quotes in force, by market and venue.
	Quotes(ctx context.Context, q QuoteQuery) ([]QuoteRow, error)
	// Trades are what traded on a market, oldest first.
	Trades(ctx context.Context, q TradeQuery) ([]TradeRow, error)
	// OnChainMetrics, SmartMoneyFlows, News, Posts and CatalystEvents answer in time order, oldest first.
	OnChainMetrics(ctx context.Context, q MetricQuery) ([]MetricRow, error)
	SmartMoneyFlows(ctx context.Context, q FlowQuery) ([]FlowRow, error)
	News(ctx context.Context, q SentimentQuery) ([]NewsRow, error)
	Posts(ctx context.Context, q SentimentQuery) ([]PostRow, error)
	CatalystEvents(ctx context.Context, q EventQuery) ([]EventRow, error)
	// Publishers names those of whom there is news, sorted. It reads all of it: it is for saying what there is, not for each question.
	Publishers(ctx context.Context) ([]string, error)
	// DataStatistics counts what the ledgers hold, as of a moment; zero: now. Bars are counted by Coverage.
	DataStatistics(ctx context.Context, asOf time.Time) ([]TableStats, error)
	// ItemsAfter lists what landed after the item numbered seq, in order, at most limit, of the kinds asked for; and the number up to
	// which that is all there is.
	ItemsAfter(ctx context.Context, seq int64, kinds []string, limit int) (items []Item, upTo int64, err error)
	// Facts answers a strategy's questions, in order of fact.Compare: every version of every item, each with when it was known.
	Facts(ctx context.Context, q FactQuery) (FactList, error)
	// Head is the number of the newest item.
	Head(ctx context.Context) (int64, error)
	// OrderHistory and UserPositions answer for one user only.
	OrderHistory(ctx context.Context, q OrderQuery) ([]OrderRow, error)
	UserPositions(ctx context.Context, user string, asOf time.Time) ([]PositionRow, error)
}

// Conflict is a bar that the ledger already holds with other values.
type Conflict struct {
	Stored, Offered PriceBar
}

// Appended counts what became of the bars of one AppendBars call.
type Appended struct {
	Added     int
	Same      int // already there with the same values: nothing done
	Replaced  int
	Conflicts []Conflict // already there with other values, and replace was not asked: nothing done
}

// Writer is how sources fill the ledgers.
type Writer interface {
	// AppendBars adds bars of one market and interval in one transaction: all of the batch lands or none. bars must be in time
	// order without duplicates; at most 50,000. A bar that is there already with the same OHLCV is Same whatever its source.
	AppendBars(ctx context.Context, m market.Market, iv market.Interval, bars []PriceBar, replace bool) (Appended, error)
}
