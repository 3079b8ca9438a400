package sim_test

import (
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/venue/sim"
	"github.com/ohmycoins/omc/internal/venue/venuetest"
)

func newVenue(t *testing.T) *sim.Venue {
	s := report.Default()
	s.Cash = money.FromInt(1000)
	v, err := sim.New(s, []market.Market{venuetest.Market}, venuetest.Interval)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestConformanceOnBars(t *testing.T) {
	t.Parallel()
	venuetest.Run(t, func(t *testing.T) venuetest.Harness {
		v := newVenue(t)
		return venuetest.Harness{Broker: v, Trade: func(at time.Time, open, high, low, close string) {
			b := market.MustBar(at.Unix(), open, high, low, close, "1000000")
			v.OnBar(0, &b)
		}}
	})
}

func TestConformanceOnQuotes(t *testing.T) {
	t.Parallel()
	venuetest.Run(t, func(t *testing.T) venuetest.Harness {
		v := newVenue(t)
		return venuetest.Harness{Broker: v, Trade: func(at time.Time, open, high, low, close string) {
			for i, p := range []string{open, high, low, close} {
				v.OnQuote(0, &market.Quote{Market: venuetest.Market, Time: at.Add(time.Duration(i) * time.Minute), Last: money.MustParse(p)})
			}
		}}
	})
}
