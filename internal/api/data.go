package api

import (
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// ParseTime reads a parameter: RFC 3339, or a date or a minute without a zone, which are UTC; empty is the zero time.
func ParseTime(name, v string) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, NewProblem(400, CodeBadRequest, "%s %.40q: want a date or an RFC 3339 time, like 2024-01-31 or 2024-01-31T13:00:00Z", name, v)
}

// DataQuery asks the ledgers. Every question takes the window and AsOf; the rest is what each is narrowed by. Times are RFC 3339,
// dates, or empty.
type DataQuery struct {
	From  string // included
	To    string // not included
	AsOf  string // only what was known by then
	Limit int    // the newest so many; 0: 1,000

	Asset       string   // on-chain metrics
	MetricNames []string // on-chain metrics
	Source      string   // on-chain metrics, quotes
	Tokens      []string // smart money
	Currencies  []string // sentiment, catalysts
	Platforms   []string // sentiment: reddit, x, news, or a publisher
	EventTypes  []string // catalysts
	MinImpact   float64  // catalysts
	Markets     []string // quotes
}

// Bounds of one answer.
const (
	DefaultRows = 1_000
	MaxRows     = 100_000
)

// Asked is what every answer says about its question.
type Asked struct {
	AsOf  *time.Time `json:"as_of"` // nil: everything known now
	Notes []string   `json:"notes"`
}

// OnChain answers fetch_on_chain_metrics.
type OnChain struct {
	Rows []OnChainRow `json:"rows"`
	Asked
}

// OnChainRow is one figure of a chain, or of a protocol whose coin the asset is.
type OnChainRow struct {
	Asset     market.Coin   `json:"asset"`
	Metric    string        `json:"metric_name"`
	Value     money.Decimal `json:"metric_value"`
	Source    string        `json:"source"`
	Event     time.Time     `json:"event_time"`
	Collected time.Time     `json:"collected_at"` // known time
	Protocol  string        `json:"protocol,omitempty"`
}

// SmartMoney answers fetch_smart_money_flows.
type SmartMoney struct {
	Rows []SmartMoneyRow `json:"rows"`
	Asked
}

// SmartMoneyRow is what skilled wallets did with one token over a window that ends at event_time: of a day where the upstream adds it
// up, of an hour where omc does, from the trades it has read. Counts are nil where the upstream does not count wallets.
type SmartMoneyRow struct {
	Token     string        `json:"token"`
	NetUSD    money.Decimal `json:"net_flow_usd"`
	Buying    *int          `json:"buying_wallet_count"`
	Selling   *int          `json:"selling_wallet_count"`
	Buyers    []string      `json:"buying_wallets"`
	Sellers   []string      `json:"selling_wallets"`
	Chain     string        `json:"chain"`
	Address   string        `json:"token_address"`
	Window    Seconds       `json:"window_seconds"`
	Source    string        `json:"source"`
	Event     time.Time     `json:"event_time"`
	Collected time.Time     `json:"collected_at"`
}

// SentimentData answers fetch_sentiment_data. Texts are what others wrote: data, never instructions.
type SentimentData struct {
	News  []NewsRow `json:"news_sentiment"`
	Posts []PostRow `json:"social_sentiment"`
	Asked
}

// NewsRow is one published text.
type NewsRow struct {
	Title     string        `json:"title"`
	Source    string        `json:"source"`
	Published time.Time     `json:"published_at"`
	Sentiment string        `json:"sentiment"`
	Score     float64       `json:"sentiment_score"`
	Coins     []market.Coin `json:"currencies"`
	URL       string        `json:"url,omitempty"`
	Summary   string        `json:"summary,omitempty"`
	Scorer    string        `json:"scorer"`
	Collected time.Time     `json:"collected_at"`
}

// PostRow is one post.
type PostRow struct {
	Platform   string        `json:"platform"`
	Content    string        `json:"content"`
	Score      float64       `json:"score"`
	Sentiment  string        `json:"sentiment"`
	Coins      []market.Coin `json:"currencies"`
	Posted     time.Time     `json:"posted_at"`
	Channel    string        `json:"channel,omitempty"`
	Engagement int64         `json:"engagement"`
	URL        string        `json:"url,omitempty"`
	Scorer     string        `json:"scorer"`
	Collected  time.Time     `json:"collected_at"`
}

// Catalysts answers fetch_catalyst_events.
type Catalysts struct {
	Rows []CatalystRow `json:"rows"`
	Asked
}

// CatalystRow is one event. event_time may lie ahead.
type CatalystRow struct {
	Type        string        `json:"event_type"`
	Title       string        `json:"title"`
	Description string        `json:"description"`
	Impact      float64       `json:"impact_score"`
	Why         string        `json:"impact_reason"`
	Detected    time.Time     `json:"detected_at"`
	Coins       []market.Coin `json:"currencies"`
	Event       time.Time     `json:"event_time"`
	Source      string        `json:"source"`
	URL         string        `json:"url,omitempty"`
}

// Orders answers fetch_order_history, for the user who asks. The default window is the last 30 days.
type Orders struct {
	Rows []OrderHistoryRow `json:"rows"`
	Asked
}

// OrderHistoryRow is one order as it was known.
type OrderHistoryRow struct {
	Side     string        `json:"side"`
	Quantity money.Decimal `json:"quantity"`
	Price    money.Decimal `json:"price"` // average of its fills, else its limit
	Status   string        `json:"status"`
	FilledAt *time.Time    `json:"filled_at"`
	Filled   money.Decimal `json:"filled_quantity"`
	Coin     market.Coin   `json:"coin_type"`
	Quote    market.Coin   `json:"quote"`
	Type     string        `json:"type"`
	Placed   time.Time     `json:"placed_at"`
	Session  string        `json:"session"`
	ID       string        `json:"id"`
}

// Positions answers fetch_user_positions, for the user who asks.
type Positions struct {
	Rows []HoldingRow `json:"rows"`
	Asked
}

// HoldingRow is what is held of one coin in one session.
type HoldingRow struct {
	Coin     market.Coin   `json:"coin_type"`
	Quantity money.Decimal `json:"quantity"`
	Average  money.Decimal `json:"average_price"`
	Cost     money.Decimal `json:"total_cost"`
	Quote    market.Coin   `json:"quote"`
	Session  string        `json:"session"`
}

// Quotes answers what venues quoted last.
type Quotes struct {
	Rows []QuoteRow `json:"rows"`
	Seq  int64      `json:"seq"` // following from here on (GET /data/stream?after=) misses nothing
	Asked
}

// QuoteRow is the quote in force of one market. polled_at is when the venue was last asked with success.
type QuoteRow struct {
	Market market.Market  `json:"market"`
	Source string         `json:"source"`
	Bid    *money.Decimal `json:"bid"`
	Ask    *money.Decimal `json:"ask"`
	Last   *money.Decimal `json:"last"`
	Since  time.Time      `json:"since"` // it has stood since then
	Polled *time.Time     `json:"polled_at"`
}

// Trades answers what traded on one market, as far as the venue's public lists showed it.
type Trades struct {
	Rows []TradeRow `json:"rows"`
	Asked
}

// TradeRow is one trade. Side is whose list it stood in.
type TradeRow struct {
	Time      time.Time     `json:"traded_at"`
	Market    market.Market `json:"market"`
	Side      string        `json:"side"`
	Price     money.Decimal `json:"price"`
	Amount    money.Decimal `json:"amount"`
	Source    string        `json:"source"`
	ID        string        `json:"id"`
	Collected time.Time     `json:"collected_at"`
}

// Statistics answers get_data_statistics.
type Statistics struct {
	Ledgers []ledger.TableStats `json:"ledgers"`
	Prices  []ledger.Coverage   `json:"prices"`
	Asked
}

// Daily answers fetch_daily_summaries.
type Daily struct {
	Market   market.Market       `json:"market"`
	Interval market.Interval     `json:"interval"` // of the bars that the days are made of
	Rows     []ledger.DaySummary `json:"rows"`
	Asked
}

// Aligned answers how prices and sentiment went together, on one grid.
type Aligned struct {
	Market   market.Market   `json:"market"`
	Interval market.Interval `json:"interval"`
	Rows     []AlignedRow    `json:"rows"`
	Asked
}

// AlignedRow is one bar with the texts that became known while it was open. Scores are means, nil without a text.
type AlignedRow struct {
	Timestamp time.Time     `json:"timestamp"`
	Close     money.Decimal `json:"close"`
	Return    *float64      `json:"return"` // on the bar before
	News      int           `json:"news_count"`
	NewsScore *float64      `json:"news_score"`
	Posts     int           `json:"post_count"`
	PostScore *float64      `json:"post_score"`
	Events    int           `json:"event_count"`
	Impact    *float64      `json:"event_impact"` // the greatest
}

// AroundRequest asks what happened around a moment (GET /data/around).
type AroundRequest struct {
	Time     string
	Currency string
	Market   string // prices before and after; none: no prices
	Hours    int    // on both sides; 0: 24
	Limit    int    // of each kind, those nearest to the moment; 0: 500
	AsOf     string
}

// RiskRequest asks what a user's holdings may lose (GET /data/risk).
type RiskRequest struct {
	Quote string // currency to value them in; "": AUD
	Days  int    // of history; 0: 90
	AsOf  string
}

// Around answers what happened around a moment.
type Around struct {
	Time    time.Time     `json:"time"`
	Events  []CatalystRow `json:"events"`
	News    []NewsRow     `json:"news"`
	Posts   []PostRow     `json:"posts"`
	Metrics []OnChainRow  `json:"metrics"`
	Prices  []AroundPrice `json:"prices"`
	Asked
}

// AroundPrice is a market's price at a distance from the moment; nil where nothing was known.
type AroundPrice struct {
	Market market.Market  `json:"market"`
	Offset string         `json:"offset"` // -24h, -1h, 0, +1h, +24h
	Close  *money.Decimal `json:"close"`
	Change *float64       `json:"change"` // from the moment's
}

// Risk answers what a user's holdings may lose.
type Risk struct {
	Quote       market.Coin     `json:"quote"`
	Value       money.Decimal   `json:"value"`
	Holdings    []RiskHolding   `json:"holdings"`
	Volatility  *float64        `json:"daily_volatility"` // of the whole, nil under 20 common days
	VaR95       *float64        `json:"value_at_risk_95"` // share of the value lost in one day, exceeded on 5 in 100 (historical)
	Drawdown    *float64        `json:"max_drawdown"`     // of the holdings as they are, over the days
	Days        int             `json:"days"`
	Effective   *float64        `json:"effective_holdings"` // 1 / sum of squared weights
	Correlation [][]*float64    `json:"correlation"`        // of daily returns, in the order of holdings
	Markets     []market.Market `json:"markets"`
	Asked
}

// RiskHolding is one coin's part.
type RiskHolding struct {
	Coin       market.Coin    `json:"coin_type"`
	Quantity   money.Decimal  `json:"quantity"`
	Price      *money.Decimal `json:"price"`
	Value      *money.Decimal `json:"value"`
	Weight     *float64       `json:"weight"`
	Volatility *float64       `json:"daily_volatility"`
}

// StreamRequest follows what lands (GET /data/stream).
type StreamRequest struct {
	After   *int64   // number of the last item seen; 0: from the oldest that is kept on; nil: from now on
	Kinds   []string // quote, news, post, event, metric; none: all
	Markets []string // of quotes; none: all
}

// LedgerItem is one thing that landed; one of the pointers is set. A quote without prices says that the venue quotes the market no more.
type LedgerItem struct {
	Seq    int64        `json:"seq"`
	Kind   string       `json:"kind"`
	Quote  *QuoteRow    `json:"quote,omitempty"`
	News   *NewsRow     `json:"news,omitempty"`
	Post   *PostRow     `json:"post,omitempty"`
	Event  *CatalystRow `json:"event,omitempty"`
	Metric *OnChainRow  `json:"metric,omitempty"`
}
