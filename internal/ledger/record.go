package ledger

import (
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// The four ledgers.
const (
	Glass    = "glass"
	Human    = "human"
	Catalyst = "catalyst"
	Exchange = "exchange"
)

// Fundamental is one figure of a protocol: its value locked, its fees of a day. A later value for the same time is a revision.
type Fundamental struct {
	Event    time.Time     `json:"event_time"`
	Protocol string        `json:"protocol"` // the upstream's slug: aave-v3
	Asset    market.Coin   `json:"asset"`    // its coin, "" where it has none
	Metric   string        `json:"metric_name"`
	Value    money.Decimal `json:"metric_value"`
}

// Metric is one figure of a chain or an asset at one time. A later value for the same time is a revision.
type Metric struct {
	Event  time.Time     `json:"event_time"`
	Asset  market.Coin   `json:"asset"`
	Metric string        `json:"metric_name"` // snake_case with its unit: fees_usd, hash_rate_ehs
	Value  money.Decimal `json:"metric_value"`
}

// Flow is what wallets known for their skill did with one token, up to a time.
type Flow struct {
	Event   time.Time     `json:"event_time"`
	Token   string        `json:"token"` // symbol, for people; chain and address name it
	Chain   string        `json:"chain"`
	Address string        `json:"address"`
	NetUSD  money.Decimal `json:"net_flow_usd"` // over the window that ends at Event
	Window  time.Duration `json:"-"`
	Buyers  []string      `json:"buying_wallets"`  // addresses, as far as the upstream names them
	Sellers []string      `json:"selling_wallets"` // addresses
	Buying  int           `json:"buying_wallet_count"`
	Selling int           `json:"selling_wallet_count"`
}

// Counted tells whether the upstream counts wallets: a flow that nobody bought or sold is none, so that two zeros say "not told".
func (f *Flow) Counted() bool { return f.Buying > 0 || f.Selling > 0 }

// News is one published text.
type News struct {
	ID        string        `json:"id"`     // the publisher's; unique within Source
	Source    string        `json:"source"` // the publisher: coindesk
	URL       string        `json:"url"`
	Title     string        `json:"title"`
	Summary   string        `json:"summary,omitempty"`
	Published time.Time     `json:"published_at"`
	Coins     []market.Coin `json:"currencies"` // as the upstream tagged it; the collector adds what the text names
	Sentiment
}

// Post is one text on a social platform.
type Post struct {
	ID         string        `json:"id"`       // the platform's; unique within Platform
	Platform   string        `json:"platform"` // reddit, x
	Channel    string        `json:"channel,omitempty"`
	Content    string        `json:"content"`
	URL        string        `json:"url,omitempty"`
	Posted     time.Time     `json:"posted_at"`
	Engagement int64         `json:"engagement"` // upvotes, likes
	Coins      []market.Coin `json:"currencies"`
	Sentiment
}

// Sentiment is what a scorer says of a text.
type Sentiment struct {
	Label  string  `json:"sentiment"`       // positive, neutral, negative
	Score  float64 `json:"sentiment_score"` // −1 to 1
	Scorer string  `json:"scorer"`          // method and version
}

// The kinds of catalyst.
const (
	EventFiling      = "filing"
	EventListing     = "listing"
	EventDelisting   = "delisting"
	EventHalt        = "halt"   // trading suspended or restricted
	EventResume      = "resume" // trading open again
	EventAnnounce    = "announcement"
	EventUnlock      = "unlock"
	EventHearing     = "hearing"
	EventMaintenance = "maintenance"
	EventIncident    = "incident"
)

// EventTypes are all kinds of catalyst.
func EventTypes() []string {
	return []string{EventFiling, EventListing, EventDelisting, EventHalt, EventResume, EventAnnounce, EventUnlock, EventHearing, EventMaintenance, EventIncident}
}

// Event is something that may move prices. Its time may lie in the future: a scheduled unlock, a hearing.
type Event struct {
	ID          string            `json:"id"`     // unique within Source
	Source      string            `json:"source"` // edgar, coinspot, coinbase, binance, kraken
	Type        string            `json:"event_type"`
	Time        time.Time         `json:"event_time"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	URL         string            `json:"url,omitempty"`
	Coins       []market.Coin     `json:"currencies"`
	Facts       map[string]string `json:"facts,omitempty"` // what the impact score goes by: form, filer, cik, items, market
	Impact      float64           `json:"impact_score"`    // 0 to 1
	Why         string            `json:"impact_reason"`
}

// Records are what one poll of an upstream brought.
type Records struct {
	Quotes       []market.Quote
	Fundamentals []Fundamental
	Metrics      []Metric
	Flows        []Flow
	News         []News
	Posts        []Post
	Events       []Event
	Trades       []MarketTrade
}

// Len counts the records.
func (r *Records) Len() int {
	return len(r.Quotes) + len(r.Fundamentals) + len(r.Metrics) + len(r.Flows) + len(r.News) + len(r.Posts) + len(r.Events) + len(r.Trades)
}

// Reject is a piece of an answer that could not be taken.
type Reject struct {
	Reason string
	Bytes  []byte // as the upstream sent them, where they are known, or the beginning of them
	Size   int    // of the whole piece in bytes; less than there are in Bytes: there are no more
}
