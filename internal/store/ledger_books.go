package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
	"github.com/ohmycoins/omc/internal/trade"
)

func asMarket(base, quote string) market.Market {
	return market.Market{Base: market.Coin(base), Quote: market.Coin(quote)}
}

// OrderHistory implements ledger.Reader. An order that changed after the moment asked is shown as its fills by then make it.
func (d *DB) OrderHistory(ctx context.Context, q ledger.OrderQuery) ([]ledger.OrderRow, error) {
	if q.User == "" {
		return nil, fmt.Errorf("order history: %w: whose?", ErrInvalid)
	}
	var c conds
	c.add("user_id = ?", q.User)
	if !q.From.IsZero() {
		c.add("placed_at >= ?", stamp(q.From))
	}
	if !q.To.IsZero() {
		c.add("placed_at < ?", stamp(q.To))
	}
	if !q.AsOf.IsZero() {
		c.add("placed_at <= ?", stamp(q.AsOf))
	}
	order := " ORDER BY placed_at DESC, session_id DESC, position DESC"
	if q.Limit > 0 {
		order += " LIMIT " + strconv.Itoa(q.Limit)
	}
	type row struct {
		ledger.OrderRow
		limit   money.Decimal
		updated time.Time
	}
	rows, err := queryAll(ctx, d.drv, func(r dialect.Rows) (o row, err error) {
		var base, quote, placed, updated string
		if err = r.Scan(&o.Session, &o.ID, &base, &quote, &o.Side, &o.Type, &o.Quantity, &o.limit, &o.Status, &o.Filled, &o.Price, &placed, &updated); err != nil {
			return o, err
		}
		o.Market = asMarket(base, quote)
		if o.Placed, err = unstamp(placed); err != nil {
			return o, err
		}
		o.updated, err = unstamp(updated)
		return o, err
	}, `SELECT session_id, id, coin_type, quote, side, type, quantity, limit_price, status, filled, average_price, placed_at, updated_at FROM orders`+c.where()+order, c.args...)
	if err != nil {
		return nil, fmt.Errorf("order history: %w", err)
	}
	fills, err := d.fillsByOrder(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("order history: %w", err)
	}
	out := make([]ledger.OrderRow, len(rows))
	for i, o := range rows {
		own := fills[[2]string{o.Session, o.ID}]
		if n := len(own); n > 0 {
			o.FilledAt = &own[n-1].Time
		}
		if !q.AsOf.IsZero() && o.updated.After(q.AsOf) {
			asKnown(&o.OrderRow, own)
		}
		if o.Price.Sign() == 0 {
			o.Price = o.limit
		}
		out[len(rows)-1-i] = o.OrderRow // oldest first
	}
	return out, nil
}

// fillsByOrder are a user's fills since the window began, by session and order.
func (d *DB) fillsByOrder(ctx context.Context, q ledger.OrderQuery) (map[[2]string][]trade.Fill, error) {
	since := "" // before every time
	if !q.From.IsZero() {
		since = stamp(q.From)
	}
	out := map[[2]string][]trade.Fill{}
	_, err := queryAll(ctx, d.drv, func(r dialect.Rows) (struct{}, error) {
		var session string
		f, err := scanFill(prefixed{r, &session})
		k := [2]string{session, f.OrderID}
		out[k] = append(out[k], f)
		return struct{}{}, err
	}, fillsSQL+" WHERE user_id = $1 AND filled_at >= $2 AND filled_at <= $3 ORDER BY session_id, position", q.User, since, until(q.AsOf))
	return out, err
}

// asKnown makes an order what its fills make it.
func asKnown(o *ledger.OrderRow, fills []trade.Fill) {
	o.Filled, o.Price, o.Status = money.Zero, money.Zero, string(trade.Open)
	value := money.Zero
	for i := range fills {
		o.Filled = o.Filled.Add(fills[i].Quantity)
		value = value.Add(fills[i].Quantity.Mul(fills[i].Price))
	}
	if average, err := value.Quo(o.Filled); err == nil {
		o.Price = average.RoundHalfEven(money.Scale)
	}
	if o.Filled.Equal(o.Quantity) {
		o.Status = string(trade.Filled)
	}
}

const fillsSQL = "SELECT session_id, id, order_id, coin_type, quote, side, quantity, price, fee, filled_at FROM trades"

func scanFill(r dialect.Rows) (f trade.Fill, err error) {
	var base, quote, side, at string
	if err = r.Scan(&f.ID, &f.OrderID, &base, &quote, &side, &f.Quantity, &f.Price, &f.Fee, &at); err != nil {
		return f, err
	}
	f.Market, f.Side = asMarket(base, quote), trade.Side(side)
	f.Time, err = unstamp(at)
	return f, err
}

// until is the text of the moment asked, or one after every time.
func until(asOf time.Time) string {
	if asOf.IsZero() {
		return "9999"
	}
	return stamp(asOf)
}

// UserPositions implements ledger.Reader: what is held, by session and market. As of a moment it is what the fills by then make it.
func (d *DB) UserPositions(ctx context.Context, user string, asOf time.Time) ([]ledger.PositionRow, error) {
	if user == "" {
		return nil, fmt.Errorf("positions: %w: whose?", ErrInvalid)
	}
	type fill struct {
		session string
		trade.Fill
	}
	fills, err := queryAll(ctx, d.drv, func(r dialect.Rows) (f fill, err error) {
		f.Fill, err = scanFill(prefixed{r, &f.session})
		return f, err
	}, fillsSQL+" WHERE user_id = $1 AND filled_at <= $2 ORDER BY session_id, position", user, until(asOf))
	if err != nil {
		return nil, fmt.Errorf("positions: %w", err)
	}
	type key struct {
		session string
		market  market.Market
	}
	held := map[key]*trade.Position{}
	var order []key
	for i := range fills {
		k := key{fills[i].session, fills[i].Market}
		if held[k] == nil {
			held[k] = &trade.Position{Market: k.market}
			order = append(order, k)
		}
		if err := held[k].Apply(&fills[i].Fill); err != nil {
			return nil, fmt.Errorf("positions: session %s: %w", k.session, err)
		}
	}
	var out []ledger.PositionRow
	for _, k := range order {
		if p := held[k]; p.Quantity.Sign() > 0 {
			out = append(out, ledger.PositionRow{Session: k.session, Market: k.market, Quantity: p.Quantity, Average: p.AveragePrice(), Cost: p.Cost, Realised: p.Realised})
		}
	}
	return out, nil
}
