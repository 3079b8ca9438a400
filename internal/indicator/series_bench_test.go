package indicator

import (
	"testing"
	"time"
)

// BenchmarkSeries runs whole series of 100,000 bars; "copy" moves as many values one by one. The quickest run counts: on a machine that others
// use too, it is the one they disturbed least.
func BenchmarkSeries(b *testing.B) {
	src := walk(100_000)
	high, low := make([]float64, len(src)), make([]float64, len(src))
	for i, x := range src {
		high[i], low[i] = x*1.003, x*0.996
	}
	x, y, z := make([]float64, len(src)), make([]float64, len(src)), make([]float64, len(src))
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"copy", func() error {
			for i := range src {
				x[i] = src[i] + 0 // an addition, so that it stays a loop of single values
			}
			return nil
		}},
		{"sma", func() error { return SMASeries(x, src, 14) }},
		{"sma/200", func() error { return SMASeries(x, src, 200) }},
		{"ema", func() error { return EMASeries(x, src, 14) }},
		{"rsi", func() error { return RSISeries(x, src, 14) }},
		{"macd", func() error { return MACDSeries(x, y, z, src, 12, 26, 9) }},
		{"bollinger", func() error { return BollingerSeries(x, y, z, src, 20, 2) }},
		{"atr", func() error { return ATRSeries(x, high, low, src, 14) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			best := time.Hour
			for b.Loop() {
				began := time.Now()
				if err := c.run(); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(began))
			}
			b.ReportMetric(float64(len(src))/best.Seconds()/1e6, "Mbars/s")
		})
	}
}
