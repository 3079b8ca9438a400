package floor

import (
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// What is held and what it gained is read off the account that came with the session, so that every amount on the page is of one
// moment: a list asked for beside it would be of another.

// held are the chosen session's positions that are not flat.
func (p *Page) held() []api.PositionRow {
	s := p.session()
	if s == nil {
		return nil
	}
	var rows []api.PositionRow
	for i := range s.Account.Positions {
		q := &s.Account.Positions[i]
		if q.Quantity.IsZero() {
			continue
		}
		last := mark(s, q.Market)
		rows = append(rows, api.PositionRow{Session: s.ID, Strategy: s.Strategy, Market: q.Market, Coin: q.Market.Base, Quantity: q.Quantity, Average: q.AveragePrice(),
			Cost: q.Cost, Last: last, Value: q.Value(last), Unrealised: q.Unrealised(last), Realised: q.Realised, Simulated: s.Simulated})
	}
	return rows
}

// gains are what the session's positions realised, the flat ones too, and what the held ones would.
func gains(s *api.FloorSession) (realised, unrealised money.Decimal) {
	for i := range s.Account.Positions {
		q := &s.Account.Positions[i]
		realised = realised.Add(q.Realised)
		if !q.Quantity.IsZero() {
			unrealised = unrealised.Add(q.Unrealised(mark(s, q.Market)))
		}
	}
	return realised, unrealised
}

// mark is a market's last close.
func mark(s *api.FloorSession, m market.Market) money.Decimal {
	for _, k := range s.Account.Marks {
		if k.Market == m {
			return k.Price
		}
	}
	return money.Zero
}
