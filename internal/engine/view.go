package engine

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/risk"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// view is the strategy's Context: the engine without what a strategy has no business with.
type view struct{ e *Engine }

var _ strategy.Context = (*view)(nil)

// Now is the event's time.
func (v *view) Now() time.Time { return v.e.Now() }

// WarmingUp reports, in OnBar, that the bar's market is cold; elsewhere, that every market is.
func (v *view) WarmingUp() bool {
	if v.e.current >= 0 {
		return !v.e.books[v.e.current].warm
	}
	for i := range v.e.books {
		if v.e.books[i].warm {
			return false
		}
	}
	return true
}

// Cash is what no resting order holds back.
func (v *view) Cash() money.Decimal { return v.e.free() }

// Equity is cash plus positions at their last closes.
func (v *view) Equity() money.Decimal { return v.e.Equity() }

// Position is what is held on market m.
func (v *view) Position(m int) trade.Position {
	if uint(m) >= uint(len(v.e.books)) {
		return trade.Position{}
	}
	return v.e.books[m].pos
}

// Last is the last close of market m.
func (v *view) Last(m int) money.Decimal {
	if uint(m) >= uint(len(v.e.books)) {
		return money.Zero
	}
	return v.e.books[m].last()
}

// OpenOrders lists the orders on market m that are not terminal, oldest first.
func (v *view) OpenOrders(m int) []trade.Order {
	var out []trade.Order
	for _, o := range v.e.live {
		if o.m == m {
			out = append(out, o.Order)
		}
	}
	return out
}

// Submit asks for an order.
func (v *view) Submit(in strategy.Intent) (string, string) { return v.e.submit(in, false) }

// Cancel asks to cancel an order.
func (v *view) Cancel(id string) {
	for _, o := range v.e.live {
		if o.ID == id {
			v.e.cancel(id)
			return
		}
	}
}

// SetTimer sets or moves a timer; past the bound it is refused in the audit.
func (v *view) SetTimer(name string, at time.Time) {
	e := v.e
	if u := at.Unix(); u < 0 || u > maxUnix {
		at = time.Unix(maxUnix, 0)
	}
	ns := at.UnixNano()
	for i := range e.timers {
		if e.timers[i].name == name {
			e.timers[i].at = ns
			e.nextDue()
			return
		}
	}
	if len(e.timers) >= maxTimers || utf8.RuneCountInString(name) > maxLogLine {
		e.stats.Refused[string(risk.MaxTimers)]++
		if e.audit.on() {
			e.audit.write(e.Now(), "refused", risk.Refuse(risk.MaxTimers, "64 timers are set"))
		}
		return
	}
	e.timers = append(e.timers, timer{name, ns})
	e.nextDue()
}

// Log adds a line to the audit, within the bounds.
func (v *view) Log(msg string) {
	e := v.e
	if e.logLines > maxLogLines {
		return
	}
	if e.logLines++; !e.audit.on() {
		return
	}
	if e.logLines > maxLogLines {
		msg = fmt.Sprintf("%d lines are written: those after them are left out", maxLogLines)
	}
	if utf8.RuneCountInString(msg) > maxLogLine {
		msg = string([]rune(msg)[:maxLogLine]) + "…"
	}
	e.audit.write(e.Now(), "log", struct {
		Text string `json:"text"`
	}{msg})
}
