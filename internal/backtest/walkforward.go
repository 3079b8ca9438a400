package backtest

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

// ErrFolds is wrapped when a window cannot be cut into the folds asked for.
var ErrFolds = errors.New("cannot cut the window into folds")

// maxFolds bounds a walk-forward.
const maxFolds = 100

// WalkForwardInput is one walk-forward test. Input.Strategy, Trace and Algorithm are not used.
type WalkForwardInput struct {
	Input
	Markets  []market.Market // in the order of Bars
	Interval market.Interval
	Folds    int // out-of-sample folds, 2 to 100
	// Choose returns a fresh strategy for a fold. It sees the training window alone: every bar before the fold begins, copied, and
	// nothing of the fold itself. With fixed parameters it ignores what it is given.
	Choose func(ctx context.Context, train Training) (strategy.Strategy, error)
}

// Training is what a fold's parameters may be chosen on.
type Training struct {
	Fold int // from 1
	Bars [][]market.Bar
	From time.Time // first bar's open
	To   time.Time // the fold's first moment: nothing at or after it is in Bars
}

// WalkForward is the result: the folds, and their out-of-sample days put end to end. Figures whose nature is one account's (final
// equity, trades, exposure) are the folds'; here stand those of the stitched daily returns.
type WalkForward struct {
	Folds      []Fold            `json:"folds"`
	From       time.Time         `json:"from"` // of the first fold
	To         time.Time         `json:"to"`
	Days       []StitchedDay     `json:"daily"`
	Return     float64           `json:"return"` // compounded over all folds
	Hold       float64           `json:"buy_and_hold"`
	Sharpe     *float64          `json:"sharpe"`
	Sortino    *float64          `json:"sortino"`
	Volatility *float64          `json:"volatility"`
	Drawdown   float64           `json:"max_drawdown"` // on the stitched daily equity, ≤ 0
	HoldSharpe *float64          `json:"buy_and_hold_sharpe"`
	Turnover   *float64          `json:"turnover_per_year"` // mean of the folds
	Trades     int               `json:"trades"`
	Positive   int               `json:"positive_folds"`
	Complete   bool              `json:"complete"` // every fold ran to its end
	Reasons    map[string]string `json:"reasons,omitempty"`
}

// Fold is one out-of-sample stretch, run with its own starting cash.
type Fold struct {
	N         int                `json:"n"` // from 1
	TrainFrom time.Time          `json:"train_from"`
	TrainTo   time.Time          `json:"train_to"`
	From      time.Time          `json:"from"`
	To        time.Time          `json:"to"`
	Params    map[string]float64 `json:"params"`
	Figures   report.Figures     `json:"figures"`
	Hold      report.Figures     `json:"buy_and_hold"`
	Orders    report.Orders      `json:"orders"`
	DataHash  string             `json:"data_hash"`
}

// StitchedDay is one out-of-sample day.
type StitchedDay struct {
	Date   string  `json:"date"`
	Fold   int     `json:"fold"`
	Return float64 `json:"return"`
	Hold   float64 `json:"buy_and_hold"`
}

// RunWalkForward cuts the window into Folds+1 stretches of equal length, whole days where they are longer than a day. The first is
// for training only; each later one is tested with what was chosen on everything before it.
func RunWalkForward(ctx context.Context, in WalkForwardInput) (*WalkForward, error) {
	if in.Choose == nil {
		return nil, errors.New("walk-forward: it needs a way to choose a strategy")
	}
	edges, err := FoldEdges(&in)
	if err != nil {
		return nil, err
	}
	w := &WalkForward{From: edges[1], To: edges[len(edges)-1]}
	turnover := 0.0
	for n := 1; n <= in.Folds; n++ {
		f, rep, err := runFold(ctx, &in, n, edges)
		if err != nil {
			return nil, fmt.Errorf("walk-forward fold %d of %d: %w", n, in.Folds, err)
		}
		w.Folds = append(w.Folds, *f)
		for _, d := range rep.Days {
			w.Days = append(w.Days, StitchedDay{Date: d.Date, Fold: n, Return: d.Return, Hold: d.Hold})
		}
		if rep.Strat.Turnover != nil {
			turnover += *rep.Strat.Turnover / float64(in.Folds)
		}
		w.Trades += rep.Strat.Trades
		if rep.Strat.PnL.Sign() > 0 {
			w.Positive++
		}
		if in.Progress != nil {
			in.Progress(n, in.Folds)
		}
	}
	w.Turnover = &turnover
	w.stitch()
	w.Complete = true
	return w, nil
}

func (w *WalkForward) stitch() {
	strat, hold := make([]float64, len(w.Days)), make([]float64, len(w.Days))
	equity, held := 1.0, 1.0
	down := fall{peak: 1}
	for i, d := range w.Days {
		strat[i], hold[i] = d.Return, d.Hold
		equity *= 1 + d.Return
		held *= 1 + d.Hold
		down.add(int64(i), equity)
	}
	w.Return, w.Hold, w.Drawdown = equity-1, held-1, down.deepest
	f := report.Figures{Reasons: map[string]string{}}
	ratios(&f, strat)
	w.Sharpe, w.Sortino, w.Volatility = f.Sharpe, f.Sortino, f.Volatility
	if len(f.Reasons) > 0 {
		w.Reasons = f.Reasons
	}
	h := report.Figures{Reasons: map[string]string{}}
	ratios(&h, hold)
	w.HoldSharpe = h.Sharpe
}

func runFold(ctx context.Context, in *WalkForwardInput, n int, edges []time.Time) (*Fold, *report.Report, error) {
	train := Training{Fold: n, From: edges[0], To: edges[n], Bars: make([][]market.Bar, len(in.Bars))}
	until := make([][]market.Bar, len(in.Bars))
	for m, bars := range in.Bars {
		first, test := at(bars, edges[0]), at(bars, edges[n])
		train.Bars[m] = append([]market.Bar(nil), bars[first:test]...) // a copy: no slice reaches past the fold's edge
		until[m] = bars[:at(bars, edges[n+1])]
	}
	s, err := in.Choose(ctx, train)
	if err != nil {
		return nil, nil, err
	}
	one := in.Input
	one.Strategy, one.Bars, one.From, one.To, one.Trace, one.Progress = s, until, edges[n], edges[n+1], nil, nil
	rep, err := Run(ctx, one)
	if err != nil {
		return nil, nil, err
	}
	return &Fold{N: n, TrainFrom: edges[0], TrainTo: edges[n], From: edges[n], To: edges[n+1], Params: rep.Params, Figures: rep.Strat,
		Hold: rep.Hold, Orders: rep.Orders, DataHash: rep.DataHash}, rep, nil
}

// at is the index of the first bar that opens at or after t.
func at(bars []market.Bar, t time.Time) int {
	return sort.Search(len(bars), func(i int) bool { return bars[i].Unix() >= t.Unix() })
}

// FoldEdges returns Folds+2 moments: where training begins, where each fold begins, and where the last ends.
func FoldEdges(in *WalkForwardInput) ([]time.Time, error) {
	if in.Folds < 2 || in.Folds > maxFolds {
		return nil, fmt.Errorf("walk-forward: %w: %d folds, want 2 to %d", ErrFolds, in.Folds, maxFolds)
	}
	if !in.Interval.Valid() {
		return nil, fmt.Errorf("walk-forward: %w: it needs the bars' interval", ErrFolds)
	}
	first, last := int64(-1), int64(0)
	for _, bars := range in.Bars {
		lo, hi := 0, len(bars)
		if !in.From.IsZero() {
			lo = at(bars, in.From)
		}
		if !in.To.IsZero() {
			hi = at(bars, in.To)
		}
		if lo >= hi {
			continue
		}
		if t := bars[lo].Unix(); first < 0 || t < first {
			first = t
		}
		last = max(last, bars[hi-1].Unix()+int64(in.Interval))
	}
	if first < 0 {
		return nil, fmt.Errorf("walk-forward: %w", ErrNoBars)
	}
	grid := int64(in.Interval)
	length := (last - first) / int64(in.Folds+1)
	if length >= int64(market.Day) && in.Interval <= market.Day {
		grid = int64(market.Day)
	}
	out := []time.Time{time.Unix(first, 0).UTC()}
	for n := 1; n <= in.Folds; n++ {
		t := market.Interval(grid).Floor(first + (last-first)*int64(n)/int64(in.Folds+1))
		if t <= out[n-1].Unix() {
			return nil, fmt.Errorf("walk-forward: %w: the window has too few bars for %d folds", ErrFolds, in.Folds)
		}
		out = append(out, time.Unix(t, 0).UTC())
	}
	return append(out, time.Unix(last, 0).UTC()), nil
}

// Fixed is a Choose that takes no heed of the training window: make must return a fresh strategy on each call.
func Fixed(make func() (strategy.Strategy, error)) func(context.Context, Training) (strategy.Strategy, error) {
	return func(context.Context, Training) (strategy.Strategy, error) { return make() }
}

// Best is a Choose that runs every candidate on the training window and takes the one with the highest Sharpe ratio, the first of
// equals; candidates without one count as the lowest. Each must return a fresh strategy on each call.
func Best(settings report.Settings, candidates []func() (strategy.Strategy, error)) func(context.Context, Training) (strategy.Strategy, error) {
	return func(ctx context.Context, t Training) (strategy.Strategy, error) {
		best, score := -1, 0.0
		for i, fresh := range candidates {
			s, err := fresh()
			if err != nil {
				return nil, err
			}
			rep, err := Run(ctx, Input{Strategy: s, Bars: t.Bars, Settings: settings})
			if err != nil {
				return nil, fmt.Errorf("candidate %d: %w", i+1, err)
			}
			if v := rep.Strat.Sharpe; v != nil && (best < 0 || *v > score) {
				best, score = i, *v
			}
		}
		if len(candidates) == 0 {
			return nil, errors.New("no candidates to choose from")
		}
		return candidates[max(0, best)]()
	}
}
