package ledgers

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// plainGaps bounds the gaps that are written of a market.
const plainGaps = 20

// Plain is the page in words: every market with its coverage, its prices at a glance and its gaps, and the newest of the other ledgers.
func Plain(ctx context.Context, c Client, now time.Time) ([]string, error) {
	all, err := c.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	var p page.Prose
	p.Heading("Markets: " + page.Count(int64(len(all))))
	if len(all) == 0 {
		p.Say("The ledgers are empty. Fill them with omc data import FILE.csv.gz or omc demo.")
	}
	for i := range all {
		k := &all[i]
		source := "from " + strings.Join(k.Sources, " and ")
		if k.Simulated {
			source = "SIM: made-up prices"
		}
		newest := "to " + page.Day(k.Last)
		old := stale(k, now)
		if old > 0 {
			newest += " which is " + age(old) + " old"
		}
		p.Say(k.Market.String(), page.Plural(k.Bars, "bar")+" of "+k.Interval.String(), "from "+page.Day(k.First), newest, complete(k)+" complete", source)
		if i >= sparkBatch {
			continue
		}
		s, err := readSpark(ctx, c, k)
		if err != nil {
			return nil, err
		}
		change := ""
		if !math.IsNaN(s.change) {
			change = "24 h"
			if old > 0 {
				change = "the 24 h before that"
			}
			change += " " + widget.Percent(s.change)
		}
		if s.last > 0 {
			p.Say("last "+widget.Price(s.last), change)
			if curve := page.Curve("the newest "+page.Plural(len(s.closes), "bar")+" of "+max(k.Interval, 3600).String(), s.closes, widget.Price, nil); curve != "" {
				p.Lines = append(p.Lines, curve)
			}
		}
		if err := plainGapsOf(ctx, c, &p, k.Market.String(), k.Interval.String(), k.Missing); err != nil {
			return nil, err
		}
	}
	if err := plainBooks(ctx, c, &p, now); err != nil {
		return nil, err
	}
	return p.Lines, nil
}

func plainGapsOf(ctx context.Context, c Client, p *page.Prose, market, interval string, missing int) error {
	if missing == 0 {
		return nil
	}
	g, err := c.Gaps(ctx, api.PriceQuery{Market: market, Interval: interval, Limit: plainGaps})
	if err != nil {
		return err
	}
	p.Say(page.Plural(g.Total, "gap"))
	for _, gap := range g.Gaps[:min(len(g.Gaps), plainGaps)] {
		p.Say("gap from "+page.Minute(gap.From)+" to "+page.Minute(gap.To), page.Plural(gap.Bars, "bar")+" missing")
	}
	return nil
}

// plainRows bounds the records that are written of each other ledger.
const plainRows = 20

// plainBooks writes the newest records of every ledger beside the prices.
func plainBooks(ctx context.Context, c Client, p *page.Prose, now time.Time) error {
	for view := priceView + 1; view < views; view++ {
		k := kinds(view)
		records, notes, err := k.load(ctx, c, "")
		if err != nil {
			return err
		}
		n := min(len(records), plainRows)
		title := k.title + ": " + page.Count(int64(len(records)))
		if n < len(records) {
			title += ", the first " + page.Count(int64(n))
		}
		p.Heading(title)
		if n == 0 {
			p.Say("Nothing yet: collectors bring it while the daemon runs. Start it with omc daemon start, see omc collect list.")
		}
		for i := range n {
			p.Say(records[i].say(now)...)
		}
		for _, note := range notes {
			p.Say(note)
		}
	}
	return nil
}
