package trade

import (
	"fmt"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Position is what is held on one market, long only. Cost and P&L are in the quote currency.
// Cost includes the fees of the buys; Realised is net of all fees. Since every change comes from a fill,
// cash + Cost − Realised is the same before and after it, to the last digit (see TestValueChangesOnlyByFills).
type Position struct {
	Market   market.Market `json:"market"`
	Quantity money.Decimal `json:"quantity"` // base coins
	Cost     money.Decimal `json:"cost"`     // what the held quantity cost, buy fees included
	Realised money.Decimal `json:"realised"` // P&L of what was sold, net of fees on both sides
	Fees     money.Decimal `json:"fees"`     // all fees paid so far
}

// Apply adds one fill at average cost. Selling more than is held is an error and changes nothing.
func (p *Position) Apply(f *Fill) error {
	if f.Quantity.Sign() <= 0 || f.Price.Sign() <= 0 || f.Fee.Sign() < 0 {
		return fmt.Errorf("fill %s: quantity %s, price %s and fee %s cannot be", f.ID, f.Quantity, f.Price, f.Fee)
	}
	if f.Side == Buy {
		p.Quantity = p.Quantity.Add(f.Quantity)
		p.Cost = p.Cost.Sub(f.CashChange())
		p.Fees = p.Fees.Add(f.Fee)
		return nil
	}
	if p.Quantity.Less(f.Quantity) {
		return fmt.Errorf("fill %s: sells %s %s, only %s are held", f.ID, f.Quantity, f.Market.Base, p.Quantity)
	}
	share := p.Cost
	if f.Quantity.Less(p.Quantity) {
		var err error
		if share, err = p.Cost.Mul(f.Quantity).Quo(p.Quantity); err != nil {
			return fmt.Errorf("fill %s: %w", f.ID, err)
		}
		share = share.RoundHalfEven(money.Scale)
	}
	p.Quantity = p.Quantity.Sub(f.Quantity)
	p.Cost = p.Cost.Sub(share)
	p.Realised = p.Realised.Add(f.CashChange()).Sub(share)
	p.Fees = p.Fees.Add(f.Fee)
	return nil
}

// AveragePrice is cost per coin, fees included, cut at 8 decimals; zero when nothing is held. For display.
func (p *Position) AveragePrice() money.Decimal {
	if p.Quantity.IsZero() {
		return money.Zero
	}
	a, err := p.Cost.Quo(p.Quantity)
	if err != nil {
		return money.Zero
	}
	return a.RoundDown(money.Scale)
}

// Value is what the position is worth at price, to 8 decimals half-even.
func (p *Position) Value(price money.Decimal) money.Decimal {
	return p.Quantity.Mul(price).RoundHalfEven(money.Scale)
}

// Unrealised is Value − Cost: fees already paid count, the fee of selling does not.
func (p *Position) Unrealised(price money.Decimal) money.Decimal { return p.Value(price).Sub(p.Cost) }
