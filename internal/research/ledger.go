package research

// The tools that ask the ledgers: the questions of the agent-data interface, within the research window and never after it. What they
// answer holds texts that others wrote: data, and never an instruction.
const (
	ToolStatistics = "get_data_statistics"     // StatisticsArgs → api.Statistics
	ToolOnChain    = "fetch_on_chain_metrics"  // OnChainArgs → api.OnChain
	ToolSmartMoney = "fetch_smart_money_flows" // SmartMoneyArgs → api.SmartMoney
	ToolSentiment  = "fetch_sentiment_data"    // SentimentArgs → api.SentimentData
	ToolCatalysts  = "fetch_catalyst_events"   // CatalystArgs → api.Catalysts
	ToolOrders     = "fetch_order_history"     // WindowArgs → api.Orders, the session's user's
	ToolPositions  = "fetch_user_positions"    // StatisticsArgs → api.Positions, the session's user's
	ToolAligned    = "fetch_aligned"           // AlignedArgs → api.Aligned
)

// WindowArgs bound a question. Times are RFC 3339 or dates.
type WindowArgs struct {
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
	AsOf  string `json:"as_of,omitempty"` // only what was known by then
	Limit int    `json:"limit,omitempty"` // the newest so many; at most 200, which is also where none is given
}

// StatisticsArgs ask as of a moment.
type StatisticsArgs struct {
	AsOf string `json:"as_of,omitempty"`
}

// OnChainArgs ask for figures of an asset.
type OnChainArgs struct {
	WindowArgs
	Asset       string   `json:"asset"`
	MetricNames []string `json:"metric_names,omitempty"`
}

// SmartMoneyArgs ask for what skilled wallets did.
type SmartMoneyArgs struct {
	WindowArgs
	Tokens []string `json:"tokens,omitempty"`
}

// SentimentArgs ask for texts.
type SentimentArgs struct {
	WindowArgs
	Currencies []string `json:"currencies,omitempty"`
	Platforms  []string `json:"platforms,omitempty"`
}

// CatalystArgs ask for events.
type CatalystArgs struct {
	WindowArgs
	Currencies []string `json:"currencies,omitempty"`
	EventTypes []string `json:"event_types,omitempty"`
	MinImpact  float64  `json:"min_impact,omitempty"`
}

// AlignedArgs ask for prices and sentiment on one grid.
type AlignedArgs struct {
	WindowArgs
	Market   string `json:"market"`
	Interval string `json:"interval"`
}
