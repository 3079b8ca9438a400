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
	Stage     string          `json:"stage"`             // backtest, train, test, whole, optimize
	Session   string          `json:"session,omitempty"` // of the lab
	Markets   []market.Market `json:"markets"`
	Interval  market.Interval `json:"interval"`
	From      time.Time       `json:"from"`     // of the bars it could trade on
	To        time.Time       `json:"to"`       // not included
	Settings  string          `json:"settings"` // hash: other costs are another trial
	Recorded  time.Time       `json:"recorded_at"`

	Sharpe   *float64  `json:"sharpe_per_day"` // nil until it has run, and where it has none
	FirstDay int64     `json:"first_day"`      // days since 1970
	Returns  []float64 `json:"-"`              // one a day from FirstDay; nil until it has run
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
	Ran    []CampaignTrial // those with a result, newest first, at most MaxCampaignResults
}

// MaxCampaignResults bounds the results of a campaign that are read.
const MaxCampaignResults = 2_000
