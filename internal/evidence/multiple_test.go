package evidence

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// printed compares with a value that was printed with so many decimals.
func printed(t *testing.T, what string, got, want float64, decimals int) {
	t.Helper()
	if scale := math.Pow10(decimals); math.Round(got*scale) != math.Round(want*scale) {
		t.Errorf("%s: got %.9g, want %.*f", what, got, decimals, want)
	}
}

func TestSixRatiosOfThePaper(t *testing.T) {
	t.Parallel()
	var p []float64
	for _, x := range []float64{1.99, 2.63, 2.21, 3.43, 2.17, 2.64} {
		p = append(p, 2*distuv.UnitNormal.CDF(-x))
	}
	holm, bhy := must(Holm(p))(t), must(BenjaminiYekutieli(p))(t)
	for i, want := range []float64{.081315, .041453, .081315, .003621, .081315, .041453} {
		printed(t, "Holm", holm[i], want, 6)
	}
	for i, want := range []float64{.114148, .041839, .08822, .008873, .08822, .041839} {
		printed(t, "BHY", bhy[i], want, 6)
	}
}

func TestDiscoveriesAtFivePercent(t *testing.T) {
	t.Parallel()
	p := []float64{.005, .009, .0128, .0135, .045, .06}
	for name, c := range map[string]struct {
		f    func([]float64) ([]float64, error)
		want int
	}{"bonferroni": {Bonferroni, 1}, "holm": {Holm, 2}, "bhy": {BenjaminiYekutieli, 4}, "bh": {BenjaminiHochberg, 4}} {
		n := 0
		for _, v := range must(c.f(p))(t) {
			if v <= .05 {
				n++
			}
		}
		if n != c.want {
			t.Errorf("%s: %d discoveries, want %d", name, n, c.want)
		}
	}
}

// The order in which trials were tried says nothing, and no method lowers a p-value or leaves the range of one.
func TestAdjustmentsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	g := NewSplitMix(4)
	p := make([]float64, 40)
	for i := range p {
		p[i] = g.Uniform() * g.Uniform()
	}
	p[7] = p[8]
	turned := make([]float64, len(p))
	for i := range p {
		turned[i] = p[len(p)-1-i]
	}
	for name, f := range map[string]func([]float64) ([]float64, error){"bonferroni": Bonferroni, "holm": Holm, "bhy": BenjaminiYekutieli, "bh": BenjaminiHochberg} {
		a, b := must(f(p))(t), must(f(turned))(t)
		for i := range a {
			if a[i] != b[len(b)-1-i] || a[i] < p[i] || a[i] > 1 {
				t.Errorf("%s: p %v becomes %v, and %v when turned round", name, p[i], a[i], b[len(b)-1-i])
			}
		}
	}
}

func TestPrintedAutocorrelationFactors(t *testing.T) {
	t.Parallel()
	for q, want := range map[int]float64{360: .904788, 52: .906296, 12: .912245, 4: .928277, 1: 1} {
		printed(t, "factor", must(AutocorrelationFactor(.1, q))(t), want, 6)
	}
	near(t, "none", must(AutocorrelationFactor(0, 365))(t), 1, 0)
}

// Near a correlation of 1 the printed formula cancels; it is the variance of a sum of q correlated returns, added up here.
func TestAutocorrelationFactorsNearOne(t *testing.T) {
	t.Parallel()
	for _, q := range []int{1, 2, 3, 12, 365, 8760} {
		for _, rho := range []float64{-.9, -.3, 1e-9, .2, .9, .99, .999, 1 - 1e-4, 1 - 1e-5, 1 - 1e-8, 1 - 1e-12} {
			v, power := 1.0, 1.0
			for k := 1; k < q; k++ {
				power *= rho
				v += 2 * (1 - float64(k)/float64(q)) * power
			}
			near(t, fmt.Sprintf("factor(%v, %d)", rho, q), must(AutocorrelationFactor(rho, q))(t), 1/math.Sqrt(v), 1e-9)
		}
	}
}

// Values of t that are small beside the degrees of freedom; numeric integration of the density.
func TestStudentNearItsMiddle(t *testing.T) {
	t.Parallel()
	near(t, "p(1e-8, 3)", must(StudentP(1e-8, 3))(t), .99999999264895, 1e-13)
	near(t, "p(2, 1e9)", must(StudentP(2, 1e9))(t), .045500264166, 1e-10)
	near(t, "p(0, 5)", must(StudentP(0, 5))(t), 1, 0)
	for _, dof := range []float64{1, 3, 1e4, 1e6} {
		near(t, "p of a huge t", must(StudentP(1e200, dof))(t), 0, 0)
		if p := must(StudentP(1e150, dof))(t); !(p >= 0 && p < 1e-100) {
			t.Errorf("p(1e150, %v) is %v", dof, p)
		}
	}
	for x := 1e-9; x < 14; x *= 1.3 { // the expansion and the beta function say the same where they meet
		near(t, fmt.Sprintf("p(%v) across", x), must(StudentP(x, math.Nextafter(10_000, 9e9)))(t), must(StudentP(x, 10_000))(t), 1e-9)
	}
	before := 1.0
	for x := 4.8; x < 5.1; x += 1e-4 { // the middle and the tail meet where p is 10⁻⁶
		p := must(StudentP(x, 5000))(t)
		if p >= before || before < 1 && p < .9994*before {
			t.Fatalf("p(%v) = %v after %v", x, p, before)
		}
		before = p
	}
}

func TestHaircutToAnotherMethodsP(t *testing.T) {
	t.Parallel()
	const annual = .9122454608392983
	h := must(CutSharpeTo(annual, 120, 12, .46512300015943975))(t)
	near(t, "sharpe", h.Sharpe, .23173088626909502, 1e-9)
	near(t, "haircut", h.Share, .7459774849897369, 1e-9)
	near(t, "p", h.P, .0046512300015943975, 1e-9)
	if h = must(CutSharpeTo(annual, 120, 12, 1))(t); h.Sharpe != 0 || h.Share != 1 {
		t.Errorf("p of 1: got %+v", h)
	}
	if h = must(CutSharpe(annual, 120, 12, 1))(t); h.Sharpe != annual || h.Share != 0 {
		t.Errorf("one trial: got %+v", h)
	}
}

// In the far tail a cut of a hundred trials takes off little; p there was checked by numeric integration of the density.
func TestHaircutInTheFarTail(t *testing.T) {
	t.Parallel()
	p := must(StudentP(9.4, 1000))(t)
	near(t, "p", p, 2*1.7988699286635404e-20, 1e-9)
	annual := 9.4 / math.Sqrt(1001) * math.Sqrt(365)
	h := must(CutSharpe(annual, 1001, 365, 100))(t)
	if !(h.Sharpe > .9*annual && h.Sharpe < annual) {
		t.Errorf("got %v of %v", h.Sharpe, annual)
	}
	back := must(StudentP(h.Sharpe/math.Sqrt(365)*math.Sqrt(1001), 1000))(t)
	near(t, "p of what remains", back, h.PAdjusted, 1e-9)
}

func TestMultipleTestingRefuses(t *testing.T) {
	t.Parallel()
	adjust := func(p ...float64) error { _, err := Holm(p); return err }
	student := func(x, dof float64) error { _, err := StudentP(x, dof); return err }
	factor := func(rho float64, q int) error { _, err := AutocorrelationFactor(rho, q); return err }
	cut := func(annual float64, n int, year float64, trials int) error {
		_, err := CutSharpe(annual, n, year, trials)
		return err
	}
	to := func(p float64) error { _, err := CutSharpeTo(1, 120, 12, p); return err }
	for name, err := range map[string]error{
		"no p": adjust(), "p below 0": adjust(-.1), "p above 1": adjust(1.1), "p NaN": adjust(.1, math.NaN()),
		"t NaN": student(math.NaN(), 9), "t infinite": student(math.Inf(1), 9), "dof 0": student(1, 0), "dof NaN": student(1, math.NaN()),
		"rho 1": factor(1, 12), "rho NaN": factor(math.NaN(), 12), "q 0": factor(.1, 0),
		"sharpe 0": cut(0, 120, 12, 9), "sharpe NaN": cut(math.NaN(), 120, 12, 9), "two periods": cut(1, 2, 12, 9), "no year": cut(1, 120, 0, 9),
		"no trial": cut(1, 120, 12, 0), "adjusted above 1": to(1.1), "adjusted NaN": to(math.NaN()), "adjusted below p": to(1e-9),
	} {
		refused(t, name, err)
	}
}
