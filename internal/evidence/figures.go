package evidence

import "math"

const (
	// DaysPerYear annualises statistics of daily returns: crypto markets never close.
	DaysPerYear = 365
	// SecondsPerYear turns a span of time into years.
	SecondsPerYear = 365.25 * 86400

	minGrowthSeconds = 2 * 86400
)

// Ratios are the annual figures of daily returns.
type Ratios struct {
	Volatility Value // standard deviation (ddof 1) × √365; 0 when all returns are equal
	Sharpe     Value // mean / standard deviation × √365
	Sortino    Value // mean / √(mean of min(r, 0)² over all days) × √365
}

// DailyRatios measures daily returns; under two of them, or with one that is not finite, no figure has a value.
func DailyRatios(returns []float64) Ratios {
	if len(returns) < 2 {
		v := none("fewer than two days")
		return Ratios{Volatility: v, Sharpe: v, Sortino: v}
	}
	if i := firstBad(returns); i >= 0 {
		v := none("the return of day %d is not a finite number", i)
		return Ratios{Volatility: v, Sharpe: v, Sortino: v}
	}
	var r Ratios
	m, year := mean(returns), math.Sqrt(DaysPerYear)
	falls, lost := 0.0, false
	for _, x := range returns {
		if x < 0 {
			falls, lost = falls+x*x, true
		}
	}
	if constant(returns) {
		r.Volatility, r.Sharpe = number(0), none("daily returns have no variance")
	} else {
		sd := math.Sqrt(variance(returns))
		r.Volatility, r.Sharpe = number(sd*year), ratio(m, sd, year)
	}
	if lost {
		r.Sortino = ratio(m, math.Sqrt(falls/float64(len(returns))), year)
	} else {
		r.Sortino = none("no day lost")
	}
	return r
}

// ratio is annual mean over risk; squares that overflowed or vanished leave no risk to divide by.
func ratio(m, risk, year float64) Value {
	if !finite(risk) || risk == 0 {
		return none("the returns are too large or too small to have a deviation")
	}
	return number(m / risk * year)
}

// CAGR is the compound annual growth of equity from first to last, in any one unit, over a span in seconds: (last/first)^(year/span) − 1.
func CAGR(first, last float64, seconds int64) Value {
	switch {
	case !(first > 0) || !finite(first) || !(last >= 0) || !finite(last):
		return none("equity went from %v to %v: growth needs a start above zero and an end not below it", first, last)
	case seconds < minGrowthSeconds:
		return none("the window is under two days")
	}
	v := math.Pow(last/first, SecondsPerYear/float64(seconds)) - 1
	if !finite(v) {
		return none("the growth of so short a window, taken for a year, is beyond numbers")
	}
	return number(v)
}

// Calmar is CAGR / |max drawdown|; depth is the drawdown as a fraction, not above zero.
func Calmar(cagr Value, depth float64) Value {
	switch {
	case !cagr.Valid():
		return none("there is no CAGR")
	case depth == 0:
		return none("equity never fell below its peak")
	case !(depth < 0):
		return none("the drawdown is %v, it must not be above zero", depth)
	}
	return number(cagr.V / -depth)
}

// Drawdown is the deepest fall of an equity curve from an earlier peak. Indices are those of the curve; −1 where there is none.
type Drawdown struct {
	Depth    Value // trough/peak − 1, at most 0
	Peak     int   // the last point at the highest equity before the fall
	Trough   int   // the first point at the lowest
	Recovery int   // the first point at or above the peak again, −1 if the curve ends below it
	Length   int   // points from the peak to the recovery, or to the end of the curve; 0 without a fall
}

// MaxDrawdown measures a curve of equity that starts above zero. Of equally deep falls the first counts.
func MaxDrawdown(equity []float64) Drawdown {
	d := Drawdown{Peak: -1, Trough: -1, Recovery: -1}
	if len(equity) == 0 {
		d.Depth = none("the curve is empty")
		return d
	}
	if i := firstBad(equity); i >= 0 {
		d.Depth = none("equity %d is not a finite number", i)
		return d
	}
	if !(equity[0] > 0) {
		d.Depth = none("the curve starts at %v, it must start above zero", equity[0])
		return d
	}
	peak, deepest, under := 0, 0.0, false
	for i, v := range equity {
		if v >= equity[peak] {
			if under {
				d.Recovery, under = i, false
			}
			peak = i
			continue
		}
		if down := v/equity[peak] - 1; down < deepest {
			deepest, under = down, true
			d.Peak, d.Trough, d.Recovery = peak, i, -1
		}
	}
	d.Depth = number(deepest)
	switch {
	case d.Recovery >= 0:
		d.Length = d.Recovery - d.Peak
	case under:
		d.Length = len(equity) - 1 - d.Peak
	}
	return d
}
