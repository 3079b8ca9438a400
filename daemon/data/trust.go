package data

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// Trust tells of every series how much of it there is, how old its end is, and whether that is as fresh as its feeds promise.
func (s *Service) Trust(ctx context.Context) ([]api.TrustRow, error) {
	var feeds []api.Collector
	if s.Feeds != nil {
		var err error
		if feeds, err = s.Feeds(ctx); err != nil {
			return nil, err
		}
	}
	out, err := s.trustPrices(ctx, feeds)
	if err != nil {
		return nil, err
	}
	stats, err := s.reader.DataStatistics(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, t := range stats {
		age := api.In(max(0, s.clock.Now().Sub(t.LastKnown)))
		row := api.TrustRow{Ledger: t.Ledger, Subject: t.Kind, Source: t.Source, First: &t.First, Last: &t.Last, Rows: t.Rows, Age: &age}
		if t.Kind == "quotes" {
			s.trustQuotes(&row, feeds)
		}
		out = append(out, row)
	}
	for _, f := range feeds {
		if f.State == api.CollectorNeeds || f.Runs == 0 && f.LastOK == nil {
			continue
		}
		row := api.TrustRow{Ledger: f.Ledger, Subject: "feed " + f.Name, Source: f.Source, Last: f.LastOK, Rows: f.Rows, Gaps: f.OpenGaps, Age: f.Age, Target: &f.Target}
		fresh := f.Age != nil && *f.Age <= max(f.Target, f.Every+f.Timeout)
		row.Fresh = &fresh
		out = append(out, row)
	}
	return out, nil
}

// trustQuotes tells how fresh quotes are. They are stored as they change, so that it is the newest reading that says how old they may be,
// not the newest row.
func (s *Service) trustQuotes(row *api.TrustRow, feeds []api.Collector) {
	for _, f := range feeds {
		if f.Ledger == ledger.Exchange && f.Origin == row.Source && (f.Bars || f.Origin != f.Source) && f.LastOK != nil {
			age := api.In(max(0, s.clock.Now().Sub(*f.LastOK)))
			fresh := age <= max(f.Target, f.Every+f.Timeout)
			row.Age, row.Target, row.Fresh = &age, &f.Target, &fresh
		}
	}
}

// trustPrices tells of the bars. Only those that a feed builds have to be fresh: history has no target.
func (s *Service) trustPrices(ctx context.Context, feeds []api.Collector) ([]api.TrustRow, error) {
	all, err := s.reader.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]api.TrustRow, 0, len(all))
	for _, c := range all {
		share, age := float64(c.Bars)/float64(c.Bars+c.Missing), api.In(max(0, s.clock.Now().Sub(c.Last.Add(c.Interval.Duration()))))
		row := api.TrustRow{Ledger: ledger.Exchange, Subject: c.Market.String() + " " + c.Interval.String(), Source: strings.Join(c.Sources, " "), First: &c.First, Last: &c.Last,
			Rows: int64(c.Bars), Coverage: &share, Missing: c.Missing, Age: &age}
		if c.Missing > 0 {
			if _, row.Gaps, err = s.reader.Gaps(ctx, c.Market, c.Interval, 0); err != nil {
				return nil, err
			}
		}
		for _, f := range feeds {
			if f.Bars && slices.Contains(c.Sources, f.Source) && c.Interval == market.FiveMinutes {
				target := api.In(c.Interval.Duration()) + f.Target
				fresh := age <= target
				row.Target, row.Fresh = &target, &fresh
			}
		}
		out = append(out, row)
	}
	return out, nil
}
