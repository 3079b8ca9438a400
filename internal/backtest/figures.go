package backtest

import (
	"fmt"
	"math"
	"time"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

// figures measures one curve. days are its daily returns.
func figures(s *side, cash, final, fees, notional money.Decimal, span int64, days []float64, closed []report.Trade) report.Figures {
	f := report.Figures{FinalEquity: final, PnL: final.Sub(cash), Fees: fees, Trades: len(closed), Reasons: map[string]string{}}
	start, end := cash.Float64(), final.Float64()
	f.Return = ptr(end/start - 1)
	growth := evidence.CAGR(start, end, span)
	f.CAGR = take(&f, "cagr", growth)
	ratios(&f, days)
	down := s.fall.deepest
	f.MaxDrawdown = &down
	if down < 0 {
		f.DrawdownSeconds = &s.fall.seconds
	} else {
		f.Reasons["drawdown_seconds"] = "equity never fell below its peak"
	}
	f.Calmar = take(&f, "calmar", evidence.Calmar(growth, down))
	if s.marks > 0 {
		f.Exposure = ptr(float64(s.exposed) / float64(s.marks))
		f.Turnover = finite(notional.Float64() / (s.sum / float64(s.marks)) / (float64(span) / evidence.SecondsPerYear))
	}
	wins(&f, closed)
	if len(f.Reasons) == 0 {
		f.Reasons = nil
	}
	return f
}

// take is the number for the report, or nil with its reason noted.
func take(f *report.Figures, name string, v evidence.Value) *float64 {
	if !v.Valid() {
		f.Reasons[name] = v.Reason
	}
	return v.Ptr()
}

// ratios are the figures of daily returns.
func ratios(f *report.Figures, days []float64) {
	r := evidence.DailyRatios(days)
	f.Volatility, f.Sharpe, f.Sortino = take(f, "volatility", r.Volatility), take(f, "sharpe", r.Sharpe), take(f, "sortino", r.Sortino)
}

func wins(f *report.Figures, closed []report.Trade) {
	if len(closed) == 0 {
		f.Reasons["win_rate"], f.Reasons["profit_factor"] = "no closed trade", "no closed trade"
		return
	}
	n, won, lost := 0, money.Zero, money.Zero
	for i := range closed {
		switch p := closed[i].PnL; p.Sign() {
		case 1:
			n++
			won = won.Add(p)
		case -1:
			lost = lost.Sub(p)
		}
	}
	f.WinRate = ptr(float64(n) / float64(len(closed)))
	if lost.IsZero() {
		f.Reasons["profit_factor"] = "no losing trade"
	} else {
		f.ProfitFactor = ptr(won.Float64() / lost.Float64())
	}
}

func ptr(v float64) *float64 { return &v }

// finite is nil for what is no number.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// daily turns day ends into returns; the first day's base is the starting cash.
func daily(days []dayEnd, cash money.Decimal) ([]report.Day, []float64, []float64) {
	out := make([]report.Day, len(days))
	strat, hold := make([]float64, len(days)), make([]float64, len(days))
	before, holdBefore := cash.Float64(), cash.Float64()
	for i, d := range days {
		e, h := d.equity.Float64(), d.hold.Float64()
		strat[i], hold[i] = change(e, before), change(h, holdBefore)
		out[i] = report.Day{Date: time.Unix(d.day*86400, 0).UTC().Format(time.DateOnly), Equity: d.equity, Return: strat[i], Hold: hold[i]}
		before, holdBefore = e, h
	}
	return out, strat, hold
}

func change(v, before float64) float64 {
	if before == 0 {
		return 0
	}
	return v/before - 1
}

// monthly takes the last day of each calendar month.
func monthly(days []dayEnd, cash money.Decimal) []report.Month {
	var out []report.Month
	base, holdBase := cash.Float64(), cash.Float64()
	for i, d := range days {
		at := time.Unix(d.day*86400, 0).UTC()
		if i+1 < len(days) {
			if next := time.Unix(days[i+1].day*86400, 0).UTC(); next.Year() == at.Year() && next.Month() == at.Month() {
				continue
			}
		}
		e, h := d.equity.Float64(), d.hold.Float64()
		out = append(out, report.Month{Year: at.Year(), Month: int(at.Month()), Return: change(e, base), Hold: change(h, holdBase)})
		base, holdBase = e, h
	}
	return out
}

// report puts it all together.
func (r *run) report() (*report.Report, error) {
	e, in := r.runner.Engine(), r.in
	cash := in.Settings.Cash
	out := &report.Report{
		Strategy: r.spec.Name, Algorithm: in.Algorithm, CodeHash: in.CodeHash, Params: map[string]float64{}, Markets: r.spec.Markets,
		Interval: r.spec.Interval, From: time.Unix(r.open, 0).UTC(), To: time.Unix(r.close, 0).UTC(), Bars: r.window, Warmup: r.warmup,
		Sources: append([]string{}, in.Sources...), Simulated: in.Simulated, Settings: in.Settings,
	}
	if !in.Brief {
		out.DataHash, out.Months, out.Curve = r.hash(), monthly(r.days, cash), r.meter.curve.out
	}
	if out.CodeHash == "" {
		out.CodeHash = "go:" + r.spec.Name
	}
	for _, p := range r.spec.Params {
		out.Params[p.Name] = p.Value
	}
	span := r.close - r.open
	days, strat, hold := daily(r.days, cash)
	if in.Brief {
		for i := range days {
			days[i].Hold = 0
		}
	}
	out.Days = days
	out.Strat = figures(&r.meter.strat, cash, e.Equity(), e.Fees(), r.trades.notional, span, strat, r.trades.done)
	open := r.trades.marked(func(m int) money.Decimal { p, _ := e.Last(m); return p })
	s := e.Stats()
	out.Orders = report.Orders{Submitted: s.Submitted, Filled: s.Filled, Partial: s.Partial, Ended: s.Ended, Refused: s.Refused}
	if !in.Brief {
		out.Hold = figures(&r.meter.hold, cash, r.hold.exact(), r.hold.fees, r.hold.notional, span, hold, nil)
		out.Trades = append(append([]report.Trade{}, r.trades.done...), open...)
		r.quality(out)
	}
	r.told(out)
	out.Results = strategy.Results(in.Strategy)
	for i := range open {
		out.Notes = append(out.Notes, fmt.Sprintf("the position in %s is still open: marked at the last close, not sold", open[i].Market))
	}
	return out, nil
}

// told says what the strategy was told of the ledgers.
func (r *run) told(out *report.Report) {
	for i := range r.spec.Ledgers {
		q := &r.spec.Ledgers[i]
		t := report.Told{Question: q.String(), Assumed: q.Lag()}
		for k := range r.facts {
			if f := &r.facts[k]; f.Query == i {
				at := time.UnixMilli(f.Known).UTC()
				if t.Facts++; t.First == nil {
					t.First = &at
				}
				t.Last = &at
			}
		}
		out.Ledgers = append(out.Ledgers, t)
		note := fmt.Sprintf("%s: nothing was known", t.Question)
		if t.Facts > 0 {
			note = fmt.Sprintf("%s: %d facts, known from %s to %s", t.Question, t.Facts, t.First.Format(time.DateOnly), t.Last.Format(time.DateOnly))
		}
		if t.Assumed != "" {
			note += fmt.Sprintf("; what landed later is assumed to have been known %s after it happened", t.Assumed)
		}
		out.Notes = append(out.Notes, note)
	}
}

// quality says what the data lacked.
func (r *run) quality(out *report.Report) {
	without, empty := 0, 0
	step := int64(r.spec.Interval)
	for _, bars := range r.bars {
		for i := range bars {
			if bars[i].Unix() < r.from {
				continue
			}
			if !bars[i].HasVolume() {
				without++
			} else if bars[i].Volume().IsZero() {
				empty++
			}
			if i > 0 && bars[i-1].Unix() >= r.from {
				out.Missing += int((bars[i].Unix()-bars[i-1].Unix())/step) - 1
			}
		}
	}
	switch {
	case without == r.window:
		out.Volume = "off: the feed has no volume"
		out.Notes = append(out.Notes, "the volume rule is off: the feed has no volume")
	case without > 0:
		out.Volume = fmt.Sprintf("off for %d of %d bars: they have no volume", without, r.window)
	default:
		out.Volume = "on"
	}
	note := func(n int, one, many string) {
		switch {
		case n == 1:
			out.Notes = append(out.Notes, one)
		case n > 1:
			out.Notes = append(out.Notes, fmt.Sprintf(many, n))
		}
	}
	if r.in.Simulated {
		out.Notes = append(out.Notes, "prices are simulated: nothing here says anything about a real market")
	}
	note(out.Missing, "1 bar is missing between the first and the last", "%d bars are missing between the first and the last")
	note(empty, "1 bar had no trade and filled nothing", "%d bars had no trade and filled nothing")
	if n := len(r.days); n > 0 {
		note(int(r.days[n-1].day-r.days[0].day)+1-n, "1 day has no bar and counts in no daily figure", "%d days have no bar and count in no daily figure")
	}
}
