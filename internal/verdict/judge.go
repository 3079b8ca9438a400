package verdict

import (
	"fmt"
	"math"

	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
)

// Thresholds are what the verdicts ask for. docs/promotion.md explains each; the settings gate.* hold them.
type Thresholds struct {
	DSR        float64 `json:"deflated_sharpe"`     // at least
	PBO        float64 `json:"pbo"`                 // at most
	PaperDays  int     `json:"paper_days"`          // out of sample, for paper
	Days       int     `json:"days"`                // out of sample, for live
	Trades     int     `json:"trades"`              // closed, out of sample, for live
	RandomP    float64 `json:"random_entries_p"`    // at most
	Costs      float64 `json:"cost_multiple"`       // the break-even cost is at least this multiple
	Stability  float64 `json:"stability"`           // share of the neighbours that keep half of the score, at least
	Looks      int     `json:"holdout_looks"`       // at the hold-out by the campaign, at most
	UnseenDays int     `json:"holdout_unseen_days"` // of the hold-out at the look, at least
}

// Defaults are the documented thresholds.
func Defaults() Thresholds {
	return Thresholds{DSR: .95, PBO: .2, PaperDays: 30, Days: 180, Trades: 30, RandomP: .05, Costs: 1.5, Stability: .5, Looks: 3, UnseenDays: 20}
}

// Codes of the reasons; they are stable.
const (
	CodeForward   = "walk_forward"
	CodeLookAhead = "lookahead"
	CodeTrials    = "trials_counted"
	CodeShort     = "too_short"
	CodeFewTrades = "too_few_trades"
	CodeDeflated  = "trials_deflate_sharpe"
	CodeOverfit   = "overfit"
	CodeRandom    = "no_better_than_random"
	CodeCosts     = "costs_eat_it"
	CodeStability = "parameters_unstable"
	CodeCutoff    = "model_knew_it"
	CodeHoldout   = "holdout"
	CodeHolding   = "beats_holding"
	CodeSimulated = "simulated_data"
	CodeAssumed   = "assumed_known"
	CodeUntold    = "no_ledger_data"
	CodeRecord    = "no_paper_record"
	CodeApproval  = "no_named_approval"
)

// judge collects reasons; each says what was measured, what is wanted and what would change it.
type judge struct {
	b       *Bundle
	live    bool
	reasons []research.Reason
}

func (j *judge) say(ok, refuses bool, code, format string, args ...any) {
	j.reasons = append(j.reasons, research.Reason{Code: code, Passed: ok, Advisory: !refuses, Text: fmt.Sprintf(format, args...)})
}

// Judge fills in the verdicts. It is a pure function of the inputs and findings: a paper record and a person's approval are beside them, and
// refuse live until they are there.
func (b *Bundle) Judge() {
	b.Paper, b.Live = b.verdict(false), b.verdict(true)
}

func (b *Bundle) verdict(live bool) Verdict {
	j := judge{b: b, live: live}
	j.run()
	j.statistics()
	j.robust()
	j.knowledge()
	if live {
		j.say(false, true, CodeRecord, "measured: no judged paper record; wanted: one whose parity with this backtest is proven, which a later version will judge")
		j.say(false, true, CodeApproval, "measured: no approval; wanted: a named person who approves this exact algorithm with a reason")
	}
	v := Verdict{Pass: true, Reasons: j.reasons}
	for _, r := range j.reasons {
		v.Pass = v.Pass && (r.Passed || r.Advisory)
	}
	return v
}

// run is about whether there is anything to judge.
func (j *judge) run() {
	f, in, t := &j.b.Findings, &j.b.Inputs, &j.b.Inputs.Limits
	j.say(len(f.Forward.Folds) >= 2, true, CodeForward, "measured: %d folds, out of sample from %s to %s, return %+.1f %%; wanted: at least 2", len(f.Forward.Folds),
		f.Forward.From.Format("2006-01-02"), f.Forward.To.Format("2006-01-02"), 100*f.Forward.Return)
	j.say(f.Honest, true, CodeLookAhead, "measured: %s; wanted: no decision that depends on the future", f.LookAhead)
	j.say(in.Trials > 0, true, CodeTrials, "measured: %d trials of the campaign counted", in.Trials)
	least, what := t.PaperDays, "paper"
	if j.live {
		least, what = t.Days, "live trading"
		if f.Needed != nil && *f.Needed > float64(least) {
			least = int(math.Ceil(math.Min(*f.Needed, 1e6)))
		}
	}
	text := fmt.Sprintf("measured: %d days out of sample that count; wanted for %s: %d", f.Counted, what, least)
	if f.Counted < least {
		text += fmt.Sprintf("; %d more days are needed: use a longer window", least-f.Counted)
	}
	j.say(f.Counted >= least, true, CodeShort, "%s", text)
	fills, trades := 1, 0
	if j.live {
		trades = t.Trades
	}
	j.say(f.Filled >= fills && f.Trades >= trades, true, CodeFewTrades, "measured: %d orders filled and %d trades closed out of sample; wanted: %d and %d", f.Filled, f.Trades, fills, trades)
}

// statistics are about luck: how good the best of so many tries looks without being any good.
func (j *judge) statistics() {
	f, in, t := &j.b.Findings, &j.b.Inputs, &j.b.Inputs.Limits
	if f.Deflated == nil {
		j.say(false, j.live, CodeDeflated, "measured: none (%s); wanted: %.2f", f.Missing["deflated"], t.DSR)
	} else {
		j.say(f.Deflated.DSR >= t.DSR, j.live, CodeDeflated, "measured: a probability of %.3f that its Sharpe ratio is above what the best of %d worthless trials would show; wanted: %.2f; a longer record would change it, "+
			"fewer trials would have", f.Deflated.DSR, in.Trials, t.DSR)
	}
	if f.Overfit == nil {
		j.say(false, j.live, CodeOverfit, "not measured: %s; wanted: at most %.2f over trials of the same days; trials that resemble each other make the deflated Sharpe ratio too kind, so that alone is not enough", f.Missing["overfit"], t.PBO)
	} else {
		j.say(f.Overfit.PBO <= t.PBO, j.live, CodeOverfit, "measured: a probability of overfitting of %.3f over %d trials that differ, of %d, and %d days; wanted: at most %.2f", f.Overfit.PBO, f.Overfit.Trials, f.Overfit.Compared, f.Overfit.Days, t.PBO)
	}
	s, h := f.Forward.Sharpe, f.Forward.HoldSharpe
	if s == nil || h == nil {
		j.say(false, false, CodeHolding, "measured: no Sharpe ratio to compare with buy-and-hold's")
	} else {
		j.say(*s > *h, false, CodeHolding, "measured: a Sharpe ratio of %.2f out of sample, buy-and-hold's is %.2f", *s, *h)
	}
}

// robust is about what the result hangs on.
func (j *judge) robust() {
	f, t := &j.b.Findings, &j.b.Inputs.Limits
	if f.Random == nil {
		j.say(false, j.live, CodeRandom, "measured: none (%s); wanted: entries better than random ones", f.Missing["random_entries"])
	} else {
		j.say(f.Random.PValue <= t.RandomP, j.live, CodeRandom, "measured: %.1f %% of %d strategies with as many trades, held as long but entered at random, do worse (p %.3f); wanted: p of at most %.2f",
			100*f.Random.Better, f.Random.Strategies, f.Random.PValue, t.RandomP)
	}
	scale, cheap := j.costs()
	switch {
	case f.BreakEven != nil:
		j.say(*f.BreakEven*scale >= t.Costs, j.live, CodeCosts, "measured: nothing is left at %.2f times the costs%s; wanted: at least %.2f times", *f.BreakEven*scale, cheap, t.Costs)
	case len(f.Costs) > 0 && f.Costs[len(f.Costs)-1].Return > 0:
		most := f.Costs[len(f.Costs)-1].Multiple * scale
		j.say(most >= t.Costs, j.live, CodeCosts, "measured: it still gains at %.3g times the costs%s; wanted: at least %.2f times", most, cheap, t.Costs)
	default:
		j.say(false, j.live, CodeCosts, "measured: %s; wanted: a gain at %.2f times the costs", f.Missing["break_even_cost"], t.Costs)
	}
	switch {
	case f.Stability == nil:
		j.say(true, false, CodeStability, "not measured: %s", f.Missing["stability"])
	case f.Stability.Chosen < 0:
		j.say(false, false, CodeStability, "measured: a Sharpe ratio below zero, which no neighbour has to keep")
	default:
		j.say(f.Stability.Share >= t.Stability, j.live, CodeStability, "measured: %d of %d neighbouring parameters keep half of its Sharpe ratio; wanted: at least %.0f %%", f.Stability.Kept, f.Stability.Neighbours, 100*t.Stability)
	}
}

// costs is by how much multiples of a bundle's costs count: whole where its trades cost what they cost by default, and less where they cost less, for
// what is run at half the costs and gains at three times them gains at one and a half.
func (j *judge) costs() (scale float64, why string) {
	s, d := &j.b.Inputs.Settings, report.Default()
	own, usual := s.FeeBps.Add(s.SlippageBps).Float64(), d.FeeBps.Add(d.SlippageBps).Float64()
	if own >= usual {
		return 1, ""
	}
	return own / usual, fmt.Sprintf(", counted by the usual %g bps a trade: it was run at %g", usual, own)
}

// knowledge is about what the result could have been fitted to.
func (j *judge) knowledge() {
	f, in, t := &j.b.Findings, &j.b.Inputs, &j.b.Inputs.Limits
	if in.Simulated {
		j.say(false, j.live, CodeSimulated, "measured: prices of the market simulator; wanted: real ones")
	}
	for _, l := range f.Ledgers {
		if l.Facts == 0 {
			j.say(false, j.live, CodeUntold, "measured: nothing was known of %s in the whole window; wanted: a window in which the ledgers had it", l.Question)
		} else if l.Assumed != "" {
			j.say(false, j.live, CodeAssumed, "measured: %s, where what landed later is assumed to have been known %s after it happened; wanted: what omc had seen by then (no lag)", l.Question, l.Assumed)
		}
	}
	if f.Cutoff != nil {
		j.say(f.Cutoff.After.Days > 0, j.live, CodeCutoff, "%s wrote it, and may know the market up to %s: the %d days before count as in-sample, the %d after it as out of sample", in.Model,
			in.Cutoff.Format("2006-01-02"), f.Cutoff.Before.Days, f.Cutoff.After.Days)
	}
	switch {
	case in.Sealed == nil:
		j.say(false, j.live, CodeHoldout, "measured: nothing was sealed (research.holdout_days); wanted: a hold-out that research has not seen")
	case f.Holdout == nil:
		j.say(false, j.live, CodeHoldout, "measured: the hold-out from %s on has not been looked at; wanted: a gain in it; validate with --accept-risk=holdout, once", in.Sealed.Format("2006-01-02"))
	default:
		h := f.Holdout
		gain := h.Figures.Return != nil && *h.Figures.Return > 0
		ret := "none"
		if h.Figures.Return != nil {
			ret = fmt.Sprintf("%+.1f %%", 100**h.Figures.Return)
		}
		j.say(gain && in.Looks <= t.Looks && h.Unseen >= t.UnseenDays, j.live, CodeHoldout, "measured: a return of %s in the hold-out, of which %d days had not been seen, at look %d; wanted: a gain, at least %d unseen days and at most %d looks",
			ret, h.Unseen, in.Looks, t.UnseenDays, t.Looks)
	}
}
