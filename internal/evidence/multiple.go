package evidence

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// checkP refuses an empty list and anything that is no probability.
func checkP(figure string, p []float64) error {
	if len(p) == 0 {
		return degenerate(figure, "no p-values")
	}
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return degenerate(figure, "p-value %d is %v, it must be from 0 to 1", i, v)
		}
	}
	return nil
}

// order returns the indices of p from the smallest; equal ones keep their order.
func order(p []float64) []int {
	idx := make([]int, len(p))
	for i := range idx {
		idx[i] = i
	}
	slices.SortStableFunc(idx, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	return idx
}

// Bonferroni adjusts two-sided p-values for all of them being tried: p·M, at most 1. The order is kept.
func Bonferroni(p []float64) ([]float64, error) {
	if err := checkP("bonferroni", p); err != nil {
		return nil, err
	}
	out := make([]float64, len(p))
	for i, v := range p {
		out[i] = min(1, v*float64(len(p)))
	}
	return out, nil
}

// Holm adjusts stepwise: max over j ≤ k of (M−j+1)·p(j), at most 1. The order is kept.
func Holm(p []float64) ([]float64, error) {
	if err := checkP("holm", p); err != nil {
		return nil, err
	}
	out, top := make([]float64, len(p)), 0.0
	for j, i := range order(p) {
		top = max(top, float64(len(p)-j)*p[i])
		out[i] = min(1, top)
	}
	return out, nil
}

// BenjaminiHochberg bounds the false discovery rate of independent tests: min over j ≥ k of M/j·p(j), at most 1. The order is kept.
func BenjaminiHochberg(p []float64) ([]float64, error) { return stepUp("benjamini-hochberg", p, 1) }

// BenjaminiYekutieli bounds it under any dependence ("BHY"): Benjamini–Hochberg times 1 + 1/2 + … + 1/M.
func BenjaminiYekutieli(p []float64) ([]float64, error) {
	c := 0.0
	for i := range p {
		c += 1 / float64(i+1)
	}
	return stepUp("benjamini-hochberg-yekutieli", p, c)
}

func stepUp(figure string, p []float64, c float64) ([]float64, error) {
	if err := checkP(figure, p); err != nil {
		return nil, err
	}
	out, low, m := make([]float64, len(p)), 1.0, float64(len(p))
	idx := order(p)
	for j := len(idx) - 1; j >= 0; j-- {
		low = min(low, m*c/float64(j+1)*p[idx[j]])
		out[idx[j]] = low
	}
	return out, nil
}

const maxDegrees = 1e9

// StudentP is the two-sided p-value of t with dof degrees of freedom, from 1 to 10⁹.
func StudentP(t, dof float64) (float64, error) {
	if !finite(t) || !(dof >= 1 && dof <= maxDegrees) {
		return 0, degenerate("student p-value", "t is %v with %v degrees of freedom: t must be finite, with 1 to 1e9 degrees", t, dof)
	}
	return twoSided(t, dof), nil
}

// twoSided is the p-value. With many degrees it is Hill's expansion (Algorithm 395, CACM 13, 1970), there good to 10⁻¹²; else an incomplete beta
// function, whose logarithms of gamma would cancel there. Near the middle that is taken as the complement, whose argument keeps t² beside the
// degrees; the complement has 16 decimals, so the tail is computed directly.
func twoSided(t, dof float64) float64 {
	t = math.Abs(t)
	u := t * (t / dof)
	if math.IsInf(u, 0) {
		return 0
	}
	if dof > 10_000 {
		a := dof - 0.5
		b := 48 * a * a
		y := a * math.Log1p(u)
		z := (((-0.4*y-3.3)*y-24)*y-85.5)/(0.8*y*y+100+b) + y + 3
		return math.Erfc(math.Sqrt(y/2) * (1 + z/b))
	}
	if p := 1 - mathext.RegIncBeta(0.5, dof/2, u/(1+u)); p > 1e-6 {
		return p
	}
	return mathext.RegIncBeta(dof/2, 0.5, 1/(1+u))
}

// AutocorrelationFactor is what an annualised Sharpe ratio must be multiplied with when returns have first-order autocorrelation rho and
// there are q periods a year (Lo 2002; Harvey and Liu 2015): [1 + 2ρ/(1−ρ)·(1 − (1−ρ^q)/(q(1−ρ)))]^−½.
func AutocorrelationFactor(rho float64, q int) (float64, error) {
	const figure = "autocorrelation factor"
	if !(rho > -1 && rho < 1) || q < 1 {
		return 0, degenerate(figure, "autocorrelation %v with %d periods a year: it must lie between -1 and 1, with at least 1 period", rho, q)
	}
	n, e := float64(q), 1-rho
	v := 0.0
	if n*e < 1 { // the brackets cancel: by powers of 1−ρ, 1 − (1−ρ^q)/(q(1−ρ)) is (q−1)/2·(1−ρ) − (q−1)(q−2)/6·(1−ρ)² + …
		sum, term := 0.0, (n-1)/2
		for j := 1.0; math.Abs(term) > 1e-18*sum; j++ {
			sum += term
			term *= -(n - 1 - j) / (j + 2) * e
		}
		v = 1 + 2*rho*sum
	} else {
		v = 1 + 2*rho/e*(1-(1-math.Pow(rho, n))/(n*e))
	}
	if !(v > 0) {
		return 0, degenerate(figure, "autocorrelation %v leaves no variance over %d periods", rho, q)
	}
	return 1 / math.Sqrt(v), nil
}

// Haircut is what multiple testing leaves of a Sharpe ratio.
type Haircut struct {
	T         float64 // of the single test
	P         float64 // two-sided, Student's t with periods−1 degrees of freedom
	PAdjusted float64
	Sharpe    float64 // annual, what remains; exactly 0 when PAdjusted is 1
	Share     float64 // 1 − what remains/what was
}

// CutSharpe applies the Bonferroni haircut for trials tries to an annual Sharpe ratio above zero, measured over periods ≥ 3 returns,
// perYear of which make a year. Apply AutocorrelationFactor first where it applies.
func CutSharpe(annual float64, periods int, perYear float64, trials int) (Haircut, error) {
	return cut(annual, periods, perYear, trials, func(p float64) float64 { return min(1, p*float64(trials)) })
}

// CutSharpeTo is CutSharpe with an adjusted p-value from another method, such as Holm over the campaign's own p-values. No method adjusts
// below the single test's p.
func CutSharpeTo(annual float64, periods int, perYear, adjusted float64) (Haircut, error) {
	if !(adjusted >= 0 && adjusted <= 1) {
		return Haircut{}, degenerate("sharpe haircut", "the adjusted p-value is %v", adjusted)
	}
	return cut(annual, periods, perYear, 1, func(float64) float64 { return adjusted })
}

func cut(annual float64, periods int, perYear float64, trials int, adjust func(p float64) float64) (Haircut, error) {
	const figure = "sharpe haircut"
	if !(annual > 0) || !finite(annual) || periods < 3 || !(perYear > 0) || !finite(perYear) || trials < 1 {
		return Haircut{}, degenerate(figure, "annual sharpe ratio %v over %d periods, %v a year, %d trials: all must be above zero, with at least 3 periods", annual, periods, perYear, trials)
	}
	dof := float64(periods - 1)
	h := Haircut{T: annual / math.Sqrt(perYear) * sqrtN(periods)}
	var err error
	if h.P, err = StudentP(h.T, dof); err != nil {
		return Haircut{}, err
	}
	if h.PAdjusted = adjust(h.P); h.PAdjusted < h.P*(1-1e-9) {
		return Haircut{}, degenerate(figure, "the adjusted p-value %v is below that of the single test, %v", h.PAdjusted, h.P)
	}
	switch {
	case h.PAdjusted >= 1:
		h.PAdjusted = 1
	case h.PAdjusted <= 0 || h.PAdjusted == h.P:
		h.Sharpe = annual // nothing was taken off, or p is too small for a number
	default:
		h.Sharpe = studentT(h.PAdjusted, dof, h.T) * math.Sqrt(perYear) / sqrtN(periods)
	}
	h.Share = 1 - h.Sharpe/annual
	return h, nil
}

// studentT is the t from 0 to top whose two-sided p-value is p, to the last bits. It bisects because gonum's quantile (0.17) fails in the
// far tail: with 1000 degrees of freedom it answers −3·10⁹ for 10⁻²⁰, where −9.47 is right.
func studentT(p, dof, top float64) float64 {
	low := 0.0
	for {
		mid := low + (top-low)/2
		if mid <= low || mid >= top {
			return mid
		}
		if twoSided(mid, dof) > p {
			low = mid
		} else {
			top = mid
		}
	}
}
