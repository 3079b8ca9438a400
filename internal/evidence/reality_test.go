package evidence

import (
	"math"
	"testing"
)

func TestRealityCheckWorkedNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ edge, rc, spa, p, low, center, high float64 }{
		{0, .01179267306495522, 1.2406106259012681, .657, .351, .614, .651},
		{.0015, .02844166245004641, 2.21286668509283, .031, .063, .105, .116},
		{.003, .05215874490130925, 4.058143546674938, 0, 0, 0, 0},
	} {
		m := mat(11, 250, 10)
		for r := range m.Rows {
			m.Data[r*10+3] += c.edge
		}
		got, err := RealityCheck(m, 1000, .1, 5)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "V RC", got.StatRC, c.rc, 1e-9)
		near(t, "V SPA", got.StatSPA, c.spa, 1e-9)
		near(t, "p RC", got.RC, c.p, 1e-9)
		near(t, "p lower", got.Lower, c.low, 1e-9)
		near(t, "p center", got.Center, c.center, 1e-9)
		near(t, "p upper", got.Upper, c.high, 1e-9)
		if c.edge > 0 && got.Best != 3 {
			t.Errorf("the best is %d, want 3", got.Best)
		}
	}
}

// The lower null leaves bad trials as bad as they look and the upper one lifts all to the benchmark; the consistent one lies between.
func TestRealityCheckBounds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		got, err := RealityCheck(mat(seed, 60, 7), 200, .2, seed)
		if err != nil {
			t.Fatal(err)
		}
		if !(got.Lower <= got.Center && got.Center <= got.Upper) {
			t.Errorf("seed %d: %v, %v, %v are not in order", seed, got.Lower, got.Center, got.Upper)
		}
	}
}

// With a restart at every step there is no dependence left, and the long-run variance is the plain one.
func TestLongRunVarianceWithoutDependence(t *testing.T) {
	t.Parallel()
	col := mat(3, 100, 1).Data
	m, squares := mean(col), 0.0
	for _, x := range col {
		squares += (x - m) * (x - m)
	}
	near(t, "omega²", longRunVariance(col, m, bootstrapKernel(100, 1)), squares/100, 1e-12)
}

func TestRealityCheckRefuses(t *testing.T) {
	t.Parallel()
	ok := mat(1, 20, 2)
	flat := mat(1, 20, 2)
	for r := range flat.Rows {
		flat.Data[r*2+1] = .1
	}
	bad := mat(1, 20, 2)
	bad.Data[7] = math.NaN()
	alternating := Matrix{Rows: 4, Cols: 1, Data: []float64{1, -1, 1, -1}}
	huge := Matrix{Rows: 4, Cols: 1, Data: []float64{1e308, -1e308, 1e308, 1e308}}
	for name, c := range map[string]struct {
		m       Matrix
		b       int
		restart float64
	}{
		"no rows": {Matrix{}, 10, .1}, "wrong shape": {Matrix{Rows: 3, Cols: 3, Data: ok.Data}, 10, .1}, "two periods": {mat(1, 2, 2), 10, .1},
		"no resample": {ok, 0, .1}, "too many resamples": {ok, maxResamples + 1, .1}, "restart 0": {ok, 10, 0}, "restart NaN": {ok, 10, math.NaN()},
		"restart above 1": {ok, 10, 1.1}, "no variance": {flat, 10, .1}, "NaN": {bad, 10, .1}, "overflow": {huge, 10, .1},
		"no long-run variance": {alternating, 10, 1e-300},
		"too much work":        {mat(1, 3000, 100), maxResamples, .1},
	} {
		_, err := RealityCheck(c.m, c.b, c.restart, 1)
		refused(t, name, err)
	}
}
