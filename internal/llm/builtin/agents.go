package builtin

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
)

// folds is how many out-of-sample stretches a walk-forward has.
const folds = 4

// maxTrials bounds a session where its options name no other bound.
const maxTrials = 400

// families maps an idea to the example strategies that carry it.
var families = map[string][]string{
	"trend":     {"ema-cross", "macd-trend"},
	"momentum":  {"momentum"},
	"breakout":  {"donchian-breakout"},
	"reversion": {"rsi-reversion", "bollinger-reversion"},
	"rotation":  {"momentum-rotation"},
	"hold":      {"buy-and-hold"},
}

func plan(v view) (move, error) {
	if tried(v, research.ToolSubmitPlan) > 0 {
		return move{}, nil
	}
	b := v.task.Brief
	if b == nil {
		return move{}, fmt.Errorf("there is no brief")
	}
	return move{calls: []call{{research.ToolSubmitPlan, research.PlanArgs{Steps: []research.PlanStep{
		{Name: "retriever", Title: "retrieve " + strings.Join(b.Markets, ", ") + " at " + b.Interval},
		{Name: "analyst", Title: "explore: does it trend or revert, and is it stable?"},
		{Name: "trainer", Title: fmt.Sprintf("walk-forward, %d folds: %s", folds, strings.Join(b.Families, ", "))},
		{Name: "evaluator", Title: "evaluate: deflate by the trials, costs ×2, look-ahead"},
		{Name: "reporter", Title: "report and verdict"},
	}}}}}, nil
}

func retrieve(v view) (move, error) {
	b := v.task.Brief
	got, err := all[research.Dataset](view{results: v.results[len(v.results)-v.own:]}, research.ToolFetchPrices)
	if err != nil {
		return move{}, err
	}
	if n := tried(v, research.ToolFetchPrices); n < len(b.Markets) {
		return move{calls: []call{{research.ToolFetchPrices, research.FetchArgs{Market: b.Markets[n], Interval: b.Interval}}}}, nil
	}
	if len(got) == 0 {
		return move{say: "None of the markets has bars in the research window."}, nil
	}
	var s strings.Builder
	for i, d := range got {
		if i > 0 {
			s.WriteString("\n")
		}
		fmt.Fprintf(&s, "%s: %d bars of %s from %s to %s, %d missing; the price moved %+.1f %%, daily volatility %.1f %%, deepest fall %.1f %%.",
			d.val.Market, d.val.Bars, d.val.Interval, d.val.First.Format("2006-01-02"), d.val.Last.Format("2006-01-02"), d.val.Missing,
			d.val.Return*100, d.val.DailyVol*100, d.val.MaxDrawdown*100)
		if d.val.Simulated {
			s.WriteString(" SIMULATED prices.")
		}
	}
	return move{say: s.String()}, nil
}

func analyse(v view) (move, error) {
	if tried(v, research.ToolExplore) == 0 {
		return move{calls: []call{{research.ToolExplore, research.ExploreArgs{Markets: usable(v), Interval: v.task.Brief.Interval}}}}, nil
	}
	e, err := last[research.Exploration](v, research.ToolExplore)
	if err != nil || e == nil {
		return move{say: "The data could not be explored; candidates are tried without that."}, err
	}
	var s strings.Builder
	for i, m := range e.val.Markets {
		if i > 0 {
			s.WriteString("\n")
		}
		fmt.Fprintf(&s, "%s over %d days: variance ratio %.2f (%s), ", m.Market, m.Days, m.VarianceRatio, leaning(m.VarianceRatio))
		if f := best(m.Features); f != nil {
			fmt.Fprintf(&s, "strongest feature %s with IC %+.3f, same sign in %d of %d folds.", f.Name, f.IC, agreeing(*f), len(f.Folds))
		} else {
			s.WriteString("no feature could be measured.")
		}
	}
	return move{say: s.String()}, nil
}

func leaning(vr float64) string {
	switch {
	case vr > 1.1:
		return "it trended"
	case vr < 0.9:
		return "it reverted"
	default:
		return "near a random walk"
	}
}

func best(fs []research.Feature) *research.Feature {
	var b *research.Feature
	for i := range fs {
		if b == nil || math.Abs(fs[i].IC) > math.Abs(b.IC) {
			b = &fs[i]
		}
	}
	return b
}

func agreeing(f research.Feature) int {
	n := 0
	for _, x := range f.Folds {
		if x*f.IC > 0 {
			n++
		}
	}
	return n
}

// usable are the brief's markets that have data.
func usable(v view) []string {
	ds, err := all[research.Dataset](v, research.ToolFetchPrices)
	if err != nil {
		return nil
	}
	has := map[string]bool{}
	for _, d := range ds {
		has[d.val.Market] = d.val.Bars > 0
	}
	var ms []string
	for _, m := range v.task.Brief.Markets {
		if has[m] {
			ms = append(ms, m)
		}
	}
	return ms
}

func train(v view) (move, error) {
	list, err := last[research.StrategiesResult](v, research.ToolStrategies)
	if err != nil {
		return move{}, err
	}
	if list == nil {
		if tried(v, research.ToolStrategies) > 0 {
			return move{say: "The strategies can't be listed, so nothing was tried."}, nil
		}
		return move{calls: []call{{research.ToolStrategies, research.NoArgs{}}}}, nil
	}
	todo := candidates(v, list.val.Strategies)
	done := tried(v, research.ToolWalkForward)
	if done < len(todo) && trialsSoFar(v)+trialsOf(todo[done]) <= budget(v) {
		w := todo[done]
		return move{calls: []call{{research.ToolWalkForward, w}}}, nil
	}
	return move{say: trainingWords(v, done, len(todo))}, nil
}

func budget(v view) int {
	if n := v.task.Options.MaxTrials; n > 0 {
		return n
	}
	return maxTrials
}

func trialsSoFar(v view) int {
	ws, err := all[research.WalkForwardResult](v, research.ToolWalkForward)
	if err != nil || len(ws) == 0 {
		return 0
	}
	return ws[len(ws)-1].val.TrialsTotal
}

// trialsOf is how many backtests a walk-forward runs: each grid point in each fold, the chosen one out of sample, and the final choice.
func trialsOf(w research.WalkForwardArgs) int { return (len(w.Grid) + 1) * w.Folds }

// candidates lists what to try: for each family of the brief, the family that exploration favours first, each strategy on each market.
func candidates(v view, list []research.StrategyInfo) []research.WalkForwardArgs {
	byName := map[string]research.StrategyInfo{}
	for _, s := range list {
		byName[s.Name] = s
	}
	markets := usable(v)
	var out []research.WalkForwardArgs
	for _, f := range rankFamilies(v) {
		for _, name := range families[f] {
			s, ok := byName[name]
			if !ok {
				continue
			}
			grid := gridOf(s)
			if s.Markets > 1 {
				if len(markets) >= s.Markets {
					out = append(out, research.WalkForwardArgs{Strategy: name, Markets: markets, Interval: v.task.Brief.Interval, Grid: grid, Folds: folds})
				}
				continue
			}
			for _, m := range markets {
				out = append(out, research.WalkForwardArgs{Strategy: name, Markets: []string{m}, Interval: v.task.Brief.Interval, Grid: grid, Folds: folds})
			}
		}
	}
	return out
}

// rankFamilies puts what exploration favours first; the brief's order decides ties. Nothing is dropped: being wrong costs trials, not ideas.
func rankFamilies(v view) []string {
	fs := append([]string{}, v.task.Brief.Families...)
	e, err := last[research.Exploration](v, research.ToolExplore)
	if err != nil || e == nil {
		return fs
	}
	score := map[string]float64{}
	for _, m := range e.val.Markets {
		for _, f := range m.Features {
			score[f.Family] += f.IC * float64(agreeing(f)) / math.Max(1, float64(len(f.Folds)))
		}
		for _, f := range []string{"trend", "momentum", "breakout"} {
			score[f] += (m.VarianceRatio - 1) / 10
		}
		score["reversion"] += (1 - m.VarianceRatio) / 10
	}
	sort.SliceStable(fs, func(i, j int) bool { return score[fs[i]] > score[fs[j]] })
	return fs
}

// gridOf spans a strategy's first two numeric parameters around their defaults; the rest stay as declared.
func gridOf(s research.StrategyInfo) []map[string]float64 {
	var axes []research.ParamInfo
	for _, p := range s.Params {
		if p.Kind != "bool" && p.Max > p.Min && len(axes) < 2 {
			axes = append(axes, p)
		}
	}
	grid := []map[string]float64{{}}
	for _, p := range axes {
		var next []map[string]float64
		for _, g := range grid {
			for _, x := range around(p) {
				point := map[string]float64{p.Name: x}
				for k, y := range g {
					point[k] = y
				}
				if point["fast"] == 0 || point["slow"] == 0 || point["fast"] < point["slow"] {
					next = append(next, point)
				}
			}
		}
		grid = next
	}
	return grid
}

func around(p research.ParamInfo) []float64 {
	var out []float64
	for _, k := range []float64{0.5, 1, 2} {
		x := p.Default * k
		if p.Kind == "int" {
			x = math.Round(x)
		}
		x = math.Min(math.Max(x, p.Min), p.Max)
		if len(out) == 0 || out[len(out)-1] != x {
			out = append(out, x)
		}
	}
	return out
}

func trainingWords(v view, done, planned int) string {
	ws, err := all[research.WalkForwardResult](v, research.ToolWalkForward)
	if err != nil || len(ws) == 0 {
		return "No candidate could be backtested."
	}
	s := fmt.Sprintf("%d candidates walked forward, %d trials in all.", len(ws), trialsSoFar(v))
	if done < planned {
		s += fmt.Sprintf(" %d more were planned; the bound of %d trials was reached first.", planned-done, budget(v))
	}
	if b := bestOf(ws); b != nil {
		s += fmt.Sprintf(" Best out of sample: %s on %s with Sharpe %.2f (%s).", b.val.Strategy, strings.Join(b.val.Markets, ", "), *b.val.Sharpe, report.Params(b.val.Params))
	}
	return s
}

// bestOf is the candidate with the highest out-of-sample Sharpe; the first of equals.
func bestOf(ws []found[research.WalkForwardResult]) *found[research.WalkForwardResult] {
	var b *found[research.WalkForwardResult]
	for i := range ws {
		if ws[i].val.Sharpe != nil && (b == nil || *ws[i].val.Sharpe > *b.val.Sharpe) {
			b = &ws[i]
		}
	}
	return b
}
