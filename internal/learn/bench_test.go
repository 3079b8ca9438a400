package learn

import (
	"context"
	"math"
	"testing"
	"time"
)

// generated is the data of the speed figures: rows × 30 standard normal features from SplitMix64, one class by the sign of a sum of ten
// of them, of products and of sines, plus noise. docs/learn.md states the same generator.
func generated(rows int, seed uint64) ([][]float64, []float64) {
	g := generator{state: seed}
	normal := func() float64 { return math.Sqrt(-2*math.Log(1-g.uniform())) * math.Cos(2*math.Pi*g.uniform()) }
	x, y := make([][]float64, 30), make([]float64, rows)
	for j := range x {
		x[j] = make([]float64, rows)
	}
	for i := range y {
		for j := range x {
			x[j][i] = normal()
		}
		z := 0.0
		for j := range 10 {
			z += x[j][i] * float64(10-j) / 10
		}
		z += 1.5*x[0][i]*x[1][i] + x[2][i]*x[3][i] + 2*math.Sin(2*x[4][i])
		if z+1.35*normal() > 0 {
			y[i] = 1
		}
	}
	return x, y
}

// fixed is the loop that the speed figures are divided by: dependent integer steps, no memory.
func fixed() uint64 {
	g, sum := generator{state: 1}, uint64(0)
	for range 100_000_000 {
		sum ^= g.next()
	}
	return sum
}

var sink uint64

// paced runs an operation and the fixed loop in turns and reports the quickest of both and their ratio: on a machine that others use too,
// the quickest is the one they disturbed least.
func paced(b *testing.B, operation func() error) (seconds float64) {
	b.Helper()
	b.ReportAllocs()
	seconds = math.Inf(1)
	loop := math.Inf(1)
	for b.Loop() {
		start := time.Now()
		if err := operation(); err != nil {
			b.Fatal(err)
		}
		seconds = min(seconds, time.Since(start).Seconds())
		b.StopTimer()
		start = time.Now()
		sink += fixed()
		loop = min(loop, time.Since(start).Seconds())
		b.StartTimer()
	}
	b.ReportMetric(seconds/loop, "loops")
	b.ReportMetric(loop*1e3, "ms/loop")
	b.ReportMetric(seconds*1e3, "ms/best")
	return seconds
}

func BenchmarkBoost(b *testing.B) {
	x, y := generated(100_000, 1)
	tx, ty := generated(20_000, 2)
	var m *Ensemble
	paced(b, func() (err error) {
		m, _, err = Boost(context.Background(), Sample{Columns: x, Target: y}, nil, DefaultBoost(Logistic))
		return err
	})
	p, err := m.Predict(tx)
	if err != nil {
		b.Fatal(err)
	}
	auc, err := AUC(ty, p)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(auc, "AUC")
}

func BenchmarkPredict(b *testing.B) {
	x, y := generated(100_000, 1)
	m, _, err := Boost(context.Background(), Sample{Columns: x, Target: y}, nil, DefaultBoost(Logistic))
	if err != nil {
		b.Fatal(err)
	}
	seconds := paced(b, func() error { _, err := m.Predict(x); return err })
	b.ReportMetric(.1/seconds, "Mrows/s")
}
