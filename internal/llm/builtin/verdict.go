package builtin

import (
	"fmt"
	"math"
	"strings"

	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
)

func evaluate(v view) (move, error) {
	ws, err := all[research.WalkForwardResult](v, research.ToolWalkForward)
	if err != nil {
		return move{}, err
	}
	b := bestOf(ws)
	if tried(v, research.ToolVerdict) > 0 {
		d, err := last[research.Verdict](v, research.ToolVerdict)
		if err != nil || d == nil {
			return move{say: "The verdict could not be recorded."}, err
		}
		return move{say: d.val.Headline}, nil
	}
	if b == nil {
		return move{calls: []call{{research.ToolVerdict, nothing(v)}}}, nil
	}
	args := research.AlgorithmArgs{Algorithm: b.val.Algorithm}
	if tried(v, research.ToolLookAhead) == 0 {
		return move{calls: []call{{research.ToolLookAhead, args}}}, nil
	}
	if tried(v, research.ToolEvaluate) == 0 {
		return move{calls: []call{{research.ToolEvaluate, args}}}, nil
	}
	look, err := last[research.LookAheadResult](v, research.ToolLookAhead)
	if err != nil {
		return move{}, err
	}
	e, err := last[research.Evaluation](v, research.ToolEvaluate)
	if err != nil {
		return move{}, err
	}
	return move{calls: []call{{research.ToolVerdict, judge(v, b.val, look, e)}}}, nil
}

func nothing(v view) research.Verdict {
	text := "no candidate produced an out-of-sample record with a Sharpe ratio"
	if v.task.Brief == nil || len(usable(v)) == 0 {
		text = "there is no price history in the research window; import some with 'omc data import'"
	}
	return research.Verdict{Headline: "Nothing here deserves money: " + text + ".",
		Reasons: []research.Reason{{Code: "no_candidate", Text: text}}}
}

// judge weighs the best candidate. Each criterion is stated whether it holds or not; money needs all of them.
func judge(v view, w research.WalkForwardResult, look *found[research.LookAheadResult], e *found[research.Evaluation]) research.Verdict {
	d := research.Verdict{Algorithm: w.Algorithm}
	add := func(code string, passed bool, format string, args ...any) {
		d.Reasons = append(d.Reasons, research.Reason{Code: code, Passed: passed, Text: fmt.Sprintf(format, args...)})
	}
	if look == nil {
		add("lookahead", false, "the look-ahead check could not be run")
	} else {
		add("lookahead", look.val.OK, "%s", look.val.Detail)
	}
	if e == nil {
		add("evaluation", false, "the evidence could not be computed")
	} else {
		criteria(v, e.val, add)
	}
	if simulated(v) {
		add("simulated_data", false, "the prices are simulated: whatever was found says nothing about a real market")
	}
	failed := 0
	var first string
	for _, r := range d.Reasons {
		if !r.Passed {
			failed++
			if first == "" {
				first = r.Text
			}
		}
	}
	name := fmt.Sprintf("%s on %s (%s)", w.Strategy, strings.Join(w.Markets, ", "), report.Params(w.Params))
	d.Deserves = failed == 0
	if d.Deserves {
		d.Headline = fmt.Sprintf("%s meets every criterion out of sample. Paper first; it has earned no more than that.", name)
	} else {
		d.Headline = fmt.Sprintf("Nothing here deserves money. The best candidate, %s, fails %d of %d criteria; first: %s.", name, failed, len(d.Reasons), first)
	}
	return d
}

func simulated(v view) bool {
	ds, err := all[research.Dataset](v, research.ToolFetchPrices)
	if err != nil {
		return false
	}
	for _, d := range ds {
		if d.val.Simulated {
			return true
		}
	}
	return false
}

func criteria(v view, e research.Evaluation, add func(string, bool, string, ...any)) {
	b := v.task.Brief
	if e.DSR == nil {
		add("trials_deflate_sharpe", false, "the deflated Sharpe ratio has no value: %s", strings.Join(e.ReasonsMissing, "; "))
	} else {
		add("trials_deflate_sharpe", *e.DSR >= 0.95, "after %d trials the out-of-sample Sharpe deflates to a probability of %.2f that it is real (0.95 is asked)", e.Trials, *e.DSR)
	}
	add("too_short", e.Days >= 365, "%d days out of sample (365 are asked)", e.Days)
	if e.MaxDrawdown != nil {
		add("drawdown", math.Abs(*e.MaxDrawdown) <= b.MaxDrawdown, "the deepest fall was %.1f %% (%.0f %% is bearable)", *e.MaxDrawdown*100, b.MaxDrawdown*100)
	}
	if e.Sharpe != nil && e.HoldSharpe != nil {
		add("beats_hold", *e.Sharpe > *e.HoldSharpe, "Sharpe %.2f against %.2f for buying and holding", *e.Sharpe, *e.HoldSharpe)
	}
	if e.ReturnCosts2x != nil {
		add("costs", *e.ReturnCosts2x > 0, "at twice the costs it would have returned %+.1f %%", *e.ReturnCosts2x*100)
	}
	add("unstable", e.PositiveFolds*4 >= e.Folds*3, "%d of %d folds made money (three in four are asked)", e.PositiveFolds, e.Folds)
	if b.MaxTradesDay > 0 {
		add("too_frequent", e.TradesPerDay <= b.MaxTradesDay*1.0001, "%.2f round trips a day (at most %.2f were asked)", e.TradesPerDay, b.MaxTradesDay)
	}
}

func reportOn(v view) (move, error) {
	if tried(v, research.ToolWriteReport) > 0 {
		return move{}, nil
	}
	md, err := markdown(v)
	if err != nil {
		return move{}, err
	}
	return move{calls: []call{{research.ToolWriteReport, research.ReportArgs{Markdown: md}}}}, nil
}

// markdown writes the report. Figures are references to tool results, so that omc puts them in and can recompute them.
func markdown(v view) (string, error) {
	var s strings.Builder
	fmt.Fprintf(&s, "# %s\n\n", oneLine(v.task.Goal))
	d := v.task.Verdict
	if d != nil {
		fmt.Fprintf(&s, "**%s**\n\n", d.Headline)
	}
	if b := v.task.Brief; b != nil {
		fmt.Fprintf(&s, "## The question\n\n%s\n\n", describe(*b))
	}
	if err := dataSection(&s, v); err != nil {
		return "", err
	}
	if err := candidateSection(&s, v); err != nil {
		return "", err
	}
	if err := evidenceSection(&s, v); err != nil {
		return "", err
	}
	if d != nil && len(d.Reasons) > 0 {
		s.WriteString("## The verdict, reason by reason\n\n")
		for _, r := range d.Reasons {
			mark := "fails"
			if r.Passed {
				mark = "holds"
			}
			fmt.Fprintf(&s, "- **%s** %s: %s\n", r.Code, mark, r.Text)
		}
		s.WriteString("\n")
	}
	s.WriteString("The newest part of the history was not seen by this session. Past results are no promise.\n")
	return s.String(), nil
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

func dataSection(s *strings.Builder, v view) error {
	ds, err := all[research.Dataset](v, research.ToolFetchPrices)
	if err != nil || len(ds) == 0 {
		return err
	}
	s.WriteString("## Data\n\n| market | bars | missing | price | daily volatility | deepest fall |\n|---|--:|--:|--:|--:|--:|\n")
	for _, d := range ds {
		mark := ""
		if d.val.Simulated {
			mark = " (SIMULATED)"
		}
		fmt.Fprintf(s, "| %s%s | {{%[3]s.bars}} | {{%[3]s.missing_bars}} | {{%[3]s.return|pct}} | {{%[3]s.daily_volatility|share}} | {{%[3]s.max_drawdown|pct}} |\n", d.val.Market, mark, d.ref)
	}
	s.WriteString("\n")
	return nil
}

func candidateSection(s *strings.Builder, v view) error {
	ws, err := all[research.WalkForwardResult](v, research.ToolWalkForward)
	if err != nil || len(ws) == 0 {
		return err
	}
	s.WriteString("## Candidates, out of sample\n\n| strategy | market | trials | return | Sharpe | drawdown | trades | hold |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	for _, w := range ws {
		fmt.Fprintf(s, "| %s | %s | {{%[3]s.trials}} | {{%[3]s.return|pct}} | {{%[3]s.sharpe|num}} | {{%[3]s.max_drawdown|pct}} | {{%[3]s.trades}} | {{%[3]s.hold_return|pct}} |\n",
			w.val.Strategy, strings.Join(w.val.Markets, " "), w.ref)
	}
	s.WriteString("\n")
	return nil
}

func evidenceSection(s *strings.Builder, v view) error {
	e, err := last[research.Evaluation](v, research.ToolEvaluate)
	if err != nil || e == nil {
		return err
	}
	r := e.ref
	fmt.Fprintf(s, "## Evidence for the best candidate\n\n")
	for _, line := range []string{
		"- out of sample: {{R.days}} days, return {{R.return|pct}}, Sharpe {{R.sharpe|num}}, deepest fall {{R.max_drawdown|pct}}, turnover {{R.turnover_per_year|num}} a year",
		"- buying and holding: return {{R.hold_return|pct}}, Sharpe {{R.hold_sharpe|num}}, deepest fall {{R.hold_max_drawdown|pct}}",
		"- as if it were the only trial: probability {{R.psr|num}} that the true Sharpe is above zero",
		"- after {{R.trials}} trials: deflated to {{R.deflated_sharpe|num}}; the best of so many worthless ones would show a Sharpe of about {{R.expected_max_sharpe|num}}",
		"- at twice the costs: return {{R.return_at_double_costs|pct}}, Sharpe {{R.sharpe_at_double_costs|num}}",
	} {
		s.WriteString(strings.ReplaceAll(line, "{{R.", "{{"+r+".") + "\n")
	}
	s.WriteString("\n")
	return nil
}
