package evidence

import "testing"

func BenchmarkOverfitting(b *testing.B) {
	m := mat(7, 1000, 100)
	for b.Loop() {
		if _, err := ProbabilityOfOverfitting(m, 16); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRealityCheck(b *testing.B) {
	m := mat(7, 1000, 100)
	for b.Loop() {
		if _, err := RealityCheck(m, 1000, .1, 5); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTripleBarrier(b *testing.B) {
	closes := make([]float64, 100_000)
	g, at := NewSplitMix(1), 100.0
	for i := range closes {
		at *= 1 + .001*g.Normal()
		closes[i] = at
	}
	for b.Loop() {
		events, err := TripleBarrier(closes, nil, Barriers{Target: .01, Profit: 1, Loss: 1, Vertical: 288})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Uniqueness(events, len(closes)); err != nil {
			b.Fatal(err)
		}
	}
}
