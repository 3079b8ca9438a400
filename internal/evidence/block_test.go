package evidence

import (
	"math"
	"testing"
)

// politisWhite recomputes the mean block from the page: every autocovariance first, by products of the centred series laid side by side,
// then the search over all lags at once.
func politisWhite(x []float64) float64 {
	n := len(x)
	t := float64(n)
	var sum float64
	for i := n - 1; i >= 0; i-- {
		sum += x[i]
	}
	r := make([]float64, n)
	for i := range n {
		for j := i; j < n; j++ {
			r[j-i] += (x[i] - sum/t) * (x[j] - sum/t) / t
		}
	}
	k := max(5, int(math.Ceil(math.Sqrt(math.Log10(t)))))
	most := int(math.Ceil(math.Sqrt(t))) + k
	significant := func(lag int) bool { return math.Abs(r[lag]/r[0]) >= 2*math.Sqrt(math.Log10(t)/t) }
	last := 0
search:
	for lag := 1; lag <= most && lag < n; lag++ {
		if significant(lag) {
			last = lag
		}
		for q := range k {
			if lag-q < 1 || significant(lag-q) {
				continue search
			}
		}
		break
	}
	m := min(2*max(last, 1), most, n-1)
	g, d := 0.0, r[0]
	for lag := -m; lag <= m; lag++ {
		w := 1.0
		if at := math.Abs(float64(lag)) / float64(m); at > .5 {
			w = 2 * (1 - at)
		}
		if lag != 0 {
			g += w * math.Abs(float64(lag)) * r[max(lag, -lag)]
			d += w * r[max(lag, -lag)]
		}
	}
	b := math.Pow(g*g/(d*d)*t, 1./3)
	return math.Min(math.Max(b, 1), math.Ceil(math.Min(3*math.Sqrt(t), t/3)))
}

func TestBlockLengthIsThatOfThePage(t *testing.T) {
	t.Parallel()
	far := 0 // series whose last significant lag is over five: twice it lies beyond where the search ends
	for seed := range uint64(60) {
		phi := []float64{0, .3, -.5, .8, .9, .97}[seed%6]
		x := noise(seed+1, 100+37*int(seed), .0005, phi)
		got, err := BlockLength(x)
		if err != nil {
			t.Fatal(err)
		}
		want := politisWhite(x)
		near(t, "block", got, want, 1e-9)
		if want > 15 {
			far++
		}
	}
	if far < 10 {
		t.Errorf("only %d series have long blocks", far)
	}
}

// A year's return is the whole one in other words, so its percentiles are those of the return taken for a year.
func TestAnnualBand(t *testing.T) {
	t.Parallel()
	x := noise(3, 500, .001, 0)
	b := must(Bootstrap(x, 401, 5, 1))(t)
	for _, c := range [][2]float64{{b.Annual.Observed, b.Return.Observed}, {b.Annual.P5, b.Return.P5}, {b.Annual.P25, b.Return.P25}, {b.Annual.P50, b.Return.P50},
		{b.Annual.P75, b.Return.P75}, {b.Annual.P95, b.Return.P95}} {
		near(t, "annual", c[0], math.Exp(365.25/500*math.Log1p(c[1]))-1, 1e-9)
	}
}
