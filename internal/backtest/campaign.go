package backtest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
)

// Tried is a campaign's trial before its result: this content over this window with these settings. A zero from or to is an open end,
// and stays the same trial when the ledger grows.
func Tried(user, stage, session, name string, c *strategy.Content, from, to time.Time, s *report.Settings, at time.Time) (research.CampaignTrial, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return research.CampaignTrial{}, fmt.Errorf("trial: settings: %w", err)
	}
	sum := sha256.Sum256(b)
	settings := hex.EncodeToString(sum[:]) + " " + s.FeeBps.String() + "/" + s.SlippageBps.String()
	return research.CampaignTrial{User: user, Algorithm: c.ID(), CodeHash: c.CodeHash(), Strategy: name, Stage: stage, Session: session, Markets: c.Markets,
		Interval: c.Interval, From: from, To: to, Settings: settings, Recorded: at.UTC().Truncate(time.Millisecond)}, nil
}

// Costs is the part of a trial's settings that says what trades cost: runs that differ in the rest, as in the cash, can be compared.
func Costs(settings string) string {
	_, costs, _ := strings.Cut(settings, " ")
	return costs
}

// maxGapDays bounds the days without a return between two with one, which count as returns of nothing.
const maxGapDays = 3_660

// CameOut adds the daily returns of a result to a trial.
func CameOut(t *research.CampaignTrial, days []report.Day) error {
	returns := []float64{} // not nil: the trial has run, though it may have no day
	for i := range days {
		at, err := time.Parse(time.DateOnly, days[i].Date)
		if err != nil {
			return fmt.Errorf("trial: day %.20q: %w", days[i].Date, err)
		}
		day := at.Unix() / 86400
		if i == 0 {
			t.FirstDay = day
		}
		missing := day - t.FirstDay - int64(len(returns))
		if missing < 0 || missing > maxGapDays {
			return fmt.Errorf("trial: the day %s does not follow the one before", days[i].Date)
		}
		returns = append(append(returns, make([]float64, missing)...), days[i].Return)
	}
	t.Returns, t.Sharpe = returns, nil
	if s, err := evidence.Describe(returns); err == nil { // no day, or no variance: it has no ratio
		t.Sharpe = &s.Sharpe
	}
	return nil
}

// Deflated is what out-of-sample daily returns are worth after a campaign's trials (evidence.DeflateCampaign).
func Deflated(daily []float64, c *research.Campaign) (evidence.Deflation, error) {
	chosen, err := evidence.Describe(daily)
	if err != nil {
		return evidence.Deflation{}, err
	}
	ratios := make([]evidence.Ratio, len(c.Ratios))
	for i, r := range c.Ratios {
		ratios[i] = evidence.Ratio(r)
	}
	return evidence.DeflateCampaign(chosen, ratios, c.Trials)
}
