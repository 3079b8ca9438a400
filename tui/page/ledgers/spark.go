package ledgers

import (
	"context"
	"math"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/tui/page"
)

// spark is a market at a glance: its newest price, where that came from within a day, and the curve of its hourly closes.
type spark struct {
	closes []float64
	last   float64 // close of the newest stored bar; NaN where there is none
	change float64 // against the stored bar a day before it, as a fraction; NaN where there is none
}

// nextSpark asks for the prices at a glance of the next market that has none of the bars as they are now, one at a time, the chosen
// market first.
func (p *Page) nextSpark() tea.Cmd {
	if p.asking != "" {
		return nil
	}
	if c := p.item(); c != nil && !p.fresh[p.chosen] {
		return p.askSpark(c)
	}
	for i := range p.all {
		if c := &p.all[i]; i < sparkBatch && !p.fresh[key(c)] {
			return p.askSpark(c)
		}
	}
	return nil
}

func (p *Page) askSpark(c *ledger.Coverage) tea.Cmd {
	k, client, cover := key(c), p.client, *c
	p.asking = k
	return page.Read(p.run, func(ctx context.Context) (spark, error) { return readSpark(ctx, client, &cover) },
		func(s spark, _ error) tea.Msg { return sparkMsg{k, s} })
}

// readSpark reads the newest price and the one a day before at the stored interval: bars made longer leave out the one under way, so
// their last close is not the last price.
func readSpark(ctx context.Context, c Client, cover *ledger.Coverage) (spark, error) {
	s := spark{last: math.NaN(), change: math.NaN()}
	q := api.PriceQuery{Market: cover.Market.String(), Interval: cover.Interval.String(), Limit: 1}
	newest, err := c.Prices(ctx, q)
	if err != nil || len(newest.Rows) == 0 {
		return s, err
	}
	bar := newest.Rows[len(newest.Rows)-1]
	s.last = bar.Close.Float64()

	day := bar.Timestamp.Add(-24 * time.Hour)
	q.To = day.Add(time.Second).UTC().Format(time.RFC3339) // bars before it: the one that opened a day before is among them
	before, err := c.Prices(ctx, q)
	if err != nil {
		return s, err
	}
	if n := len(before.Rows); n > 0 {
		b := &before.Rows[n-1]
		// What is much older than a day is no change of 24 hours.
		if v := b.Close.Float64(); v > 0 && !b.Timestamp.After(day) && day.Sub(b.Timestamp) <= max(time.Hour, cover.Interval.Duration()) {
			s.change = s.last/v - 1
		}
	}

	curve, err := c.Prices(ctx, api.PriceQuery{Market: q.Market, Interval: max(cover.Interval, market.Interval(3600)).String(), Limit: sparkBars})
	if err != nil {
		return s, err
	}
	for i := range curve.Rows {
		s.closes = append(s.closes, curve.Rows[i].Close.Float64())
	}
	return s, nil
}
