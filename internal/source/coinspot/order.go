package coinspot

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	maxOrders = 5000 // of each side of a list; CoinSpot is said to show 100
	maxTotal  = 1e15 // AUD, or what else the market is in
)

// sides is an answer of /orders/open or /orders/completed.
type sides struct {
	Buyorders, Sellorders []json.RawMessage
}

// decodeSides reads an answer of /orders.
func decodeSides(status int, body []byte) (sides, error) {
	var s sides
	if err := read(status, body, &s); err != nil {
		return sides{}, err
	}
	if s.Buyorders == nil || s.Sellorders == nil || len(s.Buyorders) > maxOrders || len(s.Sellorders) > maxOrders {
		return sides{}, fmt.Errorf("%w: %d buy orders, %d sell orders", upstream.ErrMalformed, len(s.Buyorders), len(s.Sellorders))
	}
	return s, nil
}

// order is one row of a list.
type order struct {
	amount money.Decimal // of the coin
	rate   money.Decimal // for one coin
	total  money.Decimal
	sold   time.Time // zero where the list says nothing of it
}

// decodeOrder reads one row about a market.
func decodeOrder(raw json.RawMessage, m market.Market) (o order, err error) {
	var row struct {
		Amount, Rate, Total json.RawMessage
		Market              string
		Solddate            *time.Time
	}
	if err := json.Unmarshal(raw, &row); err != nil {
		return o, err
	}
	if err := same(row.Market, m); err != nil {
		return o, err
	}
	if o.amount, err = positive("amount", row.Amount); err != nil {
		return o, err
	}
	if o.rate, err = positive("rate", row.Rate); err != nil {
		return o, err
	}
	if o.total, err = total(row.Total, o.amount.Mul(o.rate)); err != nil {
		return o, err
	}
	if row.Solddate != nil {
		o.sold = row.Solddate.UTC()
	}
	return o, nil
}

// total reads what a row says it comes to. Rounding aside it is amount × rate: anything else is a figure of another kind.
func total(raw json.RawMessage, product money.Decimal) (money.Decimal, error) {
	v, ok, err := source.Figure(raw)
	switch {
	case err != nil:
		return v, fmt.Errorf("total: %w", err)
	case money.FromInt(maxTotal).Less(product):
		return v, fmt.Errorf("amount × rate, %s, is beyond every order", product)
	case !ok:
		return product, nil
	}
	cent := money.New(1, 2)
	if v.Sign() < 0 || money.Max(cent, money.Bps(product, money.FromInt(100))).Less(v.Sub(product).Abs()) {
		return v, fmt.Errorf("total %s is not amount × rate, %s", v, product)
	}
	return v, nil
}
