package risk

import (
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// maxTag is how many characters an intent's tag may have.
const maxTag = 64

// maxAmount bounds an intent's amount and limit, so that no product leaves the decimals' range.
var maxAmount = money.FromInt(1_000_000_000_000_000)

// Check sizes the intent and approves it, or says why not. It is pure: the same arguments give the same answer.
func Check(p *Proposal, s *State, r *Rules) (Approved, *Refusal) {
	if ref := shape(p, s, r); ref != nil {
		return Approved{}, ref
	}
	o := trade.Order{
		ID: p.ID, Market: p.Market, Side: p.Intent.Side, Type: p.Intent.Type, State: trade.Planned,
		Tag: p.Intent.Tag, PlacedAt: p.At, UpdatedAt: p.At,
	}
	if o.Type == trade.LimitOrder {
		// A limit off the tick moves away from the market: never worse than asked.
		if o.Side == trade.Buy {
			o.Limit = p.Intent.Limit.FloorTo(r.PriceTick)
		} else {
			o.Limit = p.Intent.Limit.CeilTo(r.PriceTick)
		}
		if o.Limit.Sign() <= 0 {
			return Approved{}, Refuse(BadLimit, "the limit %s rounds to zero at the tick %s", p.Intent.Limit, r.PriceTick)
		}
	}
	price := expected(&o, s, r)
	if price.Sign() <= 0 {
		return Approved{}, Refuse(NoPrice, "%s has no price to size the order with", p.Market)
	}
	if ref := selfCross(&o, price, s); ref != nil {
		return Approved{}, ref
	}
	var ref *Refusal
	if o.Side == trade.Buy {
		ref = sizeBuy(&o, p, price, s, r)
	} else {
		ref = sizeSell(&o, p, s, r)
	}
	if ref != nil {
		return Approved{}, ref
	}
	return Approved{order: o, halfSpread: s.HalfSpread, ok: true}, nil
}

// shape refuses what needs no arithmetic.
func shape(p *Proposal, s *State, r *Rules) *Refusal {
	in := &p.Intent
	switch {
	case s.Halted:
		return Refuse(Halted, "the session is halted and takes no more orders; start a new one")
	case in.Side != trade.Buy && in.Side != trade.Sell:
		return Refuse(BadOrder, "side %q: want buy or sell", clip(string(in.Side)))
	case in.Type != trade.MarketOrder && in.Type != trade.LimitOrder:
		return Refuse(BadOrder, "type %q: want market or limit", clip(string(in.Type)))
	case in.Size != strategy.ByQuantity && in.Size != strategy.ByNotional && in.Size != strategy.ByFraction:
		return Refuse(BadOrder, "size %q: want quantity, notional or fraction", clip(string(in.Size)))
	case utf8.RuneCountInString(in.Tag) > maxTag:
		return Refuse(BadOrder, "the tag has over %d characters", maxTag)
	case in.Amount.Sign() <= 0 || maxAmount.Less(in.Amount):
		return Refuse(BadQuantity, "the amount %s must be above zero and at most %s", in.Amount, maxAmount)
	case in.Size == strategy.ByFraction && money.One.Less(in.Amount):
		return Refuse(BadQuantity, "the fraction %s is above 1", in.Amount)
	case in.Type == trade.LimitOrder && (in.Limit.Sign() <= 0 || maxAmount.Less(in.Limit)):
		return Refuse(BadLimit, "the limit %s must be above zero and at most %s", in.Limit, maxAmount)
	case in.Type == trade.MarketOrder && !in.Limit.IsZero():
		return Refuse(BadLimit, "a market order has no limit; ask for a limit order")
	case !s.Warm:
		return Refuse(NotWarm, "%s is still warming up", p.Market)
	case s.OpenOrders >= r.MaxOpenOrders:
		return Refuse(MaxOpenOrders, "%d orders are open, the limit is %d; cancel one first", s.OpenOrders, r.MaxOpenOrders)
	}
	return nil
}

// expected is the price the order is sized with: its limit, or the last close with slippage. Exact, not rounded to the tick.
func expected(o *trade.Order, s *State, r *Rules) money.Decimal {
	if o.Type == trade.LimitOrder {
		return o.Limit
	}
	if o.Side == trade.Buy {
		return s.Last.Mul(money.BpsFactor(r.SlippageBps))
	}
	return s.Last.Mul(money.BpsFactor(r.SlippageBps.Neg()))
}

func selfCross(o *trade.Order, price money.Decimal, s *State) *Refusal {
	if o.Side == trade.Buy && s.OwnSell.Sign() > 0 && !price.Less(s.OwnSell) {
		return Refuse(SelfCross, "a buy at %s would meet your own sell resting at %s; cancel it first", price, s.OwnSell)
	}
	if o.Side == trade.Sell && s.OwnBuy.Sign() > 0 && !s.OwnBuy.Less(price) {
		return Refuse(SelfCross, "a sell at %s would meet your own buy resting at %s; cancel it first", price, s.OwnBuy)
	}
	return nil
}

func sizeBuy(o *trade.Order, p *Proposal, price money.Decimal, s *State, r *Rules) *Refusal {
	quote := p.Market.Quote
	budget := s.Cash
	switch in := &p.Intent; in.Size {
	case strategy.ByQuantity:
		o.Quantity = in.Amount.FloorTo(r.QuantityStep)
	case strategy.ByNotional:
		budget = in.Amount
		o.Quantity = covers(budget, price, r)
	default:
		budget = s.Cash.Mul(in.Amount)
		o.Quantity = covers(budget, price, r)
	}
	if s.Cash.Less(budget) {
		return Refuse(InsufficientCash, "the order is for %s %s, %s %s are free", budget, quote, s.Cash, quote)
	}
	if o.Type == trade.LimitOrder && p.Intent.Size != strategy.ByQuantity {
		o.Quantity = money.Min(o.Quantity, Affordable(s.Cash, price, r.FeeBps, r.QuantityStep))
	}
	if o.Quantity.Sign() <= 0 {
		if p.Intent.Size == strategy.ByFraction {
			return Refuse(InsufficientCash, "%s %s are free, which buys nothing at %s", s.Cash, quote, price)
		}
		return Refuse(BadQuantity, "the amount %s leaves nothing at the step %s", p.Intent.Amount, r.QuantityStep)
	}
	notional := o.Quantity.Mul(price)
	if notional.Less(r.MinNotional) {
		if p.Intent.Size == strategy.ByFraction {
			return Refuse(InsufficientCash, "%s %s are free, which is under the smallest order of %s %s", s.Cash, quote, r.MinNotional, quote)
		}
		return Refuse(MinNotional, "the order is %s %s, the smallest is %s %s", notional.RoundHalfEven(money.Scale), quote, r.MinNotional, quote)
	}
	// A market order sized by cash may pass the free cash by one last digit of rounding; it is clipped at the fill.
	if p.Intent.Size == strategy.ByQuantity || o.Type == trade.LimitOrder {
		if need := Cost(o.Quantity, price, r.FeeBps); s.Cash.Less(need) {
			return Refuse(InsufficientCash, "the order needs %s %s with costs, %s %s are free", need, quote, s.Cash, quote)
		}
	}
	return nil
}

func sizeSell(o *trade.Order, p *Proposal, s *State, r *Rules) *Refusal {
	base := p.Market.Base
	value := s.Last
	if o.Type == trade.LimitOrder {
		value = o.Limit
	}
	switch in := &p.Intent; {
	case p.Whole || in.Size == strategy.ByFraction && in.Amount.Equal(money.One):
		o.Quantity = s.Position // whole, even where it is off the step: the way out is never barred
	case in.Size == strategy.ByFraction:
		o.Quantity = s.Position.Mul(in.Amount).FloorTo(r.QuantityStep)
	case in.Size == strategy.ByNotional:
		q, err := in.Amount.Quo(value)
		if err != nil {
			return Refuse(NoPrice, "%s has no price to size the order with", p.Market)
		}
		o.Quantity = q.FloorTo(r.QuantityStep)
	default:
		o.Quantity = in.Amount.FloorTo(r.QuantityStep)
	}
	if s.Position.Less(o.Quantity) {
		return Refuse(InsufficientPosition, "the order sells %s %s, %s %s are held and free", o.Quantity, base, s.Position, base)
	}
	if o.Quantity.Sign() <= 0 {
		if s.Position.Sign() <= 0 {
			return Refuse(InsufficientPosition, "no %s is held and free", base)
		}
		return Refuse(BadQuantity, "the amount %s leaves nothing at the step %s", p.Intent.Amount, r.QuantityStep)
	}
	if notional := o.Quantity.Mul(value); notional.Less(r.MinNotional) && o.Quantity.Less(s.Position) {
		return Refuse(MinNotional, "the order is %s %s, the smallest is %s %s; sell the whole position instead",
			notional.RoundHalfEven(money.Scale), p.Market.Quote, r.MinNotional, p.Market.Quote)
	}
	return nil
}

// Cost is what buying quantity at price takes from cash: the notional and the fee, each rounded half-even to 8 decimals.
func Cost(quantity, price, feeBps money.Decimal) money.Decimal {
	n := quantity.Mul(price)
	return n.RoundHalfEven(money.Scale).Add(money.Bps(n, feeBps))
}

// Affordable is what cash covers at price with the fee: cash / (price × (1 + fee)) rounded down to step. Where the rounding of
// notional and fee would still take more than cash, one last digit of cash is set aside first, so that Cost never exceeds cash.
func Affordable(cash, price, feeBps, step money.Decimal) money.Decimal {
	unit := price.Mul(money.BpsFactor(feeBps))
	q, err := cash.Quo(unit)
	if err != nil || q.Sign() <= 0 {
		return money.Zero
	}
	q = q.FloorTo(step)
	for range 2 { // half a last digit each for notional and fee: one digit is enough, the second is for a price that was cut
		if !cash.Less(Cost(q, price, feeBps)) {
			return q
		}
		cash = cash.Sub(money.New(1, money.Scale))
		if q, err = cash.Quo(unit); err != nil || q.Sign() <= 0 {
			return money.Zero
		}
		q = q.FloorTo(step)
	}
	return q
}

// covers sizes a buy at the decision: budget / (price × (1 + fee)) rounded down to the step.
func covers(budget, price money.Decimal, r *Rules) money.Decimal {
	q, err := budget.Quo(price.Mul(money.BpsFactor(r.FeeBps)))
	if err != nil || q.Sign() <= 0 {
		return money.Zero
	}
	return q.FloorTo(r.QuantityStep)
}

func clip(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return s
}
