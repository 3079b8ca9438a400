package ledger

import (
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Window bounds a question: event times in [From, To), known by AsOf, the newest Limit of them, or the oldest. Answers are in time
// order, oldest first.
type Window struct {
	From  time.Time // zero: from the first
	To    time.Time // zero: no end; what is scheduled for later is in it
	AsOf  time.Time // zero: now, that is everything
	Limit int       // 0: all
	// Oldest cuts at the other end: of what happened after a moment, what is nearest to it. Orders know nothing of it.
	Oldest bool
}

// MetricQuery asks for figures of an asset: of its chain, and of the protocols whose coin it is.
type MetricQuery struct {
	Window
	Asset   market.Coin // "": every asset
	Metrics []string    // names; none: all
	Source  string      // "": every source
}

// MetricRow is one figure. Protocol is set where the figure is a protocol's.
type MetricRow struct {
	Metric
	Protocol string
	Source   string
	Known    time.Time
}

// FlowQuery asks what skilled wallets did.
type FlowQuery struct {
	Window
	Tokens []string // symbols; none: all
}

// FlowRow is one flow.
type FlowRow struct {
	Flow
	Source string
	Known  time.Time
}

// SentimentQuery asks for texts. Coins and Platforms narrow it; none: all. Platforms are reddit, x, and for news "news" or a publisher,
// in lower case.
type SentimentQuery struct {
	Window
	Coins     []market.Coin
	Platforms []string
}

// NewsRow is one published text as it was known.
type NewsRow struct {
	News
	Known time.Time
}

// PostRow is one post as it was known.
type PostRow struct {
	Post
	Known time.Time
}

// EventQuery asks for catalysts.
type EventQuery struct {
	Window
	Types     []string
	Coins     []market.Coin
	MinImpact float64
}

// EventRow is one catalyst; Known is when it was detected.
type EventRow struct {
	Event
	Known time.Time
}

// QuoteQuery asks for what a venue quoted last.
type QuoteQuery struct {
	Source  string          // "": every venue
	Markets []market.Market // none: all
	AsOf    time.Time       // zero: now
}

// QuoteRow is the quote in force of one market. A market that is quoted no more is not answered.
type QuoteRow struct {
	market.Quote
	Source string
	Seq    int64
}

// TradeQuery asks for what traded on a market, as far as its venue's public lists showed it.
type TradeQuery struct {
	Window
	Market market.Market
	Source string // "": every venue
}

// TradeRow is one trade.
type TradeRow struct {
	MarketTrade
	Source string
	Known  time.Time
}

// OrderQuery asks for a user's orders. User must be set: there is no question about somebody else's.
type OrderQuery struct {
	User string
	Window
}

// OrderRow is one order as it was known: quantity, fills and status as of the moment asked.
type OrderRow struct {
	Session  string
	ID       string
	Market   market.Market
	Side     string
	Type     string
	Quantity money.Decimal
	Price    money.Decimal // average of its fills, else its limit; zero for a market order without a fill
	Filled   money.Decimal
	Status   string
	Placed   time.Time
	FilledAt *time.Time // newest fill
}

// PositionRow is what a user holds of one coin in one session.
type PositionRow struct {
	Session  string
	Market   market.Market
	Quantity money.Decimal
	Average  money.Decimal
	Cost     money.Decimal
	Realised money.Decimal
}

// TableStats count one kind of record. Rows are items: an item revised ten times is one.
type TableStats struct {
	Ledger    string    `json:"ledger"`
	Kind      string    `json:"kind"` // prices, quotes, on_chain_metrics, news_sentiment, …
	Source    string    `json:"source"`
	Rows      int64     `json:"rows"`
	Revisions int64     `json:"revisions"`
	First     time.Time `json:"first"` // event times
	Last      time.Time `json:"last"`
	LastKnown time.Time `json:"last_known"`
}

// DaySummary is one UTC day of a market's bars.
type DaySummary struct {
	Day        time.Time      `json:"day"`
	Bars       int            `json:"bars"`
	Places     int            `json:"places"` // how many bars a whole day has
	Open       money.Decimal  `json:"open"`
	High       money.Decimal  `json:"high"`
	Low        money.Decimal  `json:"low"`
	Close      money.Decimal  `json:"close"`
	Volume     *money.Decimal `json:"volume"`              // nil where the feed has none
	Volatility *float64       `json:"realised_volatility"` // root of the sum of squared log returns within the day; nil under two bars
}

// FactQuery asks what strategies ask. Facts carry the index of their question.
type FactQuery struct {
	Queries []fact.Query
	Markets []market.Market // those of the strategy that asks: where research reads, their hold-out counts
	From    time.Time       // items that happened, or are to happen, before it are left out, but for the newest of each metric; zero: none are
	AsOf    time.Time       // what was known by then; zero: now
	// Later asks for what landed after the item numbered After alone. Then a fact may end one that was told before.
	Later bool
	After int64
}

// FactList is the answer.
type FactList struct {
	Facts []fact.Fact
	UpTo  int64 // the number of the item up to which that is all there is
}

// AmbiguousError says that a metric comes from several sources, or is that of several protocols.
type AmbiguousError struct {
	Query   fact.Query
	Origins []string // source, or source and protocol
}

// Error names them, and the way out.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("ledger.metric(%q) of %s is ambiguous, there are %s: name one with source= and protocol=", e.Query.Names[0], e.Query.Coin, strings.Join(e.Origins, ", "))
}

// The kinds of what lands, as Landed names them.
const (
	KindQuote  = "quote"
	KindNews   = "news"
	KindPost   = "post"
	KindEvent  = "event"
	KindMetric = "metric"
)

// Kinds are those that can be followed.
func Kinds() []string { return []string{KindQuote, KindNews, KindPost, KindEvent, KindMetric} }

// Item is one row that landed: one of the pointers is set. Items are numbered in the order in which they were committed.
type Item struct {
	Seq    int64
	Kind   string
	Quote  *StoredQuote
	News   *NewsRow
	Post   *PostRow
	Event  *EventRow
	Metric *MetricRow
}
