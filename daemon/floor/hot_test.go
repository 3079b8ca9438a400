package floor

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source/coinspot"
	"github.com/ohmycoins/omc/internal/source/coinspot/fake"
	http "github.com/ohmycoins/omc/internal/source/upstream"
)

// TestPricesOfTheCollectorAreTakenWhileTheyAreFresh: CoinSpot is not asked twice for the same; where nobody collects, it is asked.
func TestPricesOfTheCollectorAreTakenWhileTheyAreFresh(t *testing.T) {
	t.Parallel()
	m := market.Market{Base: "BTC", Quote: "AUD"}
	c := clock.NewManual(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	x := fake.Empty(c)
	x.Quote(m, "99", "101", "100")
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	polled := c.Now()
	collecting := true
	q := CoinSpot(coinspot.New(http.Config{BaseURL: srv.URL + fake.Base, Clock: c, Wait: func(context.Context, time.Duration) error { return nil }}, c), c)
	q.Hot = func(context.Context) ([]market.Quote, time.Time, bool) {
		return []market.Quote{{Market: m, Time: polled, Last: money.FromInt(42)}}, polled, collecting
	}
	for _, step := range []struct {
		after      time.Duration
		collecting bool
		last       string
		requests   int
	}{{0, true, "42", 0}, {9 * time.Second, true, "42", 0}, {time.Second, true, "100", 1}, {0, false, "100", 2}} {
		c.Advance(step.after)
		collecting = step.collecting
		quotes, _, err := q.Latest(t.Context())
		if err != nil || len(quotes) != 1 || quotes[0].Last.String() != step.last || x.Requests() != step.requests {
			t.Errorf("%+v: %v %v after %d requests", step, quotes, err, x.Requests())
		}
	}
}
