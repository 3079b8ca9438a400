package strategy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/trade"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// stateValue is what a script remembers between calls.
type stateValue struct{ m map[string]starlark.Value }

var _ starlark.HasSetField = (*stateValue)(nil)

func newState() *stateValue { return &stateValue{m: map[string]starlark.Value{}} }

func (*stateValue) String() string        { return "state" }
func (*stateValue) Type() string          { return "state" }
func (*stateValue) Freeze()               {}
func (*stateValue) Truth() starlark.Bool  { return true }
func (*stateValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: state") }

// AttrNames lists what is set, sorted.
func (s *stateValue) AttrNames() []string { return slices.Sorted(maps.Keys(s.m)) }

// Attr reads one attribute.
func (s *stateValue) Attr(name string) (starlark.Value, error) {
	if v, ok := s.m[name]; ok {
		return v, nil
	}
	return nil, starlark.NoSuchAttrError(fmt.Sprintf("state.%s is not set: give it a first value in init(ctx) or at the top level", name))
}

// SetField sets one attribute.
func (s *stateValue) SetField(name string, v starlark.Value) error {
	if _, ok := s.m[name]; !ok && len(s.m) == maxState {
		return fmt.Errorf("state has %d attributes, which is the limit: use a dict", maxState)
	}
	s.m[name] = v
	return nil
}

// record is a read-only value with a fixed list of attributes.
type record struct{ kind string }

func (r record) String() string        { return r.kind }
func (r record) Type() string          { return r.kind }
func (record) Freeze()                 {}
func (record) Truth() starlark.Bool    { return true }
func (r record) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: %s", r.kind) }

func memberNames(ms []builtin) []string {
	names := make([]string, len(ms))
	for i := range ms {
		names[i] = ms[i].name
	}
	slices.Sort(names)
	return names
}

// barValue is one bar as a script sees it. It never changes, so a script may keep it.
type barValue struct {
	bar    market.Bar
	in     [len(inputNames)]float64
	market starlark.Value
}

func barMembers() []builtin {
	return []builtin{
		{"open", "bar.open", "First price of the bar, a float; `high`, `low` and `close` likewise."},
		{"high", "bar.high", "Highest price."},
		{"low", "bar.low", "Lowest price."},
		{"close", "bar.close", "Last price."},
		{"volume", "bar.volume", "Traded amount in base coins; None where the feed has none."},
		{"market", "bar.market", "The market's name, like \"BTC/USDT\"."},
		{"time", "bar.time", "Open time of the bar, a time; `ctx.time` is its close."},
	}
}

func (b *barValue) String() string      { return b.bar.String() }
func (*barValue) Type() string          { return "bar" }
func (*barValue) Freeze()               {}
func (*barValue) Truth() starlark.Bool  { return true }
func (*barValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: bar") }
func (*barValue) AttrNames() []string   { return memberNames(barMembers()) }

// Attr reads one value.
func (b *barValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "open":
		return starlark.Float(b.in[inOpen]), nil
	case "high":
		return starlark.Float(b.in[inHigh]), nil
	case "low":
		return starlark.Float(b.in[inLow]), nil
	case "close":
		return starlark.Float(b.in[inClose]), nil
	case "volume":
		return floatOrNone(b.in[inVolume]), nil
	case "market":
		return b.market, nil
	case "time":
		return timeValue(b.bar.Unix()), nil
	}
	return nil, nil
}

// timeValue is a moment in unix seconds, UTC.
type timeValue int64

var _ starlark.Comparable = timeValue(0)

func timeMembers() []builtin {
	return []builtin{
		{"unix", "t.unix", "Seconds since 1970-01-01, an int."},
		{"year", "t.year", "Calendar year, UTC."},
		{"month", "t.month", "1 to 12."},
		{"day", "t.day", "Day of the month, from 1."},
		{"weekday", "t.weekday", "1 for Monday to 7 for Sunday."},
		{"yearday", "t.yearday", "Day of the year, from 1."},
		{"hour", "t.hour", "0 to 23."},
		{"minute", "t.minute", "0 to 59."},
	}
}

func (t timeValue) time() time.Time       { return time.Unix(int64(t), 0).UTC() }
func (t timeValue) String() string        { return t.time().Format(time.RFC3339) }
func (timeValue) Type() string            { return "time" }
func (timeValue) Freeze()                 {}
func (timeValue) Truth() starlark.Bool    { return true }
func (t timeValue) Hash() (uint32, error) { return uint32(t) ^ uint32(t>>32), nil }
func (timeValue) AttrNames() []string     { return memberNames(timeMembers()) }

// CompareSameType orders two times.
func (t timeValue) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	u := y.(timeValue)
	switch op {
	case syntax.EQL:
		return t == u, nil
	case syntax.NEQ:
		return t != u, nil
	case syntax.LT:
		return t < u, nil
	case syntax.LE:
		return t <= u, nil
	case syntax.GT:
		return t > u, nil
	default:
		return t >= u, nil
	}
}

// Attr reads one part of the moment.
func (t timeValue) Attr(name string) (starlark.Value, error) {
	var n int
	switch name {
	case "unix":
		return starlark.MakeInt64(int64(t)), nil
	case "year":
		n = t.time().Year()
	case "month":
		n = int(t.time().Month())
	case "day":
		n = t.time().Day()
	case "weekday":
		n = (int(t.time().Weekday())+6)%7 + 1
	case "yearday":
		n = t.time().YearDay()
	case "hour":
		n = t.time().Hour()
	case "minute":
		n = t.time().Minute()
	default:
		return nil, nil
	}
	return starlark.MakeInt(n), nil
}

// orderValue is one order as it was when it was asked for.
type orderValue struct {
	record
	o trade.Order
}

func newOrder(o trade.Order) *orderValue { return &orderValue{record{"order"}, o} }

func orderMembers() []builtin {
	return []builtin{
		{"id", "order.id", "What `ctx.buy` and `ctx.sell` returned."},
		{"market", "order.market", "The market's name."},
		{"side", "order.side", "\"buy\" or \"sell\"."},
		{"type", "order.type", "\"market\" or \"limit\"."},
		{"state", "order.state", "planned, sent, open or unknown."},
		{"quantity", "order.quantity", "Base coins asked for."},
		{"filled", "order.filled", "Base coins filled so far."},
		{"remaining", "order.remaining", "Base coins not filled yet."},
		{"limit", "order.limit", "Limit price; None for a market order."},
		{"tag", "order.tag", "The script's own name for it."},
		{"time", "order.time", "When it was placed."},
	}
}

// AttrNames lists the attributes.
func (*orderValue) AttrNames() []string { return memberNames(orderMembers()) }

// Attr reads one attribute.
func (v *orderValue) Attr(name string) (starlark.Value, error) {
	o := &v.o
	switch name {
	case "id":
		return starlark.String(o.ID), nil
	case "market":
		return starlark.String(o.Market.String()), nil
	case "side":
		return starlark.String(o.Side), nil
	case "type":
		return starlark.String(o.Type), nil
	case "state":
		return starlark.String(o.State), nil
	case "quantity":
		return amount(o.Quantity), nil
	case "filled":
		return amount(o.Filled), nil
	case "remaining":
		return amount(o.Remaining()), nil
	case "limit":
		if o.Limit.IsZero() {
			return starlark.None, nil
		}
		return amount(o.Limit), nil
	case "tag":
		return starlark.String(o.Tag), nil
	case "time":
		return timeValue(o.PlacedAt.Unix()), nil
	}
	return nil, nil
}

// fillValue is one fill.
type fillValue struct {
	record
	f trade.Fill
}

func newFill(f *trade.Fill) *fillValue { return &fillValue{record{"fill"}, *f} }

func fillMembers() []builtin {
	return []builtin{
		{"order", "fill.order", "The id of the order."},
		{"market", "fill.market", "The market's name."},
		{"side", "fill.side", "\"buy\" or \"sell\"."},
		{"quantity", "fill.quantity", "Base coins."},
		{"price", "fill.price", "Quote currency per coin."},
		{"fee", "fill.fee", "Quote currency."},
		{"notional", "fill.notional", "quantity × price."},
		{"time", "fill.time", "When it happened."},
	}
}

// AttrNames lists the attributes.
func (*fillValue) AttrNames() []string { return memberNames(fillMembers()) }

// Attr reads one attribute.
func (v *fillValue) Attr(name string) (starlark.Value, error) {
	f := &v.f
	switch name {
	case "order":
		return starlark.String(f.OrderID), nil
	case "market":
		return starlark.String(f.Market.String()), nil
	case "side":
		return starlark.String(f.Side), nil
	case "quantity":
		return amount(f.Quantity), nil
	case "price":
		return amount(f.Price), nil
	case "fee":
		return amount(f.Fee), nil
	case "notional":
		return amount(f.Notional()), nil
	case "time":
		return timeValue(f.Time.Unix()), nil
	}
	return nil, nil
}

// positionValue is the live position on one market; calling it with a market's name gives another market's.
type positionValue struct {
	c *ctxValue
	m int
}

var (
	_ starlark.HasAttrs = (*positionValue)(nil)
	_ starlark.Callable = (*positionValue)(nil)
)

func positionMembers() []builtin {
	return []builtin{
		{"quantity", "ctx.position.quantity", "Base coins held. A position is true in a condition when this is above zero."},
		{"cost", "ctx.position.cost", "What the held coins cost, buy fees included."},
		{"average_price", "ctx.position.average_price", "cost / quantity; 0 when nothing is held."},
		{"value", "ctx.position.value", "Worth at the last close."},
		{"unrealised", "ctx.position.unrealised", "value − cost."},
		{"realised", "ctx.position.realised", "P&L of what was sold, net of fees."},
		{"fees", "ctx.position.fees", "All fees paid so far on this market."},
		{"market", "ctx.position.market", "The market's name."},
	}
}

func (p *positionValue) get() (trade.Position, error) {
	if p.c.live == nil {
		return trade.Position{}, errOutside
	}
	return p.c.live.Position(p.m), nil
}

func (p *positionValue) String() string {
	pos, err := p.get()
	if err != nil {
		return "position"
	}
	return pos.Quantity.String() + " " + string(p.c.h.spec.Markets[p.m].Base)
}
func (*positionValue) Type() string          { return "position" }
func (*positionValue) Name() string          { return "ctx.position" }
func (*positionValue) Freeze()               {}
func (*positionValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: position") }
func (*positionValue) AttrNames() []string   { return memberNames(positionMembers()) }

// Truth reports that something is held.
func (p *positionValue) Truth() starlark.Bool {
	pos, err := p.get()
	return starlark.Bool(err == nil && pos.Quantity.Sign() > 0)
}

// CallInternal returns the position on the market named.
func (p *positionValue) CallInternal(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	if err := starlark.UnpackArgs("ctx.position", args, kwargs, "market", &name); err != nil {
		return nil, err
	}
	m, err := p.c.h.findMarket(name)
	if err != nil {
		return nil, fmt.Errorf("ctx.position: %w", err)
	}
	return &p.c.positions[m], nil
}

// Attr reads one attribute.
func (p *positionValue) Attr(name string) (starlark.Value, error) {
	if name == "market" {
		return p.c.h.names[p.m], nil
	}
	pos, err := p.get()
	if err != nil {
		return nil, err
	}
	switch name {
	case "quantity":
		return amount(pos.Quantity), nil
	case "cost":
		return amount(pos.Cost), nil
	case "average_price":
		return amount(pos.AveragePrice()), nil
	case "value":
		return amount(pos.Value(p.c.live.Last(p.m))), nil
	case "unrealised":
		return amount(pos.Unrealised(p.c.live.Last(p.m))), nil
	case "realised":
		return amount(pos.Realised), nil
	case "fees":
		return amount(pos.Fees), nil
	}
	return nil, nil
}

// amount shows a decimal to a script, which calculates in floats.
func amount(d money.Decimal) starlark.Value { return starlark.Float(d.Float64()) }

// findMarket finds a declared market by name.
func (h *host) findMarket(name string) (int, error) {
	if m, ok := h.byName[name]; ok {
		return m, nil
	}
	if p, err := market.ParseMarket(name); err == nil {
		if m, ok := h.byName[p.String()]; ok {
			return m, nil
		}
	}
	return 0, fmt.Errorf("market %s is none of this run's markets %s", strconv.Quote(clipLine(name)), h.markets)
}
