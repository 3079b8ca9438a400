package evidence

import (
	"math"
	"slices"
)

// RegimeDay is one day: what the strategy returned, the market's own return, and how many trades the strategy entered.
type RegimeDay struct {
	Return, Market float64
	Trades         int
}

// Regime is what a strategy did on the days of one kind.
type Regime struct {
	Name   string   `json:"name"`
	Days   int      `json:"days"`
	Trades int      `json:"trades"` // entered on them
	Return float64  `json:"return"` // compounded over them
	Sharpe *float64 `json:"sharpe"` // annual; null: none
	Share  *float64 `json:"share"`  // of the sum of the log returns of all days; null where that sum is not above zero
}

const (
	regimeTrend = 30 // days whose compounded return says whether the market rises or falls
	regimeCalm  = 30 // days over which its volatility is measured
	regimePast  = 90 // volatilities of the past that say what is high and low

	unknownTrend = "trend unknown"
	unknownCalm  = "volatility unknown"
)

// Regimes splits days by the market before them: rising or falling by its compounded return over the last 30 days, and quiet, middling or wild
// by the standard deviation of its last 30 daily returns among those of all earlier days, in thirds. A day's own return decides nothing about
// the day, nor does anything after it; days for which there is too little past are "unknown". It needs 60 days.
func Regimes(days []RegimeDay) ([]Regime, error) {
	const figure = "regimes"
	if len(days) < 2*regimeTrend {
		return nil, degenerate(figure, "%d days, at least %d are needed", len(days), 2*regimeTrend)
	}
	total := 0.0
	for i, d := range days {
		if !(d.Return > -1) || !finite(d.Return) || !(d.Market > -1) || !finite(d.Market) {
			return nil, degenerate(figure, "the returns of day %d are %v and, of the market, %v", i, d.Return, d.Market)
		}
		total += math.Log1p(d.Return)
	}
	groups, trades := map[string][]float64{}, map[string]int{}
	names := []string{"rising", "falling", unknownTrend, "quiet", "middling", "wild", unknownCalm}
	var past []float64 // volatilities before each day, sorted
	for i, d := range days {
		trend, calm := unknownTrend, unknownCalm
		if i >= regimeTrend {
			sum := 0.0
			for _, p := range days[i-regimeTrend : i] {
				sum += math.Log1p(p.Market)
			}
			if trend = "falling"; sum > 0 {
				trend = "rising"
			}
		}
		if i >= regimeCalm {
			window := make([]float64, regimeCalm)
			for j, p := range days[i-regimeCalm : i] {
				window[j] = p.Market
			}
			v := math.Sqrt(variance(window))
			if len(past) >= regimePast {
				switch {
				case v <= percentile(past, 1.0/3):
					calm = "quiet"
				case v <= percentile(past, 2.0/3):
					calm = "middling"
				default:
					calm = "wild"
				}
			}
			at, _ := slices.BinarySearch(past, v)
			past = slices.Insert(past, at, v)
		}
		for _, name := range [2]string{trend, calm} {
			groups[name] = append(groups[name], d.Return)
			trades[name] += d.Trades
		}
	}
	var out []Regime
	for _, name := range names {
		returns := groups[name]
		if len(returns) == 0 {
			continue
		}
		r := Regime{Name: name, Days: len(returns), Trades: trades[name]}
		sum := 0.0
		for _, x := range returns {
			sum += math.Log1p(x)
		}
		if r.Return = math.Expm1(sum); !finite(r.Return) {
			return nil, degenerate(figure, "the returns of the days that are %s compound to more than a number holds", name)
		}
		r.Sharpe = DailyRatios(returns).Sharpe.Ptr()
		if total > 0 {
			r.Share = number(sum / total).Ptr()
		}
		out = append(out, r)
	}
	return out, nil
}

// BestRegime is the known regime that the profit hangs on most: the one with the largest share, the first of equals. There is none where no
// share is known.
func BestRegime(regimes []Regime) (best Regime, ok bool) {
	for _, r := range regimes {
		if r.Share == nil || r.Name == unknownTrend || r.Name == unknownCalm {
			continue
		}
		if !ok || *r.Share > *best.Share {
			best, ok = r, true
		}
	}
	return best, ok
}

// SizedTrade is what a round trip took of its market.
type SizedTrade struct {
	Notional float64 // quote currency, of the entry
	Bar      float64 // what the market traded in the entry's bar, quote currency; 0: not known
	Day      float64 // what it traded over the day before the entry, quote currency; 0: not known
	Daily    float64 // standard deviation of its daily returns before the entry
	Return   float64 // net, over the notional
}

// Capacity estimates how much more money a strategy could trade.
type Capacity struct {
	Known int `json:"known"` // trades whose volumes are known; the rest is left out
	// OnePercent and FivePercent are the multiples of the money at which one trade in ten takes more than that share of its bar's volume.
	OnePercent  float64 `json:"one_percent"`
	FivePercent float64 `json:"five_percent"`
	// Impact is the multiple at which the square-root law takes all of the mean net return; nil: there is no return to take.
	Impact *float64 `json:"impact"`
}

const minSized = 10

// Room estimates capacity from the trades' sizes: participation = notional / volume of the bar, whose 90th percentile p gives the multiples
// 1 % / p and 5 % / p; and impact, per side, of Daily·√(notional / Day) (the square-root law with coefficient 1), so that the multiple k at
// which 2·mean(impact)·√k equals the mean net return is (mean return / (2·mean impact))². It needs 10 trades with known volumes.
func Room(trades []SizedTrade) (Capacity, error) {
	const figure = "capacity"
	var taken []float64
	edge, impact, moved := 0.0, 0.0, 0
	for i, t := range trades {
		if !(t.Notional > 0) || !finite(t.Notional) || !finite(t.Return) || !(t.Bar >= 0) || !(t.Day >= 0) || !finite(t.Bar) || !finite(t.Day) {
			return Capacity{}, degenerate(figure, "trade %d has the notional %v, the return %v and the volumes %v and %v", i, t.Notional, t.Return, t.Bar, t.Day)
		}
		if t.Bar > 0 {
			taken = append(taken, t.Notional/t.Bar)
		}
		if t.Day > 0 && t.Daily > 0 && finite(t.Daily) {
			impact += t.Daily * math.Sqrt(t.Notional/t.Day)
			edge += t.Return
			moved++
		}
	}
	if len(taken) < minSized {
		return Capacity{}, degenerate(figure, "%d trades have a known volume, at least %d are needed", len(taken), minSized)
	}
	slices.Sort(taken)
	c := Capacity{Known: len(taken)}
	p := percentile(taken, .9)
	c.OnePercent, c.FivePercent = .01/p, .05/p
	if moved >= minSized && edge > 0 && impact > 0 {
		k := edge / (2 * impact)
		k *= k
		c.Impact = &k
	}
	if !finite(c.OnePercent) || !finite(c.FivePercent) || c.Impact != nil && !finite(*c.Impact) {
		return Capacity{}, degenerate(figure, "the trades are too small beside their markets")
	}
	return c, nil
}

// Part is one side of a split in time.
type Part struct {
	Days   int      `json:"days"`
	Return *float64 `json:"return"` // compounded; null: no day, or beyond numbers
	Sharpe *float64 `json:"sharpe"` // annual; null: none
	PSR    *float64 `json:"psr"`    // probability that the true ratio is above zero; null: none
}

// DescribePart measures the days of one part.
func DescribePart(daily []float64) Part {
	p := Part{Days: len(daily), Return: compounded(daily).Ptr(), Sharpe: DailyRatios(daily).Sharpe.Ptr()}
	if s, err := Describe(daily); err == nil {
		if v, err := s.PSR(0); err == nil {
			p.PSR = &v
		}
	}
	return p
}

// compounded is the return of all days together.
func compounded(daily []float64) Value {
	if len(daily) == 0 {
		return none("no day")
	}
	equity := 1.0
	for _, r := range daily {
		equity *= 1 + r
	}
	return number(equity - 1)
}
