package evidence

import (
	"encoding/json"
	"math"
	"math/bits"
	"testing"
)

// slow recomputes PBO and the mean logit from the rows themselves, split by split, in two passes.
func slow(m Matrix, s int) (pbo, logit float64) {
	rows, skip := m.Rows/s, m.Rows%s
	sharpe := func(c int, mask, want uint) float64 {
		var x []float64
		for r := range rows * s {
			if mask>>(r/rows)&1 == want {
				x = append(x, m.At(skip+r, c))
			}
		}
		return mean(x) / math.Sqrt(variance(x))
	}
	n := 0.0
	for mask := range uint(1) << s {
		if bits.OnesCount(mask) != s/2 {
			continue
		}
		best, top := 0, math.Inf(-1)
		for c := range m.Cols {
			if v := sharpe(c, mask, 1); v > top {
				best, top = c, v
			}
		}
		rank, own := 1.0, sharpe(best, mask, 0)
		for c := range m.Cols {
			if sharpe(c, mask, 0) < own {
				rank++
			}
		}
		l := math.Log(rank / (float64(m.Cols+1) - rank))
		n, logit = n+1, logit+l
		if l <= 0 {
			pbo++
		}
	}
	return pbo / n, logit / n
}

// An offset far above the deviation costs digits unless columns are centred before they are summed.
func TestOverfittingKeepsItsDigitsOnOffsetData(t *testing.T) {
	t.Parallel()
	for _, offset := range []float64{0, 1e5} {
		m := mat(7, 163, 10)
		for i := range m.Data {
			m.Data[i] += offset
		}
		pbo, logit := slow(m, 8)
		o := must(ProbabilityOfOverfitting(m, 8))(t)
		near(t, "PBO", o.PBO, pbo, 1e-9)
		near(t, "logit", o.MeanLogit, logit, 1e-9)
		if o.UsedRows != 160 {
			t.Errorf("%d rows were used, want 160", o.UsedRows)
		}
	}
}

// The flat column has the higher mean by far, and is never chosen: the other is the best on both sides of each split, second of two.
func TestColumnWithoutVarianceRanksLast(t *testing.T) {
	t.Parallel()
	m := mat(7, 40, 2)
	for r := range m.Rows {
		m.Data[r*2] = .7
	}
	o := must(ProbabilityOfOverfitting(m, 4))(t)
	near(t, "logit", o.MeanLogit, math.Ln2, 1e-9)
	if o.PBO != 0 || o.Splits != 6 || o.Undefined != 0 {
		t.Errorf("got %+v", o)
	}
}

// The chosen column is flat on one half: its sharpe ratio there has no value, and slope says so instead of hiding it.
func TestColumnFlatOnOneSideHasNoSlope(t *testing.T) {
	t.Parallel()
	m := Matrix{Rows: 4, Cols: 2, Data: []float64{3, 0, 5, 1, 1, 1, 1, 3}}
	o := must(ProbabilityOfOverfitting(m, 2))(t)
	if o.Undefined != 1 || o.Slope.Valid() || o.Intercept.Valid() || o.Splits != 2 {
		t.Errorf("got %+v", o)
	}
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back struct{ Slope *float64 }
	if err := json.Unmarshal(b, &back); err != nil || back.Slope != nil {
		t.Errorf("%s: %v", b, err)
	}
}

// What rounding leaves of the variance of equal numbers is no variance.
func TestRoundingIsNoVariance(t *testing.T) {
	t.Parallel()
	for flat := .1; flat < 2; flat += .1 {
		m := mat(7, 60, 2)
		for r := range m.Rows {
			if m.Data[r*2] += .5; r >= 30 {
				m.Data[r*2] = flat
			}
		}
		if o := must(ProbabilityOfOverfitting(m, 2))(t); o.Undefined != 1 {
			t.Errorf("flat at %v: %d choices without a ratio, want 1", flat, o.Undefined)
		}
	}
}

// Both columns have the sharpe ratio √2 on the first half; on the second the first column's is √½ and the other's √8. The first wins the
// tie, and comes last of two on the other side (ω = 1/3); the other way round the two tie in the middle (ω = 1/2).
func TestFirstOfEqualColumnsIsChosen(t *testing.T) {
	t.Parallel()
	m := Matrix{Rows: 4, Cols: 2, Data: []float64{1, 1, 3, 3, 0, 3, 4, 5}}
	o := must(ProbabilityOfOverfitting(m, 2))(t)
	near(t, "logit", o.MeanLogit, -math.Ln2/2, 1e-9)
	if o.PBO != 1 || o.OutOfSample != 0 {
		t.Errorf("got %+v", o)
	}
	// In: √2, out: √½; and in: √8, out: √2.
	value(t, "slope", o.Slope, .5)
	near(t, "intercept+1", o.Intercept.V+1, 1, 1e-9)
}

func TestOverfittingRefuses(t *testing.T) {
	t.Parallel()
	bad := mat(7, 40, 2)
	bad.Data[5] = math.Inf(1)
	for name, c := range map[string]struct {
		m      Matrix
		blocks int
	}{
		"odd blocks": {mat(7, 160, 10), 7}, "no blocks": {mat(7, 160, 10), 0}, "too many blocks": {mat(7, 160, 10), 22}, "one trial": {mat(7, 160, 1), 8},
		"few periods": {mat(7, 15, 3), 8}, "shape": {Matrix{Rows: 3, Cols: 2, Data: make([]float64, 5)}, 2}, "empty": {Matrix{}, 2}, "infinite": {bad, 4},
		"overflow":    {Matrix{Rows: 4, Cols: 2, Data: []float64{1e308, 1, 1e308, 2, -1e308, 3, 1e308, 5}}, 2},
		"underflow":   {Matrix{Rows: 4, Cols: 2, Data: []float64{1e-200, 1, 2e-200, 2, 3e-200, 3, 0, 5}}, 2},
		"no variance": {Matrix{Rows: 8, Cols: 2, Data: make([]float64, 16)}, 4},
	} {
		_, err := ProbabilityOfOverfitting(c.m, c.blocks)
		refused(t, name, err)
	}
}

func TestValueJSON(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]Value{"1.5": number(1.5), "0": {}, "null": none("there is no variance")} {
		b, err := json.Marshal(v)
		if err != nil || string(b) != want {
			t.Errorf("%+v: got %s, %v, want %s", v, b, err, want)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		missing(t, "no number", number(bad), "too large")
	}
	if p := number(2).Ptr(); p == nil || *p != 2 {
		t.Error("the number 2 has no pointer")
	}
}
