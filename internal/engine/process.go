package engine

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/risk"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue"
)

// Process takes one event and returns what must be done because of it, in order; the slice is good until the next call.
// An error is the strategy's, or means that the event cannot follow what came before: the run is over.
func (e *Engine) Process(ev *Event) ([]Effect, error) {
	e.effects = e.effects[:0]
	var err error
	switch ev.Kind {
	case Bar:
		err = e.onBar(ev)
	case Quote:
		err = e.onQuote(ev)
	case Update:
		err = e.onUpdate(ev.Update)
	case Clock:
		e.advance(ev.Time.UnixNano())
		err = e.fire()
		e.flatten()
	case Command:
		e.advance(ev.Time.UnixNano())
		err = e.onCommand(ev.Command)
	case End:
		e.advance(ev.Time.UnixNano())
		if e.halted == "" {
			if err = strategy.End(e.strat, &e.view); err != nil {
				err = fmt.Errorf("strategy %s: end: %w", e.spec.Name, err)
			}
		}
	case Facts: // no moment of the session: the strategy sees each from the bar on at which it was known
		if err = strategy.Tell(e.strat, ev.Facts); err != nil {
			err = fmt.Errorf("strategy %s: facts: %w", e.spec.Name, err)
		}
	default:
		err = fmt.Errorf("process: %w: %s", ErrEvent, ev.Kind)
	}
	if err == nil {
		err = e.audit.err
	}
	return e.effects, err
}

func (e *Engine) advance(now int64) {
	if now <= e.now {
		return
	}
	if e.now == 0 && len(e.timers) > 0 { // set in init, where there was no time yet: they count from the first event
		for i := range e.timers {
			e.timers[i].at += now
		}
		e.nextDue()
	}
	e.now = now
}

// observe takes a bar's close before anything is told of it: whatever the strategy decides in the bar's step, on a fill, a timer or the
// bar itself, it decides at that close.
func (e *Engine) observe(m int, bar *market.Bar) error {
	b := &e.books[m]
	if b.priced() && bar.Unix() <= b.bar.Unix() {
		return fmt.Errorf("bar of %s at %s follows one at %s", b.market, bar.OpenTime(), b.bar.OpenTime())
	}
	e.advance((bar.Unix() + e.interval) * int64(time.Second))
	b.warm = b.seen >= e.spec.Warmup && bar.Unix() >= e.from
	b.bar, b.close = *bar, bar.CloseFloat()
	b.observed = true
	return nil
}

func (e *Engine) onBar(ev *Event) error {
	if uint(ev.Market) >= uint(len(e.books)) {
		return fmt.Errorf("bar: market %d is not declared", ev.Market)
	}
	b := &e.books[ev.Market]
	if !b.observed {
		if err := e.observe(ev.Market, &ev.Bar); err != nil {
			return err
		}
	}
	b.observed = false
	if e.timers != nil {
		if err := e.fire(); err != nil {
			return err
		}
	}
	b.seen++
	e.mark()
	if e.halted != "" {
		e.flatten()
		return nil
	}
	e.current = ev.Market
	err := e.strat.OnBar(&e.view, ev.Market, &b.bar)
	e.current = -1
	if err != nil {
		return fmt.Errorf("strategy %s: bar of %s at %s: %w", e.spec.Name, b.market, b.bar.OpenTime().Format(time.RFC3339), err)
	}
	return nil
}

// mark values the books at the last closes.
func (e *Engine) mark() {
	v := e.cashFloat
	if e.held > 0 {
		for i := range e.books {
			v += e.books[i].posFloat * e.books[i].close
		}
	}
	e.equity = v
	if e.audit.marks && e.audit.on() {
		e.audit.write(e.Now(), "mark", struct {
			Equity money.Decimal `json:"equity"`
			Cash   money.Decimal `json:"cash"`
		}{e.Equity(), e.cash})
	}
}

func (e *Engine) onQuote(ev *Event) error {
	if uint(ev.Market) >= uint(len(e.books)) {
		return fmt.Errorf("quote: market %d is not declared", ev.Market)
	}
	e.advance(ev.Quote.Time.UnixNano())
	e.books[ev.Market].halfSpread = ev.Quote.HalfSpread()
	err := e.fire()
	e.flatten()
	return err
}

// fire calls OnTimer for every timer that is due, earliest first. A timer set meanwhile waits for the next event.
func (e *Engine) fire() error {
	if len(e.timers) == 0 || e.now < e.due || e.halted != "" {
		return nil
	}
	var ready []timer
	rest := e.timers[:0]
	for _, t := range e.timers {
		if t.at <= e.now {
			at := len(ready)
			for at > 0 && ready[at-1].at > t.at {
				at--
			}
			ready = append(ready[:at], append([]timer{t}, ready[at:]...)...)
		} else {
			rest = append(rest, t)
		}
	}
	e.timers = rest
	e.nextDue()
	for _, t := range ready {
		if e.audit.on() {
			e.audit.write(e.Now(), "timer", struct {
				Name string    `json:"name"`
				At   time.Time `json:"at"`
			}{t.name, time.Unix(0, t.at).UTC()})
		}
		if err := e.strat.OnTimer(&e.view, t.name); err != nil {
			return fmt.Errorf("strategy %s: timer %.40q: %w", e.spec.Name, t.name, err)
		}
	}
	return nil
}

func (e *Engine) nextDue() {
	for i, t := range e.timers {
		if i == 0 || t.at < e.due {
			e.due = t.at
		}
	}
}

// onUpdate books what the broker says of one order.
func (e *Engine) onUpdate(u *venue.Update) error {
	e.advance(u.Time.UnixNano())
	at := -1
	for i, o := range e.live {
		if o.ID == u.OrderID {
			at = i
			break
		}
	}
	if at < 0 {
		return fmt.Errorf("update of order %.40q: no such order is open", u.OrderID)
	}
	o := e.live[at]
	if u.Quantity.Sign() > 0 {
		o.Quantity = u.Quantity
	}
	if u.Fill != nil {
		if err := e.book(o, u.Fill); err != nil {
			return err
		}
	}
	if u.State != o.State {
		if err := o.To(u.State, e.Now()); err != nil {
			return err
		}
	}
	o.Reason, o.UpdatedAt = u.Reason, e.Now()
	if o.State.Terminal() {
		e.live = append(e.live[:at], e.live[at+1:]...)
		e.count(o)
	}
	e.reserve(o)
	e.changed = append(e.changed, o.Order)
	if e.audit.on() {
		e.audit.write(e.Now(), "order", &o.Order)
		if u.Fill != nil {
			e.audit.write(e.Now(), "fill", u.Fill)
		}
	}
	if u.Fill != nil && e.halted == "" {
		if err := e.strat.OnFill(&e.view, u.Fill); err != nil {
			return fmt.Errorf("strategy %s: fill of order %s: %w", e.spec.Name, o.ID, err)
		}
	}
	if o.State.Terminal() && !o.flatten {
		e.flatten()
	}
	return nil
}

// book applies a fill to cash, position and order.
func (e *Engine) book(o *order, f *trade.Fill) error {
	b := &e.books[o.m]
	if f.Market != b.market || f.Side != o.Side {
		return fmt.Errorf("fill %s: is a %s of %s, order %s is a %s of %s", f.ID, f.Side, f.Market, o.ID, o.Side, b.market)
	}
	cash := e.cash.Add(f.CashChange())
	if cash.Sign() < 0 {
		return fmt.Errorf("fill %s: would leave %s %s of cash", f.ID, cash, b.market.Quote)
	}
	if o.Remaining().Less(f.Quantity) {
		return fmt.Errorf("fill %s: fills %s of order %s, only %s remain", f.ID, f.Quantity, o.ID, o.Remaining())
	}
	if err := b.pos.Apply(f); err != nil {
		return err
	}
	paid := o.AveragePrice.Mul(o.Filled).Add(f.Notional())
	o.Filled = o.Filled.Add(f.Quantity)
	if avg, err := paid.Quo(o.Filled); err == nil {
		o.AveragePrice = avg.RoundDown(money.Scale)
	}
	o.Fee = o.Fee.Add(f.Fee)
	e.cash, e.cashFloat = cash, cash.Float64()
	e.fees = e.fees.Add(f.Fee)
	was := b.posFloat != 0
	b.posFloat = b.pos.Quantity.Float64()
	switch is := b.posFloat != 0; {
	case is && !was:
		e.held++
	case was && !is:
		e.held--
	}
	e.fills = append(e.fills, *f)
	return nil
}

// reserve brings what order o holds back up to date.
func (e *Engine) reserve(o *order) {
	want := money.Zero
	if o.Type == trade.LimitOrder && !o.State.Terminal() {
		want = o.Remaining()
		if o.Side == trade.Buy {
			want = risk.Cost(want, o.Limit, e.rules.FeeBps)
		}
	}
	change := want.Sub(o.reserve)
	o.reserve = want
	if o.Side == trade.Buy {
		e.reserved = e.reserved.Add(change)
	} else {
		e.books[o.m].reserved = e.books[o.m].reserved.Add(change)
	}
}

func (e *Engine) count(o *order) {
	switch {
	case o.State == trade.Filled:
		e.stats.Filled++
		return
	case o.Filled.Sign() > 0:
		e.stats.Partial++
	}
	e.stats.Ended[o.Reason]++
}

func (e *Engine) onCommand(c string) error {
	if c != StopCommand && c != KillCommand {
		return fmt.Errorf("command %.20q: want stop or kill", c)
	}
	if e.halted == KillCommand {
		return nil
	}
	e.halted = c
	if e.audit.on() {
		e.audit.write(e.Now(), "status", struct {
			Halted string `json:"halted"`
		}{c})
	}
	for _, o := range e.live {
		e.cancel(o.ID)
	}
	e.flatten()
	return nil
}

func (e *Engine) cancel(id string) {
	if e.audit.on() {
		e.audit.write(e.Now(), "cancel", struct {
			Order string `json:"order"`
		}{id})
	}
	e.effects = append(e.effects, Effect{Cancel: id})
}

// flatten sells, once killed, every position that has no order left on its market.
func (e *Engine) flatten() {
	if e.halted != KillCommand || e.held == 0 {
		return
	}
markets:
	for m := range e.books {
		if e.books[m].posFloat == 0 {
			continue
		}
		for _, o := range e.live {
			if o.m == m {
				continue markets
			}
		}
		e.submit(strategy.Intent{Market: m, Side: trade.Sell, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.One, Tag: "kill"}, true)
	}
}

// submit asks risk and, when it approves, records the order and the effect.
func (e *Engine) submit(in strategy.Intent, flatten bool) (string, string) {
	if e.audit.on() {
		e.audit.write(e.Now(), "intent", intentBody(&in))
	}
	var a risk.Approved
	var ref *risk.Refusal
	if uint(in.Market) >= uint(len(e.books)) {
		ref = risk.Refuse(risk.BadOrder, "market %d is not declared", in.Market)
	} else {
		b := &e.books[in.Market]
		p := risk.Proposal{ID: e.prefix + strconv.FormatInt(int64(e.nextID)+1, 10), Market: b.market, At: e.Now(), Intent: in, Whole: flatten}
		a, ref = risk.Check(&p, e.state(in.Market, flatten), &e.rules)
	}
	if ref != nil {
		e.stats.Refused[string(ref.Code)]++
		if e.audit.on() {
			e.audit.write(e.Now(), "refused", ref)
		}
		return "", string(ref.Code)
	}
	e.nextID++
	e.stats.Submitted++
	o := &order{Order: a.Order(), m: in.Market, flatten: flatten}
	if e.audit.on() {
		e.audit.write(e.Now(), "approved", &o.Order)
	}
	o.State = trade.Sent
	e.live = append(e.live, o)
	e.reserve(o)
	e.effects = append(e.effects, Effect{Submit: a})
	return o.ID, ""
}

// state is what risk needs to know of market m.
func (e *Engine) state(m int, flatten bool) *risk.State {
	b := &e.books[m]
	s := &risk.State{
		Halted: e.halted != "" && !flatten, Warm: b.warm || flatten, OpenOrders: len(e.live), Cash: e.free(),
		Position: money.Max(money.Zero, b.pos.Quantity.Sub(b.reserved)), Last: b.last(), HalfSpread: b.halfSpread,
	}
	for _, o := range e.live {
		if o.m != m || o.Type != trade.LimitOrder {
			continue
		}
		if o.Side == trade.Buy {
			s.OwnBuy = money.Max(s.OwnBuy, o.Limit)
		} else if s.OwnSell.IsZero() || o.Limit.Less(s.OwnSell) {
			s.OwnSell = o.Limit
		}
	}
	return s
}

type intentLine struct {
	Market int           `json:"market"`
	Side   trade.Side    `json:"side"`
	Type   trade.Type    `json:"type"`
	Size   strategy.Size `json:"size"`
	Amount money.Decimal `json:"amount"`
	Limit  money.Decimal `json:"limit"`
	Tag    string        `json:"tag,omitempty"`
}

func intentBody(in *strategy.Intent) intentLine {
	return intentLine{in.Market, in.Side, in.Type, in.Size, in.Amount, in.Limit, in.Tag}
}
