// Package verdict owns evidence bundles: all that was measured of an algorithm over one window, from what inputs, and what the gate says of it.
// A bundle is named by the hash of its bytes, and the same inputs give the same bytes. It runs no strategy and reads no store.
package verdict

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
)

// Format names the layout of a bundle.
const Format = "omc-evidence/2"

// MaxBundle bounds a bundle's bytes.
const MaxBundle = 3 << 20

// Bundle is what was measured of one algorithm, and what that allows.
type Bundle struct {
	Format   string   `json:"format"`
	Inputs   Inputs   `json:"inputs"`
	Findings Findings `json:"findings"`
	Paper    Verdict  `json:"paper"`
	Live     Verdict  `json:"live"`
}

// Inputs are what the findings follow from, and nothing else: with the same prices they can be had again.
type Inputs struct {
	Algorithm string           `json:"algorithm"` // the content's hash
	Name      string           `json:"name"`
	Content   strategy.Content `json:"content"`
	Model     string           `json:"model,omitempty"`       // which wrote it; "": a person
	Cutoff    *time.Time       `json:"model_cutoff"`          // what the model may have known ends here; null: no model wrote it
	From      time.Time        `json:"from"`                  // of the window
	To        time.Time        `json:"to"`                    // not included
	Sealed    *time.Time       `json:"holdout_from"`          // where the hold-out began; null: nothing was sealed
	Settings  report.Settings  `json:"settings"`              // of the simulated trades
	Folds     int              `json:"folds"`                 // of the walk-forward
	Seed      uint64           `json:"seed"`                  // of the bootstrap, the random entries and the look-ahead test
	Resamples int              `json:"resamples"`             // of the bootstrap
	Entries   int              `json:"random_entries"`        // strategies
	DataHash  string           `json:"data_hash"`             // of the bars and facts of the whole window
	Sources   []string         `json:"sources"`               //
	Simulated bool             `json:"simulated"`             //
	Trials    int              `json:"trials"`                // of the campaign, those of this validation among them
	Ratios    []float64        `json:"trial_sharpes_per_day"` // of those that have one, in order
	RatioDays []int            `json:"trial_days"`            // over which each of them was measured
	Keys      []string         `json:"trial_keys"`            // of those whose returns the probability of overfitting is taken over, sorted
	Looks     int              `json:"holdout_looks"`         // of the campaign, this one among them
	Limits    Thresholds       `json:"thresholds"`            // what the verdicts asked for
}

// Findings are the measurements. What could not be measured is null, and Missing says why.
type Findings struct {
	Whole     report.Figures          `json:"whole_window"`
	Hold      report.Figures          `json:"buy_and_hold"`
	Orders    report.Orders           `json:"orders"`
	Ledgers   []report.Told           `json:"ledgers,omitempty"` // what it was told beside prices
	Forward   report.Forward          `json:"walk_forward"`
	Days      []Day                   `json:"out_of_sample"`        // every day of the walk-forward
	Filled    int                     `json:"out_of_sample_fills"`  // and the next: of the folds that count, after the model's cut-off
	Trades    int                     `json:"out_of_sample_trades"` // closed
	Sharpe    *float64                `json:"sharpe_per_day"`       // and below: of the days that count, after the model's cut-off
	Counted   int                     `json:"days_counted"`
	PSR       *float64                `json:"psr"`
	Needed    *float64                `json:"min_track_record_days"` // for a probability of Limits.DSR that it beats the best of the worthless trials
	Deflated  *evidence.Deflation     `json:"deflated"`
	Overfit   *Overfit                `json:"overfit"`
	Snooping  *Snooping               `json:"data_snooping"`
	Haircut   *Haircut                `json:"haircut"`
	Bands     *evidence.Bands         `json:"bands"`
	Random    *evidence.RandomEntries `json:"random_entries"`
	Costs     []evidence.CostPoint    `json:"costs"`
	BreakEven *float64                `json:"break_even_cost"`
	Beside    []evidence.Neighbour    `json:"neighbours"`
	Stability *evidence.Stability     `json:"stability"`
	Regimes   []evidence.Regime       `json:"regimes"`
	Capacity  *evidence.Capacity      `json:"capacity"`
	Cutoff    *Cutoff                 `json:"model_cutoff"`
	Holdout   *Holdout                `json:"holdout"`
	LookAhead string                  `json:"look_ahead"`
	Honest    bool                    `json:"no_look_ahead"`
	Missing   map[string]string       `json:"missing,omitempty"` // by JSON name
}

// Day is one day out of sample.
type Day struct {
	Date   string  `json:"date"`
	Return float64 `json:"return"`
	Market float64 `json:"market"`
}

// Overfit is the probability of overfitting over the campaign's comparable trials.
type Overfit struct {
	PBO      float64 `json:"pbo"`
	Trials   int     `json:"trials"`   // that differ: of those whose returns correlate by more than 0.99 one stands for all
	Compared int     `json:"compared"` // that ran over the same days
	Days     int     `json:"days"`
	Blocks   int     `json:"blocks"`
}

// Snooping is the chance that the best of the comparable trials looks as good as it does though none is better than not trading.
type Snooping struct {
	RealityCheck float64 `json:"reality_check"` // White's p
	SPA          float64 `json:"spa"`           // Hansen's consistent p
	Resamples    int     `json:"resamples"`
	Block        float64 `json:"mean_block"` // days
}

// Haircut is what is left of the annual Sharpe ratio when its p-value is adjusted for the number of trials (Bonferroni).
type Haircut struct {
	Annual   float64 `json:"annual"`
	P        float64 `json:"p"`
	Adjusted float64 `json:"adjusted_p"`
	Left     float64 `json:"adjusted_sharpe"`
}

// Cutoff splits the days out of sample at the model's training cut-off: what lies before it may have been in what the model was trained on.
type Cutoff struct {
	Before evidence.Part `json:"before"`
	After  evidence.Part `json:"after"`
}

// Holdout is what the one look at the sealed data showed.
type Holdout struct {
	From    time.Time      `json:"from"`
	To      time.Time      `json:"to"`
	Unseen  int            `json:"unseen_days"` // that nothing of the campaign had seen before
	Figures report.Figures `json:"figures"`
	Hold    report.Figures `json:"buy_and_hold"`
}

// Verdict is whether something is allowed, with every reason.
type Verdict struct {
	Pass    bool              `json:"pass"`
	Reasons []research.Reason `json:"reasons"`
}

// Encode returns a bundle's bytes, which are the same for the same bundle, and their SHA-256.
func (b *Bundle) Encode() (body []byte, hash string, err error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetIndent("", " ")
	if err := e.Encode(b); err != nil {
		return nil, "", fmt.Errorf("evidence bundle: %w", err)
	}
	if buf.Len() > MaxBundle {
		return nil, "", fmt.Errorf("evidence bundle: %d bytes, the limit is %d", buf.Len(), MaxBundle)
	}
	return buf.Bytes(), Hash(buf.Bytes()), nil
}

// Hash names a bundle's bytes.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Decode reads a bundle. Bytes that Encode would not have written are refused: their hash would name something else.
func Decode(body []byte) (*Bundle, error) {
	if len(body) > MaxBundle {
		return nil, fmt.Errorf("evidence bundle: %d bytes, the limit is %d", len(body), MaxBundle)
	}
	var b Bundle
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return nil, fmt.Errorf("evidence bundle: %w", err)
	}
	if b.Format != Format {
		return nil, fmt.Errorf("evidence bundle: format %.40q: this omc reads %s", b.Format, Format)
	}
	again, _, err := b.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, body) {
		return nil, fmt.Errorf("evidence bundle: it was changed, or written by another omc: its bytes are not those of what it says")
	}
	return &b, nil
}

// Differences names what differs between the findings and verdicts of two bundles, by JSON path, at most 20, and says where there are more.
func Differences(a, b *Bundle) ([]string, error) {
	var trees [2]any
	for i, x := range []*Bundle{a, b} {
		body, _, err := x.Encode()
		if err != nil {
			return nil, err
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&trees[i]); err != nil {
			return nil, fmt.Errorf("evidence bundle: %w", err)
		}
	}
	var out []string
	differ("", trees[0], trees[1], &out)
	if len(out) >= maxDifferences {
		out = append(out[:maxDifferences], "and what comes after these: at most 20 differences are named")
	}
	return out, nil
}
