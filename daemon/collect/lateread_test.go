package collect

import (
	"context"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
)

// An answer that was read in a bar's last moment lands after its end, and is still the bar's close.
func TestAnAnswerReadBeforeABarsEndIsInTheBar(t *testing.T) {
	t.Parallel()
	var w *world
	last, late := "", time.Duration(0)
	w = newWorld(t, source.Feed{Name: "venue", Bars: true, Poll: func(context.Context, []byte) (source.Harvest, error) {
		read := w.clock.Now()
		w.clock.Advance(late)
		return source.Harvest{Records: ledger.Records{Quotes: []market.Quote{quote(btc, read, last)}}, Whole: true, Read: read}, nil
	}})
	r := w.runner("one")
	run := func(wait time.Duration, price string, takes time.Duration) {
		w.clock.Advance(wait)
		last, late = price, takes
		if err := r.Run(t.Context(), "venue", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	run(10*time.Second, "100", 0)
	run(289*time.Second+900*time.Millisecond, "110", 200*time.Millisecond) // read 100 ms before the bar's end, landing 100 ms after it
	run(5*time.Second, "120", 0)
	rows, err := w.db.PriceRows(t.Context(), ledger.BarQuery{Market: btc, Interval: market.FiveMinutes})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d bars, %v", len(rows), err)
	}
	if got := rows[0].Close().String(); got != "110" {
		t.Errorf("the bar closes at %s, the last answer read in it says 110", got)
	}
}
