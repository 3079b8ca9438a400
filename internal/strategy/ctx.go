package strategy

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/trade"
	"go.starlark.net/starlark"
)

var errOutside = errors.New("ctx may only be used while a handler runs")

// ctxValue is the ctx of the handlers: the Context port as a script sees it. There is one per host.
type ctxValue struct {
	h         *host
	live      Context // nil outside a handler
	current   int     // index of the current market
	positions []positionValue
	methods   map[string]starlark.Value
	refused   string // code of the newest refused intent
}

// ctxMembers is the reference of ctx.
func ctxMembers() []builtin {
	return []builtin{
		{"time", "ctx.time", "The time now: for a bar, its close."},
		{"market", "ctx.market", "The current market: the bar's, the fill's; in init and on_timer the first."},
		{"markets", "ctx.markets", "Tuple of the run's markets. Bars of one time arrive in this order."},
		{"cash", "ctx.cash", "Free cash: not reserved by resting orders."},
		{"equity", "ctx.equity", "Cash plus positions at their last closes."},
		{"position", "ctx.position, ctx.position(market)", "The position on the current market, or on the one named. True when something is held."},
		{"warming_up", "ctx.warming_up", "True in on_warmup, where intents are ignored."},
		{"refused", "ctx.refused", "The code of this script's newest refused intent, like \"insufficient_cash\"; \"\" when the newest was accepted."},
		{"last", "ctx.last(market=None)", "Last close; None before the first bar."},
		{"buy", "ctx.buy(fraction=1.0 | quantity=… | notional=…, limit=None, market=None, tag=\"\")", "Asks to buy: a fraction of free cash, base coins, or quote currency with costs included. With `limit` a limit order, else a market order. Returns the order's id, or None when it was refused (see `ctx.refused`)."},
		{"sell", "ctx.sell(fraction=1.0 | quantity=… | notional=…, limit=None, market=None, tag=\"\")", "Asks to sell: a fraction of the free position, base coins, or quote currency."},
		{"close", "ctx.close(market=None, tag=\"close\")", "Sells the whole free position, at market. None when nothing is held."},
		{"target", "ctx.target(fraction, market=None, band=0.0, tag=\"target\")", "Trades the market to this fraction of equity, from 0 to 1. A buy takes no more than the free cash. Nothing is done when that would move less than `band` of equity."},
		{"cancel", "ctx.cancel(id)", "Asks to cancel one order; unknown or ended ids are ignored."},
		{"cancel_all", "ctx.cancel_all(market=None)", "Asks to cancel all open orders of the market; returns how many."},
		{"orders", "ctx.orders(market=None)", "List of the open orders of the market, oldest first."},
		{"timer", "ctx.timer(name, minutes=0, hours=0, days=0)", "Calls on_timer(ctx, name) at the first event at or after that long from now (in init: from the first event). The same name again moves it. At most 64."},
		{"result", "ctx.result(name, value)", "Puts a number or a text into the report under a name, at most 200 of them; again under the same name replaces it."},
		{"log", "ctx.log(…)", "Writes a line to the audit, like print: at most 1,000 characters, 10,000 lines a run."},
	}
}

func (c *ctxValue) bind(h *host) {
	c.h = h
	c.positions = make([]positionValue, len(h.spec.Markets))
	for i := range c.positions {
		c.positions[i] = positionValue{c, i}
	}
	c.methods = make(map[string]starlark.Value)
	for name, f := range map[string]func(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error){
		"last": c.callLast, "buy": c.callBuy, "sell": c.callSell, "close": c.callClose, "target": c.callTarget, "cancel": c.callCancel,
		"cancel_all": c.callCancelAll, "orders": c.callOrders, "timer": c.callTimer, "result": c.callResult, "log": c.callLog,
	} {
		c.methods[name] = starlark.NewBuiltin("ctx."+name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if c.live == nil {
				return nil, errOutside
			}
			return f(b, args, kwargs)
		})
	}
}

func (*ctxValue) String() string        { return "ctx" }
func (*ctxValue) Type() string          { return "ctx" }
func (*ctxValue) Freeze()               {}
func (*ctxValue) Truth() starlark.Bool  { return true }
func (*ctxValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: ctx") }

// AttrNames lists attributes and methods.
func (*ctxValue) AttrNames() []string { return memberNames(ctxMembers()) }

// Attr reads an attribute or a method.
func (c *ctxValue) Attr(name string) (starlark.Value, error) {
	if c.live == nil {
		return nil, errOutside
	}
	switch name {
	case "position":
		return &c.positions[c.current], nil
	case "market":
		return c.h.names[c.current], nil
	case "markets":
		return c.h.markets, nil
	case "cash":
		return amount(c.live.Cash()), nil
	case "equity":
		return amount(c.live.Equity()), nil
	case "time":
		return timeValue(c.live.Now().Unix()), nil
	case "warming_up":
		return starlark.Bool(c.live.WarmingUp()), nil
	case "refused":
		return starlark.String(c.refused), nil
	}
	if m, ok := c.methods[name]; ok {
		return m, nil
	}
	return nil, nil
}

// pick is the index of the market named, or the current one.
func (c *ctxValue) pick(name starlark.Value) (int, error) {
	if name == nil || name == starlark.None {
		return c.current, nil
	}
	s, ok := starlark.AsString(name)
	if !ok {
		return 0, fmt.Errorf("market: want a string, got %s", name.Type())
	}
	return c.h.findMarket(s)
}

func (c *ctxValue) callLast(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	m, err := c.marketOnly(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	last := c.live.Last(m)
	if last.IsZero() {
		return starlark.None, nil
	}
	return amount(last), nil
}

func (c *ctxValue) marketOnly(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (int, error) {
	var name starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "market?", &name); err != nil {
		return 0, err
	}
	m, err := c.pick(name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return m, nil
}

func (c *ctxValue) callBuy(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return c.trade(b, trade.Buy, args, kwargs)
}

func (c *ctxValue) callSell(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return c.trade(b, trade.Sell, args, kwargs)
}

func (c *ctxValue) trade(b *starlark.Builtin, side trade.Side, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fraction, quantity, notional, limit, name starlark.Value
	var tag string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "fraction?", &fraction, "quantity?", &quantity, "notional?", &notional,
		"limit?", &limit, "market?", &name, "tag?", &tag); err != nil {
		return nil, err
	}
	in := Intent{Side: side, Type: trade.MarketOrder, Size: ByFraction, Amount: money.One, Tag: tag}
	given := 0
	for _, s := range []struct {
		size Size
		v    starlark.Value
	}{{ByFraction, fraction}, {ByQuantity, quantity}, {ByNotional, notional}} {
		if s.v == nil || s.v == starlark.None {
			continue
		}
		given++
		a, err := toAmount(s.v)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", b.Name(), s.size, err)
		}
		in.Size, in.Amount = s.size, a
	}
	if given > 1 {
		return nil, fmt.Errorf("%s: give one of fraction, quantity and notional", b.Name())
	}
	if in.Size == ByFraction && money.One.Less(in.Amount) {
		return nil, fmt.Errorf("%s: fraction: %s is above 1", b.Name(), in.Amount)
	}
	if limit != nil && limit != starlark.None {
		p, err := toAmount(limit)
		if err != nil {
			return nil, fmt.Errorf("%s: limit: %w", b.Name(), err)
		}
		if p.IsZero() {
			return nil, fmt.Errorf("%s: limit: want a price above zero", b.Name())
		}
		in.Type, in.Limit = trade.LimitOrder, p
	}
	var err error
	if in.Market, err = c.pick(name); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return c.submit(in)
}

// submit hands an intent over. A script's tag is cut at 64 characters.
func (c *ctxValue) submit(in Intent) (starlark.Value, error) {
	if in.Amount.IsZero() {
		c.refused = "zero_amount"
		return starlark.None, nil
	}
	in.Tag = strings.ToValidUTF8(in.Tag, "�")
	if utf8.RuneCountInString(in.Tag) > 64 {
		in.Tag = string([]rune(in.Tag)[:64])
	}
	if err := c.h.wish(len(in.Tag)); err != nil {
		return nil, err
	}
	id, code := c.live.Submit(in)
	c.refused = code
	if id == "" {
		return starlark.None, nil
	}
	return starlark.String(id), nil
}

// toAmount is where a script's float becomes a decimal, cut down to 8 decimals. Negative and non-finite numbers are errors.
func toAmount(v starlark.Value) (money.Decimal, error) {
	f, err := number(v)
	if err != nil {
		return money.Zero, err
	}
	if f < 0 {
		return money.Zero, fmt.Errorf("%v is negative", f)
	}
	if f > 1e15 {
		return money.Zero, fmt.Errorf("%v is more than 1e15", f)
	}
	d, err := money.FromFloat(f)
	if err != nil {
		return money.Zero, err
	}
	return d.RoundDown(money.Scale), nil
}

func (c *ctxValue) callClose(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name starlark.Value
	tag := "close"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "market?", &name, "tag?", &tag); err != nil {
		return nil, err
	}
	m, err := c.pick(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if pos := c.live.Position(m); pos.Quantity.Sign() <= 0 {
		return starlark.None, nil
	}
	return c.submit(Intent{Market: m, Side: trade.Sell, Type: trade.MarketOrder, Size: ByFraction, Amount: money.One, Tag: tag})
}

func (c *ctxValue) callTarget(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fraction, name starlark.Value
	var band starlark.Value = starlark.Float(0)
	tag := "target"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "fraction", &fraction, "market?", &name, "band?", &band, "tag?", &tag); err != nil {
		return nil, err
	}
	want, err := toAmount(fraction)
	if err == nil && money.One.Less(want) {
		err = fmt.Errorf("%s is above 1", want)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: fraction: %w", b.Name(), err)
	}
	least, err := toAmount(band)
	if err != nil {
		return nil, fmt.Errorf("%s: band: %w", b.Name(), err)
	}
	m, err := c.pick(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	in, ok := c.towards(m, want, least)
	if !ok {
		return starlark.None, nil
	}
	in.Tag = tag
	return c.submit(in)
}

// towards sizes the intent that brings market m to the wanted fraction of equity; ok is false where nothing is to be done.
func (c *ctxValue) towards(m int, want, band money.Decimal) (in Intent, ok bool) {
	pos, last, equity := c.live.Position(m), c.live.Last(m), c.live.Equity()
	if last.Sign() <= 0 {
		return Intent{}, false
	}
	in = Intent{Market: m, Type: trade.MarketOrder}
	diff := equity.RoundDown(money.Scale).Mul(want).RoundDown(money.Scale).Sub(pos.Value(last))
	least := equity.Mul(band).RoundDown(money.Scale)
	if diff.IsZero() || diff.Abs().Less(least) {
		return Intent{}, false
	}
	if diff.Sign() > 0 {
		in.Side, in.Size, in.Amount = trade.Buy, ByNotional, money.Min(diff, c.live.Cash()).RoundDown(money.Scale)
		return in, in.Amount.Sign() > 0 && !in.Amount.Less(least)
	}
	in.Side, in.Size, in.Amount = trade.Sell, ByFraction, money.One
	if want.Sign() > 0 {
		q, err := diff.Neg().Quo(last)
		if err != nil {
			return Intent{}, false
		}
		in.Size, in.Amount = ByQuantity, money.Min(q, pos.Quantity).RoundDown(money.Scale)
	}
	return in, in.Amount.Sign() > 0
}

func (c *ctxValue) callCancel(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var id starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "id", &id); err != nil {
		return nil, err
	}
	if id == starlark.None { // what a refused order returned
		return starlark.None, nil
	}
	s, ok := starlark.AsString(id)
	if !ok {
		return nil, fmt.Errorf("%s: want an order's id, got %s", b.Name(), id.Type())
	}
	if err := c.h.wish(len(s)); err != nil {
		return nil, err
	}
	c.live.Cancel(s)
	return starlark.None, nil
}

func (c *ctxValue) callCancelAll(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	m, err := c.marketOnly(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	open := c.live.OpenOrders(m)
	for i := range open {
		if err := c.h.wish(len(open[i].ID)); err != nil {
			return nil, err
		}
		c.live.Cancel(open[i].ID)
	}
	return starlark.MakeInt(len(open)), nil
}

func (c *ctxValue) callOrders(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	m, err := c.marketOnly(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	open := c.live.OpenOrders(m)
	out := make([]starlark.Value, len(open))
	for i := range open {
		out[i] = newOrder(open[i])
	}
	return starlark.NewList(out), nil
}

func (c *ctxValue) callTimer(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var minutes, hours, days starlark.Value = starlark.MakeInt(0), starlark.MakeInt(0), starlark.MakeInt(0)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &name, "minutes?", &minutes, "hours?", &hours, "days?", &days); err != nil {
		return nil, err
	}
	if name == "" || len(name) > 64 {
		return nil, fmt.Errorf("%s: want a name of 1 to 64 bytes", b.Name())
	}
	var seconds float64
	for _, p := range []struct {
		name string
		v    starlark.Value
		unit float64
	}{{"minutes", minutes, 60}, {"hours", hours, 3600}, {"days", days, 86400}} {
		f, err := number(p.v)
		if err == nil && f < 0 {
			err = fmt.Errorf("%v is negative", f)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", b.Name(), p.name, err)
		}
		seconds += f * p.unit
	}
	if seconds <= 0 || seconds > 3660*86400 {
		return nil, fmt.Errorf("%s: want a time above zero and at most ten years ahead, in minutes, hours or days", b.Name())
	}
	if err := c.h.wish(len(name)); err != nil {
		return nil, err
	}
	c.live.SetTimer(name, c.live.Now().Add(time.Duration(math.Ceil(seconds))*time.Second))
	return starlark.None, nil
}

// What a script may report.
const (
	maxResults = 200
	maxResult  = 200 // bytes of a name or a text
)

func (c *ctxValue) callResult(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	r := report.Result{}
	var v starlark.Value
	var f float64
	err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &r.Name, "value", &v)
	if err != nil {
		return nil, err
	}
	if s, ok := starlark.AsString(v); ok {
		r.Text = s
	} else if f, err = number(v); err == nil {
		r.Value, r.Text = &f, strconv.FormatFloat(f, 'g', 6, 64)
	} else if v == starlark.None || v.Type() == "bool" {
		r.Text = v.String()
	} else {
		return nil, fmt.Errorf("%s: %s: want a text, or %w", b.Name(), clipLine(r.Name), err)
	}
	if r.Name == "" || len(r.Name) > maxResult || len(r.Text) > maxResult {
		return nil, fmt.Errorf("%s: a name of 1 to %d bytes and a text of at most %d", b.Name(), maxResult, maxResult)
	}
	r.Name, r.Text = clipLine(strings.ToValidUTF8(r.Name, "�")), clipLine(strings.ToValidUTF8(r.Text, "�"))
	if err := c.h.wish(len(r.Name) + len(r.Text)); err != nil {
		return nil, err
	}
	c.live.Log(r.Name + " = " + r.Text)
	at := slices.IndexFunc(c.h.results, func(o report.Result) bool { return o.Name == r.Name })
	switch {
	case at >= 0:
		c.h.results[at] = r
	case len(c.h.results) == maxResults:
		return nil, fmt.Errorf("%s: at most %d results are allowed", b.Name(), maxResults)
	default:
		c.h.results = append(c.h.results, r)
	}
	return starlark.None, nil
}

func (c *ctxValue) callLog(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(kwargs) > 0 {
		return nil, fmt.Errorf("%s takes no named arguments", b.Name())
	}
	var line strings.Builder
	for i, a := range args {
		if i > 0 {
			line.WriteByte(' ')
		}
		if s, ok := starlark.AsString(a); ok {
			line.WriteString(s)
		} else {
			line.WriteString(a.String())
		}
		if line.Len() > maxLine {
			break
		}
	}
	text := strings.ToValidUTF8(clipLine(line.String()), "�")
	if err := c.h.wish(len(text)); err != nil {
		return nil, err
	}
	c.live.Log(text)
	return starlark.None, nil
}
