package research

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/market"
)

// CampaignTrial is one backtest as the trial ledger keeps it. A campaign is everything that one user has tried on any of some assets, in
// whatever currency they were quoted, or with one script: it has no name, so that no other name, session, market or deletion makes its
// trials fewer.
type CampaignTrial struct {
	User      string          `json:"user"`
	Algorithm string          `json:"algorithm"` // content's hash
	CodeHash  string          `json:"code_hash"`
	Strategy  string          `json:"strategy"`
	Stage     string          `json:"stage"`             // backtest, train, test, whole, optimize, check, neighbour, costs, holdout, replay
	Session   string          `json:"session,omitempty"` // of the lab
	Markets   []market.Market `json:"markets"`
	Interval  market.Interval `json:"interval"`
	From      time.Time       `json:"from"`     // of the bars it could trade on
	To        time.Time       `json:"to"`       // not included
	Settings  string          `json:"settings"` // hash, then fee/slippage: other settings are another trial
	Recorded  time.Time       `json:"recorded_at"`
	Read      time.Time       `json:"-"` // end of the data that it was handed; zero: not told. No part of what it is

	Key      string    `json:"id"`             // its ID, where it was read from the ledger
	Sharpe   *float64  `json:"sharpe_per_day"` // nil until it has run, and where it has none
	FirstDay int64     `json:"first_day"`      // days since 1970
	Returns  []float64 `json:"-"`              // one a day from FirstDay; nil until it has run
}

// Stages of backtests of what was chosen already: with other costs, and on the newest data that research does not see.
const (
	StageCosts   = "costs"
	StageHoldout = "holdout"
	StageReplay  = "replay"
)

// Choice reports that the trial could have been chosen. One that shows what other costs or unseen data do to a choice is counted like every other,
// and its Sharpe ratio says nothing of how far those of the choices are spread.
func (t *CampaignTrial) Choice() bool {
	return t.Stage != StageCosts && t.Stage != StageHoldout && t.Stage != StageReplay
}

// ID names the trial: the same backtest again is the same trial, whoever asks for it and in whatever session.
func (t *CampaignTrial) ID() string {
	names := make([]string, len(t.Markets))
	for i, m := range t.Markets {
		names[i] = m.String()
	}
	slices.Sort(names)
	b, err := json.Marshal([]any{t.User, t.Algorithm, names, t.Interval, t.From.UnixMilli(), t.To.UnixMilli(), t.Settings})
	if err != nil {
		panic("research: " + err.Error()) // strings and whole numbers alone
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Campaign is what has been tried.
type Campaign struct {
	Trials int             // all of them, those that never ended among them
	Ran    []CampaignTrial // those with a result, newest first; of more than MaxCampaignResults as many by their keys, which is by chance
	Ratios []Ratio         // of those that could have been chosen and have one, newest first, at most MaxCampaignRatios
	Looks  int             // at the sealed hold-out
	Seen   time.Time       // end of the newest data that any trial was handed, whatever came of it; zero: of none is it known
}

// Ratio is one trial's Sharpe ratio, and over how many days.
type Ratio struct {
	Sharpe float64 // per day
	Days   int
}

// MaxCampaignResults bounds the results of a campaign that are read.
const MaxCampaignResults = 2_000

// MaxCampaignRatios bounds the Sharpe ratios that are read: far more than results, so that nobody shrinks their spread by many that are alike.
const MaxCampaignRatios = 20_000
