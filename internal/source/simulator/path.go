package simulator

import "math"

// step is one minute in ticks of the coin; volume in 1e-4 coins.
type step struct {
	open, high, low, close, volume int64
}

// mix is splitmix64's finaliser (Steele, Lea, Flood 2014): a hash that passes for random, the same on every machine.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// normal is nearly Gaussian: the sum of four uniform numbers (Irwin–Hall), scaled to variance 1. All of its steps are exact or
// explicitly rounded, so that no machine's fused multiply-add changes a price.
func normal(h uint64) float64 {
	s := int64(h&0xffff) + int64(h>>16&0xffff) + int64(h>>32&0xffff) + int64(h>>48)
	return float64(float64(s-131070) / 37837.5)
}

// regime is how a stretch of days behaves: drift of each day and a factor on its volatility.
type regime struct{ drift, volatility float64 }

// regimeOf draws a regime for each five days: six in ten range, four trend up or down, and one in thirty begins with a two-day crash.
// The drifts are small beside a day's noise, so that yesterday says next to nothing about today.
func regimeOf(seed uint64, day int64) regime {
	switch h := mix(seed ^ mix(uint64(day/5)) ^ 0x5e61); {
	case h%30 == 0 && day%5 < 2:
		return regime{drift: -0.06, volatility: 2.2}
	case h%10 < 2:
		return regime{drift: 0.006, volatility: 1.05}
	case h%10 < 4:
		return regime{drift: -0.004, volatility: 1.15}
	}
	return regime{drift: 0.0015, volatility: 0.85}
}

// days walks one market from day to day: a random walk with GARCH volatility, shared in part with every market of the seed, pulled
// gently back to its base over years. It always begins on 1970-01-01, so that a day is the same whatever window it is asked in.
type days struct {
	day         int64
	level       float64    // logarithm of the price over its base at the day's start
	common, own volatility // of days
	// The day's own: its change of level and the factors on its minutes' noise.
	change, commonFactor, ownFactor float64
}

// pull is the share of the distance to the base that is lost each day: half of it in about two years.
const pull = 0.00095

// minutesRoot turns a minute's volatility into a day's.
const minutesRoot = 37.94733192202055

func (w *Stream) startDays() {
	w.days = days{common: volatility{h: 1, reg: 1}, own: volatility{h: 1, reg: 1}}
	w.days.draw(w.sim, w.c)
}

// draw makes the change of the day that d stands at.
func (d *days) draw(sim uint64, c coin) {
	reg := regimeOf(sim, d.day)
	key := mix(uint64(d.day) ^ 0xd1)
	d.commonFactor, d.ownFactor = float64(reg.volatility*math.Sqrt(d.common.h)), math.Sqrt(d.own.h)
	zc, zo := d.common.draw(mix(sim^key)), d.own.draw(mix(c.key^key))
	sigma := float64(c.volatility * minutesRoot)
	noise := float64(float64(c.beta*float64(reg.volatility*zc)) + float64(ownShare*zo))
	d.change = float64(float64(float64(c.beta*reg.drift)+float64(sigma*noise)) - float64(pull*d.level))
}

// to moves to a day at or after where d stands.
func (d *days) to(day int64, sim uint64, c coin) {
	for d.day < day {
		d.level = float64(d.level + d.change)
		d.day++
		d.draw(sim, c)
	}
}

// ownShare is the weight of a coin's own noise beside the common one, whose weight is its beta.
const ownShare = 0.55

// fill makes one day: a bridge from its level to the next day's, with noise whose volatility clusters and jumps now and then.
func (w *Stream) fill(day int64) {
	w.days.to(day, w.sim, w.c)
	from, to := w.days.level, float64(w.days.level+w.days.change)
	var walk [blockSteps + 1]float64
	common := volatility{h: 1, reg: w.days.commonFactor}
	own := volatility{h: 1, reg: w.days.ownFactor}
	dayKey := mix(uint64(day) ^ 0xda)
	var calm [blockSteps]float64
	for i := range blockSteps {
		season := seasonOf(i)
		hc, ho := mix(w.sim^dayKey^mix(uint64(i))), mix(w.c.key^dayKey^mix(uint64(i)))
		zc, zo := common.draw(hc), own.draw(ho)
		move := float64(float64(w.c.beta*zc) + float64(ownShare*zo))
		walk[i+1] = float64(walk[i] + float64(float64(w.c.volatility*season)*move))
		calm[i] = math.Abs(move)
	}
	drift := float64(float64(float64(to-from)-walk[blockSteps]) / blockSteps)
	tick := math.Pow10(int(w.c.scale))
	price := func(i int) int64 {
		return max(1, int64(math.Round(float64(float64(w.c.base*exp(float64(from+float64(walk[i]+float64(drift*float64(i))))))*tick))))
	}
	previous := price(0)
	for i := range blockSteps {
		st := &w.steps[i]
		st.open, st.close = previous, price(i+1)
		previous = st.close
		h := mix(w.c.key ^ dayKey ^ mix(uint64(i)+1<<32))
		wick := float64(float64(st.open) * float64(w.c.volatility*0.6))
		st.high = max(st.open, st.close) + int64(float64(wick*unit(h)))
		st.low = max(1, min(st.open, st.close)-int64(float64(wick*unit(mix(h)))))
		activity := float64(float64(0.3+calm[i]) * float64(seasonOf(i)*float64(0.4+unit(mix(h^7)))))
		st.volume = max(1, int64(float64(float64(w.c.volume*activity)*1e4)))
	}
}

// volatility is a GARCH(1,1) of unit long-run variance with rare jumps.
type volatility struct{ h, reg float64 }

func (v *volatility) draw(hash uint64) float64 {
	z := normal(hash)
	if j := mix(hash ^ 0x1a); j%400 == 0 {
		z = float64(z * 5)
	}
	e := float64(math.Sqrt(v.h) * z)
	v.h = min(30, float64(float64(0.03+float64(0.12*float64(e*e)))+float64(0.84*v.h)))
	return float64(e * v.reg)
}

// seasonOf is the activity at a minute of the UTC day: low in the small hours, highest when Europe and America overlap.
func seasonOf(minute int) float64 {
	hours := [...]float64{0.9, 0.85, 0.8, 0.75, 0.7, 0.7, 0.75, 0.9, 1, 1, 1, 1, 1.1, 1.3, 1.5, 1.5, 1.4, 1.3, 1.2, 1.1, 1.05, 1, 0.95, 0.9}
	return hours[minute/60]
}

// exp is e^x by a fixed series with every product rounded, since math.Exp is assembly on some platforms and differs in its last bit.
func exp(x float64) float64 {
	k := math.Floor(float64(float64(x*1.4426950408889634) + 0.5))
	r := float64(float64(x-float64(k*0.693147180369123816490)) - float64(k*1.90821492927058770002e-10))
	sum := 1.0
	for n := 12; n >= 1; n-- {
		sum = float64(1 + float64(float64(r*sum)/float64(n)))
	}
	return math.Ldexp(sum, int(k))
}
