package collect

import (
	"context"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

// Bars that stand on few polls are told as a gap, adjoining ones as one; whole ones are not, and none is left out.
func TestBarsOfFewPollsAreAGap(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, source.Feed{Name: "test.quotes", Bars: true, Poll: func(context.Context, []byte) (source.Harvest, error) {
		q := market.Quote{Market: btc, Bid: money.FromInt(99), Ask: money.FromInt(101), Last: money.FromInt(100), Time: w.clock.Now()}
		return source.Harvest{Read: w.clock.Now(), Whole: true, Records: ledger.Records{Quotes: []market.Quote{q}}}, nil
	}})
	r := w.runner("a")
	begin := w.clock.Now() // on the grid
	for w.clock.Now().Before(begin.Add(25*time.Minute + time.Second)) {
		if err := r.Run(t.Context(), "test.quotes", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		step := 5 * time.Second // the feed's interval
		if in := w.clock.Now().Sub(begin); in >= 10*time.Minute && in < 20*time.Minute {
			step = 12 * time.Second
		}
		w.clock.Advance(step)
	}
	gaps, err := w.db.FeedGaps(t.Context(), "test.quotes", 10)
	if err != nil || len(gaps) != 1 || !gaps[0].From.Equal(begin.Add(10*time.Minute)) || !gaps[0].To.Equal(begin.Add(20*time.Minute)) {
		t.Errorf("%+v %v", gaps, err)
	}
	bars, err := w.db.PriceBars(t.Context(), ledger.BarQuery{Market: btc, Interval: market.FiveMinutes})
	if err != nil || len(bars.Bars) != 5 {
		t.Errorf("%d bars, %v", len(bars.Bars), err)
	}
}
