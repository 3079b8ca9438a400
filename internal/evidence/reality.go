package evidence

import "math"

// Snooping is the result of White's reality check (2000) and Hansen's test of superior predictive ability (2005): could the best of the
// trials look as good as it does if none beat the benchmark?
type Snooping struct {
	Best    int     // column of the highest mean
	StatRC  float64 // √T · highest mean difference
	StatSPA float64 // the highest studentised one, at least 0
	RC      float64 // White's p-value
	Lower   float64 // Hansen's p-values: lower bound,
	Center  float64 // the consistent one, which is the one to quote,
	Upper   float64 // and the upper bound
}

const (
	maxResamples   = 100_000
	maxSnoopTouch  = 20_000_000_000 // multiplications: periods × trials × (resamples + periods)
	minSnoopPeriod = 3              // √(2·ln ln T) needs T > e
)

// snooper holds the differences and what each resample is compared with.
type snooper struct {
	d        Matrix
	means    []float64
	omega    []float64    // long-run deviation of each column
	g        [3][]float64 // the centres of Hansen's three nulls
	draws    []int        // how often each period is in the resample
	stars    []float64    // means of the resample
	exceeded [4]int
}

// RealityCheck tests differences (periods × trials: return of the trial less that of its benchmark) by the stationary bootstrap of Politis
// and Romano (1994): resamples draws from 1 to 100,000, each built of runs of mean length 1/restart, restart in (0, 1].
// The same seed gives the same answer. The cost is periods·trials·(resamples + periods), which must not exceed 2·10¹⁰.
func RealityCheck(differences Matrix, resamples int, restart float64, seed uint64) (Snooping, error) {
	const figure = "reality check"
	if err := differences.check(figure); err != nil {
		return Snooping{}, err
	}
	switch {
	case differences.Rows < minSnoopPeriod:
		return Snooping{}, degenerate(figure, "%d periods, at least %d are needed", differences.Rows, minSnoopPeriod)
	case resamples < 1 || resamples > maxResamples:
		return Snooping{}, degenerate(figure, "%d resamples, it takes 1 to %d", resamples, maxResamples)
	case !(restart > 0 && restart <= 1):
		return Snooping{}, degenerate(figure, "the restart probability is %v, it must be above 0 and at most 1", restart)
	case float64(len(differences.Data))*float64(resamples+differences.Rows) > maxSnoopTouch:
		return Snooping{}, degenerate(figure, "%d periods × %d trials × %d resamples are more work than the limit of %d: take fewer resamples",
			differences.Rows, differences.Cols, resamples, maxSnoopTouch)
	}
	s, err := newSnooper(differences, restart)
	if err != nil {
		return Snooping{}, err
	}
	out := s.observed()
	if !finite(out.StatRC) || !finite(out.StatSPA) {
		return Snooping{}, degenerate(figure, "the differences are too large")
	}
	gen := NewSplitMix(seed)
	for range resamples {
		s.resample(gen, restart)
		s.compare(out.StatRC, out.StatSPA)
	}
	b := float64(resamples)
	out.RC, out.Lower = float64(s.exceeded[0])/b, float64(s.exceeded[1])/b
	out.Center, out.Upper = float64(s.exceeded[2])/b, float64(s.exceeded[3])/b
	return out, nil
}

// newSnooper measures each column and sets Hansen's three centres.
func newSnooper(d Matrix, restart float64) (*snooper, error) {
	const figure = "reality check"
	s := &snooper{d: d, means: make([]float64, d.Cols), omega: make([]float64, d.Cols), draws: make([]int, d.Rows), stars: make([]float64, d.Cols)}
	for i := range s.g {
		s.g[i] = make([]float64, d.Cols)
	}
	t := float64(d.Rows)
	kernel := bootstrapKernel(d.Rows, restart)
	col := make([]float64, d.Rows)
	for k := range d.Cols {
		for r := range col {
			col[r] = d.At(r, k)
		}
		if constant(col) {
			return nil, degenerate(figure, "trial %d never differs from its mean difference to the benchmark, so it has no variance", k)
		}
		m := mean(col)
		v := longRunVariance(col, m, kernel)
		if !(v > 0) || !finite(v) || !finite(m) {
			return nil, degenerate(figure, "the long-run variance of trial %d is %.4g, it must be above zero", k, v)
		}
		s.means[k], s.omega[k] = m, math.Sqrt(v)
		s.g[0][k] = max(m, 0)
		if m >= -math.Sqrt(v/t*2*math.Log(math.Log(t))) {
			s.g[1][k] = m
		}
		s.g[2][k] = m
	}
	return s, nil
}

// bootstrapKernel weighs the autocovariance of each lag as the stationary bootstrap does (Politis and Romano 1994, lemma 1).
func bootstrapKernel(n int, restart float64) []float64 {
	kernel, t := make([]float64, n), float64(n)
	for i := 1; i < n; i++ {
		kernel[i] = (t-float64(i))/t*math.Pow(1-restart, float64(i)) + float64(i)/t*math.Pow(1-restart, t-float64(i))
	}
	return kernel
}

// longRunVariance centres col in place.
func longRunVariance(col []float64, m float64, kernel []float64) float64 {
	squares := 0.0
	for i := range col {
		col[i] -= m
		squares += col[i] * col[i]
	}
	t := float64(len(col))
	v := squares / t
	for lag := 1; lag < len(col); lag++ {
		if kernel[lag] == 0 {
			continue
		}
		c := 0.0
		for i, x := range col[lag:] {
			c += x * col[i]
		}
		v += 2 * kernel[lag] * c / t
	}
	return v
}

func (s *snooper) observed() Snooping {
	out := Snooping{}
	root := sqrtN(s.d.Rows)
	for k, m := range s.means {
		if m > s.means[out.Best] {
			out.Best = k
		}
		out.StatSPA = max(out.StatSPA, root*m/s.omega[k])
	}
	out.StatRC = root * s.means[out.Best]
	return out
}

// resample draws the periods and averages each column over them. Summing by how often a period was drawn touches the matrix in order.
func (s *snooper) resample(gen *SplitMix, restart float64) {
	t := s.d.Rows
	clear(s.draws)
	clear(s.stars)
	at := gen.intn(t)
	s.draws[at]++
	for range t - 1 {
		if gen.Uniform() < restart {
			at = gen.intn(t)
		} else if at++; at == t {
			at = 0
		}
		s.draws[at]++
	}
	for r, n := range s.draws {
		if n == 0 {
			continue
		}
		for k, x := range s.d.Data[r*s.d.Cols : (r+1)*s.d.Cols] {
			s.stars[k] += float64(n) * x
		}
	}
	for k := range s.stars {
		s.stars[k] /= float64(t)
	}
}

// compare counts which of the four statistics the resample reaches.
func (s *snooper) compare(rc, spa float64) {
	root := sqrtN(s.d.Rows)
	white := math.Inf(-1)
	hansen := [3]float64{}
	for k, star := range s.stars {
		white = max(white, root*(star-s.means[k]))
		for i := range hansen {
			hansen[i] = max(hansen[i], root*(star-s.g[i][k])/s.omega[k])
		}
	}
	if white >= rc {
		s.exceeded[0]++
	}
	for i, v := range hansen {
		if v >= spa {
			s.exceeded[i+1]++
		}
	}
}
