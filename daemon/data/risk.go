package data

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Bounds of a risk question.
const (
	defaultDays = 90
	maxDays     = 3650
	fewestDays  = 20 // common days under which nothing is said of the whole
)

// holding is one coin of a user with its days.
type holding struct {
	api.RiskHolding
	market market.Market
	closes map[int64]float64 // by day
}

// Risk answers what a user's holdings may lose, by what their prices did: daily closes, the holdings as they are now held constant.
func (s *Service) Risk(ctx context.Context, user string, r api.RiskRequest) (out api.Risk, err error) {
	out = api.Risk{Holdings: []api.RiskHolding{}, Correlation: [][]*float64{}, Markets: []market.Market{}}
	out.Notes = []string{}
	asOf, err := api.ParseTime("as_of", r.AsOf)
	if err != nil {
		return out, err
	}
	if out.Quote = "AUD"; r.Quote != "" {
		if out.Quote, err = market.ParseCoin(r.Quote); err != nil {
			return out, badRequest("%s", err)
		}
	}
	if r.Days < 0 || r.Days > maxDays {
		return out, badRequest("days %d: want 0 (%d) to %d", r.Days, defaultDays, maxDays)
	}
	if r.Days == 0 {
		r.Days = defaultDays
	}
	now := s.clock.Now()
	if !asOf.IsZero() {
		now, out.Asked.AsOf = asOf, &asOf
	}
	rows, err := s.reader.UserPositions(ctx, user, asOf)
	if err != nil {
		return out, err
	}
	held := map[market.Coin]money.Decimal{}
	for _, p := range rows {
		held[p.Market.Base] = held[p.Market.Base].Add(p.Quantity)
	}
	var all []*holding
	for coin, quantity := range held {
		h := &holding{RiskHolding: api.RiskHolding{Coin: coin, Quantity: quantity}, market: market.Market{Base: coin, Quote: out.Quote}}
		if err := s.price(ctx, h, now, asOf, r.Days); err != nil {
			return out, err
		}
		if h.Price == nil {
			out.Notes = append(out.Notes, "no price of "+h.market.String()+" is known: it is left out of the value")
		}
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *holding) int {
		if a.Value != nil && b.Value != nil {
			return b.Value.Cmp(*a.Value)
		}
		return compareCoins(a.Coin, b.Coin)
	})
	weigh(all, &out)
	together(all, &out)
	return out, nil
}

func compareCoins(a, b market.Coin) int {
	if a < b {
		return -1
	}
	return 1
}

// price finds a holding's newest price and its daily closes.
func (s *Service) price(ctx context.Context, h *holding, now, asOf time.Time, days int) error {
	h.closes = map[int64]float64{}
	bars, err := s.reader.PriceBars(ctx, ledger.BarQuery{Market: h.market, Interval: market.Day, From: now.AddDate(0, 0, -days-1), To: now, AsOf: asOf})
	if err != nil {
		return err
	}
	for i := range bars.Bars {
		h.closes[bars.Bars[i].Unix()/int64(market.Day)] = bars.Bars[i].CloseFloat()
	}
	var newest *money.Decimal
	quotes, err := s.reader.Quotes(ctx, ledger.QuoteQuery{Markets: []market.Market{h.market}, AsOf: asOf})
	if err != nil {
		return err
	}
	for i := range quotes {
		if quotes[i].Last.Sign() > 0 {
			newest = &quotes[i].Last
		}
	}
	if newest == nil {
		last, err := s.reader.PriceBars(ctx, ledger.BarQuery{Market: h.market, Interval: market.FiveMinutes, From: now.AddDate(0, 0, -7), To: now, AsOf: asOf, Limit: 1})
		if err != nil {
			return err
		}
		if n := len(last.Bars); n > 0 {
			c := last.Bars[n-1].Close()
			newest = &c
		} else if n := len(bars.Bars); n > 0 {
			c := bars.Bars[n-1].Close()
			newest = &c
		}
	}
	if newest != nil {
		value := h.Quantity.Mul(*newest).RoundHalfEven(money.Scale)
		h.Price, h.Value = newest, &value
	}
	return nil
}

func weigh(all []*holding, out *api.Risk) {
	for _, h := range all {
		if h.Value != nil {
			out.Value = out.Value.Add(*h.Value)
		}
	}
	total, squares := out.Value.Float64(), 0.0
	for _, h := range all {
		if h.Value != nil && total > 0 {
			w := h.Value.Float64() / total
			h.Weight = &w
			squares += w * w
		}
		if v := spread(returns(h.closes, daysOf(h.closes))); v != nil {
			h.Volatility = v
		}
	}
	if squares > 0 {
		n := 1 / squares
		out.Effective = &n
	}
}

// daysOf are the days of a series, ascending.
func daysOf(closes map[int64]float64) []int64 {
	out := make([]int64, 0, len(closes))
	for d := range closes {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

// returns are simple returns from one listed day to the next that follows it directly.
func returns(closes map[int64]float64, days []int64) []float64 {
	var out []float64
	for i := 1; i < len(days); i++ {
		if days[i] == days[i-1]+1 {
			out = append(out, closes[days[i]]/closes[days[i-1]]-1)
		}
	}
	return out
}

// spread is the sample standard deviation; nil under three values.
func spread(r []float64) *float64 {
	if len(r) < 3 {
		return nil
	}
	m := 0.0
	for _, v := range r {
		m += v
	}
	m /= float64(len(r))
	sum := 0.0
	for _, v := range r {
		sum += (v - m) * (v - m)
	}
	v := math.Sqrt(sum / float64(len(r)-1))
	return &v
}

// together says what the holdings do as a whole, over the days that all of them have.
func together(all []*holding, out *api.Risk) {
	var priced []*holding
	for _, h := range all {
		out.Holdings = append(out.Holdings, h.RiskHolding)
		if h.Weight != nil {
			priced = append(priced, h)
			out.Markets = append(out.Markets, h.market)
		}
	}
	if len(priced) == 0 {
		return
	}
	days := daysOf(priced[0].closes)
	for _, h := range priced[1:] {
		days = slices.DeleteFunc(days, func(d int64) bool { _, ok := h.closes[d]; return !ok })
	}
	series := make([][]float64, len(priced))
	for i, h := range priced {
		series[i] = returns(h.closes, days)
	}
	out.Correlation = correlations(series)
	whole := make([]float64, len(series[0]))
	for i, h := range priced {
		for j, r := range series[i] {
			whole[j] += *h.Weight * r
		}
	}
	if out.Days = len(whole); out.Days < fewestDays {
		out.Notes = append(out.Notes, "under 20 days are common to all holdings: nothing is said of the whole")
		return
	}
	out.Volatility = spread(whole)
	worst := slices.Clone(whole)
	slices.Sort(worst)
	loss := max(0, -worst[len(worst)*5/100])
	out.VaR95 = &loss
	level, peak, deepest := 1.0, 1.0, 0.0
	for _, r := range whole {
		level *= 1 + r
		peak = max(peak, level)
		deepest = max(deepest, 1-level/peak)
	}
	out.Drawdown = &deepest
}

func correlations(series [][]float64) [][]*float64 {
	out := make([][]*float64, len(series))
	for i := range series {
		out[i] = make([]*float64, len(series))
		for j := range series {
			out[i][j] = correlation(series[i], series[j])
		}
	}
	return out
}

// correlation is Pearson's; nil under three values, or where one never moved.
func correlation(a, b []float64) *float64 {
	n := float64(len(a))
	if len(a) < 3 || len(a) != len(b) {
		return nil
	}
	ma, mb := 0.0, 0.0
	for i := range a {
		ma, mb = ma+a[i]/n, mb+b[i]/n
	}
	sab, saa, sbb := 0.0, 0.0, 0.0
	for i := range a {
		sab += (a[i] - ma) * (b[i] - mb)
		saa += (a[i] - ma) * (a[i] - ma)
		sbb += (b[i] - mb) * (b[i] - mb)
	}
	if saa == 0 || sbb == 0 {
		return nil
	}
	v := max(-1, min(1, sab/math.Sqrt(saa*sbb)))
	return &v
}
