package algorithm

import (
	"math"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/verdict"
)

// bundle measures what the runs brought and judges it. It is a function of the runs and the campaign alone.
func (v *validation) bundle() *verdict.Bundle {
	f := &v.out
	f.Whole, f.Hold, f.Orders, f.Forward = v.whole.Strat, v.whole.Hold, v.whole.Orders, *v.whole.Forward
	f.Ledgers = v.whole.Ledgers
	f.LookAhead, f.Honest = v.ahead.Finding.Text, v.ahead.Finding.Passed
	for i := range v.walk.Folds { // a fold that begins before the model's cut-off is before it, whole
		if o := &v.walk.Folds[i]; v.in.Cutoff == nil || !o.From.Before(*v.in.Cutoff) {
			f.Filled += o.Orders.Filled + o.Orders.Partial
			f.Trades += o.Figures.Trades
		}
	}
	markets := v.marketDays()
	var before, counted []float64 // a day that begins before the model's cut-off is before it, whole
	for i, d := range v.walk.Days {
		f.Days = append(f.Days, verdict.Day{Date: d.Date, Return: d.Return, Market: markets[i]})
		at, err := time.Parse(time.DateOnly, d.Date)
		if v.in.Cutoff != nil && (err != nil || at.Before(*v.in.Cutoff)) {
			before = append(before, d.Return)
		} else {
			counted = append(counted, d.Return)
		}
	}
	if v.in.Cutoff != nil {
		f.Cutoff = &verdict.Cutoff{Before: evidence.DescribePart(before), After: evidence.DescribePart(counted)}
	}
	f.Counted = len(counted)
	v.luck(counted)
	v.overfit()
	v.robust()
	b := &verdict.Bundle{Format: verdict.Format, Inputs: v.in, Findings: *f}
	b.Judge()
	return b
}

// luck says what the counted days are worth after the campaign's trials.
func (v *validation) luck(counted []float64) {
	f := &v.out
	s, err := evidence.Describe(counted)
	if err != nil {
		f.Missing["sharpe_per_day"], f.Missing["psr"], f.Missing["deflated"], f.Missing["min_track_record_days"] = err.Error(), err.Error(), err.Error(), err.Error()
		return
	}
	f.Sharpe = &s.Sharpe
	if p, err := s.PSR(0); err != nil {
		f.Missing["psr"] = err.Error()
	} else {
		f.PSR = &p
	}
	annual := s.Sharpe * math.Sqrt(evidence.DaysPerYear)
	if h, err := evidence.CutSharpe(annual, s.T, evidence.DaysPerYear, max(1, v.in.Trials)); err != nil {
		f.Missing["haircut"] = err.Error()
	} else {
		f.Haircut = &verdict.Haircut{Annual: annual, P: h.P, Adjusted: h.PAdjusted, Left: h.Sharpe}
	}
	c := research.Campaign{Trials: v.in.Trials}
	for i, s := range v.in.Ratios {
		r := research.Ratio{Sharpe: s}
		if i < len(v.in.RatioDays) {
			r.Days = v.in.RatioDays[i]
		}
		c.Ratios = append(c.Ratios, r)
	}
	d, err := backtest.Deflated(counted, &c)
	if err != nil {
		f.Missing["deflated"], f.Missing["min_track_record_days"] = err.Error(), err.Error()
		return
	}
	f.Deflated = &d
	if n, err := s.MinTrackRecord(d.SR0, v.in.Limits.DSR); err != nil {
		f.Missing["min_track_record_days"] = err.Error()
	} else {
		f.Needed = &n
	}
}

// overfit compares the trials that ran over the same days.
func (v *validation) overfit() {
	if v.word != nil {
		v.out.Overfit, v.out.Snooping = v.word.Overfit, v.word.Snooping
		for _, name := range []string{"overfit", "data_snooping"} {
			if why, ok := v.word.Missing[name]; ok {
				v.out.Missing[name] = why
			}
		}
		return
	}
	keys := map[string]bool{}
	for _, k := range v.in.Keys {
		keys[k] = true
	}
	var all [][]float64
	first, end := int64(math.MinInt64), int64(math.MaxInt64)
	var firsts []int64
	for i := range v.campaign.Ran {
		t := &v.campaign.Ran[i]
		if !keys[t.Key] || flat(t.Returns) {
			continue
		}
		all, firsts = append(all, t.Returns), append(firsts, t.FirstDay)
		first, end = max(first, t.FirstDay), min(end, t.FirstDay+int64(len(t.Returns)))
	}
	m := evidence.Matrix{Rows: int(max(0, end-first)), Cols: len(all)}
	if _, why := overfitBlocks(m.Rows, m.Cols, m.Cols); why != "" {
		v.out.Missing["overfit"] = why
		return
	}
	m.Data = make([]float64, m.Rows*m.Cols)
	for j := range all {
		for i, r := range all[j][first-firsts[j]:][:m.Rows] {
			m.Data[i*m.Cols+j] = r
		}
	}
	m = m.Columns(evidence.Distinct(m))
	blocks, why := overfitBlocks(m.Rows, m.Cols, len(all))
	if why != "" {
		v.out.Missing["overfit"] = why
		return
	}
	over, err := evidence.ProbabilityOfOverfitting(m, blocks)
	if err != nil {
		v.out.Missing["overfit"] = err.Error()
		return
	}
	v.snooping(m)
	v.out.Overfit = &verdict.Overfit{PBO: over.PBO, Trials: m.Cols, Compared: len(all), Days: m.Rows, Blocks: blocks}
}

// flat reports that a run's account never moved: it did not trade. Such runs count as trials, but among those that are compared they would rank
// last in every part, and enough of them would make any choice look sound.
func flat(returns []float64) bool {
	for _, r := range returns {
		if r != 0 {
			return false
		}
	}
	return true
}

const (
	snoopResamples = 1_000
	mostSnooped    = 1e9 // multiplications: a few seconds
)

// snooping asks whether the best of the comparable trials could look so good by chance.
func (v *validation) snooping(m evidence.Matrix) {
	resamples := snoopResamples
	if float64(len(m.Data))*float64(resamples+m.Rows) > mostSnooped {
		v.out.Missing["data_snooping"] = "there are too many trials and days"
		return
	}
	own := make([]float64, len(v.whole.Days))
	for i := range own {
		own[i] = v.whole.Days[i].Return
	}
	block, err := evidence.BlockLength(own)
	if err != nil {
		v.out.Missing["data_snooping"] = err.Error()
		return
	}
	s, err := evidence.RealityCheck(m, resamples, 1/block, v.in.Seed)
	if err != nil {
		v.out.Missing["data_snooping"] = err.Error()
		return
	}
	v.out.Snooping = &verdict.Snooping{RealityCheck: s.RC, SPA: s.Center, Resamples: resamples, Block: block}
}

// robust says what the result hangs on.
func (v *validation) robust() {
	f := &v.out
	entered := map[string]int{}
	for i := range v.whole.Trades {
		entered[v.whole.Trades[i].Entry.Format(time.DateOnly)]++
	}
	returns := make([]float64, len(v.walk.Days))
	days := make([]evidence.RegimeDay, len(v.walk.Days))
	for i, d := range v.walk.Days {
		returns[i], days[i] = d.Return, evidence.RegimeDay{Return: d.Return, Market: f.Days[i].Market, Trades: entered[d.Date]}
	}
	if b, err := evidence.Bootstrap(returns, v.in.Resamples, 0, v.in.Seed); err != nil {
		f.Missing["bands"] = err.Error()
	} else {
		f.Bands = &b
	}
	var err error
	if f.Regimes, err = evidence.Regimes(days); err != nil {
		f.Missing["regimes"] = err.Error()
	}
	fee, slip := v.in.Settings.FeeBps.Float64()/1e4, v.in.Settings.SlippageBps.Float64()/1e4
	if trips, err := backtest.LayOut(v.whole, v.data.Bars); err != nil {
		f.Missing["random_entries"] = err.Error()
	} else if r, err := evidence.EnterAtRandom(trips.Markets, fee, slip, v.in.Entries, v.in.Seed); err != nil {
		f.Missing["random_entries"] = err.Error()
	} else {
		f.Random = &r
	}
	if c, err := evidence.Room(v.sized()); err != nil {
		f.Missing["capacity"] = err.Error()
	} else {
		f.Capacity = &c
	}
}

// marketDays are the daily returns of the markets themselves, beside the walk-forward's days: of the last close of each day on that of the day
// before, the mean of several markets. A day without a bar has moved by nothing, and so has the second part of a day that two folds share.
func (v *validation) marketDays() []float64 {
	days := v.walk.Days
	out, of := make([]float64, len(days)), make([]float64, len(days))
	for m := range v.data.Markets {
		bars, at := v.data.Bars[m], 0
		last := math.NaN()
		for i, d := range days {
			begin, err := time.Parse(time.DateOnly, d.Date)
			if err != nil {
				continue
			}
			closes := func(before int64) float64 { // the last close at or before a moment
				for ; at < len(bars) && bars[at].Unix()+int64(v.data.Interval) <= before; at++ {
					last = bars[at].CloseFloat()
				}
				return last
			}
			from := closes(begin.Unix())
			if to := closes(begin.Unix() + 86400); from > 0 && (i == 0 || days[i-1].Date != d.Date) {
				out[i] += to/from - 1
				of[i]++
			}
		}
	}
	for i := range out {
		if of[i] > 0 {
			out[i] /= of[i]
		}
	}
	return out
}

// sized are the round trips of the whole window beside what their markets traded.
func (v *validation) sized() []evidence.SizedTrade {
	var out []evidence.SizedTrade
	for i := range v.whole.Trades {
		t := &v.whole.Trades[i]
		for m := range v.data.Markets {
			if v.data.Markets[m] != t.Market {
				continue
			}
			if s, ok := size(v.data.Bars[m], v.data.Interval, t); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// volatilityDays is over how many days before a trade its market's volatility is measured.
const volatilityDays = 30

func size(bars []market.Bar, iv market.Interval, t *report.Trade) (evidence.SizedTrade, bool) {
	at := place(bars, iv, t.Entry)
	s := evidence.SizedTrade{Notional: t.Quantity.Float64() * t.EntryPrice.Float64(), Return: t.Return}
	if at < 0 || !(s.Notional > 0) {
		return s, false
	}
	traded := func(i int) float64 {
		_, _, _, last, volume := bars[i].Floats()
		if math.IsNaN(volume) {
			return 0
		}
		return volume * last
	}
	s.Bar = traded(at)
	day := int64(24 * 3600)
	for i := at - 1; i >= 0 && bars[i].Unix() >= bars[at].Unix()-day; i-- {
		s.Day += traded(i)
	}
	var logs []float64
	if at == 0 {
		return s, true
	}
	last := bars[at-1].CloseFloat()
	next := bars[at-1].Unix() - day // of bars as long as each other their openings are as far apart as their closes
	for i := at - 2; i >= 0 && len(logs) < volatilityDays; i-- {
		if bars[i].Unix() <= next {
			c := bars[i].CloseFloat()
			logs = append(logs, last/c-1)
			last, next = c, bars[i].Unix()-day
		}
	}
	if len(logs) >= 10 {
		mean, ss := 0.0, 0.0
		for _, r := range logs {
			mean += r / float64(len(logs))
		}
		for _, r := range logs {
			ss += (r - mean) * (r - mean)
		}
		s.Daily = math.Sqrt(ss / float64(len(logs)-1))
	}
	return s, true
}
