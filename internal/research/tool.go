package research

import "time"

// The tools an agent may call, by name. Each has typed arguments and a typed result, below; both travel as JSON.
const (
	ToolAskUser     = "ask_user"            // AskArgs → AskResult
	ToolSetBrief    = "set_brief"           // Brief → Ack
	ToolSubmitPlan  = "submit_plan"         // PlanArgs → Ack
	ToolCoins       = "get_available_coins" // NoArgs → CoinsResult
	ToolFetchPrices = "fetch_price_data"    // FetchArgs → Dataset
	ToolExplore     = "explore"             // ExploreArgs → Exploration
	ToolStrategies  = "list_strategies"     // NoArgs → StrategiesResult
	ToolWalkForward = "walk_forward"        // WalkForwardArgs → WalkForwardResult
	ToolLookAhead   = "check_lookahead"     // AlgorithmArgs → LookAheadResult
	ToolEvaluate    = "evaluate"            // AlgorithmArgs → Evaluation
	ToolVerdict     = "submit_verdict"      // Verdict → Ack
	ToolWriteReport = "write_report"        // ReportArgs → Ack
)

// Ack is the result of a tool that only takes something down.
type Ack struct {
	OK bool `json:"ok"`
}

// NoArgs is the arguments of a tool that takes none.
type NoArgs struct{}

// AskArgs is a question to a person.
type AskArgs struct {
	Question
}

// AskResult is the person's answer, or the question's default where no person is there.
type AskResult struct {
	Key     string `json:"key"`
	Answer  string `json:"answer"`
	Assumed bool   `json:"assumed"` // nobody was asked: the default was taken
}

// Brief is a goal made precise.
type Brief struct {
	Markets      []string `json:"markets"`
	Families     []string `json:"families"` // trend, momentum, breakout, reversion, rotation, hold
	Interval     string   `json:"interval"`
	MaxTradesDay float64  `json:"max_trades_per_day,omitempty"` // round trips; 0: no limit asked
	MaxDrawdown  float64  `json:"max_drawdown,omitempty"`       // as a fraction above zero; 0: by risk appetite
	Risk         string   `json:"risk"`                         // low, medium, high
	Assumptions  []string `json:"assumptions,omitempty"`        // what was read into the goal, in words
}

// PlanArgs is the planner's plan.
type PlanArgs struct {
	Steps []PlanStep `json:"steps"`
}

// CoinsResult lists what the ledger holds inside the research window.
type CoinsResult struct {
	Coins []CoinCoverage `json:"coins"`
}

// CoinCoverage is one market's history inside the research window.
type CoinCoverage struct {
	Market    string    `json:"market"`
	Interval  string    `json:"interval"` // as stored
	Bars      int       `json:"bars"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Missing   int       `json:"missing_bars"`
	Simulated bool      `json:"simulated"`
}

// FetchArgs asks for one market's bars. Rows do not travel through the conversation; the Dataset that names them does.
type FetchArgs struct {
	Market   string `json:"market"`
	Interval string `json:"interval"`
}

// Dataset names bars by market, interval and window, with their hash.
type Dataset struct {
	Market      string    `json:"market"`
	Interval    string    `json:"interval"`
	Bars        int       `json:"bars"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	Missing     int       `json:"missing_bars"`
	DataHash    string    `json:"data_hash"`
	Simulated   bool      `json:"simulated"`
	Return      float64   `json:"return"`           // last close over first open − 1
	DailyVol    float64   `json:"daily_volatility"` // of daily log returns
	MaxDrawdown float64   `json:"max_drawdown"`     // of the closes, ≤ 0
}

// ExploreArgs asks for features of the fetched markets.
type ExploreArgs struct {
	Markets  []string `json:"markets"`
	Interval string   `json:"interval"`
}

// Exploration is what the analyst sees. Information coefficients are rank correlations with the next day's return,
// one per contiguous fold of the window, so that one lucky stretch shows as such.
type Exploration struct {
	Markets []MarketFeatures `json:"markets"`
}

// MarketFeatures are one market's.
type MarketFeatures struct {
	Market        string    `json:"market"`
	Days          int       `json:"days"`
	VarianceRatio float64   `json:"variance_ratio_5d"` // of 5-day to 1-day returns: above 1 trends, below 1 reverts
	Autocorr      float64   `json:"autocorrelation_1d"`
	VolCluster    float64   `json:"autocorrelation_abs_1d"`
	Features      []Feature `json:"features"`
}

// Feature is one predictor's worth.
type Feature struct {
	Name   string    `json:"name"`
	Family string    `json:"family"`
	IC     float64   `json:"ic"`       // mean of Folds
	Folds  []float64 `json:"ic_folds"` // same sign in most folds is worth more than a large mean
}

// StrategiesResult lists the strategies that can be tried.
type StrategiesResult struct {
	Strategies []StrategyInfo `json:"strategies"`
}

// StrategyInfo is one built-in example with its parameters.
type StrategyInfo struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Markets     int         `json:"markets"` // how many it needs: 1, or 2 and more
	Params      []ParamInfo `json:"params"`
}

// ParamInfo is one declared parameter.
type ParamInfo struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Default float64 `json:"default"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
}

// WalkForwardArgs asks for one candidate: in each fold the best point of the grid by training Sharpe is taken, and only what it
// then does out of sample counts. Every backtest run on the way is a trial.
type WalkForwardArgs struct {
	Strategy string               `json:"strategy"`
	Markets  []string             `json:"markets"`
	Interval string               `json:"interval"`
	Grid     []map[string]float64 `json:"grid"` // at most 24 points
	Folds    int                  `json:"folds"`
}

// WalkForwardResult is the stitched out-of-sample record. Algorithm is the strategy with the parameters chosen on the newest fold's
// training window: what would be traded next.
type WalkForwardResult struct {
	Algorithm   string               `json:"algorithm"`
	Strategy    string               `json:"strategy"`
	Markets     []string             `json:"markets"`
	Params      map[string]float64   `json:"params"`
	FoldParams  []map[string]float64 `json:"fold_params"`
	FoldSharpe  []*float64           `json:"fold_sharpe"`
	Trials      int                  `json:"trials"`       // run for this candidate
	TrialsTotal int                  `json:"trials_total"` // of the session so far
	Days        int                  `json:"days"`         // out of sample
	Return      *float64             `json:"return"`
	CAGR        *float64             `json:"cagr"`
	Sharpe      *float64             `json:"sharpe"` // annualised, out of sample
	MaxDrawdown *float64             `json:"max_drawdown"`
	Turnover    *float64             `json:"turnover_per_year"`
	Trades      int                  `json:"trades"`
	HoldReturn  *float64             `json:"hold_return"`
	HoldSharpe  *float64             `json:"hold_sharpe"`
	HoldMaxDD   *float64             `json:"hold_max_drawdown"`
}

// AlgorithmArgs names an algorithm of this session.
type AlgorithmArgs struct {
	Algorithm string `json:"algorithm"`
}

// LookAheadResult says whether decisions changed when the future was cut off or changed.
type LookAheadResult struct {
	OK     bool   `json:"ok"`
	Checks int    `json:"checks"`
	Detail string `json:"detail"`
}

// Evaluation is what a candidate's out-of-sample record is worth after all the trials of the session.
type Evaluation struct {
	Algorithm      string   `json:"algorithm"`
	Days           int      `json:"days"`
	Sharpe         *float64 `json:"sharpe"` // annualised
	PSR            *float64 `json:"psr"`    // probability that the true Sharpe is above 0, as if it were the only trial
	DSR            *float64 `json:"deflated_sharpe"`
	Trials         int      `json:"trials"`
	ExpectedMax    *float64 `json:"expected_max_sharpe"` // annualised Sharpe that the best of so many worthless trials would show
	MinTrackDays   *float64 `json:"min_track_record_days"`
	MaxDrawdown    *float64 `json:"max_drawdown"`
	Turnover       *float64 `json:"turnover_per_year"`
	TradesPerDay   float64  `json:"trades_per_day"`
	Return         *float64 `json:"return"`
	HoldReturn     *float64 `json:"hold_return"`
	HoldSharpe     *float64 `json:"hold_sharpe"`
	HoldMaxDD      *float64 `json:"hold_max_drawdown"`
	ReturnCosts2x  *float64 `json:"return_at_double_costs"`
	SharpeCosts2x  *float64 `json:"sharpe_at_double_costs"`
	PositiveFolds  int      `json:"positive_folds"`
	Folds          int      `json:"folds"`
	ReasonsMissing []string `json:"reasons_missing,omitempty"` // why a figure has no value
}

// ReportArgs is the report in Markdown. Figures are references to tool results, {{r17.sharpe|num}} or {{r17.return|pct}}; omc puts the
// numbers in, so that none can be made up.
type ReportArgs struct {
	Markdown string `json:"markdown"`
}

// Task is what an agent is given at the start of its step, as JSON: the goal, what is agreed, and every tool result so far.
// A language model and the builtin procedure read the same.
type Task struct {
	Goal     string       `json:"goal"`
	Turns    []string     `json:"earlier_messages,omitempty"` // the person's earlier messages of this session
	Options  Options      `json:"options"`
	Brief    *Brief       `json:"brief,omitempty"`
	Plan     []PlanStep   `json:"plan,omitempty"`
	Results  []ToolResult `json:"results,omitempty"`
	Verdict  *Verdict     `json:"verdict,omitempty"`
	Examined string       `json:"window,omitempty"` // the research window, for people: nothing outside it is visible
}
