package floor

import (
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/trade"

	"time"
)

// books are the figures of a session that its engine does not keep. Like the engine's, they follow from the inputs alone.
type books struct {
	start    money.Decimal
	peak     money.Decimal
	equity   money.Decimal // at the newest mark
	drawdown float64       // ≤ 0
	day      int64         // of the newest mark, days since 1970; 0 before the first
	before   *money.Decimal
	closed   int // round trips
	held     map[market.Market]money.Decimal
	at       time.Time // of the newest input
}

// mark counts the equity at a bar's close. A close at midnight belongs to the day that ends.
func (b *books) mark(p journal.EquityPoint) {
	if day := (p.Time.Unix() - 1) / 86400; day != b.day {
		if b.day != 0 {
			last := b.equity
			b.before = &last
		}
		b.day = day
	}
	b.equity = p.Equity
	b.peak = money.Max(b.peak, p.Equity)
	if fall := p.Equity.Float64()/b.peak.Float64() - 1; fall < b.drawdown {
		b.drawdown = fall
	}
}

func (b *books) fill(f *trade.Fill) {
	if b.held == nil {
		b.held = map[market.Market]money.Decimal{}
	}
	if f.Side == trade.Buy {
		b.held[f.Market] = b.held[f.Market].Add(f.Quantity)
		return
	}
	left := b.held[f.Market].Sub(f.Quantity)
	b.held[f.Market] = left
	if left.IsZero() {
		b.closed++
	}
}
