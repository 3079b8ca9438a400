package indicator

import "fmt"

// Every XxxSeries function writes to dst[i] what the streaming Xxx says after src[0..i], in the same bits. All slices must have one
// length; dst may be src. The values before the warm-up are NaN. Nothing but the indicator's own window is allocated.

// scalar is an indicator of one input and one output.
type scalar interface {
	Update(x float64) float64
	Warmup() int
	Reset()
}

// runner is one that has a faster way over a whole series than Update after Update.
type runner interface{ run(dst, src []float64) }

// sameLength checks the columns of a whole-series call.
func sameLength(name string, n int, others ...[]float64) error {
	for _, o := range others {
		if len(o) != n {
			return fmt.Errorf("%s: columns of %d and %d values, they must be equally long", name, n, len(o))
		}
	}
	return nil
}

// each drives one scalar indicator; S is concrete so that the calls are direct. One that has a faster run takes that.
func each[S scalar](name string, dst, src []float64, s S, err error) error {
	if err != nil {
		return err
	}
	if err := sameLength(name, len(src), dst); err != nil {
		return err
	}
	if fast, ok := any(s).(runner); ok {
		fast.run(dst, src)
		return nil
	}
	for i, x := range src {
		dst[i] = s.Update(x)
	}
	return nil
}

// SMASeries is SMA over a whole series.
func SMASeries(dst, src []float64, n int) error {
	s, err := NewSMA(n)
	return each("sma", dst, src, s, err)
}

// EMASeries is EMA over a whole series.
func EMASeries(dst, src []float64, n int) error {
	s, err := NewEMA(n)
	return each("ema", dst, src, s, err)
}

// WMASeries is WMA over a whole series.
func WMASeries(dst, src []float64, n int) error {
	s, err := NewWMA(n)
	return each("wma", dst, src, s, err)
}

// RSISeries is RSI over a whole series.
func RSISeries(dst, src []float64, n int) error {
	s, err := NewRSI(n)
	return each("rsi", dst, src, s, err)
}

// ROCSeries is ROC over a whole series.
func ROCSeries(dst, src []float64, n int) error {
	s, err := NewROC(n)
	return each("roc", dst, src, s, err)
}

// StdevSeries is Stdev over a whole series.
func StdevSeries(dst, src []float64, n int) error {
	s, err := NewStdev(n)
	return each("stdev", dst, src, s, err)
}

// ZScoreSeries is ZScore over a whole series.
func ZScoreSeries(dst, src []float64, n int) error {
	s, err := NewZScore(n)
	return each("zscore", dst, src, s, err)
}

// VolatilitySeries is Volatility over a whole series of prices.
func VolatilitySeries(dst, src []float64, n int) error {
	s, err := NewVolatility(n)
	return each("volatility", dst, src, s, err)
}

// HighestSeries is Highest over a whole series.
func HighestSeries(dst, src []float64, n int) error {
	s, err := NewHighest(n)
	return each("highest", dst, src, s, err)
}

// LowestSeries is Lowest over a whole series.
func LowestSeries(dst, src []float64, n int) error {
	s, err := NewLowest(n)
	return each("lowest", dst, src, s, err)
}

// MACDSeries is MACD over a whole series.
func MACDSeries(line, signal, histogram, src []float64, fast, slow, smooth int) error {
	m, err := NewMACD(fast, slow, smooth)
	if err != nil {
		return err
	}
	if err := sameLength("macd", len(src), line, signal, histogram); err != nil {
		return err
	}
	m.run(line, signal, histogram, src)
	return nil
}

// BollingerSeries is Bollinger over a whole series: its three bands.
func BollingerSeries(upper, middle, lower, src []float64, n int, width float64) error {
	b, err := NewBollinger(n, width)
	if err != nil {
		return err
	}
	if err := sameLength("bollinger", len(src), upper, middle, lower); err != nil {
		return err
	}
	b.run(upper, middle, lower, src)
	return nil
}

// ATRSeries is ATR over whole series.
func ATRSeries(dst, high, low, close []float64, n int) error {
	a, err := NewATR(n)
	if err != nil {
		return err
	}
	if err := sameLength("atr", len(close), dst, high, low); err != nil {
		return err
	}
	a.run(dst, high, low, close)
	return nil
}

// DonchianSeries is Donchian over whole series.
func DonchianSeries(upper, middle, lower, high, low []float64, n int) error {
	d, err := NewDonchian(n)
	if err != nil {
		return err
	}
	if err := sameLength("donchian", len(high), upper, middle, lower, low); err != nil {
		return err
	}
	for i, h := range high {
		v := d.Update(h, low[i])
		upper[i], middle[i], lower[i] = v.Upper, v.Middle, v.Lower
	}
	return nil
}

// StochasticSeries is Stochastic over whole series.
func StochasticSeries(k, d, high, low, close []float64, n, smooth, signal int) error {
	s, err := NewStochastic(n, smooth, signal)
	if err != nil {
		return err
	}
	if err := sameLength("stochastic", len(close), k, d, high, low); err != nil {
		return err
	}
	for i, c := range close {
		k[i], d[i] = s.Update(high[i], low[i], c)
	}
	return nil
}

// OBVSeries is OBV over whole series.
func OBVSeries(dst, close, volume []float64) error {
	if err := sameLength("obv", len(close), dst, volume); err != nil {
		return err
	}
	o := NewOBV()
	for i, c := range close {
		dst[i] = o.Update(c, volume[i])
	}
	return nil
}
