package backtest

import (
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
)

// RoundTrips are a report's closed trades laid on the bars that could be traded, as evidence.EnterAtRandom takes them.
type RoundTrips struct {
	Markets []evidence.HeldMarket // in the report's order
	Closed  int                   // trades laid out
	Open    int                   // left out: still open at the end
	Same    int                   // left out: entered and left on one bar
	Many    int                   // laid out, though several fills built or ended them: taken as one fill at the first and one at the last
	PnL     money.Decimal         // what the backtest says that the trades laid out made
	Reckon  money.Decimal         // what they make by the rules of docs/backtesting.md with one market order in and one out, to the last digit
}

// ErrTrips is wrapped when a report's trades are not of the bars given.
var ErrTrips = errors.New("the trades are not of these bars")

// LayOut finds a report's trades on its bars (for each market of the report, in time order, those before the window included). Bars without
// any trade, those outside the window and those of the warm-up are left out: nothing could be entered there. Where every trade was one market
// order in and one out, Reckon equals PnL.
func LayOut(rep *report.Report, bars [][]market.Bar) (RoundTrips, error) {
	var out RoundTrips
	if len(bars) != len(rep.Markets) {
		return out, fmt.Errorf("%w: bars of %d markets, the report has %d", ErrTrips, len(bars), len(rep.Markets))
	}
	var at [][]int64 // open times of the bars that could be traded
	opens := make([][]money.Decimal, len(bars))
	for m := range bars {
		h, times := evidence.HeldMarket{}, []int64{}
		for _, b := range tradable(rep, bars[m]) {
			if b.HasVolume() && b.Volume().IsZero() {
				continue
			}
			h.Opens, times, opens[m] = append(h.Opens, b.Open().Float64()), append(times, b.Unix()), append(opens[m], b.Open())
		}
		out.Markets, at = append(out.Markets, h), append(at, times)
	}
	for i := range rep.Trades {
		t := &rep.Trades[i]
		if t.Open || t.Exit == nil {
			out.Open++
			continue
		}
		m := 0
		for m < len(rep.Markets) && rep.Markets[m] != t.Market {
			m++
		}
		if m == len(rep.Markets) {
			return out, fmt.Errorf("%w: trade %d is on %s", ErrTrips, i+1, t.Market)
		}
		entry, okEntry := find(at[m], t.Entry)
		exit, okExit := find(at[m], *t.Exit)
		switch {
		case !okEntry || !okExit:
			return out, fmt.Errorf("%w: trade %d on %s from %s to %s", ErrTrips, i+1, t.Market, t.Entry.Format(time.RFC3339), t.Exit.Format(time.RFC3339))
		case exit <= entry:
			out.Same++
			continue
		case t.Fills > 2:
			out.Many++
		}
		out.Closed++
		out.Markets[m].Trades = append(out.Markets[m].Trades, evidence.HeldTrade{Entry: entry, Exit: exit, Quantity: t.Quantity.Float64()})
		out.PnL = out.PnL.Add(t.PnL)
		out.Reckon = out.Reckon.Add(reckon(&rep.Settings, t.Quantity, opens[m][entry], opens[m][exit]))
	}
	return out, nil
}

// tradable cuts bars to the window, less what the warm-up took of it.
func tradable(rep *report.Report, bars []market.Bar) []market.Bar {
	first := sort.Search(len(bars), func(i int) bool { return bars[i].Unix() >= rep.From.Unix() })
	end := sort.Search(len(bars), func(i int) bool { return bars[i].Unix() >= rep.To.Unix() })
	first = min(max(first, rep.Warmup/max(1, len(rep.Markets))), end)
	return bars[first:end]
}

// find is the place of the bar that holds a moment: a fill has the time of its bar's open.
func find(times []int64, t time.Time) (int, bool) {
	i := sort.Search(len(times), func(i int) bool { return times[i] >= t.Unix() })
	return i, i < len(times) && times[i] == t.Unix()
}

// reckon is the change of cash that a market order to buy at one open and one to sell at another make.
func reckon(s *report.Settings, quantity, in, out money.Decimal) money.Decimal {
	bought := quantity.Mul(in.Mul(money.BpsFactor(s.SlippageBps)).CeilTo(s.PriceTick))
	sold := quantity.Mul(out.Mul(money.BpsFactor(s.SlippageBps.Neg())).FloorTo(s.PriceTick))
	paid := bought.RoundHalfEven(money.Scale).Add(money.Bps(bought, s.FeeBps))
	return sold.RoundHalfEven(money.Scale).Sub(money.Bps(sold, s.FeeBps)).Sub(paid)
}
