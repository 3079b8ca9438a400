package evidence

import (
	"bufio"
	"compress/gzip"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/sharedtest"
)

// must takes a result that has to be there.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func column(t *testing.T, rel string) []float64 {
	t.Helper()
	f, err := os.Open(sharedtest.Path(t, rel))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []float64
	for s := bufio.NewScanner(z); s.Scan(); {
		v, err := strconv.ParseFloat(strings.TrimSpace(s.Text()), 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func TestPublishedReturns(t *testing.T) {
	t.Parallel()
	returns := column(t, "data/ref-portfolio-stats/returns_for_tests.csv.gz")
	s := must(Describe(returns))(t)
	if s.T != 50 {
		t.Errorf("%d returns, want 50", s.T)
	}
	near(t, "sharpe", s.Sharpe, .24171729852769175, 1e-9)
	near(t, "skew", s.Skew, -1.1395656849264317, 1e-9)
	near(t, "kurtosis", s.Kurtosis, 4.635861094210872, 1e-9)
	near(t, "sigma", must(s.StdError())(t), .16466174867277414, 1e-9)
	near(t, "PSR", must(s.PSR(.05))(t), .8778507701221461, 1e-9)
	near(t, "minTRL", must(s.MinTrackRecord(.05, .90))(t), 60.365085269027034, 1e-9)
	value(t, "annual", DailyRatios(returns).Sharpe, .24171729852769175*math.Sqrt(365))
}

func TestExpectedBestOfTheWorthless(t *testing.T) {
	t.Parallel()
	paper := Sample{2.5 / math.Sqrt(250), -3, 10, 1250}
	near(t, "SR0 of the paper", must(DeflateBy(paper, math.Sqrt(.5/250), 100))(t).SR0, .11317200186513214, 1e-9)
	lab := Sample{1.14, 0, 3, 250}
	d := must(DeflateBy(lab, .4, 100))(t)
	near(t, "SR0 of mlfinlab", d.SR0, 1.012241157280674, 1e-9)
	if d.Sigma != .4 || d.Trials != 100 || d.Note != "" {
		t.Errorf("got %+v", d)
	}
	// The variance of {.1, .2, .3, .4, .5} is .025 with ddof 1; the count of trials may exceed those that have a sharpe ratio.
	d = must(Deflate(lab, []float64{.1, .2, .3, .4, .5}, 10))(t)
	near(t, "sigma", d.Sigma, math.Sqrt(.025), 1e-9)
	near(t, "SR0", d.SR0, math.Sqrt(.025)*1.57459830134575, 1e-9)
	near(t, "DSR", d.DSR, must(lab.PSR(d.SR0))(t), 1e-9)
}

// The same three trials pass or fail by the choice of ddof, which is why so few are refused.
func TestDeflationOfThreeTrialsHangsOnTheDegreesOfFreedom(t *testing.T) {
	t.Parallel()
	trials, lab := []float64{3.5, 1.01, 1.02}, Sample{1.14, 0, 3, 250}
	top := must(ExpectedMax(3))(t)
	near(t, "ddof 1", must(lab.PSR(math.Sqrt(variance(trials))*top))(t), .15237512361221794, 1e-9)
	near(t, "ddof 0", must(lab.PSR(math.Sqrt(variance(trials)*2/3)*top))(t), .9583658117478662, 1e-9)
	_, err := Deflate(lab, trials, 100)
	refused(t, "three of a hundred", err)
}

func TestEqualTrialsSelectNothing(t *testing.T) {
	t.Parallel()
	s := Sample{.1, 0, 3, 250}
	d := must(Deflate(s, []float64{.1, .1, .1, .1, .1}, 7))(t)
	if d.DSR != must(s.PSR(0))(t) || d.SR0 != 0 || d.Note == "" {
		t.Errorf("got %+v", d)
	}
}

func TestEffectiveTrials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rho  float64
		m    int
		want float64
	}{{0, 100, 100}, {1, 100, 1}, {.5, 10, 5.5}, {.9, 21, 3}, {-.5, 3, 4}, {-1, 1, 1}} {
		near(t, "effective trials", must(EffectiveTrials(c.rho, c.m))(t), c.want, 1e-12)
	}
	for _, c := range []struct {
		rho float64
		m   int
	}{{0, 0}, {1.01, 5}, {-1.01, 1}, {math.NaN(), 5}, {-.26, 5}} {
		_, err := EffectiveTrials(c.rho, c.m)
		refused(t, "effective trials", err)
	}
}

func TestSharpeRefuses(t *testing.T) {
	t.Parallel()
	ok := Sample{.1, 0, 3, 100}
	describe := func(r ...float64) error { _, err := Describe(r); return err }
	psr := func(s Sample, b float64) error { _, err := s.PSR(b); return err }
	track := func(b, c float64) error { _, err := ok.MinTrackRecord(b, c); return err }
	top := func(n float64) error { _, err := ExpectedMax(n); return err }
	cut := func(n int, sharpes ...float64) error { _, err := Deflate(ok, sharpes, n); return err }
	by := func(sigma float64, n int) error { _, err := DeflateBy(ok, sigma, n); return err }
	years := func(n, sr float64) error { _, _, err := MinBacktestYears(n, sr); return err }
	_, sigma := Sample{1.2, 2, 3, 50}.StdError()
	for name, err := range map[string]error{
		"two returns": describe(.1, .2), "NaN return": describe(.1, math.NaN(), .2), "equal": describe(.1, .1, .1, .1),
		"moments overflow": describe(1e200, -1e200, 0), "moments vanish": describe(1e-200, -1e-200, 0),
		"sigma": sigma, "benchmark NaN": psr(ok, math.NaN()), "sharpe NaN": psr(Sample{math.NaN(), 0, 3, 9}, 0), "T of 2": psr(Sample{.1, 0, 3, 2}, 0),
		"benchmark above": track(.2, .95), "confidence 0": track(0, 0), "confidence 1": track(0, 1), "confidence NaN": track(0, math.NaN()),
		"minTRL benchmark NaN": track(math.NaN(), .95),
		"one trial":            top(1), "trials NaN": top(math.NaN()), "trials infinite": top(math.Inf(1)), "too many trials": top(1e16),
		"four trials": cut(4, .1, .2, .3, .4), "fewer than those with a sharpe ratio": cut(4, .1, .2, .3, .4, .5), "NaN trial": cut(5, .1, .2, .3, .4, math.NaN()),
		"sigma below 0": by(-1, 10), "sigma NaN": by(math.NaN(), 10), "sigma infinite": by(math.Inf(1), 10), "deflate by four": by(.1, 4),
		"no sharpe": years(45, 0), "sharpe below 0": years(45, -1), "tiny sharpe": years(45, 1e-200), "years of one trial": years(1, 1),
	} {
		refused(t, name, err)
	}
}
