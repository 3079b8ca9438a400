package evidence

import (
	"errors"
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*max(math.Abs(want), 1e-300)) {
		t.Errorf("%s: got %.17g, want %.17g", what, got, want)
	}
}

func refused(t *testing.T, what string, err error) {
	t.Helper()
	var d *DegenerateError
	if !errors.As(err, &d) || d.Reason == "" {
		t.Errorf("%s: got %v, want a DegenerateError with a reason", what, err)
	}
}

// mat fills a matrix with 0.01·Normal, row by row.
func mat(seed uint64, rows, cols int) Matrix {
	m := Matrix{Rows: rows, Cols: cols, Data: make([]float64, rows*cols)}
	g := NewSplitMix(seed)
	for i := range m.Data {
		m.Data[i] = 0.01 * g.Normal()
	}
	return m
}

func TestGenerator(t *testing.T) {
	t.Parallel()
	g := NewSplitMix(1)
	for _, want := range []uint64{10451216379200822465, 13757245211066428519, 17911839290282890590} {
		if got := g.Uint64(); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	g = NewSplitMix(1)
	if a, b := g.Normal(), g.Normal(); a != 1.4243480905156511 || b != -0.6189042598785681 {
		t.Errorf("got %v, %v", a, b)
	}
	near(t, "MAT(7)[0,0]", mat(7, 1, 1).Data[0], -0.010009541026316918, 0)
}

func TestSharpeWorkedNumbers(t *testing.T) {
	t.Parallel()
	s := Sample{Sharpe: .458, T: 24, Kurtosis: 3}
	psr := func(s Sample, b, want float64) {
		t.Helper()
		got, err := s.PSR(b)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "PSR", got, want, 1e-9)
	}
	track := func(s Sample, b, confidence, per, want float64) {
		t.Helper()
		got, err := s.MinTrackRecord(b, confidence)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "minTRL", got/per, want, 1e-9)
	}
	psr(s, 0, .9816749190910771)
	s.Skew, s.Kurtosis = -2.448, 10.164
	psr(s, 0, .913361083860933)
	s.Sharpe = 1.585 / math.Sqrt(12)
	psr(s, 0, .9132343068848602)
	for _, c := range []struct {
		s            Sample
		sigma, years float64
	}{
		{Sample{.7079, -.2250, 2.9570, 134}, .10276082308007262, .7152156942951801},
		{Sample{.8183, -1.4455, 7.0497, 134}, .15500654727884933, 1.159302661381875},
	} {
		got, err := c.s.StdError()
		if err != nil {
			t.Fatal(err)
		}
		near(t, "sigma", got, c.sigma, 1e-9)
		track(c.s, 0, .95, 12, c.years)
	}
	track(Sample{2 / math.Sqrt(250), 0, 3, 100}, 1/math.Sqrt(250), .95, 250, 2.731187801728176)
	track(Sample{2 / math.Sqrt(52), 0, 3, 100}, 1/math.Sqrt(52), .95, 52, 2.828833586945237)
	track(Sample{3 / math.Sqrt(12), -.72, 5.78, 100}, 2.5/math.Sqrt(12), .95, 12, 27.3529201960403)
	lab := Sample{1.14, 0, 3, 250}
	psr(lab, 1, .9572778803273129)
	track(lab, 1, .95, 1, 228.73497911054176)
	_, err := Sample{1.2, 2, 3, 50}.PSR(0)
	refused(t, "no such distribution", err)
	_, err = Sample{.1, 0, 3, 1}.PSR(0)
	refused(t, "one return", err)
	_, err = Sample{.1, 0, 3, 100}.MinTrackRecord(.1, .95)
	refused(t, "equal to the benchmark", err)
	_, err = Describe([]float64{.1, .1, .1, .1})
	refused(t, "constant", err)
}

func TestDeflationWorkedNumbers(t *testing.T) {
	t.Parallel()
	for n, want := range map[float64]float64{5: 1.1925940010147893, 10: 1.57459830134575, 45: 2.2356401777664052, 100: 2.5306028932016846, 1000: 3.255121513652723} {
		got, err := ExpectedMax(n)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "E[max]", got, want, 1e-9)
	}
	sd, sr := math.Sqrt(.5/250), 2.5/math.Sqrt(250)
	near(t, "sd", sd, .044721359549995794, 1e-9)
	for _, c := range []struct {
		s     Sample
		sigma float64
		n     int
		want  float64
	}{
		{Sample{sr, -3, 10, 1250}, sd, 100, .9003968344493903}, {Sample{sr, -3, 10, 1250}, sd, 46, .9505017068755787},
		{Sample{sr, -3, 10, 1250}, sd, 88, .910153014744707}, {Sample{sr, 0, 3, 1250}, sd, 88, .9504908166760139},
		{Sample{sr, 0, 3, 1250}, sd, 100, .9427705859565294}, {Sample{1.14, 0, 3, 250}, .4, 100, .9417400125058399},
	} {
		d, err := DeflateBy(c.s, c.sigma, c.n)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "DSR", d.DSR, c.want, 1e-9)
	}
	years, bound, err := MinBacktestYears(45, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "minBTL", years, 4.998087004443404, 1e-9)
	near(t, "minBTL bound", bound, 7.613324979540639, 1e-9)
	_, err = Deflate(Sample{1.14, 0, 3, 250}, []float64{3.5, 1.01, 1.02}, 3)
	refused(t, "three trials", err)
}

func TestOverfittingWorkedNumbers(t *testing.T) {
	t.Parallel()
	edge := mat(7, 1000, 20)
	for r := range edge.Rows {
		edge.Data[r*20+3] += .002
	}
	for _, c := range []struct {
		m                                        Matrix
		blocks, splits                           int
		pbo, logit, slope, intercept, outOfSampl float64
	}{
		{mat(7, 160, 10), 8, 70, .4714285714285714, -.0018541282252817544, -.8075260710610667, .0788749378856747, .5428571428571428},
		{mat(7, 1000, 20), 16, 12870, .4153069153069153, .12389589113492593, -.4536481120675264, .048767278554616704, .35003885003885005},
		{edge, 16, 12870, 7.77000777000777e-05, 2.9953292361234194, -.9970466832270313, .4200368726017266, 7.77000777000777e-05},
		{mat(7, 1000, 20), 8, 70, .34285714285714286, .46864410003193047, -.5877279240856564, math.NaN(), .2571428571428571},
	} {
		o, err := ProbabilityOfOverfitting(c.m, c.blocks)
		if err != nil {
			t.Fatal(err)
		}
		if o.Splits != c.splits {
			t.Errorf("%d splits, want %d", o.Splits, c.splits)
		}
		near(t, "PBO", o.PBO, c.pbo, 1e-9)
		near(t, "logit", o.MeanLogit, c.logit, 1e-9)
		near(t, "slope", o.Slope.V, c.slope, 1e-9)
		if !math.IsNaN(c.intercept) {
			near(t, "intercept", o.Intercept.V, c.intercept, 1e-9)
		}
		near(t, "loss", o.OutOfSample, c.outOfSampl, 1e-9)
	}
	_, err := ProbabilityOfOverfitting(mat(7, 160, 10), 7)
	refused(t, "odd blocks", err)
}

func TestMultipleTestingWorkedNumbers(t *testing.T) {
	t.Parallel()
	p := []float64{.005, .009, .0128, .0135, .045, .06}
	for name, c := range map[string]struct {
		f    func([]float64) ([]float64, error)
		want []float64
	}{
		"bonferroni": {Bonferroni, []float64{.03, .054, .0768, .081, .27, .36}},
		"holm":       {Holm, []float64{.03, .045, .0512, .0512, .09, .09}},
		"bhy":        {BenjaminiYekutieli, []float64{.0496125, .0496125, .0496125, .0496125, .1323, .147}},
		"bh":         {BenjaminiHochberg, []float64{.02025, .02025, .02025, .02025, .054, .06}},
	} {
		got, err := c.f(p)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			near(t, name, got[i], c.want[i], 1e-9)
		}
		_, err = c.f([]float64{math.NaN()})
		refused(t, name, err)
	}
	for q, want := range map[int]float64{360: .904788, 52: .906296, 12: .912245, 4: .928277, 1: 1} {
		got, err := AutocorrelationFactor(.1, q)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "factor", got, want, 1e-6)
	}
	f, _ := AutocorrelationFactor(.1, 12)
	near(t, "adjusted", f, .9122454608392983, 1e-9)
	h, err := CutSharpe(f, 120, 12, 100)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "t", h.T, 2.8847734414021216, 1e-9)
	near(t, "p", h.P, .0046512300015943975, 1e-9)
	near(t, "p adjusted", h.PAdjusted, .46512300015943975, 1e-9)
	near(t, "sharpe", h.Sharpe, .23173088626909502, 1e-9)
	near(t, "haircut", h.Share, .7459774849897369, 1e-9)
	if h, err = CutSharpe(f, 120, 12, 1000); err != nil || h.Sharpe != 0 || h.Share != 1 {
		t.Errorf("p of 1: got %+v, %v", h, err)
	}
}
