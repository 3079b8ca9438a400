package backtest

import (
	"time"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
)

// maxCurve bounds the points of a report's curve.
const maxCurve = 2000

// dayEnd is the exact equity at the end of one day that had bars; day counts from 1970-01-01.
type dayEnd struct {
	day          int64
	equity, hold money.Decimal
}

// meter takes one mark for each bar close and keeps what the figures need, in constant memory. Marks of one time, from several
// markets, count once: the last of them.
type meter struct {
	brief             bool // the strategy's side alone
	strat, hold       side
	at                int64 // time of the pending mark; −1: none
	equity, holdValue float64
	exposed, holdIn   bool
	curve             curve
}

// side accumulates one equity curve.
type side struct {
	marks   int
	exposed int
	sum     float64
	fall    fall
}

// fall tracks the largest drawdown and how long it lasted.
type fall struct {
	peak    float64
	peakAt  int64
	deepest float64 // ≤ 0
	from    int64   // peak of the deepest
	seconds int64   // of the deepest, once recovered
	under   bool    // the deepest has not recovered
}

func newMeter(cash float64, window int, brief bool) meter {
	return meter{brief: brief, at: -1, strat: side{fall: fall{peak: cash}}, hold: side{fall: fall{peak: cash}}, curve: newCurve(window)}
}

// begin says when the window opens: the starting cash is the first peak.
func (m *meter) begin(at int64) { m.strat.fall.peakAt, m.hold.fall.peakAt = at, at }

func (m *meter) mark(at int64, equity, hold float64, exposed, holdIn bool) {
	if at != m.at {
		m.commit()
	}
	m.at, m.equity, m.holdValue, m.exposed, m.holdIn = at, equity, hold, exposed, holdIn
}

func (m *meter) finish() {
	m.commit()
	m.strat.fall.end(m.at)
	m.hold.fall.end(m.at)
	m.curve.flush()
}

func (m *meter) commit() {
	if m.at < 0 {
		return
	}
	down := m.strat.add(m.at, m.equity, m.exposed)
	if m.brief {
		return
	}
	m.hold.add(m.at, m.holdValue, m.holdIn)
	m.curve.add(point{m.at, m.equity, m.holdValue, down})
}

// add takes one mark and returns how far it lies under the peak, ≤ 0.
func (s *side) add(at int64, equity float64, exposed bool) float64 {
	s.marks++
	s.sum += equity
	if exposed {
		s.exposed++
	}
	return s.fall.add(at, equity)
}

func (f *fall) add(at int64, equity float64) float64 {
	if equity >= f.peak {
		if f.under {
			f.seconds, f.under = at-f.from, false
		}
		f.peak, f.peakAt = equity, at
		return 0
	}
	down := equity/f.peak - 1
	if down < f.deepest {
		f.deepest, f.from, f.under = down, f.peakAt, true
	}
	return down
}

func (f *fall) end(at int64) {
	if f.under {
		f.seconds = at - f.from
	}
}

type point struct {
	at                 int64
	equity, hold, down float64
}

// curve thins marks for drawing: of each stretch the lowest, the highest and the last are kept, in time order.
type curve struct {
	size, n        int // marks in a stretch, marks so far in this one
	low, high, end point
	out            []report.Point
}

func newCurve(marks int) curve {
	size := 1
	if marks > maxCurve {
		stretches := maxCurve / 3
		size = (marks + stretches - 1) / stretches
	}
	return curve{size: size}
}

func (c *curve) add(p point) {
	if c.n == 0 || p.equity < c.low.equity {
		c.low = p
	}
	if c.n == 0 || p.equity > c.high.equity {
		c.high = p
	}
	c.end = p
	if c.n++; c.n == c.size {
		c.flush()
	}
}

func (c *curve) flush() {
	if c.n == 0 {
		return
	}
	c.n = 0
	first, second := c.low, c.high
	if second.at < first.at {
		first, second = second, first
	}
	last := int64(-1)
	for _, p := range [...]point{first, second, c.end} {
		if p.at != last {
			c.out = append(c.out, report.Point{Time: time.Unix(p.at, 0).UTC(), Equity: p.equity, Hold: p.hold, Drawdown: p.down})
			last = p.at
		}
	}
}
