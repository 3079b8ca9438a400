package evidence

import (
	"math"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// tries runs n campaigns and counts those that pass, those whose plain PSR would, and those in which the planted trial was the best.
func tries(t *testing.T, n int, c NoiseCampaign, th Thresholds) (pass, naive, planted int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan uint64)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed := range next {
				one := c
				one.Seed = seed
				j, err := one.Try(th)
				mu.Lock()
				if err != nil {
					t.Error(err)
				}
				if j.Pass {
					pass++
				}
				if j.PSR > .95 {
					naive++
				}
				if j.Planted {
					planted++
				}
				mu.Unlock()
			}
		})
	}
	for seed := range n {
		next <- uint64(seed + 1)
	}
	close(next)
	wg.Wait()
	return pass, naive, planted
}

// The statistics of the gate promote no noise and most of what has a large edge. `make eval-gate` runs 1,000 campaigns; the suite fewer.
func TestNoiseIsNotPromoted(t *testing.T) {
	t.Parallel()
	noise, edges := 60, 60
	if text := os.Getenv("OMC_EVAL_GATE"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100_000 {
			t.Fatalf("OMC_EVAL_GATE=%q: want a number of campaigns", text)
		}
		noise, edges = n, n
	}
	th := Thresholds{DSR: .95, PBO: .2}
	c := NoiseCampaign{Trials: 100, Days: 1000, Blocks: 10}
	for _, rho := range []float64{0, .8} { // independent trials; variants of one strategy
		c.Correlation = rho
		pass, naive, _ := tries(t, noise, c, th)
		t.Logf("noise, correlation %.1f: %d of %d campaigns pass (%.1f %%); a plain PSR above 0.95 would pass %.1f %%", rho, pass, noise, 100*float64(pass)/float64(noise), 100*float64(naive)/float64(noise))
		if float64(pass) > .01*float64(noise) {
			t.Errorf("correlation %.1f: %d of %d campaigns of noise pass", rho, pass, noise)
		}
		if rho == 0 && float64(naive) < .9*float64(noise) || rho > 0 && float64(naive) > .6*float64(noise) {
			t.Errorf("correlation %.1f: a plain PSR passes %d of %d: the campaigns are not what they should be", rho, naive, noise)
		}
		alone, _, _ := tries(t, noise, c, Thresholds{DSR: th.DSR, PBO: 1})
		t.Logf("noise, correlation %.1f: the deflated Sharpe ratio alone passes %.1f %%", rho, 100*float64(alone)/float64(noise))
		if alone < pass {
			t.Errorf("correlation %.1f: %d pass by one criterion, %d by both", rho, alone, pass)
		}
	}
	c.Correlation = 0
	pass29 := .45 // a few campaigns scatter
	if edges >= 400 {
		pass29 = .55
	}
	for _, e := range []struct{ annual, least, most float64 }{{1.9, 0, .45}, {2.9, pass29, .9}, {3.8, .85, 1}} {
		c.Edge = e.annual
		pass, _, planted := tries(t, edges, c, th)
		share := float64(pass) / float64(edges)
		t.Logf("edge %.1f: %d of %d campaigns pass (%.1f %%); the planted trial was the best in %.1f %%", e.annual, pass, edges, 100*share, 100*float64(planted)/float64(edges))
		if share < e.least || share > e.most {
			t.Errorf("edge %.1f: %.2f pass, want %.2f to %.2f", e.annual, share, e.least, e.most)
		}
	}
}

// A campaign is what it says: days of 1 %, two trials as correlated as asked for, and the edge where it was planted.
func TestNoiseCampaignIsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, rho := range []float64{0, .3, .8, 1} {
		m := NoiseCampaign{Trials: 6, Days: 40_000, Edge: 4, Correlation: rho, Seed: 3}.returns()
		col := func(k int) []float64 {
			x := make([]float64, m.Rows)
			for i := range x {
				x[i] = m.At(i, k)
			}
			return x
		}
		plain, edge := col(1), col(3)
		pm, em := mean(plain), mean(edge)
		var xy, xx, yy float64
		for i := range plain {
			xy += (plain[i] - pm) * (edge[i] - em)
			xx += (plain[i] - pm) * (plain[i] - pm)
			yy += (edge[i] - em) * (edge[i] - em)
		}
		n := float64(m.Rows)
		if got := xy / math.Sqrt(xx*yy); math.Abs(got-rho) > .015 {
			t.Errorf("correlation %v, want %v", got, rho)
		}
		if sd := math.Sqrt(yy / n); math.Abs(sd-.01) > 1e-4 {
			t.Errorf("a deviation of %v a day", sd)
		}
		if got := (em - pm) / .01 * math.Sqrt(365); math.Abs(got-4) > .3 { // its error is √(365·2/40,000·(1 − ρ)) = 0.14 at most
			t.Errorf("an edge of %v a year, want 4", got)
		}
	}
	for name, c := range map[string]NoiseCampaign{
		"four trials": {Trials: 4, Days: 100, Blocks: 10}, "few days": {Trials: 10, Days: 39, Blocks: 10}, "no block": {Trials: 10, Days: 100}, "an odd number": {Trials: 10, Days: 100, Blocks: 9},
		"too much": {Trials: 10_000, Days: 10_000, Blocks: 10}, "no edge": {Trials: 10, Days: 100, Blocks: 10, Edge: math.NaN()}, "a correlation of two": {Trials: 10, Days: 100, Blocks: 10, Correlation: 2},
	} {
		_, err := c.Try(Thresholds{})
		refused(t, name, err)
	}
}
